"""Find texts by a person's own words, in English and in Chinese alike."""

import re
from collections.abc import Iterable, Mapping

_WORDS = re.compile(r"[a-z0-9]+|[一-鿿]+")
#: Words that say nothing about a symptom.
_EMPTY = frozenset(
    "a an and are as at be but by do does i in is it my net not of on or so the to".split()  # noqa: SIM905
)


def rank(query: str, texts: Mapping[str, Iterable[str]]) -> list[str]:
    """The names whose texts hold most of the query's words, best first; without any, none.

    A word is found where a word of the text begins with it, or it with one of four letters or
    more; Chinese is compared by pairs of characters.
    """
    wanted = parts(query)
    shares = {name: _share(wanted, parts(" ".join(each))) for name, each in texts.items()}
    most = max(shares.values(), default=0.0)
    near = [name for name, share in shares.items() if share and share >= most / 2]
    return sorted(near, key=lambda name: -shares[name])


def parts(text: str) -> set[str]:
    """The words of a text, Chinese as pairs of characters."""
    words: set[str] = set()
    for word in _WORDS.findall(text.lower()):
        if word.isascii():
            words |= {word} - _EMPTY
        else:
            words |= {word[i : i + 2] for i in range(max(len(word) - 1, 1))}
    return words


def _share(wanted: set[str], there: set[str]) -> float:
    """How many of the wanted words are there, of all."""
    hits = sum(any(_alike(word, other) for other in there) for word in wanted)
    return hits / len(wanted) if wanted else 0.0


def _alike(word: str, other: str) -> bool:
    shorter = min(len(word), len(other))
    return word == other or (shorter >= 4 and word[:shorter] == other[:shorter])
