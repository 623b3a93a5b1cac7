"""What ``pip install .`` would leave out or break shows here, without an installation."""

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_file_goes_along(project: dict[str, Any]) -> None:
    data = project["tool"]["setuptools"]["package-data"]
    for path in (ROOT / "bnviz").rglob("*"):
        if path.is_dir() or path.suffix == ".pyc":
            continue
        folder = path.parent if path.suffix != ".toml" else path.parent.parent
        package = ".".join(folder.relative_to(ROOT).parts)
        assert (folder / "__init__.py").exists(), f"{package} is no package"
        patterns = ["*.py", *data.get(package, [])]
        assert any(path.relative_to(folder).match(pattern) for pattern in patterns), (
            f"{path} would be left out"
        )


def test_the_command_is_there(project: dict[str, Any]) -> None:
    module, _, name = project["project"]["scripts"]["bnviz"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_floor(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert wanted
    assert [line for line in wanted if ">=" not in line] == []
