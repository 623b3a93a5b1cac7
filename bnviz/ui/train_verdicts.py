"""What a training showed, in words: computed from its last snapshot, in either direction."""

from collections.abc import Sequence

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.snapshots import Snapshot
from bnviz.core.verdicts import Verdict, compare
from bnviz.plots.numbers import percent, short
from bnviz.ui import cached
from bnviz.ui.language import say


def verdict(config: TrainConfig, snapshots: Sequence[Snapshot], *, over: bool) -> str:
    """Which net is better now, by how much, and whether either has learned anything."""
    last, baseline = snapshots[-1], cached.baseline_loss(config.data)
    found = compare(last.bn.validation_loss, last.plain.validation_loss, baseline)
    opening = "" if over else say("fitness.verdict.so_far")
    return opening + _comparison(found, config.seeds) + _usefulness(found, baseline)


def _comparison(found: Verdict, seeds: int) -> str:
    factor = max(found.ratio, 1 / found.ratio) if found.ratio > 0 else np.inf
    wins = found.pairs - found.bn_wins if found.outcome == "plain" else found.bn_wins
    diverged = found.bn_diverged if found.outcome == "only_bn" else found.plain_diverged
    large = found.outcome in ("bn", "plain") and factor > 2
    return say(
        f"fitness.verdict.{found.outcome}" + ("_times" if large else ""),
        percent=percent(1 - 1 / factor),
        times=short(factor),
        factor=short(found.ratio if found.outcome == "single" else factor),
        spread=short(1 + found.spread),
        wins=wins,
        pairs=found.pairs,
        alive=seeds - diverged,
        seeds=seeds,
    )


def _usefulness(found: Verdict, baseline: float) -> str:
    useless = {"bn": not found.bn_useful, "plain": not found.plain_useful}
    if found.outcome == "nothing" or not any(useless.values()):
        return ""
    which = "both" if all(useless.values()) else next(net for net in useless if useless[net])
    sentence = say(f"fitness.verdict.useless_{which}", baseline=short(baseline))
    return say("sentence.between") + sentence


def divergences(config: TrainConfig, snapshots: Sequence[Snapshot]) -> list[str]:
    """For each net the seeds that diverged, and when that was first seen."""
    lines = []
    for net in ("bn", "plain"):
        flags = np.array([getattr(snapshot, net).diverged for snapshot in snapshots])
        gone = np.flatnonzero(flags[-1]) if len(flags) else np.empty(0, np.intp)
        if gone.size:
            epochs = [snapshots[int(flags[:, seed].argmax())].epoch for seed in gone]
            which = [
                say("fitness.seed_at", seed=config.seed + int(seed), epoch=epoch)
                for seed, epoch in zip(gone, epochs, strict=True)
            ]
            more = [say("sentence.and_more", count=len(which) - 6)] if len(which) > 6 else []
            lines.append(
                say(
                    "fitness.verdict.diverged",
                    net=say(f"net.{net}"),
                    count=len(gone),
                    seeds=config.seeds,
                    which=say("sentence.comma").join(which[:6] + more),
                )
            )
    return lines
