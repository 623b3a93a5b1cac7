"""The loss around both nets: on a plane through each, and along random lines (Li et al. 2018).

Losses are computed in float32, the precision that the nets are trained in; eigenvectors and
curvatures in float64.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import BnMode, SeedIndex, TrainConfig
from bnviz.core.fields import Stops, doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Progress, Throttle
from bnviz.core.training.cost import Cost
from bnviz.core.types import NETS, Floats, StopFlag, check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: From coarse to fine, as parts of the finest plane's axis: each holds those before it, so
#: that no loss is computed twice. 13 and 25 of 51 points leave out the outermost fiftieth.
LEVELS = {
    13: (slice(None),),
    25: (slice(None, None, 2), slice(None)),
    51: (slice(1, None, 4), slice(1, None, 2), slice(None)),
}

#: Points along each line.
DISTANCES = 51

#: A path is kept at so many epochs, fewer where they would take more memory (per net).
PATH_POINTS, PATH_BYTES = 100, 2**26

#: A verdict for one net needs so large a share of the lines.
AGREE = 0.75

#: What an epoch of training counts for, in losses.
_EPOCH = 50


@dataclass(frozen=True)
class NetLandscape:
    """One net's loss on a plane and along lines through it."""

    first: Floats
    """(R,) coordinates along the first direction, 0 is the net."""
    second: Floats
    """(R,) along the second."""
    loss: Floats
    """(R, R): row i is at second[i], column j at first[j]."""
    path: Floats
    """(E, 2) the training path on the plane; (0, 2) if the plane is not made of it."""
    path_epochs: NDArray[np.int64]
    """(E,) the epochs it is taken at: all, or evenly spread ones, from 0 to the last."""
    path_loss: Floats
    """(E,) the loss on the path itself, which may lie off the plane."""
    explained: Floats
    """(2,) share of the path's spread (path), or the curvature d'Hd / |d|^2, along each."""
    distances: Floats
    """(V,) along random filter-normalized lines, 0 is the net."""
    lines: Floats
    """(M, V) the loss along each line."""


@dataclass(frozen=True)
class Landscape:
    """Both nets, the same plane for both as far as they have the same parameters."""

    bn: NetLandscape
    plain: NetLandscape


#: What the verdict can be.
Key = Literal["bn", "bn_absolute", "plain", "plain_absolute", "level", "lower", "unknown"]


class LandscapeConfig(Measure):
    """The loss on a plane through the subject's nets and along lines, of one seed.

    `plane` "random": two filter-normalized directions (Li et al. 2018, section 4), `extent` in
    units of the filters' norms; "eigen": the top two Hessian eigenvectors, `extent` in units of
    the distance at which the curvature along the first would double the loss; "path": the
    plane of the net's own training path, `extent` 1 shows it whole. The distances along the
    lines are as for "random", whatever the plane.
    """

    result: ClassVar = Landscape
    kind: Literal["landscape"] = "landscape"
    plane: Literal["random", "eigen", "path"] = "random"
    bn_mode: BnMode = "eval"
    net: SeedIndex = 0
    extent: float = stops(
        1.0, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0), gt=0.0
    )
    points: Annotated[Literal[13, 25, 51], Stops((13, 25, 51))] = 51
    """Along each side; coarser planes come first."""
    lines: int = stops(16, doubling(2, 64, 100))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """A loss for each point."""
        losses = len(NETS) * (self.points**2 + DISTANCES * self.lines)
        return Gradients(losses, parameters, rows, trains=self.plane == "path")

    def cost(self, nets: Nets) -> Cost:
        """The directions of planes and lines; losses at as many points as run together."""
        held = (len(NETS) + 3) * 4.0 * nets.parameters * (2 + self.lines)
        seconds = nets.both("loss", self.points**2 + DISTANCES * self.lines)
        kept = self.points * (self.points + 2) + DISTANCES * (self.lines + 1) + 2
        if self.plane == "path":
            held += (len(NETS) + 3 * 2) * PATH_BYTES
            kept += 4 * PATH_POINTS
        if self.plane == "eigen":
            held += nets.lanczos()
            seconds += 2 * sum(map(nets.search, nets.norms))
        held += nets.layers(3, 2 * nets.chunk(4), 4) + nets.product()
        return Cost(held, seconds, 8.0 * len(NETS) * kept)

    def trainings(self, training: TrainConfig) -> list[TrainConfig]:
        """The seed whose path is drawn."""
        return [training.model_copy(update={"seeds": 1})] if self.plane == "path" else []

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Coarse planes first, then the lines, then the planes refined.

        With `plane` "path" the seed is trained anew from the subject's config, and all is around
        the net that this ends in, on its training rows. A seed that diverged is NaN; a loss
        that is not finite too.
        """
        from bnviz.core.smoothness.planes import Drawing, Retraining, around

        subject.problem("plain", self.bn_mode, self.net, "float32")  # or raises
        total = 2 * (self.points**2 + self.lines * DISTANCES)
        throttle, planes, begun = Throttle(), {}, 0
        if self.plane == "path":
            training = Retraining(subject, self.net)
            begun = training.epochs * _EPOCH
            for epoch in training.train(should_stop):
                if throttle.due():
                    yield Progress(epoch * _EPOCH, total + begun)
            check(should_stop)
            planes = {net: training.plane(net, self) for net in NETS}
        else:
            for net in NETS:
                planes[net] = around(self, subject, net, should_stop)
                yield Progress(0, total)
        drawing = Drawing(self, planes)
        for complete in drawing.draw(should_stop):
            if complete or throttle.due():
                result = drawing.result() if complete else None
                yield Progress(begun + drawing.done, begun + total, result)

    def verdicts(self, result: Landscape) -> tuple[Verdict[Key], ...]:
        """Whose loss rises less where all filters have moved by `extent` times their norms.

        A line's rise is the mean loss at its two ends over that in its middle: in the mean the
        slope cancels. "bn" or "plain": that net's median rise is the smaller one, and so is its
        rise on three lines of four at least (the nets' lines are the same); "bn_absolute" or
        "plain_absolute": so it is, but not in units of each net's own loss. "level": fewer lines
        agree. "lower": a net's loss falls, in the median. "unknown": no line is finite in both
        nets.

        Values: `distance`, the extent; `lines`, those finite in both nets; of either net
        ..._loss (in the middle), ..._rise (median), ..._times (that over its own loss), ..._fewer
        (lines on which it rises less).
        """
        bn, plain = _rises(result.bn), _rises(result.plain)
        both = np.isfinite(bn) & np.isfinite(plain)
        values: dict[str, float] = {"distance": self.extent, "lines": int(both.sum())}
        if not both.any():
            return (Verdict("unknown", values),)
        bn, plain = bn[both], plain[both]
        for net, rises, others in (("bn", bn, plain), ("plain", plain, bn)):
            loss = float(getattr(result, net).lines[both, DISTANCES // 2][0])
            rise = float(np.median(rises))
            values[f"{net}_loss"], values[f"{net}_rise"] = loss, rise
            values[f"{net}_times"] = rise / max(loss, np.finfo(np.float64).tiny)
            values[f"{net}_fewer"] = int((rises < others).sum())
        if min(values["bn_rise"], values["plain_rise"]) < 0:
            return (Verdict("lower", values),)
        return (Verdict(_flatter(values), values),)


def _rises(net: NetLandscape) -> Floats:
    """(M,) how much the loss rises along each line."""
    return (net.lines[:, 0] + net.lines[:, -1]) / 2 - net.lines[:, DISTANCES // 2]


def _flatter(values: Mapping[str, float]) -> Key:
    net, other = ("bn", "plain") if values["bn_rise"] < values["plain_rise"] else ("plain", "bn")
    equal = values["bn_rise"] == values["plain_rise"]
    if equal or values[f"{net}_fewer"] < AGREE * values["lines"]:
        return "level"
    relative = values[f"{net}_times"] <= values[f"{other}_times"]
    return cast(Key, net if relative else f"{net}_absolute")
