"""Probes taken apart, on nets whose kinks are known and against plain loops over modules."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.curvature import kinks, probes
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.document import fitness_data
from bnviz.core.nets.initial import initial
from tests.core.curvature.problems import changed, of_module
from tests.core.torch_nets import lived_in, one_of

DATA = fitness_data(100)
X, Y = torch.from_numpy(DATA.x).double(), torch.from_numpy(DATA.y).double()


def hinge(weight: float, bias: float, x: float = 1.0, y: float = 0.0) -> Problem:
    """(relu(w x + b) - y)^2 at one x, as a function of w and b alone."""
    module = nn.Sequential(nn.Linear(1, 1), nn.ReLU()).double()
    with torch.no_grad():
        module[0].weight.fill_(weight)
        module[0].bias.fill_(bias)
    return of_module(module, mse_loss, torch.tensor([[x]]), torch.tensor([[y]]))


def directions(*rows: tuple[float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_one_rectifier_that_is_open_and_stays_so() -> None:
    """loss = (w x + b - y)^2: its Hessian is 2 (x, 1) (x, 1)'."""
    parts = kinks.split(hinge(1.0, 0.5, x=3.0), directions((1.0, 0.0), (0.0, 2.0)), 1e-3)
    exact = 2 * np.sqrt(10) * np.array([3.0, 1.0])
    np.testing.assert_allclose(parts.ratio, exact, rtol=1e-9)
    np.testing.assert_allclose(parts.smooth, exact, rtol=1e-9)
    assert not parts.kinks.any() and not parts.share.any() and not parts.crossed.any()


def test_one_rectifier_that_shuts() -> None:
    """From w + b = 0.1, y = -1: the gradient is 2.2 (1, 1) before and 0 once the sum is negative.

    The smooth part goes on as if the rectifier were open: 2 (dw + db) (1, 1).
    """
    drawn = directions((-1.0, 0.0), (-0.05, 0.0), (0.0, -1.0))
    parts = kinks.split(hinge(0.2, -0.1, y=-1.0), drawn, 1.0)
    length, diagonal = np.array([1.0, 0.05, 1.0]), np.sqrt(2)
    change = np.array([-2.2, -0.1, -2.2]) * diagonal
    smooth = np.array([-2.0, -0.1, -2.0]) * diagonal
    np.testing.assert_allclose(parts.ratio, np.abs(change) / length, rtol=1e-12)
    np.testing.assert_allclose(parts.smooth, np.abs(smooth) / length, rtol=1e-12)
    np.testing.assert_allclose(parts.kinks, np.abs(change - smooth) / length, atol=1e-12)
    np.testing.assert_allclose(parts.share, (change - smooth) / change, atol=1e-12)
    assert parts.crossed.tolist() == [1, 0, 1]


def test_one_rectifier_that_opens() -> None:
    """Shut, the loss is flat, so that whatever an opened rectifier brings is the kink's."""
    parts = kinks.split(hinge(-0.1, 0.0, y=2.0), directions((1.0, 0.0), (0.05, 0.0)), 1.0)
    # At w = 0.9 the gradient is 2 (0.9 - 2) (1, 1).
    assert parts.ratio.tolist() == pytest.approx([2.2 * np.sqrt(2), 0])
    assert parts.smooth.tolist() == pytest.approx([0, 0], abs=1e-15)
    assert parts.kinks.tolist() == pytest.approx([2.2 * np.sqrt(2), 0])
    assert parts.share[0] == pytest.approx(1) and np.isnan(parts.share[1])
    assert parts.crossed.tolist() == [1, 0]


def test_a_kink_gets_rarer_and_steeper_as_steps_get_shorter() -> None:
    """From a distance h of the kink no step shorter than h meets it."""
    drawn = torch.tensor([[-1.0, 0.0]], dtype=torch.float64)
    there = hinge(1e-4, 0.0, y=-1.0)
    for scale, crosses in ((1e-5, False), (1e-3, True), (1e-1, True)):
        parts = kinks.split(there, drawn, scale)
        assert bool(parts.crossed[0]) == crosses
        assert (parts.ratio[0] * scale > 2) == crosses  # the jump is as large for every step
        assert parts.smooth[0] == pytest.approx(2 * np.sqrt(2), rel=1e-6)


def quadratic() -> tuple[Problem, Tensor]:
    """A linear layer has no kinks; the loss's Hessian by its weights is 2 / N X'X."""
    x = X[:, :2] / X[:, :2].std(0)
    module = nn.Linear(2, 1, bias=False).double()
    return of_module(module, mse_loss, x, Y), 2 * x.T @ x / len(x)


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 10.0])
def test_a_quadratic_is_smooth_throughout(scale: float) -> None:
    loss, hessian = quadratic()
    drawn = probes.directions(loss.params, 12, 0)
    exact = ((drawn @ hessian).norm(dim=1) / drawn.norm(dim=1)).numpy()
    parts = kinks.split(loss, drawn, scale)
    np.testing.assert_allclose(parts.ratio, exact, rtol=1e-6)
    np.testing.assert_allclose(parts.smooth, exact, rtol=1e-6)
    assert not parts.kinks.any() and not parts.share.any() and not parts.crossed.any()
    np.testing.assert_allclose(np.concatenate(list(kinks.limits(loss, drawn))), exact, rtol=1e-12)


def net(*, bn: bool, mode: BnMode) -> tuple[Problem, nn.Sequential]:
    stack = lived_in(initial(NetworkConfig(depth=2, width=7), 3, [5], bn=bn))
    return StackProblem(stack, X.T, Y[:, 0], mode), one_of(stack, 0).train(mode == "train")


class Held(nn.Module):
    """A ReLU that takes down which rows and units are open, or keeps to what was taken down."""

    def __init__(self) -> None:
        super().__init__()
        self.open: Tensor | None = None
        self.keep = False

    def forward(self, x: Tensor) -> Tensor:
        if not self.keep:
            self.open = x > 0
        assert self.open is not None
        return x * self.open


def flat_gradient(module: nn.Module, theta: Tensor) -> Tensor:
    nn.utils.vector_to_parameters(theta, module.parameters())
    gradient = torch.autograd.grad(mse_loss(module(X), Y), list(module.parameters()))
    return torch.cat([each.flatten() for each in gradient])


@pytest.mark.parametrize("bn", [True, False])
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("scale", [1e-4, 1e-1])
def test_nets_against_a_plain_loop(bn: bool, mode: BnMode, scale: float) -> None:
    loss, module = net(bn=bn, mode=mode)
    drawn = probes.directions(loss.params, 9, 3)
    parts = kinks.split(loss, drawn, scale)
    for index, each in enumerate(module):
        if isinstance(each, nn.ReLU):
            module[index] = Held()
    gates = [each for each in module if isinstance(each, Held)]
    origin = nn.utils.parameters_to_vector(module.parameters()).detach()
    for probe, direction in enumerate(drawn):
        step = direction * scale
        for gate in gates:
            gate.keep = False
        free = flat_gradient(module, origin + step)
        moved = [gate.open for gate in gates]
        begin = flat_gradient(module, origin)
        crossed = sum(int((a != gate.open).sum()) for a, gate in zip(moved, gates, strict=True))
        for gate in gates:
            gate.keep = True
        held = flat_gradient(module, origin + step)
        change, smooth, rest = free - begin, held - begin, free - held
        assert parts.crossed[probe] == crossed
        assert parts.ratio[probe] == pytest.approx(float(change.norm() / step.norm()), rel=1e-6)
        assert parts.smooth[probe] == pytest.approx(float(smooth.norm() / step.norm()), rel=1e-6)
        expected = pytest.approx(float(rest.norm() / step.norm()), rel=1e-6, abs=1e-5)
        assert parts.kinks[probe] == expected
        share = float(rest @ change / change.square().sum())
        assert parts.share[probe] == pytest.approx(share, rel=1e-6, abs=1e-9)
        # and with the smooth part's it makes 1
        other = float(smooth @ change / change.square().sum())
        assert parts.share[probe] + other == pytest.approx(1)
    assert parts.crossed.any() or scale < 1e-3


@pytest.mark.parametrize("bn", [True, False])
def test_short_steps_come_to_the_hessian_vector_product(bn: bool) -> None:
    loss, module = net(bn=bn, mode="eval")
    drawn = probes.directions(loss.params, 5, 3)
    limit = np.concatenate(list(kinks.limits(loss, drawn)))
    short = kinks.split(loss, drawn, 1e-8)
    np.testing.assert_allclose(short.ratio, limit, rtol=1e-5)
    origin = nn.utils.parameters_to_vector(module.parameters()).detach()
    for direction, ratio in zip(drawn, limit, strict=True):
        h = 1e-6 * direction
        product = (flat_gradient(module, origin + h) - flat_gradient(module, origin - h)) / 2e-6
        assert ratio == pytest.approx(float(product.norm() / direction.norm()), rel=1e-5)


def test_stacks_and_modules_agree() -> None:
    stack, module = net(bn=True, mode="train")
    same = of_module(module, mse_loss, X, Y, mode="train")
    drawn = probes.directions(stack.params, 6, 0)
    one, other = (kinks.split(each, drawn, 1e-2) for each in (stack, same))
    np.testing.assert_allclose(one.ratio, other.ratio, rtol=1e-8)
    np.testing.assert_allclose(one.kinks, other.kinks, rtol=1e-8)
    np.testing.assert_allclose(one.share, other.share, rtol=1e-8)
    assert np.array_equal(one.crossed, other.crossed) and one.crossed.all()


def test_rounding_of_single_precision_falls_as_steps_grow() -> None:
    stack = lived_in(initial(NetworkConfig(width=7), 3, [5], bn=True))
    exact, rough = (
        StackProblem(stack, X.T, Y[:, 0], "eval", precision) for precision in ("float64", "float32")
    )
    drawn = probes.directions(exact.params, 40, 0)

    def noise(scale: float) -> float:
        return float(np.median(np.concatenate(list(kinks.rounding(rough, exact, drawn, scale)))))

    limit = np.median(np.concatenate(list(kinks.limits(exact, drawn))))
    assert noise(1e-9) > 0.2 * limit
    assert noise(1e-5) < 1e-2 * limit
    # A hundred times the step, about a hundredth of the noise.
    assert 20 < noise(1e-7) / noise(1e-5) < 500
    assert not np.concatenate(list(kinks.rounding(exact, exact, drawn, 1e-3))).any()


def test_rounding_is_no_kink() -> None:
    """In float32 short steps are mostly noise, but nothing crosses and no kink is seen."""
    stack = lived_in(initial(NetworkConfig(width=7), 3, [5], bn=True))
    rough = StackProblem(stack, X.T, Y[:, 0], "eval", "float32")
    parts = kinks.split(rough, probes.directions(rough.params, 20, 0), 1e-9)
    assert not parts.crossed.any() and not parts.kinks.any()


def test_chunks_come_one_by_one_and_together_are_the_whole() -> None:
    loss, _ = net(bn=True, mode="eval")
    loss = changed(loss, chunk=4)
    drawn = probes.directions(loss.params, 10, 0)
    parts = list(kinks.splits(loss, drawn, 1e-2))
    assert [len(part.ratio) for part in parts] == [4, 4, 2]
    whole, whole_at_once = kinks.joined(parts), kinks.split(changed(loss, chunk=10), drawn, 1e-2)
    np.testing.assert_allclose(whole.ratio, whole_at_once.ratio, rtol=1e-9)
    assert np.array_equal(whole.crossed, whole_at_once.crossed)
