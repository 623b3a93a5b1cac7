"""Home's picture: both clouds on the same axes, their crosses where numpy says."""

import numpy as np

from bnviz.plots.home import walk
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import assert_sound, house_colors, rgb

RAW = np.random.default_rng(0).normal([13, 5], [0.8, 2.3], (178, 2))


def test_walk(say: Say, look: Look) -> None:
    now = (RAW - RAW.mean(axis=0)) / RAW.std(axis=0)
    figure = walk(RAW, now, 7, ("alcohol", "colour"), "train", look, say)
    assert_sound(figure)
    before, before_cross, after, after_cross, way = figure.data
    assert np.array_equal(np.column_stack([way.x, way.y]), [RAW[7], now[7]])
    bn, plain = house_colors(look)
    for data, cloud, cross, color in (
        (RAW, before, before_cross, plain),
        (now, after, after_cross, bn),
    ):
        assert np.array_equal(np.column_stack([cloud.x, cloud.y]), data)
        assert cloud.marker.color.startswith(rgb(color))
        assert cross.line.color == look.ink, "seen on its own cloud"
        mean, deviation = data.mean(axis=0), data.std(axis=0)
        ends = np.column_stack([cross.x, cross.y])
        assert np.allclose(ends[[0, 1], 0], mean[0] + deviation[0] * np.array([-1, 1]))
        assert np.allclose(ends[[0, 1], 1], mean[1])
        assert np.allclose(ends[[3, 4], 1], mean[1] + deviation[1] * np.array([-1, 1]))
        assert np.allclose(ends[[3, 4], 0], mean[0])
        assert np.isnan(ends[2]).all()
    assert before.marker.symbol != after.marker.symbol


def test_the_axes_hold_the_wines_all_the_way(say: Say) -> None:
    from bnviz.core.batchnorm.equations import forward
    from bnviz.core.batchnorm.interpolation import partway
    from bnviz.core.configs import BatchConfig
    from bnviz.core.data.batches import draw
    from bnviz.ui.home.wines import BETA, GAMMA

    x = draw(BatchConfig(source="wine", batch_size=178, features=13)).values
    x, result = x[:, [0, 9]], forward(x[:, [0, 9]])
    for progress in np.linspace(0, 4, 41):
        now = partway(x, result, progress, GAMMA, BETA)
        figure = walk(x, now, 0, ("a", "c"), "train", Look(), say)
        for axis, values in ((figure.layout.xaxis, now[:, 0]), (figure.layout.yaxis, now[:, 1])):
            assert axis.range[0] < values.min() and values.max() < axis.range[1]
