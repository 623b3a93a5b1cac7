"""The walk of the running statistics against torch, its theory against many streams."""

from typing import Literal

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.batchnorm.stream import (
    MOST_CELLS,
    Quantity,
    batch_of,
    drawn,
    eval_output,
    gap,
    possible_steps,
    walk,
)
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.moments import moments


def stream(config: StreamConfig) -> tuple:
    batches = drawn(config.batch, config.steps)
    return batches, walk(config, batches, moments(config.batch))


SHIFTED = StreamConfig(
    batch=BatchConfig(source="skewed", batch_size=6, features=3, seed=3),
    steps=40,
    shift_at=17,
    shift=2.5,
    spread=3.0,
)


@pytest.mark.parametrize("torch_momentum", [0.1, 1.0, None])
@pytest.mark.parametrize("shifted", [False, True])
def test_walks_as_torch_does(torch_momentum: float | None, shifted: bool) -> None:
    config = SHIFTED.model_copy(update={"torch_momentum": torch_momentum})
    if not shifted:
        config = config.model_copy(update={"shift_at": 0})
    _, walked = stream(config)
    truth = moments(config.batch)
    layer = nn.BatchNorm1d(3, momentum=torch_momentum, dtype=torch.float64)
    for step in range(1, config.steps + 1):
        x = draw(batch_of(config, step)).values
        if shifted and step >= config.shift_at:
            x = truth.mean + config.shift * truth.scale + config.spread * (x - truth.mean)
        layer(torch.from_numpy(x))
        assert walked.mean.running[step] == pytest.approx(layer.running_mean.numpy(), rel=1e-12)
        assert walked.variance.running[step] == pytest.approx(layer.running_var.numpy(), rel=1e-12)


@pytest.mark.parametrize("source", ["normal", "outliers", "wine"])
@pytest.mark.parametrize("torch_momentum", [0.2, None])
def test_theory_against_many_streams(source: str, torch_momentum: float | None) -> None:
    streams = 300
    config = StreamConfig(
        batch=BatchConfig(source=source, batch_size=40, features=3),
        steps=12,
        torch_momentum=torch_momentum,
        shift_at=7,
        shift=1.0,
        spread=2.0,
    )
    truth = moments(config.batch)
    walks = []
    for seed in range(streams):
        batch = config.batch.model_copy(update={"seed": seed})
        walks.append(walk(config, drawn(batch, config.steps), truth))
    for name in ("mean", "variance"):
        paths = np.array([getattr(each, name).running for each in walks])
        theory = getattr(walks[0], name)
        error = theory.deviation / np.sqrt(streams)
        assert np.all(np.abs(paths.mean(axis=0) - theory.expected) <= 4.5 * error + 1e-12), name
        ratio = paths[:, 1:].std(axis=0) / theory.deviation[1:]
        assert ratio == pytest.approx(1, abs=0.3), name
        assert np.sqrt(np.mean(ratio**2)) == pytest.approx(1, abs=0.08), name


def test_band_settles_at_the_stationary_variance() -> None:
    config = StreamConfig(batch=BatchConfig(batch_size=16, features=2), steps=300)
    _, walked = stream(config)
    truth = moments(config.batch)
    settled = 0.1 / 1.9 * truth.variance / 16
    assert walked.mean.deviation[-1] ** 2 == pytest.approx(settled)
    assert walked.variance.deviation[-1] ** 2 == pytest.approx(
        0.1 / 1.9 * 2 * truth.variance**2 / 15
    )
    assert np.all(walked.mean.deviation[0] == 0)


@pytest.mark.parametrize("quantity", ["mean", "variance"])
@pytest.mark.parametrize("reference", ["true", "train"])
@pytest.mark.parametrize("torch_momentum", [0.1, 1.0, None])
def test_parts_add_up(
    quantity: Quantity, reference: Literal["true", "train"], torch_momentum: float | None
) -> None:
    config = SHIFTED.model_copy(update={"torch_momentum": torch_momentum})
    _, walked = stream(config)
    parts = gap(walked, quantity, reference)
    total = parts.warm_up + parts.bessel + parts.drift + parts.noise
    track = getattr(walked, quantity)
    size = np.abs(track.running).max() + np.abs(track.true).max()
    assert np.abs(total - parts.total).max() <= 1e-14 * size
    biased = quantity == "variance" and reference == "train"
    expected = track.true * (5 / 6 if biased else 1)
    assert parts.total == pytest.approx(track.running - expected)


def test_parts_are_what_they_are_called() -> None:
    _, walked = stream(SHIFTED)
    truth = moments(SHIFTED.batch)
    parts = gap(walked, "variance", "train")
    step = np.arange(41)[:, None]
    assert parts.warm_up == pytest.approx(0.9**step * (1 - truth.variance))
    before = np.arange(41) < 17
    assert np.abs(parts.drift[before]).max() < 1e-12 * truth.variance.max()
    lag = truth.variance * (1 - 9) * 0.9 ** (step[~before] - 16)
    assert parts.drift[~before] == pytest.approx(lag)
    assert parts.bessel[~before] == pytest.approx(np.broadcast_to(9 * truth.variance / 6, (24, 3)))
    assert not gap(walked, "variance", "true").bessel.any()
    assert not gap(walked, "mean", "train").bessel.any()


def test_eval_mode_sees_todays_data() -> None:
    _, walked = stream(SHIFTED)
    today = eval_output(walked, 1e-3)
    layer = nn.BatchNorm1d(3, eps=1e-3, affine=False, dtype=torch.float64).eval()
    assert layer.running_mean is not None and layer.running_var is not None
    layer.running_mean.copy_(torch.from_numpy(walked.mean.running[-1]))
    layer.running_var.copy_(torch.from_numpy(walked.variance.running[-1]))
    spread = np.sqrt(walked.variance.true[-1])
    for sign in (0, 1):
        x = torch.from_numpy(walked.mean.true[-1] + sign * spread)[None]
        assert layer(x)[0].numpy() == pytest.approx(today.mean[-1] + sign * today.deviation[-1])


def test_no_variance_no_theory() -> None:
    config = StreamConfig(batch=BatchConfig(source="heavy_tails", batch_size=8, features=2))
    _, walked = stream(config)
    assert np.isfinite(walked.mean.running).all() and np.isfinite(walked.variance.running).all()
    assert np.isinf(walked.mean.deviation[1:]).all()
    assert not np.isfinite(walked.variance.deviation[1:]).any()
    assert np.isfinite(gap(walked, "mean", "true").noise).all()
    assert not np.isfinite(gap(walked, "variance", "true").total[1:]).any()


def test_one_row_is_refused_and_huge_batches_are_few() -> None:
    with pytest.raises(ValueError, match="2 rows or more"):
        drawn(BatchConfig(batch_size=1), 3)
    huge = BatchConfig(batch_size=65_536, features=256)
    assert possible_steps(huge, 500) == 2
    small = BatchConfig(batch_size=32, features=8)
    assert possible_steps(small, 500) == 500
    middle = BatchConfig(batch_size=4096, features=8)
    assert possible_steps(middle, 1000) * 4096 * 8 <= MOST_CELLS


def test_streams_of_neighbouring_seeds_share_no_batch() -> None:
    seeds = {
        batch_of(StreamConfig(batch=BatchConfig(seed=seed)), step).seed
        for seed in (42, 43)
        for step in range(1, 101)
    }
    assert len(seeds) == 200
