"""Results as the measures of smoothness would find them, made up: figures need no training."""

import numpy as np

from bnviz.core.smoothness.along import Along, NetAlong
from bnviz.core.smoothness.density import Density, NetDensity
from bnviz.core.smoothness.document import Replay, ReplayedNet
from bnviz.core.smoothness.extremes import Extremes, Spectrum
from bnviz.core.smoothness.gap import Gap
from bnviz.core.smoothness.landscape import Landscape, NetLandscape
from bnviz.core.smoothness.scales import Scales, Sweep
from bnviz.core.smoothness.stability import NetStability, Stability
from bnviz.core.types import Floats

SEEDS, SIZE = 4, 1000
#: How large each net's curvature is.
TOP = {"bn": 1.2e4, "plain": 8.1e7}


def _noise(*shape: int, spread: float = 0.1, seed: int = 0) -> Floats:
    """Positive, around 1."""
    return np.exp(spread * np.random.default_rng(seed).standard_normal(shape))


def document(probes: int = 100) -> Replay:
    def net(top: float, seed: int) -> ReplayedNet:
        corrected = top / 30 * _noise(probes, spread=0.6, seed=seed)
        published = np.zeros(probes)
        published[:1] = corrected[:1]
        moved = 1e-4 * np.sqrt(np.arange(probes))
        return ReplayedNet(published, corrected, moved, np.ones(probes, bool))

    return Replay(net(TOP["bn"], 1), net(TOP["plain"], 2))


def scales() -> Scales:
    at = 10.0 ** np.arange(-8, -0.5, 0.5)

    def sweep(top: float, rounding: float, seed: int) -> Sweep:
        wobble = _noise(len(at), spread=0.05, seed=seed)
        crossed = np.floor(3e6 * at / (1 + 10 * at))
        kinks = top / 5 * at / (at + 1e-5)
        median = (top / 30 + kinks + rounding / at) * wobble
        rest = kinks / (kinks + top / 30)
        return Sweep(
            median=median,
            largest=3 * median,
            smooth=np.full(len(at), top / 30),
            kinks=kinks,
            kink_share=rest**2,
            crossed=crossed,
            noise=rounding / at,
        )

    return Scales(
        at,
        sweep(TOP["bn"], 0.0, 1),
        sweep(TOP["plain"], 0.0, 2),
        sweep(TOP["bn"], 1e-4, 3),
        sweep(TOP["plain"], 1e-1, 4),
        TOP["bn"] / 30,
        TOP["plain"] / 30,
        64_000,
        64_000,
    )


def extremes(seeds: int = SEEDS, probes: int = 64) -> Extremes:
    def net(top: float, seed: int) -> Spectrum:
        maximum = top * _noise(seeds, seed=seed)
        square = (maximum / 30) ** 2
        return Spectrum(
            size=SIZE,
            minimum=-0.9 * maximum,
            maximum=maximum,
            minimum_residual=1e-7 * maximum,
            maximum_residual=1e-7 * maximum,
            trace=0.3 * maximum * np.resize([1.0, -0.4], seeds),
            trace_margin=0.1 * maximum,
            mean_square=square,
            mean_square_margin=0.3 * square,
            probes=maximum[:, None] / 30 * _noise(seeds, probes, spread=0.4, seed=seed),
            normalized=top**0.3 * _noise(seeds, seed=seed + 9),
        )

    return Extremes(net(TOP["bn"], 1), net(TOP["plain"], 2))


def density(exact: bool = True) -> Density:
    unit, points, width = 1.0, 401, 0.15
    axis = np.linspace(-np.arcsinh(2 * TOP["plain"]), np.arcsinh(2 * TOP["plain"]), points)

    def net(top: float, seed: int) -> NetDensity:
        generator = np.random.default_rng(seed)
        values = np.concatenate(
            [generator.standard_t(2, SIZE - 40) * 1.0, top * np.linspace(-0.9, 1, 40)]
        )
        places = np.arcsinh(np.sort(values) / unit)
        bumps = np.exp(-0.5 * ((axis[:, None] - places) / width) ** 2)
        mean = bumps.mean(1) / (width * np.sqrt(2 * np.pi))
        error = 0.2 * mean * _noise(points, spread=0.3, seed=seed)
        return NetDensity(
            mean=mean,
            error=np.zeros(points) if exact else error,
            exact=np.sort(values) if exact else np.empty(0),
            quadrature=mean * _noise(points, spread=0.2, seed=seed),
            quadrature_error=error,
            near_zero=0.4,
            negative=0.3,
            largest=top,
            top=0.2,
        )

    return Density(np.sinh(axis) * unit, unit, net(TOP["bn"], 1), net(TOP["plain"], 2))


def gap(seeds: int = SEEDS) -> Gap:
    levels = np.array([8e7, 200, 145, 150, 1.2e4, 160.0])
    whole = np.stack([levels, 0.2 * levels])[:, :, None] * _noise(2, 6, seeds, spread=0.2)
    return Gap(
        largest=whole,
        probe=whole / 25,
        root_mean_square=whole / 20,
        normalized=whole**0.3,
        loss=100 * _noise(2, 6, seeds, seed=3),
    )


def along(moments: int = 60, seeds: int = SEEDS) -> Along:
    time = np.linspace(0, 1, moments)[:, None]

    def net(top: float, seed: int) -> NetAlong:
        wobble = _noise(moments, seeds, spread=0.25, seed=seed)
        loss = (5000 * np.exp(-3 * time) + 200) * _noise(moments, seeds, seed=seed)
        return NetAlong(
            loss=loss,
            loss_low=0.7 * loss,
            loss_high=loss * (1 + top**0.1 * wobble),
            change_low=top**0.4 * wobble,
            change_high=top**0.6 * wobble,
            smoothness=top**0.8 * wobble * (1 + 3 * time),
        )

    sizes = 2.0 ** np.linspace(-1, 2, 8)
    steps = np.linspace(0, 640, moments).round().astype(np.int64)
    return Along(steps, sizes, net(TOP["bn"], 1), net(TOP["plain"], 2))


def landscape(points: int = 25, path: bool = True, steep: float = 1e3) -> Landscape:
    side = np.linspace(-1, 1, points)
    epochs = np.linspace(1, 0, 12)

    def net(size: float, seed: int) -> NetLandscape:
        def loss(x: Floats, y: Floats) -> Floats:
            return 1 + size * (x**2 + 0.2 * y**2) + 0.1 * size * x * y

        way = np.stack([0.8 * epochs, 0.6 * epochs * np.cos(4 * epochs)], axis=1)
        lines = 1 + size * side**2 * _noise(16, 1, spread=0.5, seed=seed)
        return NetLandscape(
            first=side,
            second=side,
            loss=loss(side[None, :], side[:, None]),
            path=way if path else np.empty((0, 2)),
            path_epochs=np.arange(len(way) if path else 0),
            path_loss=1.1 * loss(way[:, 0], way[:, 1]) if path else np.empty(0),
            explained=np.array([0.83, 0.12]),
            distances=side,
            lines=lines,
        )

    return Landscape(net(10.0, 1), net(10.0 * steep, 2))


def stability(seeds: int = SEEDS) -> Stability:
    moments = np.arange(0, 101, 5)

    def net(top: float, seed: int, factor: float) -> NetStability:
        sharp = top * _noise(seeds, spread=0.3, seed=seed)
        threshold = factor * 2 / sharp * _noise(seeds, spread=0.1, seed=seed + 5)
        rates = np.median(threshold) * np.array([0.25, 0.5, 0.9])
        rise = (sharp[0] + (2 / rates[:, None] - sharp[0]) * (1 - np.exp(-moments / 20))).clip(1)
        return NetStability(
            sharpness=sharp,
            threshold=threshold,
            bracket=np.stack([0.9 * threshold, 1.1 * threshold], axis=1),
            weight_growth=_noise(seeds, seed=seed),
            rates=rates,
            moments=moments,
            curves=rise * _noise(3, len(moments), spread=0.05, seed=seed),
            losses=100 * np.exp(-moments * rates[:, None] * sharp[0] / 30),
        )

    return Stability(net(150.0, 1, 6.0), net(200.0, 2, 1.02))


def parts(measured: Gap) -> dict[str, Floats]:
    """The split of a gap, each step (2, S): log10 of how many times sharper the net before it."""
    with np.errstate(all="ignore"):
        logs = np.log10(measured.largest)
        names = ("inputs", "bn", "inputs_bn", "mode")
        return {name: logs[:, i] - logs[:, i + 1] for i, name in enumerate(names)}
