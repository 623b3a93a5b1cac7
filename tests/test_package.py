"""What the package promises, without an installation; with one: browser/test_installed.py."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def requirements(file: str) -> list[Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_floor_and_a_version_that_passed(file: str) -> None:
    passed = {
        canonicalize_name(each.name): str(each.specifier)
        for each in requirements("constraints.txt")
    }
    assert requirements(file)
    for wanted in requirements(file):
        assert ">=" in str(wanted.specifier)
        version = passed[canonicalize_name(wanted.name)].removeprefix("==")
        assert wanted.specifier.contains(version, prereleases=True), wanted


def test_no_version_is_of_one_kind_of_machine() -> None:
    assert [each for each in requirements("constraints.txt") if "+" in str(each.specifier)] == []
