"""Probes over scales: known figures of the document's nets, parts that are told early, verdicts."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature import kinks, probes
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.smoothness import scales
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.measure import from_bytes, to_bytes
from bnviz.core.smoothness.scales import Scales, ScalesConfig, Sweep
from bnviz.core.training.train import Run
from bnviz.core.verdict import Verdict

CONFIG = ScalesConfig(probes=16)
SMALL = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=6),
    optimizer=OptimizerConfig(epochs=1),
    probes=ProbeConfig(checkpoints=0),
    seeds=3,
)
NETS = ("bn", "plain")


def at(scale: float) -> int:
    return int(np.argmin(np.abs(np.log(scales.SCALES / scale))))


@cache
def document() -> Scales:
    result: Scales = list(CONFIG.measure(subjects.document(), lambda: False))[-1].result
    return result


def small(activation: str = "relu") -> subjects.Subject:
    network = SMALL.network.model_copy(update={"activation": activation})
    config = SMALL.model_copy(update={"network": network})
    dataset = dataset_for(config.data)
    run = Run(config, prepare(config.data, dataset))
    return subjects.of_state(config, dataset, run.state())


def test_the_scales() -> None:
    assert scales.SCALES[[0, -1]].tolist() == [1e-8, 1e-1]
    assert scales.SCALES[scales.DOCUMENT] == 1e-5
    assert len(scales.SCALES) == 15


def test_the_document_s_nets() -> None:
    """As measured by hand: flat without BN, a plateau and kinks with BN."""
    sweeps = document()
    assert (sweeps.bn_rectifiers, sweeps.plain_rectifiers) == (64_000, 64_000)
    # Up to 1e-7 nothing crosses, and the probes are the Hessian's at the point.
    for index in range(at(1e-7) + 1):
        assert sweeps.bn.crossed[index] == 0 == sweeps.bn.kinks[index]
        assert sweeps.bn.median[index] == pytest.approx(sweeps.bn_limit, rel=1e-5)
    assert 1500 < sweeps.bn_limit < 1900
    # At the document's 1e-5 kinks are nearly all there is.
    assert 6e3 < sweeps.bn.median[at(1e-5)] < 9e3
    assert sweeps.bn.kink_share[at(1e-5)] > 0.8 and sweeps.bn.crossed[at(1e-5)] > 1
    assert sweeps.bn.smooth[at(1e-5)] == pytest.approx(sweeps.bn_limit, rel=1e-3)
    # Without BN the value is the same from 1e-8 to 1e-3, and nothing crosses.
    np.testing.assert_allclose(sweeps.plain.median[: at(1e-3) + 1], sweeps.plain_limit, rtol=0.01)
    assert not sweeps.plain.crossed[: at(1e-3) + 1].any()
    assert sweeps.plain.crossed[-1] > 1000


@pytest.mark.parametrize("net", NETS)
def test_single_precision_follows_down_to_its_noise(net: str) -> None:
    exact, rough = (getattr(document(), name) for name in (net, f"{net}_float32"))
    np.testing.assert_allclose(rough.median[at(1e-5) :], exact.median[at(1e-5) :], rtol=1e-2)
    assert not exact.noise.any()
    assert rough.noise[0] > 0.1 * exact.median[0]
    assert rough.noise[at(1e-3)] < 1e-3 * exact.median[at(1e-3)]
    assert (np.diff(rough.noise[: at(1e-3)]) < 0).all()


def test_a_figure_is_what_the_engine_says() -> None:
    subject = small()
    config = ScalesConfig(probes=7, net=2, bn_mode="train", seed=9)
    sweeps = list(config.measure(subject, lambda: False))[-1].result
    for net in NETS:
        exact = subject.problem(net, "train", 2)
        rough = subject.problem(net, "train", 2, "float32")
        drawn = probes.directions(exact.params, 7, 9)
        for loss, sweep in (
            (exact, getattr(sweeps, net)),
            (rough, getattr(sweeps, f"{net}_float32")),
        ):
            # Each probe by itself, and so in chunks of one.
            one_by_one = [kinks.split(loss, each, 1e-1) for each in torch.split(drawn, 1)]
            split = kinks.joined(one_by_one)
            rtol = 1e-6 if loss is exact else 1e-3
            assert sweep.median[-1] == pytest.approx(np.median(split.ratio), rel=rtol)
            assert sweep.largest[-1] == pytest.approx(split.ratio.max(), rel=rtol)
            assert sweep.smooth[-1] == pytest.approx(np.median(split.smooth), rel=rtol)
            assert sweep.kinks[-1] == pytest.approx(np.median(split.kinks), rel=rtol)
            assert sweep.kink_share[-1] == pytest.approx(np.median(split.share), rel=rtol)
            assert sweep.crossed[-1] == pytest.approx(split.crossed.mean()) and split.crossed.any()
        limit = np.median(np.concatenate(list(kinks.limits(exact, drawn))))
        assert getattr(sweeps, f"{net}_limit") == pytest.approx(limit)


def test_parts_are_told_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)
    told = list(ScalesConfig(probes=4).measure(small(), lambda: False))
    done = [each.done for each in told]
    assert done == sorted(done) and done[-1] == told[-1].total
    first, middle, last = (told[index].result for index in (0, len(told) // 2, -1))
    assert np.isnan(first.bn.median).all() and np.isnan(first.plain_limit)
    assert np.isfinite(middle.bn.median).any() and np.isnan(middle.plain_float32.median).any()
    known = np.isfinite(middle.bn.median)
    assert (middle.bn.median[known] == last.bn.median[known]).all()
    assert np.isfinite(last.plain_float32.noise).all()
    again = from_bytes(Scales, to_bytes(last))
    assert np.array_equal(again.bn.kink_share, last.bn.kink_share)
    assert (again.bn_limit, again.bn_rectifiers) == (last.bn_limit, last.bn_rectifiers)


def test_stopping() -> None:
    assert list(CONFIG.measure(small(), lambda: True)) == []


def test_tanh_has_no_kinks() -> None:
    config = ScalesConfig(probes=4)
    sweeps = list(config.measure(small("tanh"), lambda: False))[-1].result
    assert (sweeps.bn_rectifiers, sweeps.plain_rectifiers) == (0, 0)
    for sweep in (sweeps.bn, sweeps.plain, sweeps.bn_float32, sweeps.plain_float32):
        assert not sweep.kinks.any() and not sweep.crossed.any()
    assert config.verdicts(sweeps)[0].key == "neither"


def test_a_diverged_seed_is_nan_and_the_other_net_is_measured() -> None:
    subject, config = small(), ScalesConfig(probes=4, net=1)
    subject.bn.params["layers.0.weight"][1] = torch.nan
    last = list(config.measure(subject, lambda: False))[-1]
    assert last.done == last.total
    assert all(np.isnan(getattr(last.result.bn, each.name)).all() for each in fields(Sweep))
    assert np.isnan(last.result.bn_limit) and np.isfinite(last.result.plain.median).all()
    assert config.verdicts(last.result)[0] == Verdict("unknown")
    subject.plain.params["layers.0.weight"][1] = torch.nan
    last = list(config.measure(subject, lambda: False))[-1]
    assert last.done == last.total == 0 and last.result is not None


def test_a_seed_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no seed number 3: the run has 3"):
        list(ScalesConfig(net=3).measure(small(), lambda: False))


def test_the_verdict_on_the_document() -> None:
    verdict, rounding = CONFIG.verdicts(document())
    assert verdict.key == "bn"
    assert verdict.values["scale"] == 1e-5
    assert verdict.values["bn_share"] > 0.8 and verdict.values["plain_share"] == 0
    assert rounding.key == "rounding" and 0 < rounding.values["scale"] < 1e-6
    assert all(np.isfinite(value) for value in verdict.values.values())
