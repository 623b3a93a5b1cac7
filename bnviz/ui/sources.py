"""Where what a page says can be read up: names and addresses, the same in every language."""

from collections.abc import Iterable

import streamlit as st

from bnviz.texts.markdown import literal
from bnviz.ui.language import say

_TORCH = "https://github.com/pytorch/pytorch/issues/{}"
_KERAS = "https://github.com/keras-team/keras/issues/{}"


def _issues(name: str, address: str, *numbers: int) -> list[tuple[str, str]]:
    return [(f"{name} #{number}", address.format(number)) for number in numbers]


_PAPER = [("Ioffe & Szegedy 2015, 3.1", "https://arxiv.org/abs/1502.03167")]
_TORCH_PAGE = [
    (
        "torch.nn.BatchNorm1d",
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html",
    )
]
_KERAS_PAGE = [
    (
        "keras.layers.BatchNormalization",
        "https://keras.io/api/layers/normalization_layers/batch_normalization/",
    )
]
SANTURKAR = ("Santurkar et al. 2018, 3, fig. 4", "https://arxiv.org/abs/1805.11604")
_WU_JOHNSON = [("Wu & Johnson 2021, 3", "https://arxiv.org/abs/2105.07576")]

#: For each section of a page, what it rests on and who met it before.
SOURCES: dict[str, list[tuple[str, str]]] = {
    "formula": [
        ("Ioffe & Szegedy 2015, Algorithm 1, 3", "https://arxiv.org/abs/1502.03167"),
        *_TORCH_PAGE,
    ],
    "walk": _PAPER + _issues("PyTorch", _TORCH, 4741) + _issues("Keras", _KERAS, 7265),
    "gap": [*_PAPER, *_TORCH_PAGE, *_issues("PyTorch", _TORCH, 100048)],
    "clock": [*_TORCH_PAGE, *_KERAS_PAGE, *_issues("Keras", _KERAS, 10666)],
    "company": [
        *_PAPER,
        *_issues("PyTorch", _TORCH, 4741),
        ("Samuelson 1968", "https://doi.org/10.1080/01621459.1968.10480944"),
    ],
    "recalibrate": [
        *_WU_JOHNSON,
        (
            "torch.optim.swa_utils.update_bn",
            "https://docs.pytorch.org/docs/stable/optim.html",
        ),
        *_issues("PyTorch", _TORCH, 4741),
    ],
    "frozen": [
        *_TORCH_PAGE,
        *_issues("PyTorch", _TORCH, 86590, 66073),
        *_issues("Keras", _KERAS, 9522),
    ],
    "split": [
        ("Chan, Golub & LeVeque 1979", "https://doi.org/10.1007/978-3-642-51461-6_3"),
        (
            "torch.nn.SyncBatchNorm",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
        ),
    ],
}


def show_sources(section: str) -> None:
    """The sources of a section of a page."""
    show_links(SOURCES[section])


def show_links(sources: Iterable[tuple[str, str]]) -> None:
    """One line of links: names and addresses."""
    links = " · ".join(f"[{literal(name)}]({address})" for name, address in sources)
    # Not a caption: that would fade the links below what can be read.
    st.markdown(f":small[{say('figure.sources', links=links)}]")
