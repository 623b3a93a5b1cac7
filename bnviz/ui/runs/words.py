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

#: Settings that a training is called by, as it mostly differs from others in them.
BRIEF = ("network.norm", "optimizer.learning_rate", "seeds")


def what(run: Run) -> str:
    """What kind of run it is, and from what settings."""
    if run.status == "damaged":
        return say("run.damaged")
    if run.kind == TRAININGS.name:
        return " · ".join(filter(None, (brief(run), _departures(run))))
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
    """What else is not as in the document, if the run is no preset."""
    if not TRAININGS.understands(run) or (config := TRAININGS.config_of(run)) in PRESETS.values():
        return ""
    own = differences(TrainConfig(), config)
    told = {*FITNESS} - {*BRIEF}
    shown = [f"{label(path)} {in_words(path, now)}" for path, _, now in own if path in told]
    return say("sentence.comma").join(shown)


def title_of(run: Run) -> str:
    """What the run is called, by people or by its settings, when it began, and how it stands."""
    return " · ".join((named(run), say(f"run.is_{run.status}")))


def named(run: Run) -> str:
    """What the run is called, by people or by its settings, and when it began."""
    return " · ".join((run.name or brief(run), when(run)))


def brief(run: Run) -> str:
    """The preset that the run was launched with, or what trainings mostly differ in."""
    if not TRAININGS.understands(run):
        return say("run.foreign_settings")
    config = TRAININGS.config_of(run)
    preset = next((name for name, known in PRESETS.items() if known == config), None)
    if preset:
        return say(f"preset.{preset}")
    _, path, _ = BRIEF
    rate = in_words(path, config.optimizer.learning_rate)
    with speaking_of(config.network.norm):
        return say("run.own", rate=rate, seeds=config.seeds)


def when(run: Run) -> str:
    """When the run was launched, where the server stands."""
    return run.created.astimezone().strftime("%m-%d %H:%M")
