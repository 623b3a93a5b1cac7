"""What no equation says somebody decided: a record shows it, and with it each change.

The record holds the constants, presets, defaults, limits and offered numbers of all layers below
plots. ``python -m tests.test_decisions`` writes a deliberate change into it, for the reviewer.
"""

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import isclass, isroutine, signature
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_origin

import numpy as np
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests/fixtures/decisions.txt"
LAYERS = ("core/**/*.py", "files/**/*.py", "store/**/*.py", "jobs/**/*.py", "cli/**/*.py", "*.py")
#: What a line has that decides something, outside quotes and inside.
NUMBER, QUOTED = re.compile(r"\b(\d|True|False)"), re.compile("'.*?'|\".*?\"")
CHOICE = re.compile("'(bn|plain|before|after|mean)'")


def test_what_was_decided_is_what_the_record_says() -> None:
    assert record().splitlines() == RECORD.read_text(encoding="utf-8").splitlines()


def record() -> str:
    """All decisions, module by module."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / "bnviz").glob(layer))]
    parts = {path.relative_to(ROOT): list(decisions(path)) for path in paths}
    return "\n".join("\n".join([f"{path}", *lines, ""]) for path, lines in parts.items() if lines)


def decisions(path: Path) -> Iterator[str]:
    """Lines of what a module decides."""
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case _:
                names = []
        for line in (line for name in names for line in _lines(name, getattr(module, name))):
            if NUMBER.search(QUOTED.sub("", line)) or CHOICE.search(line):
                yield textwrap.indent(textwrap.fill(line, 96, break_on_hyphens=False), "    ")


def _lines(name: str, what: Any) -> Iterator[str]:
    """A constant; a function's defaults; a class's fields, and its own functions."""
    if isclass(what) and issubclass(what, BaseModel):
        yield from (f"{name}.{key} = {_text(field)}" for key, field in what.model_fields.items())
    elif isclass(what):
        if is_dataclass(what) and not what.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield f"{name}: frozen = False"
        for key, value in vars(what).items():
            own = (key == "__init__" and not is_dataclass(what)) or not key.startswith("_")
            if own or (isroutine(value) and not key.startswith("__")):
                yield from _lines(f"{name}.{key}", getattr(what, key))
    elif isroutine(what) and callable(what):
        given = {p.name: p.default for p in signature(what).parameters.values()}
        named = {id(v): k for k, v in getattr(what, "__globals__", {}).items() if type(v) is tuple}
        yield _call(name, {key: _text(value, named) for key, value in given.items()})
    else:
        yield f"{name} = {_text(what)}"


def _text(value: Any, named: Mapping[int, str] = MappingProxyType({})) -> str:
    """A value as source, its name where it has one, nothing where it decides nothing."""
    match value:
        case _ if id(value) in named:
            return named[id(value)]
        case BaseModel():
            known = type(value).model_fields
            changed = {k: _text(v) for k, v in value if v != known[k].default}
            return _call(type(value).__name__, changed)
        case FieldInfo():
            default = value.get_default(call_default_factory=True)
            return "  ".join(map(_text, (default, *value.metadata)))
        case np.ndarray():
            return _text(value.tolist())
        case Mapping():
            return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return f"({', '.join(map(_text, value))})"
        case Set():
            return "{" + ", ".join(sorted(map(_text, value))) + "}"
        case bool() | int() | float() | str() | slice():
            return repr(value)
        case _ if get_origin(value) is Literal:
            return repr(value)
        case _ if is_dataclass(value) and not isclass(value):
            return _call(
                type(value).__name__, {f.name: _text(getattr(value, f.name)) for f in fields(value)}
            )
    return ""


def _call(name: str, arguments: Mapping[str, str]) -> str:
    return f"{name}({', '.join(f'{k}={v}' for k, v in arguments.items() if v)})"


if __name__ == "__main__":
    RECORD.write_text(record(), encoding="utf-8")
