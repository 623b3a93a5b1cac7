"""Asks an application without a server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import ASGIApp


def messages(app: ASGIApp, scope: dict[str, Any], body: bytes = b"") -> list[Any]:
    """What it sends; in a thread of its own, as a browser's tests leave a loop behind."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    request = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        for message in request:
            return message
        await asyncio.Event().wait()  # the browser goes on listening

    async def ask() -> None:
        await app(scope, receive, send)

    with ThreadPoolExecutor() as threads:
        threads.submit(asyncio.run, ask()).result()
    return said
