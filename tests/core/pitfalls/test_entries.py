"""Every pitfall: what is shown is what ran, the same each time, and it leaves no trace."""

import contextlib
import io
import subprocess
import sys
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS, GROUPS, PitfallConfig

#: A second choice of the controls for each, so that no value is hard-wired in the shown code.
OTHERS: dict[str, dict[str, Any]] = {
    "eval_forgotten": {"batch_size": 64, "order": "sorted"},
    "train_forgotten": {"step": 20, "learning_rate": 0.05},
    "last_batch": {"rows": 100, "batch_size": 32},
    "sorted_data": {"batch_size": 128, "shuffled": 0.5},
    "nan_batch": {"value": "outlier", "step": 2},
    "dropout_before_bn": {"rate": 0.25, "mean": 0.0},
    "target_normalized": {"mean": 0.0, "spread": 1.0},
    "bias_before_bn": {"mode": "eval", "batch_size": 2},
    "scale_invariance": {"scale": 0.003, "eps": 1e-3},
    "weight_decay": {"decay": 0.0, "learning_rate": 0.1},
    "gamma_decay": {"decay": 0.1, "steps": 50},
    "gamma_zero": {"network": "residual", "depth": 3},
    "dead_features": {"spread": 0.5, "eps": 0.1},
    "low_precision": {"dtype": "bfloat16", "spread": 0.3},
    "handwritten": {"bug": "no_epsilon", "spread": 1e-4},
    "folding": {"order": "bn_linear", "shape": "nlc"},
    "folding_conv": {"layer": "ConvTranspose1d", "bias": "none"},
    "second_pass": {"why": "sam", "momentum": 0.02},
    "averaged_nets": {"shift": 1.0, "clients": 3},
    "tracking_off": {"shift": 1.0, "learning_rate": 0.001},
    "ranks": {"batch_size": 4, "order": "shuffled"},
    "padding": {"padding": 0.3, "mean": 2.0},
    "two_populations": {"distance": 1.0, "batch_size": 8},
    "latent_noise": {"noise": 0.2, "eps": 1e-3},
    "family": {"norm": "group", "groups": 3},
}


@cache
def ran(name: str, other: bool) -> pitfall.Result:
    with patch("torch.manual_seed", side_effect=torch.manual_seed) as seed:
        result = pitfall.run(name, CONFIGS[name](**(OTHERS[name] if other else {})))
    assert {call.args[0] for call in seed.call_args_list} <= {0, name == "tracking_off"}
    return result


BOTH = [(name, other) for name in CONFIGS for other in (False, True)]


def executed(code: str) -> dict[str, Any]:
    """What the shown program leaves behind in `numbers`."""
    names: dict[str, Any] = {"__name__": "shown"}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, "<shown>", "exec"), names)
    finally:
        torch.set_num_threads(threads)
    numbers: dict[str, Any] = names["numbers"]
    return numbers


@pytest.mark.parametrize(("name", "other"), BOTH)
def test_the_code_shown_is_the_code_that_ran(name: str, other: bool) -> None:
    config = CONFIGS[name](**(OTHERS[name] if other else {}))
    result = ran(name, other)
    shown = executed(pitfall.program(name, config))
    assert set(shown) == set(result.numbers) | set(result.said)
    for key, value in shown.items():
        if isinstance(value, str):
            assert value == result.said[key]
        else:
            assert np.array_equal(value.detach().double(), result[key], equal_nan=True), key


@pytest.mark.parametrize("name", CONFIGS)
def test_the_fix_stands_in_the_program(name: str) -> None:
    assert pitfall.fix(name).strip() in pitfall.program(name, CONFIGS[name]())
    assert "bnviz" not in pitfall.program(name, CONFIGS[name]()), "copyable without this product"
    assert "type: ignore" not in pitfall.program(name, CONFIGS[name]())


def test_a_program_runs_by_itself() -> None:
    """In an interpreter of its own, where nothing of ours is imported."""
    code = pitfall.program("last_batch", CONFIGS["last_batch"]())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Expected more than 1 value per channel" in done.stdout


@pytest.mark.parametrize("name", CONFIGS)
def test_the_other_controls_change_the_numbers(name: str) -> None:
    one, two = ran(name, False), ran(name, True)
    same = [
        key
        for key in one.numbers
        if key in two.numbers and np.array_equal(one[key], two[key], equal_nan=True)
    ]
    assert len(same) < len(one.numbers)


def test_torchs_random_state_and_threads_are_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.randn(3)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    pitfall.run("bias_before_bn", CONFIGS["bias_before_bn"]())
    assert torch.equal(torch.randn(3), expected)
    assert torch.get_num_threads() == threads


def test_the_same_config_gives_the_same_numbers() -> None:
    config = CONFIGS["sorted_data"]()
    torch.manual_seed(1)
    one = pitfall.run("sorted_data", config)
    torch.manual_seed(2)
    two = pitfall.run("sorted_data", config)
    assert all(np.array_equal(one[key], two[key]) for key in one.numbers)
    with pytest.raises(ValueError, match="read-only"):
        one["training"][0] = 0


@pytest.mark.parametrize("name", CONFIGS)
def test_every_source_is_a_link(name: str) -> None:
    sources = pitfall.load(name).sources
    assert sources
    assert all(address.startswith("https://") and title for title, address in sources)


@pytest.mark.parametrize("name", CONFIGS)
def test_controls_have_limits(name: str) -> None:
    owner: type[PitfallConfig] = CONFIGS[name]
    for field, info in owner.model_fields.items():
        wrong: Any = "nonsense" if isinstance(info.default, str) else 1e12
        with pytest.raises(ValidationError):
            owner(**{field: wrong})


def test_every_pitfall_is_in_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names)) == len(CONFIGS)


def test_a_bias_before_bn_makes_no_difference_but_in_eval_mode() -> None:
    """There the running mean is still 0, and the bias, at most 1 / sqrt(8) at first, stays."""
    train, evaluated = (
        pitfall.run("bias_before_bn", CONFIGS["bias_before_bn"](mode=mode)).last("difference")
        for mode in ("train", "eval")
    )
    assert train < 1e-5 and 0.1 < evaluated < 8**-0.5
