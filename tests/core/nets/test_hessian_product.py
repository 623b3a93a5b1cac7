"""Products with Hessians, written out, against dense Hessians and the graph's products."""

import itertools

import pytest
import torch

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.nets.hessian_product import network_product
from bnviz.core.nets.initial import initial
from tests.core.curvature.problems import by_graph
from tests.core.curvature.test_extremes import SEEDS, Y, whole_hessian
from tests.core.curvature.test_traces import X
from tests.core.torch_nets import lived_in

SHAPES = [
    NetworkConfig(depth=depth, width=5, activation=activation, bn_position=position)
    for depth, activation, position in itertools.product(
        (1, 2, 3), ("relu", "tanh"), ("before", "after")
    )
]


def problem(
    network: NetworkConfig, mode: BnMode, *, bn: bool, precision: str = "float64"
) -> Problem:
    stack = lived_in(initial(network, 3, SEEDS[:1], bn=bn))
    return StackProblem(stack, X, Y, mode, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("network", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_dense_hessians(network: NetworkConfig, mode: BnMode, bn: bool) -> None:
    whole = problem(network, mode, bn=bn)
    hessian = whole.hessian_here(whole.size)(torch.eye(whole.size).double())
    expected = whole_hessian(whole)
    torch.testing.assert_close(hessian, expected, rtol=0, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.parametrize("count", [1, 3, 40])
def test_any_number_of_vectors_is_multiplied_as_by_the_graph(count: int) -> None:
    whole = problem(SHAPES[4], "train", bn=True)
    vectors = torch.randn(count, whole.size, generator=torch.Generator().manual_seed(1)).double()
    kept = vectors.clone()
    for together in (1, 7, 40):
        product, slower = (each.hessian(together) for each in (whole, by_graph(whole)))
        for _ in range(2):  # a product leaves nothing behind
            torch.testing.assert_close(product(vectors), slower(vectors), rtol=1e-9, atol=1e-9)
    assert torch.equal(vectors, kept)


def test_single_precision() -> None:
    exact, rounded = (
        problem(SHAPES[5], "train", bn=True, precision=precision)
        for precision in ("float64", "float32")
    )
    vectors = torch.randn(2, exact.size, generator=torch.Generator().manual_seed(1)).double()
    expected, products = (each.hessian()(vectors) for each in (exact, rounded))
    assert products.dtype == torch.float64
    torch.testing.assert_close(products, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    assert (products != expected).any()


def test_the_net_is_left_as_it_was_and_one_row_is_refused() -> None:
    stack = lived_in(initial(SHAPES[0], 3, SEEDS[:1], bn=True))
    before = {name: value.clone() for name, value in (stack.params | stack.buffers).items()}
    product = network_product(stack, X, Y, "train")
    product(torch.ones(2, 36).double())
    after = stack.params | stack.buffers
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    with pytest.raises(ValueError, match="more than one row"):
        network_product(stack, X[:, :1], Y[:1], "train")
