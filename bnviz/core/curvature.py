"""The extreme eigenvalues of Hessians, for a whole stack of networks at once.

Lanczos (1950) with full reorthogonalization, all networks in lockstep as one tensor
program; plain power iteration stalls where the two ends are nearly opposite. A
Hessian is never built: the gradient's graph is, once, and every product with a
vector runs backward through it (Pearlmutter 1994).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.chunking import keep_freed_memory
from bnviz.core.gradients import Objective
from bnviz.core.snapshots import Floats
from bnviz.core.vectors import Tensors, flatten, unflatten

#: Residuals are judged against the eigenvalue, or this share of the larger end if that is more.
FLOOR = 1e-3

#: Ritz values are looked at every so many steps.
_EVERY = 2

_Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Extremes:
    """Both ends of each network's Hessian spectrum, (K,); NaN where it has non-finite numbers.

    A residual is |Hv - lambda v| for the unit vector v found with lambda: some
    eigenvalue lies within that of lambda, and the error of one that stands alone is
    about residual^2 / gap (Parlett 1998, section 11.7).
    """

    minimum: Floats
    maximum: Floats
    minimum_residual: Floats
    maximum_residual: Floats
    iterations: NDArray[np.int64]
    converged: NDArray[np.bool_]


def extremes(
    objective: Objective,
    params: Tensors,
    *,
    tolerance: float = 1e-4,
    max_iterations: int = 300,
    seed: int = 0,
    should_stop: Callable[[], bool] = lambda: False,
) -> Extremes | None:
    """The extreme Hessian eigenvalues of each network's loss; None once stopped.

    `objective` maps stacked parameters to (K,) losses, each depending on its own
    network alone; `params` is where. Works in float64 whatever `params` are. A
    network has converged when both residuals are at most `tolerance` times their
    eigenvalue (see FLOOR); 1e-4 gives the document's nets eight digits. The start
    vector is drawn with `seed`, alike for all.
    """
    keep_freed_memory()
    point = flatten(list(params.values())).detach().to(torch.float64)
    finite = point.isfinite().all(1)
    point = torch.where(finite.unsqueeze(1), point, 0.0)
    product = hessian_product(objective, params, point)
    start = torch.randn(point.shape[1], generator=torch.Generator().manual_seed(seed)).double()
    limit = min(max_iterations, point.shape[1])
    return _Lanczos(product, finite, start, limit, tolerance).run(should_stop)


@torch.enable_grad()
def hessian_product(objective: Objective, like: Tensors, point: Tensor) -> _Product:
    """The function from (K, n) vectors to each network's Hessian at `point` (K, n) times its own.

    The parameters are shaped as `like`, whose K does not matter.
    """
    leaf = point.detach().clone().requires_grad_()
    losses = objective(unflatten(leaf, like))
    (gradient,) = torch.autograd.grad(losses.sum(), leaf, create_graph=True)
    if not gradient.requires_grad:  # linear in the parameters
        return torch.zeros_like

    def product(vectors: Tensor) -> Tensor:
        return torch.autograd.grad(gradient, leaf, vectors, retain_graph=True)[0]

    return product


class _Lanczos:
    """One lockstep iteration: Golub & Van Loan (2013), algorithm 10.1.1, reorthogonalized."""

    def __init__(
        self, product: _Product, finite: Tensor, start: Tensor, limit: int, tolerance: float
    ) -> None:
        networks = len(finite)
        self.product, self.limit, self.tolerance = product, limit, tolerance
        self.vector = (start / start.norm()).expand(networks, -1)
        self.basis = start.new_empty(networks, 0, len(start))
        self.tridiagonal = start.new_zeros(networks, limit, limit)
        self.finite = finite
        self.done = ~finite
        self.found = start.new_full((5, networks), torch.nan)

    def run(self, should_stop: Callable[[], bool]) -> Extremes | None:
        for step in range(self.limit):
            if should_stop():
                return None
            beta = self.advance(step)
            last = step + 1 == self.limit
            exhausted = (beta == 0) & ~self.done
            if last or step % _EVERY == _EVERY - 1 or exhausted.any():
                self.look(step + 1, beta, last)
            if self.done.all():
                break
        low, high, low_residual, high_residual, iterations = self.found.numpy()
        return Extremes(
            low,
            high,
            low_residual,
            high_residual,
            np.nan_to_num(iterations).astype(np.int64),
            (self.within(self.found) & self.finite).numpy(),
        )

    def advance(self, step: int) -> Tensor:
        """One more basis vector; returns the (K,) coupling to the next, 0 if there is none."""
        if step == self.basis.shape[1]:
            room = self.basis.new_empty(len(self.basis), max(16, step), self.basis.shape[2])
            self.basis = torch.cat([self.basis, room], dim=1)
        self.basis[:, step] = self.vector
        image = self.product(self.vector)
        healthy = image.isfinite().all(1)
        self.finite, self.done = self.finite & healthy, self.done | ~healthy
        image = torch.where(self.finite.unsqueeze(1), image, 0.0).unsqueeze(2)
        basis = self.basis[:, : step + 1]
        scale = image.norm(dim=1).squeeze(1)
        overlap = basis @ image
        self.tridiagonal[:, step, step] = overlap[:, step, 0]
        image = image - basis.mT @ overlap
        image = image - basis.mT @ (basis @ image)  # twice is enough (Parlett 1998, section 6.9)
        beta = image.norm(dim=1).squeeze(1)
        # What rounding leaves of an exhausted space is no direction.
        beta = torch.where(beta > 1e-13 * scale, beta, 0.0)
        if step + 1 < self.limit:
            self.tridiagonal[:, step, step + 1] = self.tridiagonal[:, step + 1, step] = beta
        self.vector = torch.where(beta.unsqueeze(1) > 0, image.squeeze(2) / beta.unsqueeze(1), 0.0)
        return beta

    def look(self, size: int, beta: Tensor, last: bool) -> None:
        """Take down the ends of those networks that have just converged, or of all at the last."""
        values, vectors = torch.linalg.eigh(self.tridiagonal[:, :size, :size])
        residual = beta.unsqueeze(1) * vectors[:, -1].abs()
        steps = torch.full_like(beta, size)
        now = torch.stack([values[:, 0], values[:, -1], residual[:, 0], residual[:, -1], steps])
        news = ~self.done & (self.within(now) | last)
        self.found = torch.where(news, now, self.found)
        self.done = self.done | news

    def within(self, found: Tensor) -> Tensor:
        """(K,) whether both residuals in a (5, K) finding are small enough."""
        ends, residuals = found[:2].abs(), found[2:4]
        judge = torch.maximum(ends, FLOOR * ends.amax(0))
        return (residuals <= self.tolerance * judge).all(0)


def single_extremes(
    loss: Callable[[Tensors], Tensor], params: Tensors, *, tolerance: float = 1e-4, seed: int = 0
) -> Extremes:
    """:func:`extremes` for one network: a scalar `loss` of parameters without a stack dimension.

    For an ordinary module, `loss` can call ``torch.func.functional_call``. The arrays
    have length 1.
    """

    def objective(stacked: Tensors) -> Tensor:
        return loss({name: value[0] for name, value in stacked.items()}).unsqueeze(0)

    stacked = {name: value.unsqueeze(0) for name, value in params.items()}
    found = extremes(objective, stacked, tolerance=tolerance, seed=seed)
    assert found is not None  # nobody stops it
    return found
