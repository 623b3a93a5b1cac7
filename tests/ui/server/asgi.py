"""Asks an application without a server."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import ASGIApp


def run(work: Coroutine[Any, Any, Any], loop: Callable[[], Any] | None = None) -> Any:
    """What comes of it, in a thread of its own: a browser's tests leave a loop behind in this."""

    def alone() -> Any:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)

    with ThreadPoolExecutor() as threads:
        return threads.submit(alone).result()


def messages(app: ASGIApp, scope: dict[str, Any], body: bytes = b"") -> list[Any]:
    """What it sends."""
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

    run(ask())
    return said
