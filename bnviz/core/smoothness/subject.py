"""What is measured: both nets at one moment, and the rows their loss is taken on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.configs import BnMode, Precision, TrainConfig
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.document import experiment, fitness_data
from bnviz.core.data.preparation import prepare
from bnviz.core.data.tables import Dataset
from bnviz.core.nets.initial import stack_of_one
from bnviz.core.nets.stack import Stack
from bnviz.core.training.evaluation import stack_of
from bnviz.core.training.presets import PRESETS
from bnviz.core.training.reproduce import NETWORK
from bnviz.core.training.snapshots import PROBE_ROWS


@dataclass(frozen=True)
class Subject:
    """Both nets, S seeds of each, and the training that they come from.

    `x` (D, N) and `y` (N,) are the training rows as the nets see them, at most PROBE_ROWS;
    `config` and `dataset` are what a training anew begins with.
    """

    bn: Stack
    plain: Stack
    x: Tensor
    y: Tensor
    config: TrainConfig
    dataset: Dataset

    @property
    def seeds(self) -> int:
        """S."""
        return self.bn.size

    def stack(self, net: str) -> Stack:
        """The net "bn" or "plain", all seeds."""
        return self.bn if net == "bn" else self.plain

    def alive(self, net: str) -> NDArray[np.bool_]:
        """(S,) whether a seed of that net is finite throughout."""
        return self.stack(net).alive

    def problem(
        self, net: str, mode: BnMode, seed: int = 0, precision: Precision = "float64"
    ) -> Problem:
        """The loss of one seed of a net; ValueError names a seed that is not there."""
        if seed >= self.seeds:
            raise ValueError(f"There is no seed number {seed}: the run has {self.seeds}, from 0.")
        stack = self.stack(net).part(slice(seed, seed + 1))
        return StackProblem(stack, self.x, self.y, mode, precision)


def document() -> Subject:
    """The document's nets where it measures them, one of each, on its 1000 rows.

    Its own script trains nothing; what is trained here, is by the preset "document".
    """
    document = experiment()
    return Subject(
        stack_of_one(NETWORK, document.bn, bn=True),
        stack_of_one(NETWORK, document.plain, bn=False),
        document.x.T.contiguous(),
        document.y[:, 0],
        PRESETS["document"].model_copy(update={"seeds": 1}),
        fitness_data(),
    )


def of_state(config: TrainConfig, dataset: Dataset, state: Mapping[str, NDArray[Any]]) -> Subject:
    """The nets of a snapshot's `state`, as a training of `config` on `dataset` left them."""
    prepared = prepare(config.data, dataset)
    return Subject(
        stack_of(config.network, state, "bn"),
        stack_of(config.network, state, "plain"),
        prepared.train_x[:, :PROBE_ROWS],
        prepared.train_y[:PROBE_ROWS],
        config,
        dataset,
    )
