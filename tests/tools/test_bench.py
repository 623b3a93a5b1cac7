"""Every bench runs: each row once, as small as it goes, whatever it takes."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bnviz.jobs import runner
from tests.jobs.conftest import InThreads
from tools.bench import controls, growth, hand, harness, numerics, page_growth, screen, sweeps
from tools.bench.__main__ import GROUPS
from tools.bench.growth import exponent
from tools.bench.harness import Measured, Sample

NUMBERS = (numerics, growth, page_growth, sweeps)
#: The others drive a browser, or twenty visitors.
HERE = {name for name in GROUPS if GROUPS[name].__module__ in {m.__name__ for m in NUMBERS}}
SMALL = {
    numerics: {"PROBES": 2, "SEEDS": 2, "EPOCHS": 1, "POINTS": 3},
    sweeps: {"RATES": sweeps.RATES[:5], "BATCHES": (512,), "ROUNDS": 2, "Engine": InThreads},
    screen: {"KEYPRESSES": 2, "FIRST_PAINTS": 2, "LAUNCHES": 2},
    hand: {"KEYS": 2},
    controls: {"PRESSES": 2, "SECTIONS": ("gap",), "CONFIGS": ("second_pass",)},
}


def once(name: str, ours: Sample, reference: Sample, **_: object) -> Measured:
    return harness.from_pairs(name, [(ours(), reference())] * 2, 1.0)


def smallest(name: str, work: Callable[[int], Sample], least: int) -> Measured:
    return once(name, work(least), lambda: 1.0)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in NUMBERS:
        monkeypatch.setattr(module, "ratio", once, raising=False)
        monkeypatch.setattr(module, "exponent", smallest, raising=False)
    for module, constants in SMALL.items():
        for name, value in constants.items():
            monkeypatch.setattr(module, name, value)
    iterated, epochs = numerics.document.power_iteration, sweeps._epochs

    def power_iteration(net: object, x: object, y: object, steps: int) -> list[float]:
        """A step, and as if the next had arrived."""
        return [*iterated(net, x, y, min(steps, 1)), np.nan]

    monkeypatch.setattr(numerics.document, "power_iteration", power_iteration)
    monkeypatch.setattr(sweeps, "_epochs", lambda _, seed=0: epochs(1, seed))
    with InThreads(2) as engine:
        monkeypatch.setattr(runner, "_engine", engine)
        yield


def browsers(group: str) -> object:
    absent = group == "dash" and not hand.DASH_FOLDER.exists()
    skip = pytest.mark.skipif(absent, reason="`make bench BENCH=dash` installs Dash")
    return pytest.param(group, marks=[pytest.mark.proof, skip])


@pytest.mark.parametrize("group", [g if g in HERE else browsers(g) for g in GROUPS])
def test_every_row_is_measured(group: str) -> None:
    rows = GROUPS[group]()
    assert rows and len({row.name for row in rows}) == len(rows)
    assert all(row.ours > 0 for row in rows)


def test_a_linear_cost_has_the_exponent_one() -> None:
    measured = exponent("a cost", lambda size: lambda: float(size), 3)
    assert measured.ratio == pytest.approx(1) and measured.met
