"""Errors in the reader's language: what went wrong and what to do, never a traceback."""

import logging

import streamlit as st

from bnviz.ui.language import literal, say

_log = logging.getLogger(__name__)


def explain(error: Exception) -> bool:
    """Show a sentence for `error`; what nobody foresaw goes to the log in full."""
    from bnviz.store import StoreProblem

    if isinstance(error, StoreProblem):
        values = {name: literal(value) for name, value in error.values.items()}
        st.error(say(f"problem.{error.code}", **values), icon=":material/error:")
    else:
        _log.error("A page failed", exc_info=error)
        st.error(say("problem.unforeseen", name=type(error).__name__), icon=":material/error:")
    return True
