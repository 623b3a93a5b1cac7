"""A user's table file -> numeric columns.

Reading never fails with anything but :class:`Unreadable`, says what it met on the way as
:class:`Finding`, and what it cannot tell as :class:`Question`; see :mod:`bnviz.files.findings`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from bnviz.core.configs import MAX_FEATURES
from bnviz.files.cells import Gaps
from bnviz.files.columns import Column, Survey
from bnviz.files.dialect import Dialect
from bnviz.files.doubts import decimal_sign, markers, total
from bnviz.files.findings import Finding, Question, Unreadable, Values, clip
from bnviz.files.formats.csv_text import delimited
from bnviz.files.formats.excel import is_workbook, workbook
from bnviz.files.formats.parquet import parquet
from bnviz.files.reading import Floats, Reading, Rows
from bnviz.files.source import MAX_COLUMNS, Source, most_rows

MAX_BYTES: Final = 50 * 2**20
_ZIPPED: Final = (b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"Rar!")
_OFFICE: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read(name: str, blob: bytes, asked: Dialect = Dialect()) -> Reading:  # noqa: B008 (frozen)
    """What the file `name` with content `blob` holds. Raises Unreadable, nothing else.

    `asked` says how to read it, as far as that is known; the rest is found out.
    """
    source = _opened(name, blob, asked)
    gaps = Gaps(asked.missing or ())
    surveys, count, findings, last = _surveyed(source, gaps)
    if last and asked.total == "omitted":
        surveys, count, findings, _ = _surveyed(source, gaps, count - 1)
    labels, renamed = _distinct(source.names, surveys)
    numeric = {labels[j]: s for j, s in surveys.items() if s.kind == "numbers"}
    usual, questions = decimal_sign(numeric, source.dialect.separator, asked.decimal)
    columns = {
        j: Column(labels[j], survey, survey.sign(asked.decimal) or usual or "point", gaps)
        for j, survey in surveys.items()
    }
    findings = [*source.findings, *findings, *renamed]
    kept = {j: column for j, column in columns.items() if column.is_numeric}
    if not kept:
        findings += [each for column in columns.values() for each in column.findings(usual)]
        raise _no_numbers(findings)
    rows, values = _numbers(source, kept, count)
    for column in columns.values():
        findings += column.findings(usual)
    names, values, about = _judged([column.name for column in kept.values()], values)
    findings += about
    if count == 1:
        findings.append(Finding("one_row", {"row": int(rows[0])}))
    if not names:
        raise _no_numbers(findings)
    questions += source.questions + (
        [] if asked.missing is not None else markers(names, values, rows)
    )
    questions += [last] if last and not asked.total else []
    told = asked.total if last else None
    dialect = replace(source.dialect, decimal=usual, missing=asked.missing or (), total=told)
    return Reading(
        tuple(names), values, rows, dialect, tuple(findings), tuple(questions), source.sheets
    )


def kind_of(name: str, blob: bytes) -> Literal["text", "workbook", "parquet", "foreign"]:
    """What kind of file this is, by its first bytes, and for Parquet by its name too."""
    if blob.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        return "parquet"
    if blob.startswith(_OFFICE):
        return "workbook" if is_workbook(blob) else "foreign"
    return "foreign" if blob.startswith(_ZIPPED) else "text"


def _opened(name: str, blob: bytes, asked: Dialect) -> Source:
    if len(blob) > MAX_BYTES:
        raise Unreadable("too_big", {"size": len(blob), "limit": MAX_BYTES})
    if not blob.strip():
        raise Unreadable("empty", {})
    match kind_of(name, blob):
        case "parquet":
            source = parquet(blob)
        case "workbook":
            source = workbook(blob, asked)
        case "text":
            source = delimited(blob, asked)
        case "foreign":
            office = blob.startswith(_OFFICE)
            raise Unreadable("spreadsheet" if office else "compressed", {})
    if len(source.names) > MAX_COLUMNS:
        raise Unreadable("too_wide", {"count": len(source.names), "limit": MAX_COLUMNS})
    return source


def _surveyed(
    source: Source, gaps: Gaps, wanted: int | None = None
) -> tuple[dict[int, Survey], int, list[Finding], Question | None]:
    """What each column holds, by its place; the number of rows to read; what there is to say, and
    to ask of the last one. Where so many are `wanted`, of these alone.

    Columns with neither a name nor a cell, as of separators at the ends of rows, are no columns.
    """
    surveys = {j: Survey(gaps) for j in range(len(source.names))}
    limit = wanted or source.most_rows or most_rows(len(surveys))
    ragged: tuple[int, ...] = ()
    count = dropped = 0
    findings = []
    asked: Question | None = None
    for batch in source.batches():
        asked = total(batch) if len(batch.rows) else asked
        ragged = ragged or (batch.ragged[1:] if batch.ragged[0] else ())
        dropped += batch.ragged[0]
        room = limit - count
        count += len(batch.rows[:room])
        for j, column in enumerate(batch.columns):
            surveys[j].see(batch.rows[:room], column[:room])
        if len(batch.rows) > room:
            if not wanted:
                findings.append(Finding("too_many_rows", {"limit": limit}))
            asked = None
            break
    if ragged:
        values = {"row": ragged[0], "expected": len(source.names), "actual": ragged[1]}
        if not count:
            raise Unreadable("ragged", values)
        findings.insert(0, Finding("ragged_rows", {"count": dropped, **values}))
    if source.names and not count:
        raise Unreadable("no_rows", {"columns": tuple(map(clip, source.names[:5]))})
    named = {j: s for j, s in surveys.items() if source.names[j].strip() or s.kind != "nothing"}
    return named, count, findings, asked if count > 1 else None


def _distinct(names: Sequence[str], places: Iterable[int]) -> tuple[dict[int, str], list[Finding]]:
    """A name for the column at each of `places`, no two alike."""
    taken, given, findings = set(names), dict[int, str](), []
    for place in places:
        name = names[place] if names[place].strip() else f"x{place + 1}"
        new, number = name, 1
        while new in given.values() or (new != names[place] and new in taken):
            number += 1
            new = f"{name} ({number})"
        values: Values = {"position": place + 1, "renamed": new}
        if not names[place].strip():
            findings.append(Finding("unnamed_column", values))
        elif new != name:
            findings.append(Finding("duplicate_name", values | {"column": name}))
        given[place] = new
    return given, findings


def _numbers(source: Source, columns: Mapping[int, Column], count: int) -> tuple[Rows, Floats]:
    """The first `count` rows' numbers in the file, and their values (N, D)."""
    rows, values = np.empty(count, np.int64), np.empty((count, len(columns)))
    start = 0
    for batch in source.batches():
        stop = min(start + len(batch.rows), count)
        rows[start:stop] = some = batch.rows[: stop - start]
        for at, (j, column) in enumerate(columns.items()):
            values[start:stop, at] = column.numbers(some, batch.columns[j][: stop - start])
        start = stop
        if start == count:
            break
    return rows, values


def _judged(names: Sequence[str], values: Floats) -> tuple[list[str], Floats, list[Finding]]:
    """The columns that have any number, and what there is to say of each as a whole."""
    findings, kept = [], []
    for place, (name, column) in enumerate(zip(names, values.T, strict=True)):
        known = column[~np.isnan(column)]
        if not known.size:
            findings.append(Finding("empty_column", {"column": name}))
            continue
        kept.append(place)
        if known.size > 1 and known.min() == known.max():
            findings.append(Finding("constant", {"column": name, "number": float(known[0])}))
        elif _are_days(known):
            findings.append(Finding("day_numbers", {"column": name, "number": int(known[0])}))
    if len(kept) > MAX_FEATURES:
        findings.append(Finding("too_many_columns", {"count": len(kept), "limit": MAX_FEATURES}))
    if len(kept) < len(names):
        values = values[:, kept]
    return [names[place] for place in kept], values, findings


def _are_days(numbers: Floats) -> bool:
    """Whether all of the numbers (n,) read as days since 1900, as 20240131 does."""
    if numbers.min() < 19_000_101 or numbers.max() > 21_001_231:
        return False
    months, days = numbers // 100 % 100, numbers % 100
    return bool(np.isin(months, range(1, 13)).all() and np.isin(days, range(1, 32)).all())


def _no_numbers(findings: Sequence[Finding]) -> Unreadable:
    """Which columns there are instead, and the first cell that is in the way."""
    left_out = ("text", "dates", "no_numbers_type", "empty_column")
    about = [finding.values for finding in findings if finding.key in left_out]
    columns = [clip(values["column"]) for values in about]
    cell = {"row": about[0].get("row", 1), "text": about[0].get("text", "")}
    return Unreadable("no_numbers", {"columns": tuple(columns[:5]), "column": columns[0], **cell})
