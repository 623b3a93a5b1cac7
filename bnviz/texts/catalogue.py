"""Every sentence a person reads, by key and language. Knows nothing of Streamlit."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = {"en": "English", "zh": "中文"}


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield prefix + name, value
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


def sentence(language: str, key: str, **values: object) -> str:
    """The sentence at `key` with `values` put in (str.format). Raises KeyError."""
    text = catalogue(language)[key]
    return text.format(**values) if values else text
