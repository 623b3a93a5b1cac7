"""How an uploaded file is read: said in one line, corrected beside it, asked where it is open."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, get_args

import streamlit as st

from bnviz.core.verdict import Verdict
from bnviz.files.dialect import ENCODINGS, Decimal, Dialect, Separator
from bnviz.files.findings import Question, Unreadable
from bnviz.files.read import Reading, kind_of, read
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
    wanted: dict[str, Any] = {}

    def pick(field: str, options: Sequence[str], shown: Callable[[str], str] = str) -> None:
        wanted[field] = st.selectbox(
            say(f"dialect.{field}"),
            options,
            index=None,
            placeholder=say("upload.as_found"),
            format_func=shown,
            key=f"{field}.{upload}",
        )

    def enter(field: str) -> str | None:
        typed = st.text_input(
            say(f"dialect.{field}"),
            placeholder=say("upload.as_found"),
            help=say(f"dialect.{field}_help"),
            key=f"{field}.{upload}",
        )
        return typed.strip() or None

    kind = kind_of(name, blob)
    if kind == "text":
        pick("separator", get_args(Separator), lambda each: say(f"separator.{each}"))
        pick("encoding", ENCODINGS)
    if kind == "workbook":
        with suppress(Unreadable):  # which is said when it is read as corrected
            pick("sheet", _reading(name, blob, Dialect()).sheets)
        wanted["range"] = enter("range")
    if kind != "parquet":
        pick("decimal", get_args(Decimal), lambda each: say(f"decimal.{each}"))
        wanted["header"] = st.number_input(
            say("dialect.header"),
            min_value=0,
            value=None,
            step=1,
            placeholder=say("upload.as_found"),
            help=say("dialect.header_help"),
            key=f"header.{upload}",
        )
    if missing := enter("missing"):
        wanted["missing"] = tuple(each.strip() for each in missing.split(","))
    return Dialect(**wanted)


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
