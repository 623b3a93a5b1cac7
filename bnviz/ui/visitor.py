"""Who is visiting, as far as jobs have to tell: one browser, or one who has logged in."""

import secrets
from itertools import cycle

import streamlit as st

from bnviz.ui.server.door import COOKIE, lock


def visitor() -> str:
    """A name for the visitor: the same in all tabs and after a reload, where there are cookies."""
    if st.user.get("is_logged_in"):
        return str(st.user.get("sub") or st.user.get("email"))
    if (door := lock()) and (holder := door.holder(st.context.cookies.get(COOKIE, ""))):
        return holder
    token = _token(st.context.cookies.get("_streamlit_xsrf", ""))
    new = secrets.token_hex(8)
    return token or str(st.session_state.setdefault("visitor", new))


def owner() -> str:
    """Whose runs and tables are listed: the visitor's, where one has to log in; else all ("")."""
    return visitor() if st.user.get("is_logged_in") or lock() else ""


def _token(cookie: str) -> str:
    """What stays of the cookie against forged requests: ``2|mask|masked token|time``."""
    try:
        version, mask, masked, _ = cookie.strip('"').split("|")
        pairs = zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False)
        return bytes(a ^ b for a, b in pairs).hex() if version == "2" else ""
    except ValueError:
        return ""
