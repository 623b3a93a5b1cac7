"""A user's own table: choose a file, hear what is wrong with it, repair it, use it.

What is chosen is kept in the store under the digest of its content, and the digest
travels in the address: a link shows the same table to whoever shares the store.
"""

from collections.abc import Mapping
from typing import Final, get_args

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bnviz.core.configs import MAX_FEATURES
from bnviz.core.data.tables import Table
from bnviz.files.findings import Unreadable
from bnviz.files.read import MAX_BYTES
from bnviz.files.reading import Filling, Reading
from bnviz.store import StoredTable, open_store
from bnviz.ui import cache
from bnviz.ui.controls import FITNESS, ONE_BATCH
from bnviz.ui.files.dialect import read_as_wanted
from bnviz.ui.language import say, say_verdict
from bnviz.ui.visitor import owner, visitor
from bnviz.ui.widgets import ask

#: More remarks than this are folded away.
MOST_OPEN: Final = 10
#: How the names of files end that can be chosen: text by many names, workbooks, Parquet.
TYPES: Final = [
    *("csv", "tsv", "txt", "tab", "dat", "data", "lvm", "asc"),
    *("xlsx", "xlsm", "parquet", "pq"),
]


def choose_table(least_columns: int = 1, least_rows: int = 1) -> Table:
    """The table to work on, from a file or from the store; stops the page until there is one."""
    stored, digest = {table.digest: table for table in open_store().tables(owner())}, None
    with st.container(horizontal=True):
        with st.expander(say("upload.title"), expanded=not stored):
            file = st.file_uploader(say("upload.choose", limit=MAX_BYTES >> 20), TYPES)
        if stored and not file:
            digest = _choose_stored(stored)
    try:
        table = _from_file(file) if file else _from_store(digest)
    except Unreadable as problem:
        st.error(say_verdict("unreadable", problem.reason), icon=":material/error:")
        st.stop()
    rows, columns = table.values.shape
    if columns < least_columns or rows < least_rows:
        st.error(say("upload.small", rows=rows, columns=columns), icon=":material/error:")
        st.stop()
    if file:
        st.caption(say("upload.ready", rows=rows, columns=columns))
    return table


def choose_target(table: Table) -> str:
    """The column to predict."""
    positions = [str(position) for position in range(1, len(table.names) + 1)]
    shown = lambda position: table.names[int(position) - 1]  # noqa: E731
    picked = ask(FITNESS["target"], options=positions, shown=shown, default=positions[-1])
    return table.names[int(picked) - 1]


def _from_file(file: UploadedFile) -> Table:
    reading = read_as_wanted(file.name, file.getvalue(), file.file_id)
    lines = [say_verdict("finding", finding) for finding in reading.findings]
    if lines:
        with st.expander(
            say("upload.findings", count=len(lines)),
            expanded=len(lines) <= MOST_OPEN,
            icon=":material/fact_check:",
        ):
            st.markdown("\n".join(f"- {line}" for line in lines))
    columns = st.multiselect(
        say("upload.columns", limit=MAX_FEATURES),
        reading.names,
        reading.names[:MAX_FEATURES],
        max_selections=MAX_FEATURES,
    )
    filling = _filling(reading, columns)
    table = open_store().save_choice(file.name, reading, columns, filling, visitor())
    st.session_state["table"] = table.digest
    st.query_params["table"] = table.digest
    return table


def _filling(reading: Reading, columns: list[str]) -> Filling:
    rows = int(reading.complete(columns).sum())
    if rows == len(reading.values):
        return "drop"
    picked: Filling = st.radio(
        say("upload.filling"),
        get_args(Filling),
        format_func=lambda way: say(f"upload.{way}", rows=rows),
        horizontal=True,
    )
    return picked


def _choose_stored(stored: Mapping[str, StoredTable]) -> str:
    """The digest of one of the tables used before; its menu says the columns and rows."""
    chosen: str = ask(
        ONE_BATCH["table"],
        options=list(stored),
        shown=lambda digest: _summary(stored[digest]),
        label_visibility="collapsed",
    )
    return chosen


def _from_store(digest: str | None) -> Table:
    if digest is None:
        st.info(say("upload.waiting"), icon=":material/upload_file:")
        st.stop()
    table = cache.table(digest)
    assert table is not None, "the store listed it a moment ago"
    return table


def _summary(table: StoredTable) -> str:
    names = ", ".join(table.names[:4]) + (", …" if len(table.names) > 4 else "")
    return say("upload.summary", names=names, rows=table.rows)
