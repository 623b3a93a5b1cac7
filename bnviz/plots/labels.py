"""Names from users as labels: short, and never taken for markup by Plotly."""

from collections.abc import Iterable
from html import escape

LONGEST = 20


def label(name: str) -> str:
    """`name` cut to LONGEST characters, its angle brackets and ampersands shown as typed."""
    return escape(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…", quote=False)


def labels(names: Iterable[str]) -> list[str]:
    """All of them."""
    return [label(name) for name in names]


def distinct(names: Iterable[str]) -> list[str]:
    """All of them, each different: Plotly takes categories of one label for one category."""
    shown: list[str] = []
    for position, text in enumerate(labels(names), start=1):
        while text in shown:
            text += f" ({position})"
        shown.append(text)
    return shown
