"""Which of two trainings' nets does better over the seeds that both have, by the sign test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.training.comparison import Comparison, Evidence, Winner, compare, evidence
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.verdict import Verdict

#: "other_data": they are judged on different rows, so their losses are no pairs.
Key = Literal[
    "no_seeds", "other_data", "first", "second", "level", "too_few", "tie", "neither", "same"
]

_KEYS: Mapping[Winner, Key] = {
    "bn": "first",
    "plain": "second",
    "undecided": "level",
    "too_few": "too_few",
    "tie": "tie",
    "neither": "neither",
}


@dataclass(frozen=True)
class Side:
    """One of the two nets ("bn" or "plain") of a training, at its newest snapshot."""

    config: TrainConfig
    snapshot: Snapshot
    net: str

    def losses(self, seeds: range) -> np.ndarray:
        """Its validation losses (S,) for these seeds, infinite where it diverged."""
        net = getattr(self.snapshot, self.net)
        losses = np.where(net.diverged > 0, np.inf, net.validation_loss)
        return losses[seeds.start - self.config.seed : seeds.stop - self.config.seed]


def pair(first: Side, second: Side) -> Verdict[Key]:
    """Which side's validation loss is lower, seed by seed, and whether that may be chance."""
    if first.snapshot is second.snapshot and first.net == second.net:
        return Verdict("same", {})
    # How the inputs are scaled changes neither the rows nor what is predicted.
    if _rows(first) != _rows(second):
        return Verdict("other_data", {})
    one, other = first.config, second.config
    start = max(one.seed, other.seed)
    seeds = range(start, max(start, min(one.seed + one.seeds, other.seed + other.seeds)))
    if not seeds:
        return Verdict("no_seeds", {})
    nets = compare(first.losses(seeds), second.losses(seeds))
    return Verdict(
        _KEYS[nets.winner],
        {
            "seeds": nets.seeds,
            "first_wins": nets.bn_wins,
            "second_wins": nets.plain_wins,
            "difference": abs(nets.difference),
            "evidence": _evidence(nets),
        },
    )


def _rows(side: Side) -> object:
    return side.config.data.model_copy(update={"standardize": False, "input_scale": 1.0})


def _evidence(nets: Comparison) -> Verdict[Evidence | Literal["pairing.undecided"]]:
    """Where the test tells no difference, in terms of the first net and the second."""
    told = evidence(nets)
    if told.key != "comparison.undecided":
        return told
    values = dict(told.values)
    values |= {"first_by": values.pop("bn_by"), "second_by": values.pop("plain_by")}
    return Verdict("pairing.undecided", values)
