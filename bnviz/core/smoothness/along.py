"""Loss and gradient along the steps of a training (Santurkar et al. 2018, section 3.1).

The training is run anew from its config: same seeds, same batches, so that it is the same
training. Each figure is taken in train mode, on the very batch that the step is taken on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import decades, doubling, stops
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Needs, Progress, Throttle
from bnviz.core.training import comparison
from bnviz.core.training.cost import Cost
from bnviz.core.types import NETS, Bools, Floats, StopFlag, check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from torch import Tensor

    from bnviz.core.smoothness.subject import Subject
    from bnviz.core.training.train import Net

#: Santurkar et al. 2018, figure 4: from half to four times the learning rate.
RELATIVE = (0.5, 4.0)
#: Shares of `reach`.
ABSOLUTE = (1e-3, 1.0)
#: Gradients that a look along a step takes.
LOOK = 1.35


@dataclass(frozen=True)
class NetAlong:
    """One net along its training; T moments, S seeds."""

    loss: Floats
    """(T, S) of the batch, where the step begins."""
    loss_low: Floats
    """(T, S) smallest loss over the step sizes."""
    loss_high: Floats
    """(T, S) largest loss over the step sizes."""
    change_low: Floats
    """(T, S) smallest |gradient change| over the step sizes: gradient predictiveness."""
    change_high: Floats
    smoothness: Floats
    """(T, S) largest |gradient change| / |step|: the effective beta-smoothness."""


@dataclass(frozen=True)
class Along:
    """Both nets along the same training; train mode, the batch that the step is taken on."""

    steps: NDArray[np.int64]
    """(T,) training steps done before."""
    sizes: Floats
    """(Q,) the grid: times the learning rate (relative), or distance moved (absolute)."""
    bn: NetAlong
    plain: NetAlong


#: What the verdict can be.
Key = Literal[
    "relative_bn",
    "relative_plain",
    "relative_level",
    "relative_few",
    "absolute_bn",
    "absolute_plain",
    "absolute_level",
    "absolute_few",
    "diverged",
    "unknown",
]


class AlongConfig(Measure):
    """Santurkar et al. 2018, section 3.1, along a training from the subject's own config.

    `grid` "relative": step sizes are 2^-1 ... 2^2 times the learning rate along the gradient,
    so that a net with larger gradients steps farther; "absolute": both nets move equally far,
    10^-3 ... 1 times `reach` in parameter space.
    """

    needs: ClassVar[Needs] = "training"
    draws: ClassVar[bool] = False
    result: ClassVar = Along
    kind: Literal["along"] = "along"
    grid: Literal["relative", "absolute"] = "relative"
    sizes: int = stops(8, doubling(2, 32))
    reach: float = stops(0.1, decades(-3, 2, (1,)), gt=0.0)
    moments: int = stops(100, (5, 10, 20, 50, 100, 200, 500, 1000), ge=2)
    """At most so many training steps are measured, evenly spread."""

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """One for each step size, and one where the step begins."""
        gradients = len(NETS) * seeds * self.moments * (self.sizes + 1)
        return Gradients(gradients, parameters, rows, trains=True)

    def cost(self, nets: Nets) -> Cost:
        """The gradients of every step size at once, on a batch."""
        sizes, batch, seeds = nets.sizes, nets.sizes.batch, nets.seeds
        each = 4 * nets.depth * nets.width * batch + 6 * nets.parameters
        held = 8.0 * 4 * seeds * nets.parameters + 8.0 * nets.chunk(8, batch) * each
        steps = sizes.config.optimizer.epochs * -(-sizes.train // batch)
        gradients = nets.both("gradient64", seeds * (self.sizes + 1), batch)
        kept = self.moments * (1 + len(NETS) * 6 * seeds) + self.sizes
        return Cost(held, LOOK * min(self.moments, steps) * gradients, 8.0 * kept)

    def trainings(self, training: TrainConfig) -> list[TrainConfig]:
        """The subject's."""
        return [training]

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Trains both nets and looks along the step at up to `moments` of their steps, in float64.

        Results grow by moments. A seed is NaN from when it diverged, and where a step
        leads out of the finite numbers.
        """
        from bnviz.core.data.preparation import prepare
        from bnviz.core.training.train import Run

        run = Run(subject.config, prepare(subject.config.data, subject.dataset))
        total = _steps(subject.config, run.data.train_x.shape[1])
        wanted = moments(total, self.moments)
        sizes = step_sizes(self)
        scale = subject.config.optimizer.learning_rate if self.grid == "relative" else 1.0
        looks: dict[str, list[Floats]] = {name: [] for name in run.nets}
        throttle = Throttle()
        for _ in range(subject.config.optimizer.epochs):
            for x, y in run.batches():
                check(should_stop)
                if run.steps in wanted:
                    for name, net in run.nets.items():
                        looks[name].append(_look(net, x, y, sizes * scale, self.grid == "absolute"))
                run.step(x, y)
                if throttle.due():
                    yield Progress(run.steps, total, _result(wanted, sizes, looks))
        yield Progress(total, total, _result(wanted, sizes, looks))

    def verdicts(self, result: Along) -> tuple[Verdict[Key], ...]:
        """Which net's gradient changes less along the steps, by effective beta-smoothness.

        Each seed has its median over the moments at which it is finite in both nets; a net that
        "diverged" loses its seed. "level" if a sign test over the seeds tells no
        difference, "few" if they are too few for one.
        Values: `seeds`; of either net ..._smoothness (median over the seeds finite in both to the
        end) and ..._wins; `evidence`, how sure that is.
        """
        bn, plain = result.bn.smoothness, result.plain.smoothness
        both = np.isfinite(bn) & np.isfinite(plain)
        gone = np.isnan(result.bn.loss[-1]), np.isnan(result.plain.loss[-1])
        nets = comparison.compare(_medians(bn, both), _medians(plain, both), *gone)
        lost = {"bn_diverged": int(gone[0].sum()), "plain_diverged": int(gone[1].sum())}
        diverged = (Verdict[Key]("diverged", lost),) if np.any(gone) else ()
        if np.isnan(nets.bn_median):
            return (Verdict("unknown"), *diverged)
        values: dict[str, Any] = {
            "seeds": nets.seeds,
            "bn_smoothness": nets.bn_median,
            "plain_smoothness": nets.plain_median,
            "bn_wins": nets.bn_wins,
            "plain_wins": nets.plain_wins,
            "evidence": comparison.evidence(nets),
        }
        level = "few" if nets.differing < comparison.FEWEST else "level"
        key = f"{self.grid}_{nets.winner if nets.winner in NETS else level}"
        return (Verdict(cast(Key, key), values), *diverged)


def step_sizes(config: AlongConfig) -> Floats:
    """(Q,) the grid, ascending and geometric: times the learning rate, or distances."""
    if config.grid == "relative":
        return np.geomspace(*RELATIVE, config.sizes)
    return np.geomspace(*ABSOLUTE, config.sizes) * config.reach


def moments(steps: int, count: int) -> list[int]:
    """At most `count` of so many steps, evenly spread, the first and the last among them."""
    return sorted({round(index * (steps - 1) / (count - 1)) for index in range(count)})


def _steps(config: TrainConfig, rows: int) -> int:
    """Of the whole training; a last batch of a single row is none."""
    whole, rest = divmod(rows, config.optimizer.batch_size)
    return config.optimizer.epochs * (whole + (rest > 1))


def _look(net: "Net", x: "Tensor", y: "Tensor", sizes: Floats, unit: bool) -> Floats:
    """(6, S) the fields of NetAlong at one moment."""
    import torch

    from bnviz.core.curvature.along_gradient import along_stack

    along = along_stack(net.stack, x, y, torch.from_numpy(sizes), unit=unit)
    figures = torch.stack(
        [
            along.loss,
            along.losses.amin(1),
            along.losses.amax(1),
            along.changes.amin(1),
            along.changes.amax(1),
            along.smoothness,
        ]
    ).numpy()
    return np.where(np.isfinite(figures) & net.stack.alive, figures, np.nan)


def _result(wanted: list[int], sizes: Floats, looks: dict[str, list[Floats]]) -> Along | None:
    """What there is so far; None before the first moment."""
    done = len(looks["plain"])
    if not done:
        return None
    bn, plain = (NetAlong(*np.stack(looks[net], axis=1).astype(np.float64)) for net in NETS)
    return Along(np.array(wanted[:done], dtype=np.int64), sizes, bn, plain)


def _medians(values: Floats, known: Bools) -> Floats:
    """(S,) over the moments (T, S) that are `known`; NaN for none."""
    pairs = zip(values.T, known.T, strict=True)
    return np.array([np.median(each[some]) if some.any() else np.nan for each, some in pairs])
