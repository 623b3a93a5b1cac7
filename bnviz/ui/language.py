"""Sentences in the language that the reader chose."""

from contextvars import ContextVar
from typing import Any

import streamlit as st

from bnviz.core.verdict import Verdict
from bnviz.texts.catalogue import catalogue, sentence, worded

#: What this run of a page speaks: kept here, for asking the session at each sentence takes longer
#: than looking the sentence up. A fragment that runs alone asks the session.
_SPOKEN: ContextVar[str] = ContextVar("spoken", default="")


def language() -> str:
    """The language that the reader chose."""
    return _SPOKEN.get() or st.session_state.get("lang") or "en"


def speak(lang: str) -> None:
    """Make `lang` the language of the run at work; "" for the one that the session remembers."""
    _SPOKEN.set(lang)


def say(key: str, **values: object) -> str:
    """The sentence at `key` in the reader's language."""
    return sentence(language(), key, **values)


def paragraph(*sentences: str) -> str:
    """The sentences one after the other, without the empty ones."""
    return say("sentence.between").join(filter(None, sentences))


def say_if_there(key: str) -> str | None:
    """The sentence at `key` in the reader's language, or None where there is none."""
    return say(key) if key in catalogue(language()) else None


def say_verdict(section: str, *verdicts: Verdict[Any]) -> str:
    """What core decided, as the sentences at `section` in the reader's language."""
    return worded(language(), section, *verdicts)
