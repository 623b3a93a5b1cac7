"""What a training shows: which nets diverged, which does better, and what its curves end with."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from bnviz.core.training.comparison import Comparison, compare, evidence
from bnviz.core.training.series import band, gather
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import NETS, Floats
from bnviz.core.verdict import Verdict

Key = Literal[
    "untrained",
    "diverged",
    "neither",
    "bn",
    "plain",
    "bn_lasts",
    "plain_lasts",
    "level",
    "too_few",
    "tie",
    "evidence",
    "useless_both",
    "useless_bn",
    "useless_plain",
]
Ending = Literal["both", "bn_alone", "plain_alone", "neither"]


def verdict(snapshot: Snapshot, baseline: float) -> tuple[Verdict[Key], ...]:
    """Divergence first, then who has the lower validation loss, what is no use, how sure that is.

    `baseline` is the loss of always predicting the training rows' mean.
    """
    nets = compare(
        snapshot.bn.validation_loss,
        snapshot.plain.validation_loss,
        snapshot.bn.diverged,
        snapshot.plain.diverged,
    )
    if not snapshot.epoch and not nets.bn_diverged + nets.plain_diverged:
        return (Verdict("untrained"),)
    sure = [Verdict[Key]("evidence", {"evidence": evidence(nets)})]
    told = (*_divergence(nets), *_better(nets), *_useless(snapshot, baseline))
    return (*told, *(sure if nets.winner in ("bn", "plain", "undecided", "too_few") else ()))


def _divergence(nets: Comparison) -> Iterator[Verdict[Key]]:
    if nets.bn_diverged + nets.plain_diverged and nets.winner != "neither":
        gone = {"bn_diverged": nets.bn_diverged, "plain_diverged": nets.plain_diverged}
        yield Verdict("diverged", gone | {"seeds": nets.seeds})


def _better(nets: Comparison) -> Iterator[Verdict[Key]]:
    """Who wins, and by how much where the median seed has two losses to compare."""
    key: Key = "level" if nets.winner == "undecided" else nets.winner
    if nets.open and key in ("bn", "plain"):
        key = "bn_lasts" if key == "bn" else "plain_lasts"
    difference = -nets.difference if nets.winner == "plain" else nets.difference
    yield Verdict(
        key,
        {
            "seeds": nets.seeds,
            "bn_wins": nets.bn_wins,
            "plain_wins": nets.plain_wins,
            "difference": difference,
        },
    )


def _useless(snapshot: Snapshot, baseline: float) -> Iterator[Verdict[Key]]:
    """A net that does not beat the baseline in more than half of its seeds."""
    losses = {"bn": snapshot.bn.validation_loss, "plain": snapshot.plain.validation_loss}
    alive = {net: each for net, each in losses.items() if np.isfinite(each).any()}
    useless = [net for net, each in alive.items() if 2 * (each < baseline).sum() <= len(each)]
    if len(useless) == 2:
        yield Verdict("useless_both", {"baseline": baseline})
    elif useless:
        key: Key = "useless_bn" if useless == ["bn"] else "useless_plain"
        yield Verdict(key, {"baseline": baseline})


def divergences(
    snapshots: Sequence[Snapshot], first_seed: int
) -> Iterator[Verdict[Literal["seeds_bn", "seeds_plain", "at_once_bn", "at_once_plain"]]]:
    """For each net with any, the seeds that diverged and by which epoch that was first seen."""
    for net in NETS:
        flags = np.array([getattr(snapshot, net).diverged for snapshot in snapshots])
        gone = np.flatnonzero(flags[-1]) if len(flags) else np.empty(0, np.intp)
        if gone.size:
            epochs = [snapshots[int(flags[:, seed].argmax())].epoch for seed in gone]
            values = {
                "count": gone.size,
                "seeds": flags.shape[1],
                "which": tuple(str(first_seed + seed) for seed in gone),
                "first": min(epochs),
            }
            if len(set(epochs)) == 1:
                yield Verdict("at_once_bn" if net == "bn" else "at_once_plain", values)
            else:
                last = {"last": max(epochs)}
                yield Verdict("seeds_bn" if net == "bn" else "seeds_plain", values | last)


def ending(snapshots: Sequence[Snapshot], field: str, layer: int | None = None) -> Verdict[Ending]:
    """Both nets' medians over the seeds that are finite, where `field` was last measured.

    Of a field with a number for each layer it is that of `layer`, or the mean over all layers.
    """
    bn, plain = (_last(*gather(snapshots, net, field), layer) for net in NETS)
    key: Ending = "neither"
    if np.isfinite(bn):
        key = "both" if np.isfinite(plain) else "bn_alone"
    elif np.isfinite(plain):
        key = "plain_alone"
    return Verdict(key, {"epoch": snapshots[-1].epoch, "bn": bn, "plain": plain})


def _last(epochs: Floats, values: Floats, layer: int | None) -> float:
    if not values.size:
        return float("nan")
    last = values[-1]
    if last.ndim > 1:
        last = last.mean(axis=0) if layer is None else last[layer]
    return float(band(epochs[-1:], last[None]).median[0])


def running_ends(snapshots: Sequence[Snapshot], field: str) -> Verdict[Literal["layers"]]:
    """The median unit's running statistic in the first and in the last layer, at the end."""
    epochs, values = gather(snapshots, "bn", field)
    first, last = (
        float(band(epochs[-1:], values[-1:, layer, :, 2]).median[0]) for layer in (0, -1)
    )
    return Verdict("layers", {"epoch": snapshots[-1].epoch, "first": first, "last": last})
