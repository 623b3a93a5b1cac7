"""The numerics against the way they are usually written."""

import numpy as np
import torch
from hessian_eigenthings import EigenResult, HessianOperator, lanczos, supervised_loss
from torch import Tensor
from torch.nn import functional

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature import landscape
from bnviz.core.curvature.extremes import Extremes, extremes, top_vectors
from bnviz.core.curvature.probes import directions, estimates
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.document import fitness_data
from bnviz.core.nets.gradients import network_gradient, objective_of
from bnviz.core.nets.initial import initial
from bnviz.core.nets.stack import Stack
from bnviz.core.training.train import train
from bnviz.core.types import Floats
from tools.bench import document
from tools.bench.harness import Measured, ratio, timed

PROBES = 100
SCALE = 1e-5
ACCURACY = 1e-6
SEEDS = 32
EPOCHS = 10
POINTS = 51


def probes() -> list[Measured]:
    """100 corrected probes of the document's nets in float64, the same directions for both."""
    return [_probes(bn=False, target=1 / 5), _probes(bn=True, target=1 / 4)]


def _probes(*, bn: bool, target: float) -> Measured:
    net, stack = document_net(bn=bn)
    x, y = document_data()
    gradient = network_gradient(stack, x.T.contiguous(), y[:, 0], "eval")

    def together() -> Floats:
        return estimates(gradient, stack.params, directions(stack.params, PROBES, 42), SCALE)

    def loop() -> Floats:
        return np.array(document.estimate(net, x, y, PROBES, SCALE))

    assert np.allclose(together(), loop(), rtol=1e-6, atol=0)
    name = f"{PROBES} probes, {'BN' if bn else 'no BN'} / the document's loop"
    return ratio(name, timed(together), timed(loop), target=target, rounds=9)


def eigenvalues() -> list[Measured]:
    """Both ends of the Hessian's spectrum, to 1e-6 relative, of the document's nets in float64.

    The reference is asked for each end with the fewest steps, found beforehand,
    after which it reports that end as converged.
    """
    return [_eigenvalues(bn=False), _eigenvalues(bn=True)]


def _eigenvalues(*, bn: bool) -> Measured:
    net, stack = document_net(bn=bn)
    x, y = document_data()
    objective = objective_of(stack, x.T.contiguous(), y[:, 0], "eval")
    operator = HessianOperator(net, [(x, y)], supervised_loss(functional.mse_loss))

    def ours() -> Extremes:
        return extremes(objective, stack.params)

    def theirs(which: str, steps: int) -> EigenResult:
        return lanczos(operator, k=1, which=which, max_iter=steps, tol=ACCURACY, seed=0)

    def fewest(which: str) -> int:
        return next(n for n in range(2, 200) if bool(theirs(which, n).converged.all()))

    low, high = fewest("SA"), fewest("LA")
    computed = ours()
    ends = [theirs("SA", 2 * low).eigenvalues.item(), theirs("LA", 2 * high).eigenvalues.item()]
    assert np.allclose([*computed.minimum, *computed.maximum], ends, rtol=ACCURACY, atol=0)
    return ratio(
        f"Extreme eigenvalues, {'BN' if bn else 'no BN'} / hessian-eigenthings",
        timed(ours),
        timed(lambda: (theirs("SA", low), theirs("LA", high))),
        target=1.0,
        rounds=15,
    )


def landscapes() -> list[Measured]:
    """A plane of 51 x 51 losses of the document's nets, filter-normalized, in their float32."""
    return [_landscape(bn=False), _landscape(bn=True)]


def _landscape(*, bn: bool) -> Measured:
    net, stack = document_net(bn=bn)
    net = net.float()
    x, y = (value.float() for value in document_data())
    measured = StackProblem(stack, x.T.contiguous(), y[:, 0], "eval", "float32")
    first, second = landscape.directions(measured.params, 2, 42)
    axis = np.linspace(-1, 1, POINTS)

    def together() -> Floats:
        return landscape.plane(measured, first, second, axis, axis)

    def loop() -> Floats:
        return document.losses(net, x, y, (first, second), axis)

    assert np.allclose(together(), loop(), rtol=1e-4, atol=0)
    name = f"A {POINTS} x {POINTS} landscape, {'BN' if bn else 'no BN'} / a loop over its points"
    return ratio(name, timed(together), timed(loop), target=1 / 3, rounds=9)


def top_eigenvalue() -> list[Measured]:
    """The largest eigenvalue, to 1e-6 relative, of the document's nets in float64.

    Power iteration is given the fewest steps that reach an accuracy, found beforehand. Where
    both ends are nearly opposite it takes thousands for two digits, and is let off with those.
    Without BN on raw inputs the largest eigenvalue is 56 times the next one: either way finds
    it in a few steps, and there is only the graph to be spared.
    """
    raw, y = document_data()
    standardized = (raw - raw.mean(0)) / raw.std(0, correction=0)
    return [
        _top_eigenvalue("BN", True, raw, y, accuracy=1e-2, target=1 / 3),
        _top_eigenvalue("no BN, standardized", False, standardized, y, accuracy=1e-2, target=1 / 3),
        _top_eigenvalue("no BN", False, raw, y, accuracy=ACCURACY, target=1.0),
    ]


def _top_eigenvalue(
    name: str, bn: bool, x: Tensor, y: Tensor, *, accuracy: float, target: float
) -> Measured:
    net, stack = document_net(bn=bn)
    loss = StackProblem(stack, x.T.contiguous(), y[:, 0], "eval")

    def ours(tolerance: float = 1e-4) -> float:
        return top_vectors(loss, 1, tolerance=tolerance).values.item()

    exact = ours(1e-8)
    assert abs(ours() / exact - 1) < ACCURACY
    errors = np.abs(np.array(document.power_iteration(net, x, y, 4000)) / exact - 1)
    fewest = int(np.flatnonzero(errors > accuracy).max()) + 2
    assert fewest < 4000
    return ratio(
        f"Top eigenvalue, {name} / {fewest} power iterations",
        timed(ours),
        timed(lambda: document.power_iteration(net, x, y, fewest)),
        target=target,
        rounds=15 if fewest < 100 else 2,
        warm_up=0,
    )


def document_data() -> tuple[Tensor, Tensor]:
    """The document's x (N, 3) and y (N, 1) in float64."""
    data = fitness_data()
    return torch.from_numpy(data.x).double(), torch.from_numpy(data.y).double()


def document_net(*, bn: bool) -> tuple[document.Net, Stack]:
    """One of the document's nets, warmed up, in eval mode, as it writes it and as we do."""
    torch.manual_seed(42)
    x, y = document_data()
    net = document.Net(bn=bn).double()
    document.warm_up(net, x, y)
    config = NetworkConfig(width=document.HIDDEN)
    empty = initial(config, x.shape[1], [0], bn=bn)
    params = zip(empty.params, net.parameters(), strict=True)
    buffers = zip(empty.buffers, net.buffers(), strict=True)
    return net, Stack(
        empty.network,
        {name: value.detach()[None].clone() for name, value in params},
        {name: value[None].clone() for name, value in buffers},
    )


def training() -> list[Measured]:
    """Both nets for 32 seeds as one program, a seed; against one DataLoader loop for each net.

    Ours also evaluates both nets after every epoch; the loop does not.
    """
    data = fitness_data()
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    config = TrainConfig(
        # The loop trains on every row, so ours is given as many.
        data=DataConfig(samples=1250, validation=0.2),
        optimizer=OptimizerConfig(epochs=EPOCHS, batch_size=document.BATCH_SIZE),
        probes=ProbeConfig(checkpoints=0),
        seeds=SEEDS,
    )
    larger = fitness_data(config.data.samples)

    def together() -> None:
        for _ in train(config, larger, lambda: False):
            pass

    def loop() -> None:
        for bn in (True, False):
            document.train(document.Net(bn=bn), x, y, EPOCHS, config.optimizer.learning_rate)

    whole = timed(together)
    return [
        ratio(
            "32 seeds together, a net / one DataLoader loop",
            lambda: whole() / SEEDS,
            timed(loop),
            target=1 / 8,
            rounds=5,
        )
    ]
