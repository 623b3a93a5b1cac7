"""What somebody gets who installs the wheel: a fresh environment, far from the checkout."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, expect

from bnviz.texts.catalogue import sentence
from tests.browser.screen import chart_figure, exceptions, settle
from tools.server import ROOT, free_port, running


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the source archive gives."""
    folder = tmp_path_factory.mktemp("wheel")
    archive = [sys.executable, "-m", "hatchling", "build", "--target", "sdist"]
    subprocess.run([*archive, "--directory", folder], cwd=ROOT, check=True)
    (source,) = folder.glob("*.tar.gz")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(source))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel: Path) -> Path:
    """The folder of the commands of an environment in which the wheel is installed.

    It sees what bnviz depends on where the tests have it; bnviz itself is the wheel's.
    """
    environment = wheel.parent / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    (site,) = environment.rglob("site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python.parent


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--no-input", *arguments], check=True)


def elsewhere(folder: Path) -> dict[str, str]:
    """The environment of a user whose data lies in `folder` and who has set nothing of ours."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("BNVIZ_")}
    mine.pop("PYTHONPATH", None)
    names = ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_DATA_HOME")
    return mine | dict.fromkeys(names, str(folder))


def test_every_file_goes_along(wheel: Path) -> None:
    places = {"bnviz": "", "pages": "bnviz/dashboard/"}
    files = [path for place in places for path in (ROOT / place).rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT) for path in files if "__pycache__" not in path.parts]
    wanted = {places[name.parts[0]] + name.as_posix() for name in names}
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    top = {f"bnviz/dashboard/{name}" for name in ("app.py", ".streamlit/config.toml")}
    assert packed == wanted | top


def test_the_dashboard_opens_from_any_folder(
    commands: Path, tmp_path: Path, browser: Browser
) -> None:
    port, log = free_port(), tmp_path / "server.log"
    command = [str(commands / "bnviz"), "--no-browser", "--port", str(port)]
    with running(command, port, tmp_path, elsewhere(tmp_path), log):
        page = browser.new_page(color_scheme="light")
        # The first request of all may be a deep link: the server knows its pages.
        page.goto(f"http://127.0.0.1:{port}/one_batch?lang=en&d=3")
        settle(page)
        assert page.locator("h1").inner_text() == sentence("en", "one_batch.title")
        assert len(chart_figure(page, "before")["layout"]["yaxis"]["tickvals"]) == 3
        assert not exceptions(page)
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        theme = "getComputedStyle(document.querySelector('.stApp')).color"
        assert page.evaluate(theme) == "rgb(15, 25, 35)", "textColor of .streamlit/config.toml"
        page.goto(f"http://127.0.0.1:{port}/fitness?optimizer.epochs=2&seeds=2&data.samples=60")
        page.locator(".st-key-launch button").click()
        over = sentence("en", "run.done", total=2, seconds="\0").partition("\0")[0]
        expect(page.get_by_text(over)).to_be_visible()
        page.close()
    assert f"Runs and tables are kept in {tmp_path}" in log.read_text(encoding="utf-8")


def test_the_commands_work_from_any_folder(commands: Path, tmp_path: Path) -> None:
    def told(*arguments: str) -> str:
        command = [commands / arguments[0], *arguments[1:]]
        environment = elsewhere(tmp_path)
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    package = told("python", "-c", "import bnviz; print(bnviz.__file__)")
    assert Path(package.strip()).is_relative_to(commands.parent), "the wheel's, not the checkout's"
    assert f"kept in {tmp_path}" in " ".join(told("bnviz", "--help").split())
    assert '"standardize"' in told("bnviz", "train", "--example")
