"""How much the gradient changes a parameter step: random probes of its Lipschitz constant.

A probe moves all parameters by scale * d, d standard normal, and takes
|gradient change| / |parameter change|. That is a lower bound on the Lipschitz
constant, and in high dimension a low one: for a quadratic loss with Hessian H its
mean square is tr(H^2) / n, not the largest eigenvalue squared
(:mod:`bnviz.core.curvature` has that one).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from bnviz.core.chunking import keep_freed_memory
from bnviz.core.gradients import Gradient
from bnviz.core.snapshots import Floats
from bnviz.core.vectors import Tensors, flatten, unflatten


def directions(params: Tensors, count: int, seed: int) -> Tensor:
    """(count, n) standard normal directions for the parameters of one network.

    They are the draws of a plain loop after ``torch.manual_seed(seed)``: probe by
    probe one ``torch.randn_like`` a parameter, in the order of ``params``.
    """
    generator = torch.Generator().manual_seed(seed)
    like = next(iter(params.values()))
    sizes = [value[0].numel() for value in params.values()]
    drawn = like.new_empty(count, sum(sizes))
    for probe in drawn:
        for piece in torch.split(probe, sizes):
            piece.normal_(generator=generator)
    return drawn


def estimates(
    gradient: Gradient,
    params: Tensors,
    drawn: Tensor,
    scale: float,
    *,
    chunk: int = 8,
    should_stop: Callable[[], bool] = lambda: False,
) -> Floats | None:
    """(P,) |gradient change| / |parameter change| of each probe; None once stopped.

    `gradient` takes any number of parameter sets at once, `params` is one of them
    (its stack dimension is 1), `drawn` the (P, n) directions, and `chunk` says
    how many probes run together. Works in the precision of `params`, and only reads it.
    """
    keep_freed_memory()
    names, origin = params.keys(), flatten(list(params.values()))

    def at(points: Tensor) -> Tensor:
        found = gradient(unflatten(points, params))
        return flatten([found[name] for name in names])

    here = at(origin)
    steps = drawn * scale
    found = []
    for part in torch.split(steps, chunk):
        if should_stop():
            return None
        change = at(origin + part).sub_(here)
        found.append(torch.linalg.vector_norm(change, dim=1))
    ratios = torch.cat(found) / torch.linalg.vector_norm(steps, dim=1)
    return np.asarray(ratios, dtype=np.float64)


def as_published(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    count: int = 100,
    scale: float = 1e-5,
    seed: int = 42,
) -> Floats:
    """(count,) the document's estimator, bug for bug; it leaves `model`'s weights elsewhere.

    `x` is (N, D), `y` what the model should answer, (N, 1); BN in the mode that
    `model` is in. All values but the first are zero; see the comments.
    """
    params = list(model.parameters())
    originals = [p.data.clone() for p in params]
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        deltas = [torch.randn(p.shape, generator=generator, dtype=p.dtype) * scale for p in params]
        for p, delta in zip(params, deltas, strict=True):
            p.data += delta  # from the second probe on, this moves `original` too
        moved = _gradients(model, x, y)
        for p, original in zip(params, originals, strict=True):
            # The bug: after the first probe p and its saved copy are one tensor, so
            # this restores nothing, and both gradients are taken at the same point.
            p.data = original
        back = _gradients(model, x, y)
        pairs = zip(moved, back, strict=True)
        change = sum(torch.norm(a - b, p=2).item() ** 2 for a, b in pairs) ** 0.5
        step = sum(torch.norm(delta, p=2).item() ** 2 for delta in deltas) ** 0.5
        if step > 1e-7:
            found.append(change / step)
    return np.array(found)


def _gradients(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    loss = ((model(x) - y) ** 2).mean()
    return list(torch.autograd.grad(loss, list(model.parameters())))
