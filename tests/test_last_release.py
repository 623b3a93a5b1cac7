"""A history of the last release opens, and its runs repeat: the same numbers.

Its links: `tests/pages/test_approved.py`.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.smoothness.measure import from_bytes, to_bytes
from bnviz.core.training import snapshots
from bnviz.core.training.train import train
from bnviz.jobs import measures, trainings
from bnviz.jobs.kinds import MEASURE, TRAININGS, measured
from bnviz.store import Run, Store
from bnviz.store.database import folder_url

KEPT = Path(__file__).parent / "fixtures" / "last_release"
PRINTED = [json.loads(line) for line in (KEPT / "printed.jsonl").read_text().splitlines()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    shutil.copy(KEPT / "history.sqlite", tmp_path)
    opened = Store(folder_url(tmp_path))
    yield opened
    opened.close()


def same(new: Any, old: Any) -> None:
    """Every number of the old form stands in the new one, to the bit; null is what JSON lacks."""
    if isinstance(old, dict):
        for name, part in old.items():
            same(getattr(new, name), part)
    else:
        expected = np.array(old, dtype=np.float64)
        numbers = np.asarray(new, dtype=np.float64)
        np.testing.assert_array_equal(np.where(np.isfinite(numbers), numbers, np.nan), expected)


@pytest.mark.parametrize("old", PRINTED, ids=lambda old: old.get("config", {}).get("kind", "train"))
def test_a_run_reads_as_it_was_printed(old: dict[str, Any], store: Store) -> None:
    run = store.run(old["run"])
    assert run is not None and run.status == old["status"]
    blob = store.last_blob(run.id)
    assert blob is not None
    if run.kind == TRAININGS.name:
        TrainConfig.model_validate_json(run.config)
        newest = snapshots.from_bytes(blob)
        same(newest, {name: old[name] for name in ("epoch", "step", "seconds", "bn", "plain")})
    else:
        assert (run.done, run.total) == (old["done"], old["total"])
        config = measures.config_of(run)
        assert config.model_dump(mode="json").items() >= old["config"].items()
        same(from_bytes(config.result, blob), old["result"])


def test_every_snapshot_and_state_is_whole(store: Store) -> None:
    """What is read and written again holds every array that was there, to the bit."""
    for run in store.runs():
        if run.kind == TRAININGS.name:
            kept = [blob for _, blob in store.blobs(run.id)]
            kept += [blob for i, _ in store.states(run.id) if (blob := store.state_blob(run.id, i))]
            assert len(kept) > run.snapshots, "snapshots, and states of some"
            again = [snapshots.to_bytes(snapshots.from_bytes(blob)) for blob in kept]
        else:
            kind = measures.config_of(run).result
            kept = [blob for _, blob in store.blobs(run.id)]
            again = [to_bytes(from_bytes(kind, blob)) for blob in kept]
        for before, after in zip(map(load, kept), map(load, again), strict=True):
            for name, array in before.items():
                assert after[name].dtype == array.dtype
                np.testing.assert_array_equal(after[name], array)


def test_a_measure_is_found_again_by_its_settings(store: Store) -> None:
    """Otherwise the page would measure anew what the history holds."""
    for run in store.runs():
        if measured(run):
            again = measures.find(store, measures.config_of(run))
            assert again is not None and again.id == run.id


def test_the_users_table_is_there(store: Store) -> None:
    (kept,) = store.tables()
    table = store.table(kept.digest)
    assert table is not None and table.names == ("size", "age", "price")
    rows = [(30 + 7 * i % 91, i * i % 17, 1000 + 13 * i + i % 5 * 40) for i in range(40)]
    np.testing.assert_array_equal(table.values, rows)


#: Of single precision and small differences, or of steps that are too large: rounding decides.
ROUNDED = {"published", "noise", "bn_float32", "plain_float32", "curves"}


same_rounding = pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13),
    reason="an older torch rounds otherwise than the one that wrote them",
)


def close(new: bytes, old: bytes) -> None:
    """All that the old one holds is in the new one, but for what another processor rounds."""
    arrays = load(new)
    for name, expected in load(old).items():
        if name != "clock" and not ROUNDED.intersection(name.split("/")):
            zero = 1e-12 * max(1.0, np.abs(expected).max(initial=0, where=np.isfinite(expected)))
            np.testing.assert_allclose(arrays[name], expected, 1e-2, zero, err_msg=name)


def runs_of(store: Store, kind: str) -> list[Run]:
    return [run for run in store.runs() if run.kind.startswith(kind) and run.status == "done"]


@same_rounding
def test_a_training_repeats(store: Store) -> None:
    """The same config draws and trains the same nets as the last release did."""
    for run in runs_of(store, TRAININGS.name):
        config = TrainConfig.model_validate_json(run.config)
        dataset = dataset_for(config.data, trainings.table_of(store, config.data))
        *_, last = train(config, dataset, lambda: False)
        blob = store.last_blob(run.id)
        assert blob is not None
        old = snapshots.from_bytes(blob)
        assert (last.epoch, last.step) == (old.epoch, old.step)
        close(snapshots.to_bytes(last), blob)


@same_rounding
def test_a_measure_repeats(store: Store) -> None:
    for run in runs_of(store, MEASURE):
        config = measures.config_of(run)
        *_, last = config.measure(measures.resolve(store, config.subject), lambda: False)
        blob = store.last_blob(run.id)
        assert blob is not None
        close(to_bytes(last.result), blob)
