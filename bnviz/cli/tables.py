"""A user's own file as the data of a training."""

import argparse
import csv
import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from bnviz.cli.errors import Refusal, beginning, tell
from bnviz.core.data.tables import Table
from bnviz.core.verdict import Verdict
from bnviz.files.dialect import Dialect
from bnviz.files.findings import Question, Unreadable
from bnviz.files.read import MAX_BYTES, read
from bnviz.files.reading import Filling, Reading, to_table
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
        raise Refusal(f"{arguments.config}: data must be an object {{...}}")
    try:
        reading = read(path.name, beginning(path, MAX_BYTES + 1), _dialect(arguments))
        for remark in reading.findings:
            tell(f"{path}: {_say('finding', remark)}")
        for question in reading.questions:
            options = " or ".join(_options(question))
            raise Refusal(f"{path}: {_say('question', question.asked)} Use {options}.")
        target, columns = _choice(reading, data, arguments)
        table = to_table(reading, [*columns, target], arguments.fill)
    except Unreadable as problem:
        raise Refusal(f"{path}: {_say('unreadable', problem.reason)}") from problem
    used, rows = len(table.values), len(reading.values)
    tell(f"{path}: read with {shlex.join(_given(reading.dialect))}")
    tell(f"{path}: {used} of {rows} rows (--fill {arguments.fill})")
    chosen = {"source": "table", "table": table.digest, "columns": columns, "target": target}
    return {**raw, "data": data | chosen}, table


def _dialect(arguments: argparse.Namespace) -> Dialect:
    """What the options say of the file; `missing` is a list with commas."""
    asked = {field.name: getattr(arguments, field.name) for field in fields(Dialect)}
    if arguments.missing is not None:
        words = [each.strip() for each in arguments.missing.split(",")]
        if words[0] in get_args(Filling):
            raise Refusal(f"--missing tells which cells are missing; use --fill {words[0]}")
        asked["missing"] = () if words == ["none"] else tuple(words)
    return Dialect(**asked)


def _given(dialect: Dialect) -> list[str]:
    """The options that read a file in this way."""
    return [
        f"--{field.name}={_option(getattr(dialect, field.name))}"
        for field in fields(dialect)
        if getattr(dialect, field.name) not in (None, ())
    ]


def _options(question: Question) -> list[str]:
    return [f"--{question.asked.key}={_option(answer)}" for answer in question.answers.values()]


def _option(value: object) -> str:
    return (",".join(value) or "none") if isinstance(value, tuple) else str(value)


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


def _say(section: str, remark: Verdict[Any]) -> str:
    return for_terminal(sentence("en", f"{section}.{remark.key}", **remark.values))
