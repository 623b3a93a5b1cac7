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
    for setting, found in table:
        assert (found.normalized_with, found.changed) == expected(setting), setting


def test_requires_grad_does_not_freeze_the_statistics() -> None:
    found = outcome(Setting(requires_grad=False))
    assert found.changed["weight"] is False and found.changed["running_mean"] is True


def test_eval_does_not_freeze_the_weight() -> None:
    found = outcome(Setting(training=False))
    assert found.changed["weight"] is True and found.changed["running_mean"] is False


def test_tracking_that_ended_leaves_its_memory_in_use() -> None:
    """As of a layer whose attribute is set after it was made: its buffers are still there."""
    for training, using in ((True, "batch"), (False, "running")):
        setting = Setting(training=training, tracking_ended=True)
        found = outcome(setting)
        assert found.normalized_with == using and found.changed["running_mean"] is False
        assert "ended" in [note.key for note in notes(setting, found)]


def test_every_note_holds_for_every_setting() -> None:
    for setting, found in truth_table():
        said = {note.key for note in notes(setting, found)}
        weight, memory = found.changed["weight"], found.changed["running_mean"]
        assert ("frozen" in said) == (
            not weight and not memory and found.normalized_with == "running"
        )
        assert ("moves" in said) == (memory is True and not setting.requires_grad)
        assert ("learns" in said) == (weight is True and not setting.training)
        assert ("batch" in said) == (memory is None and not setting.training)


def test_the_code_shown_is_the_code_that_ran() -> None:
    for setting in (Setting(), Setting(training=False, cumulative=True), Setting(affine=False)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code(setting), "shown", "exec"), {})
        found = outcome(setting)
        assert printed.getvalue().strip() == str((found.normalized_with, found.changed))


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
