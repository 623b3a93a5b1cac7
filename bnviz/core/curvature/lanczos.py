"""The Lanczos iteration: the ends, or the whole shape, of the spectra of K symmetric matrices.

Lanczos (1950) with full reorthogonalization, all matrices in lockstep as one tensor
program. The matrices are never built: all that is asked of them is products with vectors.
The basis takes a bounded memory; when that is full, the iteration starts thick with the
Ritz vectors of both ends of the spectrum (Wu & Simon 2000, section 2), and goes on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bnviz.core.memory import BASIS_BYTES, FEWEST_VECTORS
from bnviz.core.types import Float, StopFlag, check

#: (K, n) vectors to each matrix times its own, (K, n).
Product = Callable[[Tensor], Tensor]

#: A restart rotates the basis in place, so many columns at a time.
_COLUMNS = 2**15


def room(matrices: int, size: int, memory: int = BASIS_BYTES) -> int:
    """How many basis vectors of `size` numbers each matrix may have within `memory` bytes."""
    return max(FEWEST_VECTORS, memory // (8 * matrices * size))


@dataclass(frozen=True)
class Ritz:
    """What the basis of m vectors tells of the spectra; eigenvalues ascending."""

    values: Tensor
    """(K, m) approximate eigenvalues."""
    vectors: Tensor
    """(K, m, m) their vectors as columns, in the basis."""
    residuals: Tensor
    """(K, m) |Hv - value v|: some eigenvalue lies within that (Parlett 1998, section 4.5)."""


class Lanczos:
    """K lockstep iterations: Golub & Van Loan (2013), algorithm 10.1.1, reorthogonalized.

    `start` (K, n) float64 are directions to begin with, `capacity` is the most basis vectors
    that are kept. A matrix that gives numbers without a finite norm is no longer `finite` and
    counts as 0 from then on; one whose space is exhausted goes on with vectors of zeros.
    """

    def __init__(self, product: Product, start: Float[Tensor, "k n"], capacity: int) -> None:
        matrices, numbers = start.shape
        self.product, self.capacity = product, capacity
        self.vector = start / torch.linalg.vector_norm(start, dim=1, keepdim=True)
        self.basis = start.new_empty(matrices, capacity, numbers)
        # All of V'HV, not its three diagonals alone: after a restart it is no longer tridiagonal.
        self.projection = start.new_zeros(matrices, capacity, capacity)
        self.coupling = start.new_zeros(matrices)
        self.finite = torch.ones(matrices, dtype=torch.bool, device=start.device)
        self.size = self.steps = 0

    def advance(self) -> Float[Tensor, " k"]:
        """One more basis vector; returns the coupling to the next, 0 if there is none."""
        if self.size == self.capacity:
            self.restart()
        step = self.size
        self.size, self.steps = self.size + 1, self.steps + 1
        self.basis[:, step] = self.vector
        image = self.product(self.vector)
        scale = torch.linalg.vector_norm(image, dim=1)
        self.finite = self.finite & scale.isfinite()
        image = torch.where(self.finite.unsqueeze(1), image, 0.0).unsqueeze(2)
        basis = self.basis[:, : self.size]
        overlap = basis @ image
        self.projection[:, : self.size, step] = overlap.squeeze(2)
        self.projection[:, step, : self.size] = overlap.squeeze(2)
        image -= basis.mT @ overlap
        image -= basis.mT @ (basis @ image)  # twice is enough (Parlett 1998, section 6.9)
        image = image.squeeze(2)
        beta = torch.linalg.vector_norm(image, dim=1)
        # When no direction is left, what remains is rounding: it counts as 0.
        beta = torch.where(beta > 1e-13 * scale, beta, 0.0)
        self.coupling = torch.where(self.finite, beta, 0.0)
        beta = self.coupling.unsqueeze(1)
        self.vector = torch.where(beta > 0, image / beta, 0.0)
        return self.coupling

    def ritz(self) -> Ritz:
        """The Ritz values, vectors and residuals of the basis as it is."""
        values, vectors = torch.linalg.eigh(self.projection[:, : self.size, : self.size])
        return Ritz(values, vectors, self.coupling.unsqueeze(1) * vectors[:, -1].abs())

    def restart(self) -> None:
        """Keep a quarter of the basis for each end of the spectrum, and forget the rest.

        The next vector couples to every Ritz vector kept, and `advance` finds by how much.
        """
        ritz = self.ritz()
        end = self.capacity // 4
        kept = torch.cat([ritz.vectors[..., :end], ritz.vectors[..., -end:]], dim=2)
        values = torch.cat([ritz.values[:, :end], ritz.values[:, -end:]], dim=1)
        self.rotate(kept)
        self.projection.zero_()
        self.projection[:, : 2 * end, : 2 * end] = torch.diag_embed(values)

    def rotate(self, columns: Float[Tensor, "k m kept"]) -> None:
        """Let the basis be its combinations by `columns`, in place."""
        kept = columns.shape[2]
        for part in torch.split(self.basis, _COLUMNS, dim=2):
            part[:, :kept] = columns.mT @ part[:, : self.size]
        self.size = kept

    def combined(self, columns: Float[Tensor, "k m some"]) -> Float[Tensor, "k some n"]:
        """The basis combined by `columns`."""
        return columns.mT @ self.basis[:, : self.size]


def begin(
    product: Product, start: Float[Tensor, "k n"], most: int, memory: int = BASIS_BYTES
) -> "Search":
    """A search from `start` that takes at most `most` steps: an exhausted space needs no more."""
    space = room(len(start), start.shape[1], memory)
    limit = min(most, start.shape[1]) if space >= start.shape[1] else most
    return Search(Lanczos(product, start, min(space, limit)), limit)


def due(lanczos: Lanczos) -> bool:
    """Whether to look at the Ritz values: they cost the more, the larger the basis is."""
    return lanczos.steps % (2 + 2 * (lanczos.size // 100)) == 0


@dataclass(frozen=True)
class Search:
    """An iteration and the most steps that it may take."""

    lanczos: Lanczos
    limit: int

    def looks(self, should_stop: StopFlag, when: Callable[[Lanczos], bool] = due) -> Iterator[Ritz]:
        """Go on, and yield what is known whenever it is time to look; whoever has enough leaves.

        It is time `when` that says so, when a matrix's space is exhausted, and at the limit.
        Raises Stopped.
        """
        lanczos, exhausted = self.lanczos, 0
        while lanczos.steps < self.limit:
            check(should_stop)
            coupling = lanczos.advance()
            before, exhausted = exhausted, int(((coupling == 0) & lanczos.finite).sum())
            if lanczos.steps == self.limit or exhausted > before or when(lanczos):
                yield lanczos.ritz()

    def top(
        self, tolerance: float, should_stop: StopFlag, when: Callable[[Lanczos], bool] = due
    ) -> "Top":
        """Go on until the top of every spectrum is known to `tolerance`, relative."""
        lanczos = self.lanczos
        for ritz in self.looks(should_stop, when):
            scale = ritz.values.abs().amax(1)
            sure = ritz.residuals[:, -1] <= tolerance * scale
            if (sure | ~lanczos.finite).all():
                break
        vectors = lanczos.combined(ritz.vectors[:, :, -1:]).squeeze(1)
        vectors = torch.where(lanczos.finite[:, None], vectors, torch.nan)
        return Top(ritz.values[:, -1], vectors, scale, sure & lanczos.finite)


class Top(NamedTuple):
    """The top of each matrix's spectrum, as far as it is known."""

    values: Tensor
    """(K,)"""
    vectors: Tensor
    """(K, n) unit vectors, NaN where the matrix is not finite."""
    scale: Tensor
    """(K,) the largest |eigenvalue| met."""
    sure: Tensor
    """(K,) whether the residual is small enough."""
