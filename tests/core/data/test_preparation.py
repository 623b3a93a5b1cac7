"""From a config to the rows that the nets see."""

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig
from bnviz.core.data.document import fitness_data
from bnviz.core.data.preparation import dataset_for, prepare, split
from bnviz.core.data.tables import Dataset, Table

VALUES = np.arange(40, dtype=np.float64).reshape(10, 4) ** 2
TABLE = Table("d1", ("a", "b", "c", "d"), VALUES)


def of_table(**changes: object) -> DataConfig:
    fields = {"source": "table", "table": "d1", "columns": ("c", "a"), "target": "d"}
    return DataConfig(**(fields | changes))  # type: ignore[arg-type]


def test_chosen_columns_of_a_table_in_their_order() -> None:
    dataset = dataset_for(of_table(), TABLE)
    np.testing.assert_array_equal(dataset.x, VALUES[:, [2, 0]])
    np.testing.assert_array_equal(dataset.y, VALUES[:, [3]])
    assert (dataset.names, dataset.units) == (("c", "a"), ("", ""))
    assert dataset.target == "d"
    assert dataset.x.dtype == dataset.y.dtype == np.float32


@pytest.mark.parametrize(
    ("changes", "table", "message"),
    [
        ({}, None, "needs the table"),
        ({"columns": ("a", "x")}, TABLE, "no column named 'x'"),
        ({"target": "x"}, TABLE, "no column named 'x'"),
        ({"target": "a"}, TABLE, "'a' is among the inputs"),
        ({}, Table("d1", TABLE.names, VALUES * 1e38), "'c' holds values too large"),
    ],
)
def test_tables_that_will_not_do(
    changes: dict[str, object], table: Table | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataset_for(of_table(**changes), table)


def test_the_documents_data() -> None:
    """The document's own lines, after its seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        height = 1.2 + (2.0 - 1.2) * torch.rand(1000, 1)
        weight = 30 + (120 - 30) * torch.rand(1000, 1)
        vital_capacity = 2000 + (5000 - 2000) * torch.rand(1000, 1)
        x = torch.cat([height, weight, vital_capacity], dim=1)
        y = height * 35 + torch.log(weight) * 15 + vital_capacity * 0.008
        y += torch.randn_like(y) * 10
    dataset = dataset_for(DataConfig())
    np.testing.assert_array_equal(dataset.x, x)
    np.testing.assert_array_equal(dataset.y, torch.clamp(y, 0, 100))
    np.testing.assert_array_equal(dataset_for(DataConfig(clip_scores=False)).y, y)
    assert (dataset.y == 100).mean() == 0.999
    assert dataset.names == ("height", "weight", "vital_capacity")
    assert dataset.units == ("m", "kg", "mL")


def test_fitness_data_by_seed() -> None:
    one, again, other = fitness_data(50, 1), fitness_data(50, 1), fitness_data(50, 2)
    np.testing.assert_array_equal(one.x, again.x)
    assert (one.x != other.x).any() and one.y.shape == (50, 1)


@pytest.mark.parametrize(
    ("rows", "share", "held"), [(1000, 0.2, 200), (10, 0.05, 1), (3, 0.5, 1), (4, 0.5, 2)]
)
def test_split(rows: int, share: float, held: int) -> None:
    config = DataConfig(validation=share, seed=3)
    train, validation = split(config, rows)
    assert len(validation) == held
    assert sorted([*train, *validation]) == list(range(rows))
    again = split(config, rows)
    assert np.array_equal(train, again[0]) and np.array_equal(validation, again[1])
    if rows == 1000:
        assert not np.array_equal(train, split(DataConfig(validation=share, seed=4), rows)[0])


def test_two_rows_are_too_few() -> None:
    with pytest.raises(ValueError, match="at least 3 rows; there are 2"):
        split(DataConfig(), 2)


def test_raw_inputs_are_passed_on() -> None:
    dataset, config = fitness_data(30), DataConfig()
    data = prepare(config, dataset)
    train, held = split(config, 30)
    np.testing.assert_array_equal(data.train_x.T, dataset.x[train])
    np.testing.assert_array_equal(data.validation_x.T, dataset.x[held])
    np.testing.assert_array_equal(data.train_y, dataset.y[train, 0])
    np.testing.assert_array_equal(data.validation_y, dataset.y[held, 0])


def test_standardizing_uses_the_training_rows_alone() -> None:
    base = fitness_data(30)
    x = np.column_stack([base.x, np.full(30, 0.1, dtype=np.float32)])
    dataset = Dataset(x, base.y, (*base.names, "same"), (*base.units, ""), "score")
    config = DataConfig(standardize=True)
    train, held = split(config, 30)
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x[train].astype(np.float64))  # biased, constants by 1
    data = prepare(config, dataset)
    np.testing.assert_allclose(data.train_x.T, scaler.transform(x[train].astype(float)), atol=1e-6)
    np.testing.assert_allclose(
        data.validation_x.T, scaler.transform(x[held].astype(float)), atol=1e-6
    )
    assert not data.train_x[3].any() and data.scaling.deviation[3] == 1
