"""What every request passes before Streamlit sees it: who may ask, and what browsers may do."""

import base64
import hashlib
import logging
import os
import re
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import streamlit
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

_log = logging.getLogger(__name__)
_METRICS: Final = "/_stcore/metrics"
#: Whether the server is well: anybody may ask, by whatever name a container or proxy calls it.
HEALTH: Final = "/_stcore/health"


class Guard:
    """ASGI middleware: refuses what comes from elsewhere, and adds the headers of `policy`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(policy())
            await send(message)

        answer = self._app
        if status := _refused(scope):
            http = scope["type"] == "http"
            answer = PlainTextResponse(status_code=status) if http else WebSocketClose(1008)
        await answer(scope, receive, guarded)


def _refused(scope: Scope) -> int:
    """The status of a refusal, or 0.

    Streamlit asks for the host at its websocket only, and lets pages from any other port of
    this computer open one.
    """
    headers = Headers(scope=scope)
    host, origin = headers.get("host", ""), headers.get("origin")
    if scope["path"].endswith(HEALTH):
        return 0
    if not is_host_allowed(host):
        _log.warning("Refused: the host %r is not in server.allowedHosts", host)
        return 400
    if scope["type"] == "websocket":
        own = origin is None or urlsplit(origin).netloc == host
        return 0 if own or _from_elsewhere(str(origin)) else 403
    closed = scope["path"].endswith(_METRICS) and os.environ.get("BNVIZ_METRICS") != "1"
    return 404 if closed else 0


def _from_elsewhere(origin: str) -> bool:
    """Whether the operator lets pages of another address in."""
    named = st.get_option("server.corsAllowedOrigins")
    return origin in named or not st.get_option("server.enableCORS")


@cache
def policy() -> dict[str, str]:
    """Headers of every answer: what a page may load, and who may frame it.

    Everything comes from this server. Streamlit makes scripts of its components from strings
    (``blob:``), sets styles in place, and has one script in its page, named here by its hash.
    """
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    inline = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    frames = os.environ.get("BNVIZ_FRAMED_BY", "")
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {allowed}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' {frames}".strip(),
    }
    return {
        "content-security-policy": "; ".join(f"{name} {rule}" for name, rule in rules.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
