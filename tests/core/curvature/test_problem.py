"""A loss as a function of parameters: both ways to it agree, and nothing else is touched."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.document import Experiment, experiment
from bnviz.core.nets.initial import initial, stack_of_one
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.training.reproduce import NETWORK
from tests.core.curvature.problems import of_module
from tests.core.torch_nets import lived_in, one_of


@pytest.fixture(scope="module")
def document() -> Experiment:
    return experiment()


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def matrix(tensors: Tensors) -> Tensor:
    return flatten(list(tensors.values()))


def around(problem: Problem, points: int, scale: float) -> Tensors:
    """The point itself and some near it."""
    origin = matrix(problem.params)
    steps = scale * normal(points, origin.shape[1]).to(origin.dtype)
    steps[0] = 0
    return unflatten(origin + steps, problem.params)


def autograd(module: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor):
    """The loss and the flat gradient of a module as it is."""
    value = loss(module(x), y)
    params = [each for each in module.parameters() if each.requires_grad]
    gradient = torch.autograd.grad(value, params)
    return value.detach(), torch.cat([each.flatten() for each in gradient])


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_the_document_s_nets_are_the_same_as_stacks_and_as_modules(
    document: Experiment, bn: bool, mode: BnMode
) -> None:
    module = document.bn if bn else document.plain
    stack = stack_of_one(NETWORK, module, bn=bn)
    one = StackProblem(stack, document.x.T, document.y[:, 0], mode)
    other = of_module(module, mse_loss, document.x, document.y, mode=mode)
    assert one.size == other.size == (449 if bn else 321)
    assert one.dtype == other.dtype == torch.float64
    points = around(one, 4, 1e-3)
    theirs = unflatten(matrix(points), other.params)
    torch.testing.assert_close(one.objective(points), other.objective(theirs), rtol=1e-12, atol=0)
    gradient, other_gradient = matrix(one.gradient(points)), matrix(other.gradient(theirs))
    assert float((gradient - other_gradient).norm() / other_gradient.norm()) < 1e-11
    # Units come first in a stack and rows in a module.
    sides = one.activation_pattern(points).view(4, 64, 1000)
    assert torch.equal(sides, other.activation_pattern(theirs).view(4, 1000, 64).mT)
    held = one.with_pattern(one.activation_pattern(one.params))(points)
    same = other.with_pattern(other.activation_pattern(other.params))(theirs)
    torch.testing.assert_close(held, same, rtol=1e-12, atol=0)
    assert bool((sides[0] != sides[1]).any()) == bn  # so the held loss is another one


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("position", ["before", "after"])
def test_deep_stacks_hold_their_rectifiers_layer_by_layer(mode: BnMode, position: str) -> None:
    network = NetworkConfig(depth=3, width=5, bn_position=position)  # type: ignore[arg-type]
    stack = lived_in(initial(network, 3, [1], bn=True))
    x, y = normal(3, 20), normal(20, seed=1)
    one = StackProblem(stack, x, y, mode)
    other = of_module(one_of(stack, 0), mse_loss, x.T, y.unsqueeze(1), mode=mode)
    points = around(one, 3, 0.3)
    held = one.with_pattern(one.activation_pattern(one.params))(points)
    same = other.with_pattern(other.activation_pattern(other.params))(
        unflatten(matrix(points), other.params)
    )
    torch.testing.assert_close(held, same)
    free = one.objective(points)
    torch.testing.assert_close(held[0], free[0])
    assert ((held - free)[1:].abs() > 1e-6).all()


def test_a_stack_of_several_is_refused() -> None:
    stack = initial(NetworkConfig(width=4), 3, [1, 2], bn=False)
    with pytest.raises(ValueError, match="this stack holds 2"):
        StackProblem(stack, normal(3, 5), normal(5), "eval")


def test_tanh_has_no_rectifiers() -> None:
    stack = initial(NetworkConfig(width=4, activation="tanh"), 3, [1], bn=True)
    problem = StackProblem(stack, normal(3, 5), normal(5), "train")
    assert problem.activation_pattern(around(problem, 2, 1.0)).shape == (2, 0)
    points = around(problem, 2, 1.0)
    held = problem.with_pattern(problem.activation_pattern(problem.params))
    assert torch.equal(held(points), problem.objective(points))


def classifier() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(36, 3),
    )


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_any_module_and_any_loss(mode: BnMode) -> None:
    """A convolution, dropout, cross entropy: as autograd has it, dropout off and BN as asked."""
    with torch.random.fork_rng(devices=[]):
        module = classifier()
    x, y = normal(8, 1, 5, 5).float(), torch.arange(8) % 3
    problem = of_module(module, cross_entropy, x, y, mode=mode, precision="float32")
    oracle = copy.deepcopy(module).eval()
    oracle[1].train(mode == "train")
    loss, gradient = autograd(oracle, cross_entropy, x, y)
    assert problem.dtype == torch.float32
    assert problem.objective(problem.params).item() == pytest.approx(loss.item(), rel=1e-6)
    torch.testing.assert_close(matrix(problem.gradient(problem.params))[0], gradient)
    assert problem.activation_pattern(problem.params).shape == (1, 8 * 4 * 9)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("training", [True, False])
def test_the_module_is_left_as_it_was_to_the_bit(mode: BnMode, training: bool) -> None:
    with torch.random.fork_rng(devices=[]):
        module = classifier().train(training)
    x, y = normal(8, 1, 5, 5).float(), torch.arange(8) % 3
    module(x).sum().backward()  # gradients and running statistics off their defaults
    before = {name: value.clone() for name, value in module.state_dict().items()}
    gradients = [each.grad.clone() for each in module.parameters() if each.grad is not None]
    layers, state = list(module.modules()), torch.random.get_rng_state()
    problem = of_module(module, cross_entropy, x, y, mode=mode)
    points = around(problem, 3, 0.1)
    problem.objective(points), problem.gradient(points)
    (
        problem.gradient(problem.params),
        problem.with_pattern(problem.activation_pattern(problem.params))(points),
    )
    assert torch.equal(state, torch.random.get_rng_state())
    assert [id(each) for each in module.modules()] == [id(each) for each in layers]
    assert all(each.training == training for each in layers)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    pairs = zip(module.parameters(), gradients, strict=True)
    assert all(torch.equal(each.grad, gradient) for each, gradient in pairs)


@pytest.mark.parametrize("cumulative", [True, False])
def test_train_mode_depends_on_no_call_before(cumulative: bool) -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=None if cumulative else 0.1))
    problem = of_module(module, mse_loss, normal(9, 3), normal(9, 4, seed=1), mode="train")
    first = problem.objective(problem.params)
    problem.gradient(around(problem, 5, 1.0))
    assert torch.equal(problem.objective(problem.params), first)


def test_frozen_parameters_stay() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    module[0].requires_grad_(False)
    x, y = normal(6, 3), normal(6, 1, seed=1)
    problem = of_module(module, mse_loss, x, y)
    assert list(problem.params) == ["2.weight", "2.bias"] and problem.size == 5
    loss, gradient = autograd(module, mse_loss, x, y)
    torch.testing.assert_close(problem.objective(problem.params)[0], loss)
    torch.testing.assert_close(matrix(problem.gradient(problem.params))[0], gradient)
    with pytest.raises(ValueError, match="no parameter that requires a gradient"):
        of_module(module.requires_grad_(False), mse_loss, x, y)


def test_tied_weights_are_one_parameter() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)).double()
    module[2].weight = module[0].weight
    x, y = normal(6, 3), normal(6, 3, seed=1)
    problem = of_module(module, mse_loss, x, y)
    assert problem.size == 9 + 3 + 3
    moved = copy.deepcopy(module)
    points = around(problem, 2, 0.5)
    with torch.no_grad():
        for name, value in moved.named_parameters():
            value.copy_(points[name][1])
    loss, gradient = autograd(moved, mse_loss, x, y)
    torch.testing.assert_close(problem.objective(points)[1], loss)
    torch.testing.assert_close(matrix(problem.gradient(points))[1], gradient)


def test_a_relu_that_stands_in_two_places_is_two() -> None:
    relu = nn.ReLU()
    module = nn.Sequential(nn.Linear(3, 4), relu, nn.Linear(4, 5), relu, nn.Linear(5, 1)).double()
    apart = copy.deepcopy(module)
    apart[3] = nn.ReLU()
    x, y = normal(6, 3), normal(6, 1, seed=1)
    one, two = (of_module(each, mse_loss, x, y) for each in (module, apart))
    points = around(one, 3, 1.0)
    assert one.activation_pattern(points).shape == (3, 6 * (4 + 5))
    assert torch.equal(one.activation_pattern(points), two.activation_pattern(points))
    held = [each.with_pattern(each.activation_pattern(each.params))(points) for each in (one, two)]
    assert torch.equal(*held)
    assert not torch.equal(held[0], one.objective(points))


class Residual(nn.Module):
    """x + relu(W x), where an in-place ReLU is felt in what reads its input."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.linear, self.relu = nn.Linear(3, 3), nn.ReLU(inplace=inplace)

    def forward(self, x: Tensor) -> Tensor:
        z = self.linear(x)
        return self.relu(z) + z


@pytest.mark.parametrize("inplace", [True, False])
def test_a_relu_in_place(inplace: bool) -> None:
    module = Residual(inplace).double()
    x, y = normal(6, 3), normal(6, 3, seed=1)
    problem = of_module(module, mse_loss, x, y)
    loss, gradient = autograd(module, mse_loss, x, y)
    with torch.no_grad():
        z = module.linear(x)
        assert loss == mse_loss(2 * z.relu() if inplace else z + z.relu(), y)
    torch.testing.assert_close(problem.objective(problem.params)[0], loss)
    torch.testing.assert_close(matrix(problem.gradient(problem.params))[0], gradient)
    held = problem.with_pattern(problem.activation_pattern(problem.params))
    torch.testing.assert_close(held(problem.params)[0], loss)
    points = around(problem, 2, 1.0)
    open_, z = (
        problem.activation_pattern(problem.params).view(6, 3),
        x @ points["linear.weight"][1].T,
    )
    z = z + points["linear.bias"][1]
    expected = mse_loss(2 * z * open_ if inplace else z + z * open_, y)
    torch.testing.assert_close(held(points)[1], expected)


def test_a_loss_that_is_no_number_is_refused() -> None:
    def rows(output: Tensor, y: Tensor) -> Tensor:
        return (output - y).square()

    with pytest.raises(ValueError, match=r"must be one number; it has shape \(6, 1\)"):
        of_module(nn.Linear(3, 1), rows, normal(6, 3), normal(6, 1))


def test_a_loss_of_one_entry_is_a_number() -> None:
    problem = of_module(
        nn.Linear(3, 1),
        lambda output, y: mse_loss(output, y).reshape(1, 1),
        normal(6, 3),
        normal(6, 1),
    )
    assert problem.objective(problem.params).shape == (1,)


def test_a_module_without_relu_has_no_rectifiers() -> None:
    problem = of_module(nn.Linear(3, 1), mse_loss, normal(6, 3), normal(6, 1))
    assert problem.activation_pattern(around(problem, 2, 1.0)).shape == (2, 0)


def test_several_inputs_pass_as_they_are() -> None:
    """Labels keep their type; so does an input that is no tensor."""
    module = nn.Embedding(5, 2)
    problem = of_module(module, mse_loss, torch.tensor([0, 3, 3]), normal(3, 2))
    loss = mse_loss(module(torch.tensor([0, 3, 3])).double(), normal(3, 2))
    torch.testing.assert_close(problem.objective(problem.params)[0], loss.detach())
