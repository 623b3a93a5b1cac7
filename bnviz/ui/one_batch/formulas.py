"""Formulas in LaTeX, in symbols and with a batch's own numbers put in."""

from collections.abc import Iterable

import numpy as np

from bnviz.core.batchnorm.equations import Forward
from bnviz.core.configs import NormConfig
from bnviz.texts.numbers import short

FORWARD = (
    r"\mu_d = \frac{1}{B}\sum_{b=1}^{B} x_{b,d}",
    r"\sigma_d^2 = \frac{1}{B}\sum_{b=1}^{B} \left(x_{b,d}-\mu_d\right)^2",
    r"y_{b,d} = \gamma_d\,\frac{x_{b,d}-\mu_d}{\sqrt{\sigma_d^2+\epsilon}} + \beta_d",
)

BACKWARD = (
    r"\frac{\partial L}{\partial\beta_d} = \sum_b g_{b,d}"
    r"\qquad \frac{\partial L}{\partial\gamma_d} = \sum_b g_{b,d}\,\hat x_{b,d}",
    r"\frac{\partial L}{\partial x_{b,d}} = \frac{\gamma_d}{\sqrt{\sigma_d^2+\epsilon}}"
    r"\Big(g_{b,d} - \overline{g_d} - \hat x_{b,d}\,\overline{g_d\,\hat x_d}\Big)",
)


def below(text: str, lines: Iterable[str]) -> str:
    """A text with formulas below it as one element: every rerun sends each element."""
    return "\n\n".join([text, *(f"$$\n{line}\n$$" for line in lines)])


def number(value: float) -> str:
    """`value` for LaTeX, powers of ten written out."""
    text = short(float(value), 4).replace(",", "{,}")
    mantissa, _, exponent = text.partition("e")
    return (
        rf"{mantissa}\times 10^{{{exponent}}}" if exponent else mantissa.replace("–", r"\text{NaN}")
    )


def cell_steps(
    x: np.ndarray, forward: Forward, norm: NormConfig, row: int, feature: int
) -> list[str]:
    """The document's three steps and gamma, beta for x[row, feature], one line each."""
    acts = norm.affine_feature in (None, feature)
    gamma, beta = (norm.gamma, norm.beta) if acts else (1.0, 0.0)
    mean, variance = number(forward.mean[feature]), number(forward.biased_variance[feature])
    rows, value = f"{len(x):,}".replace(",", "{,}"), number(x[row, feature])
    x_hat, y = number(forward.x_hat[row, feature]), number(forward.y[row, feature])
    terms = [_signed(number(v)) for v in x[[0, -1][: len(x)], feature]]
    total = (r" + \dots + " if len(x) > 2 else " + ").join(terms)
    by_mean, eps = _signed(mean), number(norm.eps)
    affine = _signed(number(gamma)), _signed(number(beta))
    return [
        rf"\mu = \tfrac{{1}}{{{rows}}}\,({total}) = {mean}",
        rf"\sigma^2 = \tfrac{{1}}{{{rows}}}\,\textstyle\sum_b (x_b - {by_mean})^2 = {variance}",
        rf"\hat x = \frac{{{value} - {by_mean}}}{{\sqrt{{{variance} + {eps}}}}} = {x_hat}",
        rf"y = {affine[0]} \cdot {_signed(x_hat)} + {affine[1]} = {y}",
    ]


def _signed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
