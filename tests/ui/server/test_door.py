"""Nobody passes without the passphrase, and nobody is led elsewhere."""

import asyncio
import os
import threading
import time
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import PlainTextResponse

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.server import door
from tests.ui.server.asgi import messages, run


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """ask(path, cookie, body) of a server whose passphrase is "vier Wörter": its messages."""
    monkeypatch.setattr(door, "lock", lambda: lock)
    assert not door.Lock("\u3000 ").opened_by(" "), "blanks are no words"
    lock = door.Lock("vier Wörter")
    guarded = door.Door(PlainTextResponse("inside"))

    def ask(path: str, cookie: str = "", body: bytes | None = None, kind: str = "http") -> Any:
        scope = {
            "type": kind,
            "method": "GET" if body is None else "POST",
            "path": path,
            "query_string": b"lang=zh",
            "headers": [(b"cookie", cookie.encode()), (b"host", b"x")],
            "server": ("x", 80),
            "scheme": "https",
        }
        return messages(guarded, scope, body or b"")

    return ask


def headers(said: Any) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in said[0]["headers"]}


@pytest.mark.parametrize("path", ["/", "/one_batch", "/media/x", "/_stcore/upload_file/a/b"])
@pytest.mark.parametrize("cookie", ["", "bnviz_door=", "bnviz_door=abc.def", "bnviz_door=."])
def test_nobody_enters_without_it(ask: Any, path: str, cookie: str) -> None:
    first, page = ask(path, cookie)
    assert first["status"] == 401 and b"inside" not in page["body"]
    for lang in LANGUAGES:
        assert sentence(lang, "door.text") in page["body"].decode()
    assert ask("/_stcore/stream", cookie, kind="websocket")[0]["type"] == "websocket.close"


@pytest.mark.parametrize(
    "body",
    [b"", b"passphrase=", b"passphrase=vier", b"x=" + b"y" * 5000, b"passphrase=%00", b"&=&"],
)
def test_a_wrong_word_is_told_so(ask: Any, body: bytes) -> None:
    first, page = ask("/", body=body)
    assert first["status"] == 401 and b'role="alert"' in page["body"]
    assert "set-cookie" not in headers([first])


WORD = b"passphrase=vier+W%C3%B6rter"


def test_who_knows_it_enters_and_is_somebody(ask: Any) -> None:
    said = [ask("/one_batch", body=WORD) for _ in range(2)]
    assert headers(said[0])["location"] == "/one_batch?lang=zh" and said[0][0]["status"] == 303
    cookie = headers(said[0])["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" in cookie
    tickets = [headers(each)["set-cookie"].split(";")[0] for each in said]
    assert tickets[0] != tickets[1], "each has a name of their own"
    for ticket in tickets:
        assert ask("/", ticket)[1]["body"] == b"inside"
    (one, own), (_, others) = (each.split(".") for each in tickets)
    assert own != others and ask("/", f"{one}.{others}")[0]["status"] == 401
    strange = door.Lock("vier Wörter").ticket()
    for typed in ("vier Wo\u0308rter", "vier\u3000Wörter", "\uff56ier Wörter "):
        assert ask("/", body=f"passphrase={quote(typed)}".encode())[0]["status"] == 303
    again = headers(ask("/", f"bnviz_door={strange}", WORD))["set-cookie"]
    assert again.partition(".")[0] == f"bnviz_door={strange.partition('.')[0]}"
    assert ask("/", f"bnviz_door={strange}")[0]["status"] == 401, "the key is each server's own"


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/\\/evil.example"])
def test_the_way_in_leads_nowhere_else(ask: Any, path: str) -> None:
    location = headers(ask(path, body=WORD))["location"]
    assert location.startswith("/") and not location.startswith(("//", "/\\"))


def test_the_word_itself_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_PASSPHRASE", "vier Wörter")
    made = door.lock.__wrapped__()
    assert made is not None and "BNVIZ_PASSPHRASE" not in os.environ
    assert "vier" not in repr(vars(made))


def test_who_guesses_takes_one_core_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, at_once, together = door.Lock("vier Wörter"), threading.Semaphore(1), []

    def opened_by(word: str) -> bool:
        together.append(not at_once.acquire(blocking=False))
        time.sleep(0.001)
        at_once.release()
        return False

    monkeypatch.setattr(lock, "opened_by", opened_by)

    async def many() -> None:
        await asyncio.gather(*(lock.tried("word") for _ in range(8)))

    run(many())
    assert together == [False] * 8
