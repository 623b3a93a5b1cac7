"""Both ends of the Hessian's spectrum, its sums, and random probes between them: every seed.

A random probe finds about the root mean square of all eigenvalues, a lower bound on the
largest one; how low it lies, this measure tells.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, fields
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np

from bnviz.core.configs import BnMode
from bnviz.core.fields import doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import LANCZOS, Gradients, Measure, Progress
from bnviz.core.training.comparison import FEWEST, compare, evidence
from bnviz.core.training.cost import Cost
from bnviz.core.types import NETS, Bools, Floats, StopFlag, each_array
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.curvature.problem import Problem
    from bnviz.core.smoothness.subject import Subject

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
    "plain",
    "level",
    "few",
    "scaled_bn",
    "scaled_plain",
    "scaled_level",
    "scaled_few",
    "scaled_gone",
    "diverged",
    "dead",
    "probes",
    "unknown",
]


class ExtremesConfig(Measure):
    """Both ends of the spectrum, traces and random probes, of every seed."""

    result: ClassVar = Extremes
    kind: Literal["extremes"] = "extremes"
    bn_mode: BnMode = "eval"
    probes: int = stops(64, doubling(2, 64, 100, 200, 500, 1000))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """Lanczos twice, and three products a probe."""
        gradients = len(NETS) * seeds * (2 * LANCZOS + 3 * self.probes)
        return Gradients(gradients, parameters, rows)

    def cost(self, nets: Nets) -> Cost:
        """One net's ends and sums at a time."""
        each = sum(nets.spectrum(norm, self.probes) for norm in nets.norms)
        kept = len(NETS) * (nets.seeds * (9 + self.probes) + 1)
        return Cost(nets.ends_or_sums(self.probes), nets.seeds * each, 8.0 * kept)

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Seed by seed, both nets in turn, in three parts each: ends, traces, normalized.

        Results grow by seeds: what is not finite in one net alone diverged.
        """
        spectra = {net: _unknown(self, subject, net) for net in NETS}
        total, done = 3 * len(NETS) * subject.seeds, 0
        yield Progress(done, total)
        for seed in range(subject.seeds):
            for net in NETS:
                parts: Iterable[Part] = repeat({}, 3)
                if subject.alive(net)[seed]:
                    parts = _parts(self, subject.problem(net, self.bn_mode, seed), should_stop)
                for part in parts:
                    for name, value in part.items():
                        getattr(spectra[net], name)[seed] = value
                    done += 1
                    if done % (3 * len(NETS)):
                        yield Progress(done, total)
            result = Extremes(*(each_array(copy, spectrum) for spectrum in spectra.values()))
            yield Progress(done, total, result)

    def verdicts(self, result: Extremes) -> tuple[Verdict[Key], ...]:
        """Which net is sharper, by its largest eigenvalue; then the same per filter norm.

        First "bn" or "plain", the sharper one, "level", where a sign test over the seeds tells no
        difference, or "few", where there are too few seeds for one. Then the same with weights in
        units of their filters' norms and all else left out, "scaled_..."; "scaled_gone" if the nets
        are level only there. A net that "diverged" counts as the sharper one; seeds with a "dead"
        net, in which no ReLU is open, are left out. Last, how far "probes" lie below the
        largest.
        """
        bn, plain = result.bn, result.plain
        known = np.isfinite([bn.normalized, plain.normalized])  # what is measured last
        dead = known.all(axis=0) & (np.minimum(bn.normalized, plain.normalized) <= 0)
        seeds: Bools = known.any(axis=0) & ~dead
        pairs: Bools = known.all(axis=0) & ~dead
        lost = (seeds & ~known).sum(axis=1).tolist()
        left_out: list[Verdict[Key]] = []
        if dead.any():
            left_out.append(Verdict("dead", {"dead": int(dead.sum())}))
        if any(lost):
            left_out.append(
                Verdict("diverged", {"bn_diverged": lost[0], "plain_diverged": lost[1]})
            )
        if not pairs.any():
            return (Verdict("unknown"), *left_out)
        raw, compared = _compared(bn.maximum, plain.maximum, seeds, pairs)
        scaled, scaled_values = _compared(bn.normalized, plain.normalized, seeds, pairs)
        key = f"scaled_{scaled}"
        if scaled == "level" and raw in NETS:
            key = "scaled_gone"
        below = {"bn_below": _below(bn, pairs), "plain_below": _below(plain, pairs)}
        return (
            Verdict(raw, compared),
            *left_out,
            Verdict(cast(Key, key), scaled_values),
            Verdict("probes", below),
        )


def _parts(config: ExtremesConfig, problem: "Problem", should_stop: StopFlag) -> Iterator[Part]:
    """The ends, the sums, and the largest eigenvalue in units of the filters' norms."""
    from bnviz.core.curvature.extremes import problem_extremes
    from bnviz.core.curvature.normalized import NormalizedProblem
    from bnviz.core.curvature.traces import traces

    ends = problem_extremes(problem, seed=config.seed, should_stop=should_stop)
    names = ("minimum", "maximum", "minimum_residual", "maximum_residual")
    yield {name: getattr(ends, name)[0] for name in names}
    sums = traces(problem, config.probes, config.seed, should_stop=should_stop)
    names = ("trace", "trace_margin", "mean_square", "mean_square_margin")
    yield {"probes": sums.norms, **{name: getattr(sums, name) for name in names}}
    fair = problem_extremes(NormalizedProblem(problem), seed=config.seed, should_stop=should_stop)
    yield {"normalized": fair.maximum[0]}


def _unknown(config: ExtremesConfig, subject: "Subject", net: str) -> Spectrum:
    """A spectrum of which nothing is known yet."""
    size = sum(value[0].numel() for value in subject.stack(net).params.values())
    names = [f.name for f in fields(Spectrum) if f.name not in ("size", "probes")]
    arrays = {name: np.full(subject.seeds, np.nan) for name in names}
    return Spectrum(size, probes=np.full((subject.seeds, config.probes), np.nan), **arrays)


def _compared(
    bn: Floats, plain: Floats, seeds: Bools, pairs: Bools
) -> tuple[Literal["bn", "plain", "level", "few"], dict[str, Any]]:
    """The sharper net over `seeds`, those that are not finite in a net included, and the figures.

    Medians are over `pairs`; `factor` is that of the sharper net, or the one without BN, over the
    other.
    """
    nets = compare(bn[seeds], plain[seeds])
    sharper: Literal["bn", "plain", "level", "few"]
    sharper = "few" if nets.differing < FEWEST else "level"
    if nets.winner in NETS:
        sharper = "plain" if nets.winner == "bn" else "bn"
    ratio = float(np.median(plain[pairs] / bn[pairs]))
    return sharper, {
        "seeds": nets.seeds,
        "bn": nets.bn_median,
        "plain": nets.plain_median,
        "bn_sharper": nets.plain_wins,
        "plain_sharper": nets.bn_wins,
        "factor": 1 / ratio if sharper == "bn" else ratio,
        "evidence": evidence(nets),
    }


def _below(spectrum: Spectrum, seeds: Bools) -> float:
    """How many times the largest |eigenvalue| is the probes' median; median over `seeds`."""
    largest = np.maximum(np.abs(spectrum.minimum), np.abs(spectrum.maximum))[seeds]
    return float(np.median(largest / np.median(spectrum.probes[seeds], axis=1)))
