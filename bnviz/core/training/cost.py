"""What a training takes of the machine, from its config alone: before it starts.

The memory follows from the shapes of what is held at once. The time follows from counts of
operations and how long each takes on one core of a machine of 2024: ``python -m tools.costs``
measures these numbers. How much faster or slower this machine is, jobs/bounds/speed.py knows.
Nothing here needs torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bnviz.core.configs import TrainConfig
from bnviz.core.memory import BASIS_BYTES, CHUNK_BYTES, FEWEST_VECTORS, MOST_PROBED
from bnviz.core.nets.norms.names import Norm
from bnviz.core.training.snapshots import GRADIENT_ROWS, LOSS_ROWS, PROBE_ROWS, STATE_BYTES

GIGABYTE = 2**30

#: How many inputs the document's data has.
FEATURES = 3

#: What a process takes that has Python, torch and the rest in memory, in bytes.
PROCESS = 400e6

#: What a net's figures, or its state, are called in a snapshot, in bytes.
NAMES = 2000


class Pass(NamedTuple):
    """Seconds of a pass through a plain net with ReLU."""

    weight: float
    """Of each parameter for each row."""
    activation: float
    """Of each unit for each row."""
    parameter: float
    """Of each parameter, however many rows."""
    call: float
    """Of each layer, however many networks and rows run together."""


Kind = Literal["loss", "gradient", "gradient64", "product"]

PASSES: dict[Kind, Pass] = {
    "loss": Pass(1.7e-11, 9.3e-10, 4e-9, 3e-5),
    "gradient": Pass(5.5e-11, 1.5e-9, 2.5e-9, 4.7e-5),
    "gradient64": Pass(9.9e-11, 2.6e-9, 1.7e-8, 5.7e-5),
    "product": Pass(3.1e-10, 5e-9, 2.8e-8, 9.3e-5),
}
#: How many times as long an activation and a call take with norms whose gradients are written out,
#: and with others, which autograd differentiates; and an activation with tanh.
BATCH, AUTOGRAD, TANH = (1.3, 2.1), (2.7, 2.6), 1.9
#: Seconds of a row of a batch; of a layer's figures in a snapshot; of drawing a probe, each layer
#: and each parameter; of Lanczos's basis, each parameter and pair of vectors; of its beginning;
#: of drawing what a net begins with, each layer.
ROW, FIGURES, DRAW, DRAWN, BASIS, START = 1.1e-8, 1e-4, 4e-6, 3.8e-9, 2e-9, 1.4e-3
INITIAL = 1.3e-4
#: Norms whose gradients are written out. With others twice as many layers' activations are held.
WRITTEN_OUT: tuple[Norm, ...] = ("batch", "weight", "none")
MORE = 2


@dataclass(frozen=True)
class Cost:
    """What a training takes."""

    memory: float
    """At its peak, in bytes, of a process of its own."""
    seconds: float
    kept: float = 0.0
    """Of its snapshots and nets, in bytes, in the history, at most."""


def cost(config: TrainConfig, rows: int, features: int, snapshots: int | None = None) -> Cost:
    """The cost of a training on a table of `rows` x `features`.

    With so many `snapshots`; if none are named, as :func:`bnviz.core.training.train.train` takes.
    """
    sizes = Sizes(config, rows, features)
    probed = sizes.probed() if config.probes.checkpoints else Cost(0.0, 0.0)
    snapshot, step = sizes.snapshot(), sizes.step()
    epochs = config.optimizer.epochs
    checkpoints = min(config.probes.checkpoints, epochs + 1)
    snapshots = snapshots or epochs + 1 + min(checkpoints, 1)
    seconds = sizes.initial() + epochs * step.seconds + snapshots * snapshot.seconds
    return Cost(
        PROCESS + sizes.held() + max(step.memory, snapshot.memory, probed.memory),
        seconds + checkpoints * probed.seconds,
        sizes.kept(snapshots, checkpoints),
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
        self.norms: tuple[Norm, ...] = (config.network.norm, *config.other_norms, "none")
        self.more = 0 if set(self.norms) <= set(WRITTEN_OUT) else MORE
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
        weights = len(self.norms) * (1 + moments) * self.seeds * self.parameters
        data = 4 * self.rows * (self.features + 1) + 4 * self.seeds * self.train
        rest = self.train % self.batch
        workspace = self.layers(self.batch, 3) + (self.layers(rest, 3) if rest else 0)
        return 4 * (weights + data + workspace)

    def passes(self, kind: Kind, norm: Norm, nets: float, rows: float, together: float) -> float:
        """Seconds of so many nets' passes on so many rows each, so many nets at a time."""
        weight, activation, parameter, call = PASSES[kind]
        slower, calling = BATCH if norm in WRITTEN_OUT else AUTOGRAD
        activation *= slower if norm not in ("weight", "none") else 1.0
        activation *= TANH if self.config.network.activation == "tanh" else 1.0
        call *= calling if norm != "none" else 1.0
        units = self.depth * self.width
        each = self.parameters * (rows * weight + parameter) + rows * units * activation
        return nets * each + math.ceil(nets / together) * (self.depth + 1) * call

    def all_nets(self, kind: Kind, rows: float, together: int) -> float:
        """Seconds of a pass of every seed of all nets."""
        return sum(self.passes(kind, norm, self.seeds, rows, together) for norm in self.norms)

    def initial(self) -> float:
        """Seconds until all nets have their initial weights."""
        each = (self.depth + 1) * INITIAL + self.parameters * DRAWN
        return len(self.norms) * self.seeds * each

    def step(self) -> Cost:
        """The cost of all steps of an epoch; the memory of one."""
        passing = 2 * self.seeds * self.batch * (self.features + 1)
        memory = 4 * (4 * self.seeds * self.parameters + passing + self.layers(self.batch, 0))
        steps = -(-self.train // self.batch)
        gradients = self.all_nets("gradient", self.train / steps, self.chunk(self.batch, 4))
        return Cost(memory, steps * gradients + self.seeds * self.train * ROW)

    def snapshot(self) -> Cost:
        """The cost of all nets' figures after an epoch, and of their state in three copies."""
        rows = min(LOSS_ROWS, self.train) + min(LOSS_ROWS, self.rows - self.train)
        state = 6 * self.seeds * self.parameters
        gradient_rows, nets = min(GRADIENT_ROWS, self.train), self.chunk(rows, 4)
        graph = (2 * self.depth + 2) * nets * self.width * rows
        gradient = (3 * self.depth + 3 + self.more) * nets * self.width * gradient_rows
        seconds = self.all_nets("loss", rows, nets)
        seconds += self.all_nets("gradient", gradient_rows, nets)
        figures = len(self.norms) * (self.depth + 1) * FIGURES
        return Cost(4 * (state + graph + gradient), seconds + figures)

    def kept(self, snapshots: int, checkpoints: int) -> float:
        """Bytes of so many snapshots' figures and, thinned, of the nets at checkpoints."""
        figures = 8 * self.seeds * (10 + 18 * self.depth) + NAMES
        nets = 4 * self.seeds * self.parameters + NAMES
        states = max(nets, min((checkpoints + 1) * nets, STATE_BYTES / len(self.norms)))
        return len(self.norms) * (snapshots * figures + states)

    def probed(self) -> Cost:
        """The cost of a checkpoint's probes and, where they are asked for, eigenvalues."""
        probes, most = self.config.probes, max(1, MOST_PROBED // self.parameters)
        rows, both = min(PROBE_ROWS, self.train), (self.config.network.norm, self.norms[-1])
        kind: Kind = "gradient64" if probes.precision == "float64" else "gradient"
        size = 8 if kind == "gradient64" else 4
        chunk = min(most, max(1, CHUNK_BYTES // (rows * self.width * size)))
        held = 8 * self.parameters + (3 * self.depth + 6 + self.more) * self.width * rows
        drawn = probes.count * ((self.depth + 1) * DRAW + self.parameters * DRAWN)
        gradients = (probes.count, chunk), (1, 1)  # where the probes lead, and where they begin
        seconds = self.seeds * sum(
            drawn + sum(self.passes(kind, norm, nets, rows, some) for nets, some in gradients)
            for norm in both
        )
        if not probes.eigenvalues:
            return Cost(size * chunk * held, seconds)
        nets = min(self.chunk(rows, 8), most)
        room = min(300, max(FEWEST_VECTORS, BASIS_BYTES // (8 * nets * self.parameters)))
        basis = (room + 12) * nets * self.parameters
        graph = 14 * self.depth * nets * self.width * rows
        memory = max(size * chunk * held, 8 * (basis + graph))
        return Cost(memory, seconds + sum(self.search(norm, self.seeds, nets) for norm in both))

    def search(self, norm: Norm, nets: int, together: int) -> float:
        """Seconds of Lanczos until it has the ends of the spectra, as a training wants them."""
        rows = min(PROBE_ROWS, self.train)
        products = min(self.parameters, 5.3 * math.pow(self.width, 0.27) * math.pow(nets, 0.17))
        seconds = products * self.passes("product", norm, nets, rows, together)
        seconds += products**2 * nets * self.parameters * BASIS
        return seconds + math.ceil(nets / together) * START
