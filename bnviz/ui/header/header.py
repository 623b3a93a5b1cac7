"""What stands beside every page's title: tools and language."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.controls import LANG, PRESENT
from bnviz.ui.header import changes
from bnviz.ui.language import language, speak
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.presenter import presenting
from bnviz.ui.widgets import ask

FOLDER = Path(__file__).parent
#: What a language is called where there is little room.
SHORT = {"en": "EN", "zh": "中文"}
#: The cookie that remembers which language a reader chose.
COOKIE = "bnviz-lang"
_CHOSEN = "language.chosen"
_DOCUMENT = {"en": "en", "zh": "zh-CN"}
_WORDS = ("skip", "undo", "reset", "link", "theme", "copied", "upload", "System", "Light", "Dark")


@cache
def _component() -> Any:
    html, js = ((FOLDER / f"header.{kind}").read_text(encoding="utf-8") for kind in ("html", "js"))
    return st.components.v2.component("bnviz_header", html=html, js=js, isolate_styles=False)


def ask_language() -> None:
    """The language: as the address says, as chosen on an earlier visit, or as the browser asks."""
    speak("")  # this thread may have run a page in another language before
    lang = ask(
        LANG,
        default=_preferred(),
        shown=SHORT.__getitem__,
        label_visibility="collapsed",
        on_change=_remember_language,
    )
    speak(lang)


def _preferred() -> str:
    chosen = str(st.context.cookies.get(COOKIE, ""))
    wish = chosen or str(st.context.locale or "")[:2].lower()
    return wish if wish in LANGUAGES else next(iter(LANGUAGES))


def _remember_language() -> None:
    st.session_state[_CHOSEN] = st.session_state[LANG.key]


@cache
def _words(lang: str) -> dict[str, str]:
    words = {name: sentence(lang, f"header.{name}") for name in _WORDS}
    return words | {"present": sentence(lang, "presenter.switch_help")}


def show_tools(page: str) -> None:
    """The tools, for the controls of `page` as they stand now."""
    changes.remember(page)
    _component()(
        key="header",
        data={
            "words": _words(language()),
            "present": PRESENT.key,
            "presenting": presenting(),
            "lang": _DOCUMENT[st.session_state[LANG.key] or _preferred()],
            "chosen": st.session_state.get(_CHOSEN),
            "aside": next(entry for entry in PAGES if entry.name == page).aside,
            "pages": [entry.name for entry in PAGES[1:]],
            "can_undo": changes.can_undo(page),
        },
        on_undo_change=partial(changes.undo, page),
        on_night_change=lambda: None,  # the run of the page that follows is all that is wanted
        width="content",
    )
