"""A training without a browser, kept as the same run the dashboard would show."""

import argparse
import json
import math
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import Any

from bnviz.cli.refusals import Refusal, read_json, to_config
from bnviz.core.configs import TrainConfig
from bnviz.core.datasets import Table
from bnviz.core.snapshots import NetSnapshot, Snapshot, from_bytes
from bnviz.jobs.trainings import create
from bnviz.jobs.working import work
from bnviz.store import Run, Store, StoreProblem
from bnviz.store.database import folder_url

#: How the command ends, by how the run ended; 130 is what shells give for Ctrl-C.
EXIT = {"done": 0, "failed": 1, "stopped": 130, "interrupted": 130}

RECORD = "run.json"


def train(arguments: argparse.Namespace) -> int:
    """`bnviz train`; returns the exit code. Raises Refusal."""
    if arguments.example:
        print(TrainConfig().model_dump_json(indent=2))
        return 0
    if arguments.config is None or arguments.out is None:
        raise Refusal("train needs --config FILE and --out DIR, or --example")
    config, table = _asked(arguments)
    out = Path(arguments.out)
    _check_record(out / RECORD)
    try:
        store = Store(folder_url(out))
        try:
            return _train(store, config, table, out, arguments.json)
        finally:
            store.close()
    except StoreProblem as problem:
        raise Refusal(str(problem)) from problem


def _asked(arguments: argparse.Namespace) -> tuple[TrainConfig, Table | None]:
    path = Path(arguments.config)
    raw = read_json(path)
    if raw.keys() == {"run", "config"} and isinstance(raw["config"], dict):
        raw = raw["config"]  # the record of an earlier run
    table = None
    if arguments.table is not None:
        from bnviz.cli.tables import with_table

        raw, table = with_table(raw, arguments)
    return to_config(raw, path), table


def _check_record(path: Path) -> None:
    """Refuses to write over a file that is no record, such as the config itself."""
    if not path.exists():
        return
    with suppress(Refusal):
        if read_json(path).keys() == {"run", "config"}:
            return
    raise Refusal(f"{path} would be overwritten and is no record of a run; choose another --out")


def _train(store: Store, config: TrainConfig, table: Table | None, out: Path, as_json: bool) -> int:
    if table is not None:
        store.save_table(table)
    elif config.data.table is not None and store.table(config.data.table) is None:
        raise Refusal(f"data.table is not in {out}; give the file: --table FILE --target COLUMN")
    run_id = create(store, config)
    record = {"run": run_id, "config": config.model_dump(mode="json")}
    try:
        (out / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{out / RECORD} cannot be written: {error.strerror}") from error
    progress = Progress(config.optimizer.epochs)
    with _stopped_by_ctrl_c(store, run_id):
        work(store, run_id, report=progress)
    progress.end()
    run = store.run(run_id)
    assert run is not None
    blob = store.last_blob(run_id)
    if as_json and blob is not None:
        print(json.dumps(as_dict(run, from_bytes(blob)), allow_nan=False))
    _say_end(run, out)
    return EXIT[run.status]


def _say_end(run: Run, out: Path) -> None:
    ended = f"Run {run.id} {run.status} after {run.done} of {run.total} epochs"
    print(f"{ended}: {run.error}" if run.error else f"{ended}.", file=sys.stderr)
    if run.snapshots:
        home = shlex.quote(str(out))
        print(f"See it:  BNVIZ_HOME={home} streamlit run app.py", file=sys.stderr)
        print(f"and open /fitness?run={run.id}", file=sys.stderr)


@contextmanager
def _stopped_by_ctrl_c(store: Store, run_id: str) -> Iterator[None]:
    """The first Ctrl-C lets the training put down its work; the second ends it on the spot."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # In a thread of its own, as this one may be in the middle of writing to the store.
        threading.Thread(target=store.request_stop, args=(run_id,), daemon=True).start()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    except KeyboardInterrupt:
        store.finish(run_id, "interrupted")
    finally:
        signal.signal(signal.SIGINT, before)


class Progress:
    """Tells stderr how far the training is: one living line, or one every few seconds in a log."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._living = sys.stderr.isatty()
        self._next = 0.0

    def __call__(self, snapshot: Snapshot) -> None:
        """Called after every snapshot."""
        now = time.monotonic()
        if now < self._next and snapshot.epoch < self._total:
            return
        self._next = now + (0.1 if self._living else 5.0)
        line = f"epoch {snapshot.epoch} of {self._total}"
        if snapshot.epoch and snapshot.seconds > 0:
            rate = snapshot.epoch / snapshot.seconds
            left = round((self._total - snapshot.epoch) / rate)
            line += f", {rate:.3g} epochs/s, {left // 60}:{left % 60:02} left"
        start, end = ("\r\x1b[K", "") if self._living else ("", "\n")
        print(start + line, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the living line behind."""
        if self._living:
            print(file=sys.stderr)


def as_dict(run: Run, snapshot: Snapshot) -> dict[str, Any]:
    """The run's snapshot for JSON, without model state; what is not a finite number is None."""
    nets = {"bn": snapshot.bn, "plain": snapshot.plain}
    return {
        "run": run.id,
        "status": run.status,
        "epoch": snapshot.epoch,
        "step": snapshot.step,
        "seconds": snapshot.seconds,
    } | {
        name: {
            field.name: _strict(getattr(net, field.name).tolist()) for field in fields(NetSnapshot)
        }
        for name, net in nets.items()
    }


def _strict(value: Any) -> Any:
    """JSON knows neither NaN nor infinity."""
    if isinstance(value, list):
        return [_strict(each) for each in value]
    return value if math.isfinite(value) else None
