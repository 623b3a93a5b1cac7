"""What a stranger may ask of a running server, line by line of SECURITY.md."""

import csv
import http.client
import io
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pandas as pd
import pytest

from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.texts.spreadsheet import defused
from tests.waiting import PATIENCE
from tools.server import ROOT, serve

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
SOCKET = "/_stcore/stream"
UPLOAD = "/_stcore/upload_file/nobody/nothing"


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """The host and port of a server as everybody starts it."""
    with serve() as address:
        yield urlsplit(address).netloc


def ask(
    place: str, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> tuple[int, http.client.HTTPMessage]:
    """Status and headers of the answer, by bytes that no library tidies up."""
    connection = http.client.HTTPConnection(place, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in ({"Host": place} | dict(headers or {})).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers
    finally:
        connection.close()


def test_every_line_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "::" in line]
    assert len(rows) > 12
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)


def test_every_fault_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:tests/)?([a-z_]+/[\w/]*test_\w+\.py)`", text))
    assert len(named) > 12
    assert [file for file in named if not (ROOT / "tests" / file).is_file()] == []


@pytest.mark.parametrize("path", ["/", SOCKET, "/media/x", "/bnviz/x/rows"])
@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1@evil.example"])
def test_a_strange_host_is_refused(place: str, path: str, host: str) -> None:
    """So no site that gives itself this computer's address can read it (DNS rebinding)."""
    upgrade = HANDSHAKE if path == SOCKET else {}
    status, _ = ask(place, path, {"Host": host, **upgrade})
    assert status == (403 if path == SOCKET else 400)


def test_pages_of_other_sites_and_ports_get_no_session(place: str) -> None:
    own = ask(place, SOCKET, {**HANDSHAKE, "Origin": f"http://{place}"})
    assert own[0] == 101
    for origin in ("http://127.0.0.1:1", "http://localhost", "null", "https://evil.example"):
        assert ask(place, SOCKET, {**HANDSHAKE, "Origin": origin})[0] == 403, origin


@pytest.mark.parametrize("path", ["/", "/one_batch", "/nowhere", "/_stcore/health", "/bnviz/x/y"])
def test_every_answer_tells_browsers_what_it_may_do(place: str, path: str) -> None:
    _, headers = ask(place, path, {"Origin": "https://evil.example"})
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["access-control-allow-origin"] is None


def test_metrics_are_closed(place: str) -> None:
    assert ask(place, "/_stcore/metrics")[0] == 404


def test_uploads_without_a_token_are_refused(place: str) -> None:
    assert ask(place, UPLOAD, method="PUT")[0] == 403
    _, headers = ask(place, "/_stcore/health")
    cookie = headers["set-cookie"].split(";")[0]
    token = cookie.split("=", 1)[1]
    known = {"Cookie": cookie, "X-Xsrftoken": token}
    assert ask(place, UPLOAD, known, method="PUT")[0] == 400, "nor those of nobody's session"


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/streamlit/config.py",
        "/bnviz/x/..%2f..%2f..%2fapp.py",
        "/bnviz/x/%2e%2e/%2e%2e/app.py",
        "/bnviz/x/load.js",
        "/app/static/../history.sqlite",
        "/media/../app.py",
        "//evil.example/",
        "/static/%00",
    ],
)
def test_no_path_leads_to_a_file_of_the_server(place: str, path: str) -> None:
    """An error, or the page itself, which then says that it knows no such page."""
    status, headers = ask(place, path)
    assert status in (400, 404) or headers["content-type"].startswith("text/html")


def test_errors_tell_no_paths() -> None:
    config = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert 'showErrorDetails = "type"' in config
    for language in LANGUAGES:
        for key, text in catalogue(language).items():
            if key.startswith("problem."):
                named = set(re.findall(r"{(\w+)", text))
                assert not named & {"path", "place", "file", "folder", "address", "url"}, key


def test_no_cell_of_a_download_is_a_formula() -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "a-b", "a\r=1", ""]
    frame = pd.DataFrame({"column": names} | dict.fromkeys(names, -1.5))
    written = defused(frame).to_csv(index=False)
    head, *rows = csv.reader(io.StringIO(written, newline=""))
    safe = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "' =1", "'\n=1", "a-b", "a =1", ""]
    assert head == ["column", *safe]
    assert rows == [[name] + ["-1.5"] * len(names) for name in safe], "numbers stay numbers"
