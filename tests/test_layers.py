"""Who may see whom: by what really gets imported, and by the linter's contracts.

The contracts stand in pyproject.toml under ``tool.importlinter``. A test that
breaks each of them in a copy shows that they can fail.
"""

import os
import pkgutil
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(sys.executable).with_name("lint-imports")
SCREEN = {"streamlit", "plotly", "pandas"}


def modules(package: str) -> list[str]:
    """The package and all modules below it, found without importing them."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None
    names = [package]
    for module in pkgutil.iter_modules(spec.submodule_search_locations):
        name = f"{package}.{module.name}"
        names += modules(name) if module.ispkg else [name]
    return names


def pulled_in(*steps: list[str]) -> list[set[str]]:
    """The top-level packages in memory after each step of a new interpreter.

    A step imports the modules of these names; what a step before has imported stays.
    """
    program = (
        "import importlib, sys\n"
        f"for step in {steps!r}:\n"
        "    for name in step: importlib.import_module(name)\n"
        "    print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_core_pulls_in_neither_screen_nor_tables_and_only_ui_and_pages_streamlit() -> None:
    rooms = ("plots", "jobs", "store", "export", "cli")
    others = [name for room in rooms for name in modules(f"bnviz.{room}")]
    core, above = pulled_in(modules("bnviz.core"), others)
    assert not core & SCREEN
    assert "streamlit" not in above and "sqlalchemy" in above


def test_what_a_page_starts_with_is_light() -> None:
    """No page waits for torch: what it needs to ask and to draw imports nothing heavy."""
    names = ["data.batches", "batchnorm.equations", "smoothness.registry"]
    started = [*(f"bnviz.core.{name}" for name in names), *modules("bnviz.ui")]
    (light,) = pulled_in(started)
    assert not light & {"torch", "scipy", "sklearn"}
    assert "streamlit" in light, "what is imported is seen"


def contracts_kept(root: Path) -> tuple[bool, str]:
    # A copy must be found before the repository itself, whatever started this test.
    path = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"],
        cwd=root,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def test_contracts_hold() -> None:
    kept, report = contracts_kept(ROOT)
    assert kept, report


BREACHES = {
    "core draws": ("bnviz/core/configs.py", "import plotly"),
    "core reads tables": ("bnviz/core/configs.py", "import pandas"),
    "core asks": ("bnviz/core/configs.py", "import streamlit"),
    "core looks up": ("bnviz/core/configs.py", "import bnviz.store"),
    "store asks": ("bnviz/store/__init__.py", "import streamlit"),
    "jobs ask": ("bnviz/jobs/__init__.py", "import streamlit"),
    "jobs draw": ("bnviz/jobs/__init__.py", "import bnviz.plots"),
    "plots ask": ("bnviz/plots/__init__.py", "import streamlit"),
    "plots know the store": ("bnviz/plots/__init__.py", "import bnviz.store"),
    "plots know jobs": ("bnviz/plots/__init__.py", "import bnviz.jobs"),
    "store knows jobs": ("bnviz/store/__init__.py", "import bnviz.jobs"),
    "ui knows a page": ("bnviz/ui/__init__.py", "import pages.explore.one_batch"),
    "a page calls torch": ("pages/explore/one_batch.py", "import torch"),
    "a tool uses a test": ("tools/page.py", "import tests"),
    "the product uses a tool": ("bnviz/cli/__init__.py", "import tools.page"),
    "a page knows another": ("pages/explore/another.py", "import pages.explore.one_batch"),
}


@pytest.fixture(scope="module")
def report_of_breaches(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy that holds every breach."""
    copy = tmp_path_factory.mktemp("breaches")
    for name in ("bnviz", "pages", "tools"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in BREACHES.values():
        with (copy / file).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    kept, report = contracts_kept(copy)
    assert not kept
    return report


@pytest.mark.parametrize("breach", BREACHES)
def test_contracts_can_fail(breach: str, report_of_breaches: str) -> None:
    file, line = BREACHES[breach]
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert f"{module} -> {line.removeprefix('import ')} (l." in report_of_breaches


def test_a_folder_can_be_looked_through() -> None:
    """At most 15 files of Python, but of the pitfalls, each of which is one."""
    modules = (ROOT / "bnviz").rglob("*.py")
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in modules)
    assert {folder for folder, size in sizes.items() if size > 15} == {"bnviz/core/pitfalls"}
