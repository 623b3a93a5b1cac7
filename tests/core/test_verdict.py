"""What verdicts a function declares."""

from collections.abc import Iterator
from typing import Literal

from bnviz.core.verdict import Verdict, keys

Key = Literal["better", "worse"]


def one() -> Verdict[Key]:
    raise NotImplementedError


def several() -> Iterator[Verdict[Literal["only"]]]:
    raise NotImplementedError


def tuples() -> tuple[Verdict[Key], ...]:
    raise NotImplementedError


def test_the_keys_are_those_of_the_return_type() -> None:
    assert keys(one) == keys(tuples) == ("better", "worse") and keys(several) == ("only",)
