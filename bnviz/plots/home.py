"""Home's live picture: two features of a batch on their way through BN."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, titled

Floats = NDArray[np.float64]


def walk(raw: Floats, now: Floats, titles: tuple[str, str], look: Look, say: Say) -> Figure:
    """`raw` and `now` (B, 2) on the same equal axes, with mean and standard deviation bars."""
    return figure(
        look,
        [
            *_cloud(raw, say("home.raw"), look.color(PLAIN), 0.35, "diamond", look.ink),
            *_cloud(now, say("home.now"), look.color(BN), 0.75, "circle", look.ink),
        ],
        440,
        xaxis=titled(titles[0], range=[-4, 16], zeroline=True, zerolinewidth=2),
        yaxis=titled(titles[1], range=[-4, 14], zeroline=True, zerolinewidth=2),
        margin={"l": 56, "r": 16, "t": 30, "b": 52},
        uirevision="walk",
    )


def _cloud(
    x: Floats, name: str, color: str, alpha: float, symbol: str, ink: str
) -> list[dict[str, Any]]:
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    cross = [
        mean + deviation * np.array(step)
        for step in ((-1, 0), (1, 0), (np.nan, np.nan), (0, -1), (0, 1))
    ]
    return [
        {
            "name": name,
            "x": x[:, 0],
            "y": x[:, 1],
            "mode": "markers",
            "marker": {"color": fade(color, alpha), "size": 7, "symbol": symbol},
            "hovertemplate": "%{x:.3g}, %{y:.3g}",
        },
        {
            "x": [point[0] for point in cross],
            "y": [point[1] for point in cross],
            "mode": "lines",
            "line": {"color": ink, "width": 3},
            "showlegend": False,
            "hoverinfo": "skip",
        },
    ]
