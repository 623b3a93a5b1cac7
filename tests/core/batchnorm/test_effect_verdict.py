"""What is said of a batch, whole sentences, is true of the batch after BN."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.core.batchnorm.effect import Effect, effect, verdict
from bnviz.core.batchnorm.equations import apply, batch_moments, rounded
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import Batch, draw, notes
from bnviz.core.data.tables import Table
from bnviz.texts.catalogue import worded
from bnviz.texts.numbers import percent, short


def done(values: np.ndarray, norm: NormConfig) -> Effect:
    x = rounded(values, norm.precision)
    return effect(x, batch_moments(x), norm.eps)


def said(values: np.ndarray, language: str = "en", **norm: Any) -> tuple[str, np.ndarray]:
    """The verdict on a batch (B, D) with features a, b, c ..., and the batch after BN."""
    names, normed = "abcdefghij"[: values.shape[1]], NormConfig(**norm)
    result = apply(values, normed)
    told = verdict(names, len(values), done(values, normed), normed)
    return worded(language, "one_batch.verdict", *told).replace("\N{NO-BREAK SPACE}", " "), result.y


SPREAD = np.random.default_rng(0).standard_normal((64, 3))


@pytest.mark.parametrize(("gamma", "beta"), [(1.0, 0.0), (-5.0, 2.5)])
def test_all_features_normalized(gamma: float, beta: float) -> None:
    text, y = said(SPREAD, gamma=gamma, beta=beta, precision="float64")
    off = max(np.abs(y.mean(0) - beta).max(), np.abs(y.std(0) - abs(gamma)).max())
    assert text == (
        f"Every feature now has mean {short(beta)} and standard deviation {short(abs(gamma))}, "
        f"to within {short(float(off), 1)}."
    )


def test_every_exception_is_named() -> None:
    """b is held down by epsilon, c more so, d is constant; gamma and beta act on b alone."""
    values = np.column_stack([SPREAD[:, 0], 0.5 * SPREAD[:, 1], 0.1 * SPREAD[:, 2], np.ones(64)])
    text, y = said(values, eps=0.01, gamma=3.0, beta=-1.0, affine_feature=1, precision="float64")
    deviation = y[:, 2].std()
    assert text == (
        f"1 of 4 features now has mean 0 and standard deviation 1, to within "
        f"{short(1 - float(y[:, 0].std()), 1)}. c reaches only standard deviation "
        f"{short(float(deviation))} (before γ): ε is "
        f"{percent(1 - deviation**2)} of its variance + ε. The same holds for 1 more feature, "
        "less strongly. "
        "d: constant in this batch, so in exact arithmetic BN returns 0 for every row. "
        "Then b alone was multiplied by γ = 3 and shifted by β = -1."
    ).replace("\N{NO-BREAK SPACE}", " ")


def test_with_gamma_0_every_feature_has_deviation_0() -> None:
    text, y = said(np.column_stack([SPREAD, np.ones(64)]), eps=10.0, gamma=0.0, beta=2.0)
    assert (y == 2).all()
    assert text.startswith("Every feature now has mean 2 and standard deviation 0, to within")


def test_epsilon_can_swallow_all() -> None:
    text, y = said(SPREAD, eps=10.0, gamma=2.0)
    assert text.startswith("No feature reaches standard deviation 2. ")
    assert (y.std(0) < 1).all() and "The same holds for 2 more features, less strongly." in text


@pytest.mark.parametrize(
    ("norm", "text"),
    [
        (
            {"beta": 0.5},
            "a, b: constant in this batch, so in exact arithmetic BN returns 0.500 for every row.",
        ),
        (
            {"beta": 4.0, "affine_feature": 0},
            "b: constant in this batch, so in exact arithmetic BN returns 0 for every row. "
            "a: constant in this batch, so in exact arithmetic BN returns 4 for every row. "
            "Then a alone was multiplied by γ = 1 and shifted by β = 4.",
        ),
        (
            {"eps": 0.0},
            "a, b: constant in this batch; without ε the formula divides 0 by 0 and returns NaN.",
        ),
    ],
)
def test_constant_features(norm: dict[str, Any], text: str) -> None:
    told, y = said(np.ones((4, 2)), **norm, precision="float64")
    assert told.endswith(text)
    assert np.isnan(y).all() if not norm.get("eps", 1) else np.isfinite(y).all()


def test_many_constant_features_are_not_all_named() -> None:
    assert "a, b, c, d, and 5 more: constant" in said(np.ones((5, 9)))[0]
    assert "a、b、c、d、另外 5 个" in said(np.ones((5, 9)), "zh")[0]


@pytest.mark.parametrize(
    ("norm", "text"),
    [
        (
            {"beta": 2.0},
            "A batch of one row has no spread: its biased variance is 0, and every value becomes "
            "2, whatever it was.",
        ),
        (
            {"beta": 2.0, "affine_feature": 1},
            "A batch of one row has no spread: its biased variance is 0, and every value becomes "
            "0, whatever it was. Then b alone was multiplied by γ = 1 and shifted by β = 2.",
        ),
        (
            {"eps": 0.0},
            "A batch of one row has no spread: without ε the formula divides 0 by 0 for every "
            "value.",
        ),
    ],
)
def test_one_row(norm: dict[str, Any], text: str) -> None:
    assert said(np.array([[5.0, 7.0]]), **norm)[0] == text


@given(
    st.integers(2, 40),
    st.sampled_from(["normal", "scales", "constant", "heavy_tails"]),
    st.sampled_from([0.0, 1e-12, 1e-5, 1e-3, 1.0]),
    st.floats(-4, 4),
    st.floats(-4, 4),
)
def test_every_claim_is_borne_out(
    rows: int, source: Any, eps: float, gamma: float, beta: float
) -> None:
    batch = draw(BatchConfig(source=source, batch_size=rows, features=6, seed=rows))
    norm = NormConfig(eps=eps, gamma=gamma, beta=beta, precision="float64")
    result = apply(batch.values, norm)
    told = {
        each.key: each.values for each in verdict(batch.names, rows, done(batch.values, norm), norm)
    }
    mean, deviation = result.y.mean(0), result.y.std(0)
    good = np.abs(result.x_hat.std(0) - 1) <= 0.01
    reached = good if gamma else np.isfinite(deviation)
    if "none" in told:
        assert not reached.any()
    else:
        (values,) = (told[key] for key in ("normal", "most") if key in told)
        assert (values["good"], values["all"]) == (reached.sum(), 6)
        assert ("normal" in told) == reached.all()
        slack = values["tolerance"] + 1e-9 * (1 + abs(gamma))
        assert (np.abs(mean[reached] - beta) <= slack).all()
        assert (np.abs(deviation[reached] - abs(gamma)) <= slack).all()
    if "swallowed" in told:
        place = batch.names.index(told["swallowed"]["feature"])
        assert result.x_hat[:, place].std() < 0.99
        assert told["swallowed"]["deviation"] == pytest.approx(result.x_hat[:, place].std())
    assert (
        told.get("swallowed_more", {}).get("count", 0)
        == max((~good & (batch.values.std(0) > 0)).sum() - 1, 0)
        or source == "constant"
    )


def test_notes() -> None:
    """Fewer features or rows than asked for."""

    def said_of(**config: Any) -> list[str]:
        asked = BatchConfig(**config)
        return [worded("en", "one_batch.note", each) for each in notes(asked, draw(asked))]

    assert said_of(source="wine", features=13, batch_size=178) == []
    assert said_of(source="wine", features=64, batch_size=2048) == [
        "This source has 13\N{NO-BREAK SPACE}features; 64 were asked for.",
        "This source has 178\N{NO-BREAK SPACE}rows; 2,048 were asked for, so rows repeat.",
    ]
    table = Table("x" * 64, ("a",), np.ones((3, 1)))
    asked = BatchConfig(source="table", table="x" * 64, batch_size=4, features=1)
    (note,) = notes(asked, Batch(("a",), ("",), np.ones((4, 1))), table)
    assert (note.key, note.values) == ("replaced", {"limit": 3, "asked": 4})


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([0.0, 1e-6, 1e-3, 0.1, 1.0, 1e3]), min_size=1, max_size=5),
    st.sampled_from([0.0, 1e-12, 1e-5, 1.0, 10.0]),
    st.sampled_from([-5.0, -1.0, 0.0, 0.3]),
    st.sampled_from([-2.0, 0.0]),
    st.booleans(),
    st.integers(1, 9),
)
def test_every_claim_is_borne_out_by_the_output(
    spreads: list[float], eps: float, gamma: float, beta: float, one: bool, rows: int
) -> None:
    x = np.random.default_rng(2).normal(size=(rows, len(spreads))) * spreads + 3
    norm = NormConfig(
        eps=eps, gamma=gamma, beta=beta, affine_feature=0 if one else None, precision="float64"
    )
    names, result = "abcde"[: len(spreads)], apply(x, norm)
    said = {v.key: v.values for v in verdict(names, rows, done(x, norm), norm)}
    outside = {0} if one else set()  # of the sentence about all features, which leaves it out
    scale, shift = (1.0, 0.0) if one else (abs(gamma), beta)
    off = np.maximum(abs(result.y.mean(0) - shift), abs(result.y.std(0) - scale))
    overall = said.get("normal") or said.get("most")
    if overall:
        close = [d for d in range(len(names)) if d not in outside and np.isfinite(off[d])]
        held = [d for d in close if off[d] <= float(overall["tolerance"]) * (1 + 1e-6) + 1e-12]
        assert len(held) >= int(overall["good"]) - len(outside)
        assert overall["good"] == len(names) or "most" in said
    if "swallowed" in said:
        feature = names.index(str(said["swallowed"]["feature"]))
        deviation = result.x_hat[:, feature].std()
        assert said["swallowed"]["deviation"] == pytest.approx(deviation, rel=1e-12)
        share = eps / (x[:, feature].var() + eps)
        assert said["swallowed"]["share"] == pytest.approx(share, abs=1e-6)
    for values in (v.values for v in verdict(names, rows, done(x, norm), norm) if v.key in FLAT):
        for name in values["features"]:
            column = result.y[:, names.index(name)]
            assert np.isnan(column).all() if not eps else (column == values["beta"]).all()


FLAT = ("constant", "undefined")
