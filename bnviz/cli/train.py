"""A training without a browser, kept as the same run the dashboard would show."""

import argparse
import json
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from bnviz.cli.errors import Refusal, read_json, tell, to_config
from bnviz.cli.foreground import EXIT, history, in_json, numbers, worked, write
from bnviz.core.configs import TrainConfig
from bnviz.core.data.tables import Table
from bnviz.core.training.snapshots import Snapshot
from bnviz.jobs.kinds import TRAININGS
from bnviz.jobs.trainings import create
from bnviz.store import Run, Store

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
    with history(arguments.out) as store:
        return _train(store, config, table, out, arguments.json)


def _asked(arguments: argparse.Namespace) -> tuple[TrainConfig, Table | None]:
    path = Path(arguments.config)
    raw = read_json(path)
    if raw.keys() == {"run", "config"} and isinstance(raw["config"], dict):
        raw = raw["config"]  # the record of an earlier run
    table = None
    if arguments.table is not None:
        from bnviz.cli.tables import with_table

        raw, table = with_table(raw, arguments)
    return to_config(raw, path, TrainConfig), table


def _check_record(path: Path) -> None:
    """Refuses to write over a file that is not a record, such as the config itself."""
    if not path.exists():
        return
    with suppress(Refusal):
        if read_json(path).keys() == {"run", "config"}:
            return
    raise Refusal(
        f"{path} would be overwritten, and is not a record of a run; choose another --out"
    )


def _train(store: Store, config: TrainConfig, table: Table | None, out: Path, as_json: bool) -> int:
    if table is not None:
        store.save_table(table)
    elif config.data.table is not None and store.table(config.data.table) is None:
        raise Refusal(f"data.table is not in {out}; give the file: --table FILE --target COLUMN")
    run_id = create(store, config)
    write(out / RECORD, in_json({"run": run_id, "config": config.model_dump(mode="json")}))
    run = worked(store, run_id, "epoch")
    blob = store.last_blob(run_id)
    if as_json and blob is not None:
        print(json.dumps(as_dict(run, TRAININGS.decoded(run_id, blob)), allow_nan=False))
    _say_where(run, out)
    return EXIT[run.status]


def _say_where(run: Run, out: Path) -> None:
    if run.snapshots:
        command = "bnviz" if Path(sys.argv[0]).stem == "bnviz" else "python -m bnviz"
        tell(f"See it:  BNVIZ_HOME={shlex.quote(str(out))} {command}")
        tell(f"and open /fitness?run={run.id}")


def as_dict(run: Run, snapshot: Snapshot) -> dict[str, Any]:
    """The run's snapshot for JSON, without model state; what is not a finite number is None."""
    return {
        "run": run.id,
        "norm": TRAININGS.config_of(run).network.norm,
        "status": run.status,
        "epoch": snapshot.epoch,
        "step": snapshot.step,
        "seconds": snapshot.seconds,
    } | {name: numbers(net) for name, net in snapshot.nets.items()}
