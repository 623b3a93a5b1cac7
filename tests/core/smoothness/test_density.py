"""Both spectra on one axis: known figures, exact beside quadrature, every verdict."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from scipy.special import bdtr

from bnviz.core.configs import DataConfig, NetworkConfig, TrainConfig
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.traces import eigenvalues
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.nets.initial import initial
from bnviz.core.smoothness import spectra
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.density import Density, DensityConfig, NetDensity
from bnviz.core.smoothness.measure import Progress, from_bytes, to_bytes
from bnviz.core.types import never
from tests.core.curvature.problems import dense_hessian
from tests.core.curvature.test_traces import SPECTRA, bowl

CONFIG = DensityConfig(probes=8, steps=40)


def subject(seeds: int = 2) -> subjects.Subject:
    config = TrainConfig(
        data=DataConfig(samples=60, clip_scores=False, standardize=True),
        network=NetworkConfig(depth=2, width=6, activation="tanh"),
        seeds=seeds,
    )
    dataset = dataset_for(config.data)
    data = prepare(config.data, dataset)
    nets = {bn: initial(config.network, 3, range(seeds), bn=bn) for bn in (True, False)}
    return subjects.Subject(nets[True], nets[False], data.train_x, data.train_y, config, dataset)


def reports(config: DensityConfig = CONFIG, of: subjects.Subject | None = None) -> list[Progress]:
    return list(config.measure(of or subject(), lambda: False))


@cache
def density() -> Density:
    last: Density = reports()[-1].result
    return last


def axis(result: Density) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arcsinh(result.grid / result.unit)


@pytest.mark.parametrize("name", ["bn", "plain"])
def test_a_small_net_s_spectrum_is_exact(name: str) -> None:
    hessian = dense_hessian(subject().problem(name, "eval", 0))
    values = eigenvalues(hessian)
    net: NetDensity = getattr(density(), name)
    np.testing.assert_allclose(net.exact, values, atol=1e-12)
    assert net.near_zero == pytest.approx((np.abs(values) <= density().unit).mean())
    assert net.negative == pytest.approx((values < -density().unit).mean())
    assert net.largest == pytest.approx(np.abs(values).max())
    assert net.top == pytest.approx((values**2).max() / (values**2).sum())
    assert not net.error.any() and (net.quadrature_error >= 0).all()
    assert np.trapezoid(net.mean, axis(density())) == pytest.approx(1, abs=1e-6)
    assert np.trapezoid(net.quadrature, axis(density())) == pytest.approx(1, abs=1e-6)


def test_the_axis_holds_both_spectra() -> None:
    result = density()
    steps = np.diff(axis(result))
    np.testing.assert_allclose(steps, steps[0])
    assert steps[0] <= spectra.SPACING
    both = np.concatenate([result.bn.exact, result.plain.exact])
    assert result.grid[0] < both.min() and both.max() < result.grid[-1]
    assert result.unit == pytest.approx(0.01 * min(result.bn.largest, result.plain.largest))


def test_the_quadrature_stands_within_its_error_bars() -> None:
    result = reports(DensityConfig(probes=48))[-1].result
    for net in (result.bn, result.plain):
        assert (np.abs(net.quadrature - net.mean) <= 4 * net.quadrature_error + 0.01).all()
        assert np.trapezoid(np.abs(net.quadrature - net.mean), axis(result)) < 0.1


def test_a_large_net_by_products_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.spectra.DENSE_LIMIT", 80)  # of 97 and 73
    last = reports()[-1]
    result: Density = last.result
    assert result.bn.exact.shape == (0,) and len(result.plain.exact) == 73
    np.testing.assert_array_equal(result.bn.mean, result.bn.quadrature)
    np.testing.assert_array_equal(result.bn.error, result.bn.quadrature_error)
    assert result.bn.error.max() > 0
    assert result.bn.band == pytest.approx(2.364624, rel=1e-6), "Student's t for 8 vectors"
    assert last.total == last.done == 73 + 160 + 2 * 8 * 40
    exact = density().bn
    for name in ("near_zero", "negative"):
        assert getattr(result.bn, name) == pytest.approx(getattr(exact, name), abs=0.1)
    assert result.bn.top_low < exact.top < result.bn.top_high < result.bn.top_low + 0.1
    assert result.bn.top == pytest.approx(exact.top, abs=0.05)
    assert result.bn.largest == pytest.approx(exact.largest, rel=1e-6)


def test_the_documents_nets() -> None:
    """The ends that are known of them, and quadratures that know as much."""
    progress = reports(DensityConfig(probes=4), subjects.document())
    result = progress[-1].result
    assert result.bn.exact[[0, -1]] == pytest.approx([-12337.92, 12368.94], rel=1e-6)
    assert result.plain.exact[[0, -1]] == pytest.approx([-1.44579e6, 8.13461e7], rel=1e-5)
    for net in (result.bn, result.plain):
        assert np.trapezoid(np.abs(net.quadrature - net.mean), axis(result)) < 0.15
    assert DensityConfig().verdicts(result)[0].key == "plain"
    assert next(each.result for each in progress if each.result).plain.exact.shape == (321,)


def test_seed_mode_and_net() -> None:
    other = reports(DensityConfig(probes=8, steps=40, net=1))[-1].result
    assert (other.bn.exact != density().bn.exact).any()
    train = reports(DensityConfig(probes=8, steps=40, bn_mode="train"))[-1].result
    assert (train.bn.exact != density().bn.exact).any()
    np.testing.assert_array_equal(train.plain.exact, density().plain.exact)
    drawn = reports(DensityConfig(probes=8, steps=40, seed=1))[-1].result
    assert (drawn.bn.quadrature != density().bn.quadrature).any()
    with pytest.raises(ValueError, match="no seed number 2"):
        reports(DensityConfig(net=2))


def test_first_results_are_early_and_progress_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)  # tell everything
    monkeypatch.setattr(Problem, "products_per_call", lambda problem, count: 2)
    told = reports()
    total = 97 + 73 + 2 * 8 * 40
    assert {each.total for each in told} == {total} and told[-1].done == total
    done = [each.done for each in told]
    assert done == sorted(done) and len(set(done)) > 8
    first = next(each.result for each in told if each.result is not None)
    assert np.isfinite(first.bn.mean).all() and np.isnan(first.bn.quadrature).all()
    np.testing.assert_array_equal(first.bn.exact, density().bn.exact)
    later = [each.result for each in told if each.result is not None][1:-1]
    assert all(np.isfinite(each.bn.quadrature_error).all() for each in later)


@pytest.mark.parametrize("asked", [0, 1, 30, 300])
def test_stopping(asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)
    monkeypatch.setattr(Problem, "products_per_call", lambda problem, count: 2)
    of, answers = subject(), iter([False] * asked)
    told = list(DensityConfig().measure(of, lambda: next(answers, True)))
    assert next(answers, None) is None
    assert not told or told[-1].done < told[-1].total


@pytest.mark.parametrize("gone", [("bn",), ("plain",), ("bn", "plain")])
def test_nets_that_are_gone(gone: tuple[str, ...]) -> None:
    of = subject()
    for name in gone:
        of.stack(name).params["output.bias"][0] = torch.nan
    last = reports(of=of)[-1]
    assert last.done == last.total
    for name in ("bn", "plain"):
        net = getattr(last.result, name)
        values = [net.near_zero, net.negative, net.largest, net.top, *net.mean, *net.quadrature]
        assert np.isnan(values).all() if name in gone else np.isfinite(values).all()
        assert len(net.exact) == (0 if name in gone else {"bn": 97, "plain": 73}[name])
    assert CONFIG.verdicts(last.result)[0].key == "unknown"
    from_bytes(Density, to_bytes(last.result))


def test_a_loss_that_is_not_finite_though_the_net_is(monkeypatch: pytest.MonkeyPatch) -> None:
    of = subject()
    of.y[3] = torch.inf
    for limit in (2000, 10):
        monkeypatch.setattr("bnviz.core.smoothness.spectra.DENSE_LIMIT", limit)
        last = reports(of=of)[-1]
        assert last.done == last.total
        assert np.isnan([last.result.bn.top, *last.result.plain.mean]).all()
        assert CONFIG.verdicts(last.result)[0].key == "unknown"


def test_results_survive_the_disk() -> None:
    again = from_bytes(Density, to_bytes(density()))
    assert again.unit == density().unit and again.bn.top == density().bn.top
    np.testing.assert_array_equal(again.plain.exact, density().plain.exact)


def test_the_interval_of_the_share_covers_as_often_as_it_claims() -> None:
    squares, seeds = SPECTRA["bulk"] ** 2, 100
    problem, share, covered = bowl(SPECTRA["bulk"]), squares.max() / squares.sum(), 0
    for seed in range(seeds):
        top = spectra._largest(problem, DensityConfig(probes=2, seed=seed), never)
        assert top.size == pytest.approx(squares.max() ** 0.5, rel=1e-6)
        assert 0 < top.low <= top.share <= top.high <= 1
        covered += top.low <= share <= top.high
    assert bdtr(covered, seeds, 0.95) > 0.0005


def test_a_result_of_an_earlier_release_opens_and_claims_nothing_of_a_large_net() -> None:
    blob = load(to_bytes(replace(density(), bn=replace(density().bn, exact=np.empty(0)))))
    kept = {name: value for name, value in blob.items() if not re.search("top_|band", name)}
    assert len(blob) - len(kept) == 6
    old = from_bytes(Density, save(kept))
    assert (old.bn.top_low, old.bn.top_high, old.bn.top) == (0, 1, density().bn.top)
    assert CONFIG.verdicts(old)[0].key == "open"


def test_flat_losses_have_an_axis() -> None:
    assert spectra._unit([]) == spectra._unit([np.zeros(3)]) == 1
    assert spectra._unit([np.array([-5.0, 1.0]), np.array([2.0])]) == pytest.approx(0.02)
