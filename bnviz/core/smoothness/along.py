"""Loss and gradient along the steps of a training (Santurkar et al. 2018, section 3.1).

The training is run anew from its config: same seeds, same batches, so that it is the same
training. Each figure is taken in train mode, on the very batch that the step is taken on.
"""

from collections.abc import Iterator
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.configs import TrainConfig
from bnviz.core.curvature.along_gradient import along_stack
from bnviz.core.data.preparation import prepare
from bnviz.core.smoothness.measure import AlongConfig, Pace, Progress, StopFlag
from bnviz.core.smoothness.results import Along, Floats, NetAlong
from bnviz.core.smoothness.subject import Subject, alive
from bnviz.core.training import comparison
from bnviz.core.training.train import Net, Run
from bnviz.core.verdict import Verdict

#: Santurkar et al. 2018, figure 4: from half to four times the learning rate.
RELATIVE = (0.5, 4.0)
#: Shares of `reach`.
ABSOLUTE = (1e-3, 1.0)


def measure(config: AlongConfig, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """Trains both nets and looks along the step at up to `moments` of their steps, in float64.

    Results grow by moments. A seed is NaN from when it diverged, and where a step
    leads out of the finite numbers.
    """
    run = Run(subject.config, prepare(subject.config.data, subject.dataset))
    total = _steps(subject.config, run.data.train_x.shape[1])
    wanted = moments(total, config.moments)
    sizes = step_sizes(config)
    scale = subject.config.optimizer.learning_rate if config.grid == "relative" else 1.0
    found: dict[str, list[Floats]] = {name: [] for name in run.nets}
    pace = Pace()
    for _ in range(subject.config.optimizer.epochs):
        for x, y in run.batches():
            if should_stop():
                return
            if run.steps in wanted:
                for name, net in run.nets.items():
                    found[name].append(_look(net, x, y, sizes * scale, config.grid == "absolute"))
            run.step(x, y)
            if pace.due():
                yield Progress(run.steps, total, _result(wanted, sizes, found))
    yield Progress(total, total, _result(wanted, sizes, found))


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


def _look(net: Net, x: Tensor, y: Tensor, sizes: Floats, unit: bool) -> Floats:
    """(6, S) the fields of NetAlong at one moment."""
    found = along_stack(net.stack, x, y, torch.from_numpy(sizes), unit=unit)
    figures = torch.stack(
        [
            found.loss,
            found.losses.amin(1),
            found.losses.amax(1),
            found.changes.amin(1),
            found.changes.amax(1),
            found.smoothness,
        ]
    ).numpy()
    return np.where(np.isfinite(figures) & alive(net.stack), figures, np.nan)


def _result(wanted: list[int], sizes: Floats, found: dict[str, list[Floats]]) -> Along | None:
    """What there is so far; None before the first moment."""
    done = len(found["plain"])
    if not done:
        return None
    nets = {
        name: NetAlong(*np.stack(looks, axis=1).astype(np.float64)) for name, looks in found.items()
    }
    return Along(np.array(wanted[:done], dtype=np.int64), sizes, nets["bn"], nets["plain"])


#: What the verdict can be.
Key = Literal[
    "along_relative_bn",
    "along_relative_plain",
    "along_relative_level",
    "along_absolute_bn",
    "along_absolute_plain",
    "along_absolute_level",
    "along_unknown",
]


def verdict(config: AlongConfig, result: Along) -> Verdict[Key]:
    """Which net's gradient changes less along its training's steps, by effective beta-smoothness.

    Each seed has its median over the moments at which it is finite in both nets. "level" if
    the nets' medians are equal or differ by less than the seeds do (see verdicts.Verdict).
    Values: `seeds`, `pairs`; of either net ..._smoothness (median over the pairs), ..._wins and
    ..._diverged (seeds); `difference_share`, and `spread_share` where there are two pairs.
    """
    bn, plain = result.bn.smoothness, result.plain.smoothness
    both = np.isfinite(bn) & np.isfinite(plain)
    one, other = _medians(bn, both), _medians(plain, both)
    found = comparison.compare(one, other, np.isnan(one), np.isnan(other))
    values: dict[str, float] = {
        "seeds": found.seeds,
        "pairs": found.pairs,
        "bn_diverged": int(np.isnan(result.bn.loss[-1]).sum()),
        "plain_diverged": int(np.isnan(result.plain.loss[-1]).sum()),
    }
    if not found.pairs:
        return Verdict("along_unknown", values)
    values |= {
        "bn_smoothness": found.bn_median,
        "plain_smoothness": found.plain_median,
        "bn_wins": found.bn_wins,
        "plain_wins": found.plain_wins,
        "difference_share": found.difference,
    }
    if found.beyond_spread is not None:
        values["spread_share"] = found.spread
    level = found.winner == "tie" or found.beyond_spread is False
    return Verdict(cast(Key, f"along_{config.grid}_{'level' if level else found.winner}"), values)


def _medians(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """(S,) over the moments (T, S) that are `known`; NaN for none."""
    pairs = zip(values.T, known.T, strict=True)
    return np.array([np.median(each[some]) if some.any() else np.nan for each, some in pairs])
