"""All pitfalls as cards in groups, and a search over symptoms: people arrive with one."""

from collections.abc import Sequence

import streamlit as st

from bnviz.core.pitfalls.configs import CONFIGS, GROUPS
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.texts.search import rank
from bnviz.ui.language import say
from bnviz.ui.pitfalls.gallery import go

IN_A_ROW = 3


def show_cards() -> None:
    """A search, and the pitfalls that it finds; without one all of them, by group."""
    icon = ":material/search:"
    query = st.text_input(say("pitfalls.search"), key="symptom", bind="query-params", icon=icon)
    names = find(query)
    if names:
        st.caption(say("pitfalls.matches", matches=len(names), all=len(CONFIGS)))
        _cards(names)
        return
    if query.strip():
        st.markdown(say("pitfalls.nothing"))
    for group, members in GROUPS.items():
        st.subheader(say(f"pitfalls.group.{group}"))
        _cards(list(members))


def find(query: str) -> list[str]:
    """The pitfalls that sound like what a person says, best first; in any of our languages."""
    texts = {name: [text for each in LANGUAGES for text in _said(each, name)] for name in CONFIGS}
    return rank(query, texts)


def _said(language: str, name: str) -> tuple[str, ...]:
    return (
        sentence(language, f"pitfalls.{name}.title"),
        sentence(language, f"pitfalls.{name}.symptom"),
        sentence(language, f"pitfalls.{name}.words"),
    )


def _cards(names: Sequence[str]) -> None:
    for start in range(0, len(names), IN_A_ROW):
        for column, name in zip(
            st.columns(IN_A_ROW), names[start : start + IN_A_ROW], strict=False
        ):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{say(f'pitfalls.{name}.title')}**")
                st.markdown(say(f"pitfalls.{name}.symptom"))
                st.button(
                    say("pitfalls.open"),
                    key=f"open-{name}",
                    icon=":material/arrow_forward:",
                    type="tertiary",
                    on_click=go,
                    args=(name,),
                )
