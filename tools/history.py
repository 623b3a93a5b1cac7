"""Fills an empty history with a run of every kind and in every state, for screenshots."""

from collections.abc import Mapping, Sequence
from typing import Literal

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.nets.norms.names import Norm
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.measure import SubjectConfig, to_bytes
from bnviz.core.sweep import atlas
from bnviz.core.sweep.outcome import Finished
from bnviz.core.sweep.presets import PRESETS as SWEEPS
from bnviz.files.read import read
from bnviz.jobs import measures, sweep, trainings
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.kinds import TRAININGS
from bnviz.jobs.worker import work
from bnviz.store.errors import Problem
from bnviz.store.records import UNFINISHED
from bnviz.store.runs import Store

#: How a run can stand: at work and not heard of is silent.
Standing = Literal["queued", "running", "silent", "stopped", "failed", "done"]
_TRAININGS: tuple[Standing, ...] = ("running", "silent", "stopped", "failed", "queued")
_SWEEPS: Mapping[Standing, int | None] = {"running": 12, "stopped": 30, "done": None}


def fill(store: Store) -> dict[str, str]:
    """The ids of runs by name: some that ended, others as if at work, stopped or failed."""
    trained = {
        "faster": _training(rate=0.003),
        "layer": _training(norm="layer"),
        "one_seed": _training(seeds=1),
        "diverged": _training(rate=10.0),
        "done": _training(),
    }
    ids = {name: trainings.create(store, config) for name, config in trained.items()}
    for run in ids.values():
        work(store, run)
    half = [
        (TRAININGS.decoded(ids["done"], blob).epoch, blob) for _, blob in store.blobs(ids["done"])
    ][:7]
    for status in _TRAININGS:
        ids[status] = trainings.create(store, trained["done"])
        _stand(store, ids[status], status, [] if status == "queued" else half)
    cells = atlas.outcomes("depth_rate").items()
    blobs = [(cell + 1, to_bytes(Finished(cell, outcome))) for cell, outcome in cells]
    for status, count in _SWEEPS.items():
        ids[f"sweep_{status}"] = run = sweep.create(store, SWEEPS["depth_rate"])
        _stand(store, run, status, blobs[:count])
    measure = measures.create(
        store, DensityConfig(subject=SubjectConfig(run=ids["done"], epoch=12))
    )
    _stand(store, measure, "running", [])
    ids["measure_running"] = measure
    reading = read("people.csv", b"height,weight,age\n" + b"1.8,70,30\n1.6,55,41\n" * 20)
    store.save_choice("people.csv", reading, reading.names, "drop")
    store.describe(ids["done"], "Lecture 3", ["lecture"], "The run of the second hour.")
    store.pin([ids["done"]])
    return ids


def _training(rate: float = 0.001, seeds: int = 8, norm: Norm = "batch") -> TrainConfig:
    """A short training with something to learn."""
    return TrainConfig(
        data=DataConfig(samples=300, clip_scores=False, standardize=True),
        network=NetworkConfig(depth=3, width=16, norm=norm),
        optimizer=OptimizerConfig(kind="sgd", learning_rate=rate, epochs=12),
        probes=ProbeConfig(bn_mode="train", count=4, checkpoints=4),
        seeds=seeds,
    )


def _stand(store: Store, run: str, status: Standing, blobs: Sequence[tuple[int, bytes]]) -> None:
    """Let a run stand so, with these blobs, before each of which so much was done.

    What is at work is kept alive; what is silent is not.
    """
    if status != "queued":
        store.start(run)
    for index, (done, blob) in enumerate(blobs):
        store.append(run, index, done, blob)
    if status in UNFINISHED:
        heart.add(store, run)
    elif status != "silent":
        store.finish(run, status, Problem("job_gone", {}) if status == "failed" else None)
