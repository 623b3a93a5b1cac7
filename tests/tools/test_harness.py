import json
from pathlib import Path

import pytest

from tools.bench.harness import from_pairs, ratio, table, write


def test_ratio_is_the_median_of_rounds_taken_in_turn() -> None:
    calls = []

    def sample(name: str, seconds: float) -> float:
        calls.append(name)
        return seconds

    result = ratio(
        "a thing",
        lambda: sample("ours", 1.0),
        lambda: sample("reference", 4.0),
        target=0.5,
        rounds=3,
    )
    assert calls == ["ours", "reference", "reference", "ours"] * 2
    assert (result.ratio, result.low, result.high) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize(("target", "met"), [(1.9, False), (2.0, True)])
def test_a_missed_target_says_so(target: float, met: bool, tmp_path: Path) -> None:
    result = from_pairs("a thing", [(1.0, 1.0), (2.0, 1.0), (9.0, 1.0)], target)
    assert ("MISSED" in table([result])) is not met
    write([result], tmp_path / "build" / "bench.json")
    (row,) = json.loads((tmp_path / "build" / "bench.json").read_text(encoding="utf-8"))
    assert row == {
        "name": "a thing",
        "ours": 2.0,
        "reference": 1.0,
        "ratio": 2.0,
        "target": target,
        "met": met,
    }
