"""The first minute: what it shows is what torch's own layers do, and its sentence is true."""

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.flow import LEVEL, PROBE_ROWS, Flow, Places, flow, verdict
from bnviz.core.training.presets import RATES, STEPS, small


@pytest.fixture(scope="module", params=RATES)
def trained(request: pytest.FixtureRequest) -> Flow:
    return flow(small(request.param))


def untrained(bn: bool) -> list[nn.Module]:
    """The layers as torch draws them after a seed; BN draws nothing."""
    torch.manual_seed(small(0.01).seed)
    layers: list[nn.Module] = []
    for inputs in (3, 16, 16):
        layers += [nn.Linear(inputs, 16), *([nn.BatchNorm1d(16)] if bn else []), nn.Tanh()]
    return [*layers, nn.Linear(16, 1)]


def test_it_begins_with_what_torchs_own_layers_let_through() -> None:
    config = small(0.01)
    shown, data = flow(config), prepare(config.data, dataset_for(config.data))
    for places, bn in ((shown.bn, True), (shown.plain, False)):
        x, widths, lows = data.train_x[:, :PROBE_ROWS].T, [], []
        for layer in untrained(bn)[:-1]:
            x = layer(x)
            if not isinstance(layer, nn.Tanh):
                widths.append(x.std(correction=0).item())
                lows.append(x.min().item())
        assert np.allclose(places.deviation[0], widths, rtol=1e-4)
        assert (places.ends[0, :, 0] < lows).all(), "a smooth outline reaches beyond the values"
        assert (places.height[0].max(axis=1) == 255).all()
    net = nn.Sequential(*untrained(True)).eval()
    with torch.no_grad():
        missed = net(data.validation_x.T)[:, 0] - data.validation_y
    assert shown.error[0, 0] == pytest.approx(missed.square().mean().sqrt().item(), rel=1e-4)


def test_every_sentence_is_true(trained: Flow) -> None:
    """At every step, whoever wins: at the smallest rate BN learns more slowly."""
    assert trained.error.shape == (STEPS + 1, 2)
    for step, (bn, plain) in enumerate(trained.error):
        told, limit = verdict(trained, step), 2 * trained.error[0, 0]
        claims = {
            "untrained": step == 0,
            "bn": LEVEL * bn < plain <= limit,
            "plain": LEVEL * plain < bn <= limit,
            "level": max(bn, plain) <= min(LEVEL * bn, LEVEL * plain, limit),
            "lost_bn": not bn <= limit and plain <= limit,
            "lost_plain": not plain <= limit and bn <= limit,
            "lost_both": not bn <= limit and not plain <= limit,
        }
        assert claims[told.key], (step, told, bn, plain)


@pytest.mark.parametrize(
    ("bn", "plain", "key"),
    [
        (1.0, LEVEL, "level"),
        (LEVEL, 1.0, "level"),
        (1.0, 1.2, "bn"),
        (1.2, 1.0, "plain"),
        (2.0, 4.0, "bn"),
        (2.1, 1.0, "lost_bn"),
        (1.0, 4.1, "lost_plain"),
        (np.nan, 9.0, "lost_both"),
    ],
)
def test_who_is_ahead_or_lost_at_both_sides_of_each_limit(
    bn: float, plain: float, key: str
) -> None:
    """The untrained nets err by 1 and 2, and a net is lost beyond twice of its own."""
    none = np.zeros((2, 1, 1))
    sides = [Places(none, none, np.array([[0.0, 0.0], [0.0, width]])) for width in (3.0, 7.0)]
    told = verdict(Flow(*sides, np.array([[1.0, 2.0], [bn, plain]])), 1)
    assert told.key == key
    numbers = {"step": 1, "bn": bn, "plain": plain, "bn_width": 3.0, "plain_width": 7.0}
    np.testing.assert_equal(told.values, numbers)


def test_the_rates_show_bn_ahead_behind_and_lost() -> None:
    last = [verdict(flow(small(rate)), STEPS).key for rate in RATES]
    assert last[:2] == ["plain", "bn"], "the comment at RATES says so"
    assert last[2].startswith("lost"), "which of them is a matter of the last digits"


def test_a_net_that_left_the_numbers_has_no_outline() -> None:
    lost = flow(small(100.0))
    assert isinstance(lost.bn, Places) and np.isnan(lost.error[-1]).all()
    assert (lost.bn.height[-1] == 0).all() and np.isnan(lost.bn.ends[-1]).all()
