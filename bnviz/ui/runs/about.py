"""What people say of a run: its name, its tags, a note."""

import streamlit as st

from bnviz.store import Run, open_store
from bnviz.store.history import LONGEST
from bnviz.ui.language import say


def describe(run: Run | None) -> None:
    """Asks for the name, the tags and a note of a run; of none there is nothing to say."""
    key = run.id if run else "none"
    with st.popover(
        say("runs.describe"), icon=":material/edit:", disabled=run is None, key=f"describe-{key}"
    ):
        if run is None:
            return
        with st.form(f"about-{key}", border=False):
            name = st.text_input(say("runs.column.run"), run.name, max_chars=LONGEST["name"])
            tags = st.text_input(
                say("runs.column.tags"),
                " ".join(run.tags),
                max_chars=LONGEST["tags"],
                help=say("runs.tags_help"),
            )
            note = st.text_area(say("runs.column.note"), run.note, max_chars=LONGEST["note"])
            if st.form_submit_button(say("runs.save"), key=f"save-{key}"):
                open_store().describe(run.id, name, tags.split(), note)
                st.rerun()
