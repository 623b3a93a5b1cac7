"""What no equation says, somebody decided: it is kept as text, whose changes a reviewer reads.

Of all layers below plots the constants, presets, defaults, limits and what controls offer
(`approved/decisions.txt`), and the options of the command line.
"""

import argparse
import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import isclass, isroutine, signature
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_origin

import numpy as np
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bnviz.__main__ import _parser
from tests.approval import approve

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("core/**/*.py", "files/**/*.py", "store/**/*.py", "jobs/**/*.py", "cli/**/*.py", "*.py")
#: What a line has that decides something, outside quotes and inside.
NUMBER, QUOTED = re.compile(r"\b(\d|True|False)"), re.compile("'.*?'|\".*?\"")
CHOICE = re.compile("'(bn|plain|before|after|mean)'")


def test_decisions() -> None:
    """Of modules as a new process has them: in this one other tests leave their traces."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        approve("decisions", iter(process.submit(recorded).result()))


def recorded() -> list[str]:
    """What stands in the record, file by file."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / "bnviz").glob(layer))]
    parts = {path.relative_to(ROOT).as_posix(): list(decisions(path)) for path in paths}
    lines = [(path, *decided, "") for path, decided in parts.items() if decided]
    return [*chain(*lines)]


def test_the_options_of_the_command_line() -> None:
    def options(parser: argparse.ArgumentParser) -> Iterator[str]:
        yield parser.prog
        for action in parser._actions:
            names = "/".join(action.option_strings) or action.dest
            takes = getattr(action.type, "__name__", ""), action.nargs, action.const
            yield f"    {names}: {takes}, default {action.default!r}, required {action.required}"
            if isinstance(action, argparse._SubParsersAction):
                for command in action.choices.values():
                    yield from options(command)
            elif action.choices:
                yield f"        of {tuple(action.choices)}"

    approve("options", options(_parser()))


def decisions(path: Path) -> Iterator[str]:
    """Lines of what a module decides."""
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    lines = list[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
                kept = (name for name in names if not name.islower())  # what is, is state
                lines += (f"{name} = {_text(getattr(module, name))}" for name in kept)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                lines += _defaults(name, getattr(module, name))
    for line in lines:
        if NUMBER.search(QUOTED.sub("", line)) or CHOICE.search(line):
            yield from (f"    {part}" for part in textwrap.wrap(line, 96, break_on_hyphens=False))


def _defaults(name: str, what: Any) -> Iterator[str]:
    """Of a function; of a class's fields, and of its own functions."""
    if isclass(what) and issubclass(what, BaseModel):
        yield from (f"{name}.{key} = {_text(field)}" for key, field in what.model_fields.items())
    elif isclass(what):
        if is_dataclass(what) and not what.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield f"{name}: frozen = False"
        for key, value in vars(what).items():
            own = (key == "__init__" and not is_dataclass(what)) or not key.startswith("_")
            if own or (isroutine(value) and not key.startswith("__")):
                yield from _defaults(f"{name}.{key}", getattr(what, key))
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
