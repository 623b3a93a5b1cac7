"""Errors in the reader's language: what went wrong and what to do, never a traceback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from pydantic import ValidationError

from bnviz.core.configs import RULES
from bnviz.store.errors import Problem
from bnviz.texts.markdown import literal, printable
from bnviz.ui.language import say

_log = logging.getLogger(__name__)


def explain(error: Exception) -> bool:
    """Show a sentence for `error`; what nobody foresaw goes to the log in full."""
    sentence = _foreseen(error)
    if not sentence:
        _log.error("A page failed", exc_info=error)
        sentence = say("problem.unforeseen", name=type(error).__name__)
    st.error(sentence, icon=":material/error:")
    return True


@contextmanager
def refusable() -> Iterator[None]:
    """What a click asks for: a Problem is told above the page, which stays as it is."""
    try:
        yield
    except Problem as problem:
        explain(problem)


def worded(error: Problem | str) -> str:
    """What went wrong, as Markdown."""
    if isinstance(error, str):
        return literal(error)
    values = {n: v if n == "remedy" else literal(v) for n, v in error.values.items()}
    return say(f"problem.{error.code}", **values)


def _foreseen(error: Exception) -> str:
    if isinstance(error, Problem):
        _log.warning("%s", printable(str(error)))
        return worded(error)
    if isinstance(error, ValidationError):
        for refusal in error.errors():
            if refusal["type"] in RULES:
                return say(f"problem.{refusal['type']}", **refusal["ctx"])
    return ""
