"""Frozen, validated descriptions of work.

A config says everything a computation depends on, random state included: the
same config gives the same numbers on every machine, worker and reload. Every
limit that a control, a link or a config file must respect stands here once,
and beside it the numbers that a control offers.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bnviz.core.fields import EPSILONS, MOMENTA, Config, Seed, decades, doubling, later, stops
from bnviz.core.nets.norms.names import OVER_ROWS, Norm

Source = Literal[
    "uniform",
    "normal",
    "scales",
    "heavy_tails",
    "outliers",
    "correlated",
    "skewed",
    "constant",
    "diabetes",
    "breast_cancer",
    "wine",
    "digits",
    "table",
]
Precision = Literal["float32", "float64"]
BnMode = Literal["train", "eval"]
#: Limits of several controls: rows and features of a batch, seeds, epochs, batches of a stream.
MAX_ROWS, MAX_FEATURES, MAX_SEEDS, MAX_EPOCHS, MAX_BATCHES = 65_536, 256, 64, 2000, 1000
#: One of a training's seeds, by its place.
SeedIndex = Annotated[int, Field(ge=0, le=MAX_SEEDS - 1)]
#: Refusals that are sentences of the text catalogue, with the numbers they need.
RULES = ("too_many_weights", "unequal_groups", "one_row")
#: Of all seeds of one net, between hidden layers: with optimizer and probes about a gigabyte.
MAX_WEIGHTS = 16_000_000

_BATCH_SIZES = doubling(
    1, MAX_ROWS, *range(1, 11), *(3 * 2**k for k in range(1, 15)), 100, 1000, 10_000
)


class BatchConfig(Config):
    """Where a (B, D) batch comes from; see :mod:`bnviz.core.data.batches`.

    `table` is the content digest of a stored user table and `columns` the
    chosen columns of it; both belong to ``source="table"`` alone.
    """

    source: Source = "normal"
    batch_size: int = stops(256, _BATCH_SIZES)
    features: int = Field(8, ge=1, le=MAX_FEATURES)
    seed: Seed = 42
    table: str | None = None
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _table_with_source(self) -> Self:
        if (self.source == "table") != (self.table is not None):
            raise ValueError('source "table" and a table digest go together')
        return self


class NormConfig(Config):
    """How a batch is normalized: y = gamma * (x - mean) / sqrt(biased variance + eps) + beta.

    `eps` = 0 is the formula without epsilon. `affine_feature` limits gamma and
    beta to one feature (index from 0); the others keep gamma 1 and beta 0.
    """

    eps: float = stops(1e-5, EPSILONS, ge=0.0)
    gamma: float = Field(1.0, ge=-5.0, le=5.0)
    beta: float = Field(0.0, ge=-5.0, le=5.0)
    affine_feature: int | None = Field(None, ge=0, le=MAX_FEATURES - 1)
    precision: Precision = "float32"


class DataConfig(Config):
    """What the nets learn from: the fitness-score data, or a user's table.

    `clip_scores` cuts the fitness score to 0-100 points, as the document does.
    `validation` is the share of rows held out; it is drawn with `seed`, like
    the fitness data. `samples` counts the fitness data's rows. Inputs, standardized or not,
    are multiplied by `input_scale`.
    """

    source: Literal["fitness", "table"] = "fitness"
    samples: int = stops(1000, (*(d * 10**k for k in (1, 2, 3, 4) for d in (1, 2, 5)), 100_000))
    clip_scores: bool = True
    seed: Seed = 42
    standardize: bool = False
    input_scale: float = stops(1.0, decades(-6, 6, (1,)), later)
    validation: float = stops(0.2, (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5))
    table: str | None = None
    columns: tuple[str, ...] = ()
    target: str | None = None

    @model_validator(mode="after")
    def _table_with_source(self) -> Self:
        named = self.table is not None and self.target is not None and len(self.columns) > 0
        if (self.source == "table") != named:
            raise ValueError('source "table" goes with a table digest, its columns and a target')
        return self


class NetworkConfig(Config):
    """A stack of fully connected layers, once with a norm and once without.

    `bn_position`, of the norm, is relative to the activation; `torch_momentum` belongs to norms
    OVER_ROWS. `ghost_size` rows are normalized together in ghost batch normalization, and a row's
    units in so many `groups` in group normalization. Batch renormalization is BN for
    `renorm_warmup` steps, then its corrections may grow to `renorm_r` and `renorm_d`. `dyt_alpha`
    is what DyT's alpha begins with.
    """

    depth: int = Field(1, ge=1, le=8)
    width: int = stops(64, doubling(1, 512))
    activation: Literal["relu", "tanh"] = "relu"
    bn_position: Literal["before", "after"] = "before"
    eps: float = stops(1e-5, EPSILONS, gt=0.0)
    torch_momentum: float | None = stops(0.1, MOMENTA, gt=0.0)
    norm: Norm = later("batch")
    ghost_size: int = stops(32, doubling(2, 1024), later)
    groups: int = stops(8, doubling(1, 256), later)
    renorm_r: float = stops(3.0, (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0), later)
    renorm_d: float = stops(5.0, (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0), later)
    renorm_warmup: int = stops(50, (0, 10, 20, 50, 100, 200, 500, 1000, 5000), later)
    dyt_alpha: float = stops(0.5, (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0), later, gt=0.0)

    @model_validator(mode="after")
    def _groups_are_equal(self) -> Self:
        if self.norm == "group":
            self.check_groups()
        return self

    def check_groups(self) -> None:
        """Refuse a number of groups that does not divide the units."""
        if self.width % self.groups:
            raise PydanticCustomError(
                "unequal_groups",
                "{width} units make no {groups} equal groups",
                {"width": self.width, "groups": self.groups},
            )

    @property
    def first_net(self) -> str:
        """What files call the net with the norm; the other is "plain"."""
        return "bn" if self.norm == "batch" else self.norm

    @property
    def without_norm(self) -> "NetworkConfig":
        """The config of the second net, without the norm."""
        return self.model_copy(update={"norm": "none"})


class OptimizerConfig(Config):
    """How the nets are trained. `heavy_ball` is torch's SGD `momentum`; only "momentum" uses it."""

    kind: Literal["sgd", "momentum", "adam"] = "adam"
    learning_rate: float = stops(0.01, decades(-8, 2), gt=0.0)
    heavy_ball: float = stops(0.9, (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), lt=1.0)
    epochs: int = stops(50, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, MAX_EPOCHS))
    batch_size: int = stops(128, doubling(1, MAX_ROWS, 100, 1000))


class ProbeConfig(Config):
    """How smoothness is measured at checkpoints.

    `count` random directions of standard deviation `scale` a parameter; BN in
    `bn_mode`; gradients in `precision`. `checkpoints` are spread evenly from
    epoch 0 to the last. `eigenvalues` adds the Hessian's extremes by Lanczos.
    """

    count: int = stops(20, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
    scale: float = stops(1e-5, decades(-10, 0))
    precision: Precision = "float64"
    bn_mode: BnMode = "eval"
    checkpoints: int = Field(8, ge=0, le=100)
    eigenvalues: bool = True


class TrainConfig(Config):
    """One comparison: the same data, seeds, initial weights, batches; with a norm and without.

    In an `arena` nets with all the `other_norms` are trained beside these two.
    """

    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    probes: ProbeConfig = ProbeConfig()
    seeds: int = stops(8, (1, 2, 4, 8, 12, 16, 24, 32, 48, MAX_SEEDS))
    seed: Seed = 0
    arena: bool = later(False)

    @property
    def other_norms(self) -> tuple[Norm, ...]:
        """In an arena, all norms but that of the first net; else none."""
        own = (self.network.norm, "none")
        return tuple(norm for norm in get_args(Norm) if norm not in own) if self.arena else ()

    @property
    def over_rows(self) -> bool:
        """Whether a norm takes statistics over rows, so that a single row cannot be trained on."""
        return not {self.network.norm, *self.other_norms}.isdisjoint(OVER_ROWS)

    @model_validator(mode="after")
    def _norm_has_rows(self) -> Self:
        if self.over_rows and self.optimizer.batch_size < 2:
            raise PydanticCustomError("one_row", "a batch of one row has no variance", {})
        return self

    @model_validator(mode="after")
    def _groups_are_equal(self) -> Self:
        if self.arena:
            self.network.check_groups()
        return self

    @model_validator(mode="after")
    def _fits_in_memory(self) -> Self:
        between = self.network.width**2 * (self.network.depth - 1) * self.seeds
        if between > MAX_WEIGHTS:
            raise PydanticCustomError(
                "too_many_weights",
                "{count} weights between the hidden layers of {seeds} nets; the limit is {limit}",
                {"seeds": self.seeds, "count": between, "limit": MAX_WEIGHTS},
            )
        return self


class StreamConfig(Config):
    """Batches that stream through BN in train mode; see :mod:`bnviz.core.batchnorm.stream`.

    Batch t = 1 ... `steps` is drawn like `batch`, with a seed of its own. From batch
    `shift_at` on the data has moved by `shift` of its standard deviations and its spread
    is `spread` times as large; 0 for never. `torch_momentum` None is the cumulative average.
    """

    batch: BatchConfig = BatchConfig(batch_size=32)
    steps: int = stops(100, (10, 20, 50, 100, 200, 500, MAX_BATCHES), ge=2)
    torch_momentum: float | None = stops(0.1, MOMENTA, gt=0.0)
    shift_at: int = Field(0, ge=0, le=MAX_BATCHES)
    shift: float = Field(0.0, ge=-5.0, le=5.0)
    spread: float = stops(1.0, (0.1, 0.2, 0.25, 0.5, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0))
