"""Does sharpness predict the learning rate at which gradient descent becomes unstable?

Trials of full-batch gradient descent from the subject's nets, BN in train mode as in
training, in float32 as in training; see :mod:`bnviz.core.curvature.stability` for what counts as
unstable.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.fields import stops
from bnviz.core.smoothness.costs.nets import BACKWARD, STEP, Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Progress, Throttle, which
from bnviz.core.training.cost import START, Cost
from bnviz.core.types import NETS, Floats, StopFlag, check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from torch import Tensor

    from bnviz.core.curvature.stability import Bracket
    from bnviz.core.smoothness.subject import Subject

#: The rates of the sharpness curves, as shares of the threshold.
SHARES = (0.25, 0.5, 0.9, 1.2)
#: A curve has one more point than this, unless there are fewer steps.
MOMENTS = 20
#: Products until Lanczos has the largest eigenvalue again, a little farther.
CURVE = 8

#: The prediction holds if the threshold is this near, relative, for the median seed.
NEAR = 0.1
#: Weights that have grown by more than this share have grown.
GROWN = 0.1

#: Parts of progress: each net's trials, and its curves.
_TRIALS, _CURVES = 600, 400


@dataclass(frozen=True)
class NetStability:
    """Where gradient descent on one net becomes unstable."""

    sharpness: Floats
    """(S,) largest Hessian eigenvalue where the trials begin."""
    threshold: Floats
    """(S,) the learning rate between the last stable and the first unstable trial (log middle)."""
    bracket: Floats
    """(S, 2) those two; NaN where no trial was unstable, or none stable."""
    weight_growth: Floats
    """(S,) |weight matrices| at the end of the last stable trial over that of the net."""
    rates: Floats
    """(C,) learning rates of the sharpness curves; (0,) until they are begun."""
    moments: NDArray[np.int64]
    """(T,) steps at which sharpness was taken."""
    curves: Floats
    """(C, T) largest Hessian eigenvalue along gradient descent, first seed with a threshold."""
    losses: Floats
    """(C, T) its loss."""


@dataclass(frozen=True)
class Stability:
    """Both nets: 2 / sharpness is the prediction (Cohen et al. 2021, section 2)."""

    bn: NetStability
    plain: NetStability


#: What the verdict can be.
Key = Literal["both", "plain", "plain_grown", "bn", "neither", "neither_grown", "ratios", "unknown"]


class StabilityConfig(Measure):
    """At which learning rate does full-batch gradient descent become unstable? All seeds.

    From the subject's nets, on its training rows, BN in train mode as in training.
    """

    draws: ClassVar[bool] = False
    result: ClassVar = Stability
    kind: Literal["stability"] = "stability"
    steps: int = stops(100, (10, 20, 40, 50, 80, 100, 150, 200, 500, 1000, 2000))
    """Of gradient descent, in each trial and in the sharpness curves."""
    halvings: int = stops(12, (4, 6, 8, 10, 12, 16, 20, 30))
    """Bisections of the interval that brackets the threshold, in log rate."""

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """A descent for each trial of a bisection."""
        gradients = len(NETS) * seeds * self.halvings * self.steps
        return Gradients(gradients, parameters, rows, trains=True)

    def cost(self, nets: Nets) -> Cost:
        """Both nets' trials, most of which end before their last step, and the curves."""
        together, points = min(nets.seeds, nets.chunk(4)), min(self.steps, MOMENTS) + 1
        held = 4.0 * 12 * nets.seeds * nets.parameters
        held += nets.lanczos(together) + nets.layers(14, together, 4)
        each = sum(nets.both(kind, nets.seeds) for kind in ("gradient", "loss"))
        seconds = (self.halvings + 2) * self.steps * (each + len(NETS) * STEP)
        seconds += self.steps * nets.both("gradient", len(SHARES))
        for norm in nets.norms:
            product = nets.sizes.passes("product", norm, len(SHARES), nets.rows, len(SHARES))
            seconds += points * (START + CURVE * (BACKWARD * product + STEP))
            seconds += nets.search(norm) * math.sqrt(nets.seeds)
        kept = len(NETS) * (5 * nets.seeds + points + len(SHARES) * (1 + 2 * points))
        return Cost(held, seconds, 8.0 * kept)

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """The thresholds of both nets, brackets narrowing, then their curves. Seeds that diverged
        are NaN, and so are those without a threshold.
        """
        nets = {net: _Net(self, subject, net) for net in NETS}
        throttle, total = Throttle(), len(NETS) * (_TRIALS + _CURVES)

        def progress(done: float) -> Progress:
            return Progress(int(done), total, Stability(nets["bn"].part, nets["plain"].part))

        begun = 0
        for part, method in ((_TRIALS, _Net.trials), (_CURVES, _Net.curves)):
            for net in nets.values():
                for share in method(net, should_stop):
                    check(should_stop)
                    if throttle.due():
                        yield progress(begun + share * part)
                begun += part
                yield progress(begun)

    def verdicts(self, result: Stability) -> tuple[Verdict[Key], ...]:
        """For which net the threshold is where 2 / sharpness says, and what becomes of the weights.

        It is if |threshold / prediction - 1| is at most 10 % for the median seed: "both",
        "plain", "bn" or "neither". Where BN's threshold is higher than predicted and its weights
        have grown by more than 10 % in the last stable trial, "plain_grown" or "neither_grown":
        the larger the weights before BN, the smaller the curvature. "unknown": a net has no
        threshold at all.

        Values: `bn_growth` (of the weights, median). Then "ratios": `seeds`, and of either net
        ..._seeds (with a threshold), ..._ratio (threshold over prediction, median), ..._low and
        ..._high (the same, extremes).
        """
        values: dict[str, float] = {"seeds": len(result.bn.threshold)}
        holds, growth = [], 1.0
        for net in NETS:
            part: NetStability = getattr(result, net)
            ratio = part.threshold * part.sharpness / 2
            there = np.isfinite(ratio)
            if not there.any():
                return (Verdict("unknown"),)
            values |= {
                f"{net}_seeds": int(there.sum()),
                f"{net}_ratio": float(np.median(ratio[there])),
                f"{net}_low": float(ratio[there].min()),
                f"{net}_high": float(ratio[there].max()),
            }
            holds += [net] if np.median(np.abs(ratio[there] - 1)) <= NEAR else []
            growth = float(np.median(part.weight_growth[there])) if net == "bn" else growth
        key: Key = which(holds)
        if "bn" not in holds and values["bn_ratio"] > 1 + NEAR and growth > 1 + GROWN:
            key = "plain_grown" if holds else "neither_grown"
        return Verdict(key, {"bn_growth": growth}), Verdict("ratios", values)


class _Net:
    """One net's part of the result, as it grows."""

    def __init__(self, config: StabilityConfig, subject: "Subject", net: str) -> None:
        import torch

        from bnviz.core.nets.vectors import flatten

        self.config = config
        self.problem = subject.problem(net, "train", 0, "float32")
        self.alive = subject.alive(net)
        every = flatten(list(subject.stack(net).params.values()))
        self.starts = every[torch.from_numpy(self.alive)]
        steps = min(config.steps, MOMENTS)
        moments = np.linspace(0, config.steps, steps + 1).round().astype(np.int64)
        unknown, none = np.full(len(self.alive), np.nan), np.empty((0, len(moments)))
        ends = np.stack([unknown, unknown], axis=1)
        self.part = NetStability(
            unknown, unknown, ends, unknown, np.empty(0), moments, curves=none, losses=none
        )

    def trials(self, should_stop: StopFlag) -> Iterator[float]:
        """Sharpness and thresholds; yields the share that is done."""
        from bnviz.core.curvature.extremes import sharpest
        from bnviz.core.curvature.stability import kicked, thresholds

        if not len(self.starts):
            return
        sharp, vectors = sharpest(self.problem, self.starts, should_stop=should_stop)
        self.part = replace(self.part, sharpness=self._of_all(sharp))
        yield 0.0
        starts = kicked(self.problem, self.starts, sharp, vectors)
        config = self.config
        for bracket in thresholds(
            self.problem, starts, 2 / sharp, steps=config.steps, halvings=config.halvings
        ):
            ends = self._of_all(bracket.stable), self._of_all(bracket.unstable)
            self.part = replace(
                self.part,
                threshold=self._of_all(bracket.threshold),
                bracket=np.stack(ends, axis=1),
                weight_growth=self._of_all(self._growth(bracket)),
            )
            yield bracket.share

    def _growth(self, bracket: "Bracket") -> "Tensor":
        growth = self._weights(bracket.ends) / self._weights(self.starts)
        return growth.masked_fill(bracket.stable.isnan(), math.nan)

    def _weights(self, points: "Tensor") -> "Tensor":
        """(P,) L2 norm of all weight matrices together (no biases, no gamma)."""
        from bnviz.core.nets.vectors import flatten, unflatten

        tensors = unflatten(points, self.problem.params).values()
        weights = flatten([tensor for tensor in tensors if tensor.dim() > 2])
        return weights.square().sum(1).sqrt()

    def _of_all(self, living: "Tensor") -> Floats:
        """(S,) with NaN for the seeds that diverged."""
        values = np.full(len(self.alive), np.nan)
        values[self.alive] = living.double().numpy()
        return values

    def curves(self, should_stop: StopFlag) -> Iterator[float]:
        """Sharpness along descents of the first seed with a threshold; yields the share done."""
        import torch

        from bnviz.core.curvature.stability import descents

        thresholds = self.part.threshold[self.alive]
        first = next(iter(np.flatnonzero(np.isfinite(thresholds))), None)
        if first is None:
            return
        start, rates = self.starts[first], thresholds[first] * np.array(SHARES)
        moments = self.part.moments
        curves, losses = np.full((2, len(rates), len(moments)), np.nan)
        at, rates_of = moments.tolist(), torch.from_numpy(rates)
        along = descents(self.problem, start, rates_of, at, should_stop=should_stop)
        for index, (loss, sharp) in enumerate(along):
            losses[:, index], curves[:, index] = loss.numpy(), sharp.numpy()
            self.part = replace(self.part, rates=rates, curves=curves.copy(), losses=losses.copy())
            yield (index + 1) / len(moments)
