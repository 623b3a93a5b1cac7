"""Starts the dashboard as a server of its own, for tests, screenshots and measurements."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app.py"


class ServerFailed(RuntimeError):
    """The server ended or never answered; the message holds what it printed."""


@contextmanager
def serve(
    script: Path = APP,
    home: Path | None = None,
    options: Sequence[str] = (),
    port: int = 0,
    **variables: str,
) -> Iterator[str]:
    """Serve `script` on this computer; yields its address without a final slash.

    `home` is the folder of the run history, by default a new empty one that is
    removed afterwards. `options` are further options of ``streamlit run``, and `variables`
    of its environment. `port` is a free one unless it is given.
    Only the process started here is ended.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = port or free_port()
        command = [
            *(sys.executable, "-m", "streamlit", "run", str(script)),
            *("--server.address", "127.0.0.1", "--server.port", str(port)),
            *("--server.headless", "true", "--server.fileWatcherType", "none"),
            *("--browser.gatherUsageStats", "false"),
            *options,
        ]
        environment = {**os.environ, "BNVIZ_HOME": str(home or folder), **variables}
        environment.pop("BNVIZ_STORE", None)
        with running(command, port, script.parent, environment, Path(folder) / "server.log"):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def running(
    command: Sequence[str], port: int, cwd: Path, environment: Mapping[str, str], log: Path
) -> Iterator[None]:
    """Run `command`, which serves on that port, until the block ends; it prints to `log`."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(server, f"http://127.0.0.1:{port}", log)
        yield
    finally:
        _end(server)
        printed = log.read_text(encoding="utf-8", errors="replace")
        if "Traceback" in printed:
            print(printed, file=sys.stderr)


def free_port() -> int:
    """A port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + 180
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with direct.open(f"{address}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise ServerFailed(log.read_text(encoding="utf-8", errors="replace"))


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
