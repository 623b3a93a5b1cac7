"""All norms at one setting, each compared with the net without, and DyT with BN.

The comparisons are sign tests over the seeds; with several of them, what counts is their q-value
(:func:`bnviz.core.training.comparison.discovery_rates`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bnviz.core.configs import TrainConfig
from bnviz.core.nets.norms.names import Norm
from bnviz.core.training.comparison import (
    ERROR,
    FEWEST,
    Comparison,
    compare,
    discovery_rates,
    leader,
)
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.core.verdict import Verdict

#: The live question: DyT in the place of BN.
CHALLENGER: tuple[Norm, Norm] = ("dyt", "batch")

Key = Literal[
    "few",
    "ahead",
    "behind",
    "open",
    "test",
    "dyt_ahead",
    "dyt_behind",
    "dyt_lasts",
    "dyt_is_outlasted",
    "dyt_open",
]

Outcome = Literal["ahead", "behind", "open"]
_OUTCOMES: dict[str, Outcome] = {"bn": "ahead", "plain": "behind", "undecided": "open"}
#: By the outcome: with a median difference, and without one.
_DUEL: dict[Outcome, tuple[Key, Key]] = {
    "ahead": ("dyt_ahead", "dyt_lasts"),
    "behind": ("dyt_behind", "dyt_is_outlasted"),
    "open": ("dyt_open", "dyt_open"),
}


@dataclass(frozen=True)
class Bout:
    """The net with `norm` compared with that with `against`, which takes the plain net's place."""

    norm: Norm
    against: Norm
    comparison: Comparison
    q: float
    """Its q-value among all bouts."""

    @property
    def outcome(self) -> Outcome:
        """Whether the net with `norm` is shown to end with the lower loss, or the other."""
        return _OUTCOMES[leader(self.comparison, self.q)]


def nets(config: TrainConfig) -> dict[Norm, str]:
    """What a snapshot of an arena calls the net with each norm; the last is "none"."""
    names: dict[Norm, str] = {norm: norm for norm in get_args(Norm)}
    return names | {config.network.norm: "bn", "none": "plain"}


def bouts(config: TrainConfig, snapshot: Snapshot) -> list[Bout]:
    """Each norm against none by the validation loss, then DyT against BN."""
    names = nets(config)
    pairs: list[tuple[Norm, Norm]] = [(norm, "none") for norm in names if norm != "none"]
    pairs.append(CHALLENGER)
    compared = [_compare(*(snapshot.nets[names[norm]] for norm in pair)) for pair in pairs]
    q = discovery_rates([each.p for each in compared])
    return [Bout(*pair, each, value) for pair, each, value in zip(pairs, compared, q, strict=True)]


def verdict(fought: Sequence[Bout]) -> Iterator[Verdict[Key]]:
    """Which norms do better than none, which worse; then whether DyT does in BN's place."""
    *others, duel = fought
    seeds = duel.comparison.seeds
    if seeds < FEWEST:
        yield Verdict("few", {"seeds": seeds, "fewest": FEWEST})
    for key in ("ahead", "behind", "open"):
        if some := tuple(bout.norm for bout in others if bout.outcome == key):
            yield Verdict(key, {"norms": some})
    wins = {"wins": duel.comparison.bn_wins, "losses": duel.comparison.plain_wins}
    values = wins | {"seeds": seeds, "difference": abs(duel.comparison.difference), "q": duel.q}
    yield Verdict(_DUEL[duel.outcome][duel.comparison.open], values)
    yield Verdict("test", {"count": len(fought), "seeds": seeds, "error": ERROR})


def _compare(one: NetSnapshot, other: NetSnapshot) -> Comparison:
    return compare(one.validation_loss, other.validation_loss, one.diverged, other.diverged)
