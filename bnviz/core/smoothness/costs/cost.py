"""What a measure takes of the machine, from its config alone: before it starts.

As for trainings (:mod:`bnviz.core.training.cost`), whose counts and speeds these are.
"""

from collections.abc import Callable

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.smoothness.measure import Measure
from bnviz.core.training.cost import NAMES, PROCESS, Cost, Sizes
from bnviz.core.training.cost import cost as training_cost
from bnviz.core.types import NETS

#: What takes more is not measured in the server, however quick it is: PROCESS and a good deal more.
LIGHT_BYTES = PROCESS + 300e6


def cost(measure: Measure, training: TrainConfig, rows: int, features: int) -> Cost:
    """The cost of a measure of the nets of a training on a table of `rows` x `features`.

    It keeps its newest result: eight bytes for each number, and what these are called.
    """
    nets = Nets(training, rows, features, getattr(measure, "bn_mode", "train"))
    own = measure.cost(nets)
    memory, seconds = nets.state + own.memory, own.seconds
    probes = training.probes.model_copy(update={"checkpoints": 0})
    again = measure.trainings(training.model_copy(update={"probes": probes}))
    if again:
        memory += nets.sizes.held()
    trained = 0.0
    for each in again:
        seconds += each.optimizer.epochs * Sizes(each, rows, features).step().seconds
        trained += training_cost(each, rows, features).memory - PROCESS
    return Cost(PROCESS + max(memory, trained), seconds, own.kept + len(NETS) * NAMES)


#: What may be made smaller; where none of it saves much, only other nets do.
SMALLER = ("moments", "halvings", "steps", "sizes", "probes", "lines", "points")


def remedy(
    measure: Measure, training: TrainConfig, rows: int, features: int, of: Callable[[Cost], float]
) -> str:
    """The setting of the measure to make smaller, or "nets": those of a smaller training."""

    def left(name: str) -> float:
        least = min(2, getattr(measure, name))
        smaller = measure.model_copy(update={name: max(least, getattr(measure, name) // 2)})
        return of(cost(smaller, training, rows, features))

    now = of(cost(measure, training, rows, features))
    saved = {name: now - left(name) for name in SMALLER if hasattr(measure, name)}
    best = max(saved, key=saved.__getitem__, default="nets")
    return best if saved.get(best, 0.0) > 0.2 * now else "nets"
