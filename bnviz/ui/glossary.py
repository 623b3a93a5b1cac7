"""What the words on the pages mean: a page's terms beside it, and all on a page of their own."""

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import GLOSSARY

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


def offer_terms(page: str) -> None:
    """The page's terms behind a button, and the way to all of them; drawn only while open."""
    if page not in OF_PAGE:
        return
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
