"""What is said of a training is true of its losses, whichever net is better."""

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.plots.theme import Say
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.fitness import data, verdict

NAN = float("nan")
CONFIG = TrainConfig(data=DataConfig(samples=50, clip_scores=False), seeds=4, seed=10)
EMPTY = NetSnapshot(**{f.name: np.empty(0) for f in fields(NetSnapshot)})
SMALL = [1.0, 1.1, 1.2, 0.9]
LARGE = [3.0, 3.2, 2.9, 3.1]


@pytest.fixture(params=list(LANGUAGES))
def say(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Say:
    words = partial(sentence, request.param)
    monkeypatch.setattr(verdict, "say", words)
    return words


def net(losses: list[float]) -> NetSnapshot:
    values = np.array(losses)
    return replace(
        EMPTY, validation_loss=values, train_loss=values, diverged=np.isnan(values).astype(float)
    )


def moment(bn: list[float], plain: list[float], epoch: int = 5) -> Snapshot:
    return Snapshot(epoch, 0, 1.0, net(bn), net(plain), {})


def judge(bn: list[float], plain: list[float], over: bool = True) -> str:
    return verdict.verdict(CONFIG, [moment(bn, plain)], over=over)


def test_bn_better_and_plain_better_say_the_opposite(say: Say) -> None:
    bn, plain = judge(SMALL, LARGE), judge(LARGE, SMALL)
    assert bn != plain
    assert bn.startswith(
        say("fitness.verdict.bn", difference="#", wins=4, pairs=4).partition("#")[0]
    )
    opening = say("fitness.verdict.plain", difference="#", wins=4, pairs=4).partition("#")[0]
    assert plain.startswith(opening)


def test_the_difference_is_that_of_the_medians(say: Say) -> None:
    share = 100 * (1 - np.median(SMALL) / np.median(LARGE))
    assert f"{share:.1f}\N{NO-BREAK SPACE}%" in judge(SMALL, LARGE)
    assert f"{share:.1f}\N{NO-BREAK SPACE}%" in judge(LARGE, SMALL)


def test_wins_are_counted(say: Say) -> None:
    text = judge([1.0, 1.0, 1.0, 9.0], [2.0, 2.0, 2.0, 2.0])
    assert "3" in text and "4" in text
    spread = say("fitness.verdict.clear", spread="#").partition("#")[0]
    assert spread not in text or "unclear" not in text


def test_within_the_spread_of_seeds_it_is_not_called_clear(say: Say) -> None:
    clear, unclear = (
        say(f"fitness.verdict.{key}", spread="#").partition("#") for key in ("clear", "unclear")
    )
    noisy = judge([1.0, 5.0, 2.0, 8.0], [5.0, 1.0, 8.1, 2.1])
    assert unclear[0] in noisy and unclear[2] in noisy
    sure = judge(SMALL, LARGE)
    assert clear[0] in sure and clear[2] in sure


def test_so_far_only_while_it_runs(say: Say) -> None:
    opening = say("fitness.verdict.so_far")
    assert judge(SMALL, LARGE, over=False).startswith(opening)
    assert not judge(SMALL, LARGE).startswith(opening)


def test_a_net_that_learned_nothing_is_named(say: Say) -> None:
    baseline = data.baseline_loss(CONFIG)
    useless = [2 * baseline] * 4
    assert say("fitness.verdict.useless_plain", baseline="#").partition("#")[0] in judge(
        SMALL, useless
    )
    assert say("fitness.verdict.useless_bn", baseline="#").partition("#")[0] in judge(
        useless, SMALL
    )
    assert say("fitness.verdict.useless_both", baseline="#").partition("#")[0] in judge(
        useless, useless
    )


def test_one_net_diverged(say: Say) -> None:
    only_bn, only_plain = judge(SMALL, [NAN] * 4), judge([NAN] * 4, SMALL)
    assert only_bn.startswith(say("fitness.verdict.only_bn", alive=4, seeds=4))
    assert only_plain.startswith(say("fitness.verdict.only_plain", alive=4, seeds=4))


def test_both_diverged(say: Say) -> None:
    assert judge([NAN] * 4, [NAN] * 4).startswith(
        say("fitness.verdict.neither", difference="–", wins=0, pairs=0)
    )


def test_equal_losses(say: Say) -> None:
    assert judge(SMALL, SMALL).startswith(
        say("fitness.verdict.tie", difference="0 %", wins=0, pairs=4)
    )


def test_divergences_name_seed_and_epoch(say: Say) -> None:
    run = [
        moment([1, 1, 1, 1], [1, 1, 1, 1], epoch=0),
        moment([1, 1, 1, 1], [1, NAN, 1, 1], epoch=1),
        moment([1, 1, 1, 1], [1, NAN, 1, NAN], epoch=2),
    ]
    (line,) = verdict.divergences(CONFIG, run)
    assert say("net.plain") in line
    assert say("fitness.seed_at", seed=11, epoch=1) in line, "seeds count from the config's"
    assert say("fitness.seed_at", seed=13, epoch=2) in line
    assert "2" in line and "4" in line


def test_no_divergences(say: Say) -> None:
    assert verdict.divergences(CONFIG, [moment(SMALL, LARGE)]) == []
