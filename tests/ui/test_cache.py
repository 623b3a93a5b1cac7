"""One cache for all visitors: what it hands out is shared, so nobody may change it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from bnviz.core.configs import BatchConfig, DataConfig, NormConfig
from bnviz.core.data.tables import Table
from bnviz.store import open_store
from bnviz.ui import cache
from bnviz.ui.fitness.compute import dataset_of, held_out
from bnviz.ui.one_batch import compute
from tests.waiting import PATIENCE

BATCH, NORM = BatchConfig(batch_size=4, features=2), NormConfig()


def test_the_same_config_gives_the_same_object() -> None:
    assert compute.batch_of(BATCH) is compute.batch_of(BatchConfig(batch_size=4, features=2))
    assert compute.normalized(BATCH, NORM) is compute.normalized(BATCH, NormConfig())
    assert compute.batch_of(BATCH) is not compute.batch_of(BATCH.model_copy(update={"seed": 1}))


@pytest.mark.parametrize(
    "array",
    [
        lambda: compute.batch_of(BATCH).values,
        lambda: compute.normalized(BATCH, NORM).y,
        lambda: compute.statistics(BATCH).mean,
        lambda: compute.effect_of(BATCH, NORM).constant,
        lambda: compute.mean_noise_of(BATCH).departures,
        lambda: compute.swallowed(BATCH, NORM),
        lambda: dataset_of(DataConfig(samples=10)).x,
    ],
)
def test_nothing_shared_can_be_written_to(array: object) -> None:
    values = array()  # type: ignore[operator]
    with pytest.raises(ValueError, match="read-only"):
        values[...] = 0


def test_a_table_is_found_after_it_was_missed() -> None:
    """A link may name a table that is stored only later."""
    table = Table("f" * 64, ("a",), np.ones((3, 1)))
    assert cache.table(table.digest) is None
    open_store().save_table(table)
    again = cache.table(table.digest)
    assert again is not None and again.names == ("a",)


def test_held_out_is_the_share_asked_for() -> None:
    assert held_out(DataConfig(samples=100, validation=0.25)) == 25


def test_visitors_who_ask_at_once_wait_for_one_computation() -> None:
    asked: list[int] = []
    at_work, go_on = Event(), Event()

    @cache.cached
    def slow(count: int) -> np.ndarray:
        asked.append(count)
        at_work.set()
        assert go_on.wait(PATIENCE)
        return np.zeros(count)

    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(slow, 3)
        assert at_work.wait(PATIENCE)
        second = visitors.submit(slow, 3)
        with pytest.raises(TimeoutError):  # it computes nothing, it waits
            second.result(0.05)
        go_on.set()
        assert second.result(PATIENCE) is first.result(PATIENCE)
    assert asked == [3]


def test_the_cache_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of which only two fit: the oldest is computed anew, a larger one every time."""
    monkeypatch.setattr(cache, "_RESULTS", cache.LRUCache(22_000, cache._size))
    asked: list[int] = []

    @cache.cached
    def zeros(count: int) -> dict[str, tuple[np.ndarray]]:
        asked.append(count)
        return {"within": (np.zeros(count),)}

    for count in (1000, 1001, 1000, 1002, 1001, 1000, 5000, 5000):
        values = zeros(count)["within"][0]
        assert len(values) == count and not values.flags.writeable
    assert asked == [1000, 1001, 1002, 1001, 1000, 5000, 5000]
