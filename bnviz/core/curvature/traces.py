"""What is known of a Hessian's whole spectrum: all of it, or its sums and mean squares.

Everything is made of products of the Hessian with vectors, computed in the problem's
precision; the rest is float64. A function that was stopped returns None.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import stdtrit
from torch import Tensor

from bnviz.core.curvature.hessian import gaussian, problem_product, together
from bnviz.core.curvature.lanczos import Product, room
from bnviz.core.curvature.landscape import filter_norms
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Floats, StopFlag

#: A Hessian with more rows is not built: 2000 rows take 32 MB and 2000 products.
DENSE_LIMIT = 2000

#: With fewer a 95 % confidence interval covers too little: 80 to 90 % of steep spectra with 4.
FEWEST_PROBES = 32

#: Of a sum of products with a Hessian, relative to its terms.
_ROUNDING = 1e-14


def dense_rows(problem: Problem) -> Iterator[Tensor]:
    """The Hessian, some rows (B, n) at a time; ValueError beyond DENSE_LIMIT parameters."""
    if problem.size > DENSE_LIMIT:
        raise ValueError(f"A Hessian of {problem.size} parameters is too large to be built.")
    product = problem_product(problem, problem.size)
    device = next(iter(problem.params.values())).device
    identity = torch.eye(problem.size, dtype=torch.float64, device=device)
    for part in torch.split(identity, together(problem, problem.size)):
        yield product(part)


def dense_hessian(problem: Problem, should_stop: StopFlag = lambda: False) -> Tensor | None:
    """The (n, n) Hessian, symmetric; for at most DENSE_LIMIT parameters, ValueError beyond."""
    rows = []
    for part in dense_rows(problem):
        if should_stop():
            return None
        rows.append(part)
    return symmetric(torch.cat(rows))


def symmetric(rows: Tensor) -> Tensor:
    """The symmetric part of a matrix whose entries differ from their mirror by rounding alone."""
    return (rows + rows.mT) / 2


def eigenvalues(hessian: Tensor) -> Floats:
    """(n,) the eigenvalues of a symmetric (n, n) matrix, ascending; NaN if it is not finite."""
    if not hessian.isfinite().all():
        return np.full(len(hessian), np.nan)
    found = torch.linalg.eigvalsh(hessian).cpu().numpy()
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Traces:
    """Sums over a Hessian's spectrum; a margin is the half-width of a 95 % confidence interval."""

    trace: float
    """tr(H)."""
    trace_margin: float
    mean_square: float
    """tr(H^2) / n, the mean squared eigenvalue."""
    mean_square_margin: float
    norms: Floats
    """(P,) |H d| / |d| of the random directions d."""


def traces(
    problem: Problem,
    probes: int = 64,
    seed: int = 0,
    *,
    should_stop: StopFlag = lambda: False,
) -> Traces | None:
    """tr(H) and tr(H^2) / n, estimated with Gaussian probes; NaN where H is not finite.

    Hutchinson's estimator (1990) averages d'Hd and |Hd|^2. Where few eigenvalues rule, so few
    outcomes decide that its error is large and skewed, and Student's interval too short. So,
    as in Hutch++ (Meyer, Musco, Musco & Woodruff 2021, algorithm 1), the images of the probes
    span a space Q in which both sums are exact, and fresh probes, with Q taken out, estimate
    the rest; the margins are Student's t of those, and the rounding of the sums: all that is
    left where Q is everything.
    That takes 3 products a probe, of which there are FEWEST_PROBES at least, though only
    `probes` are told. Q takes a quarter of :data:`bnviz.core.curvature.lanczos.BASIS_BYTES`, but 12
    vectors in any case: 0.6 GB in all for a million parameters.
    """
    count = max(probes, FEWEST_PROBES)
    product = problem_product(problem, count)
    generator = torch.Generator().manual_seed(seed)
    first = _images(product, _draws(problem, count, generator), should_stop)
    if first is None:
        return None
    ratios, sketch = first
    if not np.isfinite(ratios).all():
        return Traces(np.nan, np.nan, np.nan, np.nan, np.full(probes, np.nan))
    basis = torch.linalg.qr(sketch.mT).Q.mT
    inside = _forms(product, torch.split(basis, together(problem, count)), should_stop)
    fresh = _draws(problem, count, generator)
    outside = _forms(product, (g - (g @ basis.mT) @ basis for g in fresh), should_stop)
    if inside is None or outside is None:
        return None
    if len(basis) == problem.size:
        outside = np.zeros_like(outside)
    sums = inside.sum(1) + outside.mean(1)
    margins = stdtrit(count - 1, 0.975) * outside.std(1, ddof=1) / np.sqrt(count)
    margins += _ROUNDING * np.abs(inside).sum(1)
    (trace, square), (margin, square_margin) = sums.tolist(), margins.tolist()
    n = problem.size
    return Traces(trace, margin, square / n, square_margin / n, ratios[:probes])


def normalized(problem: Problem) -> Problem:
    """The same loss as a function of weights in units of their filters' norms.

    The weights are u times the norm that their filter has now, so that u is the direction of
    each filter, of norm 1; biases and BN's parameters stay where they are, as in filter
    normalization (Li et al. 2018, section 4). What rescales weights without changing the
    function (one ReLU layer up and the next down; all that feeds a BN in train mode) leaves
    this loss as it is, and so the largest eigenvalue of its Hessian is a sharpness by which
    nets with different scales of weights can be compared (Dinh et al. 2017, section 5; Kwon et
    al. 2021, definition 2 with filter-wise T_w). Raises ValueError if nothing is a filter.
    """
    units = unflatten(filter_norms(problem.params), problem.params)
    moving = [name for name, value in problem.params.items() if value.dim() > 2]
    if not moving:
        raise ValueError("No parameter has two dimensions or more, so there are no filters.")

    def there(u: Tensors) -> Tensors:
        points = len(u[moving[0]])
        return {
            name: u[name] * units[name] if name in u else value.expand(points, *value.shape[1:])
            for name, value in problem.params.items()
        }

    def objective_there(of: Objective) -> Objective:
        return lambda u: of(there(u))

    def gradient(u: Tensors) -> Tensors:
        found = problem.gradient(there(u))
        return {name: found[name] * units[name] for name in moving}

    params = {
        name: torch.where(units[name] > 0, problem.params[name] / units[name], 0.0)
        for name in moving
    }
    return Problem(
        params,
        objective_there(problem.objective),
        gradient,
        lambda u: problem.sides(there(u)),
        lambda sides: objective_there(problem.frozen(sides)),
        problem.chunk,
        None if problem.losses is None else objective_there(problem.losses),
        lambda: _scaled((problem.products or partial(problem_product, problem))(), units),
    )


def _scaled(product: Product, units: Tensors) -> Product:
    """D H D for the parameters that move: the chain rule of a change of units."""
    moves = flatten([torch.full_like(value, value.dim() > 2) for value in units.values()])[0]
    columns, unit = moves.nonzero().squeeze(1), flatten(list(units.values()))[0]

    def scaled(vectors: Tensor) -> Tensor:
        whole = vectors.new_zeros(len(vectors), len(unit))
        whole[:, columns] = vectors * unit[columns]
        return product(whole)[:, columns] * unit[columns]

    return scaled


def _draws(problem: Problem, count: int, generator: torch.Generator) -> Iterator[Tensor]:
    """`count` standard normal directions in parts (B, n), float64."""
    like, step = flatten(list(problem.params.values())), together(problem, count)
    for start in range(0, count, step):
        yield gaussian(min(step, count - start), like, generator)


def _images(
    product: Product, directions: Iterable[Tensor], should_stop: StopFlag
) -> tuple[Floats, Tensor] | None:
    """(P,) |Hd| / |d| of all `directions`, and the first Hd, (k, n), that fit into memory."""
    norms: list[Tensor] = []
    kept: list[Tensor] = []
    for part in directions:
        if should_stop():
            return None
        image = product(part)
        norms.append(image.norm(dim=1) / part.norm(dim=1))
        most = min(part.shape[1], room(4, part.shape[1])) - sum(map(len, kept))
        kept.append(image[: max(0, most)])
    return np.asarray(torch.cat(norms).cpu(), dtype=np.float64), torch.cat(kept)


def _forms(
    product: Product, vectors: Iterable[Tensor], should_stop: StopFlag
) -> NDArray[np.float64] | None:
    """(2, M) v'Hv and |Hv|^2 of all `vectors`."""
    found = []
    for part in vectors:
        if should_stop():
            return None
        image = product(part)
        found.append(torch.stack([(part * image).sum(1), image.square().sum(1)]))
    return np.asarray(torch.cat(found, dim=1).cpu(), dtype=np.float64)
