"""Users' tables, kept under the digest of their content."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from safetensors.numpy import load, save

from bnviz.core.data.tables import Table
from bnviz.store.database import Database
from bnviz.store.errors import StoreProblem
from bnviz.store.schema import tables

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredTable:
    """What is known of a kept table without reading its values."""

    digest: str
    names: tuple[str, ...]
    rows: int
    saved: datetime


class Shelf(Database):
    """The tables in the history; see :class:`bnviz.store.database.Database`."""

    def save_table(self, table: Table) -> None:
        """Keeps a table; the same one again changes nothing."""
        row = {"digest": table.digest, "names": json.dumps(table.names), "saved": self.clock()}
        row |= {"rows": len(table.values), "blob": save({"values": table.values.copy(order="C")})}
        if self.table(table.digest) is not None:
            return
        try:
            self.write(tables.insert().values(row))
        except StoreProblem:
            if self.table(table.digest) is None:
                raise  # else another process was first with the same content

    def table(self, digest: str) -> Table | None:
        """The kept table with this digest, if there is one."""
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            return None
        for row in self.read(sa.select(tables).where(tables.c.digest == digest)):
            return Table(digest, tuple(json.loads(row.names)), load(row.blob)["values"])
        return None

    def tables(self) -> list[StoredTable]:
        """The kept tables, newest first."""
        columns = (tables.c.digest, tables.c.names, tables.c.rows, tables.c.saved)
        query = sa.select(*columns).order_by(tables.c.saved.desc())
        return [
            StoredTable(
                digest=row.digest,
                names=tuple(json.loads(row.names)),
                rows=row.rows,
                saved=datetime.fromtimestamp(row.saved, UTC),
            )
            for row in self.read(query)
        ]
