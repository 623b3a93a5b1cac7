"""How much means move: against direct simulation and the sampling theory of finite populations."""

import numpy as np
import pytest

from bnviz.core.batchnorm.mean_noise import MOST_CELLS, mean_noise
from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.tables import Table


def table(rows: int) -> Table:
    values = np.random.default_rng(3).normal([5, -20], [1, 100], (rows, 2))
    return Table("t", ("a", "b"), values)


@pytest.mark.parametrize("size", [2, 16, 256])
def test_expected_for_independent_rows_is_one_over_root_b(size: int) -> None:
    noise = mean_noise(BatchConfig(batch_size=size, features=40, seed=100))
    assert noise.expected == pytest.approx(size**-0.5)
    assert len(noise.seeds) == 40 and noise.seeds[-1] == 100
    # 39 x 40 degrees of freedom: the root mean square is known to 1 / sqrt(2 * 1560) = 2 %.
    assert noise.measured == pytest.approx(size**-0.5, rel=0.08)


def test_expected_without_replacement_by_simulation() -> None:
    """The mean of 150 out of 200 rows, drawn without replacement, scatters half as much."""
    rows, size = 200, 150
    values = np.random.default_rng(0).normal(size=rows)
    rng = np.random.default_rng(1)
    means = [rng.choice(values, size, replace=False).mean() for _ in range(20_000)]
    simulated = np.std(means) / values.std()
    config = BatchConfig(source="table", table="t", batch_size=size, features=1)
    data = Table("t", ("a",), values[:, None])
    assert mean_noise(config, data).expected == pytest.approx(simulated, rel=0.02)
    assert simulated < 0.55 * size**-0.5


def test_measured_agrees_with_expected_without_replacement() -> None:
    noise = mean_noise(BatchConfig(source="digits", batch_size=1500, features=64), batches=60)
    assert noise.expected < 0.5 * 1500**-0.5
    assert noise.measured == pytest.approx(noise.expected, rel=0.1)


def test_all_rows_at_once_do_not_jitter() -> None:
    noise = mean_noise(BatchConfig(source="table", table="t", batch_size=50), table(50))
    assert noise.expected == 0
    assert noise.measured < 1e-12


def test_more_rows_than_there_are_means_drawing_with_replacement() -> None:
    config = BatchConfig(source="table", table="t", batch_size=200, features=2)
    assert mean_noise(config, table(50)).expected == pytest.approx(200**-0.5)


def test_departures_are_means_in_standard_deviations() -> None:
    config = BatchConfig(source="scales", batch_size=64, features=3, seed=9)
    noise = mean_noise(config, batches=5)
    drawn = [draw(config.model_copy(update={"seed": seed})).values for seed in noise.seeds]
    assert noise.seeds == [5, 6, 7, 8, 9]
    pooled = np.concatenate(drawn)
    means = np.array([x.mean(axis=0) for x in drawn])
    expected = (means - pooled.mean(axis=0)) / pooled.std(axis=0)
    assert np.allclose(noise.departures, expected, atol=1e-12)
    assert noise.measured == pytest.approx(np.sqrt(expected.var(axis=0, ddof=1).mean()))


def test_constant_features_stand_still_and_do_not_count() -> None:
    noise = mean_noise(BatchConfig(source="constant", batch_size=64, features=2, seed=50))
    assert (noise.departures[:, 0] == 0).all()
    assert noise.measured == pytest.approx(1 / 8, rel=0.4)


def test_nothing_but_constants() -> None:
    noise = mean_noise(BatchConfig(source="constant", batch_size=8, features=1))
    assert noise.measured == 0


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_early_seeds_have_few_before_them(seed: int) -> None:
    noise = mean_noise(BatchConfig(seed=seed))
    assert noise.seeds == [0, 1] if seed == 0 else list(range(seed + 1))
    assert len(noise.departures) == len(noise.seeds)


def test_huge_batches_are_drawn_less_often() -> None:
    noise = mean_noise(BatchConfig(batch_size=65_536, features=100, seed=500))
    assert len(noise.seeds) == MOST_CELLS // 6_553_600 == 3
