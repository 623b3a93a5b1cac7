"""How an uploaded file is read: said in one line, corrected beside it, asked where it is open."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, get_args

import streamlit as st

from bnviz.core.verdict import Verdict
from bnviz.files.dialect import ENCODINGS, Decimal, Dialect, Separator, Total
from bnviz.files.findings import Question, Unreadable
from bnviz.files.read import kind_of, read
from bnviz.files.reading import Reading
from bnviz.ui.cache import cached
from bnviz.ui.language import say, say_verdict


def read_as_wanted(name: str, blob: bytes, upload: str) -> Reading:
    """The content of a file, read as found and corrected; stops the page at an open question.

    `upload` tells this file from others on the page. Raises Unreadable, with the controls
    that may mend it left on the page.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        line = st.empty()
        with st.popover(say("upload.correct"), icon=":material/tune:"):
            asked = _corrections(name, blob, upload)
    reading = _reading(name, blob, asked)
    line.markdown(_in_one_line(reading.dialect), width="content")
    while reading.questions:
        question = reading.questions[0]
        answer: dict[str, Any] = {question.asked.key: _answer(question, upload)}
        asked = replace(asked, **answer)
        reading = _reading(name, blob, asked)
        line.markdown(_in_one_line(reading.dialect), width="content")
    return reading


@cached
def _reading(name: str, blob: bytes, asked: Dialect) -> Reading:
    return read(name, blob, asked)


def _in_one_line(dialect: Dialect) -> str:
    ways = []
    for field in fields(dialect):
        value = getattr(dialect, field.name)
        if field.name == "header" and value == 0:
            ways.append(say("understood.no_header"))
        elif value not in (None, ()):
            ways.append(say_verdict("understood", Verdict(field.name, {field.name: value})))
    return say("upload.understood", ways=say("sentence.comma").join(ways))


def _corrections(name: str, blob: bytes, upload: str) -> Dialect:
    """What the reader says of the file; what stays to be found out is None."""
    kind = kind_of(name, blob)
    wanted: dict[str, Any] = {}
    if kind == "text":
        wanted["separator"] = _pick(
            "separator", get_args(Separator), upload, lambda each: say(f"separator.{each}")
        )
        wanted["encoding"] = _pick("encoding", ENCODINGS, upload)
    if kind == "workbook":
        with suppress(Unreadable):  # which is said when it is read as corrected
            wanted["sheet"] = _pick("sheet", _reading(name, blob, Dialect()).sheets, upload)
        wanted["range"] = _enter("range", upload)
    if kind != "parquet":
        wanted["decimal"] = _pick(
            "decimal", get_args(Decimal), upload, lambda each: say(f"decimal.{each}")
        )
        asked = _asked("header", upload) | {"help": say("dialect.header_help")}
        wanted["header"] = st.number_input(**asked, min_value=0, value=None, step=1)
    wanted["total"] = _pick("total", get_args(Total), upload, lambda each: say(f"total.{each}"))
    if missing := _enter("missing", upload):
        wanted["missing"] = tuple(each.strip() for each in missing.split(","))
    return Dialect(**wanted)


def _asked(field: str, upload: str) -> dict[str, Any]:
    """What every control of a correction has: label, key, and what stands there at first."""
    label, as_found = say(f"dialect.{field}"), say("upload.as_found")
    return {"label": label, "placeholder": as_found, "key": f"{field}.{upload}"}


def _pick(
    field: str, options: Sequence[str], upload: str, shown: Callable[[str], str] = str
) -> str | None:
    asked = _asked(field, upload)
    return st.selectbox(options=options, index=None, format_func=shown, **asked)


def _enter(field: str, upload: str) -> str | None:
    typed: str = st.text_input(**_asked(field, upload), help=say(f"dialect.{field}_help"))
    return typed.strip() or None


def _answer(question: Question, upload: str) -> Any:
    key, values = question.asked.key, question.asked.values
    picked = st.radio(
        say_verdict("question", question.asked),
        list(question.answers),
        index=None,
        format_func=lambda name: say(f"answer.{key}_{name}", **values),
        key=f"{key}?{upload}",
    )
    if picked is None:
        st.stop()
    return question.answers[picked]
