"""The document's experiment again: what it published, its code run here, corrected, and exact."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bnviz.core.batchnorm import implementations
from bnviz.core.configs import BatchConfig, BnMode, NetworkConfig, NormConfig
from bnviz.core.curvature import probes
from bnviz.core.curvature.extremes import extremes
from bnviz.core.data import batches
from bnviz.core.data.document import HIDDEN, Experiment, experiment
from bnviz.core.nets.chunks import chunk_size
from bnviz.core.nets.gradients import network_gradient, objective_of
from bnviz.core.nets.initial import stack_of_one
from bnviz.core.types import Floats

PROBES = 100
SCALE = 1e-5
NETWORK = NetworkConfig(width=HIDDEN)


@dataclass(frozen=True)
class MeanStd:
    """Means and unbiased standard deviations, one a feature or unit."""

    mean: list[float]
    std: list[float]


@dataclass(frozen=True)
class Data(MeanStd):
    """The document's inputs; `clipped_share` of its scores stand at the limit of 100 points."""

    clipped_share: float


@dataclass(frozen=True)
class Estimate:
    """A Lipschitz estimate over 100 probes."""

    median: float
    max: float


@dataclass(frozen=True)
class Ends:
    """The extreme eigenvalues of a Hessian."""

    min: float
    max: float


@dataclass(frozen=True)
class Difference:
    """How far an implementation of BN is from a float64 reference, cell by cell."""

    max_abs_difference: float


#: Printed in the document, in the last lines of its section 3.
PUBLISHED = {"bn": Estimate(0.00, 7799.11), "no_bn": Estimate(0.00, 2415774.36)}


@dataclass(frozen=True)
class Report:
    """All numbers; the nets are "bn" and "no_bn", as the document calls them."""

    data: Data
    activations_after_bn: MeanStd
    lipschitz: Mapping[str, Mapping[str, Estimate]]
    eigenvalues: Mapping[str, Ends]
    parity: Mapping[str, Difference]

    def as_dict(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, ready for JSON."""
        return asdict(self)


def run() -> Report:
    """The whole experiment, in about a second, on one thread: digits do not vary with cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _run(experiment())
    finally:
        torch.set_num_threads(threads)


def _run(document: Experiment) -> Report:
    exact = _eigenvalues(document)
    corrected = {"bn": _corrected(document, bn=True), "no_bn": _corrected(document, bn=False)}
    published = {
        name: _as_published(document, net)
        for name, net in (("bn", document.bn), ("no_bn", document.plain))
    }
    # The document looks at the activations last, where its estimator has left the weights.
    with torch.no_grad():
        activations = _mean_std(document.bn[:2](document.x))
    inputs = _mean_std(document.x)
    clipped = float((document.y == 100).double().mean())
    return Report(
        Data(inputs.mean, inputs.std, clipped),
        activations,
        {"published": PUBLISHED, "as_published": published, "corrected": corrected},
        exact,
        _parity(),
    )


def _mean_std(values: Tensor) -> MeanStd:
    return MeanStd(values.mean(0).tolist(), values.std(0).tolist())


def _estimate(values: Floats) -> Estimate:
    return Estimate(float(np.median(values)), float(values.max()))


def _as_published(document: Experiment, net: nn.Module) -> Estimate:
    """The document's code, which uses the net up."""
    published = probes.published_probes(net, document.x, document.y, PROBES)
    return _estimate(np.array([probe.estimate for probe in published]))


def _corrected(document: Experiment, *, bn: bool) -> Estimate:
    """As many probes, drawn and computed in float64, each from the same point."""
    net = document.bn if bn else document.plain
    stack = stack_of_one(NETWORK, net, bn=bn).cast(torch.float64)
    x, y = document.x.double().T, document.y[:, 0].double()
    values = probes.estimates(
        network_gradient(stack, x, y, "eval"),
        stack.params,
        probes.directions(stack.params, PROBES, seed=42),
        SCALE,
        chunk=chunk_size(x.shape[1], HIDDEN, x.dtype),
    )
    return _estimate(values)


def _eigenvalues(document: Experiment) -> dict[str, Ends]:
    """Eigenvalues of the loss on all rows, at the point where the document begins to probe."""
    raw = document.x.double()
    standardized = (raw - raw.mean(0)) / raw.std(0, correction=0)
    y = document.y[:, 0].double()
    states: dict[str, tuple[nn.Module, Tensor, BnMode]] = {
        "bn_eval": (document.bn, raw, "eval"),
        "bn_train": (document.bn, raw, "train"),
        "no_bn": (document.plain, raw, "eval"),
        "no_bn_standardized": (document.plain, standardized, "eval"),
        "bn_train_standardized": (document.bn, standardized, "train"),
    }
    ends_of = {}
    for name, (net, x, mode) in states.items():
        stack = stack_of_one(NETWORK, net, bn=net is document.bn).cast(torch.float64)
        ends = extremes(objective_of(stack, x.T, y, mode), stack.params, tolerance=1e-6)
        assert ends.converged.all()
        ends_of[name] = Ends(float(ends.minimum[0]), float(ends.maximum[0]))
    return ends_of


def _parity() -> dict[str, Difference]:
    """Three implementations in float32 on a 4 x 5 batch of uniform numbers, as in the document."""
    batch = batches.draw(BatchConfig(source="uniform", batch_size=4, features=5))
    return {
        each.name: Difference(each.max_abs_difference)
        for each in implementations.compare(batch.values, NormConfig())
        if each.name in ("torch", "numpy", "loop") and each.max_abs_difference is not None
    }
