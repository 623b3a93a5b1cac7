"""The loss on lines and planes, against analytic losses and ordinary modules."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature.landscape import (
    directions,
    filter_normalized,
    filter_norms,
    lines,
    path_plane,
    plane,
)
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.nets.initial import initial
from bnviz.core.nets.vectors import Tensors, unflatten
from bnviz.core.types import Stopped
from tests.core.curvature.problems import changed, of_module
from tests.core.torch_nets import lived_in, one_of

X = torch.randn(30, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
Y = X[:, 0].sin()


def stacked(module: nn.Module) -> Tensors:
    return {name: value.detach()[None] for name, value in module.named_parameters()}


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Bowl(nn.Module):
    """Half of (theta - centre)' H (theta - centre)."""

    def __init__(self, hessian: Tensor, theta: Tensor, centre: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta)
        self.register_buffer("hessian", hessian)
        self.register_buffer("centre", centre)

    def forward(self, _: Tensor) -> Tensor:
        step = self.theta - self.centre
        return step @ self.hessian @ step / 2


def bowl(hessian: Tensor, theta: Tensor, centre: Tensor) -> Problem:
    return of_module(Bowl(hessian, theta, centre), lambda out, _: out, X, Y)


def test_filter_norms_of_a_linear_layer_by_hand() -> None:
    params = {
        "weight": torch.tensor([[[3.0, 4.0], [0.0, 2.0]]]),
        "bias": torch.tensor([[7.0, 8.0]]),
        "gain": torch.tensor([9.0]),
    }
    assert filter_norms(params).tolist() == [[5.0, 5.0, 2.0, 2.0, 0.0, 0.0, 0.0]]


def test_a_filter_of_a_convolution_is_one_output_channel() -> None:
    params = {"weight": torch.stack([torch.full((2, 3, 3), 1.0), torch.full((2, 3, 3), 2.0)])[None]}
    norms = filter_norms(params)
    assert norms.shape == (1, 36)
    torch.testing.assert_close(norms[0, :18], torch.full((18,), 18**0.5))
    torch.testing.assert_close(norms[0, 18:], torch.full((18,), 72**0.5))


def test_a_stack_has_the_norms_of_each_network() -> None:
    params = {"weight": torch.tensor([[[3.0, 4.0]], [[6.0, 8.0]]])}
    assert filter_norms(params).tolist() == [[5.0, 5.0], [10.0, 10.0]]


def test_every_filter_of_a_direction_is_as_long_as_the_nets() -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))
    params = stacked(net)
    sizes = [value[0].numel() for value in params.values()]
    drawn = torch.randn(5, sum(sizes), generator=torch.Generator().manual_seed(0))
    normalized = filter_normalized(params, drawn)
    conv, conv_bias, gamma, beta, linear, bias = torch.split(normalized, sizes, dim=1)
    assert not torch.cat([conv_bias, gamma, beta, bias], dim=1).any()
    for index, direction in enumerate(conv.view(5, 3, 18)):
        torch.testing.assert_close(direction.norm(dim=1), net[0].weight.flatten(1).norm(dim=1))
        along = torch.nn.functional.cosine_similarity(
            direction, drawn[index, :54].view(3, 18), dim=1
        )
        torch.testing.assert_close(along, torch.ones(3))
    for direction in linear.view(5, 2, 3):
        torch.testing.assert_close(direction.norm(dim=1), net[3].weight.norm(dim=1))


def test_a_direction_without_a_filter_stays_without_it() -> None:
    params = {"weight": torch.ones(1, 2, 2)}
    normalized = filter_normalized(params, torch.tensor([[0.0, 0.0, 1.0, 0.0]]))
    torch.testing.assert_close(normalized, torch.tensor([[0.0, 0.0, 2.0**0.5, 0.0]]))


def test_both_nets_get_the_same_directions_as_far_as_they_share_weights() -> None:
    network = NetworkConfig(depth=2, width=5)
    drawn = {}
    for bn in (True, False):
        params = initial(network, 3, [7], bn=bn).params
        drawn[bn] = unflatten(directions(params, 3, seed=2), params)
    for name, value in drawn[False].items():
        assert torch.equal(drawn[True][name], value)
    assert not drawn[True]["layers.0.gamma"].any()
    assert drawn[True]["layers.1.weight"].any()
    assert not torch.equal(drawn[True]["output.weight"][0], drawn[True]["output.weight"][1])


def test_the_plane_of_a_quadratic_is_the_quadratic() -> None:
    half = randn(6, 6)
    hessian, theta, centre = half @ half.T, randn(6, seed=1), randn(6, seed=2)
    first, second = randn(2, 6, seed=3)
    a, b = np.linspace(-1, 2, 7), np.linspace(-0.5, 0.5, 5)
    losses = plane(bowl(hessian, theta, centre), first, second, a, b)
    assert losses.shape == (5, 7)
    for row, along_second in enumerate(b):
        for column, along_first in enumerate(a):
            step = theta + along_first * first + along_second * second - centre
            assert losses[row, column] == pytest.approx(float(step @ hessian @ step / 2), rel=1e-12)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_planes_and_lines_of_a_stack_are_those_of_a_loop_over_a_module(mode: str, bn: bool) -> None:
    stack = lived_in(initial(NetworkConfig(depth=2, width=5), 3, [4], bn=bn))
    problem = StackProblem(stack, X.T, Y, mode)  # type: ignore[arg-type]
    drawn = directions(problem.params, 2, seed=0)
    module = one_of(stack, 0).train(mode == "train")
    origin = nn.utils.parameters_to_vector(module.parameters()).detach()

    def at(point: Tensor) -> float:
        nn.utils.vector_to_parameters(point, module.parameters())
        return float((module(X)[:, 0] - Y).square().mean().detach())

    a, b = np.linspace(-1, 1, 4), np.linspace(-2, 2, 3)
    expected = [[at(origin + s * drawn[0] + t * drawn[1]) for s in a] for t in b]
    losses = plane(changed(problem, chunk=5), drawn[0], drawn[1], a, b)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    expected = [[at(origin + s * direction) for s in a] for direction in drawn]
    np.testing.assert_allclose(lines(problem, drawn, a), expected, rtol=1e-10)


def test_a_module_of_convolutions_has_a_plane_and_is_left_alone() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()).double()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x, y = randn(4, 1, 5, 5), randn(4, 18, seed=1)
    problem = of_module(net, nn.functional.mse_loss, x, y)
    first, second = directions(problem.params, 2, seed=0)
    losses = plane(problem, first, second, np.array([0.0, 1.0]), np.array([0.0]))
    here = nn.functional.mse_loss(net.eval()(x), y).item()
    assert losses[0, 0] == pytest.approx(here, rel=1e-12) and losses[0, 1] != losses[0, 0]
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_refined_plane_computes_only_what_is_new() -> None:
    problem = bowl(torch.eye(3).double(), randn(3), randn(3, seed=1))
    first, second = randn(2, 3, seed=2)
    axis = np.linspace(-1, 1, 5)
    known = np.full((5, 5), np.nan)
    known[::2, ::2] = 7.0
    refined = plane(problem, first, second, axis, axis, known=known)
    whole = plane(problem, first, second, axis, axis)
    assert np.array_equal(refined[::2, ::2], np.full((3, 3), 7.0))
    assert np.array_equal(refined[1::2], whole[1::2])
    assert np.isnan(known[1, 1]), "what was known is not written over"


def test_a_stopped_plane_is_none() -> None:
    problem = bowl(torch.eye(3).double(), randn(3), randn(3, seed=1))
    asked = iter([False, False, True])
    first, second = randn(2, 3, seed=2)
    axis = np.linspace(-1, 1, 5)
    with pytest.raises(Stopped):
        plane(problem, first, second, axis, axis, should_stop=lambda: next(asked))
    with pytest.raises(Stopped):
        lines(problem, randn(2, 3), axis, should_stop=lambda: True)


def test_points_run_in_chunks() -> None:
    seen = []
    problem = bowl(torch.eye(6).double(), randn(6), randn(6, seed=1))

    def counted(points: Tensors) -> Tensor:
        seen.append(len(points["theta"]))
        return problem.objective(points)

    axis = np.linspace(-1, 1, 3)
    plane(changed(problem, chunk=2, objective=counted), *randn(2, 6), axis, axis)
    assert seen == [4, 4, 1]


def test_chunks_of_large_networks_stay_within_the_stated_memory() -> None:
    small = initial(NetworkConfig(width=8), 3, [0], bn=False)
    large = initial(NetworkConfig(width=512, depth=5), 3, [0], bn=False)
    chunks = {}
    for name, stack in (("small", small), ("large", large)):
        chunks[name] = StackProblem(stack, X[:2].T, Y[:2], "eval")
    assert chunks["small"].chunk > 1000
    assert chunks["large"].size > 10**6 and chunks["large"].chunk == 1


def test_a_paths_plane_is_that_of_sklearn() -> None:
    path = torch.cumsum(randn(12, 40), dim=0) + 5
    basis, coordinates, explained = path_plane(path)
    steps = (path - path[-1]).numpy()
    # sklearn centres; with its mirror image the path is centred already.
    from sklearn.decomposition import PCA

    oracle = PCA(2, svd_solver="full").fit(np.concatenate([steps, -steps]))
    np.testing.assert_allclose(explained, oracle.explained_variance_ratio_, rtol=1e-10)
    overlap = np.abs(basis.numpy() @ oracle.components_.T)
    np.testing.assert_allclose(overlap, np.eye(2), atol=1e-10)
    np.testing.assert_allclose(
        np.abs(coordinates), np.abs(steps @ oracle.components_.T), atol=1e-10
    )
    assert np.array_equal(coordinates[-1], [0.0, 0.0])
    assert (coordinates[0] > 0).all()


def test_a_path_in_a_plane_is_found_whole() -> None:
    corners = torch.tensor([[2.0, 1.0], [1.0, 3.0], [0.5, -1.0], [0.0, 0.0]]).double()
    spanned = torch.linalg.qr(randn(9, 2)).Q.T
    path = 4 + corners @ spanned
    basis, coordinates, explained = path_plane(path)
    assert explained.sum() == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(path[-1] + torch.from_numpy(coordinates) @ basis, path)


@pytest.mark.parametrize("moved", [0.0, 2.0])
def test_a_path_of_one_step_or_none_still_has_a_plane(moved: float) -> None:
    start = torch.ones(7)
    end = start.clone()
    end[3] += moved
    basis, coordinates, explained = path_plane(torch.stack([start, end]))
    torch.testing.assert_close(basis @ basis.T, torch.eye(2).double())
    np.testing.assert_allclose(coordinates, [[moved, 0.0], [0.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(explained, [1.0 if moved else 0.0, 0.0], atol=1e-12)
