"""The history's tables."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

#: 4: which visitor owns which run, table and file.
#: 3: what people say of a run, its size, and uploads of which tables are a choice of columns.
#: 2: the model states of many checkpoints of a run; 1 kept the newest alone.
SCHEMA_VERSION = 4

metadata = sa.MetaData()

schema = sa.Table(
    "bnviz_schema",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)

#: Times are seconds since 1970 UTC; `done` of `total` are a training's epochs, a measure's parts;
#: `size` is that of all blobs of a run, in bytes; `tags` are apart by blanks.
runs = sa.Table(
    "bnviz_runs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("traceback", sa.Text),
    sa.Column("created", sa.Float(53), nullable=False),
    sa.Column("started", sa.Float(53)),
    sa.Column("finished", sa.Float(53)),
    sa.Column("heartbeat", sa.Float(53), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("snapshots", sa.Integer, nullable=False),
    sa.Column("stop", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("tags", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("deleted", sa.Float(53)),
    sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("bnviz_runs_created", "created"),
    # All that counting and adding up need; so that neither reads the rows.
    sa.Index("bnviz_runs_listed", "deleted", "created", "size"),
    sa.Index("bnviz_runs_kind_created", "kind", "created"),
)

snapshots = sa.Table(
    "bnviz_snapshots",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

#: Model states, by the index of their snapshot; `size` is the blob's, in bytes.
checkpoints = sa.Table(
    "bnviz_checkpoints",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

#: Whose a run, a table or an uploaded file is: its id or digest. Several may have the same file.
#: ELSEWHERE are runs that a visitor took in from a file: what they say counts for that visitor.
ELSEWHERE = ""
owners = sa.Table(
    "bnviz_owners",
    metadata,
    sa.Column("owner", sa.String(255), primary_key=True),
    sa.Column("item", sa.String(64), primary_key=True),
)

#: The numeric columns of an uploaded file, as they were read: with gaps.
uploads = sa.Table(
    "bnviz_uploads",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("names", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("saved", sa.Float(53), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

#: Tables without gaps. One with an `upload` is a choice of its columns, its gaps filled by
#: `filling`, and has no values of its own.
tables = sa.Table(
    "bnviz_tables",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("names", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("saved", sa.Float(53), nullable=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
    sa.Column("upload", sa.String(64)),
    sa.Column("filling", sa.String(8)),
    sa.Index("bnviz_tables_upload", "upload"),
)


def make_tables(connection: sa.Connection, wanted: Iterable[sa.Table]) -> None:
    """Makes those of the tables, of their columns and of their indices that are not there yet."""
    for table in wanted:
        connection.execute(CreateTable(table, if_not_exists=True))
        there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                column_sql = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {column_sql}"))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
