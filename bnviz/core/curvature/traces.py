"""What is known of a Hessian's whole spectrum: all of it, or its sums and mean squares.

Everything is made of products of the Hessian with vectors, computed in the problem's
precision; the rest is float64. What is stopped raises Stopped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import stdtrit
from torch import Tensor

from bnviz.core.curvature.lanczos import Product, room
from bnviz.core.curvature.problem import Problem, gaussian
from bnviz.core.memory import DENSE_LIMIT, FEWEST_PROBES
from bnviz.core.types import Float, Floats, StopFlag, check, never

#: Of a sum of products with a Hessian, relative to its terms.
_ROUNDING = 1e-14

#: tr(H) is off by so many times |H as computed - H|, as measured, at most, and tr(H^2) by |H| as
#: many times; nets differ by 2.5.
_SAFETY = 4.0


def dense_rows(problem: Problem) -> Iterator[Float[Tensor, "b n"]]:
    """The Hessian, some rows at a time; ValueError beyond DENSE_LIMIT parameters."""
    if problem.size > DENSE_LIMIT:
        raise ValueError(f"A Hessian of {problem.size} parameters is too large to be built.")
    product = problem.hessian(problem.size)
    device = next(iter(problem.params.values())).device
    identity = torch.eye(problem.size, dtype=torch.float64, device=device)
    for part in torch.split(identity, problem.products_per_call(problem.size)):
        yield product(part)


def symmetric(rows: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """The symmetric part of a matrix whose entries differ from their mirror by rounding alone."""
    return (rows + rows.mT) / 2


def eigenvalues(hessian: Float[Tensor, "n n"]) -> Float[Floats, " n"]:
    """The eigenvalues of a symmetric matrix, ascending; NaN if it is not finite."""
    if not hessian.isfinite().all():
        return np.full(len(hessian), np.nan)
    return np.asarray(torch.linalg.eigvalsh(hessian).cpu(), dtype=np.float64)


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
    should_stop: StopFlag = never,
) -> Traces:
    """tr(H) and tr(H^2) / n, estimated with Gaussian probes; NaN where H is not finite.

    Hutchinson's estimator (1990) averages d'Hd and |Hd|^2. Where few eigenvalues rule, so few
    outcomes decide that its error is large and skewed, and Student's interval too short. So,
    as in Hutch++ (Meyer, Musco, Musco & Woodruff 2021, algorithm 1), the images of the probes
    span a space Q in which both sums are exact, and fresh probes, with Q taken out, estimate
    the rest; the margins are Student's t of those, and rounding, that of float32 as it is measured
    (:attr:`bnviz.core.curvature.problem.Problem.rounding`): all that is left where Q is everything.
    That takes 3 products a probe, of which there are FEWEST_PROBES at least, though only
    `probes` are told. Q takes a quarter of :data:`bnviz.core.memory.BASIS_BYTES`, but 12
    vectors in any case: 0.6 GB in all for a million parameters.
    """
    count = max(probes, FEWEST_PROBES)
    product = problem.hessian(count)
    generator = torch.Generator().manual_seed(seed)
    ratios, sketch = _images(product, _draws(problem, count, generator), should_stop)
    if not np.isfinite(ratios).all():
        return Traces(np.nan, np.nan, np.nan, np.nan, np.full(probes, np.nan))
    basis = torch.linalg.qr(sketch.mT).Q.mT
    inside = _forms(product, torch.split(basis, problem.products_per_call(count)), should_stop)
    fresh = _draws(problem, count, generator)
    outside = _forms(product, (g - (g @ basis.mT) @ basis for g in fresh), should_stop)
    if len(basis) == problem.size:
        outside = np.zeros_like(outside)
    sums = inside.sum(1) + outside.mean(1)
    margins = stdtrit(count - 1, 0.975) * outside.std(1, ddof=1) / np.sqrt(count)
    margins += _ROUNDING * np.abs(inside).sum(1)
    margins += _SAFETY * problem.rounding * np.array([1.0, np.sqrt(max(sums[1], 0.0))])
    (trace, square), (margin, square_margin) = sums.tolist(), margins.tolist()
    n = problem.size
    return Traces(trace, margin, square / n, square_margin / n, ratios[:probes])


def _draws(problem: Problem, count: int, generator: torch.Generator) -> Iterator[Tensor]:
    """`count` standard normal directions in parts (B, n), float64."""
    like, step = problem.point, problem.products_per_call(count)
    for start in range(0, count, step):
        yield gaussian(min(step, count - start), like, generator)


def _images(
    product: Product, directions: Iterable[Tensor], should_stop: StopFlag
) -> tuple[Floats, Tensor]:
    """(P,) |Hd| / |d| of all `directions`, and the first Hd, (k, n), that fit into memory."""
    norms: list[Tensor] = []
    kept: list[Tensor] = []
    for part in directions:
        check(should_stop)
        image = product(part)
        norms.append(image.norm(dim=1) / part.norm(dim=1))
        most = min(part.shape[1], room(4, part.shape[1])) - sum(map(len, kept))
        kept.append(image[: max(0, most)])
    return np.asarray(torch.cat(norms).cpu(), dtype=np.float64), torch.cat(kept)


def _forms(product: Product, vectors: Iterable[Tensor], should_stop: StopFlag) -> Floats:
    """(2, M) v'Hv and |Hv|^2 of all `vectors`."""
    forms = []
    for part in vectors:
        check(should_stop)
        image = product(part)
        forms.append(torch.stack([(part * image).sum(1), image.square().sum(1)]))
    return np.asarray(torch.cat(forms, dim=1).cpu(), dtype=np.float64)
