"""The cache of the page Pitfalls; see :mod:`bnviz.ui.cache`."""

from typing import TYPE_CHECKING, Any

from bnviz.core.pitfalls.configs import PitfallConfig
from bnviz.ui.cache import kept

if TYPE_CHECKING:
    from bnviz.core.pitfalls.pitfall import Result
    from bnviz.core.verdict import Verdict


@kept(64)
def result(name: str, config: PitfallConfig) -> "Result":
    """What a pitfall's experiment found."""
    from bnviz.core.pitfalls import pitfall

    return pitfall.run(name, config)


def verdict(name: str, config: PitfallConfig) -> "Verdict[Any]":
    """Which sentence that ends in."""
    from bnviz.core.pitfalls import pitfall

    return pitfall.judge(name, config, result(name, config))
