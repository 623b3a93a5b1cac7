"""All norms by their names in a config."""

from collections.abc import Mapping

from bnviz.core.nets.norms.batch import Batch
from bnviz.core.nets.norms.dyt import DyT
from bnviz.core.nets.norms.ghost import Ghost
from bnviz.core.nets.norms.group import Group
from bnviz.core.nets.norms.layer import Layer
from bnviz.core.nets.norms.norm import Norm
from bnviz.core.nets.norms.renorm import Renorm
from bnviz.core.nets.norms.rms import Rms
from bnviz.core.nets.norms.weight import Weight

#: None for a plain net.
NORMS: Mapping[str, Norm | None] = {
    "batch": Batch(),
    "renorm": Renorm(),
    "ghost": Ghost(),
    "layer": Layer(),
    "rms": Rms(),
    "group": Group(),
    "weight": Weight(),
    "dyt": DyT(),
    "none": None,
}
