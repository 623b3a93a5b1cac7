"""One look for every figure: colours, dashes and a light and a dark template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Say = Callable[..., str]
#: A Plotly figure as plain dicts of data and layout: ``go.Figure`` would check each property anew.
Figure = dict[str, Any]

#: The two nets, and the two sides of a batch, everywhere (Okabe and Ito, colour-blind safe).
BN, PLAIN = "#0072B2", "#D55E00"
_DARK = {BN: "#56B4E9", PLAIN: "#F0863A"}
#: Words are read at such a contrast with the page (WCAG 2.2, 1.4.3).
READABLE = 4.5
#: A legend below the plot, where it covers nothing.
BELOW = {"y": -0.2, "yanchor": "top"}
#: The same at the foot of a picture that is not high, as wide as all of it.
FOOT = {"x": 0, "xref": "container", "y": 0, "yref": "container", "yanchor": "bottom"}
DASH = {"bn": "solid", "plain": "dash"}
SYMBOL = {"bn": "circle", "plain": "diamond"}


@dataclass(frozen=True)
class Look:
    """What a figure needs to know of the page around it."""

    dark: bool = False

    @property
    def ink(self) -> str:
        """Text and axis titles."""
        return "#e8edf2" if self.dark else "#0f1923"

    @property
    def faint(self) -> str:
        """Grid lines and reference lines."""
        return "rgba(232,237,242,0.16)" if self.dark else "rgba(15,25,35,0.12)"

    @property
    def paper(self) -> str:
        """The page behind the figure."""
        return "#10161d" if self.dark else "#ffffff"

    @property
    def colorway(self) -> list[str]:
        """What tells curves apart that have no colour of their own."""
        return [self.color(BN), self.color(PLAIN), "#009E73", "#CC79A7", "#E69F00"]

    def color(self, base: str) -> str:
        """`base` as it reads on this background."""
        return _DARK.get(base, base) if self.dark else base

    def words(self, color: str) -> str:
        """The colour of what is written in the `color` of a mark: as near to ink as need be."""
        nearer = (mixed(color, self.ink, share / 20) for share in range(21))
        return next(each for each in nearer if contrast(each, self.paper) >= READABLE)

    def net(self, side: str) -> str:
        """The colour of the "bn" or the "plain" net."""
        return self.color(BN if side == "bn" else PLAIN)


def _parts(color: str) -> list[int]:
    """Red, green and blue of a hex colour."""
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def fade(color: str, alpha: float) -> str:
    """A hex colour made see-through."""
    red, green, blue = _parts(color)
    return f"rgba({red},{green},{blue},{alpha})"


def mixed(color: str, other: str, share: float) -> str:
    """A hex colour with a `share` of another in it; itself for a share of 0."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + share * (two - one)):02X}" for one, two in pairs)


def contrast(one: str, other: str) -> float:
    """Of two hex colours, from 1 to 21 (WCAG 2.2, 1.4.3)."""
    low, high = sorted(_luminance(color) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    parts = [part / 255 for part in _parts(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def figure(look: Look, traces: Sequence[dict[str, Any]], height: int, **layout: Any) -> Figure:
    """A figure of `traces` (plain dicts) in the house look; `layout` adds axes and the like."""
    axes = {
        name: _axis(look) | {part: given for part, given in value.items() if given is not None}
        for name, value in layout.items()
        if name[1:5] == "axis"
    }
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 68, "r": 16, "t": 36, "b": 52},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": look.ink, "size": 13, "family": "system-ui, sans-serif"},
        "hoverlabel": {"font": {"size": 13}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        "colorway": look.colorway,
    }
    if notes := layout.get("annotations"):
        layout["annotations"] = [_written(note, look) for note in notes]
    legend = base["legend"] | layout.get("legend", {})
    return {"data": list(traces), "layout": base | layout | axes | {"legend": legend}}


def _written(note: dict[str, Any], look: Look) -> dict[str, Any]:
    """An annotation whose colour, if it has one of its own, can be read."""
    font = note.get("font", {})
    return note | {"font": font | {"color": look.words(font["color"])}} if "color" in font else note


def _axis(look: Look) -> dict[str, Any]:
    return {
        "gridcolor": look.faint,
        "zerolinecolor": look.faint,
        "linecolor": look.faint,
        "exponentformat": "e",  # as in numbers.short; raised digits would be small
        # Each of these measures what is drawn, for which the browser lays the page out anew.
        "automargin": False,
        "ticklabeloverflow": "allow",
    }


def titled(text: str, **more: Any) -> dict[str, Any]:
    """An axis with a title."""
    return {"title": {"text": text, "standoff": 8, "font": {"size": 14}}, **more}


def heading(text: str) -> dict[str, Any]:
    """A heading above the plot."""
    return {
        "text": f"<b>{text}</b>",
        "x": 0,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }
