"""What lessons measure, against other ways to the same number."""

import numpy as np
import pytest
import torch

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.core.training.reproduce import run
from bnviz.ui.controls import CONTROLS
from bnviz.ui.home.wines import WINES
from bnviz.ui.presenter.lesson import Measure, Measured
from bnviz.ui.presenter.measured import MEASURED, measure


def of(name: Measure, feature: int = 1, **state: float | str) -> float:
    return measure(Measured(measure=name, state=state, feature=feature))


def test_home_is_the_wine_table() -> None:
    from sklearn.datasets import load_wine

    wines = load_wine().data[:, [0, 9]]
    assert of("home.mean") == pytest.approx(wines[:, 1].mean())
    assert of("home.deviation") == pytest.approx(wines[:, 1].std())
    assert of("home.mean", progress=1.0) == pytest.approx(0, abs=1e-12)
    assert of("home.deviation", progress=2.0) == pytest.approx(1, abs=1e-5)
    raw = np.corrcoef(*wines.T)[0, 1]
    assert of("home.correlation", progress=2.0) == pytest.approx(raw)


def test_one_wine_moves_the_others_in_train_mode_alone() -> None:
    from sklearn.datasets import load_wine
    from sklearn.preprocessing import scale

    wines = load_wine().data[:, [0, 9]]
    row = np.flatnonzero((wines == draw(WINES).values[0, [0, 9]]).all(axis=1))[0]
    taken = wines.copy()
    taken[row] = -4, 3.3
    away = np.delete(np.abs(scale(taken) - scale(wines)), row, axis=0).max()
    assert of("home.moved_train", wine="1,-4,3.3") == pytest.approx(away, rel=1e-4)
    assert of("home.moved_eval", wine="1,-4,3.3") == 0


def test_one_batch_is_what_torch_says() -> None:
    values = draw(BatchConfig(source="scales", batch_size=16, features=3, seed=5)).values
    bn = torch.nn.BatchNorm1d(3, eps=1e-3).double()
    with torch.no_grad():
        bn.weight.fill_(2.0)
        bn.bias.fill_(1.0)
        y = bn(torch.from_numpy(np.asarray(values, dtype=np.float64))).numpy()[:, 1]
    state = {"source": "scales", "b": 16, "d": 3, "seed": 5, "eps": 1e-3}
    affine = {"gamma": 2.0, "beta": 1.0}
    assert of("one_batch.mean", 2, **state, **affine) == pytest.approx(y.mean(), rel=1e-5)
    assert of("one_batch.deviation", 2, **state, **affine) == pytest.approx(y.std(), rel=1e-5)
    assert of("one_batch.largest", 2, **state, **affine) == pytest.approx(abs(y).max(), rel=1e-5)
    variance = np.asarray(values, dtype=np.float64)[:, 1].var()
    assert of("one_batch.variance", 2, **state) == pytest.approx(variance)
    assert of("one_batch.swallowed", 2, **state) == pytest.approx(1e-3 / (variance + 1e-3))


def test_train_vs_eval() -> None:
    assert of("train_vs_eval.start_left", steps=20, momentum=0.2) == pytest.approx(0.8**20)
    assert of("train_vs_eval.start_left", steps=20, stream_cumulative=True) == 0
    assert of("train_vs_eval.bessel", b=8) == pytest.approx(8 / 7)
    few, many = (of("train_vs_eval.output_width", b=b) for b in (4, 64))
    assert many / few == pytest.approx(1 / 3, abs=0.03), "as the lesson your_batch says"
    assert of("train_vs_eval.mean_gap", spread=4.0) != of("train_vs_eval.mean_gap")
    assert 0 <= of("train_vs_eval.mean_gap") < 1 < of("train_vs_eval.mean_gap", shift=5.0, steps=61)


def test_the_document() -> None:
    ends = run().eigenvalues
    assert of("document.sharpness_ratio") == pytest.approx(ends["no_bn"].max / ends["bn_eval"].max)
    assert of("document.sharpness_ratio_standardized") == pytest.approx(198.82 / 144.69, rel=1e-4)
    assert of("document.mode_ratio") == pytest.approx(12368.94 / 150.70, rel=1e-4)
    corrected = run().lipschitz["corrected"]  # of other directions
    ratio = corrected["no_bn"].median / corrected["bn"].median
    assert of("document.corrected_ratio") == pytest.approx(ratio, rel=0.3)
    assert of("document.measuring_probes") == 1
    assert of("document.clipped_share") == pytest.approx(0.999)


def test_what_a_lesson_leaves_out_is_as_on_the_page() -> None:
    names: tuple[Measure, ...]
    names = ("train_vs_eval.mean_gap", "train_vs_eval.bessel", "one_batch.largest")
    for name in names:
        table = CONTROLS[name.partition(".")[0]]
        defaults = {key: row.default for key, row in table.items() if row.default is not None}
        assert of(name) == pytest.approx(MEASURED[name](defaults, 0))
