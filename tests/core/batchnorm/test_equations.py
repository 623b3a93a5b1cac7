"""BN against exact rationals, torch, autograd, scikit-learn, and its own invariances."""

import statistics
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bnviz.core.batchnorm import equations as bn
from bnviz.core.configs import NormConfig
from bnviz.core.types import LEVELS, Floats

quick = settings(max_examples=60)

shapes = st.tuples(st.integers(2, 12), st.integers(1, 4))
#: Whole numbers: shifting and scaling them by whole numbers is exact.
whole = shapes.flatmap(
    lambda shape: hnp.arrays(np.float64, shape, elements=st.integers(-1000, 1000).map(float))
)


def spread_out(x: Floats) -> Floats:
    """`x`, unless one of its features is constant."""
    assume((np.ptp(x, axis=0) > 0).all())
    return x


varied = whole.map(spread_out)


def sample(rows: int = 64, features: int = 5, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(rng.uniform(-4, 4, features), rng.uniform(0.3, 3, features), (rows, features))


# ---------------------------------------------------------------- the equations


@quick
@given(whole)
def test_moments_are_those_of_exact_arithmetic(x: Floats) -> None:
    for d, column in enumerate(x.T.tolist()):
        exact = [Fraction(value) for value in column]
        mean = float(statistics.mean(exact))
        assert bn.mean(x)[d] == pytest.approx(mean, rel=1e-15, abs=1e-13)
        biased, unbiased = statistics.pvariance(exact), statistics.variance(exact)
        assert bn.biased_variance(x)[d] == pytest.approx(float(biased), rel=1e-13)
        assert bn.unbiased_variance(x)[d] == pytest.approx(float(unbiased), rel=1e-13)


def test_steps_make_the_whole() -> None:
    x, gamma, beta = sample(), np.linspace(0.5, 2, 5), np.linspace(-1, 1, 5)
    mu = bn.mean(x)
    biased = bn.biased_variance(x, mu)
    x_hat = bn.normalize(x, mu, biased, 1e-3)
    whole = bn.forward(x, gamma, beta, 1e-3)
    assert np.array_equal(whole.mean, mu)
    assert np.array_equal(whole.biased_variance, biased)
    assert np.array_equal(whole.inverse_std, bn.gain(biased, 1e-3))
    assert np.array_equal(whole.x_hat, x_hat)
    assert np.array_equal(whole.y, bn.scale_and_shift(x_hat, gamma, beta))


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.3, 10.0])
@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-13), (np.float32, 3e-6)])
def test_forward_is_torchs(eps: float, dtype: Any, error: float) -> None:
    x, gamma, beta = sample(), np.linspace(-2, 2, 5), np.linspace(-1, 1, 5)
    cast = [torch.from_numpy(array.astype(dtype)) for array in (x, gamma, beta)]
    expected = torch.nn.functional.batch_norm(
        cast[0], None, None, cast[1], cast[2], training=True, eps=eps
    ).numpy()
    got = bn.forward(x.astype(dtype), gamma, beta, eps)
    assert got.y.dtype == got.x_hat.dtype == dtype
    assert got.mean.dtype == got.biased_variance.dtype == got.inverse_std.dtype == np.float64
    np.testing.assert_allclose(got.y, expected, atol=error)


def test_without_epsilon_it_is_the_standard_scaler() -> None:
    x = sample()
    from sklearn.preprocessing import StandardScaler

    expected = StandardScaler().fit_transform(x)
    np.testing.assert_allclose(bn.forward(x, eps=0.0).y, expected, atol=1e-13)


# ---------------------------------------------------------------- invariances


@quick
@given(varied, st.integers(-(10**9), 10**9), st.sampled_from([0.0, 1e-5, 1.0]))
def test_shift_invariance(x: Floats, shift: int, eps: float) -> None:
    before, after = bn.forward(x, eps=eps).y, bn.forward(x + shift, eps=eps).y
    np.testing.assert_allclose(after, before, atol=2e-7)  # 1e9 and a spread of 1 leave 7 digits


@quick
@given(varied, st.floats(1e-6, 1e6), st.sampled_from([-1, 1]))
def test_scale_invariance_without_epsilon(x: Floats, scale: float, sign: int) -> None:
    before, after = bn.forward(x, eps=0.0).y, bn.forward(sign * scale * x, eps=0.0).y
    np.testing.assert_allclose(after, sign * before, atol=1e-10)


def test_epsilon_breaks_scale_invariance() -> None:
    x = sample()
    assert abs(bn.forward(1e-3 * x, eps=1e-5).y - bn.forward(x, eps=1e-5).y).max() > 0.5


@quick
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_two_rows_become_minus_one_and_one(a: float, b: float) -> None:
    assume(abs(a - b) > 1e-3)
    y = bn.forward(np.array([[a], [b]]), eps=1e-18).y[:, 0]
    np.testing.assert_allclose(y, [np.sign(a - b), np.sign(b - a)], atol=1e-8)


@quick
@given(varied)
def test_output_has_mean_zero_and_variance_less_epsilons_share(x: Floats) -> None:
    got = bn.forward(x, eps=0.5)
    np.testing.assert_allclose(got.y.mean(axis=0), 0, atol=1e-12)
    share = bn.swallowed(got.biased_variance, 0.5)
    np.testing.assert_allclose(got.y.var(axis=0), 1 - share, atol=1e-12)


# ---------------------------------------------------------------- hard numbers


@quick
@given(varied, st.integers(-100, 100), st.sampled_from([np.float32, np.float64]))
@example(np.array([[1.0], [3.0]]), 100, np.float32)
@example(np.array([[1.0], [3.0]]), -100, np.float32)
def test_magnitude_does_not_matter(x: Floats, exponent: int, dtype: Any) -> None:
    """Times 2^-100 to 2^100, about 1e-30 to 1e30: exact, so the result is the same to the bit."""
    plain = bn.forward(x.astype(dtype), eps=0.0)
    scaled = bn.forward((x * 2.0**exponent).astype(dtype), eps=0.0)
    assert np.array_equal(scaled.x_hat, plain.x_hat)
    assert np.array_equal(scaled.biased_variance, plain.biased_variance * 4.0**exponent)


@quick
@given(hnp.arrays(np.float64, shapes, elements=st.floats(-1e150, 1e150)))
@example(np.array([[1e150], [-1e150]]))
@example(np.array([[5e-324], [0.0]]))
def test_any_batch_is_bounded_and_silent(x: Floats) -> None:
    """|x_hat| <= sqrt(B - 1) for any numbers (Samuelson's inequality); warnings are errors."""
    y = bn.forward(x).y
    assert (abs(y) <= np.sqrt(len(x) - 1) * (1 + 1e-9)).all()
    bn.describe(x)


@pytest.mark.parametrize("offset", [1e3, 1e5, 1e6])
def test_float32_with_a_large_mean_loses_nothing_but_the_inputs_digits(offset: float) -> None:
    x = np.random.default_rng(0).normal(offset, 1, (256, 3)).astype(np.float32)
    exact = [statistics.pvariance([Fraction(float(v)) for v in column]) for column in x.T]
    got = bn.forward(x)
    np.testing.assert_allclose(got.biased_variance, [float(v) for v in exact], rtol=1e-12)
    np.testing.assert_allclose(got.y, bn.forward(x.astype(np.float64)).y, atol=2.5e-7)
    squares = (x**2).mean(axis=0) - x.mean(axis=0) ** 2  # what one pass in float32 would give
    assert abs(squares - got.biased_variance).max() > 1e-3


@quick
@given(
    st.floats(-1e30, 1e30),
    st.integers(1, 300),
    st.sampled_from([np.float32, np.float64]),
    st.floats(1e-12, 10),
)
@example(0.1, 3, np.float64, 1e-5)
def test_a_constant_feature_has_exactly_no_variance(
    value: float, rows: int, dtype: Any, eps: float
) -> None:
    x = np.full((rows, 1), value, dtype)
    got = bn.forward(x, 2.0, 0.5, eps)
    assert got.mean[0] == x[0, 0] and got.biased_variance[0] == 0
    assert (got.x_hat == 0).all() and (got.y == 0.5).all()
    assert np.isnan(bn.forward(x, eps=0.0).y).all()


def test_a_constant_feature_leaves_the_others_alone() -> None:
    x = sample()
    with_constant = np.insert(x, 2, 0.1, axis=1)
    for eps in (0.0, 1e-5):
        got = bn.forward(with_constant, eps=eps).y
        np.testing.assert_allclose(np.delete(got, 2, axis=1), bn.forward(x, eps=eps).y, atol=1e-12)


def test_one_row() -> None:
    x = np.array([[3.0, -1.0]])
    assert bn.biased_variance(x).tolist() == [0, 0]
    assert np.isnan(bn.unbiased_variance(x)).all()
    assert bn.forward(x, 2.0, 1.0).y.tolist() == [[1.0, 1.0]]
    assert np.isnan(bn.forward(x, eps=0.0).y).all()
    assert np.isnan(bn.describe(x).unbiased_variance).all()


def test_what_leaves_the_precision_is_nan_and_silent() -> None:
    values = np.array([[1e39, 1.0], [0.0, 2.0]])
    y = bn.apply(values, NormConfig(precision="float32")).y
    assert np.isnan(y[:, 0]).all() and np.allclose(abs(y[:, 1]), 1, atol=1e-4)
    assert np.allclose(abs(bn.apply(values, NormConfig(precision="float64")).y), 1, atol=1e-4)
    assert (bn.forward(np.array([[1e200], [-1e200]])).y == 0).all()  # infinite variance


# ---------------------------------------------------------------- epsilon


def test_gain_and_share_of_epsilon() -> None:
    biased = np.array([0.0, 1.0, 4.0, 1e-5])
    assert bn.gain(biased, 0.0).tolist() == [np.inf, 1.0, 0.5, pytest.approx(1e5**0.5)]
    assert bn.gain(biased, 5.0)[2] == pytest.approx(1 / 3)
    np.testing.assert_allclose(bn.swallowed(biased, 1e-5), [1, 1e-5, 2.5e-6, 0.5], rtol=2e-5)
    share = bn.swallowed(biased, 0.0)
    assert np.isnan(share[0]) and share[1:].tolist() == [0, 0, 0]


# ---------------------------------------------------------------- configs


def test_apply_scales_every_feature() -> None:
    x = sample()
    got = bn.apply(x, NormConfig(gamma=2, beta=3, eps=0.1, precision="float64"))
    np.testing.assert_allclose(got.y, 2 * bn.forward(x, eps=0.1).x_hat + 3, atol=1e-14)


def test_apply_scales_one_feature() -> None:
    x = sample()
    got = bn.apply(x, NormConfig(gamma=2, beta=3, affine_feature=4, precision="float64"))
    np.testing.assert_allclose(got.y[:, :4], got.x_hat[:, :4])
    np.testing.assert_allclose(got.y[:, 4], 2 * got.x_hat[:, 4] + 3)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_apply_works_in_the_precision_asked_for(precision: str) -> None:
    assert bn.apply(sample(), NormConfig(precision=precision)).y.dtype == precision


def test_apply_refuses_a_feature_that_is_not_there() -> None:
    message = "affine_feature is 5, but this batch has 5 features: choose 0 to 4, or None"
    with pytest.raises(ValueError, match=message):
        bn.apply(sample(), NormConfig(affine_feature=5))


def test_apply_leaves_its_input_alone() -> None:
    x = sample()
    x.setflags(write=False)
    kept = x.copy()
    bn.apply(x, NormConfig(gamma=3, precision="float64"))
    assert np.array_equal(x, kept)


# ---------------------------------------------------------------- backward


class OurBatchNorm(torch.autograd.Function):
    """Our forward and backward, for torch to check."""

    @staticmethod
    def forward(ctx: Any, x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        result = bn.forward(x.detach().numpy(), gamma.detach().numpy(), beta.detach().numpy(), eps)
        ctx.result, ctx.gamma = result, gamma.detach().numpy()
        return torch.from_numpy(result.y)

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        gradients = bn.backward(upstream.numpy(), ctx.result, ctx.gamma)
        arrays = (gradients.x, gradients.gamma, gradients.beta)
        return *(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays), None


def leaves(rows: int, features: int, seed: int = 0) -> list[torch.Tensor]:
    gamma, beta = np.linspace(0.5, 2, features), np.linspace(-1, 1, features)
    arrays = (sample(rows, features, seed), gamma, beta)
    return [torch.from_numpy(array).requires_grad_() for array in arrays]


@pytest.mark.parametrize("eps", [1e-5, 0.7])
def test_backward_passes_gradcheck(eps: float) -> None:
    assert torch.autograd.gradcheck(OurBatchNorm.apply, (*leaves(6, 3), eps))


@pytest.mark.parametrize(("rows", "features"), [(1, 2), (2, 3), (64, 5)])
@pytest.mark.parametrize("eps", [1e-5, 0.7])
def test_backward_is_autograds(rows: int, features: int, eps: float) -> None:
    """Autograd through the formula itself, so that a single row can be checked as well."""
    x, gamma, beta = leaves(rows, features)
    centered = x - x.mean(dim=0)
    y = gamma * centered / torch.sqrt((centered**2).mean(dim=0) + eps) + beta
    upstream = torch.from_numpy(np.random.default_rng(1).normal(size=(rows, features)))
    expected = torch.autograd.grad(y, (x, gamma, beta), upstream)
    result = bn.forward(x.detach().numpy(), gamma.detach().numpy(), beta.detach().numpy(), eps)
    got = bn.backward(upstream.numpy(), result, gamma.detach().numpy())
    for ours, theirs in zip((got.x, got.gamma, got.beta), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)


def test_backward_keeps_the_upstreams_dtype() -> None:
    x = sample().astype(np.float32)
    got = bn.backward(np.ones_like(x), bn.forward(x))
    assert got.x.dtype == np.float32
    assert got.gamma.dtype == got.beta.dtype == np.float64


@quick
@given(varied)
def test_gradient_sees_neither_shift_nor_scale(x: Floats) -> None:
    """What BN removes gets no gradient: columns sum to 0 and, without epsilon, are normal to x."""
    upstream = np.random.default_rng(0).normal(size=x.shape)
    gradient = bn.backward(upstream, bn.forward(x, eps=0.0)).x
    scale = abs(gradient).max() + 1
    np.testing.assert_allclose(gradient.sum(axis=0) / scale, 0, atol=1e-12)
    np.testing.assert_allclose((gradient * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-9)


# ---------------------------------------------------------------- description


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_describe(dtype: Any) -> None:
    x = sample(33, 4).astype(dtype)
    got, oracle = bn.describe(x), torch.from_numpy(x).double()
    for ours, theirs in (
        (got.mean, oracle.mean(dim=0)),
        (got.biased_variance, oracle.var(dim=0, correction=0)),
        (got.unbiased_variance, oracle.var(dim=0, correction=1)),
        (got.standard_deviation, oracle.std(dim=0, correction=0)),
        (got.min, oracle.amin(dim=0)),
        (got.max, oracle.amax(dim=0)),
        (
            got.quantiles,
            torch.quantile(oracle, torch.tensor(LEVELS, dtype=oracle.dtype), dim=0).T,
        ),
    ):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12)


def test_describe_says_nan_where_a_feature_is_undefined() -> None:
    x = sample(8, 3)
    x[:, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = bn.describe(x)
    for figures in (got.mean, got.biased_variance, got.min, got.max, got.quantiles[:, 2]):
        assert np.isnan(figures).tolist() == [False, True, False]
