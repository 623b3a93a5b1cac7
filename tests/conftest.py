"""For every test: a run history of its own, and the mark of the folder it lives in."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from xdist.scheduler import LoadFileScheduling

# Before torch is imported, here and in what the tests start: small tensors gain nothing from
# more threads, and threads that wait for a busy machine cost a lot.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A slow example is no failure: the machine may have been busy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
# The same few examples each time, none made simpler when it fails: tools/mutants.py asks for it.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
)

# pytest rewrites every assert of the suite, which takes as long as all imports together:
# the rewritten tests are kept, whatever the environment says of bytecode.
sys.dont_write_bytecode = False

HERE = Path(__file__).parent
#: Folders whose files take longest, or wait most: they are begun first, so that all ends together.
FIRST = ("browser", "jobs", "pages")


def pytest_configure(config: pytest.Config) -> None:
    """What takes long is left out of whatever is chosen, unless it is asked for by its mark."""
    chosen = config.option.markexpr
    if "proof" not in chosen:
        config.option.markexpr = f"({chosen}) and not proof" if chosen else "not proof"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: looking through it for garbage, over and over, would find none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not (folder := _folder(item)).endswith(".py"):
            item.add_marker(folder)
    places = {folder: place for place, folder in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(_folder(item), len(FIRST)))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


class ByFile(LoadFileScheduling):
    """Which process does which tests: whole files, and two processes alone drive a browser each."""

    def _split_scope(self, nodeid: str) -> str:
        if not nodeid.startswith("tests/browser/"):
            return super()._split_scope(nodeid)
        return f"browser, {'first' if nodeid < 'tests/browser/test_n' else 'second'} half"

    def remove_node(self, node: Any) -> str | None:
        """Hands on what a process left when it ended; returns the test that ended it, if one did.

        xdist hands on the files that were done as well, and waits for ever for their tests.
        """
        left = {
            scope: {test: False for test, done in tests.items() if not done}
            for scope, tests in self.assigned_work.pop(node).items()
        }
        ended_by = next((test for tests in left.values() for test in tests), None)
        if ended_by is not None:
            del left[self._split_scope(ended_by)][ended_by]
        self.workqueue.update((scope, tests) for scope, tests in left.items() if tests)
        for other in self.assigned_work:
            self._reschedule(other)
        return ended_by


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the run history while testing; the user's own is never touched."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BNVIZ_HOME", str(folder))
        patch.delenv("BNVIZ_STORE", raising=False)
        yield folder
