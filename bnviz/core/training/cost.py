"""What a training takes of the machine, from its config alone: before it starts.

The memory follows from the shapes of what is held at once. The time follows from counts of
operations and the speed of one core of a machine of 2024; other machines differ. Nothing here
needs torch.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bnviz.core.configs import Norm, TrainConfig
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

#: Multiplications and additions a second, float32 and float64; numbers a second that pass
#: through an elementwise step; seconds that a tensor operation takes however small it is.
RATE, DOUBLE_RATE, STREAM, CALL = 1e11, 4e10, 4e8, 6e-6
#: Norms whose gradients are written out. With others autograd makes a training take so many times
#: as long, both nets together, and hold so many layers' activations more.
WRITTEN_OUT: tuple[Norm, ...] = ("batch", "weight", "none")
SLOWER, MORE = 1.6, 2
#: The same of an arena's nets.
ARENA = 10.0
#: Products of a Hessian until Lanczos has the ends, as a rule.
PRODUCTS = 60


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
    snapshot = sizes.snapshot()
    step = sizes.step()
    slower = 1.0 if config.network.norm in WRITTEN_OUT else SLOWER
    slower *= ARENA if config.arena else 1.0
    epochs, checkpoints = config.optimizer.epochs, min(config.probes.checkpoints, 1000)
    return Cost(
        PROCESS + sizes.held() + max(step.memory, snapshot.memory, probed.memory),
        slower * (epochs * step.seconds + checkpoints * probed.seconds)
        + (snapshots or epochs) * snapshot.seconds * sizes.nets / 2,
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
        activations = self.seeds * self.train * self.width * self.depth
        work = 6 * self.seeds * self.train * self.parameters / RATE
        moving = 24 * steps * self.seeds * self.parameters / STREAM / 4
        calls = steps * (chunks * (30 * self.depth + 15) + 15) * CALL
        return Cost(memory, 2 * (work + 6 * activations / STREAM / 4 + moving + calls))

    def snapshot(self) -> Cost:
        """What is said of both nets after an epoch, and their state in three copies."""
        rows = min(LOSS_ROWS, self.train) + min(LOSS_ROWS, self.rows - self.train)
        state = 6 * self.seeds * self.parameters
        gradient_rows = min(GRADIENT_ROWS, self.train)
        chunk = self.chunk(rows, 4) * self.width
        graph = (2 * self.depth + 2) * chunk * rows
        gradient = (3 * self.depth + 3 + self.more) * chunk * gradient_rows
        work = 2 * self.seeds * self.parameters * (2 * rows + 6 * gradient_rows) / RATE
        moving = 2 * self.seeds * self.width * self.depth * 2 * rows / STREAM / 2
        return Cost(4 * (state + graph + gradient), work + moving + 1500 * self.depth * CALL)

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
        rate = DOUBLE_RATE if size == 8 else RATE
        flops = 6 * rows * self.parameters
        moving = 6 * rows * self.width * self.depth / STREAM + 12 * self.parameters / STREAM
        gradients = self.seeds * self.config.probes.count
        calls = (30 * self.depth + 30) * CALL
        state = 6 * self.seeds * self.parameters / STREAM
        seconds = 2 * (gradients * (flops / rate + moving + calls / chunk) + state)
        if not self.config.probes.eigenvalues:
            return Cost(lipschitz, seconds)
        nets = min(self.chunk(rows, 8), most)
        room = min(300, max(FEWEST, BASIS_BYTES // (8 * nets * self.parameters)))
        basis = (room + 12) * nets * self.parameters
        graph = 14 * self.depth * nets * self.width * rows
        products = self.seeds * PRODUCTS
        product = 1.2 * flops / DOUBLE_RATE + moving + 2 * calls / nets
        return Cost(max(lipschitz, 8 * (basis + graph)), seconds + 2 * products * product)
