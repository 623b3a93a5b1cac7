"""The spectrum's ends, sums and probes of both nets: known figures, every seed, every verdict."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.configs import BnMode, DataConfig, NetworkConfig, TrainConfig
from bnviz.core.curvature.extremes import problem_extremes
from bnviz.core.curvature.traces import eigenvalues
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.nets.initial import initial
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.extremes import Extremes, ExtremesConfig, Spectrum
from bnviz.core.smoothness.measure import Progress, from_bytes, to_bytes
from bnviz.core.training.train import train
from bnviz.texts.catalogue import sentence
from tests.core.curvature.problems import dense_hessian

CONFIG = ExtremesConfig(probes=16)


@cache
def document(mode: BnMode = "eval") -> Extremes:
    config = ExtremesConfig(bn_mode=mode)
    result: Extremes = list(config.measure(subjects.document(), lambda: False))[-1].result
    return result


def small(seeds: int = 2) -> subjects.Subject:
    config = TrainConfig(
        data=DataConfig(samples=60, clip_scores=False, standardize=True),
        network=NetworkConfig(depth=2, width=4),
        seeds=seeds,
    )
    dataset = dataset_for(config.data)
    data = prepare(config.data, dataset)
    nets = {bn: initial(config.network, 3, range(seeds), bn=bn) for bn in (True, False)}
    return subjects.Subject(nets[True], nets[False], data.train_x, data.train_y, config, dataset)


def reports(subject: subjects.Subject, config: ExtremesConfig = CONFIG) -> list[Progress]:
    return list(config.measure(subject, lambda: False))


def test_the_documents_nets() -> None:
    spectra = document()
    assert (spectra.bn.size, spectra.plain.size) == (449, 321)
    assert spectra.bn.maximum == pytest.approx([12368.94], rel=1e-6)
    assert spectra.bn.minimum == pytest.approx([-12337.92], rel=1e-6)
    assert spectra.plain.maximum == pytest.approx([8.13461e7], rel=1e-5)
    assert spectra.plain.minimum == pytest.approx([-1.44579e6], rel=1e-5)
    train = document("train")
    assert train.bn.maximum == pytest.approx([150.70], rel=1e-4)
    assert train.bn.minimum == pytest.approx([-133.70], rel=1e-4)
    # Small probes of the gradient find a median of 1682 with BN, and of 3e6 without: nearly all
    # of that is one eigenvalue times the share of the direction along its vector.
    assert np.median(spectra.bn.probes) == pytest.approx(1682, rel=0.05)
    assert 1.5e6 < np.median(spectra.plain.probes) < 4.5e6
    for spectrum in (spectra.bn, spectra.plain):
        assert (spectrum.maximum_residual < 1e-6 * spectrum.maximum).all()
        assert (spectrum.probes < spectrum.maximum).all()
        root = np.sqrt(spectrum.mean_square)
        assert spectrum.probes.min() < root[0] < spectrum.maximum[0]
    # 30 times too low without BN, in root mean square 18 times, says the table of figures.
    assert spectra.plain.maximum / np.sqrt(spectra.plain.mean_square) == pytest.approx(
        [17.75], 0.01
    )


def test_every_seed_of_both_nets_is_measured() -> None:
    subject = small()
    spectra = reports(subject)[-1].result
    for name in ("bn", "plain"):
        spectrum = getattr(spectra, name)
        assert {f.name for f in fields(Spectrum)} - {"size"} == {
            f.name for f in fields(Spectrum) if np.isfinite(getattr(spectrum, f.name)).all()
        } - {"size"}
        for seed in (0, 1):
            problem = subject.problem(name, "eval", seed)
            hessian = dense_hessian(problem)
            values = eigenvalues(hessian)
            assert spectrum.size == len(values)
            assert spectrum.minimum[seed] == pytest.approx(values[0], rel=1e-6)
            assert spectrum.maximum[seed] == pytest.approx(values[-1], rel=1e-6)
            assert abs(spectrum.trace[seed] - values.sum()) <= spectrum.trace_margin[seed]
            square = (values**2).mean()
            error = abs(spectrum.mean_square[seed] - square)
            assert error <= spectrum.mean_square_margin[seed]
        assert spectrum.maximum[0] != spectrum.maximum[1]
        assert spectrum.probes.shape == (2, 16)


def test_the_mode_and_the_seed_count() -> None:
    subject = small(1)
    train = reports(subject, ExtremesConfig(probes=16, bn_mode="train"))[-1].result
    expected = problem_extremes(subject.problem("bn", "train"))
    assert train.bn.maximum == expected.maximum
    first, again, other = (
        reports(subject, ExtremesConfig(probes=16, seed=seed))[-1].result for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.bn.probes, again.bn.probes)
    assert (first.bn.probes != other.bn.probes).all()
    assert (first.bn.maximum != train.bn.maximum).all()


def test_progress_comes_in_equal_parts_with_what_is_known() -> None:
    steps = reports(small())
    assert [each.done for each in steps] == list(range(13))
    assert {each.total for each in steps} == {12}
    assert steps[0].result is None
    assert [each.done for each in steps if each.result is not None] == [6, 12], "seed by seed"
    first = steps[6].result
    for net in (first.bn, first.plain):
        assert np.isfinite(net.normalized[0]) and np.isnan(net.maximum[1])
    # Results told stay as they were.
    assert np.isfinite(steps[-1].result.bn.trace).all()


def test_results_survive_the_disk() -> None:
    spectra = reports(small(1))[-1].result
    again = from_bytes(Extremes, to_bytes(spectra))
    assert again.bn.size == spectra.bn.size
    np.testing.assert_array_equal(again.plain.probes, spectra.plain.probes)


@pytest.mark.parametrize("asked", [0, 3, 10, 25, 40])
def test_stopping(asked: int) -> None:
    answers = iter([False] * asked)
    steps = list(CONFIG.measure(small(), lambda: next(answers, True)))
    assert steps[-1].done < steps[-1].total
    assert next(answers, None) is None  # it asked often enough to be stopped


def test_seeds_that_are_gone_are_left_out() -> None:
    subject = small(4)
    subject.bn.params["output.weight"][1] = torch.nan
    subject.plain.params["layers.0.bias"][2] = torch.inf
    last = reports(subject)[-1]
    assert last.done == last.total == 24
    spectra = last.result
    assert np.isnan(spectra.bn.maximum).tolist() == [False, True, False, False]
    assert np.isnan(spectra.plain.normalized).tolist() == [False, False, True, False]
    assert np.isnan(spectra.bn.probes[1]).all() and np.isfinite(spectra.bn.probes[[0, 2, 3]]).all()
    said, dead, diverged, *_ = CONFIG.verdicts(spectra)
    assert said.values["seeds"] == 3 and said.values["bn"] == spectra.bn.maximum[3]
    assert dead.values["dead"] == 1 and spectra.plain.normalized[0] == 0
    assert (diverged.key, diverged.values) == ("diverged", {"bn_diverged": 1, "plain_diverged": 1})
    subject.bn.params["output.weight"][:] = torch.nan
    assert CONFIG.verdicts(reports(subject)[-1].result)[0].key == "unknown"


def test_nets_of_the_same_weights_are_not_said_to_differ_by_their_size() -> None:
    """At epoch 0 the weights are identical: what BN's net has more of lies in gamma and beta."""
    config = TrainConfig.model_validate_json(
        """{"data": {"samples": 200, "clip_scores": false, "standardize": true},
            "network": {"width": 8}, "seeds": 8,
            "optimizer": {"epochs": 5, "batch_size": 32, "learning_rate": 0.03},
            "probes": {"checkpoints": 2, "count": 2, "eigenvalues": false}}"""
    )
    dataset = dataset_for(config.data)
    state = next(each.state for each in train(config, dataset, lambda: False) if each.state)
    subject = subjects.of_state(config, dataset, state)
    for name in subject.plain.params:
        assert torch.equal(subject.bn.params[name], subject.plain.params[name])
    result = reports(subject, ExtremesConfig())[-1].result
    sharper, scaled, _ = ExtremesConfig().verdicts(result)
    assert sharper.key == "bn" and sharper.values["bn_sharper"] == 8
    assert sharper.values["factor"] == pytest.approx(1.46, abs=0.02)
    assert scaled.key != "scaled_bn"
    said = sentence("en", f"smoothness.extremes.verdict.{scaled.key}", **scaled.values)
    assert "which leave biases, γ and β out" in said and "only" not in said


def test_verdicts_on_the_documents_nets() -> None:
    """One pair of nets tells nothing about nets of their kind, however far they are apart."""
    said, scaled, probes = ExtremesConfig().verdicts(document())
    assert (said.key, scaled.key) == ("few", "scaled_few")
    assert said.values["factor"] == pytest.approx(6577, rel=1e-3)
    assert said.values["evidence"].key == "comparison.too_few"
    assert 20 < probes.values["plain_below"] < 60 and 5 < probes.values["bn_below"] < 10
