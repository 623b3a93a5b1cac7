"""Four implementations against the document's printed digits and exact rational arithmetic."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bnviz.core.batchnorm import effect, equations
from bnviz.core.batchnorm.implementations import (
    MOST_LOOP_CELLS,
    Implementation,
    compare,
    document_loop,
    reference,
    torch_refusal,
    verdict,
)
from bnviz.core.configs import NormConfig, Precision
from bnviz.core.types import Floats

# What the document prints: its input, torch's result, its for-loop's.
PRINTED_INPUT = np.array(
    [
        [0.13443642, 0.38237412, 0.43459833, 0.5555555, 0.46544354],
        [0.73888243, 0.76263731, 0.2219813, 0.65330424, 0.2280716],
        [0.16306301, 0.62442583, 0.54017516, 0.64500589, 0.29199674],
        [0.9398204, 0.87478007, 0.10693309, 0.75469117, 0.82808138],
    ]
)
PRINTED_TORCH = np.array(
    [
        [-1.0196, -1.5167, 0.6368, -1.3680, 0.0517],
        [0.6942, 0.5529, -0.6090, 0.0165, -0.9665],
        [-0.9385, -0.1993, 1.2554, -0.1010, -0.6923],
        [1.2639, 1.1632, -1.2831, 1.4526, 1.6072],
    ]
)
PRINTED_LOOP = np.array(
    [
        [-1.01966566, -1.51693113, 0.63686758, -1.36941136, 0.05167255],
        [0.69420696, 0.55294339, -0.60911539, 0.01651852, -0.96662445],
        [-0.93849655, -0.19937877, 1.25557123, -0.10113964, -0.69239332],
        [1.26395525, 1.16336652, -1.28332342, 1.45403248, 1.60734521],
    ]
)


def by_name(values: Floats, config: NormConfig) -> dict[str, Implementation]:
    return {each.name: each for each in compare(values, config)}


def exact(x: NDArray[np.floating], eps: float) -> Floats:
    """x_hat in rational arithmetic and 50 digits, rounded to float64 at the end."""
    out = np.empty(x.shape)
    for d in range(x.shape[1]):
        column = [Fraction(float(value)) for value in x[:, d]]
        mean = sum(column) / len(column)
        spread = sum((value - mean) ** 2 for value in column) / len(column) + Fraction(eps)
        with localcontext(prec=50):
            root = (Decimal(spread.numerator) / Decimal(spread.denominator)).sqrt()
            for b, value in enumerate(column):
                off = value - mean
                out[b, d] = float(Decimal(off.numerator) / Decimal(off.denominator) / root)
    return out


def test_torchs_printed_digits() -> None:
    """The printed input is rounded, so a result may differ by one in the last digit at most."""
    with_eps = equations.forward(PRINTED_INPUT.astype(np.float32), eps=1e-5).y
    assert abs(with_eps - PRINTED_TORCH).max() < 0.51e-4
    without = equations.forward(PRINTED_INPUT, eps=0.0).y
    assert abs(without - PRINTED_TORCH).max() > 1e-3  # the document's for-loop leaves epsilon out


def test_the_for_loops_printed_digits() -> None:
    """Eight digits of input, divided by deviations of 0.07 and more, leave about seven."""
    assert abs(document_loop(PRINTED_INPUT) - PRINTED_LOOP).max() < 2e-7
    assert abs(equations.forward(PRINTED_INPUT, eps=0.0).y - PRINTED_LOOP).max() < 2e-7


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_reference_is_exact(precision: str) -> None:
    """With means up to 1e6 times the spread."""
    rng = np.random.default_rng(0)
    x = rng.normal([0, 1e3, 1e6, -7], [1, 1, 1, 1e-3], (50, 4)).astype(precision)
    for eps in (0.0, 1e-5):
        got = reference(x, NormConfig(eps=eps, precision=precision))
        np.testing.assert_allclose(got, exact(x, eps), rtol=0, atol=1e-13)


def test_reference_of_a_constant_feature_is_the_formulas() -> None:
    """The mean of fifty times 0.1 rounds; what is left must not be taken for a spread."""
    x = np.full((50, 1), 0.1)
    assert (reference(x, NormConfig()) == 0).all()
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(reference(x, NormConfig(eps=0.0))).all()


def test_reference_scales_and_shifts() -> None:
    config = NormConfig(gamma=2.0, beta=-1.0, affine_feature=1)
    expected = exact(PRINTED_INPUT, 1e-5)
    expected[:, 1] = 2 * expected[:, 1] - 1
    np.testing.assert_allclose(reference(PRINTED_INPUT, config), expected, atol=1e-14)


@pytest.mark.parametrize(("precision", "rounding"), [("float32", 2e-5), ("float64", 1e-13)])
def test_all_four_agree_up_to_rounding_and_epsilon(precision: str, rounding: float) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal([0, 3, -2], [0.5, 1, 2], (200, 3))
    config = NormConfig(gamma=1.5, beta=0.5, precision=precision)
    compared = by_name(values, config)
    assert list(compared) == ["torch", "numpy", "loop", "document_loop"]
    for name in ("torch", "numpy", "loop"):
        difference = compared[name].max_abs_difference
        assert difference is not None and difference < rounding
    x_hat = exact(values, 0.0)
    factor = np.sqrt(values.var(axis=0) / (values.var(axis=0) + 1e-5))
    left_out = abs(1.5 * x_hat * (1 - factor)).max()
    assert compared["document_loop"].max_abs_difference == pytest.approx(left_out, abs=2 * rounding)
    for implementation in compared.values():
        assert implementation.error is None and implementation.not_finite == 0
        assert implementation.features_timed == 3
        assert implementation.seconds is not None and 0 < implementation.seconds < 1


def test_inputs_are_rounded_before_the_comparison() -> None:
    """1e6 + noise in float32 keeps 4 digits of noise; that is not the implementation's error."""
    values = np.random.default_rng(2).normal(1e6, 1, (64, 2))
    compared = by_name(values, NormConfig(precision="float32"))
    assert compared["numpy"].max_abs_difference is not None
    assert compared["numpy"].max_abs_difference < 3e-7


def test_float32_sums_lose_digits_that_float64_sums_keep() -> None:
    """torch sums a two-dimensional float32 batch in float32, as the plain loop does."""
    values = np.random.default_rng(3).normal(1e5, 1, (256, 4))
    compared = by_name(values, NormConfig(precision="float32"))
    for name in ("torch", "loop"):
        difference = compared[name].max_abs_difference
        assert difference is not None and difference > 1e-3


def test_without_epsilon_torch_refuses() -> None:
    refused = by_name(PRINTED_INPUT, NormConfig(eps=0.0))["torch"]
    if refused.error is None:  # torch before 2.10 computes it
        assert refused.max_abs_difference is not None and refused.max_abs_difference < 1e-5
    else:
        with pytest.raises(ValueError) as caught:
            torch.nn.BatchNorm1d(5, eps=0.0)(torch.from_numpy(PRINTED_INPUT).float())
        assert refused.error == str(caught.value)
        assert (refused.max_abs_difference, refused.seconds) == (None, None)


def test_the_document_divides_by_zero_where_a_feature_is_constant() -> None:
    values = PRINTED_INPUT.copy()
    values[:, 2] = 0.1
    loop = by_name(values, NormConfig())["document_loop"]
    assert loop.not_finite == 4
    assert loop.max_abs_difference is not None and loop.max_abs_difference < 2e-3
    by_formula = by_name(values, NormConfig(eps=0.0))["numpy"]
    assert by_formula.not_finite == 0  # the reference is 0 / 0 there as well


def test_one_row() -> None:
    compared = by_name(PRINTED_INPUT[:1], NormConfig())
    said = "Expected more than 1 value per channel when training"
    assert compared["torch"].error is not None and compared["torch"].error.startswith(said)
    assert compared["torch"].error == torch_refusal(PRINTED_INPUT[:1])
    assert compared["numpy"].max_abs_difference == 0.0
    assert compared["document_loop"].max_abs_difference is None
    assert compared["document_loop"].not_finite == 5


def test_torch_takes_two_rows() -> None:
    assert torch_refusal(PRINTED_INPUT[:2]) is None


def test_loops_stop_after_the_features_that_fit() -> None:
    rows = MOST_LOOP_CELLS // 8
    values = np.random.default_rng(4).normal(size=(rows, 10))
    compared = by_name(values, NormConfig(precision="float64"))
    assert [compared[name].features_timed for name in ("numpy", "loop")] == [10, 8]
    assert compared["loop"].max_abs_difference is not None
    assert compared["loop"].max_abs_difference < 1e-11


def test_a_feature_to_scale_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="choose 0 to 4"):
        compare(PRINTED_INPUT, NormConfig(affine_feature=5))


def test_a_constant_feature_is_exact_on_paper_only() -> None:
    """Summed in single precision 257 rows miss their mean, and a small epsilon makes it large."""
    values = np.full((257, 1), 1234.567)
    compared = by_name(values, NormConfig())
    assert compared["numpy"].max_abs_difference == 0, "our own sums are float64's"
    x = torch.from_numpy(values.astype(np.float32))
    largest = torch.nn.BatchNorm1d(1)(x).abs().max().item()
    assert compared["torch"].max_abs_difference == pytest.approx(largest, abs=1e-6)
    said = [v.key for v in effect.verdict("x", 257, made(values), NormConfig())]
    assert said == ["none", "constant", "rounding"]
    assert "rounding" not in [v.key for v in effect.verdict("x", 257, made(values), FLOAT64)]


FLOAT64 = NormConfig(precision="float64")


def made(values: Any) -> effect.Effect:
    x = values.astype(np.float32)
    return effect.effect(x, equations.batch_moments(x), NormConfig().eps)


@pytest.mark.parametrize("eps", [0.0, 1e-5])
@pytest.mark.parametrize("rows", [1, 8])
def test_what_no_loop_without_epsilon_can_compute(rows: int, eps: float) -> None:
    """A single row, or constant features alone: every cell is 0 / 0."""
    values, norm = np.full((rows, 2), 0.5), NormConfig(eps=eps)
    with np.errstate(invalid="ignore"):
        assert np.isnan(document_loop(values.astype(np.float32))).all()
    assert verdict(norm, compare(values, norm)).key == "undefined"


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "value"), [(8, 0.1), (257, 1234.567)])
def test_a_constant_feature_without_epsilon_is_noise(
    rows: int, value: float, precision: Precision
) -> None:
    """Its sum is off by rounding: the loop divides that by itself, and comes to 1 or -1."""
    values = np.column_stack([np.full(rows, value), np.linspace(0, 1, rows)])
    norm = NormConfig(precision=precision)
    loop = document_loop(values.astype(precision))
    assert np.isfinite(loop[:, 0]).all() and np.abs(loop[:, 0]).max() >= 0.9
    said = verdict(norm, compare(values, norm))
    assert (said.key, said.values) == ("noise", {"count": rows})


@settings(max_examples=40)
@given(
    st.sampled_from([0.0, 1e-12, 1e-8, 1e-5, 0.1, 10.0]),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_the_cause_is_the_larger_one(
    eps: float, precision: Precision, offset: float, spread: float
) -> None:
    values = np.random.default_rng(0).normal(offset, spread, (32, 3))
    norm = NormConfig(eps=eps, precision=precision)
    results = compare(values, norm)
    loop = results[-1].max_abs_difference
    said = verdict(norm, results)
    assert loop is not None
    if said.key == "no_epsilon":
        assert eps == 0
        return
    x = values.astype(precision).astype(np.float64)
    away = x - x.mean(0)
    away -= away.mean(0)
    variance = np.square(away).mean(0)
    rounding = np.abs(document_loop(values.astype(precision)) - away / np.sqrt(variance)).max()
    epsilon = np.abs(away / np.sqrt(variance) - away / np.sqrt(variance + eps)).max()
    assert said.values["rounding"] == pytest.approx(rounding, rel=0.1, abs=1e-9)
    if said.key == "epsilon":
        assert epsilon > rounding
    else:
        assert rounding >= loop / 2 - 1e-15
