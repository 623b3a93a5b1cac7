"""Find texts by a person's own words, in English and in Chinese alike."""

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_WORDS = re.compile(r"[a-z0-9]+|[一-鿿]+")
#: Words that say nothing about a symptom, and characters whose pairs say nothing.
_EMPTY = frozenset(
    "a all an and are as at be because but by can do does for from get gets go goes has have how i "  # noqa: SIM905
    "if in is it its just lot my net not of on only or should so some still than that the then "
    "there this to up very was what when which why with".split()
)
_EMPTY_CHARACTERS = frozenset("的了是在我和也就都很着把被给这那个之与及或")


def rank(query: str, texts: Mapping[str, Iterable[str]]) -> list[str]:
    """The names whose texts hold most of the query's words, best first; without any, none.

    A word counts the more, the fewer texts hold it. It is found where a word of the text begins
    with it, or it with one of four letters or more; a word that no text holds is read as the one
    that is spelled most like it. Chinese is compared by pairs of characters. Of equals, those that
    hold the very query are first.
    """
    whole = {name: " ".join(each).lower() for name, each in texts.items()}
    held = {name: parts(text) for name, text in whole.items()}
    known = set[str]().union(*held.values())
    weights = dict.fromkeys(held, 0.0)
    for word in {_spelled(word, known) for word in parts(query)}:
        holders = [name for name, words in held.items() if _holds(words, word)]
        for name in holders:
            weights[name] += math.log((1 + len(held)) / len(holders))
    most = max(weights.values(), default=0.0)
    near = [name for name, weight in weights.items() if weight and weight >= most / 2]
    said = query.strip().lower()
    return sorted(near, key=lambda name: (-weights[name], said not in whole[name]))


def parts(text: str) -> set[str]:
    """The words of a text, Chinese as pairs of characters."""
    words: set[str] = set()
    for word in _WORDS.findall(text.lower()):
        if word.isascii():
            words |= {word} - _EMPTY
        else:
            pairs = {word[i : i + 2] for i in range(max(len(word) - 1, 1))}
            words |= {pair for pair in pairs if not _EMPTY_CHARACTERS & set(pair)}
    return words


def _spelled(word: str, known: set[str]) -> str:
    """The word, or where nobody knows it the known one most like it."""
    if not word.isascii() or _holds(known, word):
        return word
    return (get_close_matches(word, known, n=1, cutoff=0.8) or [word])[0]


def _holds(words: set[str], wanted: str) -> bool:
    return any(_alike(wanted, word) for word in words)


def _alike(word: str, other: str) -> bool:
    shorter = min(len(word), len(other))
    return word == other or (shorter >= 4 and word[:shorter] == other[:shorter])
