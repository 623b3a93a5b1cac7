"""A config's field as a widget: limits from the config, label from the catalogue, key = path.

The path of a field in a training config ("optimizer.learning_rate") is also its
key in the address and in the text catalogue, so a link reads like the config.
"""

from typing import Any, get_args

from bnviz.core.configs import Config
from bnviz.ui.language import say
from bnviz.ui.widgets import choice, steps, switch, whole


def decades(low: int, high: int) -> list[float]:
    """1, 2, 5 in every power of ten from 10^low, up to 10^high itself."""
    inner = [float(f"{d}e{power}") for power in range(low, high) for d in (1, 2, 5)]
    return [*inner, float(f"1e{high}")]


def doubling(most: int, *more: int) -> list[int]:
    """Powers of two up to `most`, and `more`."""
    return sorted({*(2**k for k in range(most.bit_length())), *more})


#: Numbers that are chosen on an uneven scale; all other whole numbers are typed.
GRIDS: dict[str, list[Any]] = {
    "data.samples": [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000],
    "data.validation": [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5],
    "network.width": doubling(512),
    "network.eps": decades(-12, 1),
    "network.torch_momentum": [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0],
    "optimizer.learning_rate": decades(-8, 2),
    "optimizer.heavy_ball": [0.0, 0.5, 0.8, 0.9, 0.95, 0.99],
    "optimizer.epochs": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
    "optimizer.batch_size": [b for b in doubling(65_536, 100, 1000) if b > 1],
    "probes.count": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    "probes.scale": decades(-10, 0),
    "seeds": [1, 2, 4, 8, 12, 16, 24, 32, 48, 64],
}


def limits(owner: type[Config], name: str) -> tuple[Any, Any]:
    """The least and the most that the config accepts (inclusive ends only)."""
    rules = owner.model_fields[name].metadata
    least = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    return least, most


def field(owner: Config, name: str, path: str) -> Any:
    """Ask for one field; its value in `owner`, a preset's part, is the default."""
    default, label = getattr(owner, name), say(f"train.{path}")
    if isinstance(default, bool):
        return switch(path, label, default)
    if path in GRIDS:
        return steps(path, label, default, GRIDS[path])
    if isinstance(default, str):
        options = get_args(type(owner).model_fields[name].annotation)
        return choice(
            path, options, label=label, shown=lambda o: say(f"option.{o}"), default=default
        )
    return whole(path, label, default, *limits(type(owner), name))
