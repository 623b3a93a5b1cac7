"""The loss on lines and planes through a network (Li et al. 2018).

Works in the precision and mode of the problem it is given. Points are evaluated in chunks:
besides the directions, that takes the network's own working memory and three times the
parameters of two of the problem's chunks, some 50 MB for 10^6 parameters in float64.
"""

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.chunks import keep_freed_memory
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Float, Floats, StopFlag, check, never

#: A loss keeps less in memory than its gradient does: more of them run fastest together.
CHUNKS = 2


def filter_norms(params: Tensors) -> Float[Tensor, "k n"]:
    """For each parameter the L2 norm of the filter that it belongs to.

    A filter is what makes one output channel: ``weight[i]`` of a linear layer's
    (out, in) or a convolution's (out, in, ...) weight. Parameters with fewer than two
    dimensions in their network (biases, BN's gamma and beta) belong to none and have 0,
    as Li et al. 2018, section 4, leave them out of the directions. `params` are stacked,
    (K, ...) each; the columns are those of :func:`bnviz.core.nets.vectors.flatten`.
    """
    return flatten([_filter_norms(value.detach()) for value in params.values()])


def _filter_norms(value: Tensor) -> Tensor:
    if value.dim() < 3:
        return torch.zeros_like(value).reshape(len(value), -1)
    filters = value.flatten(2)
    norms: Tensor = torch.linalg.vector_norm(filters, dim=2, keepdim=True)
    return norms.expand_as(filters)


def filter_normalized(params: Tensors, drawn: Float[Tensor, "m n"]) -> Float[Tensor, "m n"]:
    """The directions `drawn` with every filter as long as the network's own.

    `params` are those of one network (K is 1). Li et al. 2018, section 4:
    d_ij <- d_ij / |d_ij| * |theta_ij|, and 0 for biases and BN's parameters. A step of 1
    along a direction thus changes each filter by 100 % of its norm, so that rescaling the
    filters of a net that does not feel it (ReLU, BN) changes nothing.
    """
    own = filter_norms(unflatten(drawn, params))
    return torch.where(own > 0, drawn / own, 0.0) * filter_norms(params)


def directions(params: Tensors, count: int, seed: int) -> Float[Tensor, "count n"]:
    """(count, n) random filter-normalized directions for one network.

    Normal numbers are drawn for filters alone, direction by direction in the order of
    `params`, so that a net with BN gets the draws of the same net without.
    """
    generator = torch.Generator().manual_seed(seed)
    like = next(iter(params.values()))
    sizes = [value[0].numel() for value in params.values()]
    drawn = torch.zeros(count, sum(sizes), dtype=like.dtype)
    for direction in drawn:
        for piece, value in zip(torch.split(direction, sizes), params.values(), strict=True):
            if value.dim() > 2:
                piece.normal_(generator=generator)
    return filter_normalized(params, drawn.to(like.device))


def plane(
    problem: Problem,
    first: Float[Tensor, " n"],
    second: Float[Tensor, " n"],
    a: Float[Floats, " a"],
    b: Float[Floats, " b"],
    *,
    known: Float[Floats, "b a"] | None = None,
    should_stop: StopFlag = never,
) -> Float[Floats, "b a"]:
    """Losses on a plane: row i and column j at ``params + a[j] * first + b[i] * second``.

    Raises Stopped. Of `known`, the same plane where some losses are there already, only the
    NaN are computed: a coarse plane is not paid twice when it is refined.
    """
    losses = np.full((len(b), len(a)), np.nan) if known is None else known.copy()
    rows, columns = np.nonzero(np.isnan(losses))
    steps = np.stack([a[columns], b[rows]], axis=1)
    losses[rows, columns] = _along(problem, torch.stack([first, second]), steps, should_stop)
    return losses


def lines(
    problem: Problem,
    directions: Float[Tensor, "m n"],
    distances: Float[Floats, " v"],
    *,
    should_stop: StopFlag = never,
) -> Float[Floats, "m v"]:
    """Losses along lines through the network; raises Stopped.

    `distances` count lengths of the direction; 0 is the network itself.
    """
    steps = distances[:, None]
    return np.stack([_along(problem, each[None], steps, should_stop) for each in directions])


def _along(problem: Problem, basis: Tensor, steps: Floats, should_stop: StopFlag) -> Floats:
    """(P,) losses at params + steps @ basis; `steps` (P, B), `basis` (B, n)."""
    keep_freed_memory()
    origin = problem.point
    coordinates = torch.from_numpy(steps).to(origin)
    losses = []
    for part in torch.split(coordinates, CHUNKS * problem.chunk):
        check(should_stop)
        losses.append(problem.losses_at(torch.addmm(origin, part, basis)))
    return np.asarray(torch.cat(losses).cpu(), dtype=np.float64)


def path_plane(
    points: Float[Tensor, "e n"],
) -> tuple[Float[Tensor, "2 n"], Float[Floats, "e 2"], Float[Floats, " 2"]]:
    """The plane through the end of a path that shows most of it (Li et al. 2018, section 7).

    `points` are parameters along a training. Returns two orthonormal directions, the points'
    coordinates, whose origin is the end, and the share of the squared distances from the end
    along each: a principal component analysis of theta_i - theta_end, which is not centred, so
    that the plane runs through the end. The first point with coordinates other than 0 has
    positive ones. A path that does not move
    has shares of 0. Takes three times the memory of `points` in float64.
    """
    steps = (points - points[-1]).double()
    # A row of zeros changes no component, and lets a path of one step have two.
    padded = torch.cat([steps, steps.new_zeros(2, steps.shape[1])])
    _, spreads, basis = torch.linalg.svd(padded, full_matrices=False)
    basis, shares = basis[:2], spreads.square()
    coordinates = steps @ basis.T
    signs = torch.where(coordinates[0] < 0, -1.0, 1.0).to(basis)
    total = shares.sum()
    explained = shares[:2] / total if total > 0 else shares[:2]
    return basis * signs[:, None], _array(coordinates * signs), _array(explained)


def _array(values: Tensor) -> Floats:
    return np.asarray(values.cpu(), dtype=np.float64)
