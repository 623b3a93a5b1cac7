"""The files of docs/deploy, as far as they can be tried: nginx is started as they say."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.screen import settle
from tests.waiting import PATIENCE, wait_for
from tools.server import ROOT, free_port, serve

DEPLOY = ROOT / "docs" / "deploy"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NGINX = shutil.which("nginx", path=PATH)
WORD = "four words in here"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of nginx, in front of a server with a passphrase."""
    monkeypatch.setenv("BNVIZ_PASSPHRASE", WORD)
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "bnviz.localhost")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    name = ["-subj", "/CN=bnviz.localhost", "-days", "1", "-nodes"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", str(key), "-out"]
    subprocess.run([*new, str(certificate), *name], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    with serve() as address:
        site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for written, here in {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "bnviz.example.org": "bnviz.localhost",
            "/etc/ssl/certs/bnviz.pem": str(certificate),
            "/etc/ssl/private/bnviz.key": str(key),
            "127.0.0.1:8501": urlsplit(address).netloc,
        }.items():
            assert written in site
            site = site.replace(written, here)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
        config = tmp_path / "nginx.conf"
        config.write_text(
            f"daemon off; pid {tmp_path}/pid; error_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{folders}{site}}}\n",
            encoding="utf-8",
        )
        start = [str(NGINX), "-p", str(tmp_path), "-c", str(config), "-e", "stderr"]
        subprocess.run([*start, "-t"], check=True, capture_output=True)
        nginx = subprocess.Popen(start, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: nginx.poll() is not None or _listens(secure))
            assert nginx.poll() is None, "nginx ended as it started"
            yield f"https://bnviz.localhost:{secure}"
        finally:
            nginx.terminate()
            nginx.wait(PATIENCE)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_pages_work_behind_the_proxy(proxy: str, browser: Browser) -> None:
    """TLS, the door and its cookie, the websocket: without it no figure comes."""
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        answer = page.goto(f"{proxy}/one_batch?b=64")
        assert answer is not None and answer.status == 401
        assert answer.headers["strict-transport-security"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        page.locator("input").fill(WORD)
        page.keyboard.press("Enter")
        expect(page.locator(".bnviz-chart").first).to_be_visible()
        settle(page)
        (ticket,) = [each for each in context.cookies() if each["name"] == "bnviz_door"]
        assert ticket["secure"] and ticket["httpOnly"]


def test_the_unit_is_understood(tmp_path: Path) -> None:
    """By systemd itself, once its command is one that is there."""
    tool = shutil.which("systemd-analyze", path=PATH)
    if tool is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "bnviz.service"
    written = (DEPLOY / "bnviz.service").read_text(encoding="utf-8")
    assert "/opt/bnviz/bin/bnviz" in written
    unit.write_text(written.replace("/opt/bnviz/bin/bnviz", "/bin/true"), encoding="utf-8")
    done = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, "bnviz.service" in done.stderr) == (0, False), done.stderr
