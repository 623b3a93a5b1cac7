"""What a run is, in few words."""

import json

from bnviz.core.configs import TrainConfig
from bnviz.core.settings import differences
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.training.presets import PRESETS
from bnviz.jobs.kinds import SWEEPS, TRAININGS, measured
from bnviz.store import Run
from bnviz.texts.catalogue import speaking_of
from bnviz.ui.controls import FITNESS
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say
from bnviz.ui.runs.current import settings_of


def what(run: Run) -> str:
    """What kind of run it is, and from what settings."""
    if run.status == "damaged":
        return say("run.damaged")
    if run.kind == TRAININGS.name:
        return _departures(run) or settings_of(run)
    if run.kind == SWEEPS.name:
        return _swept(run)
    measure = MEASURES.get(measured(run))
    if measure is None:
        return say("run.foreign_settings")
    return say("runs.measure", measure=say(f"smoothness.tabs.{measure.name()}"))


def _swept(run: Run) -> str:
    """Which settings a sweep has against each other; its cells, maybe many, are not looked at."""
    try:
        raw = json.loads(run.config)
        with speaking_of(raw["base"]["network"].get("norm", "batch")):
            return say("runs.sweep", axes=" × ".join(label(axis["field"]) for axis in raw["axes"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return say("run.foreign_settings")


def _departures(run: Run) -> str:
    """The settings that are not the document's, if there are any and the run is no preset."""
    if not TRAININGS.understands(run) or (config := TRAININGS.config_of(run)) in PRESETS.values():
        return ""
    own = differences(TrainConfig(), config)
    shown = [f"{label(path)} {in_words(path, now)}" for path, _, now in own if path in FITNESS]
    return say("sentence.comma").join(shown)
