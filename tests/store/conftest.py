"""A history of each test's own, on a clock that the test sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bnviz.store import Store
from bnviz.store.database import folder_url


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(folder_url(tmp_path), clock=clock)
    yield opened
    opened.close()
