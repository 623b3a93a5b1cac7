"""Handing a run on, and taking in what another machine exported."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.settings import flat
from bnviz.jobs.measures import lacking
from bnviz.store import Run, StoreProblem, open_store
from bnviz.texts.markdown import literal
from bnviz.ui.controls import FITNESS
from bnviz.ui.errors import worded
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import language, say
from bnviz.ui.visitor import visitor

_OWN: Final = "bnviz"


def offer_export(run: Run, config: TrainConfig | None = None) -> None:
    """Downloads of a run, each made when it is asked for; with its `config` of a training."""
    more = st.popover(
        say("runs.export"), icon=":material/download:", key=f"export-{run.id}", on_change="rerun"
    )
    if not more.open:
        return
    from bnviz.export.bundle import bundle
    from bnviz.export.formats import KINDS, formats
    from bnviz.export.training import training

    with more:
        try:  # after a click too: the file is made outside of the page, which can say why not
            training(open_store(), run.id) if config else bundle(run)
        except StoreProblem as problem:
            st.error(worded(problem), icon=":material/error:")
            return
        for ending in formats() if config else (_OWN,):
            st.download_button(
                say(f"runs.format.{ending}"),
                _maker(run, config, ending),
                f"bnviz-{run.id}.{ending}",
                KINDS.get(ending, "application/octet-stream"),
                key=f"{ending}-{run.id}",
                width="stretch",
            )


def _maker(run: Run, config: TrainConfig | None, ending: str) -> Callable[[], bytes]:
    """What makes the file, later and outside of the page's run."""
    spoken, settings, store = language(), _settings(config) if config else {}, open_store()

    def make() -> bytes:
        from bnviz.export.bundle import bundle
        from bnviz.export.formats import FORMATS
        from bnviz.export.training import Wording, training

        if ending == _OWN:
            return bundle(run)
        return FORMATS[ending](training(store, run.id), Wording(spoken, settings))

    return make


def _settings(config: TrainConfig) -> Mapping[str, str]:
    """Every setting and its value in the reader's language, as plain text."""
    settings = {path: value for path, value in flat(config) if value not in (None, ())}
    return {label(path): _as_text(path, value) for path, value in settings.items()}


def _as_text(path: str, value: Any) -> str:
    """Names that people typed stay as they are; all else is in words."""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, str) and path not in FITNESS:
        return value
    return in_words(path, value)


def offer_import() -> None:
    """Takes in a run that another bnviz exported."""
    with st.popover(say("runs.import"), icon=":material/upload:", key="import"):
        file = st.file_uploader(say("runs.import_file"), _OWN, key="imported")
        if file is None:
            return
        from bnviz.export.bundle import take_in

        if st.button(say("runs.import_now", file=literal(file.name)), key="take-in"):
            try:
                run_id = take_in(open_store(), file.getvalue(), visitor())
                record = open_store().run(run_id)
            except StoreProblem as problem:
                st.error(worded(problem), icon=":material/error:")
            else:
                name = literal(record.name) if record and record.name else run_id
                st.success(say("runs.imported", run=name), icon=":material/check:")
                if training := lacking(open_store(), run_id):
                    st.warning(say("runs.imported_alone", training=training))
