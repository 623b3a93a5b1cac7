"""A training's curves, drawn from a real run and from runs made to diverge."""

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.plots.fitness import curves
from bnviz.plots.theme import DASH, Look, Say
from bnviz.texts.catalogue import sentence
from tests.plots.conftest import assert_sound, house_colors, rgb, traces

CONFIG = TrainConfig(
    data=DataConfig(samples=100, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=8),
    optimizer=OptimizerConfig(epochs=4, batch_size=32),
    probes=ProbeConfig(count=2, checkpoints=2),
    seeds=3,
)


@pytest.fixture(scope="module")
def run() -> list[Snapshot]:
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training.train import train

    return list(train(CONFIG, dataset_for(CONFIG.data), lambda: False))


def diverge(run: list[Snapshot], seeds: list[int]) -> list[Snapshot]:
    """The run with some seeds of the plain net gone from the third snapshot on."""

    def gone(net: NetSnapshot) -> NetSnapshot:
        changed = {}
        for field in fields(NetSnapshot):
            values = getattr(net, field.name).copy()
            if values.size:
                index = (slice(None), seeds) if values.ndim > 1 else (seeds,)
                values[index] = 1.0 if field.name == "diverged" else np.nan
            changed[field.name] = values
        return replace(net, **changed)

    return [replace(s, plain=gone(s.plain)) if i > 1 else s for i, s in enumerate(run)]


def over_seeds(run: list[Snapshot], net: str, field: str) -> np.ndarray:
    return np.array([getattr(getattr(s, net), field) for s in run])


def test_loss(run: list[Snapshot], say: Say, look: Look) -> None:
    figure = curves.loss(run, "points", look, say)
    assert_sound(figure)
    assert "points" in figure.layout.yaxis.title.text
    assert figure.layout.yaxis.type == "log"
    for net, color in zip(("bn", "plain"), house_colors(look), strict=True):
        (line,) = traces(figure, name=say(f"net.{net}"))
        values = over_seeds(run, net, "validation_loss")
        assert np.allclose(line.y, np.median(values, axis=1))
        assert list(line.x) == [s.epoch for s in run]
        assert line.line.color == color and line.line.dash == DASH[net]
        (band,) = [
            t for t in figure.data if t.fill == "toself" and t.fillcolor.startswith(rgb(color))
        ]
        low, high = np.quantile(values, (0.1, 0.9), axis=1)
        assert np.allclose(band.y, np.concatenate([high, low[::-1]]))
        assert band.x[0] == band.x[-1], "closed"
        name = say("fitness.on_training", net=say(f"net.{net}"))
        (trained,) = (t for t in figure.data if f"<extra>{name}</extra>" in (t.hovertemplate or ""))
        assert np.allclose(trained.y, np.median(over_seeds(run, net, "train_loss"), axis=1))


def test_loss_without_unit(run: list[Snapshot], say: Say) -> None:
    assert "()" not in curves.loss(run, "", Look(), say).layout.yaxis.title.text


MEASURES = ("eigenvalue_max", "lipschitz_max", "lipschitz_median")


def test_smoothness(run: list[Snapshot], say: Say, look: Look) -> None:
    figure = curves.smoothness(run, look, say)
    assert_sound(figure)
    assert figure.layout.yaxis.type == "log"
    probed = [s for s in run if s.bn.lipschitz_max.size]
    assert {s.epoch for s in probed} == {0, 4}
    for net, color in zip(("bn", "plain"), house_colors(look), strict=True):
        lines = traces(figure, name=say(f"net.{net}"))
        (end,) = (a for a in figure.layout.annotations if a.text == say(f"net.{net}"))
        low, high = figure.layout.yaxis.range
        height = 10 ** (low + end.y * (high - low))
        assert (end.x, height) == pytest.approx((4, lines[0].y[-1])), "named where it ends"
        assert end.font.color == look.words(color)
        for line, field in zip(lines, MEASURES, strict=True):
            assert np.allclose(line.y, np.median(over_seeds(probed, net, field), axis=1))
            assert line.line.color == color
            assert say(f"fitness.{field}") in line.hovertemplate
        assert len({line.line.dash for line in lines}) == 3
        for field in MEASURES[1:]:
            colors = [
                a.font.color for a in figure.layout.annotations if a.text == say(f"fitness.{field}")
            ]
            assert look.words(color) in colors, "dashes are told where they end"


def test_smoothness_without_eigenvalues_or_checkpoints(run: list[Snapshot], say: Say) -> None:
    none = np.empty(0)

    def without(net: NetSnapshot, *names: str) -> NetSnapshot:
        return replace(net, **dict.fromkeys(names, none))

    eigen = ("eigenvalue_min", "eigenvalue_max", "eigenvalue_residual")
    fewer = [replace(s, bn=without(s.bn, *eigen), plain=without(s.plain, *eigen)) for s in run]
    assert len([t for t in curves.smoothness(fewer, Look(), say).data if t.hovertemplate]) == 4
    assert_sound(curves.smoothness(run[:1], Look(), say))


@pytest.mark.parametrize(
    ("field", "title"), [("weight_norm", "Weight norm"), ("gradient_norm", "Gradient norm")]
)
def test_per_seed(run: list[Snapshot], field: str, title: str) -> None:
    figure = curves.per_seed(run, field, Look(), partial(sentence, "en"))
    assert_sound(figure)
    for net, name in (("bn", "With BN"), ("plain", "Without BN")):
        (line,) = traces(figure, name=name)
        assert np.allclose(line.y, np.median(over_seeds(run, net, field), axis=1))
    assert figure.layout.yaxis.title.text == title and figure.layout.yaxis.type == "log"


def test_dead_units(run: list[Snapshot], say: Say) -> None:
    figure = curves.dead_units(run, Look(), say)
    assert_sound(figure)
    assert figure.layout.yaxis.type != "log", "a share of zero belongs on the axis"
    assert len(figure.data) == 4, "two nets, two layers"
    for net in ("bn", "plain"):
        for layer in (0, 1):
            name = say("fitness.net_layer", net=say(f"net.{net}"), layer=layer + 1)
            (line,) = traces(figure, name=name)
            share = over_seeds(run, net, "dead_share")[:, layer]
            assert np.allclose(line.y, np.median(share, axis=1))


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("net", ["bn", "plain"])
def test_activations(run: list[Snapshot], net: str, layer: int, say: Say, look: Look) -> None:
    figure = curves.activations(run, net, layer, False, look, say)
    assert_sound(figure)
    assert say(f"net.{net}") in figure.layout.annotations[0].text
    color = dict(zip(("bn", "plain"), house_colors(look), strict=True))[net]
    outer, inner, mean, spread = figure.data
    levels = np.median(over_seeds(run, net, "activation_quantiles")[:, layer], axis=1)
    for band, low, high in ((outer, 0, 4), (inner, 1, 3)):
        assert np.allclose(band.y, np.concatenate([levels[:, high], levels[::-1, low]]))
        assert band.fill == "toself" and band.fillcolor.startswith(rgb(color))
        assert band.x[0] == band.x[-1], "closed"
    means = np.median(over_seeds(run, net, "activation_mean")[:, layer], axis=1)
    spreads = np.median(over_seeds(run, net, "activation_std")[:, layer], axis=1)
    assert np.allclose(mean.y, means)
    both = np.concatenate([means + spreads, [np.nan], means - spreads])
    assert np.allclose(spread.y, both, equal_nan=True)


def test_activations_axes_fit_the_epochs_after_the_first(run: list[Snapshot], say: Say) -> None:
    """Epoch 0 comes twice when it is probed; neither of the two may set the axis."""
    wide = [
        replace(s, bn=replace(s.bn, activation_quantiles=1000 * s.bn.activation_quantiles))
        if s.epoch == 0
        else s
        for s in run
    ]
    assert [s.epoch for s in wide].count(0) == 2
    low, high = curves.activations(wide, "bn", 0, False, Look(), say).layout.yaxis.range
    later = np.median(over_seeds(run, "bn", "activation_quantiles")[2:, 0], axis=1)
    assert later.max() < high < 1.2 * later.max() - 0.2 * later.min()
    assert later.min() > low > 1.2 * later.min() - 0.2 * later.max()


def test_activations_on_one_axis(run: list[Snapshot], say: Say) -> None:
    def ends(net: str, shared: bool) -> tuple[float, float]:
        return tuple(curves.activations(run, net, 0, shared, Look(), say).layout.yaxis.range)

    own = ends("bn", False), ends("plain", False)
    assert own[0] != own[1]
    assert ends("bn", True) == ends("plain", True)
    low, high = ends("bn", True)
    assert low <= min(own)[0] + 1e-9 and high >= max(pair[1] for pair in own) - 1e-9


def test_running_statistics(run: list[Snapshot], say: Say) -> None:
    for field in ("running_mean", "running_variance"):
        figure = curves.running(run, field, Look(), say)
        assert_sound(figure)
        for layer in (0, 1):
            (line,) = traces(figure, name=say("fitness.layer", layer=layer + 1))
            middle = np.median(over_seeds(run, "bn", field)[:, layer], axis=1)[:, 2]
            assert np.allclose(line.y, middle)


FIGURES = {
    "loss": lambda run, say: curves.loss(run, "", Look(), say),
    "smoothness": lambda run, say: curves.smoothness(run, Look(), say),
    "gradient": lambda run, say: curves.per_seed(run, "gradient_norm", Look(), say),
    "dead": lambda run, say: curves.dead_units(run, Look(), say),
    "activations": lambda run, say: curves.activations(run, "plain", 1, True, Look(), say),
    "running": lambda run, say: curves.running(run, "running_mean", Look(), say),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("gone", [[1], [0, 1, 2]], ids=["one_seed", "all_seeds"])
def test_diverged_seeds_leave_the_others_on_screen(
    run: list[Snapshot], name: str, gone: list[int], say: Say
) -> None:
    figure = FIGURES[name](diverge(run, gone), say)
    assert_sound(figure)
    if len(gone) == 1:
        lines = [t for t in figure.data if t.hovertemplate and t.fill is None]
        assert all(np.isfinite(np.asarray(t.y, float)).sum() >= 2 for t in lines), "still drawn"


@pytest.mark.parametrize("name", FIGURES)
def test_the_first_moment_alone_can_be_drawn(run: list[Snapshot], name: str, say: Say) -> None:
    assert_sound(FIGURES[name](run[:1], say))


def test_one_diverged_seed_does_not_move_the_median_to_nan(run: list[Snapshot], say: Say) -> None:
    figure = curves.loss(diverge(run, [2]), "", Look(), say)
    (line,) = traces(figure, name=say("net.plain"))
    values = over_seeds(run, "plain", "validation_loss")
    assert line.y[-1] == pytest.approx(np.median(values[-1, :2]))
