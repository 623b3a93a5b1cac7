"""What `bnviz reproduce` prints, and that the READMEs' numbers are those that it finds now."""

import re
from typing import Any

import pytest

from bnviz.cli.reproduce import as_text
from tests.test_command_line import indented, strict
from tools.readme import ROOT, between_marks, reproduced, tables

FILES = {"en": "README.md", "zh": "README.zh.md"}
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[-+]\d+)?")


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    """What the command prints."""
    done = reproduced()
    assert done.stderr == ""
    numbers: dict[str, Any] = strict(indented(done.stdout))
    return numbers


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def test_reproduce_tells_all_numbers(now: dict[str, Any]) -> None:
    assert [len(now["data"][key]) for key in ("mean", "std")] == [3, 3]
    assert [len(now["activations_after_bn"][key]) for key in ("mean", "std")] == [64, 64]
    published = now["lipschitz"]["published"]
    assert published["bn"] == {"median": 0.0, "max": 7799.11}
    assert published["no_bn"] == {"median": 0.0, "max": 2415774.36}
    for kind in ("as_published", "corrected"):
        assert {net: set(each) for net, each in now["lipschitz"][kind].items()} == {
            "bn": {"median", "max"},
            "no_bn": {"median", "max"},
        }
    assert set(now["eigenvalues"]) == {
        "bn_eval",
        "bn_train",
        "no_bn",
        "no_bn_standardized",
        "bn_train_standardized",
    }
    assert all(each["min"] < 0 < each["max"] for each in now["eigenvalues"].values())
    assert set(now["parity"]) == {"torch", "numpy", "loop"}
    assert all(0 <= each["max_abs_difference"] < 1e-5 for each in now["parity"].values())


def test_reproduce_shows_the_same_numbers_as_tables(now: dict[str, Any]) -> None:
    lines = as_text(now).splitlines()

    def row(start: str) -> list[str]:
        (written,) = [line for line in lines if line.startswith(f"| {start}")]
        return [cell.strip() for cell in written.split("|")[2:-1]]

    assert row("as the document published it") == ["0.00", "7,799.11", "0.00", "2,415,774.36"]
    corrected = now["lipschitz"]["corrected"]
    assert row("corrected") == [
        f"{corrected[net][figure]:,.2f}" for net in ("bn", "no_bn") for figure in ("median", "max")
    ]
    extremes = now["eigenvalues"]["no_bn"]
    assert row("no BN, raw inputs") == [f"{extremes['min']:,.2f}", f"{extremes['max']:,.2f}"]
    assert row("exact")[3] == f"{extremes['max']:,.2f}"
    assert row("height") == [f"{now['data'][key][0]:.8g}" for key in ("mean", "std")]
    blocks = [block for block in as_text(now).split("\n\n") if block.startswith("|")]
    assert len(blocks) == 4
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, "a Markdown table"
        assert len({len(line) for line in block.splitlines()}) == 1, "aligned"


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
