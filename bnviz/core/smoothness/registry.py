"""Every measure of smoothness, in the order of the page."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig

AnyMeasure = Annotated[
    DocumentConfig
    | ScalesConfig
    | ExtremesConfig
    | DensityConfig
    | GapConfig
    | AlongConfig
    | LandscapeConfig
    | StabilityConfig,
    Field(discriminator="kind"),
]

#: By the kind that stores and links know.
MEASURES: Mapping[str, type[Measure]] = {
    each.model_fields["kind"].default: each for each in get_args(get_args(AnyMeasure)[0])
}

_ANY: TypeAdapter[Any] = TypeAdapter(AnyMeasure)


def parse(text: str) -> Measure:
    """The config written as JSON; raises pydantic's ValidationError for anything else."""
    measure: Measure = _ANY.validate_json(text)
    return measure
