"""A training handed on: what another program reads is what was kept."""

import errno
import io
import json
import os
import random
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save

from bnviz.__main__ import main
from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.measure import SubjectConfig
from bnviz.core.sweep.config import Axis, SweepConfig
from bnviz.core.training.snapshots import from_bytes
from bnviz.export import tables
from bnviz.export.bundle import bundle, take_in
from bnviz.export.formats import FORMATS
from bnviz.export.training import Training, Wording, training
from bnviz.files.reading import digest_of
from bnviz.jobs import measures, sweep, trainings
from bnviz.jobs.worker import work
from bnviz.store import Store, StoreProblem, open_store
from bnviz.store.database import folder_url
from bnviz.texts.catalogue import LANGUAGES, sentence

CONFIG = TrainConfig(
    data=DataConfig(samples=50),
    optimizer=OptimizerConfig(epochs=2),
    probes=ProbeConfig(checkpoints=2, count=2, eigenvalues=False),
    seeds=2,
    seed=5,
)
HOSTILE = "=1+1</script><script>alert(1)</script> & `x`"


@pytest.fixture(scope="module")
def kept() -> Iterator[Training]:
    store = open_store()
    run_id = trainings.create(store, CONFIG)
    work(store, run_id)
    store.describe(run_id, HOSTILE, ["a", "<b>"], HOSTILE)
    yield training(store, run_id)
    store.delete(run_id)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Store]:
    """The history of another machine."""
    store = Store(folder_url(tmp_path))
    yield store
    store.close()


def exported(kept: Training, ending: str, language: str = "en") -> bytes:
    return FORMATS[ending](kept, Wording(language, {"rate <b>": "0.01"}))


def test_tables_come_back(kept: Training) -> None:
    csv = pd.read_csv(io.BytesIO(exported(kept, "csv")))
    parquet = pd.read_parquet(io.BytesIO(exported(kept, "parquet")))
    pd.testing.assert_frame_equal(csv, parquet)
    last = parquet[(parquet.epoch == 2) & (parquet.net == "plain")]
    losses = kept.snapshots[-1].plain.validation_loss
    np.testing.assert_array_equal(last.validation_loss.to_numpy(), losses)


def test_no_cell_of_text_is_a_formula() -> None:
    cells = ["=1+1", "+1", "-1", "@x", "\tx", "plain", "1=1"]
    frame = pd.DataFrame({"=a": cells, "number": [-1.5] * 7, "c": pd.Categorical(cells)})
    lines = pd.read_csv(io.BytesIO(tables.csv(frame)))
    safe = ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "plain", "1=1"]
    assert list(lines.columns) == ["'=a", "number", "c"]
    assert list(lines["'=a"]) == list(lines["c"]) == safe and set(lines["number"]) == {-1.5}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_needs_nothing_else(kept: Training, language: str) -> None:
    page = exported(kept, "html", language).decode()
    read = Tags(page)
    assert not [tag for tag, given in read.tags if {"src", "href"} & given.keys()]
    assert "default-src 'none'" in page and page.count("plotly.js v") == 1
    assert HOSTILE in read.text and "<script>alert" not in page and "rate <b>" in read.text
    assert sentence(language, "report.settings") in read.text
    assert re.search(r"\b2\b", read.text) and len(re.findall(r'newPlot\(\s+"', page)) == 2
    assert page.count('"showSendToCloud": false') == 2  # else Plotly offers to upload a chart


def test_the_notebook_trains_the_same_run(kept: Training) -> None:
    nbformat = pytest.importorskip("nbformat")
    book = json.loads(exported(kept, "ipynb"))
    nbformat.validate(nbformat.from_dict(book))
    names: dict[str, object] = {}
    told = io.StringIO()
    with redirect_stdout(told):
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                exec(cell["source"], names)
    assert "bn same to the bit" in told.getvalue() and "plain same to the bit" in told.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_the_events(kept: Training, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    zipfile.ZipFile(io.BytesIO(exported(kept, "zip"))).extractall(tmp_path)
    folders = sorted(
        str(file.parent.relative_to(tmp_path)) for file in tmp_path.rglob("*tfevents*")
    )
    assert [name.partition("/")[2] for name in folders] == [
        f"{net}/seed-{seed}" for net in ("bn", "plain") for seed in (5, 6)
    ]
    read = EventAccumulator(str(tmp_path / folders[1]))
    read.Reload()
    scalars = read.Scalars("validation_loss")
    assert [each.step for each in scalars] == [snapshot.epoch for snapshot in kept.snapshots]
    losses = [snapshot.bn.validation_loss[1] for snapshot in kept.snapshots]
    np.testing.assert_array_equal([each.value for each in scalars], np.float32(losses))


def test_another_machine_takes_the_run_in(kept: Training, elsewhere: Store) -> None:
    blob, store, run_id = exported(kept, "bnviz"), open_store(), kept.run.id
    assert take_in(elsewhere, blob) == run_id
    assert elsewhere.blobs(run_id) == store.blobs(run_id)
    assert elsewhere.states(run_id) == store.states(run_id) != []
    assert elsewhere.last_state_blob(run_id) == store.last_state_blob(run_id)
    assert elsewhere.run(run_id) == kept.run
    with pytest.raises(StoreProblem) as caught:
        take_in(elsewhere, blob)
    assert caught.value.code == "run_there"


def test_an_arena_is_handed_on_whole(elsewhere: Store) -> None:
    network = NetworkConfig(norm="layer", width=8)
    probes = ProbeConfig(checkpoints=0)
    config = CONFIG.model_copy(update={"network": network, "probes": probes, "arena": True})
    store = open_store()
    run_id = trainings.create(store, config)
    work(store, run_id)
    arena = training(store, run_id)
    csv = pd.read_csv(io.BytesIO(exported(arena, "csv")))
    assert {*csv["net"]} == {"layer", *config.other_norms, "plain"}
    blob = exported(arena, "bnviz")
    assert take_in(elsewhere, blob) == run_id
    elsewhere.delete(run_id)
    arrays = load(blob)
    wrong = dict(load(arrays["snapshot/0"].tobytes()))
    wrong["dyt/train_loss"] = np.zeros(3)
    with pytest.raises(StoreProblem):
        take_in(elsewhere, save(arrays | {"snapshot/0": np.frombuffer(save(wrong), np.uint8)}))
    store.delete(run_id)


MEASURE = DocumentConfig(probes=2)
SWEEP = SweepConfig(
    base=CONFIG,
    axes=(
        Axis(field="network.depth", values=(1, 2)),
        Axis(field="optimizer.epochs", values=(1, 2)),
    ),
)


@pytest.mark.parametrize("kind", ["measure", "sweep"])
def test_measures_and_sweeps_are_handed_on_too(kind: str, elsewhere: Store) -> None:
    store = open_store()
    if kind == "sweep":
        run_id = sweep.create(store, SWEEP)
        with ThreadPoolExecutor(1) as here:
            work(store, run_id, way=partial(sweep.work, pool=sweep.Pool(here, 1)))
    else:
        run_id = measures.create(store, MEASURE)
        work(store, run_id)
    run = store.run(run_id)
    assert run is not None and run.status == "done"
    blob = bundle(run)
    assert take_in(elsewhere, blob) == run_id
    kept = [blob for _, blob in store.blobs(run_id)]
    assert [blob for _, blob in elsewhere.blobs(run_id)] == kept != []
    again = elsewhere.run(run_id)
    assert again is not None and (again.kind, again.config) == (run.kind, run.config)
    newest = partial(elsewhere.newest, run.kind, run.config)
    assert newest() == again, "whoever runs the server may say what is true"
    elsewhere.delete(run_id)
    take_in(elsewhere, blob, "eve")
    assert newest() is None and newest("ada") is None, "a visitor's file is nobody else's result"
    assert getattr(newest("eve"), "id", None) == run_id
    if kind == "sweep":
        begun = sweep.create(elsewhere, SWEEP, resume=True)
        assert elsewhere.blobs(begun) == [], "nor do its cells begin another one"
        elsewhere.delete(begun)
    elsewhere.delete(run_id)
    arrays = load(blob)
    first = dict(load(arrays["snapshot/0"].tobytes()))
    name = "bn/published" if kind == "measure" else "outcome/bn/accuracy"
    for wrong in (first | {name: np.zeros((3, 3))}, {**first, "cell": np.array(9)}, {}):
        if kind == "measure" and "cell" in wrong:
            continue
        part = np.frombuffer(save(wrong), np.uint8)
        with pytest.raises(StoreProblem, match="damaged"):
            take_in(elsewhere, save(arrays | {"snapshot/0": part}))
    assert elsewhere.runs() == []
    store.delete(run_id)


def test_a_measure_takes_its_training_along(kept: Training, elsewhere: Store) -> None:
    store = open_store()
    run_id = measures.create(store, DocumentConfig(subject=SubjectConfig(run=kept.run.id)))
    measure = store.run(run_id)
    assert measure is not None
    with pytest.raises(StoreProblem):
        take_in(elsewhere, bundle(measure))  # nothing is measured yet
    assert elsewhere.runs() == []
    work(store, run_id)
    blob = bundle(measure)
    assert take_in(elsewhere, blob, "a reader") == run_id
    assert measures.lacking(elsewhere, run_id) is None
    assert elsewhere.states(kept.run.id) == store.states(kept.run.id)
    assert elsewhere.owns("a reader", kept.run.id)
    newest = partial(elsewhere.newest, measure.kind, measure.config)
    assert getattr(newest(), "id", None) == run_id, "said of nets that are the reader's own"

    for each in (run_id, kept.run.id):
        elsewhere.delete(each)
    arrays = load(blob)
    with pytest.raises(StoreProblem, match="training"):
        take_in(elsewhere, save(arrays | {"training": np.frombuffer(blob, np.uint8)}))
    del arrays["training"]
    assert take_in(elsewhere, save(arrays), "a reader") == run_id and newest() is None
    assert measures.lacking(elsewhere, run_id) == kept.run.id
    store.delete(run_id)


def test_a_table_travels_along(elsewhere: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from bnviz.files.read import read
    from bnviz.files.reading import to_table

    rows = "".join(f"{i},{(i * 7) % 5},{i % 3}\n" for i in range(30))
    table = to_table(read("t.csv", f"a,b,c\n{rows}".encode()), ["a", "b", "c"])
    store = open_store()
    store.save_table(table)
    data = DataConfig(source="table", table=table.digest, columns=("a", "b"), target="c")
    run_id = trainings.create(store, CONFIG.model_copy(update={"data": data}))
    work(store, run_id)
    blob = exported(training(store, run_id), "bnviz")
    assert take_in(elsewhere, blob) == run_id
    again = elsewhere.table(table.digest)
    assert again is not None and again.values.tobytes() == table.values.tobytes()
    elsewhere.delete(run_id)
    elsewhere.delete_uploads([table.digest])
    monkeypatch.setenv("BNVIZ_TABLES_VISITOR_GIGABYTES", "1e-9")
    with pytest.raises(StoreProblem) as caught:
        take_in(elsewhere, blob, "ada")
    assert caught.value.code == "tables_of_visitor" and elsewhere.runs() == []
    monkeypatch.delenv("BNVIZ_TABLES_VISITOR_GIGABYTES")
    take_in(elsewhere, blob, "ada")
    assert [each.digest for each in elsewhere.uploads("ada")] == [table.digest]
    elsewhere.delete(run_id)
    for values, names in (
        (table.values + 1, None),  # not what its digest says
        (table.values[:2], "abc"),
        (np.full((30, 3), 1e300), "abc"),
        (table.values, "abb"),
        (table.values, "abd"),
    ):
        with pytest.raises(StoreProblem):
            take_in(elsewhere, _on(load(blob), values, names))
    assert elsewhere.runs() == []
    store.delete(run_id)


def _on(arrays: dict[str, np.ndarray], values: np.ndarray, names: str | None) -> bytes:
    """The same export on another table, forged with care: its digest fits, if it has names."""
    record = json.loads(arrays["run"].tobytes())
    if names:
        config, record["columns"] = json.loads(record["config"]), list(names)
        config["data"]["table"] = digest_of(tuple(names), values)
        record["config"] = json.dumps(config)
    return save(arrays | {"table": values.copy(), "run": _bytes(json.dumps(record).encode())})


def test_what_is_no_export_is_refused(kept: Training, elsewhere: Store) -> None:
    blob = exported(kept, "bnviz")
    arrays = load(blob)
    first = from_bytes(arrays["snapshot/0"].tobytes())
    record = json.loads(arrays["run"].tobytes())

    def other(**changed: object) -> bytes:
        run = json.dumps(record | changed).encode()
        return save(arrays | {"run": np.frombuffer(run, np.uint8)})

    wrong = dict(load(arrays["snapshot/0"].tobytes()))
    wrong["bn/train_loss"] = np.zeros(3)
    damaged = [
        *(b"", b"PK\x03\x04", blob[:-1], blob[:100]),
        save(arrays | {"snapshot/0": np.frombuffer(save(wrong), np.uint8)}),
        save(arrays | {"snapshot/9": arrays["snapshot/0"]}),
        *(other(format=2), other(id="../x"), other(status="queued"), other(name="x" * 999)),
        *(other(config="{}x"), other(done=-1), other(created=float("nan")), other(more=1)),
        other(config=record["config"].replace("0.2", "NaN")),
    ]
    assert "0.2" in record["config"]
    assert first.epoch == 0
    chance = random.Random(0)
    for _ in range(60):
        bytes_ = bytearray(blob)
        for _ in range(chance.randint(1, 8)):
            bytes_[chance.randrange(min(len(bytes_), 4000))] = chance.randrange(256)
        damaged.append(bytes(bytes_))
    for each in damaged:
        try:
            take_in(elsewhere, each)
        except StoreProblem as problem:
            assert problem.code == "no_export"
            assert elsewhere.runs() == []
        else:  # a change that leaves a valid run
            elsewhere.delete(elsewhere.runs()[0].id)
    assert len(damaged) > 70
    assert take_in(elsewhere, other(created=4e9 - 10, started=None, finished=4e9)) == record["id"]
    (late,) = elsewhere.runs()
    assert late.finished is not None and late.finished.timestamp() <= elsewhere.clock()
    assert (late.finished - late.created).total_seconds() == pytest.approx(10)
    timeless = other(id="timeless00", created=0.0, started=None, finished=None)
    assert take_in(elsewhere, timeless) == "timeless00"


def test_a_run_that_has_kept_nothing_is_refused_for_that(elsewhere: Store) -> None:
    store = open_store()
    run_id = sweep.create(store, SWEEP)
    run = store.run(run_id)
    assert run is not None
    with pytest.raises(StoreProblem) as refused:
        take_in(elsewhere, bundle(run))
    assert refused.value.code == "empty_export" and run_id in str(refused.value)
    assert elsewhere.runs() == []
    store.delete(run_id)


def test_every_figure_has_the_shape_of_its_run(kept: Training, elsewhere: Store) -> None:
    blob = exported(kept, "bnviz")
    arrays = load(blob)
    first = load(arrays["snapshot/0"].tobytes())
    state = next(name for name in arrays if name.startswith("state/"))
    _, index, epoch = state.split("/")
    whole, bare = arrays[state], arrays["snapshot/0"]
    last = load(whole.tobytes())
    names = [name for name in last if name.startswith("state/")]
    nets = [last | {name: np.zeros((*last[name].shape, 2), np.float32)} for name in names]
    nets += [last | {names[0]: last[names[0]].astype(np.float64)}, last | {"state/bn/more": bare}]
    needed = [name for name in names if not name.endswith(".batches")]  # these an old file has not
    nets += [{key: value for key, value in last.items() if key != name} for name in needed]
    figures = {name: value for name, value in first.items() if "/" in name and value.size}
    bn = {name[3:]: value for name, value in first.items() if name.startswith("bn/")}
    wrong = [
        *({name: np.zeros((*value.shape, 1))} for name, value in figures.items()),
        *({name: np.zeros(value.shape, np.int64)} for name, value in figures.items()),
        *({f"{net}/{name}": np.zeros(0)} for net in ("bn", "plain") for name in _ALWAYS),
        *({"clock": np.array([float(epoch), 0, 0])} for epoch in (-1, 2, 3)),
        {f"layer/{name}": value for name, value in bn.items()},
    ]
    changed = [{"snapshot/0": _bytes(save(first | each))} for each in wrong]
    changed += [
        {f"state/{index}/{int(epoch) + 1}": whole},
        {f"state/-1/{epoch}": whole},
        {state: bare},
        *({state: _bytes(save(each))} for each in nets),
    ]
    for each in changed:
        with pytest.raises(StoreProblem) as refused:
            take_in(elsewhere, save(arrays | each))
        assert refused.value.code == "no_export" and elsewhere.runs() == []


#: What every snapshot has.
_ALWAYS = ("train_loss", "diverged")


def _bytes(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, np.uint8)


def test_a_file_may_be_so_large_and_no_larger(
    kept: Training, elsewhere: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = exported(kept, "bnviz")
    monkeypatch.setattr("bnviz.export.bundle.MOST_BYTES", len(blob) - 1)
    with pytest.raises(StoreProblem):
        take_in(elsewhere, blob)
    monkeypatch.setattr("bnviz.export.bundle.MOST_BYTES", len(blob))
    assert take_in(elsewhere, blob) == kept.run.id


def test_by_command_line(
    kept: Training,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "run.bnviz"
    assert main(["runs", "export", kept.run.id, "--to", str(file)]) == 0
    assert main(["runs", "export", "nosuch", "--to", str(file)]) == 2
    assert main(["runs", "export", kept.run.id, "--to", str(tmp_path / "run.doc")]) == 2
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))
    assert main(["runs", "import", str(file)]) == 0
    assert main(["runs", "import", str(file)]) == 2 and main(["runs"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == kept.run.id == told.out.splitlines()[1].split("\t")[0]
    open_store().describe(kept.run.id, "\x1b]0;mine\x07", (), "")
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.endswith("\t\ufffd]0;mine\ufffd\n")
    assert "is in this run history already" in told.err and ".html" in told.err


def test_a_full_disk_leaves_no_half_file(
    kept: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(file: Path, blob: bytes) -> int:
        with file.open("wb") as opened:
            opened.write(blob[:9])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(Path, "write_bytes", half)
    file = tmp_path / "run.csv"
    assert main(["runs", "export", kept.run.id, "--to", str(file)]) == 2
    assert not list(tmp_path.iterdir())
