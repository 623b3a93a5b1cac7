"""A measure of smoothness without a browser: of the document's nets, or of a kept training."""

import argparse
import json
from pathlib import Path
from typing import Any

from bnviz.cli.errors import Refusal, read_json, shown, to_config
from bnviz.cli.foreground import EXIT, history, numbers, worked
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.registry import MEASURES
from bnviz.jobs import measures
from bnviz.jobs.kinds import kind_of
from bnviz.store import Run, Store
from bnviz.texts.catalogue import speaking_of, worded
from bnviz.texts.markdown import as_typed, for_terminal


def measure(arguments: argparse.Namespace) -> int:
    """`bnviz measure`; returns the exit code. Raises Refusal."""
    if arguments.example is not None:
        model = _model(arguments.example, "--example")
        print(model.model_validate({"kind": arguments.example}).model_dump_json(indent=2))
        return 0
    if arguments.config is None:
        raise Refusal("measure needs --config FILE, or --example KIND")
    path = Path(arguments.config)
    raw = read_json(path, "measure --example KIND")
    config = to_config(raw, path, _model(raw.get("kind"), f"{path}: kind"))
    with history(arguments.out) as store:
        return _measure(store, config, arguments.json)


def _model(kind: object, where: str) -> type[Measure]:
    if not isinstance(kind, str) or kind not in MEASURES:
        raise Refusal(f"{where} is {shown(kind)}; use one of {', '.join(map(shown, MEASURES))}")
    return MEASURES[kind]


def _measure(store: Store, config: Measure, as_json: bool) -> int:
    config = measures.with_epoch(store, config)
    measures.training_of(store, config)  # or says what is not there
    run = worked(store, measures.create(store, config), "part")
    blob = store.last_blob(run.id)
    if blob is not None:
        result = kind_of(run).decoded(run.id, blob)
        with speaking_of(measures.norm_of(store, config.subject)):
            said = _in_words(config, result)
        print(json.dumps(_as_dict(run, config, said, result), allow_nan=False) if as_json else said)
    return EXIT[run.status]


def _in_words(config: Measure, result: Any) -> str:
    """The verdict as the dashboard says it, for a terminal."""
    section = f"smoothness.{config.name()}.verdict"
    return as_typed(for_terminal(worded("en", section, *config.verdicts(result))))


def _as_dict(run: Run, config: Measure, said: str, result: Any) -> dict[str, Any]:
    return {
        "run": run.id,
        "status": run.status,
        "done": run.done,
        "total": run.total,
        "config": config.model_dump(mode="json"),
        "verdict": said,
        "result": numbers(result),
    }
