"""Measures of smoothness for any ``torch.nn.Module``: ``from bnviz import Loss``.

A :class:`Loss` is a module, a loss function and the rows it is taken on; its methods are the
measures. Each is a function too, ``eigenvalues(net, loss, x, y, mode="train")``, for those who
want one figure. n is the number of parameters that require a gradient: to measure one layer
alone, let the others need none.

>>> from bnviz import eigenvalues, quadratic
>>> net, loss, x, y = quadratic()
>>> _ = net.requires_grad_(False), net.weight.requires_grad_()  # that layer alone
>>> eigenvalues(net, loss, x, y).maximum.round(6).tolist()
[4.0]

The module, its buffers, its modes and torch's random state stay as they are, to the bit.
Everything runs on the device of the module, where the rows must be too. The functions behind
these, in :mod:`bnviz.core.curvature`, say what they cost in memory.

The examples measure :func:`quadratic`, whose Hessian is known by heart.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.configs import Precision
from bnviz.core.curvature import along_gradient as along
from bnviz.core.curvature import density, extremes, kinks, landscape, probes, stability
from bnviz.core.curvature import traces as sums
from bnviz.core.curvature.along_gradient import Along
from bnviz.core.curvature.batches import BatchesProblem
from bnviz.core.curvature.density import Nodes
from bnviz.core.curvature.extremes import Extremes
from bnviz.core.curvature.kinks import Split
from bnviz.core.curvature.module_problem import ModuleProblem
from bnviz.core.curvature.normalized import NormalizedProblem
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.traces import Traces
from bnviz.core.nets.twin import LossFunction, Twin
from bnviz.core.types import Float, Floats

Mode = Literal["as_is", "train", "eval"]
P = ParamSpec("P")
R = TypeVar("R")

#: Scales of random steps, a decade each.
SCALES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

#: 51 places from -1 to 1.
LINE: tuple[float, ...] = tuple(np.linspace(-1, 1, 51).tolist())

_BATCHES: Any = object()
"""In the place of y: x is not one batch but many."""


class Loss:
    """``loss(module(x), y)`` as a function of a module's trainable parameters.

    Args:
        module: any ``torch.nn.Module``. It is copied, and stays as it is; of one that is
            compiled or parallel the one inside is measured.
        loss: from the module's output, whatever that is, and `y` to one number. Tensors inside
            it, such as class weights, follow `precision`.
        x: what the module is called with: a tensor, or tensors nested in tuples, lists and
            dicts. A tuple or list is several arguments, and so is a dict that ``forward`` takes as
            such, by name; any other dict is one.
        y: what the loss is called with beside the output. Without it, `x` is not one batch but
            many: a DataLoader, a list or another iterable of pairs (x, y), or (x1, x2, ..., y).
        mode: "as_is", every layer in the mode it is in, as in fine-tuning; or "train" or "eval"
            for all normalizations that have modes, yours too, and all else in eval mode.
        precision: "float64" or "float32", which module and rows are computed in.
        weight_decay: adds weight_decay / 2 times the sum of all squared parameters, the term
            whose gradient ``torch.optim.SGD(weight_decay=...)`` adds.
        seed: of all random numbers. A forward pass that draws some (dropout in train mode) draws
            the same each time, and a warning says so.

    Raises:
        ValueError: in one sentence, for a word that is no mode or precision, for numbers that
            are not finite (which, and where), and for a module that cannot be measured.

    With many batches the loss is the mean of theirs, weighted by rows (those of y's first
    tensor), each normalized by its own statistics as in training; memory is that of one batch,
    and each product with the Hessian goes through all of them. Where BN is in train mode that
    is neither the loss of one large batch, nor is its largest eigenvalue the mean of each
    batch's own:

    >>> import torch
    >>> from torch import nn
    >>> from bnviz import Loss
    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))
    >>> x, y = torch.randn(240, 4), torch.randn(240, 1)
    >>> batches = list(zip(x.split(8), y.split(8)))
    >>> def top(*rows):
    ...     return float(Loss(net, nn.MSELoss(), *rows, mode="train").eigenvalues().maximum[0])
    >>> mean_of_maxima = sum(top(*batch) for batch in batches) / len(batches)
    >>> [round(each, 1) for each in (top(x, y), top(batches), mean_of_maxima)]
    [6.3, 6.4, 9.3]

    The iterable is gone through anew for every product, so it must give the same batches each
    time. A loader that shuffles with torch's random numbers does; others are refused.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: LossFunction,
        x: Any,
        y: Any = _BATCHES,
        *,
        mode: Mode = "as_is",
        precision: Precision = "float64",
        weight_decay: float = 0.0,
        seed: int = 0,
    ) -> None:
        _one_of("mode", mode, get_args(Mode))
        _one_of("precision", precision, get_args(Precision))
        _finite("weight_decay", [weight_decay])
        _whole(0, seed=seed)
        self.seed = seed
        twin = Twin(module, loss, mode=mode, dtype=getattr(torch, precision), seed=seed)
        self.problem: Problem
        if y is _BATCHES:
            if isinstance(x, Tensor | dict):
                raise ValueError("y is missing; without it, x must be an iterable of (x, y).")
            self.problem = BatchesProblem(twin, x, weight_decay)
        else:
            one = ModuleProblem(twin, x, y, weight_decay)
            twin.prepare(one.x, one.y)
            one.check()
            self.problem = one

    def eigenvalues(
        self, *, count: int = 1, vectors: bool = False, tolerance: float = 1e-6
    ) -> Extremes:
        """The `count` largest and smallest eigenvalues of the Hessian, outermost first.

        Returns minimum and maximum (count,), their residuals |Hv - lambda v|, within which an
        eigenvalue lies, and with `vectors` unit eigenvectors (count, n), the order of which is
        that of the parameters: those of the two largest span the plane of
        ``landscape_plane(directions=...)``. An eigenvalue that has not converged to
        `tolerance`, relative, is NaN if more than one is asked for. Lanczos (1950), see
        :mod:`bnviz.core.curvature.extremes`.

        >>> from bnviz import Loss, quadratic
        >>> ends = Loss(*quadratic()).eigenvalues(count=2, vectors=True)
        >>> ends.maximum.round(6).tolist(), ends.minimum.round(6).tolist()
        ([4.0, 1.0], [1.0, 4.0])
        >>> ends.maximum_vectors.abs().round(decimals=3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
        """
        _whole(1, count=count)
        ends = extremes.problem_extremes(self.problem, tolerance=tolerance, seed=self.seed)
        if count == 1 and not vectors:
            return ends
        top, bottom = (
            extremes.top_vectors(
                self.problem, count, smallest=smallest, tolerance=tolerance, seed=self.seed
            )
            for smallest in (False, True)
        )
        return replace(
            ends,
            minimum=bottom.values.cpu().numpy(),
            maximum=top.values.cpu().numpy(),
            minimum_residual=bottom.residuals.cpu().numpy(),
            maximum_residual=top.residuals.cpu().numpy(),
            converged=(top.values.isfinite() & bottom.values.isfinite()).cpu().numpy(),
            minimum_vectors=bottom.vectors if vectors else None,
            maximum_vectors=top.vectors if vectors else None,
        )

    def traces(self, *, probes: int = 64) -> Traces:
        """tr(H) and tr(H^2) / n, with the half-widths of their 95 % confidence intervals.

        Hutch++ (Meyer et al. 2021), see :func:`bnviz.core.curvature.traces.traces`.

        >>> from bnviz import Loss, quadratic
        >>> figures = Loss(*quadratic()).traces()
        >>> round(figures.trace, 6), round(figures.mean_square, 6)
        (5.0, 8.5)
        """
        _whole(1, probes=probes)
        return sums.traces(self.problem, probes, self.seed)

    def normalized_sharpness(self, *, tolerance: float = 1e-6) -> float:
        """The largest eigenvalue with every weight measured in units of its filter's norm.

        Rescaling weights in a way that the net does not feel leaves it as it is; see
        :mod:`bnviz.core.curvature.normalized`. Raises ValueError if nothing is a filter.

        >>> from bnviz import Loss, quadratic
        >>> round(Loss(*quadratic()).normalized_sharpness(), 6)  # the filter's norm is 5
        100.0
        """
        scaled = NormalizedProblem(self.problem)
        ends = extremes.problem_extremes(scaled, tolerance=tolerance, seed=self.seed)
        return float(ends.maximum[0])

    def spectral_density(self, *, probes: int = 16, steps: int = 80) -> Nodes:
        """Where the eigenvalues are, and what share of them: values and weights (probes, m).

        For any function f, tr f(H) / n is about the mean over the probes of
        ``(weights * f(values)).sum(1)``. Stochastic Lanczos quadrature (Ghorbani et al. 2019),
        see :mod:`bnviz.core.curvature.density`.

        >>> from bnviz import Loss, quadratic
        >>> Loss(*quadratic()).spectral_density(probes=2).values.round(6).tolist()
        [[1.0, 4.0], [1.0, 4.0]]
        """
        _whole(1, probes=probes, steps=steps)
        return density.joined(list(density.quadratures(self.problem, probes, steps, self.seed)))

    def lipschitz_probes(self, *, scale: float = 1e-5, count: int = 100) -> Float[Floats, " count"]:
        """|gradient change| / |step| of random steps with standard deviation `scale`.

        Lower bounds on the gradient's Lipschitz constant, and in high dimension low ones: for a
        quadratic loss their mean square is about tr(H^2) / n. See
        :mod:`bnviz.core.curvature.probes`.

        >>> from bnviz import Loss, quadratic
        >>> ratios = Loss(*quadratic()).lipschitz_probes()
        >>> bool((ratios > 1).all()), bool((ratios < 4).all())
        (True, True)
        """
        _whole(1, count=count)
        _finite("scale", [scale], above=0.0)
        drawn = probes.directions(self.problem.params, count, self.seed)
        return probes.estimates(self.problem.gradient, self.problem.params, drawn, scale)

    def scale_sweep(
        self, *, scales: Sequence[float] = SCALES, count: int = 32
    ) -> dict[float, Split]:
        """The probes of each scale taken apart: smooth curvature, and the kinks of ReLU.

        Kinks are those of ReLU, leaky and parametric ReLU and clamping at 0, whether a layer, a
        function or a method; they are NaN where scripted code or a relative (ReLU6, hard tanh)
        hides some. Those of maxima, absolute values and comparisons count as smooth. See
        :mod:`bnviz.core.curvature.kinks`.

        >>> from bnviz import Loss, quadratic
        >>> sweep = Loss(*quadratic()).scale_sweep(scales=[1e-4, 1e-2], count=5)
        >>> bool(abs(sweep[1e-4].ratio - sweep[1e-2].ratio).max() < 1e-6)  # a plateau
        True
        >>> float(sweep[1e-2].crossed.sum())  # and no ReLU
        0.0
        """
        _whole(1, count=count)
        _finite("scales", scales, above=0.0)
        drawn = probes.directions(self.problem.params, count, self.seed)
        return {scale: kinks.split(self.problem, drawn, scale) for scale in scales}

    def along_gradient(
        self, *, sizes: Sequence[float] = (0.01, 0.02, 0.05, 0.1), distances: bool = False
    ) -> Along:
        """Loss and gradient after steps against the gradient (Santurkar et al. 2018, section 3.1).

        `sizes` multiply the gradient, or with `distances` are how far to go; see
        :mod:`bnviz.core.curvature.along_gradient`.

        >>> from bnviz import Loss, quadratic
        >>> steps = Loss(*quadratic()).along_gradient(sizes=[0.1])  # the gradient is (3, 16)
        >>> round(float(steps.loss), 4), round(float(steps.losses), 4)
        (36.5, 15.165)
        """
        _finite("sizes", sizes, above=0.0)
        at = torch.tensor(sizes, dtype=torch.float64)
        return along.along(self.problem, at, unit=distances)

    def landscape_lines(
        self, *, distances: Sequence[float] = LINE, count: int = 16
    ) -> Float[Floats, "count v"]:
        """Losses along random filter-normalized lines (Li et al. 2018, section 4).

        A distance of 1 changes every filter by its own norm, 0 is the module as it is.

        >>> from bnviz import Loss, quadratic
        >>> losses = Loss(*quadratic()).landscape_lines(distances=[0.0, 1.0], count=3)
        >>> losses[:, 0].tolist()
        [36.5, 36.5, 36.5]
        """
        _whole(1, count=count)
        _finite("distances", distances)
        drawn = landscape.directions(self.problem.params, count, self.seed)
        return landscape.lines(self.problem, drawn, np.asarray(distances, dtype=np.float64))

    def landscape_plane(
        self,
        *,
        coordinates: Sequence[float] = LINE,
        directions: Float[Tensor, "2 n"] | None = None,
    ) -> Float[Floats, "v v"]:
        """Losses on a plane: row i at ``coordinates[i]`` along the second direction.

        `directions` span it, in the order of the parameters; without them two random
        filter-normalized ones (Li et al. 2018, section 4).

        >>> import torch
        >>> from bnviz import Loss, quadratic
        >>> loss = Loss(*quadratic())
        >>> loss.landscape_plane(coordinates=[0, 1], directions=torch.eye(2)).tolist()
        [[36.5, 40.0], [54.5, 58.0]]
        >>> top = loss.eigenvalues(count=2, vectors=True).maximum_vectors
        >>> loss.landscape_plane(coordinates=[-1, 0, 1], directions=top).shape
        (3, 3)
        """
        _finite("coordinates", coordinates)
        if directions is None:
            directions = landscape.directions(self.problem.params, 2, self.seed)
        spans = torch.as_tensor(directions).to(self.problem.point)
        if spans.shape != (2, self.problem.size):
            asked = f"(2, {self.problem.size})"
            raise ValueError(f"directions have shape {tuple(spans.shape)}; it must be {asked}.")
        at = np.asarray(coordinates, dtype=np.float64)
        return landscape.plane(self.problem, spans[0], spans[1], at, at)

    def stability_threshold(self, *, steps: int = 100, halvings: int = 12) -> tuple[float, float]:
        """Learning rates at which gradient descent becomes unstable: predicted, measured.

        Predicted is 2 / the largest Hessian eigenvalue (Cohen et al. 2021, section 2), and
        infinite where the loss nowhere curves up. Measured is the middle of the last stable and
        the first unstable trial, found by bisection: infinite where all that were tried are
        stable, as on a constant, linear or concave loss, which only ever falls; NaN where none
        is. See :func:`bnviz.core.curvature.stability.trials` for what is unstable.

        >>> from bnviz import Loss, quadratic
        >>> predicted, measured = Loss(*quadratic()).stability_threshold()
        >>> round(predicted, 6), bool(abs(measured / predicted - 1) < 0.02)
        (0.5, True)
        """
        _whole(1, steps=steps, halvings=halvings)
        return stability.threshold(self.problem, steps=steps, halvings=halvings)


def _one_of(what: str, word: object, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"{what} is {word!r}; use one of {', '.join(map(repr, words))}.")


def _whole(least: int, **settings: object) -> None:
    for name, value in settings.items():
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} is {value!r}; use a whole number of at least {least}.")


def _finite(name: str, numbers: Sequence[float], above: float = -np.inf) -> None:
    if not len(numbers) or not np.isfinite(numbers).all():
        raise ValueError(f"{name} is {numbers!r}; use finite numbers, at least one.")
    if min(numbers) <= above:
        raise ValueError(f"{name} is {numbers!r}; use numbers above {above:g}.")


def quadratic() -> tuple[nn.Module, LossFunction, Tensor, Tensor]:
    """A module, a loss and a batch to try things on: (w1^2 + 4 w2^2) / 2 at w = (3, 4).

    Its Hessian is diag(1, 4) everywhere.

    >>> from bnviz import quadratic
    >>> net, loss, x, y = quadratic()
    >>> loss(net(x), y).item()
    36.5
    """
    net = nn.utils.skip_init(nn.Linear, 2, 1, bias=False)
    net.weight.data = torch.tensor([[3.0, 4.0]])
    return net, functional.mse_loss, torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)


def _function(measure: Callable[Concatenate[Loss, P], R]) -> Callable[..., R]:
    """``measure`` as a function of what makes a :class:`Loss` and of its own settings."""
    begins, own = (inspect.signature(each).parameters for each in (Loss.__init__, measure))
    options = {name: each for name, each in own.items() if name != "self"}

    @wraps(measure)
    def function(module: nn.Module, loss: LossFunction, *rows: Any, **settings: Any) -> R:
        asked = {name: settings.pop(name) for name in options.keys() & settings.keys()}
        return measure(Loss(module, loss, *rows, **settings), **asked)  # type: ignore[call-arg]

    function.__qualname__ = function.__name__
    _, *others = begins.values()
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        sorted([*others, *options.values()], key=lambda each: each.kind)
    )
    return function


eigenvalues = _function(Loss.eigenvalues)
traces = _function(Loss.traces)
normalized_sharpness = _function(Loss.normalized_sharpness)
spectral_density = _function(Loss.spectral_density)
lipschitz_probes = _function(Loss.lipschitz_probes)
scale_sweep = _function(Loss.scale_sweep)
along_gradient = _function(Loss.along_gradient)
landscape_lines = _function(Loss.landscape_lines)
landscape_plane = _function(Loss.landscape_plane)
stability_threshold = _function(Loss.stability_threshold)
