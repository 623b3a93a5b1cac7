"""What BN did to a batch, in figures that a verdict can be made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.equations import Batch2d, BatchMoments, affine, blocks, normalize
from bnviz.core.configs import NormConfig
from bnviz.core.verdict import Verdict

Key = Literal[
    "normal",
    "most",
    "none",
    "one_affine",
    "swallowed",
    "swallowed_more",
    "constant",
    "rounding",
    "undefined",
    "single",
    "single_undefined",
]

#: A feature counts as normalized when its standard deviation is this close to 1.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Effect:
    """Per feature of x_hat (D,): its biased standard deviation and what became of it.

    `normalized`, `swallowed` and `constant` are (D,) masks, no feature in two of
    them: standard deviation within TOLERANCE of 1; below that because epsilon
    outweighs the variance; no variance at all. `tolerance` is the largest
    departure of a normalized feature from mean 0 and standard deviation 1.
    """

    deviation: NDArray[np.float64]
    normalized: NDArray[np.bool_]
    swallowed: NDArray[np.bool_]
    constant: NDArray[np.bool_]
    tolerance: float


def effect(x: Batch2d, moments: BatchMoments, eps: float) -> Effect:
    """What BN does to `x` (B, D), measured on its output, which is not kept."""
    constant = moments.biased_variance <= 0
    total, squares = np.zeros((2, x.shape[1]))
    for block in blocks(x):
        x_hat = normalize(block, moments.mean, moments.biased_variance, eps).astype(np.float64)
        total += x_hat.sum(axis=0)
        squares += np.einsum("bd,bd->d", x_hat, x_hat)
    mean = total / len(x)
    with np.errstate(invalid="ignore"):
        deviation = np.sqrt(np.maximum(squares / len(x) - mean**2, 0.0))
        normalized = ~constant & (np.abs(deviation - 1) <= TOLERANCE)
    departures = np.maximum(np.abs(mean), np.abs(deviation - 1))[normalized]
    return Effect(
        deviation,
        normalized,
        ~constant & ~normalized,
        constant,
        float(departures.max()) if departures.size else 0.0,
    )


def verdict(
    names: Sequence[str], rows: int, effect: Effect, norm: NormConfig
) -> tuple[Verdict[Key], ...]:
    """What BN did to a batch of so many rows, exceptions named."""
    if rows == 1:
        return (_single(norm), *_one_affine(names, norm))
    return (
        _overall(effect, norm),
        *_swallowed(names, effect),
        *_constant(names, effect, norm),
        *_one_affine(names, norm),
    )


def _single(norm: NormConfig) -> Verdict[Key]:
    if not norm.eps:
        return Verdict("single_undefined")
    return Verdict("single", {"beta": norm.beta if norm.affine_feature is None else 0.0})


def _overall(effect: Effect, norm: NormConfig) -> Verdict[Key]:
    every = norm.affine_feature is None
    gamma, beta = (abs(norm.gamma), norm.beta) if every else (1.0, 0.0)
    reached = effect.normalized
    if not gamma:  # gamma 0: every feature that is a number is beta everywhere
        reached = reached | effect.swallowed | (effect.constant & bool(norm.eps))
    good = int(reached.sum())
    if not good:
        return Verdict("none", {"gamma": gamma})
    return Verdict(
        "normal" if good == len(reached) else "most",
        {
            "gamma": gamma,
            "beta": beta,
            "tolerance": max(gamma * effect.tolerance, 1e-16),
            "good": good,
            "all": len(reached),
        },
    )


def _one_affine(names: Sequence[str], norm: NormConfig) -> Iterator[Verdict[Key]]:
    if norm.affine_feature is not None:
        feature = names[norm.affine_feature]
        yield Verdict("one_affine", {"feature": feature, "gamma": norm.gamma, "beta": norm.beta})


def _constant(names: Sequence[str], effect: Effect, norm: NormConfig) -> Iterator[Verdict[Key]]:
    """One for each value that constant features get."""
    betas = affine(norm, len(names))[1]
    if not norm.eps:
        betas = np.zeros(len(names))  # NaN for all of them
    for beta in np.unique(betas[effect.constant]):
        alike = effect.constant & (betas == beta)
        features = tuple(name for name, taken in zip(names, alike, strict=True) if taken)
        yield Verdict(
            "constant" if norm.eps else "undefined", {"features": features, "beta": float(beta)}
        )
    if norm.eps and norm.precision == "float32" and effect.constant.any():
        yield Verdict("rounding")


def _swallowed(names: Sequence[str], effect: Effect) -> Iterator[Verdict[Key]]:
    if not effect.swallowed.any():
        return
    worst = int(np.where(effect.swallowed, effect.deviation, np.inf).argmin())
    deviation = float(effect.deviation[worst])
    yield Verdict(
        "swallowed",
        {"feature": names[worst], "deviation": deviation, "share": 1 - deviation**2},
    )
    more = int(effect.swallowed.sum()) - 1
    if more:
        yield Verdict("swallowed_more", {"count": more})
