"""A user's own file as the data of a training."""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnviz.cli.errors import Refusal, tell
from bnviz.core.data.tables import Table
from bnviz.files.read import MAX_BYTES, Reading, Unreadable, read, to_table
from bnviz.texts.catalogue import sentence
from bnviz.texts.markdown import for_terminal


def with_table(
    raw: Mapping[str, Any], arguments: argparse.Namespace
) -> tuple[dict[str, Any], Table]:
    """The config `raw` with the file of --table as its data, and that data; raises Refusal.

    What there is to say about the file goes to stderr.
    """
    path = Path(arguments.table)
    data = raw.get("data", {})
    if not isinstance(data, dict):
        raise Refusal(f"{arguments.config}: data is no object {{...}}")
    try:
        reading = read(path.name, _content(path))
        for finding in reading.findings:
            tell(f"{path}: {_say('finding', finding.code, finding.values)}")
        target, columns = _choice(reading, data, arguments)
        table = to_table(reading, [*columns, target], arguments.missing)
    except Unreadable as problem:
        raise Refusal(f"{path}: {_say('unreadable', problem.code, problem.values)}") from problem
    used, rows = len(table.values), len(reading.values)
    tell(f"{path}: {used} of {rows} rows (--missing {arguments.missing})")
    chosen = {"source": "table", "table": table.digest, "columns": columns, "target": target}
    return {**raw, "data": data | chosen}, table


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from error


def _choice(
    reading: Reading, data: Mapping[str, Any], arguments: argparse.Namespace
) -> tuple[str, list[str]]:
    """The target and the input columns: from the options, else the config, else all others."""
    numeric = ", ".join(reading.names)
    target = arguments.target or data.get("target")
    if target not in reading.names:
        asked = f"no numeric column {target!r}" if target else "no target yet"
        raise Refusal(f"{arguments.table}: {asked}; use --target with one of: {numeric}")
    if arguments.columns:
        columns = [name.strip() for name in next(csv.reader([arguments.columns]))]
    else:
        asked_for = data.get("columns")
        others = [name for name in reading.names if name != target]
        columns = asked_for if asked_for and isinstance(asked_for, list) else others
    wrong = [name for name in columns if name not in reading.names or name == target]
    if wrong:
        why = "the target itself" if wrong[0] == target else "no numeric column of the file"
        raise Refusal(
            f"{arguments.table}: {wrong[0]!r} is {why}; use --columns with some of: {numeric}"
        )
    return target, columns


def _say(kind: str, code: str, values: Mapping[str, object]) -> str:
    listed = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return for_terminal(sentence("en", f"{kind}.{code}", **listed))
