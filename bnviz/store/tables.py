"""Users' tables, kept under the digest of their content; uploaded files, kept once each."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bnviz.core.data.tables import Table
from bnviz.environment import number
from bnviz.store.database import Database
from bnviz.store.errors import Code, StoreProblem
from bnviz.store.records import NEVER, storable
from bnviz.store.schema import owners, tables, uploads

if TYPE_CHECKING:  # reading files takes libraries that those who work on runs do without
    from bnviz.files.reading import Filling, Reading

#: The variables that say how many GB uploaded files take together, and one visitor's, and what
#: they may where it is not set.
QUOTAS: Mapping[Code, tuple[str, float]] = {
    "tables_full": ("BNVIZ_TABLES_GIGABYTES", 4.0),
    "tables_of_visitor": ("BNVIZ_TABLES_VISITOR_GIGABYTES", 1.0),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredTable:
    """What is known of a kept table or file without reading its values; `size` in bytes.

    `file` is the name of the uploaded file, where that is known.
    """

    digest: str
    names: tuple[str, ...]
    rows: int
    saved: datetime
    file: str = ""
    size: int = 0


class Shelf(Database):
    """The tables in the history; see :class:`bnviz.store.database.Database`."""

    def give(self, owner: str, *items: str) -> None:
        """Notes whose these runs, tables or uploads are; those of nobody ("") stay nobody's."""
        for item in set(items) if owner else ():
            there = sa.select(owners.c.item).where(_pair(owner, item))
            self._insert(owners.insert().values(owner=owner, item=item), there)

    def owns(self, owner: str, item: str) -> bool:
        """Whether it is the owner's."""
        return bool(self.read(sa.select(owners.c.item).where(_pair(owner, item))))

    def save_table(self, table: Table, owner: str = "") -> None:
        """Keeps a table, the owner's; the same one again changes nothing. Raises StoreProblem."""
        for whose in {"", owner}:
            self._check_room(table.digest, table.values.nbytes, whose)
        self._keep(tables, table.digest, table.names, table.values)
        self.give(owner, table.digest)

    def save_choice(
        self,
        file: str,
        reading: "Reading",
        columns: Sequence[str],
        filling: "Filling",
        owner: str = "",
    ) -> Table:
        """The chosen columns of an uploaded file, both the owner's.

        The file's numbers are kept once, however many choices of its columns are kept. Raises
        Unreadable, and StoreProblem where the owner's files, or all, would be too much.
        """
        from bnviz.files.reading import to_table

        table = to_table(reading, columns, filling)
        for whose in {"", owner}:
            self._check_room(reading.digest, reading.values.nbytes, whose)
        self._keep(uploads, reading.digest, reading.names, reading.values, file=storable(file, 200))
        choice = {"upload": reading.digest, "filling": filling}
        self._keep(tables, table.digest, table.names, table.values, **choice)
        self.give(owner, reading.digest, table.digest)
        return table

    def _check_room(self, digest: str, size: int, owner: str = "") -> None:
        """Raises StoreProblem where so many bytes more are too much, the owner's or in all."""
        kept = self.uploads(owner)
        code: Code = "tables_of_visitor" if owner else "tables_full"
        limit = number(*QUOTAS[code])
        new = digest not in {each.digest for each in kept}
        if new and sum(each.size or 0 for each in kept) + size > limit * 2**30:
            raise StoreProblem(code, {"limit": f"{limit:g}"})

    def table(self, digest: str) -> Table | None:
        """The kept table with this digest, if there is one that is not damaged."""
        row = self._row(tables, digest)
        try:
            return None if row is None else self._whole(row)
        except (SafetensorError, ValueError, TypeError, LookupError):
            return None

    def _whole(self, row: sa.Row[Any]) -> Table | None:
        """The table in a row, with the values of the file of which it is a choice."""
        digest: str = row.digest
        names = tuple(json.loads(row.names))
        if row.upload is None:
            return Table(digest, names, load(row.blob)["values"])
        from bnviz.files.dialect import Dialect
        from bnviz.files.reading import Reading, to_table

        upload = self._row(uploads, row.upload)
        if upload is None:
            return None
        values = load(upload.blob)["values"]
        rows = np.arange(1, len(values) + 1)
        reading = Reading(tuple(json.loads(upload.names)), values, rows, Dialect(), ())
        return to_table(reading, names, row.filling)

    def tables(self, owner: str = "") -> list[StoredTable]:
        """The kept tables, the owner's or all, newest first."""
        columns = (tables.c.digest, tables.c.names, tables.c.rows, tables.c.saved)
        query = sa.select(*columns).where(owned(tables.c.digest, owner))
        query = query.order_by(tables.c.saved.desc())
        return [_stored(row) for row in self.read(query)]

    def uploads(self, owner: str = "") -> list[StoredTable]:
        """What holds values: uploaded files, and tables of no file; the owner's or all.

        Newest first.
        """
        files = (uploads.c.digest, uploads.c.names, uploads.c.rows, uploads.c.saved)
        alone = (tables.c.digest, tables.c.names, tables.c.rows, tables.c.saved)
        size = sa.func.length(tables.c.blob)
        both = sa.union_all(
            sa.select(*files, uploads.c.file, uploads.c.size),
            sa.select(*alone, sa.literal("").label("file"), size).where(tables.c.upload.is_(None)),
        ).subquery()
        query = sa.select(both).where(owned(both.c.digest, owner)).order_by(both.c.saved.desc())
        return [_stored(row) for row in self.read(query)]

    def delete_uploads(self, digests: Sequence[str], owner: str = "") -> None:
        """Forgets uploaded files or tables, and every choice of their columns.

        What somebody else has too stays theirs, once the `owner` has given it up.
        """
        if owner:
            choices = sa.select(tables.c.digest).where(tables.c.upload.in_(digests))
            its = owners.c.item.in_(digests) | owners.c.item.in_(choices)
            self.write(owners.delete().where((owners.c.owner == owner) & its))
            others = self.read(sa.select(owners.c.item).where(owners.c.item.in_(digests)))
            chosen = sa.select(tables.c.upload).where(
                tables.c.upload.in_(digests) & tables.c.digest.in_(sa.select(owners.c.item))
            )
            needed = {row.item for row in others} | {row.upload for row in self.read(chosen)}
            digests = [each for each in digests if each not in needed]
        mine = tables.c.digest.in_(digests) | tables.c.upload.in_(digests)
        self.write(tables.delete().where(mine))
        self.write(uploads.delete().where(uploads.c.digest.in_(digests)))

    def _row(self, kept: sa.Table, digest: str) -> sa.Row[Any] | None:
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            return None
        return next(iter(self.read(sa.select(kept).where(kept.c.digest == digest))), None)

    def _keep(
        self,
        place: sa.Table,
        digest: str,
        names: Sequence[str],
        values: NDArray[np.float64],
        **more: str,
    ) -> None:
        """Keeps what is not there yet; the `values` are left out of a choice of an upload."""
        there = sa.select(place.c.digest).where(place.c.digest == digest)
        if self.read(there):
            return
        blob = b"" if "upload" in more else save({"values": values.copy(order="C")})
        row = {"digest": digest, "names": json.dumps(names), "rows": len(values), "blob": blob}
        row |= {"saved": self.clock()} | more | ({"size": len(blob)} if place is uploads else {})
        self._insert(place.insert().values(row), there)

    def _insert(self, new: sa.Insert, there: sa.Select[Any]) -> None:
        """Inserts a row that is not there yet; another thread or process may be first with it."""
        if self.read(there):
            return
        try:
            self.write(new)
        except StoreProblem:
            if not self.read(there):
                raise


def _pair(owner: str, item: str) -> sa.ColumnElement[bool]:
    """Whether it is that item, the owner's."""
    return (owners.c.owner == owner) & (owners.c.item == item)


def owned(item: sa.ColumnElement[str], owner: str) -> sa.ColumnElement[bool]:
    """Whether the item is the owner's; every item is "nobody's"."""
    return item.in_(sa.select(owners.c.item).where(owners.c.owner == owner)) if owner else sa.true()


def _stored(row: sa.Row[Any]) -> StoredTable:
    """What is known of a table; of one whose row cannot be read, no columns."""
    try:
        known = row._asdict() | {"names": tuple(map(str, json.loads(row.names)))}
        known |= {"rows": int(row.rows), "saved": datetime.fromtimestamp(row.saved, UTC)}
        return StoredTable(**known)
    except (TypeError, ValueError, OverflowError, OSError):
        return StoredTable(str(row.digest), (), 0, NEVER)
