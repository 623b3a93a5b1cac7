"""What of a pitfall follows the hand."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from bnviz.core.pitfalls.configs import Handwritten, PitfallConfig
from bnviz.plots.pitfalls.figures import Numbers
from bnviz.plots.theme import Figure
from bnviz.ui.chart.chart import Live
from bnviz.ui.controls import PITFALLS

#: The control that is a place on curves which are the same wherever it stands.
_PLACES: Final = {
    "eval_forgotten": "batch_size",
    "dropout_before_bn": "rate",
    "padding": "padding",
    "two_populations": "distance",
    "low_precision": "spread",
    "scale_invariance": "scale",
    "dead_features": "spread",
    "averaged_nets": "shift",
}
#: The curves of standard deviations after BN, in the figure's order; "" is one that stays.
_DEVIATIONS: Final = {"dead_features": ("", "after"), "latent_noise": ("selected", "", "after")}


def follows(name: str, config: PitfallConfig, numbers: Numbers, figure: Figure) -> Live | None:
    """What moves while a hand moves one of the controls, if anything does."""
    if name == "last_batch":
        return _live("batchBars", name, config, {"rows": "rows", "size": "batch_size"})
    field = _PLACES.get(name) or _bugs_own(config)
    fields = {"mark": field} if field else {}
    stops = PITFALLS[f"{name}.{field}"].stops if field else ()
    if field and getattr(config, field) not in stops:
        return None  # a link's own place has a point on the curves
    if name in _DEVIATIONS:
        curves = {i: numbers[c] > 0 for i, c in enumerate(_DEVIATIONS[name]) if c}
        drawn = np.concatenate([figure["data"][i]["y"] for i in curves])
        base = {"before": numbers["before"], "curves": curves, "zero": drawn.min(), "stops": stops}
        return _live("deviations", name, config, {"eps": "eps"} | fields, **base)
    return _live("place", name, config, fields, stops=stops) if field else None


def _bugs_own(config: PitfallConfig) -> str | None:
    """The one thing that the bug of handwritten BN depends on."""
    if not isinstance(config, Handwritten):
        return None
    given = config.model_dump()
    return next(f for f in ("batch_size", "offset", "spread") if config.asks(f, given))


def _live(
    recipe: str, name: str, config: PitfallConfig, fields: Mapping[str, str], **base: Any
) -> Live:
    """`fields` are the recipe's names of the config's fields."""
    keys = {given: f"{name}.{field}" for given, field in fields.items()}
    values = {f"{name}.{field}": getattr(config, field) for field in fields.values()}
    return Live(recipe, values, base | keys)
