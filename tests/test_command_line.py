"""The `bnviz` command: the dashboard's numbers without it, and refusals a person can act on."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bnviz.__main__ import main
from bnviz.cli import foreground
from bnviz.cli.errors import Refusal
from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.smoothness.scales import Scales
from bnviz.core.sweep import presets as sweep_presets
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.training import train
from bnviz.core.training.snapshots import Snapshot, from_bytes
from bnviz.jobs import runner, sweep
from bnviz.jobs.steps import Step
from bnviz.store import Store, StoreProblem, open_store
from bnviz.store.database import folder_url
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]

SMALL: dict[str, Any] = {
    "data": {"samples": 60},
    "network": {"width": 4},
    "optimizer": {"epochs": 4, "batch_size": 16},
    "probes": {"count": 2, "checkpoints": 2, "eigenvalues": False},
    "seeds": 2,
}


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., str]:
    """Writes a config file: SMALL with some of its parts replaced, or the text given."""

    def write(text: str | bytes | None = None, **parts: Any) -> str:
        path = tmp_path / "my config.json"
        if text is None:
            text = json.dumps(SMALL | parts)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def indented(text: str) -> str:
    """JSON that people read and edit."""
    assert text.startswith('{\n  "') and text.endswith("\n}\n")
    return text


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bnviz", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# ---------------------------------------------------------------- the command itself


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, ""),
        (OSError("no room"), 1, "bnviz: no room\n"),
        (BrokenPipeError(), 1, ""),
        (Refusal("this\nand that"), 2, "bnviz: this\nbnviz: and that\n"),
    ],
)
def test_how_a_command_ends(
    error: BaseException,
    code: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def runs(_: object) -> int:
        raise error

    monkeypatch.setattr("bnviz.cli.runs.runs", runs)
    assert main(["runs"]) == code
    assert capfd.readouterr().err == told


def test_progress_in_a_log_and_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """20 epochs in 5 s are 4 a second; in a log a line comes every 5 s, and the last one."""

    def told(*steps: tuple[float, int]) -> str:
        progress = foreground._Progress("epoch")
        for now, done in steps:
            clock = SimpleNamespace(monotonic=lambda now=now: now)
            monkeypatch.setattr(foreground, "time", clock)
            progress(Step(done, 1000))
        progress.end()
        return capsys.readouterr().err

    assert told((1.0, 2), (9.0, 2)) == "epoch 2 of 1000\n" * 2
    assert told((9.0, 2), (11.0, 4), (14.0, 22), (18.0, 50), (18.9, 1000)) == (
        "epoch 2 of 1000\n"
        "epoch 22 of 1000, 4 epochs/s, 4:04 left\n"
        "epoch 1000 of 1000, 101 epochs/s, 0:00 left\n"
    )
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert told((9.0, 2), (9.05, 2), (9.5, 3)) == (
        "\r\x1b[Kepoch 2 of 1000\r\x1b[Kepoch 3 of 1000, 2 epochs/s, 8:18 left\n"
    )


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from bnviz.__main__ import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'numpy', 'torch', 'pydantic', 'sqlalchemy'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--config" in done.stdout and "--example" in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert end.value.code == 0
    assert capsys.readouterr().out == f"bnviz {project['version']}\n"


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["train", "--nosuch"], ["--port", "x"], ["measure", "x"]]
)
def test_an_unknown_command_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2 and "usage: bnviz" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough() -> None:
    program = command("train", "--example")
    assert program.stdout is not None and program.stderr is not None
    program.stdout.close()  # before anything is written: the imports take a while
    assert program.stderr.read() == ""
    assert program.wait(PATIENCE) == 1
    program.stderr.close()


# ---------------------------------------------------------------- train


def test_the_example_is_the_default_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--example"]) == 0
    assert TrainConfig.model_validate_json(indented(capsys.readouterr().out)) == TrainConfig()


def test_the_run_is_the_one_the_dashboard_shows(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out dir"
    assert main(["train", "--config", config(), "--out", str(out), "--json"]) == 0
    printed, told = capsys.readouterr()
    record = json.loads(indented((out / "run.json").read_text(encoding="utf-8")))
    asked = TrainConfig.model_validate_json(json.dumps(SMALL))
    assert TrainConfig.model_validate_json(json.dumps(record["config"])) == asked

    store = Store(folder_url(out))
    run = store.run(record["run"])
    assert run is not None and (run.status, run.kind, run.done) == ("done", "train", 4)
    assert TrainConfig.model_validate_json(run.config) == asked
    kept = [from_bytes(blob) for _, blob in store.blobs(run.id)]
    expected = list(train.train(asked, dataset_for(asked.data, None), lambda: False))
    assert [each.epoch for each in kept] == [each.epoch for each in expected]
    for ours, theirs in zip(kept, expected, strict=True):
        np.testing.assert_array_equal(ours.bn.train_loss, theirs.bn.train_loss)
        np.testing.assert_array_equal(ours.plain.lipschitz_max, theirs.plain.lipschitz_max)
    assert store.last_state_blob(run.id) is not None
    store.close()

    last = strict(printed)
    assert (last["run"], last["status"], last["epoch"]) == (run.id, "done", 4)
    np.testing.assert_array_equal(last["bn"]["train_loss"], expected[-1].bn.train_loss)
    assert np.shape(last["plain"]["activation_quantiles"]) == (1, 2, 5)
    assert "epoch 4 of 4" in told and "epochs/s" in told
    assert f"BNVIZ_HOME='{out}' python -m bnviz" in told and run.id in told


def test_the_record_of_a_run_runs_again(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["train", "--config", config(), "--out", out, "--json"]) == 0
    first = strict(capsys.readouterr().out)
    again = ["train", "--config", f"{out}/run.json", "--out", out, "--json"]
    assert main(again) == 0
    second = strict(capsys.readouterr().out)
    assert first.pop("run") != second.pop("run")
    assert first.pop("seconds") > 0 and second.pop("seconds") > 0
    assert first == second


def test_what_is_not_a_number_is_null(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = {"kind": "sgd", "learning_rate": 100.0, "epochs": 6, "batch_size": 16}
    path = config(optimizer=wild)
    assert main(["train", "--config", path, "--out", str(tmp_path / "out"), "--json"]) == 0
    last = strict(capsys.readouterr().out)
    assert last["plain"]["diverged"] == [1.0, 1.0]
    assert last["plain"]["train_loss"] == [None, None]


def test_ctrl_c_stops_and_keeps(config: Callable[..., str], tmp_path: Path) -> None:
    path = config(optimizer={"epochs": 2000, "batch_size": 2})
    program = command("train", "--config", path, "--out", str(tmp_path / "out"), "--json")
    assert program.stderr is not None
    assert program.stderr.readline().startswith("epoch 0 of 2000")
    program.send_signal(signal.SIGINT)
    printed, told = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130 and "Traceback" not in told
    last = strict(printed)
    assert last["status"] == "stopped" and last["epoch"] < 2000
    assert f"Run {last['run']} stopped after {last['epoch']} of 2000 epochs." in told
    store = Store(folder_url(tmp_path / "out"))
    run, state = store.run(last["run"]), store.last_state_blob(last["run"])
    assert run is not None and run.status == "stopped" and run.snapshots > 0
    assert state is not None and from_bytes(state).epoch == last["epoch"]
    store.close()


def test_a_failed_training(
    config: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> Iterator[Snapshot]:
        raise ArithmeticError("the sum is too large")
        yield

    monkeypatch.setattr(train, "train", fail)
    assert main(["train", "--config", config(), "--out", str(tmp_path / "out"), "--json"]) == 1
    printed, told = capsys.readouterr()
    assert printed == "" and "Traceback" not in told
    assert "failed after 0 of 4 epochs: ArithmeticError: the sum is too large" in told


def full(*_: object) -> bool:
    raise StoreProblem("full", {"place": "here", "detail": "database or disk is full"})


@pytest.mark.parametrize(
    ("write", "told"),
    [(full, "disk that holds the run history is full"), (None, "is no longer in the history")],
)
def test_a_history_that_cannot_be_told_how_it_ended(
    write: Callable[..., bool] | None,
    told: str,
    config: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it lasts, the disk fills up, or somebody deletes it."""

    def interfere(*_: object) -> Iterator[Snapshot]:
        if write:
            monkeypatch.setattr(Store, "write", write)
        else:
            store = Store(folder_url(tmp_path))
            store.delete(store.runs()[0].id)
            store.close()
        raise ArithmeticError("nobody will know")
        yield

    monkeypatch.setattr(train, "train", interfere)
    assert told in refusal(["train", "--config", config(), "--out", str(tmp_path)], capsys)


# ---------------------------------------------------------------- runs


def test_a_list_of_runs_that_nobody_reads_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As in ``bnviz runs | head``."""

    def closed(_: str) -> str:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))
    open_store().create("train", "{}", 1)
    monkeypatch.setattr("bnviz.cli.runs.printable", closed)
    assert main(["runs"]) == 1 and capfd.readouterr().err == ""
    assert main(["runs", "--limit", "0"]) == 2


# ---------------------------------------------------------------- measure


@pytest.fixture
def measured(tmp_path: Path) -> Callable[..., str]:
    """Writes the config of a measure."""

    def write(**parts: Any) -> str:
        path = tmp_path / "my measure.json"
        path.write_text(json.dumps(parts), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("kind", MEASURES)
def test_an_example_of_every_measure(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "--example", kind]) == 0
    printed = indented(capsys.readouterr().out)
    assert MEASURES[kind].model_validate_json(printed) == MEASURES[kind]()
    with pytest.raises(SystemExit):
        main(["measure", "--help"])
    assert kind in capsys.readouterr().out


def test_a_measure_of_the_document_is_the_one_the_dashboard_shows(
    measured: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path / "home"))
    assert main(["measure", "--config", measured(kind="replay", probes=3)]) == 0
    printed, told = capsys.readouterr()
    assert printed.startswith("Only the first of 3 probes measures anything")
    assert printed.count("\n") == 1 and "*" not in printed and "{" not in printed
    assert "part" in told and "epoch" not in told
    run = runner.find_measure(DocumentConfig(probes=3))
    assert run is not None and run.status == "done" and f"Run {run.id} done" in told
    replay = runner.result(run.id)
    assert replay is not None and replay.bn.published.shape == (3,)
    open_store().close()


def test_a_measure_of_a_training(
    config: Callable[..., str],
    measured: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "out")
    assert main(["train", "--config", config(), "--out", out, "--json"]) == 0
    training = strict(capsys.readouterr().out)["run"]
    asked = measured(kind="scales", probes=2, net=1, subject={"run": training})
    assert main(["measure", "--config", asked, "--out", out, "--json"]) == 0
    printed = strict(capsys.readouterr().out)
    assert printed["status"] == "done" and printed["done"] == printed["total"] > 0
    assert printed["config"]["subject"] == {"run": training, "epoch": 4}, "the last checkpoint"
    assert set(printed["result"]) == {field.name for field in fields(Scales)}
    assert np.shape(printed["result"]["bn"]["median"]) == np.shape(printed["result"]["scales"])
    assert len(printed["verdict"]) > 20


def test_a_diverged_measure_is_strict_json(
    config: Callable[..., str],
    measured: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "out")
    wild = {"kind": "sgd", "learning_rate": 100.0, "epochs": 6, "batch_size": 16}
    assert main(["train", "--config", config(optimizer=wild), "--out", out, "--json"]) == 0
    training = strict(capsys.readouterr().out)["run"]
    asked = measured(kind="scales", probes=2, subject={"run": training})
    assert main(["measure", "--config", asked, "--out", out, "--json"]) == 0
    printed = strict(capsys.readouterr().out)
    assert set(printed["result"]["plain"]["median"]) == {None}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, 'kind is null; use one of "replay", "scales", "extremes"'),
        ({"kind": "hessian"}, 'kind is "hessian"; use one of "replay"'),
        ({"kind": ["gap"]}, 'kind is ["gap"]; use one of'),
        ({"kind": "gap", "probes": 1}, "probes is 1; use a whole number from 2 up to 200"),
        ({"kind": "gap", "probe": 8}, "probe is not a known key; did you mean probes?"),
        ({"kind": "landscape", "points": 50}, "points is 50; use one of 13, 25, 51"),
        ({"kind": "gap", "subject": {"run": 3}}, "subject.run is 3; use a text in quotes or null"),
        ({"kind": "gap", "subject": {"epohc": 3}}, "subject.epohc is not a known key"),
    ],
)
def test_a_measure_that_cannot_be(
    measured: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    parts: dict[str, Any],
    sentence: str,
) -> None:
    path, out = measured(**parts), tmp_path / "out"
    told = refusal(["measure", "--config", path, "--out", str(out)], capsys)
    assert told.startswith(f"bnviz: {path}: ") and sentence in told and not out.exists()


def test_a_measure_of_what_is_not_there(
    measured: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = measured(kind="gap", subject={"run": "nosuchrun1"})
    told = refusal(["measure", "--config", path, "--out", str(tmp_path / "out")], capsys)
    assert "There is no training nosuchrun1 in the run history." in told
    assert "--config FILE, or --example KIND" in refusal(["measure"], capsys)
    told = refusal(["measure", "--example", "hessian"], capsys)
    assert '--example is "hessian"; use one of "replay"' in told
    (tmp_path / "no.json").write_text("[1]")
    told = refusal(["measure", "--config", str(tmp_path / "no.json")], capsys)
    assert "`bnviz measure --example KIND` prints a config to start from" in told


# ---------------------------------------------------------------- the user's own data

CSV = "x1,name,x2,y\n" + "".join(
    f"{row},n{row},{row * row % 7 if row != 5 else ''},{3 * row}\n" for row in range(30)
)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "my data.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_file_of_ones_own(
    config: Callable[..., str],
    table: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, file = tmp_path / "out", table(CSV)
    small = {**SMALL["data"], "validation": 0.5}
    arguments = ["train", "--config", config(data=small), "--out", str(out), "--table", file]
    assert main([*arguments, "--target", "y", "--json"]) == 0
    printed, told = capsys.readouterr()
    assert f"{file}: Column name holds text (row 2" in told
    assert f"{file}: 29 of 30 rows (--fill drop)" in told
    assert "read with --separator=comma --encoding=utf-8 --header=1\n" in told
    store = Store(folder_url(out))
    run = store.run(strict(printed)["run"])
    assert run is not None
    data = TrainConfig.model_validate_json(run.config).data
    assert (data.source, data.columns, data.target) == ("table", ("x1", "x2"), "y")
    assert data.validation == 0.5, "the rest of the config's data counts"
    kept = store.table(data.table or "")
    assert kept is not None and kept.names == ("x1", "x2", "y")
    np.testing.assert_array_equal(kept.values[:, 2], [3 * row for row in range(30) if row != 5])
    store.close()

    # The record holds the digest alone: it runs again where the data is, and only there.
    record = str(out / "run.json")
    assert main(["train", "--config", record, "--out", str(out)]) == 0
    capsys.readouterr()
    told = refusal(["train", "--config", record, "--out", str(tmp_path / "other")], capsys)
    assert "--table FILE --target COLUMN" in told
    filled = [*arguments, "--target", "y", "--fill", "mean", "--columns", "x2"]
    assert main(filled) == 0 and "30 of 30 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (CSV, [], "no target yet; use --target with one of: x1, x2, y"),
        (CSV, ["--target", "name"], "no numeric column 'name'; use --target with one of: x1, x2"),
        (CSV, ["--target", "y", "--columns", "x1,z"], "'z' is no numeric column of the file"),
        (CSV, ["--target", "y", "--columns", "x1,y"], "'y' is the target itself"),
        ("a,b\nx,y\nu,v\n", ["--target", "b"], "None of the columns (a, b) holds numbers"),
        ("", ["--target", "b"], "The file is empty"),
        ("a,b\n1,\n,2\n", ["--target", "b"], "No row is complete"),
        ("a,\x1b[2Jb\n1,2\n3,4\n", [], "\N{REPLACEMENT CHARACTER}[2Jb"),
    ],
)
def test_a_file_that_cannot_be_learned_from(
    config: Callable[..., str],
    table: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: list[str],
    sentence: str,
) -> None:
    file, out = table(text), tmp_path / "out"
    arguments = ["train", "--config", config(), "--out", str(out), "--table", file, *options]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told.splitlines()[-1] and "Traceback" not in told and "\x1b" not in told
    assert told.splitlines()[-1].startswith(f"bnviz: {file}: ") and not out.exists()


@pytest.mark.parametrize(
    ("text", "options", "means"),
    [
        ("a;y\n2.025;1\n761;2\n1.5;3\n", ["--decimal", ","], [2.025, 761, 1.5]),
        ("a;y\n2.025;1\n761;2\n105;3\n", ["--decimal", ","], [2025, 761, 105]),
        ("a;y\n2.025;1\n761;2\n105;3\n", ["--decimal=point"], [2.025, 761, 105]),
        ("a,y\n1,1\n-200,2\n3,3\n", ["--missing=-200", "--fill=zero"], [1, 0, 3]),
        ("a,y\n1,1\n-200,2\n3,3\n", ["--missing=none"], [1, -200, 3]),
        ("y,a\n1,2\n3,4\na,y\n5,6\n7,8\n9,8\n", ["--header=4"], [5, 7, 9]),
        ("1,5;2\n2,5;3\n3,5;2\n", ["--separator=;", "--header=0", "--target=x2"], [1.5, 2.5, 3.5]),
    ],
)
def test_how_a_file_is_written_can_be_said(
    config: Callable[..., str],
    table: Callable[[str], str],
    tmp_path: Path,
    text: str,
    options: list[str],
    means: list[float],
) -> None:
    out, file = tmp_path / "out", table(text)
    arguments = ["train", "--config", config(), "--out", str(out), "--table", file]
    assert main([*arguments, "--target=y", *options]) == 0
    store = Store(folder_url(out))
    (kept,) = store.tables()
    values = store.table(kept.digest)
    assert values is not None
    np.testing.assert_array_equal(values.values[:, 0], means)
    store.close()


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("a;y\n2.025;1\n761;2\n", [], "“2.025” in row 2"),
        ("a;y\n2.025;1\n761;2\n", [], "Use --decimal=point or --decimal=comma."),
        ("a,y\n1,1\n-200,2\n3,3\n", [], "Use --missing=-200 or --missing=none."),
        ("2019,2020\n1,1\n3,2\n", [], "Use --header=1 or --header=0."),
        ("a,y\n1,1\n3,2\n", ["--missing", "mean"], "use --fill mean"),
        ("a,y\n1,1\n3,2\n", ["--header", "9"], "Row 9"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_options_that_tell(
    config: Callable[..., str],
    table: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: list[str],
    sentence: str,
) -> None:
    file, out = table(text), tmp_path / "out"
    arguments = ["train", "--config", config(), "--out", str(out), "--table", file]
    assert main([*arguments, "--target=y", *options]) == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1] and not out.exists()


def test_a_file_that_is_not_there(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--config", config(), "--out", str(tmp_path / "out"), "--table", "nosuch"]
    assert "nosuch cannot be read: No such file" in refusal(arguments, capsys)


# ---------------------------------------------------------------- refusals


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 2
    printed, told = capsys.readouterr()
    assert printed == "" and "Traceback" not in told
    assert all(line.startswith("bnviz: ") for line in told.splitlines())
    return told


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (
            {"optimizer": {"epochs": 5000}},
            "optimizer.epochs is 5000; use a whole number from 1 up to 2000",
        ),
        ({"seeds": 2.5}, "seeds is 2.5; use a whole number from 1 up to 64"),
        ({"seeds": "8"}, 'seeds is "8"; use a whole number from 1 up to 64'),
        ({"seeds": True}, "seeds is true; use a whole number from 1 up to 64"),
        (
            {"optimizer": {"kind": "adagrad"}},
            'optimizer.kind is "adagrad"; use one of "sgd", "momentum", "adam"',
        ),
        (
            {"optimizer": {"learning_rate": 0}},
            "optimizer.learning_rate is 0; use a number above 0 up to 100",
        ),
        (
            {"optimizer": {"heavy_ball": float("nan")}},
            "optimizer.heavy_ball is NaN; use a number from 0 below 1",
        ),
        (
            {"network": {"torch_momentum": 2}},
            "network.torch_momentum is 2; use a number above 0 up to 1 or null",
        ),
        ({"network": {"widht": 3}}, "network.widht is not a known key; did you mean width?"),
        (
            {"xyz": 1},
            "xyz is not a known key; use one of arena, data, network, optimizer, probes, seed, "
            "seeds",
        ),
        ({"data": {"standardize": 1}}, "data.standardize is 1; use true or false"),
        ({"data": None}, "data is null; use an object {...}"),
        ({"data": {"source": "table"}}, "--table FILE --target COLUMN"),
        (
            {"network": {"depth": 8, "width": 512}, "seeds": 64},
            "have 117,440,512 weights between their hidden layers; the limit is 16,000,000.",
        ),
    ],
)
def test_a_config_that_cannot_be(
    config: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    part: dict[str, Any],
    sentence: str,
) -> None:
    path, out = config(**part), tmp_path / "out"
    told = refusal(["train", "--config", path, "--out", str(out)], capsys)
    assert told.startswith(f"bnviz: {path}: ") and sentence in told and told.count("\n") == 1
    assert not out.exists(), "nothing is made for a config that cannot be"


def test_all_faults_are_told_at_once(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(seeds=0, network={"depth": 99})
    told = refusal(["train", "--config", path, "--out", str(tmp_path / "out")], capsys)
    assert told.count("\n") == 2 and "seeds is 0" in told and "network.depth is 99" in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not JSON: Expecting value at line 1, column 1"),
        ('{"seeds": 1,\n "seed": }', "is not JSON: Expecting value at line 2, column 10"),
        ("[1, 2]", "holds [1, 2]; it must hold an object {...}"),
        ('{"seeds": 1, "seeds": 2}', 'the key "seeds" appears twice'),
        (b"\xff\xfe\x00", "is not UTF-8 text (byte 0)"),
        ("[" * 100_000, "is not a config"),
        ('{"seeds": ' + "9" * 5000 + "}", "is not a config"),
        ('{"\\ud800": 1}', "Invalid JSON"),
        (" " * 2_000_000, "is larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_config(
    config: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | bytes,
    sentence: str,
) -> None:
    path = config(text)
    told = refusal(["train", "--config", path, "--out", str(tmp_path / "out")], capsys)
    assert path in told and sentence in told


def test_a_config_with_a_byte_order_mark(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(b"\xef\xbb\xbf" + json.dumps(SMALL).encode())
    assert main(["train", "--config", path, "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == ""


def test_files_that_cannot_be_used(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(path: str, out: Path) -> str:
        return refusal(["train", "--config", path, "--out", str(out)], capsys)

    assert "No such file" in told(str(tmp_path / "nosuch.json"), tmp_path / "out")
    assert "Is a directory" in told(str(tmp_path), tmp_path / "out")
    (tmp_path / "file").write_text("in the way")
    assert f"{tmp_path}/file" in told(config(), tmp_path / "file")
    (tmp_path / "history.sqlite").write_bytes(b"no database at all" * 100)
    assert "is not a readable run history" in told(config(), tmp_path)
    assert "--config FILE and --out DIR" in refusal(["train"], capsys)


def test_a_config_is_never_overwritten(
    config: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "run.json"
    mine.write_text(json.dumps(SMALL))
    told = refusal(["train", "--config", str(mine), "--out", str(tmp_path)], capsys)
    assert f"{mine} would be overwritten" in told
    assert json.loads(mine.read_text()) == SMALL and os.listdir(tmp_path) == ["run.json"]


# ---------------------------------------------------------------- sweep


def test_a_sweep_prints_every_comparison_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bnviz.jobs import cluster
    from tests.jobs.test_sweep import CONFIG, Here

    executor = Here()

    @contextmanager
    def here(_address: str | None, workers: int) -> Iterator[sweep.Pool]:
        yield sweep.Pool(executor, workers)

    monkeypatch.setattr(cluster, "pool", here)
    path = tmp_path / "sweep.json"
    path.write_text(CONFIG.model_dump_json())
    arguments = ["sweep", "--config", str(path), "--out", str(tmp_path / "out"), "--workers", "2"]
    assert main([*arguments, "--json"]) == 0
    record = strict(indented(capsys.readouterr().out))
    assert {"cells", "verdict", "engine", "seconds"} <= record.keys()
    assert record["engine"] == "2 processes" and len(record["cells"]) == 6
    first = record["cells"][0]
    assert first["settings"] == {"network.depth": 1, "optimizer.learning_rate": 0.001}
    assert first.keys() == {
        "settings", "seeds", "bn", "plain", "difference", "interval", "p", "q"
    }  # fmt: skip
    assert len(first["bn"]["values"]) == first["seeds"] == 2
    assert strict((tmp_path / "out" / "sweep.json").read_text()) == record
    made = executor.made
    assert main([*arguments, "--resume"]) == 0
    assert executor.made == made
    assert "| network.depth | optimizer.learning_rate |" in capsys.readouterr().out


@pytest.mark.parametrize("name", sweep_presets.PRESETS)
def test_an_example_of_every_sweep(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "--example", name]) == 0
    example = SweepConfig.model_validate_json(indented(capsys.readouterr().out))
    assert example == sweep_presets.PRESETS[name]


@pytest.mark.parametrize(
    ("axes", "more", "told"),
    [
        ("[]", [], "axes is []; use a list [...] of 2 to 3 entries"),
        ('[{"field": "seeds", "values": [1]}, {}]', [], '"seeds" cannot be swept'),
        ('[{"field": "network.eps", "values": []}, 1]', [], "of 1 to 64 entries"),
        (None, ["--workers", "0"], "--workers is 0; use a whole number from 1"),
        (None, ["--scheduler", "nowhere"], "No Dask scheduler answers at nowhere."),
    ],
)
def test_what_is_no_sweep_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], axes: str | None, more: list[str], told: str
) -> None:
    path = tmp_path / "sweep.json"
    example = sweep_presets.PRESETS["eps_scale"].model_dump_json()
    path.write_text(example if axes is None else f'{{"axes": {axes}}}')
    assert main(["sweep", "--config", str(path), "--out", str(tmp_path / "out"), *more]) == 2
    said = capsys.readouterr().err
    assert told in said and "axes is [{" not in said
