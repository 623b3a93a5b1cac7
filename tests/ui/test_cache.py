"""One cache for all visitors: what it hands out is shared, so nobody may change it."""

import numpy as np
import pytest

from bnviz.core.configs import BatchConfig, DataConfig, NormConfig
from bnviz.core.data.tables import Table
from bnviz.store import open_store
from bnviz.ui import cache
from bnviz.ui.fitness import data as fitness_data
from bnviz.ui.one_batch import data as one_batch_data

BATCH, NORM = BatchConfig(batch_size=4, features=2), NormConfig()


def test_the_same_config_gives_the_same_object() -> None:
    assert one_batch_data.batch(BATCH) is one_batch_data.batch(
        BatchConfig(batch_size=4, features=2)
    )
    assert one_batch_data.normalized(BATCH, NORM) is one_batch_data.normalized(BATCH, NormConfig())
    assert one_batch_data.batch(BATCH) is not one_batch_data.batch(
        BATCH.model_copy(update={"seed": 1})
    )


@pytest.mark.parametrize(
    "array",
    [
        lambda: one_batch_data.batch(BATCH).values,
        lambda: one_batch_data.normalized(BATCH, NORM).y,
        lambda: one_batch_data.statistics(BATCH).mean,
        lambda: one_batch_data.effect(BATCH, NORM).constant,
        lambda: one_batch_data.jitter(BATCH).departures,
        lambda: one_batch_data.swallowed(BATCH, NORM),
        lambda: fitness_data.dataset(DataConfig(samples=10)).x,
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
    found = cache.table(table.digest)
    assert found is not None and found.names == ("a",)


def test_held_out_is_the_share_asked_for() -> None:
    assert fitness_data.held_out(DataConfig(samples=100, validation=0.25)) == 25
