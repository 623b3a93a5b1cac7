"""What a training yields: frozen snapshots, and their form on disk.

S is the number of seeds, L the number of hidden layers, H a layer's width; quantiles are at the
five LEVELS of :mod:`bnviz.core.types`.
Losses are mean squared errors in squared target units. A seed that diverged
holds NaN from then on and is marked in `diverged`; readers count it and leave
it out of averages openly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from bnviz.core.nets.norms.names import Norm
from bnviz.core.types import Floats

#: At most so many rows enter a snapshot's losses (of each part), activations, gradient
#: norm, quantiles and probes. Rows are shuffled, so the first ones are a random sample.
LOSS_ROWS = 4096
ACTIVATION_ROWS = 1024
GRADIENT_ROWS = 1024
QUANTILE_ROWS = 64
PROBE_ROWS = 1024

#: Bytes of model states kept of one run; the newest is kept whatever its size.
STATE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class NetSnapshot:
    """One of the two nets at one moment, every figure per seed.

    Fields that only some moments have are arrays of shape (0,) elsewhere:
    the Lipschitz and eigenvalue fields (checkpoints), the running statistics
    (the net with BN).
    """

    train_loss: Floats
    """(S,) on the training rows (up to LOSS_ROWS), BN in eval mode."""
    validation_loss: Floats
    """(S,) on the held-out rows (up to LOSS_ROWS), BN in eval mode."""
    gradient_norm: Floats
    """(S,) L2 norm of the training loss's gradient (up to GRADIENT_ROWS), train mode."""
    weight_norm: Floats
    """(S,) L2 norm of all weight matrices together (no biases, no gamma)."""
    activation_mean: Floats
    """(L, S) what enters the activation, over units and rows (up to ACTIVATION_ROWS), eval mode."""
    activation_std: Floats
    """(L, S) its biased standard deviation over rows and units."""
    activation_quantiles: Floats
    """(L, S, 5) its LEVELS over units and the first QUANTILE_ROWS rows."""
    dead_share: Floats
    """(L, S) share of units whose ReLU is zero on every one of those rows (tanh: NaN)."""
    running_mean: Floats
    """(L, S, 5) LEVELS over the layer's units of BN's running mean."""
    running_variance: Floats
    """(L, S, 5) LEVELS over the layer's units of BN's unbiased running variance."""
    lipschitz_median: Floats
    """(S,) median over the probes of |gradient change| / |parameter change|."""
    lipschitz_max: Floats
    """(S,) the largest of them."""
    eigenvalue_min: Floats
    """(S,) smallest Hessian eigenvalue of the training loss."""
    eigenvalue_max: Floats
    """(S,) largest Hessian eigenvalue of the training loss."""
    eigenvalue_residual: Floats
    """(S,) the larger of the two Lanczos residual norms |Hv - lambda v|."""
    diverged: Floats
    """(S,) 1 from the moment a seed's loss or parameters left the finite numbers, else 0."""


@dataclass(frozen=True)
class Snapshot:
    """Both nets, and in an arena others, at the same moment of the same training."""

    epoch: int
    step: int
    seconds: float
    """Wall-clock time since the training began."""
    bn: NetSnapshot
    plain: NetSnapshot
    state: Mapping[str, NDArray[np.float32]]
    """Parameters and buffers of both nets by name at checkpoints and at the end; else empty."""
    others: Mapping[str, NetSnapshot] = field(default_factory=dict)
    """In an arena the nets with all other norms, by norm."""

    @property
    def nets(self) -> Mapping[str, NetSnapshot]:
        """All nets by name: "bn", the others, "plain"."""
        return {"bn": self.bn, **self.others, "plain": self.plain}


def to_bytes(snapshot: Snapshot) -> bytes:
    """The snapshot as one safetensors blob."""
    arrays = {"clock": np.array([snapshot.epoch, snapshot.step, snapshot.seconds])}
    for side, net in snapshot.nets.items():
        arrays |= {f"{side}/{f.name}": getattr(net, f.name) for f in fields(NetSnapshot)}
    arrays |= {f"state/{name}": value for name, value in snapshot.state.items()}
    return save({name: np.ascontiguousarray(value) for name, value in arrays.items()})


def from_bytes(blob: bytes) -> Snapshot:
    """The inverse of :func:`to_bytes`."""
    arrays = load(blob)
    epoch, step, seconds = arrays["clock"]

    def net(side: str) -> NetSnapshot:
        return NetSnapshot(**{f.name: arrays[f"{side}/{f.name}"] for f in fields(NetSnapshot)})

    return Snapshot(
        int(epoch),
        int(step),
        float(seconds),
        net("bn"),
        net("plain"),
        {name[6:]: value for name, value in arrays.items() if name.startswith("state/")},
        {side: net(side) for side in get_args(Norm) if f"{side}/train_loss" in arrays},
    )
