"""Everything launched, in one table: found, ordered, and what is done with the selected."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from bnviz.core.training.presets import PRESETS
from bnviz.jobs.health import damaged
from bnviz.store import Run, open_store, thinning
from bnviz.store.history import Listing, Search
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.texts.numbers import size
from bnviz.ui.controls import RUNS
from bnviz.ui.language import paragraph, say
from bnviz.ui.runs.about import describe
from bnviz.ui.runs.chosen import MOST, look_at
from bnviz.ui.runs.export import offer_import
from bnviz.ui.runs.words import what
from bnviz.ui.visitor import owner
from bnviz.ui.widgets import ask

if TYPE_CHECKING:
    import pandas as pd

#: So many runs at most are in the table; the search finds the others.
SHOWN = 200
#: The session's key for the runs deleted last.
_UNDO = "deleted-last"


def show_listing() -> None:
    """The table with its search, and what can be done with the runs selected in it."""
    wanted = _asked()
    actions = st.container(horizontal=True, vertical_alignment="center")
    with actions:
        chosen = st.container(horizontal=True, width="content")
        if wanted.state != "deleted":
            offer_import()  # before the search, which finds what is taken in
    listing = open_store().search(wanted, SHOWN)
    narrowed = replace(wanted, order="newest") != Search(owner=wanted.owner)
    selected = _table(listing.runs, "none_found" if narrowed else "no_runs")
    with chosen:
        if wanted.state == "deleted":
            _button("restore", selected, open_store().restore)
        else:
            _act_on(selected)
    with actions:
        _offer_undo()
    _sum_up(listing, "summary_found" if narrowed else "summary")


def _asked() -> Search:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            say("runs.find"),
            key="find",
            bind="query-params",
            icon=":material/search:",
            placeholder=say("runs.find_in"),
        )
        kind, state, order = (ask(RUNS[key], width=220) for key in ("kind", "state", "order"))
    return Search(
        text=text or "",
        configs=_presets(text or ""),
        kind="" if kind == "all" else kind,
        owner=owner(),
        state=state,
        order=order,
    )


def _presets(text: str) -> tuple[str, ...]:
    """The settings of the presets that have `text` in their name, in any language."""
    sought = text.strip().casefold()
    return tuple(
        config.model_dump_json()
        for name, config in PRESETS.items()
        if sought
        and any(sought in sentence(each, f"preset.{name}").casefold() for each in LANGUAGES)
    )


def _table(runs: Sequence[Run], nothing: str) -> list[Run]:
    """Shows the runs, or says why there is nothing; those that are selected."""
    if not runs:
        st.info(say(f"runs.{nothing}"), icon=":material/history:")
        return []
    # With other runs in the rows, a selection by rows would be one of other runs.
    key = f"runs-{hash(tuple(run.id for run in runs))}"
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    event = st.dataframe(
        _frame(runs),
        key=key,
        height=330 if len(runs) > 8 else "auto",
        hide_index=True,
        on_select="rerun",
        placeholder="",
        alt=say("runs.alt"),
        column_config={
            "pinned": st.column_config.CheckboxColumn(say("runs.column.pinned"), width="small"),
            "run": text(say("runs.column.run"), pinned=True),
            "what": text(say("runs.column.what"), width=365),
            "status": text(say("runs.column.status"), width=120),
            "created": st.column_config.DatetimeColumn(
                say("runs.column.created"), format="YYYY-MM-DD HH:mm"
            ),
            "seconds": number(say("runs.column.seconds"), format="%.1f", width=90),
            "size": number(say("runs.column.size"), format="bytes", width="small"),
            "tags": st.column_config.ListColumn(say("runs.column.tags")),
            "note": text(say("runs.column.note")),
        },
    )
    return [runs[row] for row in event["selection"]["rows"] if row < len(runs)]


def _frame(runs: Sequence[Run]) -> "pd.DataFrame":
    import pandas as pd

    unreadable = damaged(open_store(), runs)
    return pd.DataFrame(
        {
            "run": [run.name or run.id for run in runs],
            "status": [_status(run, run.id in unreadable) for run in runs],
            "what": [what(run) for run in runs],
            "created": [run.created.astimezone() for run in runs],
            "seconds": [run.seconds or None for run in runs],
            "size": [run.size for run in runs],
            "pinned": [run.pinned for run in runs],
            "tags": [list(run.tags) for run in runs],
            "note": [" ".join(run.note.split()) for run in runs],
        }
    )


def _status(run: Run, unreadable: bool) -> str:
    status = say("run.is_damaged" if unreadable else f"run.is_{run.status}")
    counted = run.status == "running" and run.total
    return f"{status} {run.done}/{run.total}" if counted else status


def _act_on(selected: Sequence[Run]) -> None:
    store, count = open_store(), len(selected)
    st.button(
        say("runs.open", count=count) if count > 1 else say("runs.open_one"),
        key="open",
        icon=":material/compare:",
        disabled=not 0 < count <= MOST,
        on_click=look_at,
        args=([run.id for run in selected],),
        help=say("runs.open_help", most=MOST),
    )
    if selected and all(run.pinned for run in selected):
        _button("unpin", selected, lambda ids: store.pin(ids, False))
    else:
        _button("pin", selected, store.pin)
    describe(selected[0] if count == 1 else None)
    _button("delete", selected, _discard)


def _button(name: str, selected: Sequence[Run], act: Callable[[list[str]], None]) -> None:
    st.button(
        say(f"runs.{name}"),
        key=name,
        icon=_ICONS[name],
        disabled=not selected,
        on_click=act,
        args=([run.id for run in selected],),
    )


def _discard(ids: list[str]) -> None:
    open_store().discard(ids)
    st.session_state[_UNDO] = ids


def _offer_undo() -> None:
    """Bring back what was deleted last, as long as nothing else was done about it."""
    ids = st.session_state.get(_UNDO, [])
    if ids:
        st.button(
            say("runs.undo", count=len(ids)),
            key="undo",
            type="tertiary",
            icon=":material/undo:",
            on_click=_undo,
        )


def _undo() -> None:
    open_store().restore(st.session_state.pop(_UNDO, []))


def _sum_up(listing: Listing, summary: str) -> None:
    """How many there are, what they take, and what rule takes them away."""
    told = [say(f"runs.{summary}", count=listing.count, size=size(listing.size))]
    if len(listing.runs) < listing.count:
        told.append(say("runs.shown", shown=len(listing.runs)))
    rule = say(
        "runs.rule",
        gigabytes=thinning.gigabytes(),
        own=thinning.gigabytes("runs_of_visitor"),
        days=round(thinning.RESTORABLE / 86400),
        hours=round(thinning.SPARED / 3600),
    )
    st.caption(paragraph(*told, rule))


_ICONS = {
    "restore": ":material/undo:",
    "pin": ":material/keep:",
    "unpin": ":material/keep_off:",
    "delete": ":material/delete:",
}
