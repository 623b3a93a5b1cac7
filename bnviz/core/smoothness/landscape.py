"""The loss around both nets: on a plane through each, and along random lines (Li et al. 2018).

Losses are computed in float32, the precision that the nets are trained in; eigenvectors and
curvatures in float64.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, cast

import numpy as np

from bnviz.core.curvature import landscape
from bnviz.core.smoothness.measure import LandscapeConfig, Pace, Progress, StopFlag
from bnviz.core.smoothness.planes import View, Walk, around
from bnviz.core.smoothness.results import Floats, Landscape, NetLandscape
from bnviz.core.smoothness.subject import Subject
from bnviz.core.verdict import Verdict

#: From coarse to fine, as parts of the finest plane's axis: each holds those before it, so
#: that no loss is computed twice. 13 and 25 of 51 points leave out the outermost fiftieth.
LEVELS = {
    13: (slice(None),),
    25: (slice(None, None, 2), slice(None)),
    51: (slice(1, None, 4), slice(1, None, 2), slice(None)),
}

#: Points along each line.
DISTANCES = 51

#: A verdict for one net needs so large a share of the lines.
AGREE = 0.75

#: What an epoch of training counts for, in losses.
_EPOCH = 50

_NETS = ("bn", "plain")


def measure(config: LandscapeConfig, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """Coarse planes first, then the lines, then the planes refined.

    With `plane` "path" the seed is trained anew from the subject's config, and all is around
    the net that this ends in, on its training rows. A seed that diverged is NaN; a loss
    that is not finite too.
    """
    subject.problem("plain", config.bn_mode, config.net, "float32")  # is there such a seed?
    total = 2 * (config.points**2 + config.lines * DISTANCES)
    pace, views, begun = Pace(), {}, 0
    if config.plane == "path":
        walk = Walk(subject, config.net)
        begun = walk.epochs * _EPOCH
        for epoch in walk.train(should_stop):
            if pace.due():
                yield Progress(epoch * _EPOCH, total + begun)
        if should_stop():
            return
        views = {net: walk.view(net, config) for net in _NETS}
    else:
        for net in _NETS:
            view = around(config, subject, net, should_stop)
            if view is None:
                return
            views[net] = view
            yield Progress(0, total)
    drawing = _Drawing(config, views)
    for complete in drawing.draw(should_stop):
        if complete or pace.due():
            result = drawing.result() if complete else None
            yield Progress(begun + drawing.done, begun + total, result)


class _Drawing:
    """What is drawn so far; NaN elsewhere."""

    def __init__(self, config: LandscapeConfig, views: Mapping[str, View]) -> None:
        self.views = views
        self.levels = LEVELS[config.points]
        self.level = self.levels[0]
        self.distances = np.linspace(-1, 1, DISTANCES) * config.extent
        self.losses = {net: np.full((config.points, config.points), np.nan) for net in _NETS}
        self.lines = {net: np.full((config.lines, DISTANCES), np.nan) for net in _NETS}
        self.done = 0

    def draw(self, should_stop: StopFlag) -> Iterator[bool]:
        """Part by part; says whether something whole has been added. Ends early once stopped."""
        for index, level in enumerate(self.levels):
            for net in _NETS:
                for row in np.arange(len(self.losses[net]))[level]:
                    if not self._row(net, int(row), level, should_stop):
                        return
                    yield False
            self.level = level
            last = index + 1 == len(self.levels)
            if index == 0:
                yield not last
                for net in _NETS:
                    for line in range(len(self.lines[net])):
                        if not self._line(net, line, should_stop):
                            return
                        yield False
            yield True

    def _row(self, net: str, row: int, level: slice, should_stop: StopFlag) -> bool:
        view, losses = self.views[net], self.losses[net]
        known = losses[row : row + 1, level]
        self.done += int(np.isnan(known).sum())
        if not view.alive:
            return not should_stop()
        found = landscape.plane(
            view.problem,
            view.basis[0],
            view.basis[1],
            view.first[level],
            view.second[row : row + 1],
            known=known,
            should_stop=should_stop,
        )
        if found is not None:
            losses[row, level] = found[0]
        return found is not None

    def _line(self, net: str, line: int, should_stop: StopFlag) -> bool:
        view = self.views[net]
        self.done += DISTANCES
        if not view.alive:
            return not should_stop()
        direction = view.lines[line : line + 1]
        found = landscape.lines(view.problem, direction, self.distances, should_stop=should_stop)
        if found is not None:
            self.lines[net][line] = found[0]
        return found is not None

    def result(self) -> Landscape:
        return Landscape(self._net("bn"), self._net("plain"))

    def _net(self, net: str) -> NetLandscape:
        view, level = self.views[net], self.level
        return NetLandscape(
            first=view.first[level],
            second=view.second[level],
            loss=_finite(self.losses[net][level, level]),
            path=view.path,
            path_epochs=view.path_epochs,
            path_loss=_finite(view.path_loss),
            explained=view.explained,
            distances=self.distances,
            lines=_finite(self.lines[net]),
        )


def _finite(losses: Floats) -> Floats:
    return np.where(np.isfinite(losses), losses, np.nan)


#: What the verdict can be.
Key = Literal[
    "landscape_bn",
    "landscape_plain",
    "landscape_bn_absolute",
    "landscape_plain_absolute",
    "landscape_level",
    "landscape_unsettled",
    "landscape_unknown",
]


def verdict(config: LandscapeConfig, result: Landscape) -> Verdict[Key]:
    """Whose loss rises less where all filters have moved by `extent` times their norms.

    A line's rise is the mean loss at its two ends over that in its middle: in the mean the
    slope cancels. "bn" or "plain": that net's median rise is the smaller one, and so is its
    rise on three lines of four at least (the nets' lines are the same); "bn_absolute" or
    "plain_absolute": so it is, but not in units of each net's own loss. "level": fewer lines
    agree. "unsettled": a net's loss falls, in the median, so that it is at no minimum.
    "unknown": no line is finite in both nets.

    Values: `distance`, the extent; `lines`, those finite in both nets; `factor`, larger over
    smaller median rise (not "unsettled"); of either net ..._loss (in the middle), ..._rise
    (median), ..._times (that over its own loss), ..._fewer (lines on which it rises less).
    """
    bn, plain = _rises(result.bn), _rises(result.plain)
    both = np.isfinite(bn) & np.isfinite(plain)
    values: dict[str, float] = {"distance": config.extent, "lines": int(both.sum())}
    if not both.any():
        return Verdict("landscape_unknown", values)
    bn, plain = bn[both], plain[both]
    for net, rises, others in (("bn", bn, plain), ("plain", plain, bn)):
        loss = float(getattr(result, net).lines[both, DISTANCES // 2][0])
        rise = float(np.median(rises))
        values[f"{net}_loss"], values[f"{net}_rise"] = loss, rise
        values[f"{net}_times"] = rise / max(loss, np.finfo(np.float64).tiny)
        values[f"{net}_fewer"] = int((rises < others).sum())
    low, high = sorted((values["bn_rise"], values["plain_rise"]))
    if low <= 0:
        return Verdict("landscape_unsettled", values)
    return Verdict(cast(Key, f"landscape_{_flatter(values)}"), values | {"factor": high / low})


def _rises(net: NetLandscape) -> Floats:
    """(M,) of each line."""
    return (net.lines[:, 0] + net.lines[:, -1]) / 2 - net.lines[:, DISTANCES // 2]


def _flatter(values: Mapping[str, float]) -> str:
    net, other = ("bn", "plain") if values["bn_rise"] < values["plain_rise"] else ("plain", "bn")
    if values[f"{net}_fewer"] < AGREE * values["lines"]:
        return "level"
    return net if values[f"{net}_times"] <= values[f"{other}_times"] else f"{net}_absolute"
