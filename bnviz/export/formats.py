"""The forms in which a training is handed on, by the ending of the file."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bnviz.export import bundle, events, frames, notebook, report, tables
from bnviz.export.training import Training, Wording

if TYPE_CHECKING:
    import pandas as pd

Export = Callable[[Training, Wording], bytes]


def _frame(training: Training) -> "pd.DataFrame":
    return frames.per_seed_frame(training.snapshots, training.config.network.first_net)


FORMATS: Mapping[str, Export] = {
    "csv": lambda training, wording: tables.csv(_frame(training)),
    "parquet": lambda training, wording: tables.parquet(_frame(training)),
    "html": report.report,
    "ipynb": notebook.notebook,
    "bnviz": lambda training, wording: bundle.bundle(training.run),
    "zip": events.events,
}
#: What a browser is told of each.
KINDS = {
    "csv": "text/csv",
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "zip": "application/zip",
}


def formats() -> tuple[str, ...]:
    """The endings of what can be made here: TensorBoard's files only where it is installed."""
    return tuple(name for name in FORMATS if name != "zip" or events.available())
