"""All norms in one training: each as if it were trained alone, and what their comparison says."""

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.arena import bouts, nets, verdict
from bnviz.core.training.comparison import sign_test
from bnviz.core.training.snapshots import NetSnapshot, Snapshot, from_bytes, to_bytes
from bnviz.core.training.train import train

ARENA = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=8, groups=4, ghost_size=8, norm="layer"),
    optimizer=OptimizerConfig(epochs=3, batch_size=16),
    probes=ProbeConfig(checkpoints=0),
    seeds=6,
    arena=True,
)


def last(config: TrainConfig) -> Snapshot:
    return [*train(config, dataset_for(config.data), lambda: False)][-1]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return last(ARENA)


def same(one: NetSnapshot, other: NetSnapshot) -> None:
    for field in fields(NetSnapshot):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_each_norm_is_trained_as_if_alone(snapshot: Snapshot) -> None:
    names = nets(ARENA)
    assert list(names.values()).count("bn") == 1 and names["layer"] == "bn"
    for norm in ("batch", "dyt", "layer"):
        network = ARENA.network.model_copy(update={"norm": norm})
        alone = last(ARENA.model_copy(update={"network": network, "arena": False}))
        same(snapshot.nets[names[norm]], alone.bn)
        same(snapshot.nets[names["none"]], alone.plain)
    kept = from_bytes(to_bytes(snapshot))
    assert kept.others.keys() == snapshot.others.keys() == set(ARENA.other_norms)
    for norm, net in snapshot.others.items():
        same(kept.others[norm], net)


def test_pairs_are_compared_with_their_number_in_mind(snapshot: Snapshot) -> None:
    fought = bouts(ARENA, snapshot)
    assert [(bout.norm, bout.against) for bout in fought[-2:]] == [
        ("dyt", "none"),
        ("dyt", "batch"),
    ]
    for bout in fought:
        pair = (snapshot.nets[nets(ARENA)[norm]] for norm in (bout.norm, bout.against))
        one, other = (net.validation_loss for net in pair)
        wins, losses = int((one < other).sum()), int((one > other).sum())
        assert (bout.comparison.bn_wins, bout.comparison.plain_wins) == (wins, losses)
        p = sign_test(wins, losses)
        assert p <= bout.q <= 1
        assert (bout.outcome == "open") == (bout.q > 0.05)
    said = {key: value for each in verdict(fought) for key, value in [(each.key, each.values)]}
    assert "few" not in said and said["test"]["count"] == 9
    named = [
        norm
        for key in ("ahead", "behind", "open")
        for norm in said.get(key, {"norms": ()})["norms"]
    ]
    assert sorted(named) == sorted(bout.norm for bout in fought[:-1])


@pytest.mark.parametrize("lost", [0, 3, 6, 11])
def test_a_median_difference_is_told_where_it_is_one_of_losses(
    snapshot: Snapshot, lost: int
) -> None:
    """BN diverges in so many of 11 seeds; DyT's loss is half of it in all others."""
    some = replace(snapshot.bn, validation_loss=np.full(11, 2.0), diverged=np.zeros(11))
    gone = replace(some, diverged=(np.arange(11) < lost).astype(float))
    half = replace(some, validation_loss=np.ones(11))
    others = {norm: some for norm in snapshot.others} | {"batch": gone, "dyt": half}
    fought = bouts(ARENA, replace(snapshot, bn=some, plain=some, others=others))
    said = [each for each in verdict(fought) if each.key.startswith("dyt")]
    assert [each.key for each in said] == ["dyt_ahead" if lost < 6 else "dyt_lasts"]
    assert said[0].values["wins"] == 11 and (lost >= 6 or said[0].values["difference"] == 0.5)


def test_an_arena_needs_what_each_of_its_norms_needs() -> None:
    for network, batch_size in product([{"width": 12}, {}], [1, 128]):
        if network or batch_size == 1:
            with pytest.raises(ValidationError):
                TrainConfig(
                    network=NetworkConfig(norm="dyt", **network),
                    optimizer=OptimizerConfig(batch_size=batch_size),
                    arena=True,
                )
