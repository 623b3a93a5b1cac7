"""A snapshot on disk is the snapshot, bit for bit."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError

from bnviz.core.training.snapshots import NetSnapshot, Snapshot, from_bytes, to_bytes
from bnviz.core.types import LEVELS

STATE = {
    "bn/layers.0.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "plain/output.bias": np.array([[np.nan], [np.inf]], dtype=np.float32),
}


def net(rng: np.random.Generator, seeds: int = 3, layers: int = 2) -> NetSnapshot:
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
        ("activation_mean", "activation_std", "dead_share"), (layers, seeds)
    )
    for name in ("activation_quantiles", "running_mean", "running_variance"):
        shapes[name] = (layers, seeds, len(LEVELS))
    for name in ("lipschitz_median", "lipschitz_max"):
        shapes[name] = (0,)
    return NetSnapshot(
        **{f.name: rng.normal(size=shapes.get(f.name, (seeds,))) for f in fields(NetSnapshot)}
    )


def assert_same(one: Snapshot, other: Snapshot) -> None:
    assert (one.epoch, one.step, one.seconds) == (other.epoch, other.step, other.seconds)
    for side in ("bn", "plain"):
        for field in fields(NetSnapshot):
            a, b = (
                getattr(getattr(one, side), field.name),
                getattr(getattr(other, side), field.name),
            )
            assert a.dtype == b.dtype and a.shape == b.shape, field.name
            assert a.tobytes() == b.tobytes(), field.name
    assert one.state.keys() == other.state.keys()
    for name, value in one.state.items():
        assert value.dtype == other.state[name].dtype == np.float32
        assert value.shape == other.state[name].shape
        assert value.tobytes() == other.state[name].tobytes()


@settings(max_examples=30)
@given(st.integers(0, 2000), st.integers(0, 10**9), st.floats(0, 1e9), st.booleans())
def test_round_trip(epoch: int, step: int, seconds: float, with_state: bool) -> None:
    rng = np.random.default_rng(0)
    snapshot = Snapshot(epoch, step, seconds, net(rng), net(rng), STATE if with_state else {})
    assert_same(from_bytes(to_bytes(snapshot)), snapshot)


def test_views_and_transposed_arrays_keep_their_content() -> None:
    rng = np.random.default_rng(0)
    turned = {"bn/w": np.arange(6, dtype=np.float32).reshape(2, 3).T, "bn/v": np.ones(9, "f4")[::3]}
    snapshot = Snapshot(1, 2, 3.0, net(rng), net(rng), turned)
    assert_same(from_bytes(to_bytes(snapshot)), snapshot)


def test_nan_survives() -> None:
    rng = np.random.default_rng(0)
    bn = net(rng)
    bn.train_loss[1] = np.nan
    back = from_bytes(to_bytes(Snapshot(0, 0, 0.0, bn, net(rng), {})))
    assert np.isnan(back.bn.train_loss).tolist() == [False, True, False]


def test_damage_is_noticed() -> None:
    rng = np.random.default_rng(0)
    blob = to_bytes(Snapshot(0, 0, 0.0, net(rng), net(rng), {}))
    with pytest.raises(SafetensorError):
        from_bytes(blob[: len(blob) // 2])
