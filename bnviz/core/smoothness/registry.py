"""Every measure of smoothness, in the order of the page."""

from collections.abc import Mapping

from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig

#: By the kind that stores and links know.
MEASURES: Mapping[str, type[Measure]] = {
    measure.model_fields["kind"].default: measure
    for measure in (
        DocumentConfig,
        ScalesConfig,
        ExtremesConfig,
        DensityConfig,
        GapConfig,
        AlongConfig,
        LandscapeConfig,
        StabilityConfig,
    )
}
