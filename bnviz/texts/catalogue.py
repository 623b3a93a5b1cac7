"""Every sentence a person reads, by key and language. Knows nothing of Streamlit.

A sentence says how its values are written: ``{loss}`` with few digits, ``{loss:2}`` with two,
``{share:%}`` as a percentage, ``{by:÷}`` as a factor, ``{seed:d}`` as a name, ``{cell:=}``
to the last digit, ``{net:@net}`` as the sentence ``net.<value>`` (of a list, each), and
``{count:# seed has|# seeds have}`` in the singular or the plural, # being the number.
"""

import re
import string
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any

from bnviz.core.nets.norms.names import Norm
from bnviz.core.verdict import Verdict
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import written

#: What ``{norm:@norm}`` means in every sentence: the norm of the first net, BN unless
#: :func:`speaking_of` says else.
_NORM: ContextVar[Norm] = ContextVar("norm", default="batch")

LANGUAGES = {"en": "English", "zh": "中文"}

#: The blank between a number and its unit, where no line may end.
_UNIT = re.compile(
    r"(?<=#) |(?<=[\d}]) "
    r"(?=%|(?:points?|s|MB|GB|bytes|bits|epochs/s)\b|[分秒个行倍次条对轮步批列位层处])"
)
_BLANK = re.compile("(?<=[一-鿿])[ \N{NO-BREAK SPACE}](?=[一-鿿])")
#: A list of names longer than this ends in "and n more".
_MOST_NAMES = 5


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield prefix + name, _UNIT.sub("\N{NO-BREAK SPACE}", value)
        else:
            yield from _flatten(value, f"{prefix}{name}.")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All sentences of one language by dotted key."""
    sentences: dict[str, str] = {}
    folder = files(__package__) / language
    for topic in sorted(folder.iterdir(), key=lambda file: file.name):
        sentences |= _flatten(tomllib.loads(topic.read_text(encoding="utf-8")))
    return sentences


class _Writer(string.Formatter):
    """str.format with the ways of writing a value that this module's docstring lists."""

    def __init__(self, language: str, typed: Callable[[str], str] = str) -> None:
        self.language = language
        self.typed = typed  # what becomes of texts among the values

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if key == "norm" and key not in kwargs:
            return _NORM.get()
        return super().get_value(key, args, kwargs)

    def format_field(self, value: Any, spec: str) -> str:
        text = self._written(value, spec)
        return text.replace("\N{NO-BREAK SPACE}%", "%") if self.language == "zh" else text

    def _written(self, value: Any, spec: str) -> str:
        if spec.startswith("@") and isinstance(value, tuple):
            names = [self._written(name, spec) for name in value]
            return sentence(self.language, "sentence.comma").join(names)
        if spec.startswith("@"):
            return sentence(self.language, f"{spec[1:]}.{value}")
        if "|" in spec:  # English has two forms, Chinese one: a rule of one line
            one, many = spec.split("|")
            return (one if value in (1, "1") else many).replace("#", written(value))
        if isinstance(value, Verdict):
            return _worded(self.language, value.key, value)
        if isinstance(value, tuple):
            return self._listed([self._written(name, "") for name in value])
        return self.typed(value) if isinstance(value, str) else written(value, spec)

    def _listed(self, names: list[str]) -> str:
        if not names:
            return sentence(self.language, "sentence.nothing")
        if len(names) > _MOST_NAMES:
            more = len(names) - _MOST_NAMES + 1
            names = [*names[:-more], sentence(self.language, "sentence.and_more", count=more)]
        return sentence(self.language, "sentence.comma").join(names)


def sentence(language: str, key: str, **values: object) -> str:
    """The sentence at `key` with `values` put in. Raises KeyError."""
    text = catalogue(language)[key]
    if not values and "{norm:" not in text:
        return text
    return _said(_Writer(language), text, values)


@contextmanager
def speaking_of(norm: Norm) -> Iterator[None]:
    """Within it, sentences about both nets name `norm` as what the first has and the second not."""
    token = _NORM.set(norm)
    try:
        yield
    finally:
        _NORM.reset(token)


def worded(language: str, section: str, *verdicts: Verdict[str]) -> str:
    """What core decided, in words: the sentences at `section` that the verdicts name.

    Texts among the values may be a user's or torch's: they are made safe inside Markdown.
    """
    return sentence(language, "sentence.between").join(
        _worded(language, f"{section}.{each.key}", each) for each in verdicts
    )


def _worded(language: str, key: str, verdict: Verdict[str]) -> str:
    return _said(_Writer(language, literal), catalogue(language)[key], verdict.values)


def _said(writer: _Writer, text: str, values: Mapping[str, Any]) -> str:
    """The values put in; no blank is left between Chinese and a Chinese name put in."""
    said = writer.vformat(text, (), values)
    return _BLANK.sub("", said) if "{norm:" in text else said
