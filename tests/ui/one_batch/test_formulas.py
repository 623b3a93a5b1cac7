"""The formula with a cell's numbers put in: right of = stands what follows from the left."""

import re

import numpy as np
import pytest

from bnviz.core.batchnorm.equations import apply
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import draw
from bnviz.ui.one_batch.formulas import cell_steps, number


def value(latex: str) -> float:
    """A number as :func:`number` writes it, read back."""
    text = latex.replace("{,}", "").strip().strip("()")
    mantissa, _, power = text.partition(r"\times 10^")
    return float(mantissa) * 10.0 ** float(power.strip("{}") or 0)


NUMBER = r"\(?(-?[\d{},.]*\d(?:\\times 10\^\{-?\d+\})?)\)?"


@pytest.mark.parametrize("given", [0.0, 1.0, -2.5, 1234.5, 6.02e23, 1e-5, -3.2e-12, 99_999.0])
def test_numbers_read_back(given: float) -> None:
    assert value(number(given)) == pytest.approx(given, rel=1e-3)


@pytest.mark.parametrize("given", [float("nan"), float("inf")])
def test_what_is_no_number_is_legible(given: float) -> None:
    assert number(given) in (r"\text{NaN}", r"\infty", "∞")


@pytest.mark.parametrize("source", ["scales", "normal", "skewed", "wine"])
@pytest.mark.parametrize("norm", [NormConfig(), NormConfig(gamma=-2.0, beta=0.5, eps=0.1)], ids=str)
def test_steps_follow_from_each_other(source: str, norm: NormConfig) -> None:
    batch = draw(BatchConfig(source=source, batch_size=50, features=6))  # type: ignore[arg-type]
    result = apply(batch.values, norm)
    for row, feature in ((0, 0), (3, 2), (49, 5)):
        mean, variance, x_hat, y = cell_steps(batch.values, result, norm, row, feature)
        column = batch.values[:, feature]
        assert value(mean.rpartition("=")[2]) == pytest.approx(column.mean(), rel=1e-3)
        assert value(variance.rpartition("=")[2]) == pytest.approx(column.var(), rel=1e-3)

        fraction = re.fullmatch(
            rf"\\hat x = \\frac\{{{NUMBER} - {NUMBER}\}}"
            rf"\{{\\sqrt\{{{NUMBER} \+ {NUMBER}\}}\}} = {NUMBER}",
            x_hat,
        )
        assert fraction, x_hat
        x, mu, var, eps, got = map(value, fraction.groups())
        assert x == pytest.approx(column[row], rel=1e-3) and eps == pytest.approx(norm.eps)
        spread = (column.var() + norm.eps) ** 0.5
        assert got == pytest.approx((column[row] - column.mean()) / spread, rel=2e-3, abs=1e-6)
        assert (x - mu) / (var + eps) ** 0.5 == pytest.approx(
            got, abs=2e-3 * abs(mu) / spread + 5e-3
        )

        affine = re.fullmatch(rf"y = {NUMBER} \\cdot {NUMBER} \+ {NUMBER} = {NUMBER}", y)
        assert affine, y
        gamma, given, beta, shown = map(value, affine.groups())
        assert (gamma, beta, given) == (norm.gamma, norm.beta, got)
        assert shown == pytest.approx(gamma * given + beta, rel=1e-3, abs=1e-3)


def test_gamma_and_beta_of_another_feature_do_not_act() -> None:
    batch = draw(BatchConfig(batch_size=10, features=2))
    norm = NormConfig(gamma=3.0, beta=4.0, affine_feature=1)
    result = apply(batch.values, norm)
    assert cell_steps(batch.values, result, norm, 0, 0)[3].startswith(r"y = 1 \cdot")
    assert cell_steps(batch.values, result, norm, 0, 1)[3].startswith(r"y = 3 \cdot")


@pytest.mark.parametrize(("eps", "outcome"), [(0.0, r"\text{NaN}"), (1e-5, "0")])
def test_one_row(eps: float, outcome: str) -> None:
    x = np.array([[2.5]])
    norm = NormConfig(eps=eps)
    steps = cell_steps(x, apply(x, norm), norm, 0, 0)
    assert steps[2].endswith(f"= {outcome}") and steps[3].endswith(f"= {outcome}")
    assert r"\dots" not in steps[0], "one row is no sum of several"


def test_two_rows_are_their_sum() -> None:
    x = np.array([[2.0], [-3.0]])
    first, *_ = cell_steps(x, apply(x, NormConfig()), NormConfig(), 0, 0)
    assert first == r"\mu = \tfrac{1}{2}\,(2 + (-3)) = -0.5000"
