"""Where gradient descent becomes unstable: exactly known for quadratics, and where 2 / sharpness
does not tell it.
"""

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature.extremes import sharpest
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stability import KICK, Bracket, descents, kicked, thresholds, trials
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.nets.initial import initial
from bnviz.core.nets.vectors import flatten, unflatten
from bnviz.core.types import Stopped
from tests.core.curvature.problems import of_module
from tests.core.torch_nets import one_of

NOTHING = torch.zeros(1)
#: What instability may need to show, at most, of the rate: see `thresholds`.
DELAY = {steps: ((1 + 1 / KICK) ** (1 / (2 * steps)) - 1) / 2 for steps in (100, 400)}


class Point(nn.Module):
    """Parameters that are their own output."""

    def __init__(self, theta: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta)

    def forward(self, _: Tensor) -> Tensor:
        return cast(Tensor, self.theta)


def problem_of(loss: Callable[[Tensor], Tensor], size: int) -> Problem:
    theta = torch.ones(size, dtype=torch.float64)
    return of_module(Point(theta), lambda out, _: loss(out), NOTHING, NOTHING)


def quadratic(eigenvalues: Tensor, floor: float = 0.0) -> tuple[Problem, Tensor]:
    """Half of theta' H theta, over a floor; and H's eigenvectors as rows, in the same order."""
    generator = torch.Generator().manual_seed(3)
    size = len(eigenvalues)
    turned = torch.randn(size, size, generator=generator, dtype=torch.float64)
    vectors = torch.linalg.qr(turned).Q.T
    hessian = vectors.T @ torch.diag(eigenvalues.double()) @ vectors
    return problem_of(lambda theta: floor + theta @ hessian @ theta / 2, size), vectors


def last_bracket(
    problem: Problem, starts: Tensor, guesses: Tensor, *, steps: int = 100, halvings: int = 8
) -> Bracket:
    *_, bracket = thresholds(problem, starts, guesses, steps=steps, halvings=halvings)
    return bracket


def bracket_for(problem: Problem, starts: Tensor, **settings: int) -> tuple[Tensor, Bracket]:
    """The prediction (S,), and what is measured from the kicked starts."""
    top = sharpest(problem, starts, tolerance=1e-10)
    bracket = last_bracket(problem, kicked(problem, starts, *top), 2 / top[0], **settings)
    return 2 / top[0], bracket


SPECTRA = {
    "one": torch.tensor([5.0]),
    "alone": torch.tensor([1e-3, 0.5, 1.0, 3.0, 1e3]),
    "near": torch.tensor([9.0, 9.9, 9.99, 10.0]),
    "twice": torch.tensor([0.0, 0.1, 7.0, 7.0]),
}


@pytest.mark.parametrize(("name", "steps"), [*((name, 100) for name in SPECTRA), ("one", 400)])
def test_the_threshold_of_a_quadratic_is_two_over_sharpness(name: str, steps: int) -> None:
    problem, vectors = quadratic(SPECTRA[name])
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(2, len(vectors), generator=generator, dtype=torch.float64)
    prediction, bracket = bracket_for(problem, weights @ vectors, steps=steps)
    torch.testing.assert_close(
        prediction, torch.full_like(prediction, 2 / float(SPECTRA[name].max()))
    )
    assert (bracket.unstable >= prediction).all(), "up to 2 / sharpness all is stable"
    assert (bracket.stable <= prediction * (1 + DELAY[steps])).all()
    assert (bracket.unstable / bracket.stable <= 2 ** (1 / 2**8) * (1 + 1e-9)).all()
    assert ((bracket.stable < bracket.threshold) & (bracket.threshold < bracket.unstable)).all()


@pytest.mark.parametrize("weight", [0.0, 1e-12, 1e-3])
def test_a_start_with_little_weight_on_the_sharp_direction(weight: float) -> None:
    problem, vectors = quadratic(SPECTRA["alone"])
    shares = torch.tensor([[1.0, 1.0, 1.0, 1.0, weight]], dtype=torch.float64)
    prediction, bracket = bracket_for(problem, shares @ vectors)
    assert prediction[0] <= bracket.unstable[0]
    assert bracket.stable[0] <= prediction[0] * (1 + DELAY[100])


def test_from_the_minimum_the_threshold_is_exact() -> None:
    problem, vectors = quadratic(SPECTRA["alone"], floor=2.0)
    prediction, bracket = bracket_for(problem, torch.zeros_like(vectors[:1]), halvings=20)
    assert bracket.stable[0] * (1 - 1e-9) <= prediction[0] <= bracket.unstable[0] * (1 + 1e-9)
    assert bracket.unstable[0] / bracket.stable[0] < 1 + 1e-6


@pytest.mark.parametrize("wrong", [1e-4, 1e4])
def test_a_wrong_guess_costs_rounds_only(wrong: float) -> None:
    problem, vectors = quadratic(SPECTRA["near"])
    starts = torch.ones(1, 4, dtype=torch.float64) @ vectors
    top = sharpest(problem, starts)
    start = kicked(problem, starts, *top)
    bracket = last_bracket(problem, start, torch.tensor([0.2 * wrong]))
    assert bracket.unstable[0] >= 0.2 and bracket.stable[0] <= 0.2 * (1 + DELAY[100])
    assert bracket.share == 1


def test_no_threshold_is_made_up() -> None:
    flat = problem_of(lambda theta: (theta - theta.detach()).sum(), 2)
    starts = torch.ones(3, 2, dtype=torch.float64)
    bracket = last_bracket(flat, starts, torch.tensor([1.0, torch.nan, -1.0]), steps=10)
    # The loss is 0 everywhere, whatever its gradient says: every rate is stable.
    assert bracket.stable[0] > 1e6 and bracket.unstable.isnan().all()
    assert bracket.threshold.isnan().all() and bracket.stable[1:].isnan().all()
    assert torch.equal(bracket.ends[1:], starts[1:])


def test_starts_find_their_own_thresholds_in_lockstep() -> None:
    # theta_0 sets the curvature along theta_1, and has no gradient where theta_1 is 0.
    problem = problem_of(lambda t: 1 + t[0].exp() * t[1] ** 2 / 2 - 0 * t[0], 2)
    starts = torch.tensor([[0.0, 1e-6], [3.0, 1e-6], [-4.0, 1e-6]], dtype=torch.float64)
    guesses = torch.ones(3, dtype=torch.float64)
    together = last_bracket(problem, starts, guesses, steps=20, halvings=8)
    for index in range(3):
        one = slice(index, index + 1)
        alone = last_bracket(problem, starts[one], guesses[one], steps=20, halvings=8)
        assert together.stable[index] == alone.stable[0]
        assert together.unstable[index] == alone.unstable[0]
    expected = 2 / starts[:, 0].exp()
    torch.testing.assert_close(together.threshold, expected, rtol=1e-2, atol=0)


@pytest.mark.parametrize(
    ("direction", "times"), [([0.6, 0.8, 0.0], 5.0), ([1.0, 0.5, 0.5], math.inf)]
)
def test_scale_invariance_outlasts_the_prediction(direction: list[float], times: float) -> None:
    """A loss of the direction of theta alone, as weights before BN have it: every step is at
    right angles to theta and makes it longer, and its curvature falls with the square.
    """

    def loss(theta: Tensor) -> Tensor:
        unit = theta / theta.norm()
        return 1 + unit @ torch.diag(torch.tensor([5.0, 1.0, 0.5]).double()) @ unit

    start = torch.tensor([direction], dtype=torch.float64)
    prediction, bracket = bracket_for(problem_of(loss, 3), start, steps=25, halvings=4)
    assert float(bracket.ends.norm()) > 5 * float(start.norm())
    if math.isinf(times):
        assert bracket.unstable.isnan().all() and bracket.stable[0] > 1e6 * prediction[0]
    else:
        assert bracket.threshold[0] > times * prediction[0]


def test_trials_are_gradient_descent() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    y = torch.randn(20, generator=generator, dtype=torch.float64)
    stack = initial(NetworkConfig(width=4), 3, [5], bn=True).cast(torch.float64)
    problem = StackProblem(stack, x.T, y, "train")
    rates = torch.tensor([0.01, 0.05, 1e3], dtype=torch.float64)
    starts = flatten(list(stack.params.values())).expand(3, -1)
    *_, tried = trials(problem, starts, rates, 7)
    for index, rate in enumerate(rates.tolist()[:2]):
        module = one_of(stack, 0).train()
        optimizer = torch.optim.SGD(module.parameters(), lr=rate)
        for _ in range(7):
            optimizer.zero_grad()
            (module(x)[:, 0] - y).square().mean().backward()
            optimizer.step()
        expected = nn.utils.parameters_to_vector(module.parameters()).detach()
        torch.testing.assert_close(tried.ends[index], expected, rtol=1e-9, atol=1e-9)
    assert tried.stable.tolist() == [True, True, False]


def test_a_loss_that_is_not_finite_is_unstable() -> None:
    problem = problem_of(lambda theta: theta.sum().exp(), 2)
    starts = torch.tensor([[1.0, 1.0], [torch.nan, 0.0], [1e3, 0.0]], dtype=torch.float64)
    *_, tried = trials(problem, starts, torch.full((3,), 1e-3, dtype=torch.float64), 3)
    assert tried.stable.tolist() == [True, False, False]


def test_a_kick_raises_the_loss_by_what_is_said() -> None:
    problem, vectors = quadratic(SPECTRA["alone"], floor=1.0)
    starts = torch.stack([0 * vectors[0], vectors[4], -vectors[4]])
    top = sharpest(problem, starts, tolerance=1e-10)
    moved = kicked(problem, starts, *top)
    losses, before = problem.losses_at(moved), problem.losses_at(starts)
    assert float(losses[0]) == pytest.approx(1 + KICK, rel=1e-9)
    # Uphill, whichever way the eigenvector points.
    distance = math.sqrt(2 * KICK * float(before[1]) / 1e3)
    expected = 1 + 1e3 * (1 + distance) ** 2 / 2
    np.testing.assert_allclose(losses[1:], [expected, expected], rtol=1e-9)


def test_progress_of_a_search_only_grows() -> None:
    problem, vectors = quadratic(SPECTRA["alone"])
    starts = torch.ones(2, 5, dtype=torch.float64) @ vectors
    guesses = torch.tensor([1e-3, 1.0])
    shares = [b.share for b in thresholds(problem, starts, guesses, steps=20, halvings=4)]
    assert shares == sorted(shares) and shares[-1] == 1 and 0 < shares[0] < 0.1


def test_sharpness_along_a_descent() -> None:
    # Half of a' x^2 with a = exp(y): the dynamics of x contract, y falls a little, and so does a.
    problem = problem_of(lambda t: t[1].exp() * t[0] ** 2 / 2 + t[1] ** 2 / 2, 2)
    start = torch.tensor([0.3, 1.0], dtype=torch.float64)
    rates = torch.tensor([0.1, 0.3], dtype=torch.float64)
    recorded = list(descents(problem, start, rates, [0, 3, 5]))
    assert len(recorded) == 3
    for index, rate in enumerate(rates.tolist()):
        theta = start.clone()
        for step in range(6):
            if step in (0, 3, 5):
                losses, sharp = recorded[[0, 3, 5].index(step)]
                x, y = theta.tolist()
                dense = np.array(
                    [[math.exp(y), x * math.exp(y)], [x * math.exp(y), math.exp(y) * x**2 / 2 + 1]]
                )
                assert float(sharp[index]) == pytest.approx(np.linalg.eigvalsh(dense)[-1], rel=1e-6)
                assert float(losses[index]) == pytest.approx(math.exp(y) * x**2 / 2 + y**2 / 2)
            x, y = theta.tolist()
            slope = torch.tensor([math.exp(y) * x, math.exp(y) * x**2 / 2 + y])
            theta = theta - rate * slope


def test_a_descent_that_explodes_is_nan_from_then_on() -> None:
    problem, vectors = quadratic(SPECTRA["alone"])
    rates = torch.tensor([1e-3, 1e150], dtype=torch.float64)
    recorded = list(descents(problem, vectors.sum(0), rates, [0, 1, 5]))
    losses, sharp = zip(*recorded, strict=True)
    assert torch.isfinite(torch.stack(losses)[:, 0]).all()
    assert torch.isnan(losses[2][1]) and torch.isnan(sharp[2][1])
    assert torch.isfinite(sharp[2][0])


def test_once_stopped_there_is_no_more() -> None:
    problem, vectors = quadratic(SPECTRA["alone"])
    with pytest.raises(Stopped):
        sharpest(problem, vectors, should_stop=lambda: True)
    rates = torch.tensor([1e-3], dtype=torch.float64)
    with pytest.raises(Stopped):
        list(descents(problem, vectors[0], rates, [0, 1], should_stop=lambda: True))


@pytest.mark.parametrize("bn", [True, False])
def test_sharpness_at_many_points_is_that_of_dense_hessians(bn: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    stack = initial(NetworkConfig(width=4, activation="tanh"), 3, range(7), bn=bn)
    stack = stack.cast(torch.float64)
    problem = StackProblem(stack.part(slice(0, 1)), x.T, x[:, 0], "train")
    points = flatten(list(stack.params.values()))
    sharp = sharpest(problem, points, tolerance=1e-8)
    for index, point in enumerate(points):
        dense = torch.autograd.functional.hessian(lambda v: _loss(problem, v), point)
        values = torch.linalg.eigvalsh(dense)
        assert float(sharp[0][index]) == pytest.approx(float(values[-1]), rel=1e-9)
        vector = sharp[1][index]
        torch.testing.assert_close(dense @ vector, values[-1] * vector, rtol=0, atol=1e-6)
    start = sharp[1] + 0.1
    again = sharpest(problem, points, start=start, tolerance=1e-8)
    torch.testing.assert_close(again[0], sharp[0])


def _loss(problem: Problem, point: Tensor) -> Tensor:
    return problem.objective(unflatten(point[None], problem.params))[0]


def test_sharpness_that_has_not_converged_is_nan() -> None:
    problem, vectors = quadratic(torch.linspace(9, 10, 40))
    sharp = sharpest(problem, vectors[:1], start=None, tolerance=1e-12, max_iterations=3)
    assert sharp[0].isnan().all()
