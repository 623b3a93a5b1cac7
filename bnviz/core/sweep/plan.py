"""How a sweep is worked on: which cells train as one stack, in which order, and how long."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bnviz.core.configs import TrainConfig
from bnviz.core.sweep.config import Cell, SweepConfig, cells
from bnviz.core.sweep.outcome import MOMENTS
from bnviz.core.training.cost import NAMES, PROCESS, Cost, Sizes, cost
from bnviz.core.types import NETS

#: About how long one stack of several cells may train, so that cells keep coming; how many
#: networks it has, and how much memory it takes.
SECONDS = 4.0
NETWORKS = 128
MEMORY = 1e9


@dataclass(frozen=True)
class Group:
    """Cells that train as one stack, and what that takes."""

    cells: tuple[Cell, ...]
    cost: Cost


def groups(
    config: SweepConfig, rows: int, features: int, done: Collection[int] = ()
) -> list[Group]:
    """All cells but those `done`, of a sweep on a table of `rows` x `features`; coarse ones first.

    Coarse: the ends of each axis, then what lies halfway between, and so on.
    """
    left = [cell for cell in cells(config) if cell.index not in done]
    shapes: dict[TrainConfig, list[Cell]] = {}
    for cell in sorted(left, key=lambda cell: (_level(config, cell), cell.index)):
        shapes.setdefault(_shape(cell.config), []).append(cell)
    stacks = [
        group
        for same in shapes.values()
        for group in _cut(same, config.metric == "sharpness", rows, features)
    ]
    return sorted(stacks, key=lambda group: min(_level(config, cell) for cell in group.cells))


def _shape(config: TrainConfig) -> TrainConfig:
    """The config with one value for what each network may have for itself: see train.OWN."""
    network, optimizer = config.network, config.optimizer
    if network.norm == "batch":
        momentum = None if network.torch_momentum is None else 0.1
        network = network.model_copy(update={"eps": 1.0, "torch_momentum": momentum})
    optimizer = optimizer.model_copy(update={"learning_rate": 1.0})
    return config.model_copy(update={"network": network, "optimizer": optimizer})


def _cut(same: list[Cell], sharpness: bool, rows: int, features: int) -> Iterator[Group]:
    """Cells of one shape in groups that are not too large."""
    start = 0
    while start < len(same):
        end = start + 1
        while end < len(same) and _fits(same[0].config, end + 1 - start, sharpness, rows, features):
            end += 1
        some = sorted(same[start:end], key=lambda cell: cell.config.optimizer.learning_rate)
        yield Group(tuple(some), _cost(some[0].config, len(some), sharpness, rows, features))
        start = end


def _fits(config: TrainConfig, count: int, sharpness: bool, rows: int, features: int) -> bool:
    networks, needed = count * config.seeds, _cost(config, count, sharpness, rows, features)
    return networks <= NETWORKS and needed.seconds <= SECONDS and needed.memory <= MEMORY


def _cost(config: TrainConfig, count: int, sharpness: bool, rows: int, features: int) -> Cost:
    """Of so many cells as one stack; eigenvalues are looked for in one cell after the other."""
    probes = config.probes.model_copy(update={"count": 1, "eigenvalues": True, "checkpoints": 0})
    cell = config.model_copy(update={"probes": probes})
    stack = cell.model_copy(update={"seeds": count * config.seeds})
    moments = min(MOMENTS, config.optimizer.epochs + 1)
    trained = cost(stack, rows, features, moments)
    numbers = moments + len(NETS) * config.seeds * (2 * moments + 2 + sharpness)
    kept = count * (8.0 * numbers + NAMES)
    if not sharpness:
        return Cost(trained.memory, trained.seconds, kept)
    searched, held = Sizes(cell, rows, features).probed(), Sizes(stack, rows, features).held()
    memory = max(trained.memory, PROCESS + held + searched.memory)
    return Cost(memory, trained.seconds + count * searched.seconds, kept)


def _level(config: SweepConfig, cell: Cell) -> int:
    """How fine the grid is that the cell first belongs to; 0 for the corners."""
    sizes = (len(axis.values) for axis in config.axes)
    return max(_depth(at, size) for at, size in zip(cell.place, sizes, strict=True))


def _depth(at: int, size: int) -> int:
    """How often 0 ... size - 1 is halved until `at` is an end."""
    low, high, depth = 0, size - 1, 0
    while at not in (low, high):
        middle = (low + high) // 2
        low, high = (low, middle) if at <= middle else (middle, high)
        depth += 1
    return depth
