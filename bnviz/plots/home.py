"""Home's pictures: two features of a batch on their way through BN."""

from typing import Any

import numpy as np

from bnviz.core.types import Floats
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, line


def walk(
    raw: Floats, now: Floats, taken: int, titles: tuple[str, str], mode: str, look: Look, say: Say
) -> Figure:
    """`raw` and `now` (B, 2) on the same axes, mean and standard deviation as crosses.

    Row `taken` is the one that a hand can move; `mode` ("train" or "eval") names the statistics.
    """
    way = np.array([raw[taken], now[taken]])
    return figure(
        look,
        [
            *_cloud(raw, say("home.raw"), look.color(PLAIN), 0.4, "diamond", look.ink),
            *_cloud(now, say("home.now"), look.color(BN), 0.75, "circle", look.ink),
            line(way[:, 0], way[:, 1], look.ink, 1.5, "dot", showlegend=False),
        ],
        360,
        xaxis=titled(titles[0], range=[-4, 16], zeroline=True, zerolinewidth=2),
        yaxis=titled(titles[1], range=[-4, 14], zeroline=True, zerolinewidth=2),
        margin={"l": 50, "r": 10, "t": 28, "b": 48},
        annotations=[heading(say(f"home.{mode}"))],
        legend={"y": 1, "yanchor": "top", "x": 0.01, "orientation": "v"},
        dragmode=False,
    )


def _cloud(
    x: Floats, name: str, color: str, alpha: float, symbol: str, ink: str
) -> list[dict[str, Any]]:
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    steps = np.array([(-1, 0), (1, 0), (np.nan, np.nan), (0, -1), (0, 1)])
    cross = mean + deviation * steps
    hover = "%{x:.3g}, %{y:.3g}"
    return [
        dots(x[:, 0], x[:, 1], fade(color, alpha), 7, symbol, hover, name=name),
        line(cross[:, 0], cross[:, 1], ink, 3, showlegend=False),
    ]
