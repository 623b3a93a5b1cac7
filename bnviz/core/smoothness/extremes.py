"""Both ends of the Hessian's spectrum, its sums, and random probes between them: every seed.

A random probe finds about the root mean square of all eigenvalues, a lower bound on the
largest one; how low it lies, this measure tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np
from pydantic import Field

from bnviz.core.configs import BnMode
from bnviz.core.smoothness.measure import (
    LANCZOS,
    NETS,
    Bools,
    Cost,
    Floats,
    Measure,
    Progress,
    StopFlag,
)
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.curvature.problem import Problem
    from bnviz.core.smoothness.subject import Subject

#: Medians closer than this factor are level ...
LEVEL = 1.25

#: ... and so are those of which not at least this share of the seeds think the same.
AGREEMENT = 0.75

#: Fields of a spectrum, for one seed.
Part = dict[str, Floats | float]


@dataclass(frozen=True)
class Spectrum:
    """The ends, sums and random probes of one net's Hessian; float64."""

    size: int
    """n, the number of parameters."""
    minimum: Floats
    """(S,) smallest eigenvalue."""
    maximum: Floats
    """(S,) largest eigenvalue."""
    minimum_residual: Floats
    """(S,) |Hv - lambda v|."""
    maximum_residual: Floats
    trace: Floats
    """(S,) tr(H), Hutchinson's estimate."""
    trace_margin: Floats
    """(S,) half-width of its 95 % confidence interval."""
    mean_square: Floats
    """(S,) tr(H^2) / n, the mean squared eigenvalue; its root is what a random probe finds."""
    mean_square_margin: Floats
    probes: Floats
    """(S, P) |H d| / |d| of random directions: lower bounds on the largest |eigenvalue|."""
    normalized: Floats
    """(S,) the largest eigenvalue with every weight measured in units of its filter's norm."""


@dataclass(frozen=True)
class Extremes:
    """Both nets."""

    bn: Spectrum
    plain: Spectrum


#: What the verdict can be.
Key = Literal[
    "bn",
    "bn_scale",
    "plain",
    "plain_scale",
    "level",
    "unknown",
]


class ExtremesConfig(Measure):
    """Both ends of the spectrum, traces and random probes, of every seed."""

    result: ClassVar = Extremes
    kind: Literal["extremes"] = "extremes"
    bn_mode: BnMode = "eval"
    probes: int = Field(64, ge=2, le=1000)

    def cost(self, parameters: int, rows: int, seeds: int) -> Cost:
        """Lanczos twice, and three products a probe."""
        gradients = len(NETS) * seeds * (2 * LANCZOS + 3 * self.probes)
        return Cost(gradients, parameters, rows)

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Seed by seed, both nets in turn, in three parts each: ends, traces, normalized."""
        spectra = {net: _unknown(self, subject, net) for net in NETS}
        total, done = 3 * len(NETS) * subject.seeds, 0
        yield Progress(done, total)
        for seed in range(subject.seeds):
            for net in NETS:
                healthy = subject.alive(net)[seed]
                for measured in (_ends, _sums, _normalized):
                    if healthy:
                        problem = subject.problem(net, self.bn_mode, seed)
                        for name, value in measured(self, problem, should_stop).items():
                            getattr(spectra[net], name)[seed] = value
                    done += 1
                    yield Progress(done, total, Extremes(*(_copy(spectra[name]) for name in NETS)))

    def verdicts(self, result: Extremes) -> tuple[Verdict[Key], ...]:
        """Which net has the larger largest eigenvalue, and whether its weights' scale makes it so.

        "bn" or "plain": that one is, and also with weights in units of their filters' norms.
        "bn_scale", "plain_scale": that one is, but not in those units. "level": neither,
        or the seeds disagree. "unknown": no seed is known in both nets. Everything is over the
        seeds that are; `factor` and `scaled_factor` are how many times as sharp the sharper net is.
        """
        # What is found last is there only where all is.
        pairs = np.isfinite(result.bn.normalized) & np.isfinite(result.plain.normalized)
        values: dict[str, float | str] = {"seeds": len(pairs), "pairs": int(pairs.sum())}
        if not pairs.any():
            return (Verdict("unknown", values),)
        ratio = _ratio(result.plain.maximum[pairs], result.bn.maximum[pairs])
        sharper = "plain" if np.median(ratio) > 1 else "bn"
        scaled = _ratio(result.plain.normalized[pairs], result.bn.normalized[pairs])
        if sharper == "bn":
            ratio, scaled = _ratio(np.ones(1), ratio), _ratio(np.ones(1), scaled)
        factor, scaled_factor = float(np.median(ratio)), float(np.median(scaled))
        values |= {
            "bn": float(np.median(result.bn.maximum[pairs])),
            "plain": float(np.median(result.plain.maximum[pairs])),
            "factor": factor,
            "wins": int((ratio > 1).sum()),
            "scaled_factor": scaled_factor,
            "bn_below": _below(result.bn, pairs),
            "plain_below": _below(result.plain, pairs),
        }
        if factor < LEVEL or (ratio > 1).mean() < AGREEMENT:
            return (Verdict("level", values),)
        kept = scaled_factor >= LEVEL and (scaled > 1).mean() >= AGREEMENT
        return (Verdict(cast(Key, sharper + ("" if kept else "_scale")), values),)


def _ends(config: ExtremesConfig, problem: "Problem", should_stop: StopFlag) -> Part:
    from bnviz.core.curvature.extremes import problem_extremes

    ends = problem_extremes(problem, seed=config.seed, should_stop=should_stop)
    names = ("minimum", "maximum", "minimum_residual", "maximum_residual")
    return {name: getattr(ends, name)[0] for name in names}


def _sums(config: ExtremesConfig, problem: "Problem", should_stop: StopFlag) -> Part:
    from bnviz.core.curvature.traces import traces

    sums = traces(problem, config.probes, config.seed, should_stop=should_stop)
    names = ("trace", "trace_margin", "mean_square", "mean_square_margin")
    return {"probes": sums.norms, **{name: getattr(sums, name) for name in names}}


def _normalized(config: ExtremesConfig, problem: "Problem", should_stop: StopFlag) -> Part:
    from bnviz.core.curvature.extremes import problem_extremes
    from bnviz.core.curvature.normalized import NormalizedProblem

    ends = problem_extremes(NormalizedProblem(problem), seed=config.seed, should_stop=should_stop)
    return {"normalized": ends.maximum[0]}


def _unknown(config: ExtremesConfig, subject: "Subject", net: str) -> Spectrum:
    """A spectrum of which nothing is known yet."""
    size = sum(value[0].numel() for value in subject.stack(net).params.values())
    names = [f.name for f in fields(Spectrum) if f.name not in ("size", "probes")]
    arrays = {name: np.full(subject.seeds, np.nan) for name in names}
    return Spectrum(size, probes=np.full((subject.seeds, config.probes), np.nan), **arrays)


def _copy(spectrum: Spectrum) -> Spectrum:
    names = [f.name for f in fields(spectrum) if f.name != "size"]
    return Spectrum(spectrum.size, **{name: getattr(spectrum, name).copy() for name in names})


def _ratio(one: Floats, other: Floats) -> Floats:
    """Of two sharpnesses; what is not positive is none, and any other is infinitely sharper."""
    one, other = np.maximum(one, 0.0), np.maximum(other, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio: Floats = np.where(one == other, 1.0, one / other)
    return ratio


def _below(spectrum: Spectrum, seeds: Bools) -> float:
    """How many times the largest |eigenvalue| is the probes' median; median over `seeds`."""
    largest = np.maximum(np.abs(spectrum.minimum), np.abs(spectrum.maximum))[seeds]
    return float(np.median(largest / np.median(spectrum.probes[seeds], axis=1)))
