"""What a computed verdict is: which sentence a result ends in, and the numbers in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """A sentence of the text catalogue by `name`, and its values.

    A value whose name ends in "share" is read as a percentage.
    """

    name: str
    values: Mapping[str, float | str] = field(default_factory=dict)
