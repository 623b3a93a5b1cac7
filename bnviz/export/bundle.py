"""A training as one file that another history takes in: everything it has kept, validated.

The file is safetensors: nothing in it is run. Its byte arrays are the run's record as JSON
("run"), snapshots ("snapshot/INDEX") and model states ("state/INDEX/EPOCH"), each as the history
keeps them, and the user's table ("table"), if the training learned from one.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bnviz.core.configs import Config, TrainConfig
from bnviz.core.data.tables import Table
from bnviz.core.training.snapshots import NetSnapshot, Snapshot, from_bytes
from bnviz.export.training import Training, Wording
from bnviz.files.read import digest_of
from bnviz.store import Store, StoreProblem, open_store
from bnviz.store.history import LONGEST

#: Bytes of the largest file taken in.
MOST_BYTES = 256 * 2**20

Seconds = Annotated[float, Field(ge=0, le=4e9)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Record(Config):
    """A run's own row in the file. Times are seconds since 1970 UTC."""

    format: Literal[1] = 1
    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,32}$")]
    config: str
    status: Literal["done", "stopped", "failed", "interrupted"]
    created: Seconds
    started: Seconds | None
    finished: Seconds | None
    done: Count
    total: Count
    name: Annotated[str, Field(max_length=LONGEST["name"])] = ""
    tags: Annotated[str, Field(max_length=LONGEST["tags"])] = ""
    note: Annotated[str, Field(max_length=LONGEST["note"])] = ""
    columns: tuple[str, ...] = ()
    """Of the table."""


def bundle(training: Training, wording: Wording) -> bytes:
    """The training as such a file; one that is still at work is "interrupted" in it."""
    run, store, table = training.run, open_store(), training.table
    record = Record(
        id=run.id,
        config=run.config,
        status="interrupted" if run.status in ("queued", "running", "damaged") else run.status,
        created=run.created.timestamp(),
        started=run.started.timestamp() if run.started else None,
        finished=run.finished.timestamp() if run.finished else None,
        done=run.done,
        total=run.total,
        name=run.name,
        tags=" ".join(run.tags),
        note=run.note,
        columns=table.names if table else (),
    )
    parts = {"run": record.model_dump_json().encode()}
    parts |= {f"snapshot/{index}": blob for index, blob in store.blobs(run.id)}
    for index, epoch in store.states(run.id):
        parts[f"state/{index}/{epoch}"] = store.state_blob(run.id, index) or b""
    arrays = {name: np.frombuffer(part, np.uint8) for name, part in parts.items()}
    return save(arrays | ({"table": np.ascontiguousarray(table.values)} if table else {}))


def take_in(store: Store, blob: bytes) -> str:
    """Keeps the training in such a file, and its id; raises StoreProblem for any other file."""
    if len(blob) > MOST_BYTES:
        raise _refused("size")
    try:
        arrays = load(blob)
        record = Record.model_validate_json(arrays.pop("run").tobytes(), strict=False)
        config = TrainConfig.model_validate_json(record.config)
        table = _table(config, record, arrays.pop("table", None))
        snapshots = list(_snapshots(config, arrays))
        states = list(_states(config, arrays))
    except (SafetensorError, ValidationError, ValueError, TypeError, LookupError) as error:
        raise _refused(type(error).__name__) from error
    if table is not None:
        store.save_table(table)
    row = record.model_dump(exclude={"format", "columns"})
    store.adopt(row | {"kind": "train", "snapshots": len(snapshots)}, snapshots, states)
    return record.id


def _refused(part: str) -> StoreProblem:
    return StoreProblem("no_export", {"part": part})


def _table(config: TrainConfig, record: Record, values: np.ndarray | None) -> Table | None:
    if config.data.table is None:
        return None
    if values is None or values.dtype != np.float64 or values.ndim != 2:
        raise ValueError("table")
    if values.shape[1] != len(record.columns) or not np.isfinite(values).all():
        raise ValueError("table")
    if digest_of(record.columns, values) != config.data.table:
        raise ValueError("table")
    return Table(config.data.table, record.columns, values)


def _snapshots(config: TrainConfig, arrays: dict[str, np.ndarray]) -> Iterator[tuple[int, bytes]]:
    count = sum(name.startswith("snapshot/") for name in arrays)
    if not count:
        raise ValueError("snapshots")
    epoch = 0
    for index in range(count):
        blob = arrays[f"snapshot/{index}"].tobytes()
        snapshot = from_bytes(blob)
        if not epoch <= snapshot.epoch <= config.optimizer.epochs or snapshot.state:
            raise ValueError("epoch")
        epoch = snapshot.epoch
        _check(config, snapshot)
        yield index, blob


def _states(config: TrainConfig, arrays: dict[str, np.ndarray]) -> Iterator[tuple[int, int, bytes]]:
    for name, blob in arrays.items():
        if not name.startswith("state/"):
            continue
        _, index, epoch = name.split("/")
        snapshot = from_bytes(blob.tobytes())
        _check(config, snapshot)
        if snapshot.epoch != int(epoch) or not snapshot.state or int(index) < 0:
            raise ValueError("state")
        yield int(index), int(epoch), blob.tobytes()


def _check(config: TrainConfig, snapshot: Snapshot) -> None:
    """Raises ValueError where a figure has not the shape that it has in such a training."""
    shapes = {1: (config.seeds,), 2: (config.network.depth, config.seeds)}
    shapes[3] = (*shapes[2], 5)
    if {*snapshot.others} != {*config.other_norms}:
        raise ValueError("nets")
    for net in snapshot.nets.values():
        for each in fields(NetSnapshot):
            figure = getattr(net, each.name)
            quantiles = each.name.endswith("_quantiles") or each.name.startswith("running_")
            layers = each.name.startswith("activation_") or each.name == "dead_share"
            expected = shapes[3 if quantiles else 2 if layers else 1]
            if figure.dtype.kind != "f" or figure.shape not in (expected, (0,)):
                raise ValueError(each.name)
        if not net.train_loss.size or not net.diverged.size:
            raise ValueError("losses")
