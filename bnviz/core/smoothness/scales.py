"""Random probes over their scale: the plateau, the kinks of ReLU, and the floor of rounding.

Both nets in both precisions, BN in the config's mode, with the same directions everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from bnviz.core.configs import BnMode, Precision, SeedIndex
from bnviz.core.fields import doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Progress, Throttle, which
from bnviz.core.training.cost import Cost
from bnviz.core.types import NETS, Floats, StopFlag, check, each_array
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: Two a decade; the document's 1e-5 is among them.
SCALES = np.array([10.0 ** (half / 2) for half in range(-16, -1)])
DOCUMENT = 6

#: Gradients that a probe taken apart takes, with what rounding makes of it.
APART = {"relu": 5.5, "tanh": 3.1}

#: Rounding beyond this share of the median drowns a probe.
NEAR = 0.1

_PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


@dataclass(frozen=True)
class Sweep:
    """One net's random probes over Q scales, in one precision; |.| are L2 norms."""

    median: Floats
    """(Q,) of |gradient change| / |step| over the probes."""
    largest: Floats
    """(Q,) of the same."""
    smooth: Floats
    """(Q,) median of the part that remains with every ReLU held on its side."""
    kinks: Floats
    """(Q,) median of the rest, which the ReLUs that changed side make."""
    kink_share: Floats
    """(Q,) median of <rest, change> / |change|^2: with the smooth part's share it makes 1."""
    crossed: Floats
    """(Q,) mean count of pairs of unit and row that changed side."""
    noise: Floats
    """(Q,) median of |gradient change - the same in float64| / |step|: rounding; 0 in float64."""


@dataclass(frozen=True)
class Scales:
    """Both nets in both precisions."""

    scales: Floats
    """(Q,) standard deviation of the step in each parameter, ascending."""
    bn: Sweep
    plain: Sweep
    bn_float32: Sweep
    plain_float32: Sweep
    bn_limit: float
    """Median of |H d| / |d| over the same directions, float64: where the plateau should be."""
    plain_limit: float
    bn_rectifiers: int
    """Pairs of unit and row in all; 0 without ReLU."""
    plain_rectifiers: int


#: What the verdict can be.
Key = Literal["neither", "bn", "plain", "both", "rounding", "no_rounding", "unknown"]


class ScalesConfig(Measure):
    """Random probes over scales from 1e-8 to 1e-1, in float32 and float64, of one net each."""

    result: ClassVar = Scales
    kind: Literal["scales"] = "scales"
    bn_mode: BnMode = "eval"
    net: SeedIndex = 0
    """Which seed of the run."""
    probes: int = stops(32, doubling(2, 64, 100, 200))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """Two precisions at every scale, with kinks and without."""
        gradients = len(NETS) * 2 * len(SCALES) * 2 * self.probes
        return Gradients(gradients, parameters, rows)

    def cost(self, nets: Nets) -> Cost:
        """All directions in float64, and a chunk of probes in all their parts."""
        drawn = 8.0 * nets.parameters * self.probes
        held = (len(NETS) + 1) * drawn + nets.layers(4, nets.chunk(8), 8) + nets.product()
        count = self.probes + 1
        gradients = nets.both("gradient64", count) + nets.both("gradient", count)
        seconds = APART[nets.activation] * len(SCALES) * gradients
        return Cost(held, seconds, 8.0 * (len(SCALES) * (1 + 2 * len(NETS) * 7) + 4))

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Scale by scale, float64 first. A seed that diverged stays NaN.

        Memory: `probes` directions of n parameters in float64 for each net, and a few chunks.
        """
        sweeps, throttle = _Sweeps(self, subject), Throttle()
        for chunk in sweeps.chunks():
            check(should_stop)
            sweeps.done += chunk
            if throttle.due():
                yield sweeps.progress()
        yield sweeps.progress()

    def verdicts(self, result: Scales) -> tuple[Verdict[Key], ...]:
        """Whether kinks make most of what probes of the document's scale find, and for which net.

        Values: `scale` 1e-5; of either net ..._share (that the kinks have), ..._median, ..._limit.
        Then the largest `scale` up to which rounding drowns float32 probes of either net,
        "rounding", or the smallest scale, at which it does not: "no_rounding".
        """
        values: dict[str, float] = {"scale": float(SCALES[DOCUMENT])}
        kinked = []
        for name in NETS:
            sweep, limit = getattr(result, name), getattr(result, f"{name}_limit")
            median, share = sweep.median[DOCUMENT], sweep.kink_share[DOCUMENT]
            if not np.isfinite([median, limit]).all():
                return (Verdict("unknown"),)
            share = float(np.clip(np.nan_to_num(share), 0, 1))
            kinked += [name] if share > 0.5 else []
            values |= {
                f"{name}_share": share,
                f"{name}_median": float(median),
                f"{name}_limit": float(limit),
            }
        drowned = _drowned(result.bn_float32), _drowned(result.plain_float32)
        if None in drowned:
            return (Verdict(which(kinked), values),)
        scale = {"scale": max(filter(None, drowned), default=float(SCALES[0]))}
        rounding: Key = "rounding" if any(drowned) else "no_rounding"
        return Verdict(which(kinked), values), Verdict(rounding, scale)


class _Sweeps:
    """What is measured so far; NaN elsewhere."""

    def __init__(self, config: ScalesConfig, subject: "Subject") -> None:
        from bnviz.core.curvature.probes import directions

        self.problems = {
            (net, precision): subject.problem(net, config.bn_mode, config.net, precision)
            for net in NETS
            for precision in _PRECISIONS
        }
        self.drawn = {
            net: directions(self.problems[net, "float64"].params, config.probes, config.seed)
            for net in NETS
        }
        self.nets = [net for net in NETS if subject.alive(net)[config.net]]
        self.limits = dict.fromkeys(NETS, np.nan)
        self.sweeps = {
            key: Sweep(*(np.full(len(SCALES), np.nan) for _ in fields(Sweep)))
            for key in self.problems
        }
        self.rectifiers = {net: self.problems[net, "float64"].pattern.shape[1] for net in NETS}
        self.done = 0
        self.total = len(self.nets) * config.probes * (1 + 3 * len(SCALES))

    def progress(self) -> Progress:
        sweeps = {key: each_array(np.copy, sweep) for key, sweep in self.sweeps.items()}
        result = Scales(
            SCALES.copy(),
            bn=sweeps["bn", "float64"],
            plain=sweeps["plain", "float64"],
            bn_float32=sweeps["bn", "float32"],
            plain_float32=sweeps["plain", "float32"],
            bn_limit=self.limits["bn"],
            plain_limit=self.limits["plain"],
            bn_rectifiers=self.rectifiers["bn"],
            plain_rectifiers=self.rectifiers["plain"],
        )
        return Progress(self.done, self.total, result)

    def chunks(self) -> Iterator[int]:
        """The work, in chunks of so many probes."""
        from bnviz.core.curvature import kinks

        for net in self.nets:
            ratios = []
            for part in kinks.limits(self.problems[net, "float64"], self.drawn[net]):
                ratios.append(part)
                yield len(part)
            self.limits[net] = _median(np.concatenate(ratios))
        for precision, index, net in product(_PRECISIONS, range(len(SCALES)), self.nets):
            yield from self.scale(net, precision, index)

    def scale(self, net: str, precision: Precision, index: int) -> Iterator[int]:
        from bnviz.core.curvature import kinks

        problem, drawn = self.problems[net, precision], self.drawn[net]
        parts, noise = [], [np.zeros(0)]
        for part in kinks.splits(problem, drawn, SCALES[index]):
            parts.append(part)
            yield len(part.ratio)
        if precision == "float32":
            exact = self.problems[net, "float64"]
            for error in kinks.rounding(problem, exact, drawn, SCALES[index]):
                noise.append(error)
                yield len(error)
        split = kinks.joined(parts)
        figures = {
            "median": _median(split.ratio),
            "largest": float(split.ratio.max()),
            "smooth": _median(split.smooth),
            "kinks": _median(split.kinks),
            "kink_share": _median(split.share[~np.isnan(split.share)]),
            "crossed": float(split.crossed.mean()),
            "noise": _median(np.concatenate(noise)) if precision == "float32" else 0.0,
        }
        for name, value in figures.items():
            array = getattr(self.sweeps[net, precision], name)
            array[index] = value if np.isfinite(value) else np.nan


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _drowned(sweep: Sweep) -> float | None:
    """Up to which scale rounding makes more than NEAR of the median; 0: nowhere; None: unknown."""
    if not np.isfinite([sweep.noise[0], sweep.median[0]]).all():
        return None
    with np.errstate(invalid="ignore"):
        above = np.append(sweep.noise > NEAR * sweep.median, False)
    count = int(above.argmin())
    return float(SCALES[count - 1]) if count else 0.0
