"""The same normalization, implemented four times, compared on the same batch.

Every implementation gets the batch rounded to the config's precision. The reference
starts from those rounded values too, so a difference is arithmetic, never input.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bnviz.core.batchnorm import equations
from bnviz.core.configs import NormConfig
from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict

Array = NDArray[np.floating[Any]]

#: The for-loops stop after as many whole features as fit into this many cells.
MOST_LOOP_CELLS = 200_000
#: A first run warms up: a second follows even where one alone has taken its time.
_FEWEST_RUNS, _MOST_RUNS, _ENOUGH_SECONDS = 2, 7, 0.2
_REFUSALS = (ValueError, RuntimeError)


@dataclass(frozen=True)
class Implementation:
    """How one implementation did on one batch.

    `max_abs_difference` is over all cells of the first `features_timed` features that
    are finite in both this result and the reference; None when there are none, or
    when the implementation refused the batch: then `error` is its own message.
    `seconds` is the best of a few runs over those features. `not_finite` counts
    cells that are NaN or infinite here and finite in the reference.
    """

    name: str
    max_abs_difference: float | None
    seconds: float | None
    features_timed: int
    error: str | None
    not_finite: int = 0
    rounding: float | None = None
    """As `max_abs_difference`, but against what this implementation's own formula is exactly."""
    noise: int = 0
    """Cells that are finite, though this formula is 0 / 0 there: made of rounding errors alone."""


def compare(values: Floats, config: NormConfig) -> tuple[Implementation, ...]:
    """torch, numpy, loop and document_loop on `values` (B, D), in this order.

    Gamma and beta are applied to the document's loop as well, although it has none:
    what remains is the epsilon that it leaves out.
    """
    with np.errstate(all="ignore"):
        x = values.astype(config.precision)
        expected = reference(x, config)
        short = x[:, : max(1, MOST_LOOP_CELLS // len(x))]
        without = reference(short, config.model_copy(update={"eps": 0.0}))
        without[:, np.ptp(short, axis=0) == 0] = np.nan  # 0 / 0, whatever rounding makes of it
        return (
            _measure("torch", lambda: _torch(x, config), expected),
            _measure("numpy", lambda: equations.apply(x, config).y, expected),
            _measure("loop", lambda: _loop(short, config), expected),
            _measure(
                "document_loop",
                lambda: _affine(document_loop(short), config),
                expected,
                without,
            ),
        )


def verdict(
    config: NormConfig, results: Sequence[Implementation]
) -> Verdict[Literal["epsilon", "rounding", "noise", "no_epsilon", "undefined"]]:
    """Why the document's loop is off the reference: the epsilon it leaves out, or rounding.

    "undefined" where no cell of it is finite, as in a batch of one row; "noise" where some are,
    and mean nothing, because their feature is constant.
    """
    (loop,) = (each for each in results if each.name == "document_loop")
    if loop.max_abs_difference is None:
        return Verdict("undefined")
    if not config.eps:
        return Verdict("no_epsilon")
    if loop.noise:
        return Verdict("noise", {"count": loop.noise})
    difference, rounding = loop.max_abs_difference, loop.rounding or 0.0
    return Verdict("epsilon" if rounding < difference / 2 else "rounding", {"rounding": rounding})


def reference(x: Array, config: NormConfig) -> Floats:
    """y (B, D) in float64, by another road than :mod:`bnviz.core.batchnorm.equations`.

    The deviations are centered twice, and their squares corrected for what the mean
    still missed (the corrected two-pass algorithm: Chan, Golub and LeVeque,
    *Algorithms for Computing the Sample Variance*, 1983, equation 1.7).
    """
    gamma, beta = equations.affine(config, x.shape[1])
    deviation = x.astype(np.float64)
    deviation -= deviation.mean(axis=0)
    deviation -= deviation.mean(axis=0)
    squares = np.einsum("bd,bd->d", deviation, deviation)
    biased_variance = squares / len(x) - deviation.mean(axis=0) ** 2
    deviation *= gamma / np.sqrt(biased_variance + config.eps)
    deviation += beta
    return deviation


def torch_refusal(values: Floats) -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to `values` (B, D) when it refuses them."""
    try:
        _torch(values.astype(np.float32), NormConfig())
    except _REFUSALS as error:
        return str(error)
    return None


def document_loop(x: Array) -> Array:
    """The document's for-loop: explicit sums, no epsilon, no gamma, no beta; (B, D).

    It sums in the dtype of `x`. Where a feature is constant it divides by zero.
    """
    rows, features = x.shape
    columns = []
    for channel in range(features):
        total = x.dtype.type(0)
        for row in range(rows):
            total += x[row, channel]
        mean = total / rows
        squares = x.dtype.type(0)
        for row in range(rows):
            squares += (x[row, channel] - mean) ** 2
        columns.append((x[:, channel] - mean) / np.sqrt(squares / rows))
    return np.array(columns).T


def _loop(x: Array, config: NormConfig) -> Array:
    """Algorithm 1 cell by cell, in the dtype of `x`, (B, D)."""
    rows, features = x.shape
    number = x.dtype.type
    gamma, beta = equations.affine(config, features)
    y = np.empty_like(x)
    for d in range(features):
        total = number(0)
        for b in range(rows):
            total += x[b, d]
        mean = total / rows
        squares = number(0)
        for b in range(rows):
            squares += (x[b, d] - mean) ** 2
        root = np.sqrt(squares / rows + number(config.eps))
        scale, shift = number(gamma[d]), number(beta[d])
        for b in range(rows):
            y[b, d] = scale * ((x[b, d] - mean) / root) + shift
    return y


def _torch(x: Array, config: NormConfig) -> Array:
    """torch.nn.BatchNorm1d in train mode; raises ValueError where torch does."""
    gamma, beta = equations.affine(config, x.shape[1])
    batch = torch.from_numpy(x)
    layer = nn.BatchNorm1d(x.shape[1], eps=config.eps, dtype=batch.dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(gamma))
        layer.bias.copy_(torch.from_numpy(beta))
        y: Array = layer(batch).numpy()
    return y


def _affine(x_hat: Array, config: NormConfig) -> Array:
    return equations.scale_and_shift(x_hat, *equations.affine(config, x_hat.shape[1]))


def _measure(
    name: str, run: Callable[[], Array], expected: Floats, own: Floats | None = None
) -> Implementation:
    try:
        y, seconds = _timed(run)
    except _REFUSALS as refusal:
        return Implementation(name, None, None, 0, str(refusal))
    features = y.shape[1]
    expected = expected[:, :features]
    difference = _largest(y, expected)
    return Implementation(
        name,
        difference,
        seconds,
        features,
        None,
        int((np.isfinite(expected) & ~np.isfinite(y)).sum()),
        difference if own is None else _largest(y, own),
        0 if own is None else int((np.isfinite(y) & ~np.isfinite(own)).sum()),
    )


def _largest(y: Array, expected: Floats) -> float | None:
    """The largest difference where both are finite; None if nowhere."""
    differences = np.abs(y - expected)[np.isfinite(y) & np.isfinite(expected)]
    return float(differences.max()) if differences.size else None


def _timed(run: Callable[[], Array]) -> tuple[Array, float]:
    """The result and the best time, of at most a few runs and a fraction of a second."""
    best, spent = float("inf"), 0.0
    for done in range(_MOST_RUNS):
        begin = time.perf_counter()
        y = run()
        took = time.perf_counter() - begin
        best, spent = min(best, took), spent + took
        if spent > _ENOUGH_SECONDS and done + 1 >= _FEWEST_RUNS:
            break
    return y, best
