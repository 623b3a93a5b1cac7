"""What a measure takes of the machine, from its config alone: before it starts.

As for trainings (:mod:`bnviz.core.training.cost`), whose counts and speeds these are.
"""

from collections.abc import Callable

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.costs.kept import kept
from bnviz.core.smoothness.costs.memory import HELD
from bnviz.core.smoothness.costs.seconds import Timed, seconds
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.training.cost import PROCESS, Cost, Sizes
from bnviz.core.training.cost import cost as training_cost

#: What takes more is not measured in the server, however quick it is: PROCESS and a good deal more.
LIGHT_BYTES = PROCESS + 300e6


def cost(measure: Measure, training: TrainConfig, rows: int, features: int) -> Cost:
    """The cost of a measure of the nets of a training on a table of `rows` x `features`."""
    nets = Timed(training, rows, features, getattr(measure, "bn_mode", "train"))
    taken, held = seconds(measure, nets), HELD.get(type(measure))
    memory = nets.state + (held(measure, nets) if held else 0.0)
    trained = _trained(measure, training)
    if trained is not None:
        again = training_cost(trained, rows, features)
        times = 2 if isinstance(measure, GapConfig) else 1
        epochs = trained.optimizer.epochs
        taken += times * epochs * Sizes(trained, rows, features).step().seconds
        memory = max(memory + nets.sizes.held(), times * (again.memory - PROCESS))
    return Cost(PROCESS + memory, taken, kept(measure, nets))


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


def _trained(measure: Measure, training: TrainConfig) -> TrainConfig | None:
    """What is trained anew for the measure, if anything is."""
    bare = training.model_copy(
        update={"probes": training.probes.model_copy(update={"checkpoints": 0})}
    )
    if isinstance(measure, GapConfig | AlongConfig):
        return bare
    if isinstance(measure, LandscapeConfig) and measure.plane == "path":
        return bare.model_copy(update={"seeds": 1})
    return None
