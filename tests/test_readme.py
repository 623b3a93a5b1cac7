"""The READMEs' numbers are those that the command finds now."""

import re
from typing import Any

import pytest

from tools.readme import ROOT, between_marks, report, tables

FILES = {"en": "README.md", "zh": "README.zh.md"}
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[-+]\d+)?")


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return report()


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


@pytest.mark.parametrize("language", FILES)
def test_the_tables_are_current(language: str, now: dict[str, Any]) -> None:
    written = between_marks((ROOT / FILES[language]).read_text(encoding="utf-8"))
    current = tables(now, language)
    assert re.sub(r"[\s-]+", " ", NUMBER.sub("#", written)) == re.sub(
        r"[\s-]+", " ", NUMBER.sub("#", current)
    )
    # Rounding differs between processors: far less than a reader would notice,
    # but for the differences to float64, which are rounding and nothing else.
    for old, new in zip(numbers(written), numbers(current), strict=True):
        assert old == pytest.approx(new, rel=1e-3) or max(abs(old), abs(new)) < 1e-6


@pytest.mark.parametrize("language", FILES)
def test_the_share_of_clipped_scores_is_current(language: str, now: dict[str, Any]) -> None:
    share = f"{100 * now['data']['clipped_share']:.1f} %"
    assert share in (ROOT / FILES[language]).read_text(encoding="utf-8")


def test_every_word_of_the_tables_has_its_chinese(now: dict[str, Any]) -> None:
    words = set(re.findall(r"[A-Za-z]{3,}", tables(now, "zh")))
    assert words <= {"Lipschitz", "Hessian", "torch", "BatchNorm", "numpy", "float", "for"}


def test_adding_names_files_that_are_there() -> None:
    text = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"`([\w/.]+/[\w/.]+)`", text) if "NAME" not in path]
    assert len(paths) > 10 and [path for path in paths if not (ROOT / path).exists()] == []
