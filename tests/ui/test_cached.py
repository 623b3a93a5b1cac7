"""One cache for all visitors: what it hands out is shared, so nobody may change it."""

import numpy as np
import pytest

from bnviz.core.configs import BatchConfig, DataConfig, NormConfig
from bnviz.core.datasets import Table
from bnviz.store import open_store
from bnviz.ui import cached

BATCH, NORM = BatchConfig(batch_size=4, features=2), NormConfig()


def test_the_same_config_gives_the_same_object() -> None:
    assert cached.batch(BATCH) is cached.batch(BatchConfig(batch_size=4, features=2))
    assert cached.normalized(BATCH, NORM) is cached.normalized(BATCH, NormConfig())
    assert cached.batch(BATCH) is not cached.batch(BATCH.model_copy(update={"seed": 1}))


@pytest.mark.parametrize(
    "array",
    [
        lambda: cached.batch(BATCH).values,
        lambda: cached.normalized(BATCH, NORM).y,
        lambda: cached.statistics(BATCH).mean,
        lambda: cached.effect(BATCH, NORM).constant,
        lambda: cached.jitter(BATCH).departures,
        lambda: cached.swallowed(BATCH, NORM),
        lambda: cached.dataset(DataConfig(samples=10)).x,
    ],
)
def test_nothing_shared_can_be_written_to(array: object) -> None:
    values = array()  # type: ignore[operator]
    with pytest.raises(ValueError, match="read-only"):
        values[...] = 0


def test_a_table_is_found_after_it_was_missed() -> None:
    """A link may name a table that is stored only later."""
    table = Table("f" * 64, ("a",), np.ones((3, 1)))
    assert cached.table(table.digest) is None
    open_store().save_table(table)
    found = cached.table(table.digest)
    assert found is not None and found.names == ("a",)


def test_held_out_is_the_share_asked_for() -> None:
    assert cached.held_out(DataConfig(samples=100, validation=0.25)) == 25
