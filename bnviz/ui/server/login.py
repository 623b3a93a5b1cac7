"""Logging in with an account of one's own: Streamlit's OIDC, where its secrets name a provider."""

import streamlit as st

from bnviz.ui.language import say


def admitted() -> bool:
    """Whether the visitor has logged in, or need not; else a button to do so is shown."""
    if st.user.get("is_logged_in", True):
        return True
    st.markdown(say("door.needed"))
    st.button(say("door.login"), key="login", on_click=st.login, type="primary")
    return False


def offer_logout() -> None:
    """A button for who has logged in."""
    if st.user.get("is_logged_in"):
        st.button(say("door.logout"), key="logout", on_click=st.logout, type="tertiary")
