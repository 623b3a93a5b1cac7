"""A training's settings in words: all of them in one line, and where two trainings differ."""

from typing import Any

from bnviz.core.configs import TrainConfig
from bnviz.core.settings import differences
from bnviz.core.training.presets import PRESETS
from bnviz.texts.markdown import literal
from bnviz.ui.control import in_address
from bnviz.ui.controls import FITNESS
from bnviz.ui.fitness import compute
from bnviz.ui.language import say

#: What :func:`plan` names itself, in this order of size.
_PLANNED = {
    *("seeds", "network.norm", "network.depth", "network.width", "data.samples", "data.validation"),
    *("data.source", "data.table", "data.columns", "data.target", "optimizer.heavy_ball"),
    *("optimizer.epochs", "optimizer.kind", "optimizer.learning_rate", "optimizer.batch_size"),
}


def plan(config: TrainConfig) -> str:
    """How many nets of what kind learn from what and how, in one line."""
    optimizer = config.optimizer
    return say(
        "fitness.plan",
        seeds=config.seeds,
        depth=config.network.depth,
        width=config.network.width,
        rows=compute.training_rows(config.data),
        held_out=compute.held_out(config.data),
        epochs=optimizer.epochs,
        kind=optimizer.kind,
        rate=in_address(optimizer.learning_rate),
        batch=optimizer.batch_size,
    )


def in_one_line(config: TrainConfig) -> str:
    """The plan, then whatever is not as in the document, if it is no preset."""
    if config in PRESETS.values():
        return plan(config)
    more = [
        say("fitness.setting", setting=label(path), value=in_words(path, each))
        for path, _, each in differences(TrainConfig(), config)
        if path not in _PLANNED
    ]
    return " · ".join([plan(config), *more])


def departures(shown: TrainConfig, wanted: TrainConfig) -> tuple[str, ...]:
    """Each setting of `wanted` that is another in `shown`, with both its values."""
    return tuple(
        say(
            "fitness.departure",
            setting=label(path),
            now=in_words(path, now),
            then=in_words(path, then),
        )
        for path, then, now in differences(shown, wanted)
    )


def label(path: str) -> str:
    """What the setting at `path` is called."""
    return say("train.first_seed") if path == "seed" else say(f"train.{path}")


def in_words(path: str, value: Any) -> str:
    """A value of the setting at `path`, as Markdown."""
    if isinstance(value, bool):
        return say("setting.on" if value else "setting.off")
    if value is None:
        return say("train.network.cumulative" if "momentum" in path else "sentence.nothing")
    if isinstance(value, tuple):
        return literal(", ".join(value))
    if isinstance(value, str):
        row = FITNESS.get(path)
        shown = value[: 12 if path == "data.table" else 40]  # a digest, or a column's name
        return say(row.option.format(value)) if row else literal(shown)
    return in_address(value)
