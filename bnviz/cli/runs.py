"""The run history without a browser: what there is, handing a training on, taking one in."""

import argparse
from pathlib import Path

from bnviz.cli.errors import Refusal, tell
from bnviz.core.settings import flat
from bnviz.jobs.measures import lacking
from bnviz.store import StoreProblem, open_store
from bnviz.texts.catalogue import sentence
from bnviz.texts.markdown import printable


def runs(arguments: argparse.Namespace) -> int:
    """`bnviz runs`; returns the exit code. Raises Refusal."""
    if arguments.limit < 1:
        raise Refusal(f"--limit is {arguments.limit}; use a whole number from 1")
    try:
        if arguments.action == "export":
            return _export(arguments.run, Path(arguments.to))
        if arguments.action == "import":
            return _import(Path(arguments.file))
        newest = open_store().runs(limit=arguments.limit)
    except StoreProblem as problem:
        raise Refusal(str(problem)) from problem
    except OSError as error:
        raise Refusal(f"{error.filename}: {error.strerror}") from error
    for run in newest:
        when = run.created.astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{run.id}\t{when}\t{run.status}\t{run.kind}\t{printable(run.name)}")
    return 0


def _export(run_id: str, to: Path) -> int:
    from bnviz.export.bundle import bundle
    from bnviz.export.formats import FORMATS, formats
    from bnviz.export.training import Wording, training

    ending = to.suffix.removeprefix(".")
    if ending not in formats():
        known = ", ".join(f".{each}" for each in formats())
        raise Refusal(f"--to {to} ends in none of {known}")
    run = open_store().run(run_id)
    if run is not None and ending == "bnviz":
        blob = bundle(run)
    else:
        kept = training(open_store(), run_id)
        settings = {path: str(setting) for path, setting in flat(kept.config)}
        blob = FORMATS[ending](kept, Wording("en", settings))
    part = to.with_name(f"{to.name}.part")  # so that no half file has the name
    try:
        part.write_bytes(blob)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    tell(f"Run {run_id} is in {to}")
    return 0


def _import(file: Path) -> int:
    from bnviz.export.bundle import MOST_BYTES, take_in

    with file.open("rb") as source:
        blob = source.read(MOST_BYTES + 1)
    run_id = take_in(open_store(), blob)
    print(run_id)
    if training := lacking(open_store(), run_id):
        tell(sentence("en", "runs.imported_alone", training=training))
    return 0
