"""The truth table against what torch's documentation and source say; the code shown runs."""

import contextlib
import io

from bnviz.core.batchnorm.layer_modes import (
    PARTS,
    Setting,
    arguments,
    code,
    notes,
    outcome,
    truth_table,
    verdict,
)
from bnviz.texts.catalogue import worded


def expected(setting: Setting) -> tuple[str, dict[str, bool | None]]:
    """The documentation of BatchNorm1d and Module.train in one place."""
    own = setting.training or not setting.track_running_stats
    learns = setting.requires_grad if setting.affine else None
    moving = setting.training and not setting.tracking_ended
    moves = moving if setting.track_running_stats else None
    values = (learns, learns, moves, moves, moves)
    return "batch" if own else "running", dict(zip(PARTS, values, strict=True))


def test_every_cell() -> None:
    table = truth_table()
    assert len(table) == 36
    for setting, step in table:
        assert (step.normalized_with, step.changed) == expected(setting), setting


def test_requires_grad_does_not_freeze_the_statistics() -> None:
    step = outcome(Setting(requires_grad=False))
    assert step.changed["weight"] is False and step.changed["running_mean"] is True


def test_eval_does_not_freeze_the_weight() -> None:
    step = outcome(Setting(training=False))
    assert step.changed["weight"] is True and step.changed["running_mean"] is False


def test_tracking_that_ended_leaves_its_memory_in_use() -> None:
    """As of a layer whose attribute is set after it was made: its buffers are still there."""
    for training, using in ((True, "batch"), (False, "running")):
        setting = Setting(training=training, tracking_ended=True)
        step = outcome(setting)
        assert step.normalized_with == using and step.changed["running_mean"] is False
        assert "ended" in [note.key for note in notes(setting, step)]


def test_every_note_holds_for_every_setting() -> None:
    for setting, step in truth_table():
        said = {note.key for note in notes(setting, step)}
        weight, memory = step.changed["weight"], step.changed["running_mean"]
        assert ("frozen" in said) == (
            not weight and not memory and step.normalized_with == "running"
        )
        assert ("moves" in said) == (memory is True and not setting.requires_grad)
        assert ("learns" in said) == (weight is True and not setting.training)
        assert ("batch" in said) == (memory is None and not setting.training)


def test_the_code_shown_is_the_code_that_ran() -> None:
    for setting in (Setting(), Setting(training=False, cumulative=True), Setting(affine=False)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code(setting), "shown", "exec"), {})
        step = outcome(setting)
        assert printed.getvalue().strip() == str((step.normalized_with, step.changed))


def test_momentum_none_reaches_torch() -> None:
    assert arguments(Setting(cumulative=True))[-2] is None


def said(setting: Setting) -> str:
    return worded("en", "train_vs_eval.frozen.verdict", verdict(outcome(setting)))


def test_the_verdict_whole() -> None:
    assert said(Setting(requires_grad=False)) == (
        r"Normalized with **batch statistics**. One step changes: running\_mean, running\_var, "
        r"num\_batches\_tracked. It leaves: weight, bias."
    )
    assert said(Setting(training=False, affine=False, track_running_stats=False)) == (
        "Normalized with **batch statistics**. One step changes: nothing. It leaves: nothing."
    )
