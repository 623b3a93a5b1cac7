"""Eval mode against train mode: every claim of the verdict is borne out by torch and the stream."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bnviz.core.batchnorm import agreement
from bnviz.core.batchnorm.agreement import CLOSE
from bnviz.core.batchnorm.stream import EvalOutput, Walk, drawn, eval_output, gap, walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.moments import moments
from bnviz.core.data.tables import Table

FOUR = Table("f" * 64, ("x",), np.array([[1.0], [2.0], [3.0], [4.0]]))


def walked(config: StreamConfig, table: Table | None = None) -> Walk:
    batches = drawn(config.batch, config.steps, table)
    return walk(config, batches, moments(config.batch, table))


def told(config: StreamConfig, table: Table | None = None) -> dict[str, dict]:
    given = agreement.verdict(walked(config, table), config, 1e-5)
    return {verdict.key: dict(verdict.values) for verdict in given}


def test_a_small_table_keeps_its_bessel_factor() -> None:
    """The four rows again and again: torch's running variance is 4/3 of theirs for good."""
    batch = BatchConfig(source="table", table=FOUR.digest, batch_size=4, features=1)
    said = told(StreamConfig(batch=batch, steps=200), FOUR)
    layer, x = nn.BatchNorm1d(1, dtype=torch.float64), torch.from_numpy(FOUR.values.copy())
    for _ in range(200):
        layer(x)
    expected = layer.eval()(x).std(unbiased=False).item()
    assert said["off"]["deviation"] == pytest.approx(expected, rel=1e-6)
    assert expected == pytest.approx(0.866, abs=1e-3)
    assert said["off"]["expected"] == pytest.approx(1, abs=1e-5)
    assert said["bessel"]["more"] == pytest.approx(1 / 3)


def test_a_shift_that_was_overcome_is_told() -> None:
    config = StreamConfig(batch=BatchConfig(batch_size=32, features=4), shift_at=60, shift=5.0)
    said = told(config)
    assert list(said) == ["agrees", "was_warm_up", "was_drift"]
    moved = said["was_drift"]
    assert (moved["batch"], moved["step"]) == (60, 60) and 20 < moved["count"] < 40
    assert moved["mean"] == pytest.approx(5 * 0.9, abs=0.5)


def test_the_start_is_told() -> None:
    said = told(StreamConfig(batch=BatchConfig(batch_size=64, features=4), torch_momentum=0.05))
    assert list(said) == ["agrees", "was_warm_up"] and said["was_warm_up"]["batch"] == 1


configs = st.builds(
    StreamConfig,
    batch=st.builds(
        BatchConfig,
        source=st.sampled_from(["normal", "skewed", "outliers", "constant", "wine", "diabetes"]),
        batch_size=st.sampled_from([2, 3, 16, 100]),
        features=st.integers(1, 3),
        seed=st.integers(0, 5),
    ),
    steps=st.sampled_from([2, 7, 40]),
    torch_momentum=st.sampled_from([0.001, 0.1, 0.5, 1.0, None]),
    shift_at=st.sampled_from([0, 1, 5, 38]),
    shift=st.sampled_from([-5.0, 0.0, 0.3]),
    spread=st.sampled_from([0.1, 1.0, 4.0]),
)


@settings(max_examples=60)
@given(configs, st.sampled_from([1e-12, 1e-5, 10.0]))
def test_every_claim_holds(config: StreamConfig, eps: float) -> None:
    stream = walked(config)
    output = eval_output(stream, eps)
    off = np.abs(output.deviation - output.train_deviation)
    apart = np.maximum(np.abs(output.mean), off).max(axis=1)
    said = {v.key: dict(v.values) for v in agreement.verdict(stream, config, eps)}
    count = int((apart > CLOSE).sum())
    if "off" in said:
        assert apart[-1] > CLOSE and len(said) == 2
        (cause,) = said.keys() - {"off"}
        check(stream, config, cause, said["off"] | {"batch": config.steps}, output)
        return
    agreed = said.pop("close" if count == 0 else "agrees")
    held = slice(None) if count == 0 else slice(-1, None)
    assert (apart[held] <= CLOSE).all()
    assert np.abs(output.mean[held]).max() == agreed["mean"] and off[held].max() == agreed["off"]
    assert sum(each["count"] for each in said.values()) == count
    assert count == 0 or max(apart[each["batch"] - 1] for each in said.values()) == apart.max()
    for key, values in said.items():
        check(stream, config, key.removeprefix("was_"), values, output)


def check(stream: Walk, config: StreamConfig, cause: str, said: dict, output: EvalOutput) -> None:
    """The feature is the furthest off after that batch, with these figures, for that reason."""
    at = said["batch"] - 1, stream.names.index(said["feature"])
    away, off = abs(output.mean[at]), abs(output.deviation[at] - output.train_deviation[at])
    assert max(away, off) > CLOSE
    assert said["mean"] == output.mean[at] and said["deviation"] == output.deviation[at]
    assert said["expected"] == output.train_deviation[at]
    if cause == "drift":
        assert 0 < config.shift_at <= said["batch"]
    if cause == "bessel":
        assert config.batch.source in ("wine", "diabetes")
        return
    track, quantity = (stream.mean, "mean") if away >= off else (stream.variance, "variance")
    parts = gap(stream, quantity, "true")  # type: ignore[arg-type]
    pulls = {name: getattr(parts, name)[at[0] + 1, at[1]] for name in ("warm_up", "drift", "noise")}
    truth = track.true[1:][at] if away >= off else stream.spread[at]
    side = np.sign(track.running[1:][at] - truth)
    assert side * pulls[cause] == max(side * pull for pull in pulls.values()) > 0
