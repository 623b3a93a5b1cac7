"""What is said of a training, sentence by sentence, against the losses it is said of."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.core.configs import NetworkConfig, OptimizerConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.comparison import compare
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.core.training.train import train
from bnviz.core.training.verdict import divergences, ending, running_ends, verdict
from bnviz.texts.catalogue import worded

NAN = float("nan")
EMPTY = NetSnapshot(**{f.name: np.empty(0) for f in fields(NetSnapshot)})


def net(losses: list[float]) -> NetSnapshot:
    values = np.array(losses)
    return replace(EMPTY, validation_loss=values, diverged=np.isnan(values).astype(float))


def moment(bn: list[float], plain: list[float], epoch: int = 5) -> Snapshot:
    return Snapshot(epoch, 0, 1.0, net(bn), net(plain), {})


def said(bn: list[float], plain: list[float], baseline: float = 99.0) -> str:
    text = worded("en", "fitness.verdict", *verdict(moment(bn, plain), baseline))
    return text.replace("\N{NO-BREAK SPACE}", " ")


CLEAR = (
    "If the nets were alike in this, a split of the seeds at least this uneven would have a "
    "probability of 0.0078 (sign test over 8 seeds), so chance alone is unlikely. "
    "The median difference is {} (95 % confidence)."
)


def test_a_clear_result_whole() -> None:
    losses = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]
    assert said(losses, [2.0] * 8) == (
        "The net **with BN** ends with the lower validation loss in 8 of 8 seeds, "
        "lower by 32.5 % in the median. " + CLEAR.format("15.0 % to 50 %")
    )
    assert said([2.0] * 8, losses) == (
        "The net **without BN** ends with the lower validation loss in 8 of 8 seeds, "
        "lower by 32.5 % in the median. " + CLEAR.format("15.0 % to 50 %")
    )


def test_divergence_comes_first_and_counts() -> None:
    assert said([1.0] * 8, [NAN] * 6 + [2.0] * 2) == (
        "0 of 8 nets with BN diverged, and 6 of 8 nets without. "
        "In its seed, a net that diverges counts as the loser. "
        "The net **with BN** ends with the lower validation loss in 8 of 8 seeds. "
        "But the net without BN does not beat always predicting the training mean (loss 99) "
        "in more than half of its seeds. "
        + CLEAR.format("at least 50 %")
        + " It has no upper limit here: a net that diverged has no number to compare."
    )


def test_seeds_in_which_both_diverge_leave_a_median_difference() -> None:
    """12 of 20 seeds have no loss in either net; in the other eight BN's is half of the other."""
    told = said([1.0] * 8 + [NAN] * 12, [2.0] * 8 + [NAN] * 12)
    assert "in 8 of 20 seeds, lower by 50 % in the median." in told


def test_an_undecided_result_whole() -> None:
    assert said([1.0, 3.0, 1.0, 3.0, 1.0, 3.0], [2.0] * 6) == (
        "Neither net is shown to be better: the one with BN ends with the lower validation loss "
        "in 3 of 6 seeds, the one without in 3. If the nets were alike in this, a split of the "
        "seeds at least this uneven would have a probability of 1 (sign test over 6 seeds), so "
        "this may be chance. "
        "The median difference lies between 50 % lower with BN and 33.3 % lower without "
        "(95 % confidence)."
    )


def test_before_the_first_epoch_nothing_is_compared() -> None:
    """Whoever launches a training reads this first; a winner or a tie would be told of no work."""
    (only,) = verdict(moment([1.0, 3.0], [2.0, 2.0], epoch=0), 0.5)
    assert only.key == "untrained"
    lost = verdict(moment([NAN, NAN], [NAN, NAN], epoch=0), 0.5)
    assert lost[0].key == "neither", "what diverged before any step is told at once"


def test_too_few_seeds_whole() -> None:
    assert said([1.0], [2.0]) == (
        "The net with BN ends with the lower validation loss in 1 of 1 seed, the one without in 0. "
        "That is too few seeds to tell: even if all went the same way, it might be chance. "
        "The sign test needs at least 6 seeds in which the nets differ; there is 1."
    )


@pytest.mark.parametrize(
    ("bn", "plain", "text"),
    [
        ([NAN] * 4, [NAN] * 4, "Every net diverged. Try a lower learning rate, or standardize"),
        ([1.0] * 4, [1.0] * 4, "The two nets end with the same validation loss in every seed."),
        ([9.0] * 4, [1.0] * 4, "But the net with BN does not beat"),
        ([9.0] * 4, [9.0] * 4, "But neither net beats always predicting the training mean (loss"),
        ([1.0] * 2 + [9.0] * 2, [1.0] * 4, "But the net with BN does not beat"),
    ],
)
def test_the_other_sentences(bn: list[float], plain: list[float], text: str) -> None:
    assert text in said(bn, plain, baseline=5.0)


@pytest.mark.parametrize(("lost", "key"), [(3, ""), (4, "_lasts")])
def test_a_net_lasts_if_the_other_diverges_in_half_of_the_seeds(lost: int, key: str) -> None:
    one, other = [1.0] * 8, [NAN] * lost + [2.0] * (8 - lost)
    assert [each.key for each in verdict(moment(one, other), 99.0)][1] == "bn" + key
    assert [each.key for each in verdict(moment(other, one), 99.0)][1] == "plain" + key


def test_no_net_is_called_useless_that_is_not() -> None:
    assert "But" not in said([1.0] * 3 + [9.0], [1.0, NAN, 1.0, 1.0], baseline=5.0)


LOSS = st.floats(0.01, 100) | st.sampled_from([1.0, NAN])


@given(st.lists(st.tuples(LOSS, LOSS), min_size=1, max_size=20), st.floats(0.01, 100))
def test_every_claim_is_borne_out(pairs: list[tuple[float, float]], baseline: float) -> None:
    bn, plain = (np.array(each) for each in zip(*pairs, strict=True))
    told = {each.key: each.values for each in verdict(moment(list(bn), list(plain)), baseline)}
    infinite = {"bn": np.nan_to_num(bn, nan=np.inf), "plain": np.nan_to_num(plain, nan=np.inf)}
    wins = (infinite["bn"] < infinite["plain"]).sum(), (infinite["plain"] < infinite["bn"]).sum()
    if "diverged" in told:
        counts = told["diverged"]
        assert (counts["bn_diverged"], counts["plain_diverged"]) == tuple(
            np.isinf(infinite[net]).sum() for net in ("bn", "plain")
        )
    else:
        assert "neither" in told or not np.isnan([bn, plain]).any()
    keys = {"bn", "plain", "bn_lasts", "plain_lasts", "level", "too_few", "tie", "neither"}
    (better,) = told.keys() & keys
    values = told[better]
    assert (values["bn_wins"], values["plain_wins"], values["seeds"]) == (*wins, len(bn))
    if better in ("bn", "plain"):
        assert wins[better == "plain"] > wins[better == "bn"] and values["difference"] > 0
        assert values["difference"] < 1, "a loss that is none is no part of a number"
    elif better.endswith("_lasts"):
        loser = "plain" if better == "bn_lasts" else "bn"
        assert wins[loser == "bn"] > wins[loser == "plain"]
        assert 2 * np.isinf(infinite[loser]).sum() >= sum(wins)
    elif better == "neither":
        assert np.isnan(bn).all() and np.isnan(plain).all()
    elif better == "tie":
        assert (infinite["bn"] == infinite["plain"]).all()
    assert (better == "level") == (compare(bn, plain).winner == "undecided")
    for name in ("bn", "plain"):
        useless = "useless_both" in told or f"useless_{name}" in told
        beaten = 2 * (infinite[name] < baseline).sum() > len(bn)
        assert useless == (not beaten and np.isfinite(infinite[name]).any())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "Without BN 2 of 4 seeds diverged: seeds 11, 13, first seen after epochs 1 to 2. "
            "From then on they are left out of the medians and bands.",
        ),
        (
            "zh",
            "无 BN：4 个种子中有 2 个发散，种子为 11、13，"
            "最早见于第 1 轮之后，最晚见于第 2 轮之后。从那时起，它们不再计入中位数和色带。",
        ),
    ],
)
def test_divergences_name_seed_and_epoch(language: str, text: str) -> None:
    run = [
        moment([1, 1, 1, 1], [1, 1, 1, 1], epoch=0),
        moment([1, 1, 1, 1], [1, NAN, 1, 1], epoch=1),
        moment([1, 1, 1, 1], [1, NAN, 1, NAN], epoch=2),
    ]
    (each,) = divergences(run, first_seed=10)
    words = worded(language, "fitness.diverged", each)
    assert words.replace("\N{NO-BREAK SPACE}", " ") == text


def test_no_divergences() -> None:
    assert list(divergences([moment([1.0], [2.0])], 0)) == [] == list(divergences([], 0))


CONFIG = TrainConfig(
    network=NetworkConfig(depth=2, width=4), optimizer=OptimizerConfig(epochs=2), seeds=3
)


def test_endings_are_the_medians_of_what_is_finite() -> None:
    *_, last = train(CONFIG, dataset_for(CONFIG.data), lambda: False)
    told = ending([last], "dead_share")
    assert told.key == "both" and told.values["epoch"] == 2
    for net, snapshot in last.nets.items():
        shares = np.median(snapshot.dead_share.mean(axis=0))
        assert told.values[net] == pytest.approx(float(shares))
    spread = ending([last], "activation_std", 1)
    assert spread.values["bn"] == pytest.approx(float(np.median(last.bn.activation_std[1])))
    means = np.median(last.bn.running_mean[:, :, 2], axis=1)
    ends = running_ends([last], "running_mean").values
    assert (ends["first"], ends["last"]) == pytest.approx((means[0], means[-1]))
    gone = replace(last.plain, gradient_norm=np.full(3, np.nan))
    half = replace(last, plain=gone)
    assert ending([half], "gradient_norm").key == "bn_alone"
    other = replace(last, bn=gone, plain=last.plain)
    assert ending([other], "gradient_norm").key == "plain_alone"
    assert ending([replace(last, bn=gone, plain=gone)], "gradient_norm").key == "neither"
