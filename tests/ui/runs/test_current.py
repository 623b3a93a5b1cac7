"""How often a run on screen is looked at, and what a job takes, in words."""

from datetime import UTC, datetime

import pytest

from bnviz.core.training.cost import GIGABYTE, Cost
from bnviz.store import Run
from bnviz.texts.catalogue import sentence
from bnviz.ui.runs import current

NOW = datetime.now(UTC)


def run(status: str, done: int = 0, snapshots: int = 0, over: bool = False) -> Run:
    finished = NOW if over else None
    return Run("a", "train", "{}", status, None, NOW, NOW, finished, done, 9, snapshots)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "pace"),
    [
        (run("queued"), 0.1),
        (run("running"), 0.1),
        (run("running", done=1), 0.5),
        (run("running", snapshots=1), 0.5),
        (run("interrupted"), 3.0),
        (run("interrupted", over=True), None),
        (run("done", 9, 9, over=True), None),
    ],
)
def test_a_run_is_looked_at_as_long_as_more_may_come(shown: Run, pace: float | None) -> None:
    assert current._pace(shown) == pace


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3725, "62:05")]
)
def test_a_clock(seconds: float, told: str) -> None:
    assert current.clock(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (4.4, sentence("en", "train.seconds", seconds="4", gigabytes="1.5")),
        (99, sentence("en", "train.seconds", seconds="99", gigabytes="1.5")),
        (100, sentence("en", "train.minutes", minutes="1.7", gigabytes="1.5")),
        (7200, sentence("en", "train.minutes", minutes="120", gigabytes="1.5")),
    ],
)
def test_what_a_job_takes(seconds: float, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "slowness", lambda: 2.0)
    assert current.takes(Cost(memory=1.5 * GIGABYTE, seconds=seconds / 2)) == told
