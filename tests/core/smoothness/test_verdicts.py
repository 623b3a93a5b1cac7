"""What a verdict claims, its numbers bear out: over all the results that there can be.

Results are drawn, not measured, and each claim is checked by its own words: with loops and
sorted lists where the product uses arrays.
"""

from statistics import median
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bnviz.core.smoothness import gap as gaps
from bnviz.core.smoothness.along import Along, AlongConfig, NetAlong
from bnviz.core.smoothness.density import Density, DensityConfig, NetDensity
from bnviz.core.smoothness.document import DocumentConfig, Replay, ReplayedNet
from bnviz.core.smoothness.extremes import Extremes, ExtremesConfig, Spectrum
from bnviz.core.smoothness.gap import CELLS, Gap, GapConfig
from bnviz.core.smoothness.landscape import DISTANCES, Landscape, LandscapeConfig, NetLandscape
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.smoothness.scales import SCALES, Scales, ScalesConfig, Sweep
from bnviz.core.smoothness.stability import NetStability, Stability, StabilityConfig
from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict, keys

NAN, INF = float("nan"), float("inf")
every_result = settings(max_examples=100)


def one_of(shape: Any, *values: float) -> st.SearchStrategy[Floats]:
    """Arrays of these values; each place is drawn, where hypothesis would fill most alike."""
    return hnp.arrays(np.float64, shape, elements=st.sampled_from(values), fill=st.nothing())


#: How many times as sharp the net without BN is, so that one net wins often.
bias = st.sampled_from([1.0, 1.0, 100.0, 0.01])


def finite(values: Floats) -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def same(claimed: float | str, expected: float) -> None:
    assert claimed == pytest.approx(expected, rel=1e-12)


def nets_of(verdict: Verdict[Any]) -> set[str]:
    """Of which nets the sentence claims it."""
    names = {"neither": [], "both": ["bn", "plain"]}
    return set(names.get(verdict.key, [verdict.key]))


def winner(bn: list[float], plain: list[float]) -> str:
    """By scipy's sign test, the smaller being better; infinite where a net diverged."""
    wins = sum(b < p for b, p in zip(bn, plain, strict=True))
    losses = sum(p < b for b, p in zip(bn, plain, strict=True))
    if wins + losses < 6:
        return "few"
    if scipy.stats.binomtest(wins, wins + losses).pvalue > 0.05:
        return "level"
    return "bn" if wins > losses else "plain"


@given(one_of((2, 5), 0.0, 0.0, 0.0, 3.0, 7.0), one_of((2, 5), 1.0, 2.0))
@every_result
def test_the_documents_probes_that_measure(published: Floats, corrected: Floats) -> None:
    still = np.zeros(5)
    replayed = [
        ReplayedNet(one, other, still, still > 0)
        for one, other in zip(published, corrected, strict=True)
    ]
    (said,) = DocumentConfig().verdicts(Replay(*replayed))
    measuring = [probe for probe in range(5) if published[:, probe].any()]
    expected = {(0,): "first", (0, 1, 2, 3, 4): "all"}
    assert said.key == expected.get(tuple(measuring), "some")
    assert (said.values["probes"], said.values["measured"]) == (5, len(measuring))
    for name, one, other in zip(("bn", "plain"), published, corrected, strict=True):
        same(said.values[f"{name}_published"], median(one))
        same(said.values[f"{name}_corrected"], median(other))


sweeps = st.builds(
    lambda share, middle, median, noise: Sweep(
        np.where(np.arange(15) == 6, middle, median),
        *[np.ones(15)] * 3,
        np.full(15, share),
        np.ones(15),
        noise,
    ),
    st.sampled_from([NAN, -0.2, 0.5, 0.51, 1.2]),
    st.sampled_from([2.0, 3.0, NAN]),
    one_of(15, 0.0, 1.0, 1.0, 1.0, NAN),
    one_of(15, 0.0, 0.1, 0.11, 0.11, 0.11, NAN),
)


@given(sweeps, sweeps, sweeps, sweeps, st.sampled_from([0.0, 2.5, NAN]))
@every_result
def test_kinks_and_rounding(
    bn: Sweep, plain: Sweep, bn_rough: Sweep, plain_rough: Sweep, limit: float
) -> None:
    result = Scales(SCALES, bn, plain, bn_rough, plain_rough, limit, 2.5, 9, 9)
    said, *rounding = ScalesConfig().verdicts(result)
    assert SCALES[6] == pytest.approx(1e-5)
    if said.key == "unknown":
        assert not np.isfinite([bn.median[6], plain.median[6], limit]).all()
        return
    for name, sweep, curvature in (("bn", bn, limit), ("plain", plain, 2.5)):
        share = sweep.kink_share[6]
        assert (name in nets_of(said)) == (share > 0.5), "makes most of the change"
        same(said.values[f"{name}_share"], min(1.0, max(0.0, 0.0 if np.isnan(share) else share)))
        same(said.values[f"{name}_median"], sweep.median[6])
        same(said.values[f"{name}_limit"], curvature)
    for verdict in rounding:
        scale = verdict.values["scale"]
        drowned = [
            all(n > 0.1 * m for n, m in zip(rough.noise[at], rough.median[at], strict=True))
            for rough in (bn_rough, plain_rough)
            if (at := scale >= SCALES).any()
        ]
        assert any(drowned) == (verdict.key == "rounding")
        assert verdict.key == "rounding" or scale == SCALES[0]
        assert np.isfinite([bn_rough.noise[0], plain_rough.noise[0]]).all()


spectra = st.one_of(
    hnp.arrays(np.float64, st.integers(1, 6), elements=st.sampled_from([-4.0, -1.0, 0.5, 3.0])),
    st.tuples(st.sampled_from([0.0, 0.3, 0.5, 0.6]), st.sampled_from([0.5, 0.6, 0.9, 1.0])),
    st.none(),
)


def net_density(spectrum: Any) -> NetDensity:
    """With all eigenvalues known, with an interval for the top's share, or unknown."""
    flat, nothing = np.ones(3), np.empty(0)
    if spectrum is None:
        return NetDensity(flat, flat, nothing, flat, flat, NAN, NAN, NAN, NAN)
    if isinstance(spectrum, tuple):
        low, high = sorted(spectrum)
        middle = (low + high) / 2
        return NetDensity(flat, flat, nothing, flat, flat, 0.2, 0.1, 7.0, middle, low, high)
    squares = sorted(value**2 for value in spectrum)
    share = squares[-1] / sum(squares)
    return NetDensity(flat, flat, spectrum, flat, flat, 0.2, 0.1, squares[-1] ** 0.5, share)


@given(spectra, spectra)
@every_result
def test_an_eigenvalue_that_rules(bn: Any, plain: Any) -> None:
    result = Density(np.zeros(3), 0.5, net_density(bn), net_density(plain))
    said, *rest = DensityConfig().verdicts(result)
    if bn is None or plain is None:
        assert (said.key, rest) == ("unknown", [])
        return
    known = {}
    for name, spectrum in (("bn", bn), ("plain", plain)):
        told = said.values[f"{name}_share"]
        low, share, high = (told.values[end] for end in ("low", "share", "high"))
        assert told.key.endswith("exact" if isinstance(spectrum, np.ndarray) else "interval")
        assert 0 <= low <= share <= high <= 1
        if isinstance(spectrum, np.ndarray):
            squares = [value**2 for value in spectrum]
            assert low == share == high
            same(share, max(squares) / sum(squares))
        if low > 0.5 or high <= 0.5:
            known[name] = low > 0.5
    if len(known) < 2:
        assert said.key == "open", "half lies within an interval"
    else:
        assert nets_of(said) == {name for name, rules in known.items() if rules}
    assert rest[0].values == {"unit": 0.5} | dict.fromkeys(
        ("bn_near_zero", "plain_near_zero"), 0.2
    ) | dict.fromkeys(("bn_negative", "plain_negative"), 0.1)


@st.composite
def gap_results(draw: st.DrawFn) -> Gap:
    seeds = draw(st.sampled_from([1, 2, 3, 7, 8]))
    shape = (2, len(CELLS), seeds)
    largest = draw(one_of(shape, 1.0, 3.0, 20.0, 1e3, 1e6))
    normalized = draw(one_of(shape, *[1.0, 5.0, 9.0] * 10, 0.0))
    loss = draw(one_of(shape, *[1.0] * 30, INF))
    loss[1, :, draw(one_of(seeds, 0, 1)) > 0] = NAN  # not yet measured after training
    gone = ~np.isfinite(loss)
    largest[:, 0] *= draw(bias)
    largest[gone], normalized[gone] = NAN, NAN
    return Gap(largest, largest, largest, normalized, loss)


def dead_one(gap: Gap, moment: int, seed: int) -> bool:
    """A dead net, and none that diverged."""
    whole = np.isfinite(gap.loss[moment, :5, seed]).all()
    return bool(whole and (gap.normalized[moment, :5, seed] <= 0).any())


@given(gap_results())
@every_result
def test_where_the_gap_is_from(gap: Gap) -> None:
    said, *more = GapConfig().verdicts(gap)
    seeds = gap.loss.shape[2]
    whole = [[not np.isnan(gap.loss[m, :5, s]).any() for s in range(seeds)] for m in (0, 1)]
    if said.key == "unknown":
        assert not any(map(any, whole))
        return
    moment = int(any(whole[1]))
    assert said.values["when"] == ("before", "after")[moment]
    usable = [
        seed
        for seed in range(seeds)
        if whole[moment][seed]
        and np.isfinite(gap.loss[moment, :5, seed]).all()
        and (gap.normalized[moment, :5, seed] > 0).all()
    ]
    if said.key == "lost":
        assert not usable
        diverged = [s for s in range(seeds) if np.isinf(gap.loss[moment, :5, s]).any()]
        dead = [s for s in range(seeds) if (gap.normalized[moment, :5, s] <= 0).any()]
        assert said.values["diverged"] == len(diverged)
        assert said.values["dead"] == len(set(dead) - set(diverged))
        return
    steps, *rest = more
    cells = gap.largest[moment]

    def middle(one: int, other: int) -> float:
        return 10 ** median(float(np.log10(cells[one, s] / cells[other, s])) for s in usable)

    factors = dict(zip(gaps.STEPS, (middle(i, i + 1) for i in range(4)), strict=True))
    for name, factor in factors.items():
        same(steps.values[name], factor)
    fair = gap.normalized[moment]
    whole_fair = median(float(np.log10(fair[0, s] / fair[4, s])) for s in usable)
    same(steps.values["normalized"], 10**whole_fair)
    ratio = middle(0, 4)
    same(said.values["gap"], ratio if said.key in ("none", "level") else max(ratio, 1 / ratio))
    alive = [s for s in range(seeds) if whole[moment][s] and not dead_one(gap, moment, s)]
    plain, bn = (
        [INF if np.isinf(gap.loss[moment, c, s]) else cells[c, s] for s in alive] for c in (0, 4)
    )
    if seeds == 1:
        assert [each.key for each in rest] == ["one_seed"]
        return
    medians, test = (each.values for each in rest)
    assert medians == {"seeds": len(usable), "all_seeds": seeds}
    assert test["seeds"] == len(alive)
    assert test["plain_sharper"] == sum(b < p for b, p in zip(bn, plain, strict=True))
    assert test["bn_sharper"] == sum(p < b for b, p in zip(bn, plain, strict=True))
    if said.key == "level":
        assert winner(bn, plain) == "level"
    else:
        assert winner(bn, plain) != "level" or said.key == "none"
    if said.key != "level":
        cause(said.key, ratio, factors)


def cause(key: str, ratio: float, factors: dict[str, float]) -> None:
    """What the sentence names makes at least half of the ratio, and most of all steps."""
    if 0.5 < ratio < 2:
        assert key == "none"
    elif ratio < 1:
        assert key == "sharper"
    else:
        most = [n for n, factor in factors.items() if factor**2 >= ratio * (1 - 1e-12)]
        if key == "other":
            assert not [n for n in most if factors[n] ** 2 > ratio * (1 + 1e-12)], "no step"
        else:
            assert key in most and factors[key] == max(factors.values())


@st.composite
def landscapes(draw: st.DrawFn) -> Landscape:
    lines = draw(st.integers(1, 8))

    def net() -> NetLandscape:
        rises = draw(one_of(lines, -2.0, 0.0, 0.5, 1.0, 1.0, 3.0, NAN))
        loss = draw(st.sampled_from([0.0, 0.25, 1.0, 4.0]))
        away = np.linspace(-1, 1, DISTANCES)
        drawn = loss + rises[:, None] * away**2 + 0.5 * away
        axis, path = np.zeros(1), np.empty((0, 2))
        none = np.empty(0)
        epochs = none.astype(np.int64)
        return NetLandscape(axis, axis, drawn[:1, :1], path, epochs, none, none, away, drawn)

    return Landscape(net(), net())


@given(landscapes())
@every_result
def test_the_flatter_landscape(landscape: Landscape) -> None:
    (said,) = LandscapeConfig(extent=0.5).verdicts(landscape)
    ends = {
        name: (net.lines[:, 0] + net.lines[:, -1]) / 2 - net.lines[:, DISTANCES // 2]
        for name, net in (("bn", landscape.bn), ("plain", landscape.plain))
    }
    common = [i for i in range(len(ends["bn"])) if np.isfinite([e[i] for e in ends.values()]).all()]
    assert said.values["lines"] == len(common) and said.values["distance"] == 0.5
    if not common:
        assert said.key == "unknown"
        return
    rise = {name: median(float(each[i]) for i in common) for name, each in ends.items()}
    fewer = {
        name: sum(ends[name][i] < ends[other][i] for i in common)
        for name, other in (("bn", "plain"), ("plain", "bn"))
    }
    for name in rise:
        assert said.values[f"{name}_rise"] == pytest.approx(rise[name], abs=1e-12)
        assert said.values[f"{name}_fewer"] == fewer[name]
    if said.key == "lower":
        assert min(rise.values()) < 0
    elif said.key == "level":
        flatter = min(rise, key=rise.__getitem__)
        assert fewer[flatter] < 0.75 * len(common) or rise["bn"] == rise["plain"]
    else:
        net = said.key.removesuffix("_absolute")
        other = "plain" if net == "bn" else "bn"
        assert 0 <= rise[net] < rise[other] and fewer[net] >= 0.75 * len(common)
        relative = said.values[f"{net}_times"] <= said.values[f"{other}_times"]
        assert relative == (said.key == net), "relative to its own loss too, or not"


@st.composite
def stabilities(draw: st.DrawFn) -> Stability:
    seeds = draw(st.integers(1, 4))

    def net() -> NetStability:
        ratio = draw(one_of(seeds, NAN, 0.5, 0.95, 1.0, 1.05, 1.2, 4.0))
        growth = draw(one_of(seeds, 0.9, 1.0, 1.2, 3.0))
        bounds, nothing = np.stack([ratio, ratio], axis=1), np.empty(0)
        moments = nothing.astype(np.int64)
        # So that threshold * sharpness / 2 is the ratio.
        sharp = np.full(seeds, 20.0)
        return NetStability(sharp, ratio / 10, bounds, growth, nothing, moments, nothing, nothing)

    return Stability(net(), net())


@given(stabilities())
@every_result
def test_whether_sharpness_predicts(stability: Stability) -> None:
    said, *ratios = StabilityConfig().verdicts(stability)
    nets = {"bn": stability.bn, "plain": stability.plain}
    ratio = {name: finite(net.threshold * 10) for name, net in nets.items()}
    if not all(ratio.values()):
        assert (said.key, ratios) == ("unknown", [])
        return
    near = {n for n, each in ratio.items() if median(abs(r - 1) for r in each) <= 0.1 + 1e-12}
    claimed = nets_of(Verdict(said.key.removesuffix("_grown")))
    assert claimed == near
    grown = np.isfinite(stability.bn.threshold)
    growth = median(float(value) for value in stability.bn.weight_growth[grown])
    same(said.values["bn_growth"], growth)
    longer = "bn" not in near and median(ratio["bn"]) > 1.1 and growth > 1.1
    assert longer == said.key.endswith("_grown"), "holds out longer, having grown"
    (told,) = ratios
    for name, each in ratio.items():
        assert told.values[f"{name}_seeds"] == len(each)
        for value, expected in zip(
            ("low", "ratio", "high"), (min(each), median(each), max(each)), strict=True
        ):
            same(told.values[f"{name}_{value}"], expected)
    assert told.values["seeds"] == len(stability.bn.threshold)


@st.composite
def extremes(draw: st.DrawFn) -> Extremes:
    seeds = draw(st.sampled_from([1, 2, 5, 6, 7, 9]))
    gone = draw(one_of((2, seeds), *[0.0] * 8, 1.0)) > 0

    def spectrum(lost: Any) -> Spectrum:
        largest = draw(one_of(seeds, 2.0, 3.0, 3.0, 40.0))
        least = draw(one_of(seeds, -50.0, -1.0, 1.0))
        probes = draw(one_of((seeds, 3), 0.5, 1.0, 2.0))
        normalized = draw(one_of(seeds, *[1.0, 2.0, 9.0] * 5, 0.0))
        for values in (largest, least, probes, normalized):
            values[lost] = NAN
        rest = np.zeros(seeds)
        return Spectrum(10, least, largest, rest, rest, rest, rest, rest, rest, probes, normalized)

    bn, plain, factor = spectrum(gone[0]), spectrum(gone[1]), draw(bias)
    plain.maximum[:] *= factor
    plain.normalized[:] *= draw(st.sampled_from([1.0, factor]))
    return Extremes(bn, plain)


@given(extremes())
@every_result
def test_the_sharper_net(result: Extremes) -> None:
    verdicts = {v.key.partition("_")[0]: v for v in ExtremesConfig().verdicts(result)}
    nets = {"bn": result.bn, "plain": result.plain}
    finite = {name: np.isfinite(net.normalized) for name, net in nets.items()}
    seeds = range(len(result.bn.normalized))
    dead = [
        s
        for s in seeds
        if all(finite[n][s] for n in nets) and any(nets[n].normalized[s] <= 0 for n in nets)
    ]
    compared = [s for s in seeds if s not in dead and any(finite[n][s] for n in nets)]
    pairs = [s for s in compared if all(finite[n][s] for n in nets)]
    lost = {name: sum(not finite[name][s] for s in compared) for name in nets}
    assert ("dead" in verdicts) == bool(dead) and ("diverged" in verdicts) == any(lost.values())
    if dead:
        assert verdicts["dead"].values["dead"] == len(dead)
    if any(lost.values()):
        told = verdicts["diverged"].values
        assert (told["bn_diverged"], told["plain_diverged"]) == (lost["bn"], lost["plain"])
    if "unknown" in verdicts:
        assert not pairs
        return
    winners = {}
    for kind in ("maximum", "normalized"):
        bn, plain = (
            [float(getattr(net, kind)[s]) if finite[name][s] else INF for s in compared]
            for name, net in nets.items()
        )
        better = winner(bn, plain)
        winners[kind] = {"bn": "plain", "plain": "bn"}.get(better, better)
        if kind == "maximum":
            (said,) = (verdicts[key] for key in ("bn", "plain", "level", "few") if key in verdicts)
            assert said.key == winners[kind]
        else:
            said = verdicts["scaled"]
            gone = winners["maximum"] in nets and winners[kind] == "level"
            assert said.key == ("scaled_gone" if gone else f"scaled_{winners[kind]}")
        assert said.values["seeds"] == len(compared)
        assert said.values["bn_sharper"] == sum(p < b for b, p in zip(bn, plain, strict=True))
        assert said.values["plain_sharper"] == sum(b < p for b, p in zip(bn, plain, strict=True))
        over = {name: [float(getattr(net, kind)[s]) for s in pairs] for name, net in nets.items()}
        same(said.values["bn"], median(over["bn"]))
        same(said.values["plain"], median(over["plain"]))
        ratios = [p / b for b, p in zip(over["bn"], over["plain"], strict=True)]
        factor = median(ratios)
        same(said.values["factor"], 1 / factor if winners[kind] == "bn" else factor)
    for name, net in nets.items():
        below = [max(abs(net.minimum[s]), net.maximum[s]) / median(net.probes[s]) for s in pairs]
        same(verdicts["probes"].values[f"{name}_below"], median(below))


@st.composite
def alongs(draw: st.DrawFn) -> Along:
    seeds, moments = draw(st.sampled_from([1, 5, 6, 8])), 3

    def net() -> NetAlong:
        smoothness = draw(one_of((moments, seeds), 1.0, 2.0, 5.0))
        ends = draw(one_of(seeds, *[3.0] * 8, 0.0, 1.0)).astype(int)
        gone = np.arange(moments)[:, None] >= ends
        smoothness[gone] = NAN
        return NetAlong(*[np.where(gone, NAN, 1.0)] * 5, smoothness)

    bn, plain = net(), net()
    plain.smoothness[:] *= draw(bias)
    return Along(np.arange(moments), np.ones(2), bn, plain)


@given(alongs(), st.sampled_from(["relative", "absolute"]))
@every_result
def test_the_net_whose_gradient_changes_less(along: Along, grid: Any) -> None:
    said, *rest = AlongConfig(grid=grid).verdicts(along)
    nets = {"bn": along.bn, "plain": along.plain}
    seeds = range(along.bn.loss.shape[1])
    ended = {name: [bool(np.isnan(net.loss[-1, s])) for s in seeds] for name, net in nets.items()}
    assert bool(rest) == any(ended["bn"] + ended["plain"])
    if rest:
        told = rest[0].values
        assert told == {f"{name}_diverged": sum(each) for name, each in ended.items()}
    both = [s for s in seeds if not ended["bn"][s] and not ended["plain"][s]]
    if not both:
        assert said.key == "unknown"
        return
    middle = {name: [INF if ended[name][s] else 0.0 for s in seeds] for name in nets}
    for s in seeds:
        shared = [
            m for m in range(3) if all(np.isfinite(n.smoothness[m, s]) for n in nets.values())
        ]
        for name, net in nets.items():
            if not ended[name][s] and shared:
                middle[name][s] = median(float(net.smoothness[m, s]) for m in shared)
            elif not shared:
                middle[name][s] = INF
    better = winner(middle["bn"], middle["plain"])
    assert said.key == f"{grid}_{better}"
    assert said.values["seeds"] == len(seeds)
    for name, other in (("bn", "plain"), ("plain", "bn")):
        wins = sum(middle[name][s] < middle[other][s] for s in seeds)
        assert said.values[f"{name}_wins"] == wins
        same(said.values[f"{name}_smoothness"], median(middle[name][s] for s in both))


@pytest.mark.parametrize("owner", MEASURES.values())
def test_every_key_is_declared(owner: Any) -> None:
    assert len(set(keys(owner.verdicts))) == len(keys(owner.verdicts)) > 1
