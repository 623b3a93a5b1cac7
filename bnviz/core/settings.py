"""A config's settings one by one, by their paths."""

from collections.abc import Iterator
from typing import Any

from bnviz.core.fields import Config


def flat(config: Config, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting's path and value, those of the parts too."""
    for name, setting in config:
        if isinstance(setting, Config):
            yield from flat(setting, f"{path}{name}.")
        else:
            yield path + name, setting


def differences(one: Config, other: Config) -> list[tuple[str, Any, Any]]:
    """The path and both values of each setting in which two configs of one kind differ."""
    pairs = zip(flat(one), flat(other), strict=True)
    return [(path, then, now) for (path, then), (_, now) in pairs if then != now]
