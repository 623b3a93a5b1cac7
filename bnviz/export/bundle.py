"""A run as one file that another history takes in: everything it has kept, validated.

The file is safetensors: nothing in it is run. Its byte arrays are the run's record as JSON
("run"), and what the history keeps: snapshots of a training, cells of a sweep or the result of a
measure ("snapshot/INDEX"), a training's model states ("state/INDEX/EPOCH"), and the user's table
("table"), if the run learned from one. With a measure travels the training that it is about
("training"), as such a file itself.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bnviz.core.configs import MAX_FEATURES, DataConfig
from bnviz.core.data.tables import Table
from bnviz.core.fields import Config
from bnviz.core.smoothness.measure import Measure
from bnviz.export.kept import blobs_of, states_of
from bnviz.files.reading import digest_of
from bnviz.jobs.kinds import KINDS, MEASURE, TRAININGS, kind_of
from bnviz.jobs.measures import subject_of
from bnviz.jobs.trainings import table_of
from bnviz.store import Run, Store, StoreProblem, open_store
from bnviz.store.history import LONGEST

#: Bytes of the largest file taken in.
MOST_BYTES = 256 * 2**20

Seconds = Annotated[float, Field(ge=0, le=4e9)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Record(Config):
    """A run's own row in the file. Times are seconds since 1970 UTC."""

    format: Literal[1] = 1
    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,32}$")]
    kind: Annotated[str, Field(pattern=r"^(train|sweep|measure:\w{1,40})$")] = Field(
        "train", exclude_if=lambda kind: kind == "train"
    )
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


def bundle(run: Run) -> bytes:
    """The run as such a file; one that is still at work is "interrupted" in it."""
    kind, store = kind_of(run), open_store()
    data = kind.data(kind.config_of(run))
    table = table_of(store, data) if data is not None else None
    record = Record(
        id=run.id,
        kind=run.kind,
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
    blobs = enumerate(blob for _, blob in store.blobs(run.id))  # a result has its own number
    parts |= {f"snapshot/{index}": blob for index, blob in blobs}
    for index, epoch in store.states(run.id):
        parts[f"state/{index}/{epoch}"] = store.state_blob(run.id, index) or b""
    if training := store.run(subject_of(run) or ""):
        parts["training"] = bundle(training)
    arrays = {name: np.frombuffer(part, np.uint8) for name, part in parts.items()}
    return save(arrays | ({"table": np.ascontiguousarray(table.values)} if table else {}))


@dataclass(frozen=True)
class _Parts:
    """What such a file holds; `training` is the file in it."""

    record: Record
    config: Any
    table: Table | None
    blobs: list[tuple[int, bytes]]
    states: list[tuple[int, int, bytes]]
    training: bytes | None


def take_in(store: Store, blob: bytes, owner: str = "") -> str:
    """Keeps the run in such a file, as its owner's, and its id; StoreProblem for any other file.

    The training that a measure is about is taken in too, where this history does not have it.
    """
    for whose in {"", owner}:
        store.check_room(len(blob), whose)
    parts = [_read(blob)]
    if (within := parts[0].training) is not None:
        parts.append(_read(within))
        about = parts[0].config.subject.run
        if (parts[1].record.kind, parts[1].record.id) != (TRAININGS.name, about):
            raise _refused("training")
    for each in reversed(parts):
        if each is parts[0] or store.run(each.record.id) is None:
            _keep(store, each, owner)
    return parts[0].record.id


def _keep(store: Store, parts: _Parts, owner: str) -> None:
    """Keeps one run; nothing of it is from the future.

    What a visitor's file says of nets that are not theirs, or of no nets, counts for them alone.
    """
    if parts.table is not None:
        store.save_table(parts.table, owner)
    record = parts.record
    row = record.model_dump(exclude={"format", "columns"})
    row |= {"kind": record.kind, "snapshots": len(parts.blobs)}
    times = {name: row[name] for name in ("created", "started", "finished") if row[name]}
    ahead = max([0.0, *(time - store.clock() for time in times.values())])
    row |= {name: time - ahead for name, time in times.items()}
    about = parts.config.subject.run if isinstance(parts.config, Measure) else None
    trusted = not owner or (about is not None and store.owns(owner, about))
    store.adopt(row, parts.blobs, parts.states, trusted=trusted)
    store.give(owner, record.id)


def _read(blob: bytes) -> _Parts:
    """What is in such a file; raises StoreProblem for any other file."""
    if len(blob) > MOST_BYTES:
        raise _refused("size")
    try:
        arrays = load(blob)
        record = Record.model_validate_json(arrays.pop("run").tobytes(), strict=False)
        within = arrays.pop("training", None) if record.kind.startswith(MEASURE) else None
        kind = KINDS[record.kind]
        config = kind.parse(record.config)
        if not any(name.startswith("snapshot/") for name in arrays):
            raise StoreProblem("empty_export", {"run": record.id})
        blobs, states = blobs_of(kind, config, arrays), states_of(config, arrays)
        table = _table(kind.data(config), record, arrays.pop("table", None))
        training = None if within is None else within.tobytes()
        return _Parts(record, config, table, blobs, states, training)
    except (SafetensorError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise _refused(type(error).__name__) from error


def _refused(part: str) -> StoreProblem:
    return StoreProblem("no_export", {"part": part})


def _table(data: DataConfig | None, record: Record, values: np.ndarray | None) -> Table | None:
    """The table that a run learned from, such as an uploaded file makes one; raises ValueError."""
    if data is None or data.table is None:
        return None
    from bnviz.core.data.preparation import dataset_for, split
    from bnviz.files.columns import MAX_MAGNITUDE

    names = record.columns
    if values is None or values.dtype != np.float64 or values.shape[1:] != (len(names),):
        raise ValueError("table")
    if len(names) > MAX_FEATURES or len(set(names)) < len(names):
        raise ValueError("columns")
    if digest_of(names, values) != data.table or not (np.abs(values) <= MAX_MAGNITUDE).all():
        raise ValueError("values")
    table = Table(data.table, names, values)
    dataset_for(data, table)  # that the run can learn from it
    split(data, len(values))
    return table
