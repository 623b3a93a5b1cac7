"""A page as a person reads it: everything on it from top to bottom, an element a line."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from tests.approval import inline, outlined
from tests.pages.test_pages import unpacked

#: Of an element's message: what no reader sees, or what Streamlit makes of the key.
_UNSEEN = {"id", "tag", "wrap", "page_script_hash", "js_content", "css_content", "html_content"}
_UNSEEN |= {"css_source_path", "js_source_path", "html_source_path", "set_value", "form_id", "data"}
_UNSEEN |= {"element_type", "allow_empty", "raw_value", "raw_values", "json", "bytes", "mixed"}
_UNSEEN |= {"arrow_data", "url", "proto", "styler", "query_param_key", "deferred_file_id"}
#: How Streamlit lays out a block of which nothing is said.
_USUAL = (
    r"gap_config \{ (gap_size: \w+ )?\}|justify: JUSTIFY_START|align: (ALIGN_START|STRETCH)"
    r"|wrap: true|scale: 1|(width|height)_config \{ use_(stretch|content): true \}"
    r"|allow_empty: true"
    r'|id: "[^"]*"|flex_container|direction: VERTICAL'
)


#: What is measured, unlike what a control offers.
_MEASURED = re.compile(r" *(markdown|caption|table|dataframe|metric|chart|progress|\|)")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(\.\d+)?(e-?\d+)?")
#: Numbers below are rounding.
_TINY = 1e-6


def read(app: AppTest, digits: int) -> Iterator[str]:
    """The page, its sidebar and its notices; what is measured with so many digits at most."""
    for toast in app.toast:
        yield f"toast: {toast.value}"
    for block in (app.main, app.sidebar):
        for line in _node(block, 0):
            if _MEASURED.match(line):
                line = _NUMBER.sub(lambda number: _short(number[0], digits), line)
            yield line


def _short(number: str, digits: int) -> str:
    value = float(number.replace(",", ""))
    if not digits:
        return "#"
    if 0 < abs(value) < _TINY:
        return "~0"
    return number if digits > 3 else f"{value:.{digits}g}"


def _node(node: Node, depth: int) -> Iterator[str]:
    inside = isinstance(node, Block)
    told = _block(node) if inside else ""
    if told:
        yield "  " * depth + told
    if not inside:
        for line in _element(node):
            yield "  " * depth + line
        return
    for child in node.children.values():
        yield from _node(child, depth + bool(told))


def _block(block: Any) -> str:
    """What a block is, and what is set of it."""
    if block.proto is None:
        return str(block.type)
    text = re.sub(_USUAL, "", " ".join(str(block.proto).split()))
    return " ".join(text.replace("{ }", "").replace("{", "").replace("}", "").split())


def _element(element: Any) -> Iterator[str]:
    if element.type == "bidi_component":
        yield from _component(element)
        return
    told = {field.name: _value(value) for field, value in _fields(element)}
    named = (name if name not in ("body", "label") else "" for name in told)
    each = (f"{name} {value}".strip() for name, value in zip(named, told.values(), strict=True))
    yield f"{element.type}: {', '.join(each)}"
    frame = getattr(element, "value", None)
    if isinstance(frame, pd.DataFrame):
        for name in frame:
            yield f"| {name}: {inline(frame[name].to_numpy())}"


def _fields(element: Any) -> list[tuple[Any, Any]]:
    told = ((f, value) for f, value in element.proto.ListFields() if f.name not in _UNSEEN)
    return [(f, value) for f, value in told if f.name != "label_visibility" or str(value)]


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\n", "⏎")
    if isinstance(value, bool | int | float):
        return inline(value)
    try:
        return inline([" ".join(str(each).split()) for each in value])
    except TypeError:
        return " ".join(str(value).split())


def _component(element: Any) -> Iterator[str]:
    """One of our own components: a chart by its traces and titles, others by what they are sent."""
    name, sent = element.proto.component_name, element.proto.bytes or element.proto.json or "{}"
    told = _whole(json.loads(sent))
    if "figure" not in told:
        yield f"{name}: {inline(told)}"
        return
    figure = told["figure"]
    yield f"chart {told['name']}: {told['alt']}"
    for trace in figure["data"]:
        ends = {axis: trace[axis] for axis in ("x", "y", "z") if axis in trace}
        yield f"| {trace.get('type', 'scatter')} {trace.get('name', '')}: {inline(ends)}"
    titles = [figure["layout"].get(axis, {}).get("title", {}) for axis in ("xaxis", "yaxis")]
    notes = [note.get("text") for note in figure["layout"].get("annotations", [])]
    yield f"| titles: {inline([*(title.get('text', '') for title in titles), *notes])}"
    more = {name: told[name] for name in ("picks", "larger", "live") if told.get(name)}
    yield from (f"| {line}" for line in outlined(more))


def _whole(node: Any) -> Any:
    """What a component was sent, its arrays unpacked."""
    if isinstance(node, dict):
        if "bdata" in node:
            return unpacked(node)
        return {name: _whole(each) for name, each in node.items() if name != "words"}
    return [_whole(each) for each in node] if isinstance(node, list) else node
