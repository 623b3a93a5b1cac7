"""Which language the reader chose, and the one way to say a sentence in it."""

from typing import Any

import streamlit as st

from bnviz.core.verdict import Verdict
from bnviz.texts.catalogue import LANGUAGES, sentence, worded
from bnviz.ui.widgets import choice


def choose_language() -> None:
    """The language switch; the choice travels in the address as ``lang``."""
    choice("lang", list(LANGUAGES), label="Language / 语言", shown=LANGUAGES.__getitem__)


def say(key: str, **values: object) -> str:
    """The sentence at `key` in the reader's language."""
    return sentence(st.session_state.get("lang") or "en", key, **values)


def say_verdict(section: str, *verdicts: Verdict[Any]) -> str:
    """What core decided, as the sentences at `section` in the reader's language."""
    return worded(st.session_state.get("lang") or "en", section, *verdicts)
