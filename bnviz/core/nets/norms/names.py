"""The names of the norms, and what can be set of each: light enough for configs and pages."""

from typing import Literal

#: What stands in the hidden layers of the first net.
Norm = Literal["batch", "renorm", "ghost", "layer", "rms", "group", "weight", "dyt", "none"]
#: Norms whose statistics are over the rows of a batch: they need two, and keep running ones.
OVER_ROWS: tuple[Norm, ...] = ("batch", "renorm", "ghost")
#: What can be set of each norm, by the fields of NetworkConfig.
NORM_SETTINGS: dict[Norm, tuple[str, ...]] = {
    "batch": ("bn_position", "eps", "torch_momentum"),
    "renorm": ("bn_position", "eps", "torch_momentum", "renorm_r", "renorm_d", "renorm_warmup"),
    "ghost": ("bn_position", "eps", "torch_momentum", "ghost_size"),
    "layer": ("bn_position", "eps"),
    "rms": ("bn_position", "eps"),
    "group": ("bn_position", "eps", "groups"),
    "weight": ("eps",),
    "dyt": ("bn_position", "dyt_alpha"),
    "none": (),
}
