"""What a training takes of the machine, from its config alone: before it starts.

The memory follows from the shapes of what is held at once. The time follows from counts of
operations and how long each takes on one core of a machine of 2024; how much faster or slower
this one is, jobs/bounds/speed.py knows. Nothing here needs torch.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bnviz.core.configs import TrainConfig
from bnviz.core.nets.norms.names import Norm
from bnviz.core.training.snapshots import GRADIENT_ROWS, LOSS_ROWS, PROBE_ROWS

GIGABYTE = 2**30

#: How many inputs the document's data has.
FEATURES = 3

#: What a process takes that has Python, torch and the rest in memory, in bytes.
PROCESS = 400e6

#: Of one layer's activations in a chunk of networks: bnviz.core.nets.chunks.CHUNK_BYTES.
CHUNK_BYTES = 2_600_000
#: Of Lanczos's basis, and the fewest vectors it has: bnviz.core.curvature.lanczos.
BASIS_BYTES, FEWEST = 256 * 2**20, 12
#: The most parameters probed together: bnviz.core.training.probes.NUMBERS.
NUMBERS = 3_000_000

#: Seconds of a multiplication and addition in a matrix product, float32; of an activation, forward
#: and back; of a parameter in an optimizer's step; of a row of a batch; of Python and torch for a
#: layer of a chunk of networks, however small. In float64 a number takes twice as long.
FLOP, ACTIVATION, PARAMETER, ROW, LAYER = 2.3e-11, 4.5e-9, 2.8e-9, 1.1e-8, 1.7e-4
#: Norms whose gradients are written out. With others autograd makes a training take so many times
#: as long, both nets together, and hold so many layers' activations more.
WRITTEN_OUT: tuple[Norm, ...] = ("batch", "weight", "none")
SLOWER, MORE = 1.45, 2
#: What the optimizers' steps take, times PARAMETER.
MOVING = {"sgd": 1.0, "momentum": 1.5, "adam": 4.0}
#: Products of a Hessian until Lanczos has the ends, as a rule; and in a training, whose tolerance
#: is larger (bnviz.core.training.probes).
PRODUCTS, FEW_PRODUCTS = 60, 20


@dataclass(frozen=True)
class Cost:
    """What a training takes."""

    memory: float
    """At its peak, in bytes, of a process of its own."""
    seconds: float


def cost(config: TrainConfig, rows: int, features: int, snapshots: int | None = None) -> Cost:
    """The cost of a training on a table of `rows` x `features`.

    With so many `snapshots`, one an epoch if none are named.
    """
    sizes = Sizes(config, rows, features)
    probed = sizes.probed() if config.probes.checkpoints else Cost(0.0, 0.0)
    snapshot, step = sizes.snapshot(), sizes.step()
    epochs, checkpoints = config.optimizer.epochs, min(config.probes.checkpoints, 1000)
    seconds = epochs * step.seconds + (snapshots or epochs) * snapshot.seconds
    return Cost(
        PROCESS + sizes.held() + max(step.memory, snapshot.memory, probed.memory),
        sizes.slower * (sizes.nets / 2 * seconds + checkpoints * probed.seconds),
    )


#: The settings that make a training smaller; those first that change least what it shows.
SMALLER: dict[str, Callable[[TrainConfig], TrainConfig]] = {
    "batch_size": lambda c: _with(c, "optimizer", batch_size=max(2, c.optimizer.batch_size // 2)),
    "seeds": lambda c: c.model_copy(update={"seeds": max(1, c.seeds // 2)}),
    "epochs": lambda c: _with(c, "optimizer", epochs=max(1, c.optimizer.epochs // 2)),
    "width": lambda c: _with(c, "network", width=max(1, c.network.width // 2)),
    "depth": lambda c: _with(c, "network", depth=max(1, c.network.depth // 2)),
    "checkpoints": lambda c: _with(c, "probes", checkpoints=c.probes.checkpoints // 2),
}


def remedy(config: TrainConfig, rows: int, features: int, of: Callable[[Cost], float]) -> str:
    """The setting to make smaller: halved it saves most, or not much less and changes less."""
    now = of(cost(config, rows, features))
    saved = {
        name: now - of(cost(smaller(config), rows, features)) for name, smaller in SMALLER.items()
    }
    return next(name for name in SMALLER if saved[name] >= 0.4 * max(saved.values()))


def _with(config: TrainConfig, part: str, **values: int) -> TrainConfig:
    return config.model_copy(update={part: getattr(config, part).model_copy(update=values)})


class Sizes:
    """Of what a training holds, in numbers, and how long its parts take."""

    def __init__(self, config: TrainConfig, rows: int, features: int) -> None:
        self.config, self.features = config, features
        self.depth, self.width, self.seeds = (
            config.network.depth,
            config.network.width,
            config.seeds,
        )
        self.rows = rows
        self.nets = 2 + len(config.other_norms)
        written_out = config.network.norm in WRITTEN_OUT and not config.arena
        self.more = 0 if written_out else MORE
        self.slower = 1.0 if written_out else SLOWER
        self.train = max(2, round(rows * (1 - config.data.validation)))
        self.batch = min(config.optimizer.batch_size, self.train)
        between = (self.depth - 1) * (self.width + 1) * self.width
        self.parameters = (features + 1) * self.width + between + self.width + 1
        self.parameters += 2 * self.depth * self.width

    def chunk(self, rows: int, itemsize: int) -> int:
        """Networks at a time."""
        return min(self.seeds, max(1, CHUNK_BYTES // (rows * self.width * itemsize)))

    def layers(self, rows: int, copies: float) -> float:
        """Numbers in so many copies of all layers' activations of a chunk of networks."""
        return (copies * self.depth + 3 + self.more) * self.chunk(rows, 4) * self.width * rows

    def held(self) -> float:
        """Bytes of weights, optimizer, data and workspace, throughout."""
        moments = {"sgd": 0, "momentum": 1, "adam": 2}[self.config.optimizer.kind]
        weights = self.nets * (1 + moments) * self.seeds * self.parameters
        data = 4 * self.rows * (self.features + 1) + 4 * self.seeds * self.train
        rest = self.train % self.batch
        workspace = self.layers(self.batch, 3) + (self.layers(rest, 3) if rest else 0)
        return 4 * (weights + data + workspace)

    def step(self) -> Cost:
        """Of all steps of an epoch, and the memory of one."""
        passing = 2 * self.seeds * self.batch * (self.features + 1)
        memory = 4 * (4 * self.seeds * self.parameters + passing + self.layers(self.batch, 0))
        steps = -(-self.train // self.batch)
        chunks = -(-self.seeds // self.chunk(self.batch, 4))
        rows = self.seeds * self.train
        moving = MOVING[self.config.optimizer.kind] * steps * self.seeds * self.parameters
        seconds = rows * (6 * self.parameters * FLOP + self.width * self.depth * ACTIVATION)
        seconds += 4 * rows * ROW + moving * PARAMETER
        return Cost(memory, seconds + steps * chunks * (self.depth + 0.4) * LAYER)

    def snapshot(self) -> Cost:
        """What is said of both nets after an epoch, and their state in three copies."""
        rows = min(LOSS_ROWS, self.train) + min(LOSS_ROWS, self.rows - self.train)
        state = 6 * self.seeds * self.parameters
        gradient_rows = min(GRADIENT_ROWS, self.train)
        chunk = self.chunk(rows, 4) * self.width
        graph = (2 * self.depth + 2) * chunk * rows
        gradient = (3 * self.depth + 3 + self.more) * chunk * gradient_rows
        passes = self.parameters * (2 * rows + 6 * gradient_rows) * FLOP
        passes += 0.65 * self.width * self.depth * (rows + 2 * gradient_rows) * ACTIVATION
        chunks = -(-self.seeds // self.chunk(rows, 4))
        seconds = self.seeds * (passes + 5 * self.parameters * PARAMETER)
        return Cost(
            4 * (state + graph + gradient), seconds + 3.5 * chunks * (self.depth + 1) * LAYER
        )

    def probed(self) -> Cost:
        """Probes and, where they are asked for, eigenvalues, of both nets at a checkpoint."""
        rows, most = min(PROBE_ROWS, self.train), max(1, NUMBERS // self.parameters)
        size = 8 if self.config.probes.precision == "float64" else 4
        chunk = min(most, max(1, CHUNK_BYTES // (rows * self.width * size)))
        lipschitz = (
            size
            * chunk
            * (8 * self.parameters + (3 * self.depth + 6 + self.more) * self.width * rows)
        )
        gradients = self.seeds * self.config.probes.count
        seconds = 2 * gradients * (self.gradient(rows, size, chunk) + 0.13 * self.depth * LAYER)
        if not self.config.probes.eigenvalues:
            return Cost(lipschitz, seconds)
        nets = min(self.chunk(rows, 8), most)
        room = min(300, max(FEWEST, BASIS_BYTES // (8 * nets * self.parameters)))
        basis = (room + 12) * nets * self.parameters
        graph = 14 * self.depth * nets * self.width * rows
        products = self.seeds * FEW_PRODUCTS
        product = 2 * self.gradient(rows, 8, nets)
        return Cost(max(lipschitz, 8 * (basis + graph)), seconds + 2 * products * product)

    def gradient(self, rows: int, itemsize: int, together: int) -> float:
        """Seconds of one gradient of one net, of so many that run together."""
        passes = 0.4 * 6 * self.parameters * FLOP + 0.7 * self.width * self.depth * ACTIVATION
        calls = 0.15 * (self.depth + 2) * LAYER / together
        return itemsize / 4 * rows * passes + 4 * self.parameters * PARAMETER + calls
