"""What is measured, and how: one frozen config a measure.

Every measure names its subject: a stored run at one of its checkpoints, or the
document's nets where the document measures them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, TypeAdapter

from bnviz.core.configs import BnMode, Config, Seed
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

Needs = Literal["nets", "training", "nothing"]


class SubjectConfig(Config):
    """Both nets of a stored `run` at the checkpoint `epoch` (None: its last); no run: the
    document's nets, whose weights are untrained and whose running statistics are warmed up.
    """

    run: str | None = None
    epoch: int | None = Field(None, ge=0)


class Measure(Config):
    """Base of all measures."""

    needs: ClassVar[Needs] = "nets"
    """Of its subject: its nets at a checkpoint; its training, to begin anew; nothing, for the
    document's nets are all it measures.
    """
    draws: ClassVar[bool] = True
    """Whether it draws random directions, which `seed` starts."""
    kind: str
    subject: SubjectConfig = SubjectConfig()
    seed: Seed = 0

    def of(self, subject: SubjectConfig) -> Self:
        """The same measure of another subject, without what it does not need of it."""
        if self.needs == "nothing":
            subject = SubjectConfig()
        elif self.needs == "training" or subject.run is None:
            subject = SubjectConfig(run=subject.run)
        return self.model_copy(update={"subject": subject})


class ReplayConfig(Measure):
    """The document's estimator on the document's nets, probe by probe. Has no subject to choose."""

    needs: ClassVar[Needs] = "nothing"
    draws: ClassVar[bool] = False
    kind: Literal["replay"] = "replay"
    probes: int = Field(100, ge=2, le=1000)


class ScalesConfig(Measure):
    """Random probes over scales from 1e-8 to 1e-1, in float32 and float64, of one net each."""

    kind: Literal["scales"] = "scales"
    bn_mode: BnMode = "eval"
    net: int = Field(0, ge=0, le=63)
    """Which seed of the run."""
    probes: int = Field(32, ge=2, le=200)


class ExtremesConfig(Measure):
    """Both ends of the spectrum, traces and random probes, of every seed."""

    kind: Literal["extremes"] = "extremes"
    bn_mode: BnMode = "eval"
    probes: int = Field(64, ge=2, le=1000)


class DensityConfig(Measure):
    """The whole spectrum of one net each: exact where it is small, else by quadrature."""

    kind: Literal["density"] = "density"
    bn_mode: BnMode = "eval"
    net: int = Field(0, ge=0, le=63)
    probes: int = Field(16, ge=2, le=64)
    steps: int = Field(80, ge=8, le=200)


class GapConfig(Measure):
    """Raw or standardized inputs, BN or none, train or eval mode, before and after training.

    Trains anew from the subject's own config, so its `epoch` does not matter.
    """

    needs: ClassVar[Needs] = "training"
    kind: Literal["gap"] = "gap"
    probes: int = Field(32, ge=2, le=200)


class AlongConfig(Measure):
    """Santurkar et al. 2018, section 3.1, along a training from the subject's own config.

    `grid` "relative": step sizes are 2^-1 ... 2^2 times the learning rate along the gradient,
    so that a net with larger gradients steps farther; "absolute": both nets move equally far,
    10^-3 ... 1 times `reach` in parameter space.
    """

    needs: ClassVar[Needs] = "training"
    draws: ClassVar[bool] = False
    kind: Literal["along"] = "along"
    grid: Literal["relative", "absolute"] = "relative"
    sizes: int = Field(8, ge=2, le=32)
    reach: float = Field(0.1, gt=0.0, le=100.0)
    moments: int = Field(100, ge=2, le=1000)
    """At most so many training steps are measured, evenly spread."""


class LandscapeConfig(Measure):
    """The loss on a plane through the subject's nets and along lines, of one seed.

    `plane` "random": two filter-normalized directions (Li et al. 2018, section 4), `extent` in
    units of the filters' norms; "eigen": the top two Hessian eigenvectors, `extent` in units of
    the distance at which the curvature along the first would double the loss; "path": the
    plane of the net's own training path, `extent` 1 shows it whole. The distances along the
    lines are as for "random", whatever the plane.
    """

    kind: Literal["landscape"] = "landscape"
    plane: Literal["random", "eigen", "path"] = "random"
    bn_mode: BnMode = "eval"
    net: int = Field(0, ge=0, le=63)
    extent: float = Field(1.0, gt=0.0, le=100.0)
    points: Literal[13, 25, 51] = 51
    """Along each side; coarser planes come first."""
    lines: int = Field(16, ge=2, le=100)


class StabilityConfig(Measure):
    """At which learning rate does full-batch gradient descent become unstable? All seeds.

    From the subject's nets, on its training rows, BN in train mode as in training.
    """

    draws: ClassVar[bool] = False
    kind: Literal["stability"] = "stability"
    steps: int = Field(100, ge=10, le=2000)
    """Of gradient descent, in each trial and in the sharpness curves."""
    halvings: int = Field(12, ge=4, le=30)
    """Bisections of the interval that brackets the threshold, in log rate."""


AnyMeasure = Annotated[
    ReplayConfig
    | ScalesConfig
    | ExtremesConfig
    | DensityConfig
    | GapConfig
    | AlongConfig
    | LandscapeConfig
    | StabilityConfig,
    Field(discriminator="kind"),
]


#: Every measure's config by its kind.
CONFIGS: Mapping[str, type[Measure]] = {
    each.model_fields["kind"].default: each for each in get_args(get_args(AnyMeasure)[0])
}


_ANY: TypeAdapter[Any] = TypeAdapter(AnyMeasure)


def parse(text: str) -> Measure:
    """The config written as JSON; raises pydantic's ValidationError for anything else."""
    found: Measure = _ANY.validate_json(text)
    return found


StopFlag = Callable[[], bool]


@dataclass(frozen=True)
class Progress:
    """How far a measure is: `done` of `total` equal parts, and what it has found so far.

    `result` is None until there is something to show; each result replaces the one before.
    """

    done: int
    total: int
    result: Any = None


def measure(config: Measure, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
    """The measure that `config` describes.

    Once `should_stop` says yes it ends soon, and the last result stands. The last Progress of
    a measure that was not stopped has `done` equal to `total` and a result.
    """
    yield from _module(config).measure(config, subject, should_stop)


def verdict(config: Measure, result: Any) -> Verdict[Any]:
    """What a result of that measure says, in one sentence."""
    found: Verdict[Any] = _module(config).verdict(config, result)
    return found


def _module(config: Measure) -> Any:
    """Each measure's module stands beside this one and has functions ``measure`` and ``verdict``
    like those here.
    """
    name = "document" if config.kind == "replay" else config.kind
    return import_module(f"bnviz.core.smoothness.{name}")


#: Gradients x parameters x rows that one core of a small machine does in about two seconds.
#: Smaller nets are slower than their size says, larger ones faster.
LIGHT = 2e9


#: Products with the Hessian that Lanczos takes for the ends of a spectrum, as a rule.
_LANCZOS = 60


@dataclass(frozen=True)
class Cost:
    """An estimate; a product with the Hessian counts as two gradients, a loss as one at most."""

    gradients: int
    """Of one net each, all seeds together."""
    parameters: int
    rows: int
    trains: bool
    """Whether nets are trained for it, which comes on top."""

    @property
    def light(self) -> bool:
        """Whether one may wait for it."""
        return not self.trains and self.gradients * self.parameters * self.rows <= LIGHT


def cost(config: Measure, parameters: int, rows: int, seeds: int) -> Cost:
    """Of a measure of nets with so many parameters each, whose loss is taken on so many rows."""
    nets, trains = 2, False
    match config:
        case ReplayConfig():
            each = 3 * config.probes
        case ScalesConfig():
            each = 2 * 15 * 2 * config.probes  # two precisions, 15 scales, with kinks and without
        case ExtremesConfig():
            each = seeds * (2 * 2 * _LANCZOS + 3 * config.probes)
        case DensityConfig():
            each = 2 * config.probes * config.steps
        case LandscapeConfig():
            each, trains = config.points**2 + 51 * config.lines, config.plane == "path"
        case GapConfig():
            each, trains = 6 * seeds * (2 * 2 * _LANCZOS + 3 * config.probes), True
        case AlongConfig():
            each, trains = seeds * config.moments * (config.sizes + 1), True
        case StabilityConfig():
            each, trains = seeds * config.halvings * config.steps, True
        case _:
            raise TypeError(f"Unknown measure: {config!r}")
    return Cost(nets * each, parameters, rows, trains)


#: A progress bar moves, and figures grow, about as often, where the work allows.
SECONDS = 0.25


class Pace:
    """A clock: :meth:`due` says yes when SECONDS have passed since it last did."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def due(self) -> bool:
        """Whether it is time to report."""
        now = perf_counter()
        if now - self._last < SECONDS:
            return False
        self._last = now
        return True
