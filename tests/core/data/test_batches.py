"""Batches against what their populations promise, scikit-learn's own loaders, and each other."""

from typing import get_args

import numpy as np
import pytest
import scipy

from bnviz.core.configs import BatchConfig, Source
from bnviz.core.data.batches import (
    ONE_DRAW,
    REAL,
    Batch,
    draw,
    feature_limit,
    row_limit,
)
from bnviz.core.data.synthetic import FITNESS
from bnviz.core.data.tables import Table

SYNTHETIC = [source for source in get_args(Source) if source not in (*REAL, "table")]
EVERY = [source for source in get_args(Source) if source != "table"]
NORMAL_LIKE = ["normal", "correlated"]


def batch(source: Source, rows: int = 256, features: int = 8, seed: int = 42) -> Batch:
    return draw(BatchConfig(source=source, batch_size=rows, features=features, seed=seed))


@pytest.mark.parametrize("source", EVERY)
@pytest.mark.parametrize("rows", [1, 2, 300])
@pytest.mark.parametrize("features", [1, 2, 3, 256])
def test_every_source_gives_every_shape(source: Source, rows: int, features: int) -> None:
    got = batch(source, rows, features)
    width = min(features, feature_limit(source))
    assert got.values.shape == (rows, width)
    assert got.values.dtype == np.float64
    assert np.isfinite(got.values).all()
    assert len(got.names) == len(set(got.names)) == len(got.units) == width


@pytest.mark.parametrize("source", EVERY)
def test_a_seed_is_a_batch(source: Source) -> None:
    same, again, other = batch(source), batch(source), batch(source, seed=43)
    assert np.array_equal(same.values, again.values)
    assert not np.array_equal(same.values, other.values)


def test_numbers_are_those_of_pcg64() -> None:
    assert batch("uniform", 1, 2).values.tolist() == [[0.7739560485559633, 0.4388784397520523]]


def test_the_largest_batch() -> None:
    assert batch("normal", 65_536, 256).values.shape == (65_536, 256)


@pytest.mark.parametrize("source", ["normal", "correlated", "scales", "constant", "uniform"])
def test_a_feature_is_the_same_population_in_any_company(source: Source) -> None:
    """Means of 20,000 rows agree to 6 standard errors whatever D and the seed."""
    few, many = batch(source, 20_000, 4, seed=1).values, batch(source, 20_000, 9, seed=2).values
    many = many[:, :4]
    error = np.sqrt((few.var(axis=0) + many.var(axis=0)) / 20_000)
    assert (abs(few.mean(axis=0) - many.mean(axis=0)) <= 6 * error + 1e-12).all()
    assert np.allclose(few.std(axis=0), many.std(axis=0), rtol=0.05)


def test_uniform_is_the_documents() -> None:
    values = batch("uniform", 5000).values
    assert values.min() >= 0 and values.max() < 1
    assert scipy.stats.kstest(values.ravel(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("source", NORMAL_LIKE)
def test_normal_features_differ_within_bounds(source: Source) -> None:
    values = batch(source, 20_000, 64).values
    center, spread = values.mean(axis=0), values.std(axis=0)
    assert -4.1 < center.min() < -3 and 3 < center.max() < 4.1
    assert 0.28 < spread.min() < 0.4 and 2.5 < spread.max() < 3.1
    assert all(scipy.stats.kstest((v - v.mean()) / v.std(), "norm").pvalue > 1e-4 for v in values.T)


def test_scales_are_the_fitness_datas_and_wilder() -> None:
    got = batch("scales", 20_000, 20)
    assert got.names[:5] == ("height", "weight", "vital_capacity", "x4_1e-6", "x5_1e+3")
    assert got.units[:5] == ("m", "kg", "mL", "", "")
    for column, (_, _, low, high) in zip(got.values.T, FITNESS, strict=False):
        assert low <= column.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < column.max() < high
    for column, name in zip(got.values.T[3:], got.names[3:], strict=True):
        assert 0.99 < column.max() / float(name.split("_")[1]) < 1
    assert np.ptp(np.log10(got.values.std(axis=0))) > 11


def test_heavy_tails_are_heavy() -> None:
    values = batch("heavy_tails", 20_000).values
    values = (values - np.median(values, axis=0)) / scipy.stats.iqr(values, axis=0)
    scaled = values * scipy.stats.iqr(scipy.stats.t(2).ppf([0.25, 0.75]), rng=(0, 100))
    assert (abs(scaled) > 20).mean() == pytest.approx(2 * scipy.stats.t(2).sf(20), rel=0.2)


def test_outliers_are_few_and_gross() -> None:
    values = batch("outliers", 20_000).values
    robust = scipy.stats.median_abs_deviation(values, axis=0, scale="normal")
    far = (values - np.median(values, axis=0)) / robust
    assert (abs(far) > 8).mean() == pytest.approx(0.02, rel=0.1)
    assert (far[:, 0::2].max(axis=0) > 10).all() and (far[:, 1::2].min(axis=0) < -10).all()


def test_correlated_features_share_two_factors() -> None:
    strength = np.sort(np.linalg.eigvalsh(np.corrcoef(batch("correlated", 5000).values.T)))[::-1]
    assert strength[:2].sum() / 8 == pytest.approx(0.9 + 0.1 * 2 / 8, abs=0.02)
    loose = np.linalg.eigvalsh(np.corrcoef(batch("normal", 5000).values.T))
    assert loose.max() < 1.2


def test_skewed_features_are_positive_with_a_long_tail() -> None:
    values = batch("skewed", 20_000, 7).values
    assert values.min() > 0
    assert (scipy.stats.skew(values) > 1.7).all()


@pytest.mark.parametrize("features", [1, 2, 3, 8])
def test_one_feature_is_constant_and_one_nearly(features: int) -> None:
    deviation = batch("constant", 1000, features).values.std(axis=0)
    assert np.ptp(batch("constant", 1000, features).values[:, 0]) == 0
    assert deviation[1:2] == pytest.approx([1e-4] * (features > 1), rel=0.1)
    assert (deviation[2:] > 0.2).all()


@pytest.mark.parametrize("source", list(REAL))
def test_real_data_is_scikit_learns(source: Source) -> None:
    options = {"scaled": False} if source == "diabetes" else {}
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{source}")(**options)
    rows, width = bunch.data.shape
    assert (row_limit(source), feature_limit(source)) == (rows, width)
    got = batch(source, rows, 256)
    assert got.names == tuple(bunch.feature_names)
    order = np.lexsort(got.values.T), np.lexsort(bunch.data.T)
    assert np.array_equal(got.values[order[0]], bunch.data[order[1]])  # each row once


def test_more_rows_than_there_are_repeat() -> None:
    got = batch("wine", 179, 13)
    assert len(np.unique(got.values, axis=0)) < 179
    from sklearn import datasets

    known = {tuple(row) for row in datasets.load_wine().data}
    assert {tuple(row) for row in got.values} <= known


def test_limits_of_synthetic_sources() -> None:
    for source in SYNTHETIC:
        assert feature_limit(source) == 256
        assert row_limit(source) is None


TABLE = Table("ab" * 32, ("a", "b", "c"), np.arange(30.0).reshape(10, 3))


def from_table(**changes: object) -> Batch:
    options = {"source": "table", "table": TABLE.digest, "batch_size": 10} | changes
    return draw(BatchConfig.model_validate(options), TABLE)


def test_a_table_gives_its_columns() -> None:
    everything = from_table()
    assert everything.names == ("a", "b", "c") and everything.units == ("", "", "")
    assert np.array_equal(everything.values[everything.values[:, 0].argsort()], TABLE.values)
    chosen = from_table(columns=("c", "a"))
    assert chosen.names == ("c", "a")
    assert np.array_equal(chosen.values[:, 0] - chosen.values[:, 1], np.full(10, 2.0))
    assert from_table(features=1).names == ("a",)
    assert from_table(batch_size=50).values.shape == (50, 3)


def test_a_wrong_table_is_refused() -> None:
    with pytest.raises(ValueError, match="which was not given"):
        draw(BatchConfig(source="table", table="cd" * 32), TABLE)
    with pytest.raises(ValueError, match="which was not given"):
        draw(BatchConfig(source="table", table="cd" * 32))
    with pytest.raises(ValueError, match=r"no column 'd'; it has \['a', 'b', 'c'\]"):
        from_table(columns=("a", "d"))


def test_a_batch_may_be_written_to_without_harm() -> None:
    """Real data is kept between draws; a reader that scribbles must not change it."""
    first = batch("wine", 178, 13)
    kept = first.values.copy()
    first.values[:] = 0
    assert np.array_equal(batch("wine", 178, 13).values, kept)


#: Three values of a batch of each source, as the last release drew it: a link shows the same rows.
DRAWN = {
    "uniform": [0.845074320875, 0.569719147859, 0.154461081061],
    "normal": [1.48106702302, -0.563520345545, -3.31810887715],
    "scales": [1.8760594567, 5.69719147859e-07, 154.461081061],
    "heavy_tails": [1.43145890673, -0.887429611166, -3.58771460823],
    "outliers": [0.652075411765, -1.32132650143, -2.93517335578],
    "correlated": [-0.0646151336847, 1.94882986009, -3.67124139668],
    "skewed": [1.30583423248, 0.112454288963, 0.324941672392],
    "constant": [0.944271909999, -0.563520345545, -3.31810887715],
    "diabetes": [29.0, 98.33, 190.0],
    "breast_cancer": [11.27, 386.3, 0.1018],
    "wine": [11.76, 20.0, 122.0],
    "digits": [0.0, 16.0, 12.0],
}


@pytest.mark.parametrize("source", DRAWN)
def test_the_rows_are_those_of_the_last_release(source: Source) -> None:
    config = BatchConfig(source=source, batch_size=16, features=5, seed=7)
    values = draw(config).values
    assert [values[15, 0], values[15, 3], values[7, 4]] == pytest.approx(DRAWN[source], rel=1e-9)


@pytest.mark.parametrize("source", DRAWN)
def test_where_a_batch_begins_every_larger_one(source: Source) -> None:
    small, large = (draw(BatchConfig(source=source, batch_size=b, features=4)) for b in (8, 64))
    begins = np.array_equal(small.values, large.values[:8])
    assert begins == (source in ONE_DRAW)
