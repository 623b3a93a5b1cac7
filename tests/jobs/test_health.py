"""Which runs are known to be unreadable, and how much looking at them may take."""

from types import SimpleNamespace
from typing import Any

import pytest

from bnviz.jobs import health


def test_runs_are_looked_at_once_and_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[str]()

    def broken(_store: object, run: Any) -> bool:
        looked.append(run.id)
        return False

    def run(name: str, snapshots: int = 3, active: bool = False) -> Any:
        return SimpleNamespace(id=name, snapshots=snapshots, active=active)

    monkeypatch.setattr(health, "_readable", {})
    monkeypatch.setattr(health, "_can_be_read", broken)
    store: Any = SimpleNamespace(place="here")
    some = [run("broken"), run("empty", snapshots=0), run("busy", active=True)]
    monkeypatch.setattr(health, "SECONDS", -1.0)
    assert health.damaged(store, some) == set() and looked == []
    monkeypatch.setattr(health, "SECONDS", 600.0)
    assert health.damaged(store, some) == health.damaged(store, some) == {"broken"}
    assert looked == ["broken"]
