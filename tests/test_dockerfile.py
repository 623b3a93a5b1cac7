"""The Dockerfile as far as it can be checked without building it: there is no registry here."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest
from packaging.specifiers import SpecifierSet

from bnviz.__main__ import _parser
from tools.server import ROOT, serve

FILE = ROOT / "docs" / "deploy" / "Dockerfile"
#: Those that are there, https://docs.docker.com/reference/dockerfile/
KNOWN = {"FROM", "ARG", "RUN", "COPY", "USER", "WORKDIR", "ENV", "VOLUME", "EXPOSE"}
KNOWN |= {"HEALTHCHECK", "CMD"}


def steps() -> Iterator[tuple[str, str]]:
    """Each instruction and what it is told, without comments, on one line."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, told = line.partition(" ")
            yield name, " ".join(told.split())


STEPS = list(steps())
TOLD = {name: told for name, told in STEPS}
PORT = "8501"


def test_its_instructions_are_in_order() -> None:
    names = [name for name, _ in STEPS]
    assert names[0] == "FROM" and set(names) <= KNOWN
    assert names.index("USER") > names.index("COPY"), "what is installed belongs to root"
    assert names.index("USER") < names.index("CMD") and TOLD["USER"] == "bnviz"
    home = f"{TOLD['WORKDIR']}/{TOLD['RUN'].removeprefix('mkdir ')}"
    assert home == TOLD["VOLUME"] == TOLD["ENV"].removeprefix("BNVIZ_HOME=")


def test_its_python_is_one_that_bnviz_runs_on() -> None:
    version = re.fullmatch(r"python:(3\.\d+)-slim", TOLD["FROM"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version is not None and version[1] in SpecifierSet(project["requires-python"])
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]


def test_what_it_copies_is_there() -> None:
    """The whole checkout but what is left out; what its commands name is in that."""
    assert TOLD["COPY"] == ". /src"
    left_out = FILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    install = next(told for name, told in STEPS if "pip install" in told)
    named = [word.removeprefix("/src/") for word in shlex.split(install) if "/src/" in word]
    wanted = ["pyproject.toml", "README.md", "LICENSE", "app.py", ".streamlit/config.toml"]
    assert named
    for path in [*named, *wanted]:
        assert (ROOT / path).is_file(), path
        assert not any(fnmatch.fnmatch(path.split("/")[0], each) for each in left_out), path


def test_its_command_is_understood() -> None:
    program, *asked = json.loads(TOLD["CMD"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert program in project["scripts"]
    told = _parser().parse_args(asked)
    assert (told.command, told.browser, told.address) == (None, False, "0.0.0.0")
    assert str(told.port) == TOLD["EXPOSE"] == PORT


@pytest.mark.proof
def test_it_notices_a_server_that_is_not_well() -> None:
    _, _, call = TOLD["HEALTHCHECK"].partition("CMD ")
    _, *arguments = json.loads(call)

    def well(address: str) -> bool:
        asked = [each.replace(f"http://127.0.0.1:{PORT}", address) for each in arguments]
        assert asked != arguments
        done = subprocess.run([sys.executable, *asked], capture_output=True, check=False)
        return done.returncode == 0

    with serve() as address:
        assert well(address)
    assert not well(address)
