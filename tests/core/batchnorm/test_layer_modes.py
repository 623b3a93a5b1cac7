"""The truth table against what torch's documentation and source say; the code shown runs."""

import contextlib
import io

import torch

from bnviz.core.batchnorm.layer_modes import PARTS, Setting, arguments, code, outcome, truth_table


def expected(setting: Setting) -> tuple[str, dict[str, bool | None]]:
    """The documentation of BatchNorm1d and Module.train in one place."""
    own = setting.training or not setting.track_running_stats
    learns = setting.requires_grad if setting.affine else None
    moves = setting.training if setting.track_running_stats else None
    values = (learns, learns, moves, moves, moves)
    return "batch" if own else "running", dict(zip(PARTS, values, strict=True))


def test_every_cell() -> None:
    table = truth_table()
    assert len(table) == 24
    for setting, found in table:
        assert (found.normalized_with, found.changed) == expected(setting), setting


def test_requires_grad_does_not_freeze_the_statistics() -> None:
    found = outcome(Setting(requires_grad=False))
    assert found.changed["weight"] is False and found.changed["running_mean"] is True


def test_eval_does_not_freeze_the_weight() -> None:
    found = outcome(Setting(training=False))
    assert found.changed["weight"] is True and found.changed["running_mean"] is False


def test_the_code_shown_is_the_code_that_ran() -> None:
    for setting in (Setting(), Setting(training=False, cumulative=True), Setting(affine=False)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code(setting), "shown", "exec"), {})
        found = outcome(setting)
        assert printed.getvalue().strip() == str((found.normalized_with, found.changed))


def test_random_state_is_left_alone() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    outcome(Setting())
    assert torch.equal(torch.get_rng_state(), state)


def test_momentum_none_reaches_torch() -> None:
    assert arguments(Setting(cumulative=True))[-1] is None
