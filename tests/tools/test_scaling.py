"""The simulation of many visitors, against the formulas of queues; its table as docs have it."""

from math import factorial
from pathlib import Path

import numpy as np
import pytest

from tools.scaling import table, waits_of_many, waits_of_one
from tools.server import ROOT


def exponential(load: float, count: int = 400_000) -> tuple[np.ndarray, np.ndarray]:
    """Arrivals, and services that take 1 second on average and keep one place so busy."""
    rng = np.random.default_rng(0)
    return np.cumsum(rng.exponential(1 / load, count)), rng.exponential(1.0, count)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_a_line_for_one_waits_as_pollaczek_and_khinchine_say(load: float) -> None:
    arrivals, services = exponential(load)
    constant = np.ones_like(services)
    assert np.isclose(waits_of_one(arrivals, services).mean(), load / (1 - load), rtol=0.05)
    assert np.isclose(waits_of_one(arrivals, constant).mean(), load / (1 - load) / 2, rtol=0.05)


def test_a_line_for_many_waits_as_erlang_says() -> None:
    count, load = 3, 2.4
    arrivals, services = exponential(load, 100_000)
    tail = load**count / factorial(count) / (1 - load / count)
    waiting = tail / (sum(load**k / factorial(k) for k in range(count)) + tail)
    waits = waits_of_many(arrivals, services, count)
    assert np.isclose((waits > 0).mean(), waiting, rtol=0.03)
    assert np.isclose(waits.mean(), waiting / (count - load), rtol=0.1)
    np.testing.assert_allclose(
        waits_of_many(arrivals / 4, services / 4, 1)[:100],
        waits_of_one(arrivals / 4, services / 4)[:100],
        atol=1e-9,
    )


def test_the_table_is_the_documents() -> None:
    assert table() in Path(ROOT, "docs", "scaling.md").read_text(encoding="utf-8")
