"""How the server sends: by the event loop that Streamlit takes, on a socket as it binds one."""

import asyncio
import socket
import sys

import pytest
from streamlit.web import bootstrap

from tests.ui.server.asgi import run


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not there for Windows")
def test_the_end_of_an_answer_waits_for_no_acknowledgement() -> None:
    async def without_delay() -> bool:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            its = writer.get_extra_info("socket")
            asked.set_result(its.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        bound = socket.socket(socket.AF_INET)
        bound.bind(("127.0.0.1", 0))
        async with await asyncio.start_server(answer, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            writer.close()
            return bool(await asked)

    assert run(without_delay(), bootstrap._get_uvloop_loop_factory())
