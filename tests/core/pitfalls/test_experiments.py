"""What each experiment holds fixed, and what its series are, by what must be equal."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.core.pitfalls.pitfall import Result
from bnviz.core.pitfalls.second_pass import remembered, remembering_nothing, second_pass
from bnviz.core.pitfalls.sorted_data import nearly_sorted_batches, shuffled_batches
from bnviz.core.pitfalls.target_normalized import InUnits
from bnviz.core.pitfalls.weight_decay import effective_rate


def run(name: str, **given: Any) -> Result:
    return pitfall.run(name, CONFIGS[name](**given))


@pytest.mark.parametrize("order", ["shuffled", "sorted"])
def test_every_batch_size_meets_the_same_trained_net(order: str) -> None:
    result = run("eval_forgotten", order=order)
    assert len(set(result["right"])) == 1, "the pass in train mode before left nothing behind"
    assert len(set(result["afterwards"])) > 1, "though each pass moves the statistics"
    assert result["right"][0] == run("eval_forgotten", order="shuffled")["right"][0]


def test_both_trainings_are_one_until_train_is_forgotten() -> None:
    result = run("train_forgotten", step=10)
    np.testing.assert_array_equal(result["forgotten"][:10], result["right"][:10])
    assert (result["forgotten"][10:] != result["right"][10:]).all()
    assert result.last("drift") > result.last("drift_right")


def test_a_decay_of_zero_changes_nothing() -> None:
    gamma = run("gamma_decay", decay=0.0)
    np.testing.assert_array_equal(gamma["everything"], gamma["matrices"])
    assert gamma.last("loss_everything") == gamma.last("loss_matrices")
    weight = run("weight_decay", decay=0.0)
    np.testing.assert_array_equal(weight["with_decay"], weight["without"])
    assert weight.last("loss_with") == weight.last("loss_without")


def test_decay_on_gamma_makes_gamma_smaller() -> None:
    gamma = run("gamma_decay")
    assert gamma.last("everything") < gamma.last("matrices")
    assert len(gamma["step"]) == len(gamma["everything"]) == CONFIGS["gamma_decay"]().steps


def test_the_effective_rate() -> None:
    layer = nn.Linear(3, 2, bias=False)
    layer.weight.data = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 10.0]])
    assert effective_rate(layer, 0.5).item() == pytest.approx(0.5 * (1 / 25 + 1 / 100) / 2)


@pytest.mark.parametrize(("why", "fixed"), [("checkpoint", True), ("sam", False)])
def test_a_net_of_that_momentum_remembers_the_same(why: str, fixed: bool) -> None:
    """The experiment hands a layer what another net's layer was given."""
    distance, passes = remembered(0.3, why, fixed)
    torch.manual_seed(0)
    first, bn = nn.Linear(4, 16), nn.BatchNorm1d(16, momentum=0.3)
    net = nn.Sequential(first, bn, nn.Linear(16, 1))
    for _ in range(100):
        again = (lambda: remembering_nothing(net)) if fixed else nullcontext
        second_pass(net, torch.randn(32, 4), why, again)
        net.zero_grad()
    away = (bn.get_buffer("running_mean") - first.bias) / first.weight.norm(dim=1)
    assert distance[-1].item() == pytest.approx(away.square().mean().sqrt().item(), rel=1e-4)
    assert passes == bn.num_batches_tracked


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_nearly_sorted_rows_are_all_there(share: float) -> None:
    torch.manual_seed(0)
    batches = nearly_sorted_batches(64, 8, share)
    rows = torch.cat(batches)
    assert rows.sort().values.tolist() == list(range(64)) and {len(b) for b in batches} == {8}
    moved = (rows != torch.arange(64)).sum()
    assert moved <= share * 64 and bool(moved) == bool(share)
    assert torch.cat(shuffled_batches(64, 8)).sort().values.tolist() == list(range(64))


def test_order_matters_to_the_sorted_training_alone() -> None:
    in_order, mixed = run("sorted_data"), run("sorted_data", shuffled=1.0)
    np.testing.assert_array_equal(in_order["fixed"], mixed["fixed"])
    assert mixed.last("validation") > in_order.last("validation") + 0.2


def test_predictions_come_in_the_targets_unit() -> None:
    target = torch.tensor([[1.0], [3.0], [8.0]])
    net = InUnits(nn.Identity(), target)
    x = torch.tensor([[0.0], [1.0], [-2.0]])
    assert torch.allclose(net(x), x * target.std() + target.mean())


def test_the_error_of_always_predicting_the_mean() -> None:
    result = run("target_normalized", mean=5.0, spread=2.0)
    actual = result["actual"]
    assert result.last("baseline") == pytest.approx(actual.std(), rel=0.05)
    assert np.sqrt(((result["right"] - actual) ** 2).mean()) < result.last("baseline")


def test_the_last_batch_stands_as_far_off_as_its_rows_say() -> None:
    result = run("last_batch", rows=100, batch_size=64)
    torch.manual_seed(0)
    data = torch.randn(100, 4)
    batches = data[torch.randperm(100)].split(64)
    errors = [batch.mean(dim=0).square().mean().sqrt().item() for batch in batches]
    assert result["error"] == pytest.approx(errors) and list(result["size"]) == [64, 36]
