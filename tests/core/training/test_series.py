"""Bands over seeds: diverged seeds are left out of them, and counted."""

from dataclasses import fields, replace

import numpy as np
import pytest

from bnviz.core.training.series import band, band_of, gather, layer_band
from bnviz.core.training.snapshots import NetSnapshot, Snapshot

NAN = float("nan")
EMPTY = NetSnapshot(**{f.name: np.empty(0) for f in fields(NetSnapshot)})


def run(values: list[list[float]], field: str = "train_loss") -> list[Snapshot]:
    """Snapshots whose net "bn" has `values` in `field` ([] where a moment has none)."""
    return [
        Snapshot(epoch, 0, 0.0, replace(EMPTY, **{field: np.array(row)}), EMPTY, {})
        for epoch, row in enumerate(values)
    ]


def test_diverged_seeds_are_counted_and_left_out() -> None:
    over = band_of(
        run([[1, 2, 3, 4], [1, 2, NAN, 4], [1, np.inf, NAN, -np.inf]]), "bn", "train_loss"
    )
    assert over.alive.tolist() == [4, 3, 1]
    assert over.median.tolist() == [2.5, 2.0, 1.0]
    for low, high, alive in zip(over.low, over.high, ([1, 2, 3, 4], [1, 2, 4], [1]), strict=True):
        assert (low, high) == pytest.approx(tuple(np.quantile(alive, (0.1, 0.9))))


def test_no_seed_left_is_nan_and_no_warning() -> None:
    over = band_of(run([[1.0, 2.0], [NAN, NAN]]), "bn", "train_loss")
    assert over.alive.tolist() == [2, 0]
    assert np.isnan([over.median[1], over.low[1], over.high[1]]).all()
    assert over.median[0] == 1.5


def test_only_moments_that_have_the_figure() -> None:
    epochs, values = gather(run([[1.0], [], [3.0], []]), "bn", "train_loss")
    assert epochs.tolist() == [0.0, 2.0]
    assert values.tolist() == [[1.0], [3.0]]


def test_no_moment_has_it() -> None:
    over = band_of(run([[], []]), "bn", "train_loss")
    assert over.epochs.shape == over.median.shape == over.alive.shape == (0,)


def test_one_layer_of_many() -> None:
    moments = run([[[1, 2, 3], [10, 20, NAN]], [[4, 5, 6], [40, NAN, NAN]]], "dead_share")  # type: ignore[list-item]
    assert layer_band(moments, "bn", "dead_share", 0).median.tolist() == [2.0, 5.0]
    second = layer_band(moments, "bn", "dead_share", 1)
    assert second.median.tolist() == [15.0, 40.0]
    assert second.alive.tolist() == [2, 1]


def test_sides_are_not_mixed_up() -> None:
    moment = Snapshot(
        3,
        0,
        0.0,
        replace(EMPTY, train_loss=np.array([1.0])),
        replace(EMPTY, train_loss=np.array([2.0])),
        {},
    )
    assert band_of([moment], "plain", "train_loss").median.tolist() == [2.0]


def test_the_band_lies_around_the_median() -> None:
    values = np.random.default_rng(0).lognormal(size=(20, 31))
    values[3, :5] = NAN
    over = band(np.arange(20.0), values)
    assert (over.low < over.median).all() and (over.median < over.high).all()
    assert np.allclose(over.median, np.nanmedian(values, axis=1))


@pytest.mark.parametrize("alive", [0, 1, 3])
def test_one_moment_alone(alive: int) -> None:
    values = np.array([1.0, 5.0, 2.0])
    values[alive:] = NAN
    over = band(np.empty(0), values)
    assert over.alive == alive
    assert over.median == pytest.approx(np.median(values[:alive]) if alive else NAN, nan_ok=True)


def test_no_seed_at_any_moment() -> None:
    over = band(np.arange(2.0), np.full((2, 3), NAN))
    assert np.isnan(over.median).all() and over.alive.tolist() == [0, 0]
