"""A passphrase for a class: who does not know it sees nothing but a page that asks for it."""

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from functools import cache
from typing import Final
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.server.bare import bare
from bnviz.ui.server.guard import HEALTH

#: Who was let in has a cookie of this name: a random name, and its signature.
COOKIE: Final = "bnviz_door"
#: Bytes of the longest answer that is read.
_LONGEST: Final = 4096


class Lock:
    """A passphrase, of which only the hash is kept, and a key that is gone with the process."""

    def __init__(self, passphrase: str) -> None:
        self._salt, self._key = secrets.token_bytes(16), secrets.token_bytes(32)
        self._hash = self._hashed(passphrase)
        self._one = CapacityLimiter(1)

    def _hashed(self, passphrase: str) -> bytes:
        # As keyboards differ: wide letters and blanks, accents apart, a blank at the end.
        words = " ".join(unicodedata.normalize("NFKC", passphrase).split())
        return hashlib.scrypt(words.encode(), salt=self._salt, n=2**14, r=8, p=1)

    def opened_by(self, passphrase: str) -> bool:
        """Whether it is the passphrase; takes some 50 ms, whatever is asked."""
        return (
            hmac.compare_digest(self._hashed(passphrase), self._hash) and passphrase.strip() != ""
        )

    async def tried(self, passphrase: str) -> bool:
        """The same off the event loop, one after the other: who guesses takes one core at most."""
        return await to_thread.run_sync(self.opened_by, passphrase, limiter=self._one)

    def ticket(self, before: str = "") -> str:
        """A cookie for somebody new, or who had one `before` of a server that is gone.

        Nobody else knows the name in it, so who brings one is whom it was made for.
        """
        name = before.partition(".")[0]
        if not re.fullmatch("[0-9a-f]{32}", name):
            name = secrets.token_hex(16)
        return f"{name}.{self._signature(name)}"

    def holder(self, ticket: str) -> str:
        """Whose cookie it is; nobody's if we have not signed it."""
        name, _, signature = ticket.partition(".")
        own = hmac.compare_digest(signature.encode(), self._signature(name).encode())
        return name if own else ""

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()


@cache
def lock() -> Lock | None:
    """The lock that BNVIZ_PASSPHRASE asks for; no process started from here is told the word."""
    passphrase = os.environ.pop("BNVIZ_PASSPHRASE", "")
    return Lock(passphrase) if passphrase else None


class Door:
    """ASGI middleware: asks for the passphrase, if there is one, wherever somebody enters."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._lock = app, lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on what may enter, and answers everything else."""
        if self._lock is None or scope["type"] == "lifespan" or _open(scope, self._lock):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            answer = await _answer(Request(scope, receive), self._lock)
            await answer(scope, receive, send)


def _open(scope: Scope, lock: Lock) -> bool:
    """Whether somebody with a ticket comes, or a proxy that asks whether we are well."""
    health = scope["type"] == "http" and scope["path"].endswith(HEALTH)
    return health or bool(lock.holder(HTTPConnection(scope).cookies.get(COOKIE, "")))


async def _answer(request: Request, lock: Lock) -> Response:
    """The page that asks; after the right word, the way back to where it was asked."""
    tried = request.method == "POST"
    if not tried or not await lock.tried(await _word(request)):
        keys = ("title", "text", "wrong", "label", "enter")
        languages = [
            {"lang": lang} | {key: sentence(lang, f"door.{key}") for key in keys}
            for lang in LANGUAGES
        ]
        headers = {"cache-control": "no-store"}
        return HTMLResponse(bare("door", languages=languages, wrong=tried), 401, headers)
    query = f"?{request.url.query}" if request.url.query else ""
    path = request.url.path.lstrip("/\\")  # two would lead to another host
    answer = RedirectResponse(f"/{path}{query}", 303)
    secure = request.url.scheme == "https"
    ticket = lock.ticket(request.cookies.get(COOKIE, ""))
    answer.set_cookie(COOKIE, ticket, httponly=True, samesite="lax", secure=secure)
    return answer


async def _word(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("passphrase", [""])[0]
