"""Which language the reader chose, and the one way to say a sentence in it."""

import re

import streamlit as st

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.widgets import choice


def choose_language() -> None:
    """The language switch; the choice travels in the address as ``lang``."""
    choice("lang", list(LANGUAGES), label="Language / 语言", shown=LANGUAGES.__getitem__)


def say(key: str, **values: object) -> str:
    """The sentence at `key` in the reader's language."""
    return sentence(st.session_state.get("lang") or "en", key, **values)


#: What Streamlit's Markdown makes a link of even when escaped, up to where a word joiner ends it.
_LINKS = re.compile(r"://|www(?=\.)|@", re.IGNORECASE)


def literal(text: str) -> str:
    """`text` from a user, safe inside Markdown: shown as typed, never as a link, image or maths."""
    broken = _LINKS.sub("\\g<0>\N{WORD JOINER}", text)
    shown = "".join("\\" + c if c in r"\`*_{}[]()<>#+-.!|~$:&" else c for c in broken)
    return shown.replace("\n", " ").replace("\r", " ")
