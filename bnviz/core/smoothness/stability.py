"""Does sharpness predict the learning rate at which gradient descent becomes unstable?

Trials of full-batch gradient descent from the subject's nets, BN in train mode as in
training, in float32 as in training; see :mod:`bnviz.core.curvature.stability` for what counts as
unstable.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature.extremes import sharpest
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stability import Bracket, descents, kicked, thresholds
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import flatten, unflatten
from bnviz.core.smoothness.measure import Pace, Progress, StabilityConfig, StopFlag
from bnviz.core.smoothness.results import Floats, NetStability, Stability
from bnviz.core.smoothness.subject import Subject, alive
from bnviz.core.verdict import Verdict

#: The rates of the sharpness curves, as shares of the threshold.
SHARES = (0.25, 0.5, 0.9, 1.2)
#: A curve has one more point than this, unless there are fewer steps.
MOMENTS = 20

#: The prediction holds if the threshold is this near, relative, for the median seed.
NEAR = 0.1
#: Weights that have grown by more than this share have grown.
GROWN = 0.1

_NETS = ("bn", "plain")
#: Parts of progress: each net's trials, and its curves.
_TRIALS, _CURVES = 600, 400


def measure(config: StabilityConfig, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """The thresholds of both nets, brackets narrowing, then their curves. Seeds that diverged
    are NaN, and so are those without a threshold.
    """
    nets = {net: _Net(config, subject, net) for net in _NETS}
    pace, total = Pace(), len(_NETS) * (_TRIALS + _CURVES)

    def progress(done: float) -> Progress:
        result = Stability(nets["bn"].found, nets["plain"].found)
        return Progress(int(done), total, result)

    begun = 0
    for part, method in ((_TRIALS, _Net.trials), (_CURVES, _Net.curves)):
        for net in nets.values():
            for share in method(net, should_stop):
                if should_stop():
                    return
                if pace.due():
                    yield progress(begun + share * part)
            if should_stop():
                return
            begun += part
            yield progress(begun)


class _Net:
    """One net's part of the result, as it grows."""

    def __init__(self, config: StabilityConfig, subject: Subject, net: str) -> None:
        self.config = config
        self.problem: Problem = subject.problem(net, "train", 0, "float32")
        self.stack: Stack = subject.stack(net)
        self.alive = alive(self.stack)
        self.starts = flatten(list(self.stack.params.values()))[torch.from_numpy(self.alive)]
        seeds, nothing = len(self.alive), np.empty(0)
        steps = min(config.steps, MOMENTS)
        moments = np.linspace(0, config.steps, steps + 1).round().astype(np.int64)
        self.found = NetStability(
            sharpness=np.full(seeds, np.nan),
            threshold=np.full(seeds, np.nan),
            bracket=np.full((seeds, 2), np.nan),
            weight_growth=np.full(seeds, np.nan),
            rates=nothing,
            moments=moments,
            curves=np.empty((0, len(moments))),
            losses=np.empty((0, len(moments))),
        )

    def trials(self, should_stop: StopFlag) -> Iterator[float]:
        """Sharpness and thresholds; yields the share that is done."""
        if not len(self.starts):
            return
        top = sharpest(self.problem, self.starts, should_stop=should_stop)
        if top is None:
            return
        sharp, vectors = top
        self.found = replace(self.found, sharpness=self._of_all(sharp))
        yield 0.0
        starts = kicked(self.problem, self.starts, sharp, vectors)
        config = self.config
        for bracket in thresholds(
            self.problem, starts, 2 / sharp, steps=config.steps, halvings=config.halvings
        ):
            self._take(bracket)
            yield bracket.share

    def _take(self, bracket: Bracket) -> None:
        self.found = replace(
            self.found,
            threshold=self._of_all(bracket.threshold),
            bracket=np.stack(
                [self._of_all(bracket.stable), self._of_all(bracket.unstable)], axis=1
            ),
            weight_growth=self._of_all(self._growth(bracket)),
        )

    def _growth(self, bracket: Bracket) -> Tensor:
        growth = self._weights(bracket.ends) / self._weights(self.starts)
        return torch.where(bracket.stable.isnan(), torch.nan, growth)

    def _weights(self, points: Tensor) -> Tensor:
        """(P,) L2 norm of all weight matrices together (no biases, no gamma)."""
        tensors = unflatten(points, self.problem.params).values()
        weights = flatten([tensor for tensor in tensors if tensor.dim() > 2])
        return weights.square().sum(1).sqrt()

    def _of_all(self, living: Tensor) -> Floats:
        """(S,) with NaN for the seeds that diverged."""
        values = np.full(len(self.alive), np.nan)
        values[self.alive] = living.double().numpy()
        return values

    def curves(self, should_stop: StopFlag) -> Iterator[float]:
        """Sharpness along descents of the first seed with a threshold; yields the share done."""
        with_one = np.flatnonzero(np.isfinite(self.found.threshold[self.alive]))
        if not len(with_one):
            return
        start = self.starts[with_one[0]]
        rates = self.found.threshold[self.alive][with_one[0]] * np.array(SHARES)
        moments = self.found.moments
        curves, losses = np.full((2, len(rates), len(moments)), np.nan)
        along = descents(
            self.problem,
            start,
            torch.from_numpy(rates),
            moments.tolist(),
            should_stop=should_stop,
        )
        for index, (loss, sharp) in enumerate(along):
            losses[:, index], curves[:, index] = loss.numpy(), sharp.numpy()
            self.found = replace(
                self.found, rates=rates, curves=curves.copy(), losses=losses.copy()
            )
            yield (index + 1) / len(moments)


#: What the verdict can be.
Key = Literal[
    "stability_both",
    "stability_plain",
    "stability_bn",
    "stability_neither",
    "stability_plain_grown",
    "stability_neither_grown",
    "stability_unknown",
]


def verdict(config: StabilityConfig, result: Stability) -> Verdict[Key]:
    """For which net the threshold is where 2 / sharpness says, and what becomes of the weights.

    It is if |threshold / prediction - 1| is at most 10 % for the median seed: "both",
    "plain", "bn" or "neither". Where BN's threshold is higher than predicted and its weights
    have grown by more than 10 % in the last stable trial, "plain_grown" or "neither_grown":
    the larger the weights before BN, the smaller the curvature. "unknown": a net has no
    threshold at all.

    Values: `seeds`; of either net ..._seeds (with a threshold), ..._ratio (threshold over
    prediction, median), ..._low and ..._high (the same, extremes), ..._error_share (median of
    |ratio - 1|), ..._growth (of the weights, median), ..._rate (threshold, median).
    """
    values: dict[str, float] = {"seeds": len(result.bn.threshold), "steps": config.steps}
    holds = []
    for net in _NETS:
        found: NetStability = getattr(result, net)
        ratio = found.threshold * found.sharpness / 2
        there = np.isfinite(ratio)
        values[f"{net}_seeds"] = int(there.sum())
        if not there.any():
            continue
        values |= {
            f"{net}_ratio": float(np.median(ratio[there])),
            f"{net}_low": float(ratio[there].min()),
            f"{net}_high": float(ratio[there].max()),
            f"{net}_error_share": float(np.median(np.abs(ratio[there] - 1))),
            f"{net}_growth": float(np.median(found.weight_growth[there])),
            f"{net}_rate": float(np.median(found.threshold[there])),
        }
        holds += [net] if values[f"{net}_error_share"] <= NEAR else []
    if not (values["bn_seeds"] and values["plain_seeds"]):
        return Verdict("stability_unknown", values)
    return Verdict(cast(Key, f"stability_{_outcome(holds, values)}"), values)


def _outcome(holds: list[str], values: Mapping[str, float]) -> str:
    if "bn" in holds:
        return "both" if len(holds) == 2 else "bn"
    name = holds[0] if holds else "neither"
    grown = values["bn_ratio"] > 1 + NEAR and values["bn_growth"] > 1 + GROWN
    return f"{name}_grown" if grown else name
