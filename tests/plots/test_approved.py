"""Everything in every figure, as text that a reviewer reads: `tests/approved/plots`."""

from collections.abc import Iterator
from typing import Any

import pytest

from bnviz.plots.theme import BN, PLAIN, Figure, Look, figure
from tests.approval import APPROVED, approve, inline, outlined
from tests.plots.figures import FIGURES, all_axes
from tests.plots.test_theme import contrast

_NAMES = {BN: "BN", PLAIN: "PLAIN", Look().ink: "INK", Look().faint: "FAINT"}
_NAMES |= {"rgba(0,114,178,": "see-through(BN,", "rgba(213,94,0,": "see-through(PLAIN,"}
_NAMES |= {"rgba(15,25,35,": "see-through(INK,"}


@pytest.fixture(autouse=True)
def validated() -> None:
    """Figures stay the plain dicts that a browser is sent."""


def written(drawn: Figure) -> Iterator[str]:
    """A figure trace by trace, then its layout but for what the house look gives every figure."""
    for trace in drawn["data"]:
        told = {name: value for name, value in trace.items() if name not in ("type", "name")}
        yield from _named({f"{trace.get('type', 'scatter')} {trace.get('name', '')}": told})
    layout = drawn["layout"]
    house = house_look(Look(dark=layout["font"]["color"] != Look().ink))
    usual = {name: house.get("xaxis" if name[1:5] == "axis" else name) for name in layout}
    yield from _named({"layout": _other(layout, usual)})


def house_look(look: Look) -> dict[str, Any]:
    """What every figure has."""
    return dict(figure(look, [], 0, xaxis={})["layout"])


def _other(node: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """What is other than usual."""
    own = {}
    for name, value in node.items():
        if isinstance(value, dict) and isinstance(usual.get(name), dict):
            value = _other(value, usual[name]) or usual[name]
        if inline(value) != inline(usual.get(name)):
            own[name] = value
    return own


def _named(node: dict[str, Any]) -> Iterator[str]:
    for line in outlined(node):
        for color, name in _NAMES.items():
            line = line.replace(color, name)
        yield line


@pytest.mark.parametrize("name", FIGURES)
def test_figure(name: str) -> None:
    drawn = FIGURES[name]()
    approve(f"plots/{name}", written(drawn))
    look = Look(dark=drawn["layout"]["font"]["color"] != Look().ink)
    for color in colors_of_words(drawn):
        assert contrast(color, look.paper) >= 4.5, f"{color}: text (WCAG 1.4.3)"


def colors_of_words(drawn: Figure) -> Iterator[str]:
    """Those of annotations, and of what traces write on the page."""
    for note in drawn["layout"].get("annotations", []):
        yield note.get("font", {}).get("color", drawn["layout"]["font"]["color"])
    for trace in drawn["data"]:
        if trace.get("type") != "heatmap":  # writes on its own colours
            yield trace.get("textfont", {}).get("color", drawn["layout"]["font"]["color"])


@pytest.mark.parametrize("dark", [False, True])
def test_house_look(dark: bool) -> None:
    approve(f"plots/look_{'dark' if dark else 'light'}", outlined(house_look(Look(dark))))


def test_axes() -> None:
    approve("plots/axes", outlined(all_axes()))


def test_no_figure_is_forgotten() -> None:
    kept = {p.relative_to(APPROVED / "plots").with_suffix("") for p in APPROVED.glob("plots/*/*")}
    assert {str(path) for path in kept} == set(FIGURES)
