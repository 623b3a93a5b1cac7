"""Figures of Train versus eval: what is drawn is what core computed."""

import numpy as np
import pytest

from bnviz.core.batchnorm.batch_dependence import SIZES, density
from bnviz.core.batchnorm.batch_dependence import batch_dependence as in_batches
from bnviz.core.batchnorm.micro_batches import COMPARED, differences, split_ways
from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import drawn, gap, walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.moments import moments
from bnviz.core.training.precise_bn import Drift, Recalibration
from bnviz.plots.theme import Look, Say
from bnviz.plots.train_vs_eval import batch_dependence, nets, stream
from bnviz.plots.train_vs_eval import momentum as clocks
from tests.plots.conftest import HOSTILE, assert_sound, house_colors, runs_of

CONFIG = StreamConfig(
    batch=BatchConfig(source="skewed", batch_size=6, features=3), steps=40, shift_at=20, shift=1
)
TRUTH = moments(CONFIG.batch)
WALK = walk(CONFIG, drawn(CONFIG.batch, CONFIG.steps), TRUTH)


@pytest.mark.parametrize("quantity", ["mean", "variance"])
def test_running(quantity: str, look: Look, say: Say) -> None:
    track = getattr(WALK, quantity)
    figure = stream.running(track, quantity, 1, HOSTILE[0], look, say)
    assert_sound(figure)
    band, dots, true, line = figure.data
    assert np.array_equal(line.y, track.running[:, 1])
    assert np.array_equal(dots.y, track.batch[:, 1]) and dots.x[0] == 1
    assert np.array_equal(true.y, track.true[:, 1])
    high, low = np.split(np.array(band.y), 2)
    width = 2 * stream.BAND * track.deviation[:, 1]
    assert high - low[::-1] == pytest.approx(width)
    assert line.line.color == house_colors(look)[0]


def test_all_features(look: Look, say: Say) -> None:
    figure = stream.all_running(WALK.mean, "mean", TRUTH.scale, ("x1", HOSTILE[1], "x3"), look, say)
    assert_sound(figure)
    lines = runs_of(figure.data[-1].y)
    assert len(lines) == 3
    away = (WALK.mean.running - WALK.mean.true) / TRUTH.scale
    assert lines[2] == pytest.approx(away[:, 2])
    high, low = np.split(np.array(figure.data[0].y), 2)
    widest = (WALK.mean.deviation / TRUTH.scale).max(axis=1)
    assert high == pytest.approx(stream.BAND * widest) and low[::-1] == pytest.approx(-high)
    reach = figure.layout.yaxis.range[1]
    later = np.abs(away[len(away) // 4 :]).max()
    assert reach == -figure.layout.yaxis.range[0]
    assert reach == pytest.approx(1.3 * max(later, high.max()))


def test_features_without_spread_are_left_out(look: Look, say: Say) -> None:
    config = StreamConfig(batch=BatchConfig(source="constant", batch_size=4, features=3), steps=12)
    walked = walk(config, drawn(config.batch, 12), moments(config.batch))
    scale = moments(config.batch).scale
    for quantity in ("mean", "variance"):
        figure = stream.all_running(
            getattr(walked, quantity), quantity, scale, walked.names, look, say
        )
        assert_sound(figure)
        assert len(runs_of(figure.data[-1].y)) == 2


def test_no_variance_no_band(look: Look, say: Say) -> None:
    config = StreamConfig(batch=BatchConfig(source="heavy_tails", batch_size=4), steps=12)
    walked = walk(config, drawn(config.batch, 12), moments(config.batch))
    figure = stream.running(walked.variance, "variance", 0, "x1", look, say)
    assert_sound(figure)
    assert not np.isfinite(np.array(figure.data[2].y)).any()
    assert np.isfinite(np.array(figure.data[3].y)).all()
    scale = moments(config.batch).scale
    assert_sound(stream.all_running(walked.variance, "variance", scale, walked.names, look, say))


def test_gap_parts_add_up_on_screen(look: Look, say: Say) -> None:
    parts = gap(WALK, "variance", "train")
    figure = stream.gap_parts(parts, 2, 3, HOSTILE[2], "axis", look, say)
    assert_sound(figure)
    *areas, line, mark = figure.data
    assert list(mark.x) == [3, 3]
    steps = len(line.x)
    heights = [np.array(area.y[:steps]) - area.y[: -steps - 1 : -1] for area in areas]
    assert np.sum(heights, axis=0) == pytest.approx(np.array(line.y), abs=1e-12)
    assert np.array_equal(line.y, parts.total[:, 2])
    for area, height, part in zip(areas, heights, stream.PARTS, strict=True):
        assert height == pytest.approx(getattr(parts, part)[:, 2], abs=1e-12)
        assert np.array_equal(area.customdata[:steps], getattr(parts, part)[:, 2])
        assert np.array_equal(area.customdata, area.customdata[::-1])


def test_parts_are_stacked_as_bars_are() -> None:
    parts = [[1.0, -1.0, 2.0], [2.0, -3.0, -1.0], [np.nan, 1.0, 0.5], [0.0, -np.inf, np.inf]]
    low, high = stream.stacked(np.array(parts))
    assert low.tolist() == [[0, 0, 0], [1, -1, 0], [0, 0, 2], [0, -4, -1]]
    assert high.tolist() == [[1, -1, 2], [3, -4, -1], [0, 1, 2.5], [0, -4, -1]]


def test_thinned() -> None:
    assert np.array_equal(stream.thinned(10), np.arange(11))
    kept = stream.thinned(1000)
    assert len(kept) <= stream.MOST_STEPS and kept[0] == 0 and kept[-1] == 1000


@pytest.mark.parametrize("momentum", [0.001, 0.1, 1.0, None])
def test_clock(momentum: float | None, look: Look, say: Say) -> None:
    figure = clocks.decay(momentum, clock(momentum), 10, look, say)
    assert_sound(figure)
    steps, left = np.array(figure.data[0].x), np.array(figure.data[0].y)
    kept = 0.0 if momentum is None else 1 - momentum
    assert left == pytest.approx(np.where(steps == 0, 1.0, kept**steps))
    assert steps[0] == 0 and (np.diff(steps) >= 1).all() and len(steps) <= 400
    assert len(steps) == min(steps[-1] + 1, 400), "every batch while there is room"
    if momentum is not None and momentum < 1:
        marks = figure.data[1]
        half, hundredth = np.log([0.5, 0.01]) / np.log(1 - momentum)
        assert list(marks.x) == pytest.approx([half, hundredth], rel=1e-6)
        assert list(marks.y) == [0.5, 0.01] and steps[-1] > hundredth
    if kept:
        assert (figure.data[-1].x, figure.data[-1].y) == ((10,), (pytest.approx(kept**10),))
    else:
        assert len(figure.data) == 1, "nothing is left to be marked"
    weights = clocks.batch_weights(momentum, 30, look, say)
    assert_sound(weights)
    ages = np.arange(30)
    expected = np.full(30, 1 / 30) if momentum is None else momentum * (1 - momentum) ** ages
    assert list(weights.data[0].x) == list(ages)
    assert weights.data[0].y == pytest.approx(expected)
    assert weights.data[1].y == pytest.approx(np.full(30, 1 / 30))
    assert len(clocks.batch_weights(momentum, 500, look, say).data[0].x) == 200


@pytest.mark.parametrize("source", ["normal", "skewed", "heavy_tails"])
def test_company(source: str, look: Look, say: Say) -> None:
    config = BatchConfig(source=source, features=1)
    truth = moments(config)
    dependence = in_batches(config, 0, 0.7, 1e-5, truth, None)
    figure = batch_dependence.fan(dependence, 8, look, say)
    assert_sound(figure)
    for band, low, high in ((figure.data[0], 0, 4), (figure.data[1], 1, 3)):
        there, back = np.split(np.array(band.y), 2)
        assert np.array_equal(there, dependence.quantiles[:, high])
        assert np.array_equal(back[::-1], dependence.quantiles[:, low])
    assert np.array_equal(figure.data[2].y, dependence.quantiles[:, 2])
    assert len(figure.data) == (3 if source == "heavy_tails" else 4)
    if dependence.theory is not None:
        lines = runs_of(figure.data[3].y)
        assert np.array_equal(np.array(lines).T, dependence.theory)
    here, whole = figure.layout.shapes
    assert (here.x0, here.x1, here.y0, here.y1, here.yref) == (8, 8, 0, 1, "paper")
    assert (whole.y0, whole.y1, whole.x0, whole.x1, whole.xref) == (
        dependence.whole,
        dependence.whole,
        0,
        1,
        "paper",
    )
    for size in (2, 8):
        outputs = dependence.outputs[SIZES.index(size)]
        theory = density(config, 0, 0.7, size, 1e-5, truth)
        histogram = batch_dependence.at_size(outputs, theory, size, look, say)
        assert_sound(histogram)
        bars = histogram.data[0]
        assert np.sum(bars.y) * bars.width == pytest.approx(1)
        room = max(0.04 * np.ptp(outputs), 0.05)
        edges = outputs.min() - room, outputs.max() + room
        heights, _ = np.histogram(outputs, bins=len(bars.x), range=edges)
        assert bars.y * bars.width * len(outputs) == pytest.approx(heights)
        assert (bars.x[0] - bars.width / 2, bars.x[-1] + bars.width / 2) == pytest.approx(edges)
        if theory is not None:
            assert np.array_equal(histogram.data[1].y, theory[1])


def test_density_is_one() -> None:
    config = BatchConfig(features=1)
    places, heights = density(config, 0, 0.7, 8, 1e-5, moments(config))
    assert np.trapezoid(heights, places) == pytest.approx(0.99, abs=0.01)


def test_recalibration(look: Look, say: Say) -> None:
    rng = np.random.default_rng(0)
    before, after, train_mode = rng.random((3, 4)) + 1
    train_mode[1] = np.nan
    drift = tuple(Drift(rng.normal(size=(4, 8)), rng.random((4, 8)) + 0.5) for _ in range(2))
    recalibration = Recalibration(before, after, train_mode, drift)
    figure = nets.losses(recalibration, "", look, say)
    assert_sound(figure)
    for seed, line in enumerate(np.split(np.array(figure.data[0].y), 4)):
        np.testing.assert_array_equal(line[:3], [before[seed], after[seed], train_mode[seed]])
    said = [say(f"train_vs_eval.recalibrate.{way}") for way in ("before", "after", "train_mode")]
    ticks = figure.layout.xaxis.ticktext
    assert [tick.replace("<br>", "") for tick in ticks] == [
        text.replace(", ", ",") for text in said
    ]
    assert figure.data[1].y[0] == pytest.approx(np.median(before))
    assert figure.data[1].y[1] == pytest.approx(np.median(after))
    assert figure.data[1].y[2] == pytest.approx(np.nanmedian(train_mode))
    scatter = nets.drifts(drift, look, say)
    assert_sound(scatter)
    assert np.array_equal(scatter.data[1].x, drift[1].mean.ravel())
    assert np.array_equal(scatter.data[1].y, drift[1].deviation.ravel())
    (line,) = scatter.layout.shapes
    assert (line.y0, line.y1, line.x0, line.x1, line.xref) == (1, 1, 0, 1, "paper")


def test_split(look: Look, say: Say) -> None:
    x = np.random.default_rng(0).normal(size=(20, 2))
    split = split_ways(x, 4, 1e-5, 0.1)
    figure = nets.micro_statistics(split, 1, HOSTILE[0], look, say)
    assert_sound(figure)
    assert np.array_equal(figure.data[2].y, split.accumulated.means[:, 1])
    assert list(figure.data[2].x) == [1, 2, 3, 4]
    parts = x.reshape(4, 5, 2)[:, :, 1]
    assert figure.data[2].error_y.array == pytest.approx(parts.std(axis=1))
    high, _, low, _ = figure.data[0].y
    whole, spread = x[:, 1].mean(), x[:, 1].std()
    assert (low, high) == pytest.approx((whole - spread, whole + spread))
    assert list(figure.data[1].y) == pytest.approx([whole, whole])
    ways = {
        way: differences(getattr(split, way), split.big) for way in ("accumulated", "synchronized")
    }
    dots = nets.split_differences(ways, look, say)
    assert_sound(dots, titled=("xaxis",))
    assert list(dots.data[0].customdata) == [ways["accumulated"][name] for name in COMPARED]
    for trace, way in zip(dots.data, ("accumulated", "synchronized"), strict=True):
        drawn = [max(ways[way][name], nets.FLOOR) for name in COMPARED]
        assert list(trace.x) == drawn and min(drawn) >= nets.FLOOR
        assert list(trace.y) == [say(f"train_vs_eval.split.{name}") for name in COMPARED]
