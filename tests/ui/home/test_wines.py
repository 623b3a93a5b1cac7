"""A wine that a hand let go of: the address says where it is, or that all are where they were."""

from types import SimpleNamespace
from typing import Any

import pytest

from bnviz.ui.home import wines


@pytest.mark.parametrize(
    ("train", "evaluated", "address"),
    [
        ({"index": 4, "x": 1.25, "y": -2.0}, None, {"wine": "5,1.25,-2"}),
        (None, {"index": 0, "x": 3.0, "y": 4.0}, {"wine": "1,3,4"}),
        ({"index": -1}, None, {}),
        (None, None, {"wine": "9,1,1"}),
    ],
)
def test_take(train: Any, evaluated: Any, address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    query = {"wine": "9,1,1"}
    state = {"walk-train": {"wine": train}, "walk-eval": {"wine": evaluated}}
    monkeypatch.setattr(wines, "st", SimpleNamespace(session_state=state, query_params=query))
    wines._take()
    assert query == address
