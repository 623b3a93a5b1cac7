"""The document's estimator on the document's nets, probe by probe, with what is right beside it.

Its code takes a net's weights, lets a random step move them, and takes |gradient change| /
|step|. After its first probe it "restores" the weights by making them the saved copy itself:
from then on every step moves both, both gradients are taken at the same point, and the
weights walk away from where they began.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from torch import nn

from bnviz.core.curvature import probes as lipschitz
from bnviz.core.curvature.probes import Published
from bnviz.core.curvature.problem import of_stack
from bnviz.core.data.document import SEED, Experiment, experiment
from bnviz.core.nets.stack import stack_of_one
from bnviz.core.smoothness.measure import Pace, Progress, ReplayConfig, StopFlag
from bnviz.core.smoothness.results import Floats, Replay, ReplayedNet
from bnviz.core.smoothness.subject import Subject
from bnviz.core.training.reproduce import NETWORK, SCALE
from bnviz.core.verdict import Verdict


def measure(config: ReplayConfig, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """Both nets in eval mode on all rows, as the document has them.

    The document's own nets are replayed whatever `subject` is, with its own seed, since what
    it published is what is to be explained.
    """
    document, pace = experiment(), Pace()
    found: list[ReplayedNet] = []
    for bn in (True, False):
        corrected = _corrected(document, config.probes, should_stop, bn=bn)
        probes: list[Published] = []
        for probe in _published(document, config.probes, bn=bn):
            if should_stop() or corrected is None:
                return
            probes.append(probe)
            if pace.due():
                yield Progress(len(found) * config.probes + len(probes), 2 * config.probes)
        assert corrected is not None  # else it has returned
        found.append(_replayed(probes, corrected))
    yield Progress(2 * config.probes, 2 * config.probes, Replay(*found))


def _net(document: Experiment, bn: bool) -> nn.Sequential:
    return document.bn if bn else document.plain


def _corrected(
    document: Experiment, probes: int, should_stop: StopFlag, *, bn: bool
) -> Floats | None:
    """(P,) the document's directions, as it draws them in float32; all else in float64."""
    stack = stack_of_one(NETWORK, _net(document, bn), bn=bn)
    drawn = lipschitz.directions(stack.params, probes, SEED)
    exact = of_stack(stack, document.x.T, document.y[:, 0], "eval")
    return lipschitz.estimates(
        exact.gradient, exact.params, drawn, SCALE, chunk=exact.chunk, should_stop=should_stop
    )


def _published(document: Experiment, probes: int, *, bn: bool) -> Iterator[Published]:
    """The document's loop, which uses the net up."""
    net = _net(document, bn)
    return lipschitz.published_probes(
        net, document.x, document.y, count=probes, scale=SCALE, seed=SEED
    )


def _replayed(probes: list[Published], corrected: Floats) -> ReplayedNet:
    return ReplayedNet(
        np.array([probe.estimate for probe in probes]),
        corrected,
        np.array([probe.drift for probe in probes]),
        np.array([probe.shared for probe in probes]),
    )


#: What the verdict can be.
Key = Literal[
    "replay_all",
    "replay_first",
    "replay_some",
]


def verdict(config: ReplayConfig, result: Replay) -> Verdict[Key]:
    """How many of the document's probes measured anything, and what both medians are.

    Values: `probes`; `measured`, the number of probes that are not 0 in either net; of either
    net ..._published, ..._corrected (medians), ..._first (its first probe) and ..._drift (how
    far the weights have gone at the end).
    """
    measured = int(((result.bn.published > 0) | (result.plain.published > 0)).sum())
    values: dict[str, float] = {"probes": len(result.bn.published), "measured": measured}
    for name, net in (("bn", result.bn), ("plain", result.plain)):
        values |= {
            f"{name}_published": float(np.median(net.published)),
            f"{name}_corrected": float(np.median(net.corrected)),
            f"{name}_first": float(net.published[0]),
            f"{name}_drift": float(net.drift[-1]),
        }
    if measured == len(result.bn.published):
        return Verdict("replay_all", values)
    return Verdict("replay_first" if measured == 1 else "replay_some", values)
