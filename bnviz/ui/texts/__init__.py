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
    text = (files(__package__) / f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flatten(tomllib.loads(text)))


def sentence(language: str, key: str, **values: object) -> str:
    """The sentence at `key` with `values` put in (str.format). Raises KeyError."""
    text = catalogue(language)[key]
    return text.format(**values) if values else text
