"""What the measures find: frozen results, and their form on disk.

Letters: S seeds, n parameters, P probes, Q scales or step sizes, T moments, E epochs.
Losses are mean squared errors in squared target units, eigenvalues and Lipschitz
estimates in those per squared parameter unit. A seed that diverged is NaN.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

R = TypeVar("R")


@dataclass(frozen=True)
class ReplayedNet:
    """The document's loop on one net."""

    published: Floats
    """(P,) what the document's code computes, probe by probe; float32, as there."""
    corrected: Floats
    """(P,) the same directions and scale, every probe from the same point, float64."""
    drift: Floats
    """(P,) how far the weights are from where they began, after each probe of the document."""
    shared: Bools
    """(P,) whether, after this probe, every parameter and its saved copy are one tensor."""


@dataclass(frozen=True)
class Replay:
    """Both nets, probe by probe."""

    bn: ReplayedNet
    plain: ReplayedNet


@dataclass(frozen=True)
class Sweep:
    """One net's random probes over Q scales, in one precision; |.| are L2 norms."""

    median: Floats
    """(Q,) of |gradient change| / |step| over the probes."""
    largest: Floats
    """(Q,) of the same."""
    smooth: Floats
    """(Q,) median of the part that remains with every rectifier held on its side."""
    kinks: Floats
    """(Q,) median of the rest, which the rectifiers that changed side make."""
    kink_share: Floats
    """(Q,) median of <rest, change> / |change|^2: with the smooth part's share it makes 1."""
    crossed: Floats
    """(Q,) mean count of pairs of unit and row that changed side."""
    noise: Floats
    """(Q,) median of |gradient change - the same in float64| / |step|: rounding; 0 in float64."""


@dataclass(frozen=True)
class Scales:
    """Both nets in both precisions."""

    scales: Floats
    """(Q,) standard deviation of the step in each parameter, ascending."""
    bn: Sweep
    plain: Sweep
    bn_float32: Sweep
    plain_float32: Sweep
    bn_limit: float
    """Median of |H d| / |d| over the same directions, float64: where the plateau should be."""
    plain_limit: float
    bn_rectifiers: int
    """Pairs of unit and row in all; 0 without ReLU."""
    plain_rectifiers: int


@dataclass(frozen=True)
class Spectrum:
    """The ends, sums and random probes of one net's Hessian; float64."""

    size: int
    """n, the number of parameters."""
    minimum: Floats
    """(S,) smallest eigenvalue."""
    maximum: Floats
    """(S,) largest eigenvalue."""
    minimum_residual: Floats
    """(S,) |Hv - lambda v|."""
    maximum_residual: Floats
    trace: Floats
    """(S,) tr(H), Hutchinson's estimate."""
    trace_margin: Floats
    """(S,) half-width of its 95 % confidence interval."""
    mean_square: Floats
    """(S,) tr(H^2) / n, the mean squared eigenvalue; its root is what a random probe finds."""
    mean_square_margin: Floats
    probes: Floats
    """(S, P) |H d| / |d| of random directions: lower bounds on the largest |eigenvalue|."""
    normalized: Floats
    """(S,) the largest eigenvalue with every weight measured in units of its filter's norm."""


@dataclass(frozen=True)
class Extremes:
    """Both nets."""

    bn: Spectrum
    plain: Spectrum


@dataclass(frozen=True)
class NetDensity:
    """One net's spectral density on the common grid, smoothed by a Gaussian of the grid's width."""

    mean: Floats
    """(G,) density over asinh(eigenvalue / unit): it integrates to 1 over that axis."""
    error: Floats
    """(G,) standard error over the probes; 0 where the spectrum is exact."""
    exact: Floats
    """(n,) all eigenvalues, ascending, where the net is small; else (0,)."""
    quadrature: Floats
    """(G,) the quadrature's mean, also where `mean` is from the exact spectrum."""
    quadrature_error: Floats
    """(G,) its standard error over the probes, also where `error` is 0."""
    near_zero: float
    """Share of the eigenvalues within `unit` of 0."""
    negative: float
    """Share of the eigenvalues below -`unit`."""
    largest: float
    """The largest |eigenvalue|."""
    top: float
    """Its share of the sum of all squared eigenvalues: 1 if there is no other, 1 / n if all are
    alike."""


@dataclass(frozen=True)
class Density:
    """Both nets on one axis."""

    grid: Floats
    """(G,) eigenvalues, ascending, evenly spaced in asinh(eigenvalue / unit)."""
    unit: float
    """Where the axis turns from linear to logarithmic."""
    bn: NetDensity
    plain: NetDensity


@dataclass(frozen=True)
class Gap:
    """The full cross: every array (2, 6, S), before and after training, by CELLS, by seed."""

    largest: Floats
    """Largest Hessian eigenvalue."""
    probe: Floats
    """Median of |gradient change| / |step| over random probes."""
    root_mean_square: Floats
    """sqrt(tr(H^2) / n)."""
    normalized: Floats
    """Largest eigenvalue with every weight measured in units of its filter's norm."""
    loss: Floats
    """Training loss in the same mode; infinite where a seed diverged, all else of which is NaN."""


#: The columns of a Gap: net, BN mode, inputs. The order is that of the split: each step
#: between neighbours PLAIN_RAW, PLAIN_STANDARD, BN_STANDARD_TRAIN, BN_RAW_TRAIN, BN_RAW_EVAL
#: changes one thing.
CELLS = (
    "plain_raw",
    "plain_standardized",
    "bn_standardized_train",
    "bn_raw_train",
    "bn_raw_eval",
    "bn_standardized_eval",
)


@dataclass(frozen=True)
class NetAlong:
    """One net along its training; T moments, S seeds."""

    loss: Floats
    """(T, S) of the batch, where the step begins."""
    loss_low: Floats
    """(T, S) smallest loss over the step sizes."""
    loss_high: Floats
    """(T, S) largest loss over the step sizes."""
    change_low: Floats
    """(T, S) smallest |gradient change| over the step sizes: gradient predictiveness."""
    change_high: Floats
    smoothness: Floats
    """(T, S) largest |gradient change| / |step|: the effective beta-smoothness."""


@dataclass(frozen=True)
class Along:
    """Both nets along the same training; train mode, the batch that the step is taken on."""

    steps: NDArray[np.int64]
    """(T,) training steps done before."""
    sizes: Floats
    """(Q,) the grid: times the learning rate (relative), or distance moved (absolute)."""
    bn: NetAlong
    plain: NetAlong


@dataclass(frozen=True)
class NetLandscape:
    """One net's loss on a plane and along lines through it."""

    first: Floats
    """(R,) coordinates along the first direction, 0 is the net."""
    second: Floats
    """(R,) along the second."""
    loss: Floats
    """(R, R): row i is at second[i], column j at first[j]."""
    path: Floats
    """(E, 2) the training path on the plane; (0, 2) if the plane is not made of it."""
    path_epochs: NDArray[np.int64]
    """(E,) the epochs it is taken at: all, or evenly spread ones, from 0 to the last."""
    path_loss: Floats
    """(E,) the loss on the path itself, which may lie off the plane."""
    explained: Floats
    """(2,) share of the path's spread (path), or the curvature d'Hd / |d|^2, along each."""
    distances: Floats
    """(V,) along random filter-normalized lines, 0 is the net."""
    lines: Floats
    """(M, V) the loss along each line."""


@dataclass(frozen=True)
class Landscape:
    """Both nets, the same plane for both as far as they have the same parameters."""

    bn: NetLandscape
    plain: NetLandscape


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


RESULTS: Mapping[str, type] = {
    "replay": Replay,
    "scales": Scales,
    "extremes": Extremes,
    "density": Density,
    "gap": Gap,
    "along": Along,
    "landscape": Landscape,
    "stability": Stability,
}


def to_bytes(result: object) -> bytes:
    """A result as one safetensors blob."""
    return save(dict(_flat(result, "")))


def from_bytes(kind: str, blob: bytes) -> Any:
    """The inverse of :func:`to_bytes`, for a measure of that kind."""
    return _built(RESULTS[kind], load(blob), "")


def _flat(result: Any, prefix: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for field in fields(result):
        value = getattr(result, field.name)
        name = prefix + field.name
        if is_dataclass(value):
            yield from _flat(value, f"{name}/")
        else:
            yield name, np.ascontiguousarray(value)


def _built(kind: type[R], arrays: Mapping[str, NDArray[Any]], prefix: str) -> R:
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = prefix + field.name
        if isinstance(field.type, type) and is_dataclass(field.type):
            values[field.name] = _built(field.type, arrays, f"{name}/")
        elif field.type in (int, float):
            values[field.name] = field.type(arrays[name].item())
        else:
            values[field.name] = arrays[name]
    return kind(**values)
