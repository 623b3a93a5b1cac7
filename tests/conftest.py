"""For every test: a run history of its own, and the mark of the folder it lives in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before torch is imported, here and in what the tests start: small tensors gain nothing from
# more threads, and threads that wait for a busy machine cost a lot.
os.environ.setdefault("OMP_NUM_THREADS", "1")

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks by folder; and of the processes that share the tests, one alone drives a browser."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if not folder.endswith(".py"):
            item.add_marker(folder)
        group = folder if folder == "browser" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the run history while testing; the user's own is never touched."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BNVIZ_HOME", str(folder))
        patch.delenv("BNVIZ_STORE", raising=False)
        yield folder
