"""The controls of every pitfall, with their limits. The order is the gallery's.

Imports no torch: the page can ask before anything is computed.
"""

from typing import Final, Literal

from bnviz.core.configs import BnMode
from bnviz.core.fields import MOMENTA, Config, decades, doubling, stops

DECAYS = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
EPSILONS = decades(-12, -1, (1,))
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


class PitfallConfig(Config):
    """Base of all: a field is a control."""

    @classmethod
    def asks(cls, field: str, given: dict[str, object]) -> bool:
        """Whether `field` matters, when the fields before it have these values."""
        return True


class BiasBeforeBn(PitfallConfig):
    """A Linear with a bias, followed by BN."""

    mode: BnMode = "train"
    batch_size: int = stops(64, doubling(2, 4096))


class ScaleInvariance(PitfallConfig):
    """Weights before BN, multiplied by `scale`."""

    scale: float = stops(10.0, decades(-4, 4, (1,)))
    eps: float = stops(1e-5, EPSILONS)


class WeightDecay(PitfallConfig):
    """A training whose weight decay acts on weights before BN."""

    decay: float = stops(0.01, DECAYS)
    learning_rate: float = stops(0.3, RATES)


class GammaDecay(PitfallConfig):
    """A training whose weight decay acts on gamma too."""

    decay: float = stops(0.01, DECAYS)
    steps: int = stops(50, (20, *range(25, 151, 25)))


class DeadFeatures(PitfallConfig):
    """A feature with standard deviation `spread` before BN with `eps`."""

    spread: float = stops(1e-4, decades(-8, 0))
    eps: float = stops(1e-12, EPSILONS)


class GammaZero(PitfallConfig):
    """Blocks whose last BN starts with gamma 0, in a chain or in residual branches."""

    network: Literal["plain", "residual"] = "plain"
    depth: int = stops(6, range(2, 13))


class LastBatch(PitfallConfig):
    """A data set that the batch size need not divide."""

    rows: int = stops(
        1025, (64, 100, 128, 129, 200, 256, 500, 512, 513, 1000, 1024, 1025, 2000, 2049), ge=2
    )
    batch_size: int = stops(64, doubling(2, 1024, 24, 48, 100))


class SortedData(PitfallConfig):
    """A training whose rows come sorted by class, a share of them shuffled after all."""

    batch_size: int = stops(32, doubling(8, 256))
    shuffled: float = stops(0.0, (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0))


class DropoutBeforeBn(PitfallConfig):
    """Dropout at `rate`, then BN, on a feature with this mean and standard deviation 1."""

    rate: float = stops(0.5, (k / 20 for k in range(19)))
    mean: float = stops(1.0, (k / 4 for k in range(21)))


class EvalForgotten(PitfallConfig):
    """Validation in train mode, over batches of rows in this order."""

    batch_size: int = stops(4, doubling(2, 256))
    order: Literal["shuffled", "sorted"] = "shuffled"


class TrainForgotten(PitfallConfig):
    """A training that goes on in eval mode after its first validation at `step`."""

    step: int = stops(2, (1, 2, 3, 5, 10, 20, 40, 80))
    learning_rate: float = stops(0.1, RATES)


class NanBatch(PitfallConfig):
    """A training in which one value of one batch goes wrong at `step`."""

    value: Literal["nan", "inf", "amp", "outlier"] = "nan"
    step: int = stops(20, range(2, 61))


class Handwritten(PitfallConfig):
    """BN written by hand with one difference to torch's."""

    bug: Literal[
        "biased_running_variance", "unbiased_normalization", "cancellation", "no_epsilon"
    ] = "cancellation"
    batch_size: int = stops(8, doubling(2, 1024))
    offset: float = stops(1000.0, decades(0, 5, (1, 3)))
    spread: float = stops(0.001, decades(-6, 0, (1, 3)))

    @classmethod
    def asks(cls, field: str, given: dict[str, object]) -> bool:
        """Each bug depends on one thing."""
        matters = {"cancellation": "offset", "no_epsilon": "spread"}
        return field in ("bug", matters.get(str(given.get("bug")), "batch_size"))


class LowPrecision(PitfallConfig):
    """BN cast to 16 bits, on features with this standard deviation."""

    dtype: Literal["float16", "bfloat16"] = "float16"
    spread: float = stops(500.0, decades(-4, 4))


class Folding(PitfallConfig):
    """BN in eval mode folded into the Linear before or after it."""

    order: Literal["linear_bn", "bn_linear"] = "linear_bn"
    shape: Literal["nc", "nlc", "nlc_other"] = "nc"
    bias: Literal["scaled", "not_scaled"] = "scaled"

    @classmethod
    def asks(cls, field: str, given: dict[str, object]) -> bool:
        """The linear layer's bias is scaled where BN follows it."""
        return field != "bias" or (given["order"], given["shape"]) == ("linear_bn", "nc")


class FoldingConv(PitfallConfig):
    """BN in eval mode folded into the convolution before it, named as in torch.nn."""

    layer: Literal[
        "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"
    ] = "Conv2d"
    bias: Literal["not_scaled", "scaled", "none"] = "not_scaled"


class TargetNormalized(PitfallConfig):
    """A regression net that ends in BN; the target's mean and standard deviation."""

    mean: float = stops(80.0, (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0, 100.0, 1000.0))
    spread: float = stops(10.0, decades(-1, 2))


class Family(PitfallConfig):
    """One member of the family, on one (N, C, L) tensor."""

    norm: Literal["batch", "layer", "group", "instance", "rms"] = "batch"
    groups: int = stops(2, (1, 2, 3, 6))

    @classmethod
    def asks(cls, field: str, given: dict[str, object]) -> bool:
        """Only group norm has groups."""
        return field != "groups" or given.get("norm") == "group"


class SecondPass(PitfallConfig):
    """A training whose method passes each batch through the net twice."""

    why: Literal["checkpoint", "sam"] = "checkpoint"
    momentum: float = stops(0.1, MOMENTA)


class AveragedNets(PitfallConfig):
    """So many nets, averaged; the means of their data lie `shift` standard deviations apart."""

    shift: float = stops(2.0, (k / 2 for k in range(11)))
    clients: int = stops(2, range(2, 9))


class TrackingOff(PitfallConfig):
    """Fine-tuning on data whose mean has moved by `shift` standard deviations."""

    shift: float = stops(2.0, (k / 2 for k in range(11)))
    learning_rate: float = stops(0.01, decades(-6, -1))


class Ranks(PitfallConfig):
    """Eight ranks with `batch_size` rows each, whose rows are shuffled or sorted by rank."""

    batch_size: int = stops(8, doubling(2, 256))
    order: Literal["sorted", "shuffled"] = "sorted"


class Padding(PitfallConfig):
    """A share of padding among cells with this mean and standard deviation 1."""

    padding: float = stops(0.6, (k / 10 for k in range(10)))
    mean: float = stops(1.0, (k / 2 for k in range(11)))


class TwoPopulations(PitfallConfig):
    """Two populations, `distance` standard deviations apart, in batches of so many rows each."""

    distance: float = stops(3.0, (k / 2 for k in range(13)))
    batch_size: int = stops(32, doubling(2, 256))


class LatentNoise(PitfallConfig):
    """A latent space with noise of this standard deviation, behind BN with `eps`."""

    noise: float = stops(0.01, decades(-4, 0))
    eps: float = stops(1e-5, EPSILONS)


#: By what a person notices: worse in eval mode, NaN and refusals, a net that does not learn,
#: deployment, many machines.
GROUPS: Final[dict[str, dict[str, type[PitfallConfig]]]] = {
    "eval": {
        "eval_forgotten": EvalForgotten,
        "train_forgotten": TrainForgotten,
        "tracking_off": TrackingOff,
        "second_pass": SecondPass,
        "dropout_before_bn": DropoutBeforeBn,
        "padding": Padding,
        "two_populations": TwoPopulations,
    },
    "nan": {
        "last_batch": LastBatch,
        "nan_batch": NanBatch,
        "low_precision": LowPrecision,
    },
    "learning": {
        "sorted_data": SortedData,
        "target_normalized": TargetNormalized,
        "bias_before_bn": BiasBeforeBn,
        "scale_invariance": ScaleInvariance,
        "weight_decay": WeightDecay,
        "gamma_decay": GammaDecay,
        "gamma_zero": GammaZero,
        "dead_features": DeadFeatures,
        "latent_noise": LatentNoise,
    },
    "deployment": {
        "handwritten": Handwritten,
        "folding": Folding,
        "folding_conv": FoldingConv,
        "family": Family,
    },
    "machines": {
        "averaged_nets": AveragedNets,
        "ranks": Ranks,
    },
}
CONFIGS: Final = {name: owner for group in GROUPS.values() for name, owner in group.items()}
