"""SGD, SGD with a heavy ball, and Adam on a stack's parameters as one (K, n) matrix.

They work element by element, so a step on the matrix is exactly K steps of
``torch.optim`` on single networks. Why they are written out, docs/architecture.md tells.
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from torch import Tensor

from bnviz.core.configs import OptimizerConfig

#: Moves parameters (K, n) in place, given their gradient (K, n).
Step = Callable[[Tensor], None]

#: torch.optim.Adam's defaults: the decay rates of both moments, and epsilon.
BETAS = (0.9, 0.999)
ADAM_EPS = 1e-8


#: A learning rate, and the networks that have it.
Rates = Sequence[tuple[slice, float]]


def optimizer(config: OptimizerConfig, parameters: Tensor, own_rates: Sequence[float] = ()) -> Step:
    """The step that `config` asks for, on `parameters`.

    Of `own_rates`, where there are any, each network has one instead of the config's; a step
    is fastest where equal ones stand side by side.
    """
    rates = _runs(own_rates or [config.learning_rate] * len(parameters))
    if config.kind == "adam":
        return _adam(parameters, rates)
    heavy_ball = config.heavy_ball if config.kind == "momentum" else 0.0
    return _sgd(parameters, rates, heavy_ball)


def _runs(rates: Sequence[float]) -> Rates:
    """Each rate once for all networks side by side that have it."""
    runs, start = [], 0
    for rate, networks in groupby(rates):
        end = start + len(list(networks))
        runs.append((slice(start, end), rate))
        start = end
    return runs


def _sgd(parameters: Tensor, rates: Rates, heavy_ball: float) -> Step:
    """Polyak (1964) in torch's form: velocity = heavy_ball * velocity + gradient."""
    velocity = torch.zeros_like(parameters)

    def step(gradient: Tensor) -> None:
        if heavy_ball:
            gradient = velocity.mul_(heavy_ball).add_(gradient)
        for some, rate in rates:
            parameters[some].add_(gradient[some], alpha=-rate)

    return step


def _adam(parameters: Tensor, rates: Rates) -> Step:
    """Kingma & Ba (2015), algorithm 1, in the order of operations of torch.optim.Adam."""
    first, second = torch.zeros_like(parameters), torch.zeros_like(parameters)
    lengths = [some.stop - some.start for some, _ in rates]
    own = torch.tensor([rate for _, rate in rates], dtype=torch.float64)
    own = own.repeat_interleave(torch.tensor(lengths)).unsqueeze(1)
    steps = 0

    def step(gradient: Tensor) -> None:
        nonlocal steps
        steps += 1
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        correction = math.sqrt(1 - BETAS[1] ** steps)
        denominator = (second.sqrt() / correction).add_(ADAM_EPS)
        divisor = BETAS[0] ** steps - 1
        if len(rates) == 1:
            parameters.addcdiv_(first, denominator, value=rates[0][1] / divisor)
        else:  # to the same bits
            parameters.addcdiv_(first * (own / divisor).to(first.dtype), denominator)

    return step
