"""How much the gradient changes a parameter step: random probes of its Lipschitz constant.

A probe moves all parameters by scale * d, d standard normal, and takes
|gradient change| / |parameter change|. That is a lower bound on the Lipschitz
constant, and in high dimension a low one: for a quadratic loss with Hessian H its
mean square is tr(H^2) / n, not the largest eigenvalue squared
(:mod:`bnviz.core.curvature.extremes` has that one).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bnviz.core.nets.chunks import keep_freed_memory
from bnviz.core.nets.gradients import Gradient
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Float, Floats, StopFlag, check, never


def directions(params: Tensors, count: int, seed: int) -> Float[Tensor, "count n"]:
    """(count, n) standard normal directions for the parameters of one network.

    They are the draws of a plain loop after ``torch.manual_seed(seed)``: probe by
    probe one ``torch.randn_like`` a parameter, in the order of ``params``. They differ from
    one precision to the other: cast them where both should probe alike.
    """
    return torch.cat(list(draws(params, count, seed, count)))


def draws(params: Tensors, count: int, seed: int, chunk: int) -> Iterator[Float[Tensor, "chunk n"]]:
    """:func:`directions`, so many as a `chunk` at a time: their number takes no memory."""
    generator = torch.Generator().manual_seed(seed)
    like = next(iter(params.values()))
    sizes = [value[0].numel() for value in params.values()]
    for start in range(0, count, chunk):
        drawn = torch.empty(min(chunk, count - start), sum(sizes), dtype=like.dtype)
        for probe in drawn:
            for piece in torch.split(probe, sizes):
                piece.normal_(generator=generator)
        yield drawn.to(like.device)


def estimates(
    gradient: Gradient,
    params: Tensors,
    drawn: Float[Tensor, "p n"] | Iterable[Tensor],
    scale: float,
    *,
    chunk: int = 8,
    should_stop: StopFlag = never,
) -> Float[Floats, " p"]:
    """|gradient change| / |parameter change| of each probe; raises Stopped.

    `gradient` takes any number of parameter sets at once, `params` is one of them (its stack
    dimension is 1), `drawn` the directions, and `chunk` says how many probes run together;
    directions that come in parts run part by part. Works in the precision of `params`, and
    only reads it.
    """
    ratios = []
    for steps, _, change in changes(gradient, params, drawn, scale, chunk):
        check(should_stop)
        length = torch.linalg.vector_norm(steps, dim=1)
        ratios.append(torch.linalg.vector_norm(change, dim=1) / length)
    return torch.cat(ratios).cpu().double().numpy()


def changes(
    gradient: Gradient,
    params: Tensors,
    drawn: Tensor | Iterable[Tensor],
    scale: float,
    chunk: int = 8,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The steps `scale` * `drawn` (P, n), where they lead, how the gradient changes: (p, n) each.

    So many as a `chunk`, or a part of `drawn`, at a time, computed when they are asked for.
    Directions are cast to the precision of `params` once they are steps.
    """
    keep_freed_memory()
    names, origin = params.keys(), flatten(list(params.values()))

    def at(points: Tensor) -> Tensor:
        there = gradient(unflatten(points, params))
        return flatten([there[name] for name in names])

    here = at(origin)
    for part in torch.split(drawn, chunk) if isinstance(drawn, Tensor) else drawn:
        steps = (part * scale).to(origin.dtype)
        moved = origin + steps
        yield steps, moved, at(moved).sub_(here)


@dataclass(frozen=True)
class Published:
    """One probe of the document's estimator."""

    estimate: float
    """|gradient change| / |step|."""
    step: float
    """Its L2 length; the document would leave out steps of at most 1e-7."""
    drift: float
    """L2 distance of all parameters from where the first probe began, once restored."""
    shared: bool
    """Whether every parameter and its saved copy are one tensor by now."""


def published_probes(
    model: nn.Module, x: Tensor, y: Tensor, count: int = 100
) -> Iterator[Published]:
    """The document's estimator, bug for bug; it leaves `model`'s weights elsewhere.

    `x` is (N, D), `y` what the model should predict, (N, 1); BN in the mode that
    `model` is in. All estimates but the first are zero; see the comments below.
    """
    params = list(model.parameters())
    begun = [p.detach().clone() for p in params]
    originals = [p.data.clone() for p in params]
    generator = torch.Generator().manual_seed(42)
    for _ in range(count):
        deltas = [torch.randn(p.shape, generator=generator, dtype=p.dtype) * 1e-5 for p in params]
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
        yield Published(
            change / step if step else np.nan,
            step,
            _distance([p.data for p in params], begun),
            all(p.data_ptr() == o.data_ptr() for p, o in zip(params, originals, strict=True)),
        )


def _distance(some: list[Tensor], others: list[Tensor]) -> float:
    squares = [(a.double() - b).square().sum() for a, b in zip(some, others, strict=True)]
    return float(torch.stack(squares).sum().sqrt())


def _gradients(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    loss = ((model(x) - y) ** 2).mean()
    return list(torch.autograd.grad(loss, list(model.parameters())))
