"""The caches of Smoothness; see :mod:`bnviz.ui.cached`."""

from typing import TYPE_CHECKING, Any

from bnviz.core.smoothness.configs import Measure, SubjectConfig
from bnviz.ui.cached import kept

if TYPE_CHECKING:
    from bnviz.core.smoothness.subjects import Subject


@kept(4)
def _subject(config: SubjectConfig, snapshots: int) -> "Subject":
    from bnviz.jobs import runner

    return runner.resolve(config)


@kept(32)
def measured(config: Measure, snapshots: int) -> Any:
    """What a quick measure finds of a run with so many snapshots; the nets come with the last."""
    import torch

    from bnviz.core.smoothness.entry import measure

    torch.set_num_threads(1)  # in this thread: small tensors gain nothing from more
    *_, last = measure(config, _subject(config.subject, snapshots), lambda: False)
    return last.result
