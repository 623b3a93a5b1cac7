"""Histories that earlier versions wrote, brought to this version's form when they are opened."""

from typing import Any

import sqlalchemy as sa
from safetensors import SafetensorError
from safetensors.numpy import load

from bnviz.store.schema import (
    SCHEMA_VERSION,
    checkpoints,
    make_tables,
    owners,
    runs,
    schema,
    snapshots,
    tables,
    uploads,
)

#: Until version 1 a run had one model state, that of its newest checkpoint.
_states = sa.Table(
    "bnviz_states",
    sa.MetaData(),
    sa.Column("run_id", sa.String(32)),
    sa.Column("blob", sa.LargeBinary),
)


def migrate(engine: sa.Engine) -> None:
    """Brings a history of an earlier version to the present one, whole or not at all."""
    with engine.begin() as connection:
        # The update comes first: it takes the lock, and whoever waited for it finds all done.
        old = schema.update().where(schema.c.version < SCHEMA_VERSION)
        if connection.execute(old.values(version=SCHEMA_VERSION)).rowcount == 0:
            return
        make_tables(connection, [owners, uploads, tables, checkpoints, runs])
        if sa.inspect(connection).has_table(_states.name):
            for run_id in list(connection.scalars(sa.select(_states.c.run_id))):
                _keep_state(connection, run_id)
            _states.drop(connection)
        connection.execute(runs.update().values(size=_kept_by_run()))


def _kept_by_run() -> sa.ColumnElement[int]:
    """The bytes of all that a run has kept."""
    sizes = (
        sa.select(sa.func.sum(sa.func.length(table.c.blob)))
        .where(table.c.run_id == runs.c.id)
        .scalar_subquery()
        for table in (snapshots, checkpoints)
    )
    first, second = (sa.func.coalesce(size, 0) for size in sizes)
    return first + second


def _keep_state(connection: sa.Connection, run_id: str) -> None:
    """A run's one state becomes that of the snapshot it was kept with: the last of its epoch."""
    blob: Any = connection.scalar(sa.select(_states.c.blob).where(_states.c.run_id == run_id))
    epoch = _epoch(blob)
    mine = snapshots.c.run_id == run_id
    newest_first = sa.select(snapshots.c.idx).where(mine).order_by(snapshots.c.idx.desc())
    for index in list(connection.scalars(newest_first)):
        its = sa.select(snapshots.c.blob).where(mine & (snapshots.c.idx == index))
        if epoch is not None and _epoch(connection.scalar(its)) == epoch:
            new = {"run_id": run_id, "idx": index, "epoch": epoch, "size": len(blob), "blob": blob}
            connection.execute(checkpoints.insert().values(new))
            return


def _epoch(blob: Any) -> int | None:
    """When a snapshot was taken; None if it cannot be read, which no version could."""
    try:
        return int(load(blob)["clock"][0])
    except (SafetensorError, KeyError):
        return None
