"""How much of what is being uploaded the server holds in memory."""

from collections.abc import Iterable
from typing import Any, Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import Runtime

from bnviz.files.read import MAX_BYTES

#: Files that are held at most, of one session and in all, each counted as the largest there may be.
MOST_OF_SESSION, MOST = 4, 20
_PATH: Final = "/_stcore/upload_file/"


class Uploads:
    """ASGI middleware: refuses an upload where as many are held already as may be.

    Streamlit keeps each file in memory until it is taken away or its session ends, however many
    a session sends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._coming = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on, or refuses it."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        session = scope["path"].partition(_PATH)[2].partition("/")[0]
        if not self._room(session):
            await PlainTextResponse(status_code=413)(scope, receive, send)
            return
        self._coming += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._coming -= 1

    def _room(self, session: str) -> bool:
        """Whether one more may come, after those that are on their way."""
        held = files()
        own = _size(held.get(session, {}).values()) + MAX_BYTES
        every = sum(_size(some.values()) for some in list(held.values()))
        return own <= MOST_OF_SESSION * MAX_BYTES and (
            every + (self._coming + 1) * MAX_BYTES <= MOST * MAX_BYTES
        )


def _size(some: Iterable[Any]) -> int:
    return sum(len(file.data) for file in list(some))


def files() -> dict[str, dict[str, Any]]:
    """The files that Streamlit holds, by their sessions."""
    manager: Any = Runtime.instance().uploaded_file_mgr
    held: dict[str, dict[str, Any]] = manager.file_storage
    return held
