"""Up to six runs looked at together: their curves, their settings, and the test between two."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.settings import flat
from bnviz.core.training.pairing import Side, pair
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import NETS
from bnviz.export.frames import per_seed_frame
from bnviz.jobs import measures, runner
from bnviz.jobs.kinds import SWEEPS, TRAININGS, measured
from bnviz.plots.runs.side_by_side import side_by_side
from bnviz.store import Run, StoreProblem, open_store
from bnviz.texts.catalogue import speaking_of
from bnviz.texts.markdown import literal
from bnviz.ui.controls import RUNS
from bnviz.ui.errors import worded
from bnviz.ui.figures import look, show
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say, say_verdict
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import FITNESS, SMOOTHNESS, SWEEP, PageEntry
from bnviz.ui.runs.about import describe
from bnviz.ui.runs.current import how_it_stands
from bnviz.ui.runs.export import offer_export
from bnviz.ui.runs.repeat import repeat
from bnviz.ui.runs.words import brief, what, when
from bnviz.ui.smoothness.controls import in_smoothness
from bnviz.ui.widgets import ask

if TYPE_CHECKING:
    import pandas as pd

#: So many runs at most are looked at together.
MOST = 6
_ADDRESS = RUNS["compared"].name


@dataclass(frozen=True)
class Compared:
    """A training that can be compared: its settings, and what it has kept."""

    run: Run
    config: TrainConfig
    snapshots: Sequence[Snapshot]

    @property
    def name(self) -> str:
        """What it is called: by people, else by its settings."""
        return self.run.name or brief(self.run)


def look_at(run_ids: Sequence[str]) -> None:
    """Make the page show these runs; they travel in the address as ``runs``."""
    st.query_params[_ADDRESS] = ",".join(run_ids)


def _leave() -> None:
    st.query_params.pop(_ADDRESS, None)


def chosen() -> list[Run]:
    """The runs that the address names; what is none is told."""
    ids = list(dict.fromkeys(st.query_params.get(_ADDRESS, "").split(",")))
    asked = {run_id: open_store().run(run_id) for run_id in ids[:MOST] if run_id}
    for run_id in [name for name, run in asked.items() if run is None] + ids[MOST:]:
        st.warning(say("runs.unknown", run=literal(run_id[:40])), icon=":material/link_off:")
    return [run for run in asked.values() if run is not None]


def show_chosen(runs: Sequence[Run]) -> None:
    """The runs' curves on the same axes and how they differ; below them each run by its letter."""
    top = st.container()
    trainings: dict[str, Compared] = {}
    for letter, run in zip(ascii_uppercase, runs, strict=False):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            training = _head(letter, run)
        if training is not None:
            trainings[letter] = training
    with top:
        _side_by_side(trainings)


def _side_by_side(trainings: Mapping[str, Compared]) -> None:
    alone = len(trainings) < 2
    left, right = (st.container(), None) if alone else st.columns([3, 2], gap="medium")
    with left, st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(say("runs.back"), key="back", icon=":material/arrow_back:", on_click=_leave)
        if not trainings:
            return
        field, nets = ask(RUNS["measured"], width=220), ask(RUNS["nets"])
    with left:
        _curves(trainings, field, NETS if nets == "both" else (nets,))
    if right is None:
        (training,) = trainings.values()
        with st.expander(say("report.settings"), icon=":material/data_object:"):
            st.code(training.config.model_dump_json(indent=2), language="json", wrap_lines=True)
        return
    with right:
        _pair(trainings)
        _differences(trainings)


def _head(letter: str, run: Run) -> Compared | None:
    """One run in a line, with what can be done with it; the training, if it can be shown."""
    training = None
    try:
        page, query = _where(run)
        if run.kind == TRAININGS.name:
            training = Compared(run, TRAININGS.config_of(run), runner.snapshots(run.id))
    except StoreProblem as problem:
        st.markdown(f"**{letter}** · {worded(problem)}", width="stretch")
        return None
    name = literal(run.name or what(run))
    if training is None:
        st.markdown(f"**{letter}** · {name} · {how_it_stands(run)}", width="stretch")
        if run.kind:
            offer_page(page, say("runs.see"), query)
            offer_export(run)
        return None
    line = f"**{letter}** · {literal(training.name)} · {when(run)} · {say(f'run.is_{run.status}')}"
    st.markdown(line, width="stretch")
    offer_page(page, say("runs.see"), query)
    repeat(training.run, training.config)
    offer_export(training.run, training.config)
    describe(run)
    return training if training.snapshots else None


def _where(run: Run) -> tuple[PageEntry, dict[str, str]]:
    """The page that shows the run, and the address in it; StoreProblem where it is foreign."""
    if measured(run):
        return SMOOTHNESS, dict(in_smoothness(measures.config_of(run)))
    return SWEEP if run.kind == SWEEPS.name else FITNESS, {"run": run.id}


def _curves(trainings: Mapping[str, Compared], field: str, nets: Sequence[str]) -> None:
    paths, comma = _unlike(trainings), say("sentence.comma")
    named = {}
    for letter, each in trainings.items():
        settings = dict(flat(each.config))
        own = comma.join(_called(path, settings[path]) for path in paths)
        named[letter] = each.run.name or own or each.name, each.snapshots
    figure = side_by_side(named, field, nets, look(), say)
    caption = say("runs.curves_caption")
    show(figure, "runs", alt=say("runs.curves_alt"), caption=caption, data=lambda: _data(trainings))


def _called(path: str, value: Any) -> str:
    """A setting in a key: an option by its name, a number after the name of the setting."""
    said = in_words(path, value)
    return said if isinstance(value, str) else f"{re.split(' ?[(（]', label(path))[0]} {said}"


def _data(trainings: Mapping[str, Compared]) -> "pd.DataFrame":
    import pandas as pd

    frames = (
        per_seed_frame(each.snapshots, each.config.network.first_net).assign(run=each.run.id)
        for each in trainings.values()
    )
    return pd.concat(frames)


def _pair(trainings: Mapping[str, Compared]) -> None:
    """The test between any two nets of these runs."""
    sides = {
        f"{letter.lower()}-{net}": Side(each.config, each.snapshots[-1], net)
        for net in NETS
        for letter, each in trainings.items()
    }

    def shown(side: str) -> str:
        letter, _, net = side.partition("-")
        with speaking_of(trainings[letter.upper()].config.network.norm):
            return say("runs.side", letter=letter.upper(), net=say(f"net.{net}"))

    with st.container(horizontal=True):
        first = ask(RUNS["first"], options=list(sides), shown=shown)
        second = ask(RUNS["second"], options=list(sides), shown=shown, default=list(sides)[1])
    st.markdown(say_verdict("runs.pair", pair(sides[first], sides[second])))


def _unlike(trainings: Mapping[str, Compared]) -> list[str]:
    """The paths of the settings in which the runs differ."""
    first, *others = (dict(flat(each.config)) for each in trainings.values())
    return [path for path in first if any(each[path] != first[path] for each in others)]


def _differences(trainings: Mapping[str, Compared]) -> None:
    """The settings in which the runs differ, a column a run."""
    settings = {letter: dict(flat(each.config)) for letter, each in trainings.items()}
    paths = _unlike(trainings)
    if not paths:
        st.caption(say("runs.same_settings"))
        return
    head = "| " + " | ".join(["", *settings]) + " |\n|" + "---|" * (1 + len(settings))
    lines = (
        "| "
        + " | ".join([label(path), *(in_words(path, each[path]) for each in settings.values())])
        for path in paths
    )
    st.markdown("\n".join([head, *(f"{line} |" for line in lines)]))
