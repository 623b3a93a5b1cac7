"""What a training showed, in words: computed from its last snapshot, in either direction."""

from collections.abc import Sequence

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.training.comparison import Verdict, compare
from bnviz.core.training.snapshots import Snapshot
from bnviz.texts.numbers import percent, short
from bnviz.ui.fitness import data
from bnviz.ui.language import say


def verdict(config: TrainConfig, snapshots: Sequence[Snapshot], *, over: bool) -> str:
    """Which net is better now, by how much, and whether either has learned anything."""
    last, baseline = snapshots[-1], data.baseline_loss(config)
    found = compare(
        last.bn.validation_loss,
        last.plain.validation_loss,
        last.bn.diverged,
        last.plain.diverged,
        baseline,
    )
    parts = [_winner(found), _spread(found), _usefulness(found, baseline)]
    opening = "" if over else say("fitness.verdict.so_far")
    return opening + say("sentence.between").join(part for part in parts if part)


def _winner(found: Verdict) -> str:
    if found.winner in ("bn", "plain") and not found.pairs:
        diverged = found.bn_diverged if found.winner == "bn" else found.plain_diverged
        alive = found.seeds - diverged
        return say(f"fitness.verdict.only_{found.winner}", alive=alive, seeds=found.seeds)
    return say(
        f"fitness.verdict.{found.winner}",
        difference=percent(found.difference),
        wins=found.plain_wins if found.winner == "plain" else found.bn_wins,
        pairs=found.pairs,
    )


def _spread(found: Verdict) -> str:
    if found.winner not in ("bn", "plain") or not found.pairs:
        return ""
    key = {True: "clear", False: "unclear", None: "single"}[found.beyond_spread]
    return say(f"fitness.verdict.{key}", spread=percent(found.spread))


def _usefulness(found: Verdict, baseline: float) -> str:
    judged = {"bn": found.bn_beats_baseline, "plain": found.plain_beats_baseline}
    useless = [net for net, beats in judged.items() if beats is False]
    if not useless:
        return ""
    which = "both" if len(useless) == 2 else useless[0]
    return say(f"fitness.verdict.useless_{which}", baseline=short(baseline))


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
