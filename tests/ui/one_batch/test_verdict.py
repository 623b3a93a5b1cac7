"""What is said of a batch is true of the batch, in every direction it can come out."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from bnviz.core.batchnorm.effect import effect
from bnviz.core.batchnorm.equations import apply
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import Batch, draw
from bnviz.plots.theme import Say
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.texts.numbers import short
from bnviz.ui.one_batch import verdict


@pytest.fixture(params=list(LANGUAGES))
def say(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Say:
    words = partial(sentence, request.param)
    monkeypatch.setattr(verdict, "say", words)
    return words


def judge(batch: dict[str, Any], **norm: Any) -> tuple[str, np.ndarray]:
    """The verdict, and the batch after BN."""
    config, normed = BatchConfig(**batch), NormConfig(**norm)
    drawn = draw(config)
    result = apply(drawn.values, normed)
    return verdict.batch_verdict(drawn.names, effect(result), config, normed), result.y


def test_all_features_normalized(say: Say) -> None:
    text, y = judge({"features": 8})
    departure = max(np.abs(y.mean(axis=0)).max(), np.abs(y.std(axis=0) - 1).max())
    tolerance = short(float(departure), 1)
    assert text == say("one_batch.verdict.normal", beta="0", gamma="1", tolerance=tolerance)


def test_gamma_and_beta_are_named_and_the_tolerance_is_that_of_the_output(say: Say) -> None:
    text, y = judge({"features": 8}, gamma=-5.0, beta=2.5, precision="float64")
    departure = max(np.abs(y.mean(axis=0) - 2.5).max(), np.abs(y.std(axis=0) - 5).max())
    tolerance = short(float(departure), 1)
    assert text == say("one_batch.verdict.normal", beta="2.50", gamma="5", tolerance=tolerance)


def test_gamma_and_beta_of_one_feature(say: Say) -> None:
    text, y = judge({"features": 4}, gamma=3.0, beta=-1.0, affine_feature=2)
    assert y[:, 2].mean() == pytest.approx(-1, abs=1e-3)
    assert y[:, 2].std() == pytest.approx(3, rel=1e-3)
    assert y[:, 1].std() == pytest.approx(1, rel=1e-3)
    assert say("one_batch.verdict.normal", beta="0", gamma="1", tolerance="T").split("T")[0] in text
    assert say("one_batch.verdict.one_affine", feature="x3", beta="-1", gamma="3") in text


def test_swallowed_features_are_counted_and_the_worst_is_named(say: Say) -> None:
    text, y = judge({"source": "scales", "features": 8}, eps=1.0)
    swallowed = y.std(axis=0) < 0.99
    assert 1 < swallowed.sum() < 8
    worst = int(y.std(axis=0).argmin())
    name = draw(BatchConfig(source="scales", features=8)).names[worst]
    assert name.replace("_", "\\_").replace("+", "\\+").replace("-", "\\-") in text
    assert short(float(y[:, worst].std())) in text
    assert str(int(swallowed.sum()) - 1) in text, "how many more"
    assert str(8 - int(swallowed.sum())) in text, "how many are normalized"


def test_epsilon_can_swallow_all(say: Say) -> None:
    text, y = judge({"source": "uniform", "features": 3}, eps=10.0)
    assert (y.std(axis=0) < 0.2).all()
    assert text.startswith(say("one_batch.verdict.none", gamma="1"))


@pytest.mark.parametrize(("eps", "key"), [(1e-5, "constant"), (0.0, "undefined")])
def test_a_constant_feature_is_named(eps: float, key: str, say: Say) -> None:
    text, y = judge({"source": "constant", "features": 4}, eps=eps, beta=0.5)
    assert say(f"one_batch.verdict.{key}", features="x1", beta="0.500") in text
    assert np.isnan(y[:, 0]).all() if eps == 0 else (y[:, 0] == 0.5).all()


def test_a_constant_feature_with_gamma_on_another(say: Say) -> None:
    text, y = judge({"source": "constant", "features": 3}, beta=4.0, affine_feature=2)
    assert (y[:, 0] == 0).all()
    assert say("one_batch.verdict.constant", features="x1", beta="0") in text


def test_a_constant_feature_that_beta_acts_on(say: Say) -> None:
    text, y = judge({"source": "constant", "features": 3}, beta=4.0, affine_feature=0)
    assert (y[:, 0] == 4).all()
    assert say("one_batch.verdict.constant", features="x1", beta="4") in text


def test_many_constant_features_are_not_all_named(say: Say) -> None:
    names = tuple(f"c{i}" for i in range(9))
    config, norm = BatchConfig(features=9), NormConfig()
    text = verdict.batch_verdict(names, effect(apply(np.ones((5, 9)), norm)), config, norm)
    assert "c3" in text and "c4" not in text and "5" in text


@pytest.mark.parametrize(("eps", "key"), [(1e-5, "single"), (0.0, "single_undefined")])
def test_one_row(eps: float, key: str, say: Say) -> None:
    text, y = judge({"batch_size": 1}, eps=eps, beta=2.0)
    expected = (
        say("one_batch.verdict.single_undefined")
        if eps == 0
        else say("one_batch.verdict.single", beta="2")
    )
    assert text == expected
    assert np.isnan(y).all() if eps == 0 else (y == 2).all()


def test_one_row_with_beta_on_one_feature(say: Say) -> None:
    text, y = judge({"batch_size": 1, "features": 2}, beta=2.0, affine_feature=1)
    assert y.tolist() == [[0, 2]]
    assert say("one_batch.verdict.single", beta="0") in text
    assert say("one_batch.verdict.one_affine", feature="x2", beta="2", gamma="1") in text


def test_names_are_made_harmless(say: Say) -> None:
    names = ("![x](http://example.org/a.png)",)
    config, norm = BatchConfig(features=1), NormConfig(eps=10.0)
    text = verdict.batch_verdict(names, effect(apply(np.array([[1.0], [2.0]]), norm)), config, norm)
    assert "![" not in text and "](" not in text


def test_notes(say: Say) -> None:
    """Fewer features or rows than asked for, and torch's own words."""

    def notes(**config: Any) -> list[str]:
        asked = BatchConfig(**config)
        return verdict.batch_notes(draw(asked), asked)

    assert notes(source="wine", features=13, batch_size=178) == []
    assert notes(source="wine", features=64) == [
        say("one_batch.limited", limit=13, asked=64),
        say("one_batch.replaced", limit=178, asked="256"),
    ]
    (single,) = notes(batch_size=1)
    assert "more than 1 value per channel" in single, "torch.nn.BatchNorm1d's message"


def test_notes_without_need(say: Say) -> None:
    batch = Batch(("a",), ("",), np.ones((4, 1)))
    assert verdict.batch_notes(batch, BatchConfig(batch_size=4, features=1)) == []
