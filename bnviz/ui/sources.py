"""Where what a page says can be read up: names and addresses, the same in every language."""

from collections.abc import Iterable

import streamlit as st

from bnviz.ui.language import literal, say

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
_SANTURKAR = [("Santurkar et al. 2018, 3, fig. 4", "https://arxiv.org/abs/1805.11604")]
_HUTCHINSON = [("Hutchinson 1990", "https://doi.org/10.1080/03610919008812866")]
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
    "smooth_replay": [
        *_SANTURKAR,
        (
            "torch.Tensor.detach",
            "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html",
        ),
    ],
    "smooth_scales": [
        ("Nocedal & Wright 2006, 8.1", "https://doi.org/10.1007/978-0-387-40065-5"),
        ("Pearlmutter 1994", "https://doi.org/10.1162/neco.1994.6.1.147"),
    ],
    "smooth_extremes": [
        *_HUTCHINSON,
        ("Parlett 1998, 13", "https://doi.org/10.1137/1.9781611971163"),
        ("Dinh et al. 2017", "https://arxiv.org/abs/1703.04933"),
    ],
    "smooth_density": [
        ("Ghorbani et al. 2019", "https://arxiv.org/abs/1901.10159"),
        ("Ubaru, Chen & Saad 2017", "https://doi.org/10.1137/16M1104974"),
    ],
    "smooth_gap": [
        ("LeCun, Kanter & Solla 1991", "https://doi.org/10.1103/PhysRevLett.66.2396"),
        ("Li et al. 2018, 4", "https://arxiv.org/abs/1712.09913"),
        ("van Laarhoven 2017", "https://arxiv.org/abs/1706.05350"),
    ],
    "smooth_along": _SANTURKAR,
    "smooth_landscape": [("Li et al. 2018, 4 & 7", "https://arxiv.org/abs/1712.09913")],
    "smooth_stability": [
        ("Cohen et al. 2021, 2 & 3", "https://arxiv.org/abs/2103.00065"),
        ("Lyu, Li & Arora 2022", "https://arxiv.org/abs/2206.07085"),
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
