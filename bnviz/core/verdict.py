"""What a result says: which sentence, and the numbers in it. Core decides, texts word it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import get_annotations
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

K = TypeVar("K", bound=str, covariant=True)


@dataclass(frozen=True)
class Verdict(Generic[K]):
    """The key of a sentence in the text catalogue, and its values by name.

    The function that decides declares every key it can return as a Literal:
    ``-> Verdict[Literal["better", "worse"]]``. A tuple is a list of names, a Verdict, there too, a
    sentence inside the sentence, by its whole key. How a number is written is the sentence's
    choice: see :mod:`bnviz.texts.catalogue`.
    """

    key: K
    values: Mapping[str, "float | str | tuple[str | Verdict[Any], ...] | Verdict[Any]"] = field(
        default_factory=dict
    )


def keys(decide: Callable[..., Any]) -> tuple[str, ...]:
    """Every key of the verdicts that `decide` can return, as its return type declares them."""
    declared, literal = get_annotations(decide)["return"], get_origin(Literal["any"])
    while get_origin(declared) is not literal:
        declared = get_args(declared)[0]  # of a tuple or iterator, of a Verdict
    return get_args(declared)
