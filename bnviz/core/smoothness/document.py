"""The document's estimator on the document's nets, probe by probe, with what is right beside it.

Its code takes a net's weights, lets a random step move them, and takes |gradient change| /
|step|. After its first probe it "restores" the weights by making them the saved copy itself:
from then on every step moves both, both gradients are taken at the same point, and the
weights walk away from where they began.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from bnviz.core.fields import doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Needs, Progress, Throttle
from bnviz.core.training.cost import Cost
from bnviz.core.types import NETS, Bools, Floats, StopFlag, check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from torch import nn

    from bnviz.core.curvature.probes import Published
    from bnviz.core.data.document import Experiment
    from bnviz.core.smoothness.subject import Subject


@dataclass(frozen=True)
class ReplayedNet:
    """The document's loop on one net."""

    published: Floats
    """(P,) what the document's code computes, probe by probe; float32, as there."""
    corrected: Floats
    """(P,) the same directions and scale, every probe from the same point, float64."""
    drift: Floats
    """(P,) how far the weights are from where they began, after each probe of the document."""
    shared: Bools
    """(P,) whether, after this probe, every parameter and its saved copy are one tensor."""


@dataclass(frozen=True)
class Replay:
    """Both nets, probe by probe."""

    bn: ReplayedNet
    plain: ReplayedNet


#: What the verdict can be.
Key = Literal["first", "some", "all"]


class DocumentConfig(Measure):
    """The document's estimator on the document's nets, probe by probe. Has no subject to choose."""

    needs: ClassVar[Needs] = "nothing"
    draws: ClassVar[bool] = False
    result: ClassVar = Replay
    kind: Literal["replay"] = "replay"
    probes: int = stops(100, doubling(2, 64, 100, 200, 500, 1000))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """For each probe two of the document's, and a corrected one."""
        return Gradients(len(NETS) * 3 * self.probes, parameters, rows)

    def cost(self, nets: Nets) -> Cost:
        """Next to nothing is held: one probe at a time."""
        seconds = 3 * self.probes * nets.both("gradient64", 1)
        return Cost(0.0, seconds, 8.0 * len(NETS) * 4 * self.probes)

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Both nets in eval mode on all rows, as the document has them.

        The document's own nets are replayed whatever `subject` is, with its own seed, since what
        it published is what is to be explained.
        """
        from bnviz.core.curvature.probes import published_probes
        from bnviz.core.data.document import experiment

        document, throttle = experiment(), Throttle()
        replayed: list[ReplayedNet] = []
        for net in (document.bn, document.plain):
            corrected = _corrected(document, net, self.probes, should_stop)
            probes: list[Published] = []
            for probe in published_probes(net, document.x, document.y, self.probes):
                check(should_stop)
                probes.append(probe)
                if throttle.due():
                    yield Progress(len(replayed) * self.probes + len(probes), 2 * self.probes)
            estimates, drift, shared = (
                np.array([getattr(probe, name) for probe in probes])
                for name in ("estimate", "drift", "shared")
            )
            replayed.append(ReplayedNet(estimates, corrected, drift, shared))
        yield Progress(2 * self.probes, 2 * self.probes, Replay(*replayed))

    def verdicts(self, result: Replay) -> tuple[Verdict[Key], ...]:
        """How many of the document's probes measured anything, and what both medians are.

        Values: `probes`; `measured`, the number of probes that are not 0 in either net; of either
        net ..._published and ..._corrected (medians).
        """
        measured = (result.bn.published > 0) | (result.plain.published > 0)
        values: dict[str, float] = {"probes": len(measured), "measured": int(measured.sum())}
        for name in NETS:
            net: ReplayedNet = getattr(result, name)
            values[f"{name}_published"] = float(np.median(net.published))
            values[f"{name}_corrected"] = float(np.median(net.corrected))
        if measured.all():
            return (Verdict("all", values),)
        return (Verdict("first" if measured[0] and measured.sum() == 1 else "some", values),)


def _corrected(
    document: "Experiment", net: "nn.Sequential", probes: int, should_stop: StopFlag
) -> Floats:
    """(P,) the document's directions, as it draws them in float32; all else in float64."""
    from bnviz.core.curvature.probes import directions, estimates
    from bnviz.core.curvature.stack_problem import StackProblem
    from bnviz.core.data.document import SEED
    from bnviz.core.nets.initial import stack_of_one
    from bnviz.core.training.reproduce import NETWORK, SCALE

    stack = stack_of_one(NETWORK, net, bn=net is document.bn)
    drawn = directions(stack.params, probes, SEED)
    exact = StackProblem(stack, document.x.T, document.y[:, 0], "eval")
    return estimates(
        exact.gradient, exact.params, drawn, SCALE, chunk=exact.chunk, should_stop=should_stop
    )
