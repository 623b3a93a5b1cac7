"""The code shown on screen runs as it stands and gives the numbers shown beside it."""

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

from bnviz.core.batchnorm import equations
from bnviz.core.configs import (
    BatchConfig,
    DataConfig,
    NetworkConfig,
    NormConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.data import batches
from bnviz.core.data.tables import Table
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.training.presets import PRESETS
from bnviz.store import open_store
from bnviz.ui.fitness import code as fitness_code
from bnviz.ui.one_batch import code as one_batch_code
from bnviz.ui.smoothness.tabs import SECTIONS

TABLE = Table(
    "0" * 64, ("weight, 'kg'", 'height "m"', "名"), np.random.default_rng(0).normal(size=(30, 3))
)


def run(code: str) -> tuple[dict[str, Any], str]:
    """What the code leaves behind, and what it prints."""
    namespace: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "snippet", "exec"), namespace)
    return namespace, printed.getvalue()


@pytest.fixture
def stored_table() -> Table:
    open_store().save_table(TABLE)
    return TABLE


@pytest.mark.parametrize(
    ("batch", "norm"),
    [
        (BatchConfig(), NormConfig()),
        (BatchConfig(source="wine", batch_size=50, features=3, seed=7), NormConfig(eps=0.0)),
        (
            BatchConfig(source="scales", features=5),
            NormConfig(gamma=2.0, beta=-1.0, affine_feature=3, precision="float64"),
        ),
    ],
    ids=str,
)
def test_one_batch(batch: BatchConfig, norm: NormConfig) -> None:
    left, printed = run(one_batch_code.one_batch(batch, norm))
    drawn = batches.draw(batch)
    expected = equations.apply(drawn.values, norm)
    assert np.array_equal(left["batch"].values, drawn.values)
    assert np.array_equal(left["result"].y, expected.y)
    means = [equations.describe(x).mean for x in (drawn.values, expected.y)]
    assert printed == "".join(f"{mean}\n" for mean in means), "before, then after"


def test_one_batch_of_a_users_table(stored_table: Table) -> None:
    config = BatchConfig(source="table", table=stored_table.digest, batch_size=10, features=3)
    left, _ = run(one_batch_code.one_batch(config, NormConfig()))
    assert np.array_equal(left["batch"].values, batches.draw(config, stored_table).values)


SMALL = TrainConfig(
    data=DataConfig(samples=50),
    network=NetworkConfig(width=4),
    optimizer=OptimizerConfig(epochs=2),
    probes=ProbeConfig(count=1, checkpoints=1),
    seeds=2,
)


def test_training() -> None:
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training.train import train

    left, printed = run(fitness_code.training(SMALL))
    *_, last = train(SMALL, dataset_for(SMALL.data), lambda: False)
    assert left["config"] == SMALL
    assert np.array_equal(left["snapshot"].bn.validation_loss, last.bn.validation_loss)
    assert np.array_equal(left["snapshot"].plain.validation_loss, last.plain.validation_loss)
    lines = printed.splitlines()
    assert lines[0].startswith("0 ") and lines[-1].startswith("2 ")
    assert str(last.bn.validation_loss) in lines[-1]


def test_training_on_a_users_table(stored_table: Table) -> None:
    columns, target = stored_table.names[:2], stored_table.names[2]
    data = DataConfig(source="table", table=stored_table.digest, columns=columns, target=target)
    left, _ = run(fitness_code.training(SMALL.model_copy(update={"data": data})))
    assert left["dataset"].target == target
    assert np.isfinite(left["snapshot"].bn.validation_loss).all()


def test_a_measure() -> None:
    from bnviz import eigenvalues
    from bnviz.core.smoothness.subject import document

    config = ExtremesConfig(probes=2, seed=3)
    left, printed = run(SECTIONS["extremes"].code(config))
    *_, last = config.measure(document(), lambda: False)
    assert np.array_equal(left["last"].result.bn.probes, last.result.bn.probes)
    assert left["eigenvalues"] is eigenvalues
    assert printed.startswith("Verdict(") and printed.count("Extremes(") == 1, "then the library's"


def test_the_library_has_what_is_shown() -> None:
    import bnviz

    for section in SECTIONS.values():
        assert section.library and all(callable(getattr(bnviz, name)) for name in section.library)


@pytest.mark.parametrize(
    "code",
    [
        one_batch_code.one_batch(BatchConfig(), NormConfig()),
        fitness_code.training(TrainConfig()),
        fitness_code.training(PRESETS["deep"]),
        *(section.code(section.measure(seed=1)) for section in SECTIONS.values()),
    ],
)
def test_nothing_in_a_snippet_is_idle_or_cut(code: str) -> None:
    """Every name that it brings in is used, and no line is wider than a page's code shows."""
    import ast

    assert max(map(len, code.splitlines())) < 120

    tree = ast.parse(code)
    brought = {
        a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names
    }
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert brought - used == set()
