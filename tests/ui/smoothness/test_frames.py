"""A result as a table: every number is there, once, with where it belongs."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from bnviz.core.smoothness.gap import CELLS
from bnviz.ui.smoothness.frames import frame
from bnviz.ui.smoothness.tabs import SECTIONS
from tests.plots.smoothness import results


def numbers(result: Any) -> list[float]:
    """All of them, in order."""
    flat: list[float] = []
    for field in fields(result):
        value = getattr(result, field.name)
        flat += numbers(value) if is_dataclass(value) else np.ravel(value).astype(float).tolist()
    return flat


def table_of(name: str, result: Any) -> Any:
    return frame(SECTIONS[name].dimensions, result)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_number_is_there(name: str) -> None:
    result = getattr(results, name)()
    table = table_of(name, result)
    assert table["value"].astype(float).tolist() == pytest.approx(numbers(result), nan_ok=True)
    assert set(table["net"]) <= {"bn", "plain", "bn_float32", "plain_float32", ""}
    assert list(table.columns)[:2] == ["net", "quantity"] and table.columns[-1] == "value"
    assert isinstance(result, SECTIONS[name].measure.result)


def test_numbers_stand_where_they_belong() -> None:
    gap = results.gap()
    rows = table_of("gap", gap)
    here = rows[(rows["quantity"] == "probe") & (rows["cell"] == "bn_raw_train")]
    cell = CELLS.index("bn_raw_train")
    for _, row in here.iterrows():
        assert row["value"] == gap.probe[int(row["trained"]), cell, int(row["seed"])]

    plane = results.landscape()
    rows = table_of("landscape", plane)
    here = rows[(rows["quantity"] == "loss") & (rows["net"] == "plain")]
    for _, row in here.iloc[::37].iterrows():
        at = np.searchsorted(plane.plain.second, row["second"])
        beside = np.searchsorted(plane.plain.first, row["first"])
        assert row["value"] == plane.plain.loss[at, beside]

    sweep = results.scales()
    rows = table_of("scales", sweep)
    here = rows[(rows["quantity"] == "median") & (rows["net"] == "bn_float32")]
    assert here["scales"].tolist() == sweep.scales.tolist()
