"""A stranger who uploads without an end."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.types import Message, Receive, Scope, Send

from bnviz.files.read import MAX_BYTES
from bnviz.ui.server import uploads
from bnviz.ui.server.uploads import MOST, MOST_OF_SESSION, Uploads
from tests.ui.server.asgi import run


def test_a_session_and_all_together_may_have_so_many_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those on their way count; what is taken away makes room."""
    held: dict[str, dict[str, SimpleNamespace]] = {}
    monkeypatch.setattr(uploads, "files", lambda: held)

    async def keep(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        *_, session, file = scope["path"].split("/")
        held.setdefault(session, {})[file] = SimpleNamespace(data=range(MAX_BYTES))

    app, refused = Uploads(keep), list[str]()

    async def upload(session: str, file: int) -> None:
        path = f"/_stcore/upload_file/{session}/{file}"

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 413
                refused.append(session)

        async def receive() -> Message:
            return {"type": "http.request"}

        await app({"type": "http", "method": "PUT", "path": path}, receive, send)

    for file in range(MOST_OF_SESSION + 2):
        run(upload("one", file))
    assert len(held["one"]) == MOST_OF_SESSION and refused == ["one"] * 2
    del held["one"]["0"]
    run(upload("one", 9))
    assert len(refused) == 2

    async def together() -> None:
        await asyncio.gather(*(upload(f"other{at}", 0) for at in range(MOST)))

    run(together())
    assert sum(map(len, held.values())) == MOST
