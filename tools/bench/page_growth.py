"""How the time of a page on the server grows: of the script alone, as AppTest runs it."""

import logging
from contextlib import ExitStack
from itertools import count

import numpy as np
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.smoothness.measure import to_bytes
from bnviz.core.sweep.outcome import MOMENTS, Finished, NetOutcome, Outcome
from bnviz.files.read import read
from bnviz.files.reading import to_table
from bnviz.jobs import sweep, trainings
from bnviz.jobs.worker import work
from bnviz.store import open_store
from bnviz.ui.navigation import PAGES
from tools.bench.growth import exponent, numbers, swept, with_runs
from tools.bench.harness import Measured, Sample, history_in, own_history, timed
from tools.server import APP


def page_growth() -> list[Measured]:
    """Exponents of pages against what they show; what is shown is another one at each run."""
    with ExitStack() as stack:
        # Streamlit warns of every call of a page without a browser.
        logging.disable(logging.WARNING)
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(own_history())
        return [
            exponent("Home against runs in the store", lambda n: _runs(n, "home"), 2**3),
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
            exponent("Smoothness against seeds", lambda n: _smoothness(n, 8), 1),
            exponent("Smoothness against parameters", _smoothness_of_size, 2**5),
            exponent("Sweep against cells planned", _planned, 2**4),
            exponent("Sweep against cells trained", _swept, 2**4),
            exponent("Pitfalls against B", _pitfall, 2**6),
            exponent("Runs against runs in the store", _runs, 2**3),
        ]


def _page(name: str, seed: str = "seed", typed: str = "", **query: object) -> Sample:
    """A run of a page whose seed is another one each time, so that nothing is remembered.

    `seed` is the key of that control; a sweep of one's own may be `typed`.
    """
    app, seeds = AppTest.from_file(str(APP), default_timeout=300), count()
    app.run()
    app.switch_page({entry.name: entry.path for entry in PAGES}[name])

    for key, value in query.items():
        app.query_params[key] = str(value)
    if typed:
        app.session_state["own"] = typed
    app.run()

    def run() -> None:
        app.session_state[seed] = next(seeds)
        app.run()
        assert not app.exception

    return timed(run)


def _uploaded(rows: int) -> Sample:
    table = to_table(read("table.csv", numbers(rows)), list("abcdef"))
    open_store().save_table(table)
    return _page("one_batch", source="table", table=table.digest, b=256)


def _trained(seeds: int, epochs: int, width: int = 8) -> str:
    """A training that is done."""
    config = TrainConfig(
        data=DataConfig(samples=100),
        network=NetworkConfig(width=width),
        optimizer=OptimizerConfig(epochs=epochs, batch_size=50),
        probes=ProbeConfig(count=1, checkpoints=2, eigenvalues=False),
        seeds=seeds,
    )
    store = open_store()
    run_id = trainings.create(store, config)
    work(store, run_id)
    return run_id


def _fitness(seeds: int, epochs: int = 8) -> Sample:
    return _page("fitness", run=_trained(seeds, epochs))


def _smoothness(seeds: int, width: int) -> Sample:
    """Of a measure that the page waits for."""
    run_id = _trained(seeds, 2, width)
    return _page("smoothness", "measure_seed", run=run_id, measure="extremes")


def _smoothness_of_size(parameters: int) -> Sample:
    """Of nets with six parameters a unit."""
    return _smoothness(1, parameters // 6)


def _planned(cells: int) -> Sample:
    return _page("sweep", typed=swept(cells).model_dump_json())


def _swept(count: int) -> Sample:
    """With outcomes that were made up."""
    store, config = open_store(), swept(count)
    run_id = sweep.create(store, config)
    store.start(run_id)
    epochs, random = np.linspace(0, 50, MOMENTS), np.random.default_rng(0)
    for index in range(count):
        train, validation = random.random((2, MOMENTS, config.base.seeds))
        net = NetOutcome(train, validation, train[-1], np.empty(0), np.zeros(config.base.seeds))
        outcome = to_bytes(Finished(index, Outcome(epochs, net, net)))
        store.append(run_id, index, index + 1, outcome)
    store.finish(run_id, "done")
    return _page("sweep", run=run_id)


def _pitfall(rows: int) -> Sample:
    query = {"pitfall": "bias_before_bn", "bias_before_bn.batch_size": str(rows)}
    return _page("pitfalls", "seed", "", **query)


def _runs(runs: int, page: str = "runs") -> Sample:
    """Of a history of its own."""
    folder = with_runs(runs)
    with history_in(folder):
        sample = _page(page)

    def run() -> float:
        with history_in(folder):
            return sample()

    return run
