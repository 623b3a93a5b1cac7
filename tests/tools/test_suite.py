"""The suite itself: a test that ends its process costs that test, and no other waits for it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE
from tools.server import ROOT

ABORTS = """
import os
def test_before(): pass
def test_aborts(): os.abort()
def test_after(): pass
"""


def test_a_test_that_ends_its_process_is_named_and_all_others_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import pytest_xdist_make_scheduler\n"
    )
    for number in range(5):
        (tmp_path / f"test_{number}.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    (tmp_path / "test_4_aborts.py").write_text(ABORTS)
    arguments = [
        "-n",
        "2",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "-p",
        "no:cacheprovider",
    ]
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            *arguments,
            tmp_path,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "1 failed, 12 passed" in ended.stdout, ended.stdout
    assert "crashed while running 'test_4_aborts.py::test_aborts'" in ended.stdout
