"""Both ends of the Hessian's spectrum, its sums, and random probes between them: every seed.

A random probe finds about the root mean square of all eigenvalues, a lower bound on the
largest one; how low it lies, this measure tells.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Literal, cast

import numpy as np

from bnviz.core.curvature.extremes import problem_extremes
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.traces import normalized, traces
from bnviz.core.smoothness.measure import ExtremesConfig, Progress, StopFlag
from bnviz.core.smoothness.results import Bools, Extremes, Floats, Spectrum
from bnviz.core.smoothness.subject import Subject, alive
from bnviz.core.verdict import Verdict

NETS = ("bn", "plain")

#: Medians closer than this factor are level ...
LEVEL = 1.25

#: ... and so are those of which not at least this share of the seeds think the same.
AGREEMENT = 0.75

Found = dict[str, Floats | float]


def measure(config: ExtremesConfig, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """Seed by seed, both nets in turn, in three parts each: ends, traces, normalized."""
    spectra = {net: _unknown(config, subject, net) for net in NETS}
    total, done = 3 * len(NETS) * subject.seeds, 0
    yield Progress(done, total)
    for seed in range(subject.seeds):
        for net in NETS:
            healthy = alive(subject.stack(net))[seed]
            for part in (_ends, _sums, _normalized):
                found: Found | None = {}
                if healthy:
                    problem = subject.problem(net, config.bn_mode, seed)
                    found = part(config, problem, should_stop)
                if found is None:
                    return
                for name, value in found.items():
                    getattr(spectra[net], name)[seed] = value
                done += 1
                yield Progress(done, total, Extremes(*(_copy(spectra[name]) for name in NETS)))


#: What the verdict can be.
Key = Literal[
    "extremes_bn",
    "extremes_bn_scale",
    "extremes_plain",
    "extremes_plain_scale",
    "extremes_level",
    "extremes_unknown",
]


def verdict(config: ExtremesConfig, result: Extremes) -> Verdict[Key]:
    """Which net is sharper, by its largest eigenvalue, and whether the weights' scale makes it so.

    "extremes_bn" or "_plain": that one is, and also with weights in units of their filters'
    norms. "_bn_scale", "_plain_scale": that one is, but not in those units. "_level": neither,
    or the seeds disagree. "_unknown": no seed is known in both nets. Everything is over the
    seeds that are; `factor` and `scaled_factor` are how many times as sharp the sharper net is.
    """
    # What is found last is there only where all is.
    pairs = np.isfinite(result.bn.normalized) & np.isfinite(result.plain.normalized)
    values: dict[str, float | str] = {"seeds": len(pairs), "pairs": int(pairs.sum())}
    if not pairs.any():
        return Verdict("extremes_unknown", values)
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
        return Verdict("extremes_level", values)
    kept = scaled_factor >= LEVEL and (scaled > 1).mean() >= AGREEMENT
    return Verdict(cast(Key, f"extremes_{sharper}" + ("" if kept else "_scale")), values)


def _ends(config: ExtremesConfig, problem: Problem, should_stop: StopFlag) -> Found | None:
    found = problem_extremes(problem, seed=config.seed, should_stop=should_stop)
    if found is None:
        return None
    names = ("minimum", "maximum", "minimum_residual", "maximum_residual")
    return {name: getattr(found, name)[0] for name in names}


def _sums(config: ExtremesConfig, problem: Problem, should_stop: StopFlag) -> Found | None:
    found = traces(problem, config.probes, config.seed, should_stop=should_stop)
    if found is None:
        return None
    sums = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "norms"}
    return {**sums, "probes": found.norms}


def _normalized(config: ExtremesConfig, problem: Problem, should_stop: StopFlag) -> Found | None:
    scaled = normalized(problem)
    found = problem_extremes(scaled, seed=config.seed, should_stop=should_stop)
    return None if found is None else {"normalized": found.maximum[0]}


def _unknown(config: ExtremesConfig, subject: Subject, net: str) -> Spectrum:
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
        found: Floats = np.where(one == other, 1.0, one / other)
    return found


def _below(spectrum: Spectrum, seeds: Bools) -> float:
    """How many times the largest |eigenvalue| is the probes' median; median over `seeds`."""
    largest = np.maximum(np.abs(spectrum.minimum), np.abs(spectrum.maximum))[seeds]
    return float(np.median(largest / np.median(spectrum.probes[seeds], axis=1)))
