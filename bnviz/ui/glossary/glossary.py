"""What the words on the pages mean: where they stand, a page's terms together, and all of them."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from bnviz.texts.catalogue import sentence
from bnviz.ui.language import language, say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import GLOSSARY

FOLDER = Path(__file__).parent
_BN = ("batch_normalization", "batch", "feature", "biased_variance", "epsilon", "gamma_beta")
_EVAL = ("running_statistics", "momentum", "modes")
_TRAINING = ("epoch", "seed", "divergence", "dead_unit")
_CURVATURE = ("hessian", "eigenvalue", "lipschitz", "probe", "kink", "threshold", "document")
TERMS = (*_BN, *_EVAL, *_TRAINING, *_CURVATURE)

#: The terms of each page, in the order in which they come up.
OF_PAGE = {
    "home": _BN,
    "one_batch": _BN,
    "train_vs_eval": (*_BN[:4], *_EVAL),
    "pitfalls": (*_BN, *_EVAL),
    "fitness": (*_TRAINING, "modes", "lipschitz", "eigenvalue", "document"),
    "smoothness": _CURVATURE,
    "sweep": (*_TRAINING, "modes"),
    "runs": (*_TRAINING, "modes"),
}


@cache
def _component() -> Any:
    html, js = ((FOLDER / f"terms.{kind}").read_text(encoding="utf-8") for kind in ("html", "js"))
    return st.components.v2.component("bnviz_terms", html=html, js=js, isolate_styles=False)


@cache
def _explained(page: str, lang: str) -> dict[str, dict[str, Any]]:
    """Each of the page's terms: name, words that mean it in small letters, text."""
    return {
        term: {
            "name": sentence(lang, f"glossary.{term}.name"),
            "words": sentence(lang, f"glossary.{term}.words").lower().split("|"),
            "text": sentence(lang, f"glossary.{term}.text"),
        }
        for term in OF_PAGE[page]
    }


def offer_terms(page: str) -> None:
    """The page's terms: each at its first word, and all behind a button, with the way to more.

    What is behind the button is drawn only while it is open.
    """
    if page not in OF_PAGE:
        return
    data = {"words": _explained(page, language()), "keys": say("glossary.keys")}
    _component()(key="meanings", data=data, height=1)
    name, why = say(f"pages.{GLOSSARY.name}"), say("glossary.here")
    terms = st.popover(name, type="tertiary", key="terms", help=why, on_change="rerun")
    if terms.open:
        with terms:
            _list(OF_PAGE[page])
            offer_page(GLOSSARY, say("glossary.all"))


def show_terms() -> None:
    """All terms."""
    _list(TERMS)


def _list(terms: tuple[str, ...]) -> None:
    shown = (
        f"**{say(f'glossary.{term}.name')}**  \n{say(f'glossary.{term}.text')}" for term in terms
    )
    st.markdown("\n\n".join(shown))  # one element: every rerun sends it
