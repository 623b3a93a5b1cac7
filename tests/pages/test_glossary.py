"""The glossary: its own page, and each page's terms."""

import pytest

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.glossary.glossary import OF_PAGE, TERMS
from bnviz.ui.navigation import PAGES
from tests.pages.conftest import OpenApp


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_term_is_explained(open_app: OpenApp, lang: str) -> None:
    spoken = "\n".join(each.value for each in open_app("glossary", lang).markdown)
    for term in TERMS:
        assert sentence(lang, f"glossary.{term}.name") in spoken
        assert sentence(lang, f"glossary.{term}.text") in spoken


def test_each_page_offers_its_terms(open_app: OpenApp) -> None:
    assert set(OF_PAGE) == {entry.name for entry in PAGES} - {"glossary"}
    assert {term for terms in OF_PAGE.values() for term in terms} == set(TERMS)
    app, name = open_app("one_batch"), sentence("en", "glossary.epsilon.name")

    def offered() -> bool:
        return any(f"**{name}**" in each.value for each in app.markdown)

    assert not offered(), "what nobody has opened is not drawn"
    app.session_state["terms"] = True
    app.run()
    assert offered()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_word_means_one_term(lang: str) -> None:
    words = [
        w for term in TERMS for w in sentence(lang, f"glossary.{term}.words").lower().split("|")
    ]
    assert len(words) == len(set(words)) and all(words)
