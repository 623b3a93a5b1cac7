"""Sweeps worth starting from; each takes less than half a minute on two cores."""

from typing import Any

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.sweep.config import RATE, Axis, SweepConfig

_BASE = TrainConfig(
    data=DataConfig(clip_scores=False, standardize=True),
    network=NetworkConfig(width=32),
    optimizer=OptimizerConfig(kind="sgd", learning_rate=0.003, epochs=20, batch_size=64),
    probes=ProbeConfig(bn_mode="train"),
    seeds=8,
)
_SHORT = _BASE.model_copy(update={"optimizer": _BASE.optimizer.model_copy(update={"epochs": 10})})
_RATES = Axis(field=RATE, values=(1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1))
_BATCHES = Axis(field="optimizer.batch_size", values=(4, 8, 16, 32, 64, 128, 256))


def _sweep(across: Axis, down: Axis, **more: Any) -> SweepConfig:
    return SweepConfig(axes=(across, down), **{"base": _BASE} | more)


PRESETS: dict[str, SweepConfig] = {
    "rate_batch": _sweep(_BATCHES, _RATES),
    "norm_batch": _sweep(
        Axis(field="optimizer.batch_size", values=(8, 32, 128)),
        Axis(
            field="network.norm",
            values=("batch", "renorm", "ghost", "layer", "rms", "group", "weight", "dyt"),
        ),
        base=_SHORT,
    ),
    "eps_scale": _sweep(
        Axis(field="data.input_scale", values=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)),
        Axis(field="network.eps", values=(1e-8, 1e-6, 1e-4, 1e-2, 1.0)),
    ),
    "depth_rate": _sweep(
        Axis(field="network.depth", values=(1, 2, 3, 4, 6, 8)),
        _RATES,
        base=_SHORT,
        metric="stable_rate",
    ),
    "momentum_batch": _sweep(
        _BATCHES,
        Axis(field="network.torch_momentum", values=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    ),
}
