"""How the time of a page on the server grows: of the script alone, as AppTest runs it."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from tempfile import TemporaryDirectory

from streamlit.testing.v1 import AppTest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.training import train
from bnviz.core.training.snapshots import to_bytes
from bnviz.files.read import read
from bnviz.files.reading import to_table
from bnviz.store import open_store
from bnviz.ui.navigation import PAGES
from tools.bench.growth import exponent, numbers
from tools.bench.harness import Measured, Sample, timed
from tools.server import APP


def page_growth() -> list[Measured]:
    """Exponents of pages against what they show; what is shown is another one at each run."""
    logging.disable(logging.WARNING)  # Streamlit warns of every call of a page without a browser
    with ExitStack() as stack:
        stack.enter_context(_home())
        return [
            exponent("One batch against B", lambda b: _page("one_batch", b=b, d=8), 2**9),
            exponent("One batch against D", lambda d: _page("one_batch", b=256, d=d), 2**2),
            exponent("One batch against rows uploaded", _uploaded, 2**11),
            exponent("Train vs eval against B", lambda b: _page("train_vs_eval", b=b, d=8), 2**4),
            exponent("Train vs eval against D", lambda d: _page("train_vs_eval", d=d), 2**2),
            exponent(
                "Train vs eval against steps", lambda n: _page("train_vs_eval", steps=n), 2**3
            ),
            exponent("Fitness against seeds", _fitness, 1),
            exponent("Fitness against epochs", lambda n: _fitness(4, n), 2**2),
            exponent("Runs against runs in the store", _runs, 2**3),
        ]


@contextmanager
def _home() -> Iterator[None]:
    """A store of our own, which is left as it was."""
    before = os.environ.get("BNVIZ_HOME")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["BNVIZ_HOME"] = folder
        try:
            yield
        finally:
            os.environ.pop("BNVIZ_HOME")
            if before is not None:
                os.environ["BNVIZ_HOME"] = before


def _page(name: str, **query: object) -> Sample:
    """A run of a page whose seed is another one each time, so that nothing is remembered."""
    app, seeds = AppTest.from_file(str(APP), default_timeout=300), count()
    app.run()
    app.switch_page({entry.name: entry.path for entry in PAGES}[name])

    for key, value in query.items():
        app.query_params[key] = str(value)
    app.run()

    def run() -> None:
        app.session_state["seed"] = next(seeds)
        app.run()
        assert not app.exception

    return timed(run)


def _uploaded(rows: int) -> Sample:
    table = to_table(read("table.csv", numbers(rows)), list("abcdef"))
    open_store().save_table(table)
    return _page("one_batch", source="table", table=table.digest, b=256)


def _fitness(seeds: int, epochs: int = 8) -> Sample:
    """Of a run that is done."""
    config = TrainConfig(
        data=DataConfig(samples=100),
        network=NetworkConfig(width=8),
        optimizer=OptimizerConfig(epochs=epochs, batch_size=50),
        probes=ProbeConfig(count=1, checkpoints=2, eigenvalues=False),
        seeds=seeds,
    )
    store = open_store()
    run_id = store.create("train", config.model_dump_json(), epochs)
    store.start(run_id)
    shown = train.train(config, train.dataset_for(config.data, None), lambda: False)
    for index, snapshot in enumerate(shown):
        store.append(run_id, index, snapshot.epoch, to_bytes(snapshot))
    store.finish(run_id, "done")
    return _page("fitness", run=run_id)


def _runs(runs: int) -> Sample:
    """With so many more in the store."""
    store = open_store()
    for _ in range(runs):
        store.finish(store.create("train", TrainConfig().model_dump_json(), 50), "done")
    return _page("runs")
