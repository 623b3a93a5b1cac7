"""Extreme eigenvalues against dense Hessians, known spectra and hessian-eigenthings."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hessian_eigenthings import HessianOperator, lanczos
from torch import Tensor, nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature.extremes import Extremes, extremes, problem_extremes, top_vectors
from bnviz.core.curvature.lanczos import Lanczos
from bnviz.core.curvature.problem import Problem, hessian_product
from bnviz.core.nets.gradients import Objective, objective_of
from bnviz.core.nets.initial import initial
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import Stopped
from tests.core.curvature.problems import changed, of_module
from tests.core.torch_nets import lived_in, one_of
from tests.waiting import PATIENCE

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


def of_stack(stack: Stack, mode: str, **options: object) -> Extremes:
    return extremes(objective_of(stack, X.T, Y, mode), stack.params, **options)  # type: ignore[arg-type]


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
    ends = extremes(objective, params, tolerance=1e-8)
    assert ends.converged.all()
    np.testing.assert_allclose(ends.minimum, [-3, 1e-8, -5, -9], rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(ends.maximum, [10, 1e6, 7, -2], rtol=1e-9)
    assert ends.iterations[2] <= 4  # two distinct eigenvalues: the space is soon exhausted


def test_nearly_opposite_ends_do_not_stall_it() -> None:
    spectrum = [-12337.9, 12368.9, *np.linspace(-3000, 3000, 198).tolist()]
    objective, params, _ = quadratic(spectrum)
    ends = extremes(objective, params)
    assert ends.converged.all() and ends.iterations[0] < 40
    assert ends.minimum[0] == pytest.approx(-12337.9, rel=1e-6)
    assert ends.maximum[0] == pytest.approx(12368.9, rel=1e-6)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-5])
def test_residuals_are_what_they_say(tolerance: float) -> None:
    """An eigenvalue lies within the residual, and the residual within the tolerance."""
    spectrum = np.random.default_rng(0).standard_normal(300) * 10
    objective, params, _ = quadratic(spectrum.tolist())
    ends = extremes(objective, params, tolerance=tolerance)
    for value, residual, exact in (
        (ends.minimum[0], ends.minimum_residual[0], spectrum.min()),
        (ends.maximum[0], ends.maximum_residual[0], spectrum.max()),
    ):
        assert abs(value - exact) <= residual <= tolerance * abs(value)
        assert residual > 1e-9  # it stops when it is good enough


def test_too_few_iterations_are_owned_up_to() -> None:
    spectrum = np.random.default_rng(0).standard_normal(300)
    objective, params, _ = quadratic(spectrum.tolist(), [1.0] * 300)
    ends = extremes(objective, params, max_iterations=5)
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

    ends = extremes(flat, {"x": torch.ones(2, 4)})
    assert ends.minimum.tolist() == ends.maximum.tolist() == [0, 0]
    assert ends.converged.all()
    ends = extremes(lambda params: 0 * params["x"].square().sum(1), {"x": torch.ones(2, 4)})
    assert ends.minimum.tolist() == ends.maximum.tolist() == [0, 0] and ends.converged.all()


def test_one_parameter() -> None:
    ends = extremes(lambda params: 3 * params["x"].square().sum(1), {"x": torch.ones(1, 1)})
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
    with pytest.raises(Stopped):
        extremes(objective, stack.params, should_stop=lambda: next(asked))
    assert next(asked, None) is None


def module_problem(kind: str, mode: str = "eval", precision: str = "float64") -> Problem:
    """A small module's problem; the module's own parameters are left as they are."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if kind == "convolution":
            layers = [nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten()]
            module, x = nn.Sequential(*layers, nn.Linear(12, 3)), torch.randn(20, 1, 3, 3)
            loss, y = nn.functional.cross_entropy, torch.arange(20) % 3
        else:
            layers = [nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh()]
            module, x = nn.Sequential(*layers, nn.Linear(8, 1)), X
            loss, y = nn.functional.mse_loss, Y.unsqueeze(1)
    return of_module(module, loss, x, y, mode=mode, precision=precision)  # type: ignore[arg-type]


def whole_hessian(problem: Problem) -> Tensor:
    """(n, n) by double autograd through the problem's objective."""
    leaves = [value.clone().requires_grad_() for value in problem.params.values()]
    return dense(problem.objective(dict(zip(problem.params, leaves, strict=True)))[0], leaves)


@pytest.mark.parametrize("kind", ["convolution", "linear"])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_any_module(kind: str, mode: str) -> None:
    problem = module_problem(kind, mode)
    values, vectors = torch.linalg.eigh(whole_hessian(problem))
    ends = problem_extremes(problem)
    assert ends.converged.all()
    assert ends.minimum == pytest.approx([values[0].item()], rel=1e-6)
    assert ends.maximum == pytest.approx([values[-1].item()], rel=1e-6)
    top = top_vectors(problem, 3)
    torch.testing.assert_close(top[0], values[-3:].flip(0), rtol=1e-6, atol=0)
    alike = (top[1] * vectors.T[-3:].flip(0)).sum(1).abs()
    torch.testing.assert_close(alike, torch.ones(3).double(), rtol=0, atol=1e-6)


def test_single_precision_knows_the_larger_end() -> None:
    exact = problem_extremes(module_problem("linear"))
    rounded = problem_extremes(module_problem("linear", precision="float32"))
    assert rounded.maximum == pytest.approx(exact.maximum, rel=1e-5)
    assert (rounded.maximum != exact.maximum).all()


class Bowl(nn.Module):
    """A loss 0.5 x'diag(y)x of its one parameter."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.ones(size))

    def forward(self, _: Tensor) -> Tensor:
        return self.x

    @staticmethod
    def problem(spectrum: list[float] | Tensor) -> Problem:
        values = torch.as_tensor(spectrum, dtype=torch.float64)
        return of_module(
            Bowl(len(spectrum)), lambda x, y: 0.5 * (x * x * y).sum(), torch.zeros(1), values
        )


@pytest.mark.parametrize(
    ("spectrum", "expected"),
    [
        ([3.0, 1.0, 3.0, -2.0, 3.0], [3, 3, 3, 1]),  # a multiple eigenvalue
        ([2.0, 2.0, 2.0, 2.0, 2.0], [2, 2, 2, 2]),
        ([0.0, 0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0]),
        ([-4.0, -1.0, -1e6, -2.0, -3.0], [-1, -2, -3, -4]),  # none is positive
        ([1.0, -5.0, 0.5, -5.0, -6.0], [1, 0.5, -5, -5]),
        ([*np.linspace(-50, 50, 300).tolist(), 51.0, 51.0], [51, 51, 50, 50 - 100 / 299]),
    ],
)
def test_the_largest_eigenvalues_are_found_as_often_as_they_are_there(
    spectrum: list[float], expected: list[float]
) -> None:
    top = top_vectors(Bowl.problem(spectrum), 4, tolerance=1e-8)
    values, vectors, _ = top
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(vectors @ vectors.T, torch.eye(4).double(), rtol=0, atol=1e-9)
    image = vectors * torch.tensor(spectrum)
    residual = (image - values.unsqueeze(1) * vectors).norm(dim=1)
    assert (residual <= 1e-7 * max(map(abs, spectrum))).all()


def test_an_eigenvalue_that_is_not_sure_is_none() -> None:
    spectrum = np.linspace(-50, 50, 300).tolist()
    top = top_vectors(Bowl.problem([*spectrum, 1e4]), 2, max_iterations=6)
    assert top[0][0].item() == pytest.approx(1e4) and top[0][1].isnan()
    assert top[1].isfinite().all()
    infinite = torch.tensor([*spectrum, np.inf]).double()
    nothing = top_vectors(changed(Bowl.problem([*spectrum, 1.0]), y=infinite), 2)
    assert nothing[0].isnan().all()
    for count in (0, 4):
        with pytest.raises(ValueError, match="3 eigenvalues"):
            top_vectors(Bowl.problem([1.0, 2.0, 3.0]), count)


def test_stopping_the_search_for_one_network() -> None:
    problem, asked = module_problem("linear"), iter([False, True, False, True])
    with pytest.raises(Stopped):
        problem_extremes(problem, should_stop=lambda: next(asked))
    with pytest.raises(Stopped):
        top_vectors(problem, should_stop=lambda: next(asked))
    assert next(asked, None) is None


@pytest.mark.parametrize("vectors", [12, 20, 33])
def test_a_small_memory_only_takes_longer(vectors: int) -> None:
    spectra = [
        np.linspace(-50, 50, 400).tolist(),
        [-12337.9, 12368.9, *np.linspace(-3000, 3000, 398).tolist()],
        np.random.default_rng(0).standard_normal(400).tolist(),
        [-5.0] * 200 + [7.0] * 200,
    ]
    objective, params, _ = quadratic(*spectra)
    options = {"tolerance": 1e-6, "max_iterations": 2000}
    whole = extremes(objective, params, **options)
    small = extremes(objective, params, memory=vectors * 8 * 4 * 400, **options)
    assert whole.converged.all() and small.converged.all()
    assert (small.iterations >= whole.iterations).all()
    assert small.iterations[0] > 2 * vectors  # it did start anew
    np.testing.assert_allclose(small.maximum, whole.maximum, rtol=1e-6)
    np.testing.assert_allclose(small.minimum, whole.minimum, rtol=1e-6, atol=1e-3)
    problem = Bowl.problem(spectra[2])
    top = top_vectors(problem, memory=vectors * 8 * 400)
    np.testing.assert_allclose(top[0], sorted(spectra[2])[:-3:-1], rtol=1e-6)


def test_after_a_restart_the_basis_is_still_one_of_the_krylov_space() -> None:
    """H V = V T + coupling * next vector * e', V orthonormal: Wu & Simon (2000), equation 8."""
    _, _, hessians = quadratic(np.random.default_rng(1).standard_normal(60).tolist())
    start = torch.ones(1, 60, dtype=torch.float64)
    lanczos = Lanczos(lambda v: (hessians @ v.unsqueeze(2)).squeeze(2), start, 12)
    for _ in range(30):
        lanczos.advance()
        size = lanczos.size
        basis, projection = lanczos.basis[0, :size], lanczos.projection[0, :size, :size]
        torch.testing.assert_close(basis @ basis.T, torch.eye(size).double(), rtol=0, atol=1e-12)
        rest = basis @ hessians[0] - projection @ basis
        rest[-1] -= lanczos.coupling * lanczos.vector[0]
        assert rest.abs().max() < 1e-12
        ritz = lanczos.ritz()
        vectors = lanczos.combined(ritz.vectors)[0]
        true = (vectors @ hessians[0] - ritz.values[0].unsqueeze(1) * vectors).norm(dim=1)
        torch.testing.assert_close(true, ritz.residuals[0], rtol=1e-6, atol=1e-12)


MILLION = """
import re, resource
from pathlib import Path
import torch
from bnviz.core.curvature.extremes import problem_extremes
from tests.core.curvature.test_extremes import Bowl

torch.set_num_threads(1)
size = 10**6
problem = Bowl.problem(torch.linspace(-1, 1, size).pow(3))
status = Path("/proc/self/status")
def peak():
    if status.exists():  # Linux counts the process that started this one in ru_maxrss
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
problem_extremes(Bowl.problem([1.0, 2.0]))
before = peak()
ends = problem_extremes(problem, max_iterations=40, tolerance=0.0)
print(ends.iterations[0], (peak() - before) / 2**20)
"""


@pytest.mark.proof
def test_a_million_parameters_in_bounded_memory() -> None:
    """256 MB of basis are full after 33 steps; the rest is ten vectors of 7.6 MB at most.

    How much freed memory the C library keeps differs from machine to machine and from run to
    run; with every large block its own mapping (mallopt(3)), only what is in use is counted.
    """
    run = subprocess.run(
        [sys.executable, "-c", MILLION],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**20)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    steps, megabytes = run.stdout.split()
    assert int(steps) == 40
    assert 256 < float(megabytes) < 256 + 76
