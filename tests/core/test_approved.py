"""What trainings, measures and sweeps are said to cost, as text: `approved/costs`.

The coefficients were measured (tools/costs); whether they hold is measured in jobs/bounds.
"""

from operator import attrgetter

from bnviz.core.configs import (
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.smoothness.costs import cost as of_measures
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep.config import RATE, Axis, SweepConfig
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.presets import PRESETS as SWEEP_PRESETS
from bnviz.core.training import cost
from bnviz.core.training.presets import PRESETS
from tests.approval import approve

#: Beside the presets one whose stacks are as large as memory lets them be.
SWEEPS = SWEEP_PRESETS | {
    "sharpness": SWEEP_PRESETS["eps_scale"].model_copy(update={"metric": "sharpness"}),
    "wide": SweepConfig(
        base=TrainConfig(network=NetworkConfig(depth=8), seeds=4),
        axes=(
            Axis(field="network.width", values=(4, 400)),
            Axis(field=RATE, values=tuple(1e-3 * (1 + at) for at in range(12))),
        ),
    ),
}
MEASURED = attrgetter("memory"), attrgetter("seconds")
#: Trainings that meet each limit, of memory and of rows, from one side and from the other.
TRAININGS = {
    "document": (TrainConfig(), 1000),
    "momentum": (
        TrainConfig(
            data=DataConfig(validation=0.3),
            network=NetworkConfig(depth=3, width=20),
            optimizer=OptimizerConfig(kind="momentum", epochs=7, batch_size=48),
            probes=ProbeConfig(precision="float32", checkpoints=3),
            seeds=11,
        ),
        150,
    ),
    "arena": (PRESETS["arena"], 30_000),
    "layer": (TrainConfig(network=NetworkConfig(norm="layer"), optimizer={"kind": "sgd"}), 4000),
    "unprobed": (TrainConfig(probes=ProbeConfig(checkpoints=0), seeds=64), 100_000),
    "no eigenvalues": (TrainConfig(probes=ProbeConfig(eigenvalues=False)), 1000),
    "wide": (TrainConfig(network=NetworkConfig(depth=6, width=400), seeds=3), 20_000),
    "widest": (TrainConfig(network=NetworkConfig(depth=8, width=512), seeds=2), 100),
    "tiny": (TrainConfig(network=NetworkConfig(width=1), optimizer={"batch_size": 2}, seeds=1), 2),
}


def test_trainings() -> None:
    lines = []
    for name, (config, rows) in TRAININGS.items():
        sizes = cost.Sizes(config, rows, 5)
        parts = sizes.step(), sizes.snapshot(), sizes.probed(), cost.cost(config, rows, 5)
        lines += [f"{name}: {sizes.parameters} parameters, {sizes.held():.6g} bytes held"]
        for part, needed in zip(("step", "snapshot", "probed", "whole"), parts, strict=True):
            lines.append(f"    {part}: {needed.memory:.6g} bytes, {needed.seconds:.6g} s")
        lines.append(f"    of 2 snapshots: {cost.cost(config, rows, 5, 2).seconds:.6g} s")
        advice = [cost.remedy(config, rows, 5, of) for of in MEASURED]
        lines.append(f"    make smaller: {', '.join(advice)}")
        smaller = {
            each: cost.cost(make(config), rows, 5).seconds for each, make in cost.SMALLER.items()
        }
        lines.append("    halved: " + ", ".join(f"{k} {v:.6g} s" for k, v in smaller.items()))
    approve("costs/trainings", iter(lines))


WIDE = TrainConfig(network=NetworkConfig(depth=6, width=400), seeds=2)
NARROW = TrainConfig(network=NetworkConfig(depth=2, width=12, norm="rms"), seeds=5)
DEEP = TrainConfig(network=NetworkConfig(depth=8, width=512), optimizer={"batch_size": 48}, seeds=2)


def test_measures() -> None:
    landscapes = [LandscapeConfig(plane=plane) for plane in ("path", "eigen")]
    lines = []
    for training, rows in ((NARROW, 300), (WIDE, 1000), (DEEP, 1000)):
        lines.append(f"{training.network.model_dump(exclude_defaults=True)}, {rows} rows")
        for measure in [*(kind() for kind in MEASURES.values()), *landscapes]:
            needed = of_measures.cost(measure, training, rows, 3)
            nets = Nets(training, rows, 3, getattr(measure, "bn_mode", "train"))
            advice = [of_measures.remedy(measure, training, rows, 3, of) for of in MEASURED]
            lines.append(
                f"    {measure.kind} {getattr(measure, 'plane', '')}: {needed.memory:.7g} bytes, "
                f"{measure.cost(nets).memory:.7g} held, {needed.seconds:.6g} s; "
                f"make smaller: {', '.join(advice)}"
            )
            told = measure.gradients(10, rows, training.seeds)
            lines.append(f"        {told.count} gradients, in the server: {told.light}")
    approve("costs/measures", iter(lines))


def test_plans_of_sweeps() -> None:
    lines = []
    for name, config in SWEEPS.items():
        lines.append(f"{name}: cells of each stack, in their order, but for cell 3")
        for group in groups(config, 8000, 3, done=(3,)):
            indices = " ".join(str(cell.index) for cell in group.cells)
            needed = f"{group.cost.memory:.6g} bytes, {group.cost.seconds:.6g} s"
            lines.append(f"    {indices}: {needed}")
    approve("costs/sweeps", iter(lines))
