"""The tables that people uploaded: what each holds, how much room it takes, and deleting it."""

from collections.abc import Sequence

import streamlit as st

from bnviz.store import StoredTable, open_store
from bnviz.texts.numbers import size
from bnviz.ui.language import say
from bnviz.ui.visitor import owner


def show_uploads() -> None:
    """All uploaded tables, to be selected and deleted."""
    store = open_store()
    uploads = store.uploads(owner())
    if not uploads:
        st.info(say("runs.no_uploads"), icon=":material/table:")
        return
    place = st.container()
    selected = _selected(uploads)
    place.button(
        say("runs.delete"),
        key="delete-uploads",
        icon=":material/delete:",
        disabled=not selected,
        on_click=store.delete_uploads,
        args=(selected, owner()),
    )
    total = sum(each.size for each in uploads)
    st.caption(say("runs.uploads", count=len(uploads), size=size(total)))


def _selected(uploads: Sequence[StoredTable]) -> list[str]:
    """Shows the tables; the digests of those that are selected."""
    import pandas as pd

    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    event = st.dataframe(
        pd.DataFrame(
            {
                "file": [each.file or say("runs.no_file") for each in uploads],
                "columns": [", ".join(each.names) for each in uploads],
                "rows": [each.rows for each in uploads],
                "saved": [each.saved.astimezone() for each in uploads],
                "size": [each.size for each in uploads],
            }
        ),
        key=f"uploads-{hash(tuple(each.digest for each in uploads))}",
        height=330 if len(uploads) > 8 else "auto",
        hide_index=True,
        on_select="rerun",
        alt=say("runs.uploads_alt"),
        column_config={
            "file": text(say("runs.column.file")),
            "columns": text(say("runs.column.columns"), width="large"),
            "rows": number(say("runs.column.rows"), format="localized", width="small"),
            "saved": st.column_config.DatetimeColumn(
                say("runs.column.saved"), format="YYYY-MM-DD HH:mm"
            ),
            "size": number(say("runs.column.size"), format="bytes", width="small"),
        },
    )
    return [uploads[row].digest for row in event["selection"]["rows"] if row < len(uploads)]
