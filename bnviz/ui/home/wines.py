"""Home's batch of wines, one of which a hand may take elsewhere."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from bnviz.core.batchnorm.equations import Forward, forward
from bnviz.core.batchnorm.interpolation import STAGES, partway, stage_of
from bnviz.core.configs import BatchConfig
from bnviz.core.types import Floats
from bnviz.plots.home import walk
from bnviz.ui.chart.chart import Live
from bnviz.ui.figures import look, show_pair
from bnviz.ui.language import say
from bnviz.ui.links import point
from bnviz.ui.one_batch import compute

if TYPE_CHECKING:
    import pandas as pd

WINES = BatchConfig(source="wine", batch_size=178, features=13)
#: The columns of alcohol and colour.
SHOWN = [0, 9]
GAMMA, BETA = np.array([1.5, 0.5]), np.array([6.0, 3.0])
_CHARTS = {"train": "walk-train", "eval": "walk-eval"}


@dataclass(frozen=True)
class Wines:
    """Two features of a batch of wines, (B, 2), after the hand moved the one at row `taken`."""

    before: Floats
    x: Floats
    taken: int

    @property
    def moved(self) -> bool:
        """Whether it stands elsewhere than it did."""
        return not np.array_equal(self.before, self.x)

    def result(self, mode: str) -> Forward:
        """BN in "train" mode, or in "eval" mode with the statistics of the batch `before`."""
        return forward(self.x if mode == "train" else self.before)

    def now(self, mode: str, progress: float) -> Floats:
        """The batch at `progress` on its way through BN."""
        return partway(self.x, self.result(mode), progress, GAMMA, BETA)


def wines() -> Wines:
    """The batch, with the wine that the address takes elsewhere (wine=ROW,ALCOHOL,COLOUR)."""
    before = all_wines()
    asked = point(
        "wine", say("home.wine"), len(before), [-4, -4], [16, 14], say("home.wine_untouched")
    )
    if asked is None:
        return Wines(before, before, int(before[:, 1].argmax()))  # the deepest colour
    return with_taken(before, *asked)


def all_wines() -> Floats:
    """Alcohol and colour of the wines, (178, 2)."""
    return compute.batch_of(WINES).values[:, SHOWN]


def with_taken(before: Floats, row: int, *place: float) -> Wines:
    """The wines, the one at `row` taken to `place`."""
    x = before.copy()
    x[row] = place
    return Wines(before, x, row)


def pictures(batch: Wines, progress: float) -> None:
    """The walk in train mode and beside it in eval mode; both follow slider and hand."""
    alcohol, color = say("home.alcohol"), say("home.color")
    titles = {
        stage: (
            say(f"home.axis_{stage}", feature=alcohol),
            say(f"home.axis_{stage}", feature=color),
        )
        for stage in STAGES
    }
    stage = stage_of(progress)
    figures = {
        key: walk(batch.x, batch.now(mode, progress), batch.taken, titles[stage], mode, look(), say)
        for mode, key in _CHARTS.items()
    }
    live = {
        key: Live(
            "walk",
            {"progress": progress},
            _base(batch, mode, titles),
            {"wine": _state(batch)},
            {
                "name": "wine",
                "trace": 0,
                "label": say("home.handle", number="{number}"),
                "hint": say("home.hint"),
            },
        )
        for mode, key in _CHARTS.items()
    }
    show_pair(
        figures,
        say("home.alt"),
        "home.{}",
        live,
        on_wine_change=_take,
    )


def company(batch: Wines) -> str:
    """How far the wine that was taken moved all others, in train mode and in eval mode."""
    if not batch.moved:
        return say("home.take")
    numbers = {mode: f"{moved(batch, mode):.2f}" for mode in _CHARTS}
    return say("home.taken", number=batch.taken + 1, others=len(batch.x) - 1, **numbers)


def moved(batch: Wines, mode: str) -> float:
    """How far a wine moved that nobody touched, after BN in that mode: the farthest of them."""
    others = np.arange(len(batch.x)) != batch.taken
    untouched = partway(batch.before, batch.result("eval"), 2.0)
    return float(np.abs(partway(batch.x, batch.result(mode), 2.0) - untouched)[others].max())


def frame(batch: Wines, progress: float) -> "pd.DataFrame":
    """Both pictures as a table, one row a wine."""
    import pandas as pd

    return pd.DataFrame(
        {
            f"{name}_{mode}": batch.now(mode, progress)[:, column]
            for mode in _CHARTS
            for column, name in enumerate(("alcohol", "colour"))
        }
    )


def _base(batch: Wines, mode: str, titles: dict[Any, Any]) -> dict[str, Any]:
    result = batch.result("eval")
    frozen = {"mean": result.mean, "inverse_std": result.inverse_std}
    return {
        "x": batch.before[:, 0],
        "y": batch.before[:, 1],
        "frozen": frozen if mode == "eval" else None,
        "eps": 1e-5,
        "gamma": GAMMA,
        "beta": BETA,
        "titles": titles,
    }


def _state(batch: Wines) -> dict[str, float]:
    x, y = batch.x[batch.taken]
    return {"index": batch.taken, "x": float(x), "y": float(y)}


def _take() -> None:
    """The hand let go of a wine: from now on the address says where it is."""
    for key in _CHARTS.values():
        wine = st.session_state[key].get("wine")
        if wine and wine["index"] >= 0:
            st.query_params["wine"] = f"{wine['index'] + 1},{wine['x']:g},{wine['y']:g}"
        elif wine:
            put_back()


def put_back() -> None:
    """Every wine where it was."""
    st.query_params.pop("wine", None)
