"""What Pitfalls computes, remembered; see :mod:`bnviz.ui.cache`."""

from typing import TYPE_CHECKING, Any

from bnviz.core.pitfalls.configs import PitfallConfig
from bnviz.ui.cache import cached

if TYPE_CHECKING:
    from bnviz.core.pitfalls.pitfall import Result
    from bnviz.core.verdict import Verdict


@cached
def result(name: str, config: PitfallConfig) -> "Result":
    """What a pitfall's experiment found."""
    from bnviz.core.pitfalls import pitfall

    return pitfall.run(name, config)


def verdict(name: str, config: PitfallConfig) -> "Verdict[Any]":
    """Which sentence that ends in."""
    from bnviz.core.pitfalls import pitfall

    return pitfall.judge(name, config, result(name, config))
