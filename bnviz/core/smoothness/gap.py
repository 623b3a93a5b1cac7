"""Where the gap between the nets comes from: inputs, BN and its mode, before and after training.

Both nets are trained twice, on raw and on standardized inputs, alike in all else. The loss
is that of the training rows (at most PROBE_ROWS); every figure is float64.

An untrained net's running statistics know nothing of its inputs. So before training, BN in
eval mode has those of one cumulative pass over the training rows in train mode, batch by
batch, as for precise BN (:mod:`bnviz.core.training.precise_bn`); after it, those that the training
left. The document's nets begin with its weights, hold out no row, and, on raw inputs before
training, have the running statistics that the document has warmed up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import LANCZOS, Gradients, Measure, Needs, Progress
from bnviz.core.training.comparison import Comparison, compare, evidence
from bnviz.core.training.cost import Cost
from bnviz.core.types import Bools, Floats, StopFlag
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

MOMENTS = ("before", "after")

#: What changes from one of the first five CELLS to the next.
STEPS = ("inputs", "bn", "inputs_bn", "mode")
SPLIT = slice(len(STEPS) + 1)

#: Two nets whose largest eigenvalues differ by less than this factor are alike.
ALIKE = 2.0

#: The columns of a Gap: net, BN mode, inputs. The order is that of the split: each step
#: between neighbours PLAIN_RAW, PLAIN_STANDARD, BN_STANDARD_TRAIN, BN_RAW_TRAIN, BN_RAW_EVAL
#: changes one thing.
CELLS = (
    "plain_raw",
    "plain_standardized",
    "bn_standardized_train",
    "bn_raw_train",
    "bn_raw_eval",
    "bn_standardized_eval",
)


@dataclass(frozen=True)
class Gap:
    """The full cross: every array (2, 6, S), before and after training, by CELLS, by seed."""

    largest: Floats
    """Largest Hessian eigenvalue."""
    probe: Floats
    """Median of |gradient change| / |step| over random probes."""
    root_mean_square: Floats
    """sqrt(tr(H^2) / n)."""
    normalized: Floats
    """Largest eigenvalue with every weight measured in units of its filter's norm."""
    loss: Floats
    """Training loss in the same mode; infinite where a seed diverged, all else of which is NaN."""


#: What the verdict can be.
Key = Literal[
    "inputs",
    "bn",
    "inputs_bn",
    "mode",
    "other",
    "none",
    "level",
    "sharper",
    "lost",
    "steps",
    "medians",
    "test",
    "one_seed",
    "unknown",
]


class GapConfig(Measure):
    """Raw or standardized inputs, BN or none, train or eval mode, before and after training.

    Trains anew from the subject's own config, so its `epoch` does not matter.
    """

    needs: ClassVar[Needs] = "training"
    result: ClassVar = Gap
    kind: Literal["gap"] = "gap"
    probes: int = stops(32, doubling(2, 64, 100, 200))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """As many as the extremes take, in each cell, before and after training."""
        gradients = len(MOMENTS) * len(CELLS) * seeds * (2 * LANCZOS + 3 * self.probes)
        return Gradients(gradients, parameters, rows, trains=self.subject.run is not None)

    def cost(self, nets: Nets) -> Cost:
        """As of the extremes, in four cells with the norm and two without, and the probes."""
        norm, plain = (nets.spectrum(each, self.probes) for each in nets.norms)
        probes = len(CELLS) / 2 * nets.both("gradient64", self.probes + 1)
        seconds = nets.seeds * len(MOMENTS) * (4 * norm + 2 * plain + probes)
        kept = 5 * len(MOMENTS) * len(CELLS) * nets.seeds
        return Cost(nets.ends_or_sums(self.probes), seconds, 8.0 * kept)

    def trainings(self, training: TrainConfig) -> list[TrainConfig]:
        """On raw inputs, and on standardized ones."""
        return [training, training]

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Cell by cell, seed by seed; then both trainings; then all cells again."""
        from bnviz.core.smoothness.cross import Cross

        cross = Cross(self, subject, should_stop)
        for moment in range(len(MOMENTS)):
            if moment:
                yield from cross.train()
            yield from cross.cells(moment)

    def verdicts(self, result: Gap) -> tuple[Verdict[Key], ...]:
        """What makes most of the ratio of the largest eigenvalues, after training if that is known.

        One of STEPS, if it is the largest and at least half the whole (in logarithms); "other" if
        none is; "none" if the nets are ALIKE; "level" if a sign test tells no difference though
        there are seeds enough; "sharper" if the net with BN is the sharper one; "lost" if no seed
        can be compared; or "unknown", before any seed is known. Left out are seeds of which a net
        diverged, or is dead: flat in every weight, because no ReLU is open, and no smoother
        for that. Then all "steps"; of several seeds also what they are "medians" of, and the
        "test", for which a net that diverged is the sharper, else that it is "one_seed".

        Values are medians over the `seeds` of `all_seeds` that are left: `gap`, how many times the
        sharper net is as sharp as the other (for "none" the net without BN); by how much each of
        STEPS divides, by name; and `normalized`, the whole ratio, net without BN to net with, in
        units of the filters' norms. For "lost" they count the seeds with a net that `diverged`,
        and the others with a `dead` one.
        """
        known: Bools = np.asarray(~np.isnan(result.loss[:, SPLIT]).any(axis=1))  # (2, S)
        if not known.any():
            return (Verdict("unknown"),)
        moment = 1 if known[1].any() else 0
        when: dict[str, float | str] = {"when": MOMENTS[moment]}
        seeds = {"all_seeds": known.shape[1]}
        diverged, dead = _gone(result, moment)
        steps = np.stack([part[moment] for part in split(result).values()])  # (4, S)
        fair = np.sum([part[moment] for part in split(result, "normalized").values()], axis=0)
        left = known[moment] & np.isfinite(steps).all(axis=0) & np.isfinite(fair)
        if not left.any():
            lost = {"diverged": int(diverged.sum()), "dead": int(dead.sum())}
            return (Verdict("lost", {**when, **seeds, **lost}),)
        part = dict(zip(STEPS, np.median(steps[:, left], axis=1).tolist(), strict=True))
        total = float(np.median(steps[:, left].sum(axis=0)))
        nets = _test(result, moment, known[moment] & ~dead)
        key = _what(part, total, nets)
        ratio = total if key in ("none", "level") else abs(total)
        factors = {name: 10.0**log for name, log in part.items()}
        factors["normalized"] = float(10 ** np.median(fair[left]))
        of_seeds: tuple[Verdict[Key], ...] = (Verdict("one_seed"),)
        if len(left) > 1:
            of_seeds = Verdict("medians", seeds | {"seeds": int(left.sum())}), _said(nets)
        return Verdict(key, when | {"gap": 10.0**ratio}), Verdict("steps", factors), *of_seeds


def split(gap: Gap, quantity: str = "largest") -> dict[str, Floats]:
    """The ratio of `quantity` in cell plain_raw to that in bn_raw_eval, step by step.

    By STEPS, each (2, S), before and after training: log10 of how many times a step divides
    the quantity. "inputs" standardizes them, "bn" adds BN in train mode, "inputs_bn" goes back
    to raw inputs, "mode" to eval mode. The steps add up to the log10 of the whole ratio. Another
    order of the same changes gives other parts. NaN where a quantity is not positive, and for
    a seed with a dead net (see :meth:`GapConfig.verdicts`).
    """
    alive = ~(gap.normalized[:, SPLIT] <= 0).any(axis=1, keepdims=True)
    values = getattr(gap, quantity)[:, SPLIT]
    logs = np.log10(np.where((values > 0) & alive, values, np.nan))
    parts = [logs[:, one] - logs[:, two] for one, two in pairwise(range(len(STEPS) + 1))]
    return dict(zip(STEPS, parts, strict=True))


def _gone(gap: Gap, moment: int) -> tuple[Bools, Bools]:
    """Which seeds have a net that diverged, and which others a dead one, (S,) each."""
    diverged = np.asarray(np.isinf(gap.loss[moment, SPLIT]).any(axis=0))
    flat = np.asarray((gap.normalized[moment, SPLIT] <= 0).any(axis=0))
    return diverged, flat & ~diverged


def _test(gap: Gap, moment: int, seeds: Bools) -> Comparison:
    """Which of both nets on raw inputs is sharper; one that diverged is infinitely sharp."""
    bn, plain = (
        np.where(np.isinf(gap.loss[moment, cell]), np.inf, gap.largest[moment, cell])[seeds]
        for cell in (CELLS.index("bn_raw_eval"), CELLS.index("plain_raw"))
    )
    return compare(bn, plain)


def _said(nets: Comparison) -> Verdict[Key]:
    test: dict[str, Any] = {"plain_sharper": nets.bn_wins, "bn_sharper": nets.plain_wins}
    return Verdict("test", test | {"seeds": nets.seeds, "evidence": evidence(nets)})


def _what(part: Mapping[str, float], total: float, nets: Comparison) -> Key:
    """Which step, by name, makes most of the `total`; both in log10."""
    if abs(total) < np.log10(ALIKE):
        return "none"
    if nets.winner == "undecided":
        return "level"
    if total < 0:
        return "sharper"
    largest = max(part, key=lambda name: part[name])
    return cast(Key, largest if part[largest] >= total / 2 else "other")
