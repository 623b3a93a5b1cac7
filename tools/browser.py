"""Finds the Chromium that the browser tests, `make shots` and `make bench` drive.

``python -m tools.browser`` finds one, or gets one, and remembers where it is;
`find` afterwards only looks. The order: the one named in BNVIZ_BROWSER, the
one remembered, an installed Chrome, Chromium or Edge, Playwright's own
download, and, for root on Debian, Debian's package.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path(sys.prefix) / ".browser"
COMMANDS = (
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "microsoft-edge-stable",
)
APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge")
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk")
NO_BROWSER = (
    "No browser to test with. Install Google Chrome, Chromium or Microsoft Edge, "
    "or name one: BNVIZ_BROWSER=/path/to/chrome."
)


def arguments() -> list[str]:
    """Command-line switches for a quiet Chromium that talks to this computer only."""
    root = os.name == "posix" and os.geteuid() == 0
    return [
        *(["--no-sandbox"] if root else []),  # Chromium refuses a sandbox to root
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]


def find() -> str | None:
    """Path of a browser that starts, or None. Downloads and installs nothing."""
    for candidate in _candidates():
        if candidate == _remembered() or _starts(candidate):
            return candidate
    return None


def get() -> str:
    """Path of a browser, got if need be and remembered; SystemExit with a sentence if none is."""
    path = find()
    if path is None and "BNVIZ_BROWSER" not in os.environ:
        path = _from_playwright() or _from_debian()
    if path is None:
        raise SystemExit(NO_BROWSER)
    MEMORY.write_text(path, encoding="utf-8")
    return path


def _candidates() -> Iterator[str]:
    named = os.environ.get("BNVIZ_BROWSER")
    if named:
        yield named
        return
    remembered = _remembered()
    if remembered:
        yield remembered
    for command in COMMANDS:
        path = shutil.which(command)
        if path:
            yield path
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for name in APPLICATIONS:
            path = str(folder / f"{name}.app" / "Contents" / "MacOS" / name)
            if os.access(path, os.X_OK):
                yield path
    downloaded = _playwright_path()
    if downloaded:
        yield downloaded


def _remembered() -> str | None:
    path = MEMORY.read_text(encoding="utf-8").strip() if MEMORY.is_file() else ""
    return path if os.access(path, os.X_OK) else None


def _starts(path: str) -> bool:
    """Whether it draws a page: a stub or a lacking library shows only now."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        new_profile = f"--user-data-dir={profile}"
        command = [path, "--headless", new_profile, *arguments(), "--dump-dom", "about:blank"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0 and b"<html" in done.stdout


def _playwright_path() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def _from_playwright() -> str | None:
    print("No Chrome, Chromium or Edge here: asking Playwright for its Chromium.", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    try:
        silent = subprocess.DEVNULL
        done = subprocess.run(command, stdin=silent, stderr=silent, timeout=900, check=False)
    except subprocess.TimeoutExpired:
        return None
    path = _playwright_path() if done.returncode == 0 else None
    if path and _starts(path):
        return path
    print("Playwright's Chromium is not to be had here, or does not start.", flush=True)
    return None


def _from_debian() -> str | None:
    if not _apt_install(*DEBIAN_PACKAGES):
        return None
    path = shutil.which("chromium")
    return path if path and _starts(path) else None


def _apt_install(*packages: str) -> bool:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print("Installing " + " ".join(packages) + " with apt-get.", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        [apt, "-qq", "update"],
        [apt, "-qq", "install", "--yes", "--no-install-recommends", *packages],
    )
    return all(
        subprocess.run(step, env=quiet, stdin=subprocess.DEVNULL, check=False).returncode == 0
        for step in steps
    )


def ensure_chinese_font() -> None:
    """A font for the Chinese pages: Debian's when root and none is here, else a warning."""
    lister = shutil.which("fc-list")
    if lister is None:  # macOS and Windows bring such fonts
        return
    fonts = subprocess.run([lister, ":lang=zh"], capture_output=True, check=False).stdout
    if not fonts.strip() and not _apt_install("fonts-noto-cjk"):
        print("No font with Chinese characters here: Chinese text will show as boxes.")


if __name__ == "__main__":
    print("Browser for the tests:", get())
    ensure_chinese_font()
