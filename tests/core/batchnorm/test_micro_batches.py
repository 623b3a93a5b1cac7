"""Splitting a batch: against torch's BN and autograd, whole and in parts."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bnviz.core.batchnorm.micro_batches import (
    COMPARED,
    combined,
    differences,
    split_ways,
    sums,
    verdict,
)
from bnviz.core.configs import BatchConfig, Source
from bnviz.core.data.batches import draw
from bnviz.texts.catalogue import worded
from bnviz.texts.numbers import percent, short

X = draw(BatchConfig(source="skewed", batch_size=50, features=3)).values + 4
EPS = 1e-3


def torch_pass(parts: int, torch_momentum: float | None) -> tuple:
    """torch in train mode, gradients accumulated over `parts`; targets as in split_ways."""
    layer = nn.BatchNorm1d(3, eps=EPS, momentum=torch_momentum, dtype=torch.float64)
    target = torch.from_numpy(np.random.default_rng([0, 7]).standard_normal(X.shape))
    x = torch.from_numpy(X).requires_grad_()
    outputs = []
    for rows, wanted in zip(x.tensor_split(parts), target.tensor_split(parts), strict=True):
        y = layer(rows)
        outputs.append(y)
        ((y - wanted).square().sum() / 2 / len(X)).backward()
    return layer, x, torch.cat(outputs)


@pytest.mark.parametrize("parts", [1, 4, 7, 25])
@pytest.mark.parametrize("torch_momentum", [0.3, None])
def test_accumulation_is_torchs(parts: int, torch_momentum: float | None) -> None:
    layer, x, output = torch_pass(parts, torch_momentum)
    accumulated = split_ways(X, parts, EPS, torch_momentum).accumulated
    assert accumulated.output == pytest.approx(output.detach().numpy(), abs=1e-12)
    assert accumulated.to_x == pytest.approx(x.grad.numpy(), abs=1e-12)
    assert accumulated.to_gamma == pytest.approx(layer.weight.grad.numpy(), abs=1e-12)
    assert accumulated.to_beta == pytest.approx(layer.bias.grad.numpy(), abs=1e-12)
    assert accumulated.running_mean == pytest.approx(layer.running_mean.numpy())
    assert accumulated.running_variance == pytest.approx(layer.running_var.numpy())
    assert accumulated.means.shape == (parts, 3)


@pytest.mark.parametrize("parts", [1, 4, 7, 25])
def test_synchronized_is_the_big_batch(parts: int) -> None:
    layer, x, output = torch_pass(1, 0.3)
    ways = split_ways(X, parts, EPS, 0.3)
    assert max(differences(ways.synchronized, ways.big).values()) < 1e-13
    assert ways.synchronized.output == pytest.approx(output.detach().numpy(), abs=1e-12)
    assert ways.synchronized.to_x == pytest.approx(x.grad.numpy(), abs=1e-12)
    assert ways.synchronized.running_variance == pytest.approx(layer.running_var.numpy())


def test_accumulation_differs_and_more_so_with_more_parts() -> None:
    splits = [split_ways(X, parts, EPS, 0.1) for parts in (1, 2, 5, 25)]
    output = [differences(split.accumulated, split.big)["output"] for split in splits]
    assert output[0] < 1e-13
    assert output[1] > 1e-3
    assert np.all(np.diff(output) > 0)
    assert set(differences(splits[1].accumulated, splits[1].big)) == set(COMPARED)


@pytest.mark.parametrize("cut", [1, 13, 49])
def test_parallel_formula(cut: int) -> None:
    far = X + 1e6  # where sums of squares would lose every digit
    both = combined(sums(far[:cut]), sums(far[cut:]))
    assert both.count == 50
    assert both.mean == pytest.approx(far.mean(axis=0), rel=1e-15)
    assert both.biased_variance == pytest.approx(far.var(axis=0), rel=1e-9)
    assert both.unbiased_variance == pytest.approx(far.var(axis=0, ddof=1), rel=1e-9)


def test_micro_batches_of_one_row_are_refused() -> None:
    assert split_ways(X, 25, EPS, 0.1).sizes == (2,) * 25
    assert split_ways(X[:7], 3, EPS, 0.1).sizes == (3, 2, 2)
    with pytest.raises(ValueError, match="2 or more"):
        split_ways(X, 26, EPS, 0.1)


def test_the_verdict_whole() -> None:
    split = split_ways(X, 5, EPS, 0.1)
    off = differences(split.accumulated, split.big)
    same = short(max(differences(split.synchronized, split.big).values()), 1)
    told = worded("en", "train_vs_eval.split.verdict", verdict(split))
    assert told == (
        "Split 5 ways and accumulated, BN's output is off by up to "
        f"{percent(off['output'])} from that of one big batch, and the gradient of its input by "
        f"up to {percent(off['to_x'])} (of the largest value). Synchronized BN is one big batch: "
        f"nothing differs by more than {same}."
    )
    assert verdict(split_ways(X, 1, EPS, 0.1)).key == "one"


def test_what_is_undefined_in_both_does_not_differ() -> None:
    """Without epsilon: a feature that never varies, and one that does in one micro-batch alone."""
    never, once = X.copy(), X.copy()
    never[:, 0], once[:25, 0] = 0.1, 0.1
    alike, apart = (split_ways(x, 2, 0.0, 0.1) for x in (never, once))
    rest = split_ways(X[:, 1:], 2, 0.0, 0.1)
    for ways in ("accumulated", "synchronized"):
        told, expected = (differences(getattr(s, ways), s.big) for s in (alike, rest))
        assert told["output"] == expected["output"]
    assert verdict(alike).values["same"] < 1e-12 and verdict(apart).values["output"] == np.inf


@settings(max_examples=40)
@given(
    source=st.sampled_from([each for each in get_args(Source) if each != "table"]),
    rows=st.integers(2, 120),
    parts=st.integers(1, 60),
    eps=st.sampled_from([1e-12, 1e-5, 0.1, 10.0]),
    torch_momentum=st.sampled_from([None, 0.001, 0.1, 1.0]),
    seed=st.integers(0, 99),
)
def test_the_verdict_says_what_torch_finds(
    source: Source, rows: int, parts: int, eps: float, torch_momentum: float | None, seed: int
) -> None:
    """The output of torch's BN in float64, of the whole batch and part by part."""
    x = draw(BatchConfig(source=source, batch_size=rows, features=4, seed=seed)).values
    parts = min(parts, len(x) // 2)
    if not parts:
        return
    told = verdict(split_ways(x, parts, eps, torch_momentum))
    layer = nn.BatchNorm1d(x.shape[1], eps=eps, dtype=torch.float64)
    with torch.no_grad():
        big = layer(torch.from_numpy(x)).numpy()
        pieces = [layer(torch.from_numpy(part)).numpy() for part in np.array_split(x, parts)]
    largest = np.abs(big).max(axis=0)
    off = np.abs(np.concatenate(pieces) - big) / np.where(largest > 0, largest, 1)
    assert (told.key, told.values["parts"]) == ("split" if parts > 1 else "one", parts)
    assert told.values["output"] == pytest.approx(off.max(), rel=1e-4, abs=1e-5)
    assert told.values["same"] < 1e-5, "which the sentence calls one big batch"
