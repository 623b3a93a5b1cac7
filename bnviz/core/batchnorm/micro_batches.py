"""One logical batch, split K ways: what BN does under accumulation and when synchronized.

Accumulating the gradients of K micro-batches equals one big batch for every layer but BN,
which normalizes each micro-batch with statistics of its own. Synchronized BN
(``torch.nn.SyncBatchNorm``) combines the statistics first, by the parallel formula of
Chan, Golub and LeVeque (*Updating formulae and a pairwise algorithm for computing sample
variances*, 1979), and combines two sums more on the way back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bnviz.core.batchnorm import equations
from bnviz.core.batchnorm.momentum import average, shares
from bnviz.core.types import Float, Floats
from bnviz.core.verdict import Verdict


@dataclass(frozen=True)
class Sums:
    """`count` rows with `mean` (D,) and summed squared deviations from it, `squares` (D,)."""

    count: int
    mean: Floats
    squares: Floats

    @property
    def biased_variance(self) -> Floats:
        """(D,) what BN in train mode divides by."""
        return self.squares / self.count

    @property
    def unbiased_variance(self) -> Floats:
        """(D,) what goes into the running variance."""
        return self.squares / (self.count - 1)


@dataclass(frozen=True)
class Pass:
    """BN of the whole logical batch, forward and backward, one way.

    The loss is the mean over all rows of half the squared distance to random targets.
    """

    means: Floats
    """(K or 1, D) of what was normalized together."""
    biased_variances: Floats
    """(K or 1, D)."""
    output: Floats
    """(B, D)."""
    to_x: Floats
    """(B, D) the loss's gradient with respect to the input."""
    to_gamma: Floats
    """(D,)"""
    to_beta: Floats
    """(D,)"""
    running_mean: Floats
    """(D,) after this logical batch, from 0."""
    running_variance: Floats
    """(D,) after this logical batch, from 1."""


@dataclass(frozen=True)
class Split:
    """The same batch three ways; `sizes` (K,) are the micro-batches' rows."""

    sizes: tuple[int, ...]
    big: Pass
    accumulated: Pass
    synchronized: Pass


#: What :func:`differences` compares, in order.
COMPARED = (
    "means",
    "biased_variances",
    "output",
    "to_x",
    "to_gamma",
    "to_beta",
    "running_mean",
    "running_variance",
)


def sums(x: Float[Floats, "n d"]) -> Sums:
    """The sums of one micro-batch `x` (n, D)."""
    mean = equations.mean(x)
    return Sums(len(x), mean, equations.biased_variance(x, mean) * len(x))


def combined(a: Sums, b: Sums) -> Sums:
    """The sums of both together: Chan, Golub and LeVeque (1979), equation 2.1."""
    count = a.count + b.count
    away = b.mean - a.mean
    mean = a.mean + away * (b.count / count)
    return Sums(count, mean, a.squares + b.squares + away**2 * (a.count * b.count / count))


@np.errstate(divide="ignore", invalid="ignore")
def split_ways(
    x: Float[Floats, "b d"], parts: int, eps: float, torch_momentum: float | None, seed: int = 0
) -> Split:
    """The batch `x` (B, D) whole, accumulated over `parts` micro-batches, and synchronized.

    Gamma is 1, beta 0; with epsilon 0 a constant feature is NaN. Raises ValueError where a
    micro-batch would have one row only.
    """
    if parts < 1 or len(x) < 2 * parts:
        raise ValueError(f"{len(x)} rows cannot be split into {parts} micro-batches of 2 or more")
    target = np.random.default_rng([seed, 7]).standard_normal(x.shape)
    micro = [np.ascontiguousarray(part) for part in np.array_split(x, parts)]
    targets = np.array_split(target, parts)
    return Split(
        tuple(len(part) for part in micro),
        _accumulate([x], [target], eps, torch_momentum),
        _accumulate(micro, targets, eps, torch_momentum),
        _synchronize(micro, targets, eps, torch_momentum),
    )


def _accumulate(
    micro: Sequence[Floats], targets: Sequence[Floats], eps: float, torch_momentum: float | None
) -> Pass:
    """Each micro-batch by itself; its loss counts by its share of the rows."""
    rows = sum(len(part) for part in micro)
    forwards = [equations.forward(part, eps=eps) for part in micro]
    backwards = [
        equations.backward((f.y - target) / rows, f)
        for f, target in zip(forwards, targets, strict=True)
    ]
    moments = [sums(part) for part in micro]
    return Pass(
        np.array([f.mean for f in forwards]),
        np.array([f.biased_variance for f in forwards]),
        np.concatenate([f.y for f in forwards]),
        np.concatenate([b.x for b in backwards]),
        np.sum([b.gamma for b in backwards], axis=0),
        np.sum([b.beta for b in backwards], axis=0),
        *_running(moments, torch_momentum),
    )


def _synchronize(
    micro: Sequence[Floats], targets: Sequence[Floats], eps: float, torch_momentum: float | None
) -> Pass:
    """Workers share moments on the way there, and two sums a feature on the way back."""
    rows = sum(len(part) for part in micro)
    moments = [sums(part) for part in micro]
    whole = moments[0]
    for other in moments[1:]:
        whole = combined(whole, other)
    inverse = equations.gain(whole.biased_variance, eps)
    x_hat = [(part - whole.mean) * inverse for part in micro]
    upstream = [(y - target) / rows for y, target in zip(x_hat, targets, strict=True)]
    to_beta = np.sum([g.sum(axis=0) for g in upstream], axis=0)
    to_gamma = np.sum([(g * y).sum(axis=0) for g, y in zip(upstream, x_hat, strict=True)], axis=0)
    to_x = [
        inverse * (g - to_beta / rows - y * (to_gamma / rows))
        for g, y in zip(upstream, x_hat, strict=True)
    ]
    return Pass(
        whole.mean[None],
        whole.biased_variance[None],
        np.concatenate(x_hat),
        np.concatenate(to_x),
        to_gamma,
        to_beta,
        *_running([whole], torch_momentum),
    )


def _running(moments: Sequence[Sums], torch_momentum: float | None) -> tuple[Floats, Floats]:
    means = np.array([batch.mean for batch in moments])
    variances = np.array([batch.unbiased_variance for batch in moments])
    each = shares(torch_momentum, len(moments))
    return average(means, each, 0.0)[-1], average(variances, each, 1.0)[-1]


def differences(micro: Pass, big: Pass) -> dict[str, float]:
    """For each of COMPARED the largest difference to `big`, over all features.

    Means are measured in the big batch's standard deviations, everything else by its
    largest value in the big batch. A micro-batch's own statistics are compared with the
    big batch's. What is NaN in both (0 / 0) does not differ, what is in one is infinitely off.
    """
    deviation = np.sqrt(big.biased_variances[0])
    largest = {}
    for name in COMPARED:
        ours, theirs = getattr(micro, name), getattr(big, name)
        unit = deviation if name.endswith(("mean", "means")) else np.abs(theirs).max(axis=0)
        away = np.abs(ours - theirs) / np.where(unit > 0, unit, 1.0)
        undefined = np.isnan(ours), np.isnan(theirs)
        away = np.where(np.isnan(away), np.where(np.equal(*undefined), 0.0, np.inf), away)
        largest[name] = float(away.max())
    return largest


def verdict(ways: Split) -> Verdict[Literal["split", "one"]]:
    """How far plain accumulation is from the one big batch, and how close synchronized BN."""
    same = max(differences(ways.synchronized, ways.big).values())
    off = differences(ways.accumulated, ways.big)
    values = {"parts": len(ways.sizes), "output": off["output"], "to_x": off["to_x"]}
    return Verdict("split" if len(ways.sizes) > 1 else "one", values | {"same": same})
