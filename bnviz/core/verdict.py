"""What a result says: which sentence, and the numbers in it. Core decides, texts word it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import get_annotations
from typing import Any, Generic, TypeVar, get_args

K = TypeVar("K", bound=str, covariant=True)


@dataclass(frozen=True)
class Verdict(Generic[K]):
    """The key of a sentence in the text catalogue, and its values by name.

    The function that decides declares every key it can return as a Literal:
    ``-> Verdict[Literal["better", "worse"]]``. A tuple is a list of names. How a number
    is written is the sentence's choice: see :mod:`bnviz.texts.catalogue`.
    """

    key: K
    values: Mapping[str, float | str | tuple[str, ...]] = field(default_factory=dict)


def keys(decide: Callable[..., Verdict[Any]]) -> tuple[str, ...]:
    """Every key of the verdicts that `decide` can return, as its return type declares them."""
    (declared,) = get_args(get_annotations(decide)["return"])
    return get_args(declared)
