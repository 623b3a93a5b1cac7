"""What a lesson can measure, by name: each number comes from core, in the state of the step."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from bnviz.core.batchnorm.interpolation import partway
from bnviz.core.batchnorm.momentum import remaining, shares
from bnviz.core.configs import BatchConfig, NormConfig, StreamConfig
from bnviz.ui.cache import cached
from bnviz.ui.controls import CONTROLS
from bnviz.ui.home import wines
from bnviz.ui.one_batch.compute import batch_of, normalized, statistics, swallowed
from bnviz.ui.presenter.lesson import LessonError, Measure, Measured, faults
from bnviz.ui.train_vs_eval.compute import any_size, dependence, moments_of, walk

if TYPE_CHECKING:
    from bnviz.core.training.reproduce import Report

#: What a page's controls say, by their names in the address; the configs check the values.
State = Mapping[str, Any]


def measure(asked: Measured) -> float:
    """The number that a lesson asks for, without the last digits, which are rounding.

    Controls that `asked` does not name have their defaults. Raises LessonError for a state that
    no page takes.
    """
    compute = MEASURED[asked.measure]
    try:
        page = CONTROLS.get(asked.measure.partition(".")[0], {})
        usual = {row.name: row.default for row in page.values() if row.default is not None}
        return round(compute(usual | dict(asked.state), asked.feature - 1), 12)
    except (ValidationError, TypeError, LookupError, ValueError, ZeroDivisionError) as error:
        fault = faults(error) if isinstance(error, ValidationError) else error
        raise LessonError(f"{asked.measure} of {dict(asked.state)}: {fault}") from None


def _wines(state: State) -> Any:
    forward = normalized(wines.WINES, NormConfig(precision="float64"))
    now = partway(batch_of(wines.WINES).values, forward, state["progress"])
    return now[:, wines.SHOWN]


def _moved(mode: str, state: State, _: int) -> float:
    """How far the farthest wine moves that is not the one taken (wine=ROW,ALCOHOL,COLOUR)."""
    row, *place = map(float, state["wine"].split(","))
    return wines.moved(wines.with_taken(wines.all_wines(), int(row) - 1, *place), mode)


def _batch(state: State) -> BatchConfig:
    return BatchConfig(
        source=state["source"], batch_size=state["b"], features=state["d"], seed=state["seed"]
    )


def _after(state: State, feature: int) -> Any:
    norm = NormConfig(
        eps=0.0 if state["noeps"] else state["eps"], gamma=state["gamma"], beta=state["beta"]
    )
    return normalized(_batch(state), norm).y[:, feature].astype(np.float64)


def _swallowed(state: State, feature: int) -> float:
    norm = NormConfig(eps=state["eps"])
    return float(swallowed(_batch(state), norm)[feature])


def _stream(state: State) -> StreamConfig:
    return StreamConfig(
        batch=_batch(state),
        steps=state["steps"],
        torch_momentum=None if state["stream_cumulative"] else state["momentum"],
        shift_at=state["shift_at"],
        shift=state["shift"],
        spread=state["spread"],
    )


def _start_left(state: State, _: int) -> float:
    config = _stream(state)
    return float(remaining(shares(config.torch_momentum, config.steps))[-1])


def _mean_gap(state: State, feature: int) -> float:
    """Running mean minus true mean at the end, in standard deviations of the feature."""
    config = _stream(state)
    track = walk(config).mean
    scale = moments_of(config.batch).scale[feature]
    return float(abs(track.running[-1] - track.true[-1])[feature] / scale)


def _output_width(state: State, feature: int) -> float:
    """One sample's output over random batches of size B, from its 5 % to its 95 % quantile."""
    batch = _batch(state)
    outputs = dependence(any_size(batch), feature, state["z"], state["eps"])
    row = outputs.quantiles[outputs.sizes.index(batch.batch_size)]
    return float(row[-1] - row[0])


@cached
def _report() -> "Report":
    from bnviz.core.training import reproduce

    return reproduce.run()


def _sharpness_ratio(bn: str, plain: str, *_: Any) -> float:
    """Largest absolute eigenvalue without BN over that with BN."""
    ends = {name: max(-each.min, each.max) for name, each in _report().eigenvalues.items()}
    return ends[plain] / ends[bn]


@cached
def _replay() -> Mapping[str, Any]:
    """What Smoothness says of the document's probes and of the mended ones."""
    from bnviz.core.smoothness.document import DocumentConfig
    from bnviz.core.smoothness.subject import document

    config = DocumentConfig()
    *_, last = config.measure(document(), lambda: False)
    return config.verdicts(last.result)[0].values


#: Every number a lesson can ask for: (state of the page, feature from 0) -> number.
MEASURED: Mapping[Measure, Callable[[State, int], float]] = {
    "home.deviation": lambda state, _: float(_wines(state)[:, 1].std()),
    "home.mean": lambda state, _: float(_wines(state)[:, 1].mean()),
    "home.correlation": lambda state, _: float(np.corrcoef(*_wines(state).T)[0][1]),
    "home.moved_train": partial(_moved, "train"),
    "home.moved_eval": partial(_moved, "eval"),
    "one_batch.mean": lambda state, feature: float(_after(state, feature).mean()),
    "one_batch.deviation": lambda state, feature: float(_after(state, feature).std()),
    "one_batch.largest": lambda state, feature: float(np.abs(_after(state, feature)).max()),
    "one_batch.variance": lambda state, feature: float(
        statistics(_batch(state)).biased_variance[feature]
    ),
    "one_batch.swallowed": _swallowed,
    "train_vs_eval.start_left": _start_left,
    "train_vs_eval.mean_gap": _mean_gap,
    "train_vs_eval.bessel": lambda state, _: state["b"] / (state["b"] - 1),
    "train_vs_eval.output_width": _output_width,
    "document.measuring_probes": lambda *_: float(_replay()["measured"]),
    "document.sharpness_ratio": partial(_sharpness_ratio, "bn_eval", "no_bn"),
    "document.sharpness_ratio_standardized": partial(
        _sharpness_ratio, "bn_train_standardized", "no_bn_standardized"
    ),
    "document.mode_ratio": partial(_sharpness_ratio, "bn_train", "bn_eval"),
    "document.corrected_ratio": lambda *_: _replay()["plain_corrected"] / _replay()["bn_corrected"],
    "document.clipped_share": lambda *_: _report().data.clipped_share,
}
