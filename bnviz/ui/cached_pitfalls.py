"""The cache of the page Pitfalls; see :mod:`bnviz.ui.cached`."""

from typing import TYPE_CHECKING

from bnviz.core.pitfalls.configs import PitfallConfig
from bnviz.ui.cached import kept

if TYPE_CHECKING:
    from bnviz.core.pitfalls.entry import Result
    from bnviz.core.sentence import Sentence


@kept(64)
def result(name: str, config: PitfallConfig) -> "Result":
    """What a pitfall's experiment found."""
    from bnviz.core.pitfalls import entry

    return entry.run(name, config)


def verdict(name: str, config: PitfallConfig) -> "Sentence":
    """Which sentence that ends in."""
    from bnviz.core.pitfalls import entry

    return entry.judge(name, config, result(name, config))
