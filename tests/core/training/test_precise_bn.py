"""Precise BN against torch.optim.swa_utils.update_bn, net by net."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from torch.optim.swa_utils import update_bn

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.training.evaluation import stack_of
from bnviz.core.training.precise_bn import (
    Recalibration,
    precise,
    recalibrate,
    small_config,
    train_small,
    verdict,
)
from bnviz.texts.catalogue import worded
from tests.core.torch_nets import one_of

SIZE = 24


@cache
def trained(torch_momentum: float) -> tuple:
    config = small_config(8, torch_momentum)
    config = config.model_copy(
        update={"seeds": 3, "optimizer": config.optimizer.model_copy(update={"epochs": 2})}
    )
    dataset = dataset_for(config.data)
    state = train_small(config, dataset)
    return config, dataset, state, recalibrate(config, dataset, state, SIZE)


def batches(config: TrainConfig, dataset: object, part: str) -> tuple:
    data = prepare(config.data, dataset)
    x, y = getattr(data, f"{part}_x").T, getattr(data, f"{part}_y")
    return x.split(SIZE), y


def test_equals_update_bn() -> None:
    config, dataset, state, recalibration = trained(0.5)
    before = stack_of(config.network, state, "bn")
    rows, _ = batches(config, dataset, "train")
    after = precise(before, torch.cat(rows).T.contiguous(), SIZE)
    held, y = batches(config, dataset, "validation")
    for seed in range(config.seeds):
        module = one_of(before, seed)
        update_bn(rows, module)
        expected = one_of(after, seed)
        for ours, theirs in zip(expected.buffers(), module.buffers(), strict=True):
            assert ours.numpy() == pytest.approx(theirs.numpy(), rel=2e-4, abs=2e-5)
        module.eval()
        with torch.no_grad():
            loss = (module(torch.cat(held))[:, 0] - y).square().mean().item()
        assert recalibration.after[seed] == pytest.approx(loss, rel=1e-4)


def test_losses_before_and_in_train_mode_are_the_modules() -> None:
    config, dataset, state, recalibration = trained(0.5)
    held, y = batches(config, dataset, "validation")
    for seed in range(config.seeds):
        module = one_of(stack_of(config.network, state, "bn"), seed)
        with torch.no_grad():
            eval_output = module.eval()(torch.cat(held))[:, 0]
            train_output = torch.cat([module.train()(x)[:, 0] for x in held])
        before, train_mode = ((o - y).square().mean().item() for o in (eval_output, train_output))
        assert recalibration.before[seed] == pytest.approx(before, rel=1e-4)
        assert recalibration.train_mode[seed] == pytest.approx(train_mode, rel=1e-4)


def test_the_last_batch_alone_repairs() -> None:
    """A torch momentum of 1 remembers the last batch only: precise BN must help a lot."""
    config = small_config(4, 1.0)
    dataset = dataset_for(config.data)
    recalibration = recalibrate(config, dataset, train_small(config, dataset), 64)
    assert np.median(recalibration.after) < 0.8 * np.median(recalibration.before)
    assert len(recalibration.drift) == config.network.depth
    for layer in recalibration.drift:
        assert layer.mean.shape == layer.deviation.shape == (8, 32)
        assert np.abs(np.log(layer.deviation)).max() > 0.3


def test_the_state_is_left_alone_and_a_lone_last_row_joins_in() -> None:
    config, dataset, state, _ = trained(0.5)
    copies = {name: value.copy() for name, value in state.items()}
    stack = stack_of(config.network, state, "bn")
    running = {name: value.clone() for name, value in stack.buffers.items()}
    x = prepare(config.data, dataset).train_x[:, :25]
    assert int(precise(stack, x, 12).buffers["layers.0.batches"][0]) == 2
    assert int(precise(stack, x, 11).buffers["layers.0.batches"][0]) == 3
    assert all(torch.equal(value, running[name]) for name, value in stack.buffers.items())
    assert all(np.array_equal(value, copies[name]) for name, value in state.items())


BETTER = (
    "Precise BN lowers the validation loss from 2 to 1, by 50 % (medians; 8 of 8 seeds do better)."
)
WORSE = (
    "Precise BN makes the validation loss worse here: from 1 to 2, by 100 % (medians; only 0 of 8 "
    "seeds do better). These nets have adapted to the statistics they had."
)
EVEN = (
    "Precise BN makes no clear difference here: the median validation loss goes from 2 to 1, and "
    "7 of 8 seeds do better."
)
GONE = "Every net diverged; there is nothing to recalibrate."
TRAIN = " In train mode, on held-out batches of 64, it is 3."


@pytest.mark.parametrize(
    ("before", "after", "train_mode", "text"),
    [
        ([2.0] * 8, [1.0] * 8, [3.0] * 8, BETTER + TRAIN),
        ([1.0] * 8, [2.0] * 8, [np.nan] * 8, WORSE),
        ([2.0] * 8, [1.0] * 7 + [9.0], [np.nan] * 8, EVEN),
        ([2.0, np.nan] + [2.0] * 7, [1.0] * 9, [np.nan] * 9, BETTER),
        ([np.nan] * 2, [1.0] * 2, [1.0] * 2, GONE),
    ],
)
def test_the_verdict_whole(
    before: list[float], after: list[float], train_mode: list[float], text: str
) -> None:
    losses = [np.array(each) for each in (before, after, train_mode)]
    told = verdict(Recalibration(*losses, drift=()), 64)
    said = worded("en", "train_vs_eval.recalibrate.verdict", *told)
    assert said.replace("\N{NO-BREAK SPACE}", " ") == text


LOSS = st.floats(0.0, 1e30) | st.sampled_from([np.nan, np.inf, 0.0, 1.0])


@given(nets=st.lists(st.tuples(LOSS, LOSS, LOSS), min_size=1, max_size=12))
def test_every_claim_is_borne_out(nets: list[tuple[float, float, float]]) -> None:
    """Better or worse by scipy's exact binomial test, over the seeds that are finite in both."""
    before, after, train_mode = np.array(nets).T
    first, *rest = verdict(Recalibration(before, after, train_mode, drift=()), 64)
    alive = np.isfinite(before) & np.isfinite(after)
    if not alive.any():
        assert (first.key, rest) == ("nothing", [])
        return
    old, new = before[alive], after[alive]
    wins, losses = int((new < old).sum()), int((new > old).sum())
    p = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    told = first.values
    assert (told["wins"], told["seeds"]) == (wins, len(old))
    assert (told["before"], told["after"]) == (np.median(old), np.median(new))
    if first.key == "better":
        assert wins > losses and p <= 0.05 and np.median(new) < np.median(old)
    elif first.key == "worse":
        assert losses > wins and p <= 0.05 and np.median(new) > np.median(old)
    else:
        assert first.key == "even"
        assert p > 0.05 or (np.median(new) < np.median(old)) != (wins > losses)
    finite = train_mode[np.isfinite(train_mode)]
    assert [each.values["loss"] for each in rest] == ([np.median(finite)] if finite.size else [])
