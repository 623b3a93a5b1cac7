"""Extreme eigenvalues against dense Hessians, known spectra and hessian-eigenthings."""

import itertools

import numpy as np
import pytest
import torch
from hessian_eigenthings import HessianOperator, lanczos
from torch import Tensor, nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature import Extremes, extremes, hessian_product, single_extremes
from bnviz.core.gradients import Objective, objective_of
from bnviz.core.networks import Stack, initial
from bnviz.core.vectors import Tensors, flatten
from tests.core.torch_nets import lived_in, one_of

SEEDS = (1, 2, 3)
SHAPES = [
    NetworkConfig(depth=depth, width=6, activation=activation, bn_position=position)
    for depth, activation, position in itertools.product(
        (1, 2), ("relu", "tanh"), ("before", "after")
    )
]
GENERATOR = torch.Generator().manual_seed(11)
X = torch.randn(60, 3, generator=GENERATOR, dtype=torch.float64) * 2 + 1
Y = torch.randn(60, generator=GENERATOR, dtype=torch.float64) * 3


def dense(loss: Tensor, params: list[Tensor]) -> Tensor:
    """The whole Hessian by double torch.autograd.grad, a row at a time."""
    gradients = torch.autograd.grad(loss, params, create_graph=True)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    rows = [
        torch.cat([row.flatten() for row in torch.autograd.grad(entry, params, retain_graph=True)])
        for entry in flat
    ]
    return torch.stack(rows)


def found(objective: Objective, params: Tensors, **options: object) -> Extremes:
    ends = extremes(objective, params, **options)  # type: ignore[arg-type]
    assert ends is not None
    return ends


def of_stack(stack: Stack, mode: str, **options: object) -> Extremes:
    return found(objective_of(stack, X.T, Y, mode), stack.params, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("network", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_dense_hessians_of_torch_modules(network: NetworkConfig, mode: str, bn: bool) -> None:
    stack = lived_in(initial(network, 3, SEEDS, bn=bn))
    ends = of_stack(stack, mode)
    assert ends.converged.all()
    for index in range(len(SEEDS)):
        module = one_of(stack, index).train(mode == "train")
        loss = (module(X)[:, 0] - Y).square().mean()
        values = torch.linalg.eigvalsh(dense(loss, list(module.parameters()))).numpy()
        assert ends.minimum[index] == pytest.approx(values[0], rel=1e-6)
        assert ends.maximum[index] == pytest.approx(values[-1], rel=1e-6)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_hessian_eigenthings_agrees(mode: str) -> None:
    stack = lived_in(initial(NetworkConfig(width=16), 3, SEEDS, bn=True))
    ends = of_stack(stack, mode)
    for index in range(len(SEEDS)):
        module = one_of(stack, index).train(mode == "train")
        operator = HessianOperator(
            module, [(X, Y)], lambda net, batch: (net(batch[0])[:, 0] - batch[1]).square().mean()
        )
        for which, ours in (("LA", ends.maximum), ("SA", ends.minimum)):
            theirs = lanczos(operator, k=1, max_iter=50, which=which, seed=0)
            assert ours[index] == pytest.approx(theirs.eigenvalues[0].item(), rel=1e-6)


def quadratic(*spectra: list[float]) -> tuple[Objective, Tensors, Tensor]:
    """Losses 0.5 x'Hx with these spectra in random bases; also the Hessians."""
    generator = torch.Generator().manual_seed(5)
    size = len(spectra[0])
    values = torch.tensor(spectra, dtype=torch.float64)
    noise = torch.randn(len(spectra), size, size, generator=generator, dtype=torch.float64)
    bases = torch.linalg.qr(noise).Q
    hessians = bases @ torch.diag_embed(values) @ bases.mT

    def objective(params: Tensors) -> Tensor:
        x = params["x"].unsqueeze(2)
        return 0.5 * (x.mT @ hessians @ x).flatten()

    return objective, {"x": torch.ones(len(spectra), size)}, hessians


def test_known_spectra_of_several_networks() -> None:
    spectra = [
        np.linspace(-3, 10, 40).tolist(),
        np.geomspace(1e-8, 1e6, 40).tolist(),
        [-5.0] * 20 + [7.0] * 20,
        np.linspace(-9, -2, 40).tolist(),
    ]
    objective, params, _ = quadratic(*spectra)
    ends = found(objective, params, tolerance=1e-8)
    assert ends.converged.all()
    np.testing.assert_allclose(ends.minimum, [-3, 1e-8, -5, -9], rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(ends.maximum, [10, 1e6, 7, -2], rtol=1e-9)
    assert ends.iterations[2] <= 4  # two distinct eigenvalues: the space is soon exhausted


def test_nearly_opposite_ends_do_not_stall_it() -> None:
    spectrum = [-12337.9, 12368.9, *np.linspace(-3000, 3000, 198).tolist()]
    objective, params, _ = quadratic(spectrum)
    ends = found(objective, params)
    assert ends.converged.all() and ends.iterations[0] < 40
    assert ends.minimum[0] == pytest.approx(-12337.9, rel=1e-6)
    assert ends.maximum[0] == pytest.approx(12368.9, rel=1e-6)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-5])
def test_residuals_are_what_they_say(tolerance: float) -> None:
    """An eigenvalue lies within the residual, and the residual within the tolerance."""
    spectrum = np.random.default_rng(0).standard_normal(300) * 10
    objective, params, _ = quadratic(spectrum.tolist())
    ends = found(objective, params, tolerance=tolerance)
    for value, residual, exact in (
        (ends.minimum[0], ends.minimum_residual[0], spectrum.min()),
        (ends.maximum[0], ends.maximum_residual[0], spectrum.max()),
    ):
        assert abs(value - exact) <= residual <= tolerance * abs(value)
        assert residual > 1e-9  # it stops when it is good enough


def test_too_few_iterations_are_owned_up_to() -> None:
    spectrum = np.random.default_rng(0).standard_normal(300)
    objective, params, _ = quadratic(spectrum.tolist(), [1.0] * 300)
    ends = found(objective, params, max_iterations=5)
    assert ends.converged.tolist() == [False, True]
    assert ends.iterations.tolist() == [5, 1]
    assert 0 < ends.maximum[0] < spectrum.max()
    assert ends.maximum_residual[0] > 1e-4 * ends.maximum[0]


def test_networks_without_numbers_are_set_aside() -> None:
    stack = lived_in(initial(NetworkConfig(width=6), 3, SEEDS, bn=True))
    whole = of_stack(stack, "eval")
    stack.params["layers.0.weight"][1, 2, 0] = torch.nan
    ill = of_stack(stack, "eval")
    assert np.isnan(ill.minimum[1]) and np.isnan(ill.maximum_residual[1])
    assert ill.converged.tolist() == [True, False, True]
    np.testing.assert_array_equal(ill.maximum[[0, 2]], whole.maximum[[0, 2]])
    np.testing.assert_array_equal(ill.iterations[[0, 2]], whole.iterations[[0, 2]])
    stack = lived_in(initial(NetworkConfig(width=6), 3, SEEDS, bn=True))
    stack.buffers["layers.0.running_mean"][2] = torch.inf  # finite parameters, no finite loss
    assert of_stack(stack, "eval").converged.tolist() == [True, True, False]


def test_flat_losses() -> None:
    def flat(params: Tensors) -> Tensor:
        return params["x"].sum(1)

    ends = found(flat, {"x": torch.ones(2, 4)})
    assert ends.minimum.tolist() == ends.maximum.tolist() == [0, 0]
    assert ends.converged.all()
    ends = found(lambda params: 0 * params["x"].square().sum(1), {"x": torch.ones(2, 4)})
    assert ends.minimum.tolist() == ends.maximum.tolist() == [0, 0] and ends.converged.all()


def test_one_parameter() -> None:
    ends = found(lambda params: 3 * params["x"].square().sum(1), {"x": torch.ones(1, 1)})
    assert ends.minimum[0] == ends.maximum[0] == pytest.approx(6)
    assert ends.converged.all()


def test_products_with_vectors() -> None:
    objective, params, hessians = quadratic([1.0, 2.0, 5.0], [-1.0, 0.0, 4.0])
    product = hessian_product(objective, params, params["x"].double())
    vectors = torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(product(vectors), (hessians @ vectors.unsqueeze(2)).squeeze(2))


def test_the_same_seed_gives_the_same_bits_and_company_changes_little() -> None:
    stack = lived_in(initial(NetworkConfig(width=6), 3, SEEDS, bn=True))
    state = torch.random.get_rng_state()
    first, again = of_stack(stack, "eval", seed=4), of_stack(stack, "eval", seed=4)
    assert torch.equal(state, torch.random.get_rng_state())
    np.testing.assert_array_equal(first.maximum, again.maximum)
    alone = of_stack(stack.part(slice(1, 2)), "eval", seed=4)
    np.testing.assert_allclose(alone.minimum, first.minimum[1:2], rtol=1e-12)
    assert (first.maximum != of_stack(stack, "eval", seed=5).maximum).any()


def test_the_stack_is_left_as_it_was() -> None:
    stack = lived_in(initial(NetworkConfig(width=6), 3, SEEDS, bn=True))
    before = {name: value.clone() for name, value in (stack.params | stack.buffers).items()}
    of_stack(stack, "train")
    after = stack.params | stack.buffers
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(value.requires_grad for value in after.values())


def test_stopping_between_steps() -> None:
    stack, asked = lived_in(initial(NetworkConfig(), 3, SEEDS, bn=True)), iter([False, False, True])
    objective = objective_of(stack, X.T, Y, "eval")
    assert extremes(objective, stack.params, should_stop=lambda: next(asked)) is None
    assert next(asked, None) is None


def test_an_ordinary_module() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    params = {name: value.detach() for name, value in module.named_parameters()}

    def loss(values: Tensors) -> Tensor:
        output: Tensor = torch.func.functional_call(module, values, (X,))
        return (output[:, 0] - Y).square().mean()

    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    values = torch.linalg.eigvalsh(dense(loss(leaves), list(leaves.values())))
    ends = single_extremes(loss, params, tolerance=1e-6)
    assert ends.minimum[0] == pytest.approx(values[0].item(), rel=1e-7)
    assert ends.maximum[0] == pytest.approx(values[-1].item(), rel=1e-7)
    assert flatten([value.unsqueeze(0) for value in params.values()]).shape == (1, 26)
