"""The judge of each pitfall: both sides of every threshold, whole sentences with all numbers."""

import string
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.core.pitfalls.pitfall import Result
from bnviz.texts.catalogue import LANGUAGES, catalogue, worded

Numbers = dict[str, Any]
SERIES = [9.0, 9.0]


def judged(name: str, given: Numbers, numbers: Numbers, **said: str) -> Any:
    arrays = {key: np.asarray(value, float) for key, value in numbers.items()}
    return pitfall.judge(name, CONFIGS[name](**given), Result(arrays, said))


def ends(**last: float) -> Numbers:
    """Series of 60 that stand at 9 until their last 50 (or 20), which judges average over."""
    return {name: [9.0] * 10 + [value] * 50 for name, value in last.items()}


def held(wrong: float, right: float, baseline: float) -> Numbers:
    """Predictions with these root mean squared errors for targets of 2."""
    actual = np.full(4, 2.0)
    return {"actual": actual, "wrong": actual + wrong, "right": actual - right} | {
        "baseline": baseline
    }


#: Pitfall, config, numbers as a function of one, where the verdict turns, from what to what.
Row = tuple[str, Numbers, Callable[[float], Numbers], float, str, str]
THRESHOLDS: list[Row] = [
    (
        "bias_before_bn",
        {},
        lambda x: {"bias_bn": [0, x], "weight_bn": [1, 0.5], "bias_plain": 1, "difference": 0},
        1e-4,
        "dead",
        "alive",
    ),
    *[
        (
            "dead_features",
            {},
            lambda x, which=which: {
                "here": 1,
                "after": [7, x],
                "usual": [7, 1],
                "amplified": which,
            },
            *turn,
        )
        for which, turn in [
            ([], (0.1, "quiet", "between")),
            ([0], (0.9, "between", "normal")),
            ([1], (0.9, "between", "loud")),
        ]
    ],
    (
        "dropout_before_bn",
        {"rate": 0.5},
        lambda x: {"rate": [0, 0.5, 0.9], "wrong": [7, x, 7], "right": [1] * 3, "theory": [1] * 3},
        0.98,
        "shifted",
        "none",
    ),
    *[
        (
            "eval_forgotten",
            {"batch_size": 4},
            lambda x: {
                "size": [2, 4],
                "forgotten": [0, x],
                "right": [1, 0.5],
                "afterwards": [1, 1],
            },
            *turn,
        )
        for turn in [(0.47, "worse", "same"), (0.53, "same", "better")]
    ],
    *[
        (
            "train_forgotten",
            {},
            lambda x: ends(forgotten=x, right=1.0) | {"drift": 1, "drift_right": 1},
            *turn,
        )
        for turn in [(0.9, "better", "same"), (1.1, "same", "worse"), (1e6, "worse", "diverged")]
    ],
    (
        "sorted_data",
        {},
        lambda x: {"training": SERIES, "validation": [0, x], "fixed": [0, 0.8]},
        0.75,
        "worse",
        "same",
    ),
    ("target_normalized", {}, lambda x: held(x, 1.0, 1.5), 1.2, "same", "worse"),
    ("target_normalized", {}, lambda x: held(x, 1.0, 1.5), 1.5, "worse", "useless"),
    *[
        (
            "weight_decay",
            {},
            lambda x: {"with_decay": [1, x], "without": [1, 1], "loss_with": 1, "loss_without": 1},
            *turn,
        )
        for turn in [(1.05, "same", "raised"), (1e6 - 1, "raised", "diverged")]
    ],
    (
        "gamma_decay",
        {},
        lambda x: {
            "everything": [1, x],
            "matrices": [1, 0.5],
            "loss_everything": 1,
            "loss_matrices": 1,
        },
        0.49,
        "shrunk",
        "same",
    ),
    (
        "low_precision",
        {"spread": 1.0},
        lambda x: (
            {"spread": [0.1, 1], "low": [0, x], "mixed": [9, 1]}
            | {f"variance_{name}": [1, 1] for name in ("low", "mixed", "exact")}
        ),
        2.0,
        "fine",
        "worse",
    ),
    *[
        (
            "handwritten",
            {},
            lambda x, other=other: {
                "here": 1,
                "train": [9, x],
                "eval": [9, other],
                "right": [0, 0],
            },
            0.01,
            *turn,
        )
        for other, turn in [(0.0, ("nowhere", "train")), (1.0, ("eval", "both"))]
    ],
    *[
        (
            "second_pass",
            {},
            lambda x: ends(twice=x, once=1.0) | {"passes": 200, "batches": 100},
            *turn,
        )
        for turn in [(0.9, "nearer", "alike"), (1.1, "alike", "farther")]
    ],
    (
        "averaged_nets",
        {},
        lambda x: {"here": 1, "averaged": [9, x], "pooled": [1, 1], "forgotten": [1, 1]},
        1.05,
        "same",
        "spread",
    ),
    *[
        (
            "tracking_off",
            {},
            lambda x: ends(switched_off=x, frozen=1.0, as_ever=1.0),
            *turn,
        )
        for turn in [(0.9, "better", "same"), (1.1, "same", "worse")]
    ],
    (
        "ranks",
        {},
        lambda x: {"own": [x, 0.01], "synchronized": [0, 0], "variance": [1, 1]},
        0.1,
        "alike",
        "apart",
    ),
    (
        "padding",
        {},
        lambda x: {"here": 1, "padded": [9, 1], "mean": [9, x], "masked": [1, 1]},
        0.1,
        "same",
        "moved",
    ),
    (
        "padding",
        {},
        lambda x: {"here": 1, "padded": [9, x], "mean": [9, 0], "masked": [1, 1]},
        0.9,
        "moved",
        "same",
    ),
    (
        "two_populations",
        {},
        lambda x: {"here": 0, "separate": [0], "joint": [x], "eval": [1]},
        0.1,
        "same",
        "hidden",
    ),
    (
        "two_populations",
        {},
        lambda x: {"here": 0, "separate": [x], "joint": [1], "eval": [1]},
        0.1,
        "hidden",
        "same",
    ),
    *[
        (
            "nan_batch",
            {"step": 2},
            lambda x: {"training": [1] * 3, "validation": [1, 5, x], "fixed": [1]},
            *turn,
        )
        for turn in [(1.1, "recovers", "suffers"), (1e300, "suffers", "poisoned")]
    ],
    (
        "nan_batch",
        {"step": 3},
        lambda x: {"training": [1] * 3, "validation": [1, 1, x], "fixed": [1]},
        1e300,
        "suffers",
        "poisoned_last",
    ),
    *[
        (
            "scale_invariance",
            {"scale": scale},
            lambda x: {
                "scale": [0.1, 1, 10],
                "gradient": [1] * 3,
                "change": [x, 0, x],
                "output_spread": 1,
                "restored": 1,
            },
            0.01,
            "invariant",
            above,
        )
        for scale, above in [(0.1, "broken"), (10.0, "ruled")]
    ],
    (
        "latent_noise",
        {},
        lambda x: {"before": [1] * 8, "after": [1] * 4 + [x] * 4, "kept": [0, 1, 2, 3]},
        0.5,
        "quiet",
        "loud",
    ),
]


@pytest.mark.parametrize("row", THRESHOLDS, ids=lambda row: f"{row[0]}-{row[3]:g}")
def test_a_verdict_turns_at_its_threshold(row: Row) -> None:
    name, given, numbers, threshold, below, above = row
    said = {"poisoned": "1.running_mean"} if name == "nan_batch" else {}
    assert judged(name, given, numbers(threshold * (1 - 1e-5)), **said).key == below
    assert judged(name, given, numbers(threshold * (1 + 1e-5)), **said).key == above


def test_weights_at_their_own_scale_are_ruled_not_broken() -> None:
    """From scale 1 on epsilon had its say before the weights were scaled."""
    numbers = {"scale": [1], "gradient": [1], "change": [1], "output_spread": 1, "restored": 1}
    assert judged("scale_invariance", {"scale": 1.0}, numbers).key == "ruled"


def test_a_tenth_of_the_gradient_at_ten_times_the_weights_is_a_hundredth_of_the_rate() -> None:
    numbers = {"scale": [1, 10], "gradient": [2, 0.2], "change": [0, 0.5]}
    told = judged("scale_invariance", {}, numbers | {"output_spread": 2, "restored": 4})
    assert told.values == pytest.approx(
        {"scale": 10, "ratio": 0.1, "change_share": 0.25, "rate": 0.01, "restored": 2}
    )


@pytest.mark.parametrize(
    ("more", "said", "key", "error"),
    [
        ({}, {}, "right", None),
        ({"original_axis_one": [1, 2], "folded_axis_one": [1, 5]}, {}, "wrong", 3),
        ({"folded_mistake": [1, 5]}, {}, "bias", 2),
        ({}, {"refusal": "shapes"}, "refused", None),
    ],
)
def test_what_is_said_of_folding_is_what_happened(
    more: Numbers, said: dict[str, str], key: str, error: float | None
) -> None:
    numbers = {"original_last_axis": [1, 3], "folded_last_axis": [1, 4]} | more
    told = judged("folding", {}, numbers, **said)
    assert (told.key, told.values["right"], told.values.get("error")) == (key, 1, error)


@pytest.mark.parametrize(("samples", "key"), [(1, "alone"), (2, "company")])
def test_company_begins_with_a_second_sample(samples: int, key: str) -> None:
    shared = np.zeros((4, 3, 2))
    shared[:samples, 1] = 1
    told = judged("family", {}, {"shared": shared})
    assert told.key == key
    assert dict(told.values) == {"cells": 2 * samples, "samples": samples, "channels": 1}


#: Numbers all different, and the whole sentence that they make.
SENTENCES: list[tuple[str, Numbers, Numbers, str]] = [
    (
        "bias_before_bn",
        {},
        {"bias_bn": [1e-9, 2e-9], "weight_bn": [0.3, 0.4], "bias_plain": [5, 6], "difference": 7},
        "**The bias gets a gradient of at most 2e-9, which is rounding; the weights get 0.400.** "
        "Without BN the bias would get 6. Leaving it out changes the output by 7.",
    ),
    (
        "weight_decay",
        {},
        {"with_decay": [2, 8], "without": [6, 4], "loss_with": 1, "loss_without": 3},
        "**Decay makes the effective learning rate 2 times what it is without: 8 against 4 after "
        "100 steps.** It began at 6. The loss over the last 25 steps is 1 with decay and 3 "
        "without.",
    ),
    (
        "gamma_decay",
        {},
        {
            "everything": [9, 2],
            "matrices": [9, 3],
            "loss_everything": [9, 4],
            "loss_matrices": [9, 5],
        },
        "**Under decay γ ends at 2, without at 3.** The training loss is 4 against 5: whether that "
        "helps or hurts depends on the task, but the net learns another function.",
    ),
    (
        "gamma_zero",
        {},
        {"zeros_later": [0, 0], "ones": [2, 3], "fixed": [4, 5]},
        "**With γ = 0 every gradient is exactly zero, at the first step and 20 steps later: the "
        "net is dead.** With γ = 1 the largest is 3; fixed it is 5 after 20 steps.",
    ),
    (
        "gamma_zero",
        {"network": "residual"},
        {"zeros_later": [2, 1], "ones": [3, 3], "fixed": [4, 5]},
        "With shortcuts the gradients are zero at the first step only, when γ alone learns; "
        "20 steps later the largest is 2. The blocks start as the identity and then begin "
        "to learn.",
    ),
    (
        "dead_features",
        {"spread": 0.01, "eps": 0.001},
        {"here": 1, "after": [9, 0.3], "usual": [9, 0.8], "amplified": []},
        "A standard deviation of 0.01 becomes 0.300: ε = 0.001 is 10 times the variance and "
        "makes the output smaller.",
    ),
    (
        "dead_features",
        {"spread": 0.5},
        {"here": 1, "after": [9, 2], "usual": [9, 0.8], "amplified": [1]},
        "**A standard deviation of 0.5 becomes 2: multiplied by 4.** If this feature was dead, "
        "its noise is now as large as a real feature. At PyTorch's default ε it would be 0.800.",
    ),
    (
        "last_batch",
        {"rows": 1025, "batch_size": 512},
        {"size": [512, 512, 1], "passed": [1, 1, 0], "fixed": [512, 512]},
        "**1,025 rows in batches of 512 leave 1 over**, and PyTorch says: “no”. With "
        "`drop_last=True` all 2 batches are full.",
    ),
    (
        "last_batch",
        {"rows": 100, "batch_size": 64},
        {"size": [64, 36], "passed": [1, 1], "fixed": [64]},
        "100 rows in batches of 64 leave a last batch of 36: only 56.2 % of the rows of a full "
        "batch, but as much weight in the running statistics as a full one. With "
        "`drop_last=True` there is 1 batch, and it is full.",
    ),
    (
        "last_batch",
        {"rows": 128, "batch_size": 64},
        {"size": [64, 64], "passed": [1, 1], "fixed": [64, 64]},
        "128 rows make 2 full batches of 64: nothing is left over. With one row more, "
        "training would stop.",
    ),
    (
        "last_batch",
        {"rows": 64, "batch_size": 100},
        {"size": [64], "passed": [1], "fixed": []},
        "All 64 rows fit into one batch. With `drop_last=True` and a batch size of 100 nothing "
        "would be left to train on.",
    ),
    (
        "sorted_data",
        {},
        {"training": [0.1, 0.9], "validation": [0.2, 0.3], "fixed": [0.3, 0.8]},
        "**In this order the net reaches an accuracy of 30 % on held-out rows; shuffled it reaches "
        "80 %.** On its own training batches it reaches 90 %.",
    ),
    (
        "dropout_before_bn",
        {"rate": 0.5},
        {"rate": [0, 0.5], "wrong": [9, 0.5], "right": [9, 1], "theory": [9, 0.6]},
        "**In eval mode BN returns standard deviation 0.500, but the next layer was trained on "
        "1**: 75 % of the variance is gone. Theory says 0.600; with dropout behind BN it is 1.",
    ),
    (
        "eval_forgotten",
        {"batch_size": 4},
        {"size": [2, 4], "forgotten": [0, 0.5], "right": [0, 0.9], "afterwards": [0, 0.7]},
        "**In train mode the same net reaches an accuracy of 50 % instead of 90 %**, because each "
        "row is normalized with its 4-row batch. The pass also moved the running statistics: in "
        "eval mode the net now reaches 70 %.",
    ),
    (
        "train_forgotten",
        {"step": 2},
        ends(forgotten=6.0, right=2.0) | {"drift": 4, "drift_right": 5},
        "**With train() forgotten the loss over the last 20 steps is 6 instead of 2, 3 times as "
        "high.** The frozen means are 4 standard deviations away from the data, the running ones "
        "5.",
    ),
    (
        "low_precision",
        {"spread": 1.0},
        {"spread": [0.1, 1], "low": [9, 4], "mixed": [9, 1]}
        | {"variance_low": [9, 6], "variance_mixed": [9, 7], "variance_exact": [9, 8]},
        "**The error in eval mode is 4, with statistics in float32 1.** The remembered variance is "
        "6 instead of 8: small corrections are rounded away.",
    ),
    (
        "low_precision",
        {"spread": 1.0},
        {"spread": [0.1, 1], "low": [9, 4], "mixed": [9, 1]}
        | {"variance_low": [9, np.inf], "variance_mixed": [9, 7], "variance_exact": [9, 8]},
        "**The variance of 8 is beyond float16's 65,504: BN remembers infinity and returns 0 for "
        "everything**, an error of 4. With statistics in float32 it is 1.",
    ),
    (
        "handwritten",
        {},
        {"here": 1, "train": [9, 2], "eval": [9, np.nan], "right": [9, 3]},
        "**It shows in both modes: off by up to 2 in train mode and NaN in eval mode.** "
        "Without the bug the difference is 3.",
    ),
    (
        "target_normalized",
        {},
        held(3.0, 0.5, 2.5),
        "**Behind BN the predictions average 5, the targets 2.** The error of 3 is larger than "
        "that of always predicting the mean (2.50); with a standardized target it is 0.500.",
    ),
    (
        "second_pass",
        {"momentum": 0.5},
        ends(twice=6.0, once=2.0) | {"passes": 200, "batches": 100},
        "**BN counted 200 batches where there were 100, and over the last 50 its means are 3 times "
        "as far from the truth**: 6 instead of 2. Two passes with weight 0.5 are one with weight "
        "0.75, so fewer batches are averaged; with SAM the second pass also shows it weights that "
        "the net never has.",
    ),
    (
        "averaged_nets",
        {"clients": 3},
        {"here": 1, "averaged": [9, 2], "pooled": [9, 1], "forgotten": [9, 3]},
        "**The averaged layer's output has the standard deviation 2 instead of 1**: the mean of "
        "the nets' variances leaves out the variance between their means. With pooled statistics "
        "it is 1; with the last net's buffers 3.",
    ),
    (
        "ranks",
        {},
        {"own": [2, 3, 1], "synchronized": [0, 0, 0], "variance": [0.25, 9, 9]},
        "**The means that rank 0 saves are 2 standard deviations away from those of all rows**"
        ", and its variances are 25 % of theirs. All ranks are 1 to 3 away. Synchronized, the "
        "distance is 0.",
    ),
    (
        "padding",
        {"padding": 0.5},
        {"here": 1, "padded": [9, 2], "mean": [9, 3], "masked": [9, 1]},
        "**With 50 % padding the real positions come out with mean 3 and standard deviation 2** "
        "instead of 0 and 1; with another share the result is different. Normalized alone, their "
        "standard deviation is 1.",
    ),
    (
        "two_populations",
        {"distance": 3.0},
        {"here": 1, "separate": [9, 0], "joint": [9, 2], "eval": [9, 4]},
        "**In separate batches the distance 3 becomes 0: both populations have mean 0.** In one "
        "batch it is 2. In eval mode, after training on separate batches, it is 4: the net meets a "
        "difference that it has never seen.",
    ),
    (
        "latent_noise",
        {},
        {"before": [1] * 4 + [0.5] * 4, "after": [1.0] * 4 + [2.0] * 4, "kept": [0, 1, 2]},
        "**Noise with standard deviation 0.500 comes out with 2, 4 times as large**; dimensions "
        "that carry data have 1. The next model cannot tell them apart. 3 dimensions are in use "
        "by the rule of the fix.",
    ),
]


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row[0])
def test_a_sentence_holds_the_numbers_of_its_result(
    row: tuple[str, Numbers, Numbers, str],
) -> None:
    name, given, numbers, text = row
    verdict = judged(name, given, numbers, refusal="no")
    said = worded("en", f"pitfalls.{name}.verdict", verdict)
    assert said.replace("\N{NO-BREAK SPACE}", " ") == text
    assert not set("{}") & set(worded("zh", f"pitfalls.{name}.verdict", verdict))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_setting_is_said_as_it_was_chosen(language: str) -> None:
    """0.1 and not 0.100: nobody has measured it."""
    for key, text in catalogue(language).items():
        for name, config in CONFIGS.items():
            if key.startswith(f"pitfalls.{name}.verdict."):
                chosen = {f for f, info in config.model_fields.items() if info.annotation is float}
                parts = string.Formatter().parse(text)
                assert {how for _, field, how, _ in parts if field in chosen} <= {"="}, key


def test_noise_as_large_as_data_is_kept() -> None:
    numbers = {"before": [1] * 8, "after": [1] * 8}
    for count, key in ((4, "loud"), (5, "kept")):
        assert judged("latent_noise", {}, numbers | {"kept": range(count)}).key == key
