"""A visitor without a browser: a session of a Streamlit server over its websocket."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

#: Ends of runs after which the answer is still to come: a fragment's, which nobody asked for, and
#: that of a run which gives way to another one, as a page does whose training has just begun.
NOT_YET = (ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN)
#: A session that hears nothing for so many seconds is lost.
LOST = 60.0


class Failed(Exception):
    """A page has shown an exception."""


class Session:
    """One visitor on one page; knows the ids of its widgets by their keys."""

    def __init__(self, socket: ClientConnection, page: str, query: str) -> None:
        self._socket, self._page, self._query = socket, page, query
        self._ids: dict[str, str] = {}
        self._states: dict[str, WidgetState] = {}

    async def run(self, *changed: WidgetState) -> float:
        """Seconds from asking for a run of the page to the end of that run."""
        ask = BackMsg()
        ask.rerun_script.query_string = self._query
        ask.rerun_script.page_name = self._page
        self._states |= {state.id: state for state in changed}
        ask.rerun_script.widget_states.widgets.extend(self._states.values())
        for state in changed:
            if state.HasField("trigger_value"):  # it is pressed once
                del self._states[state.id]
        begun = time.perf_counter()
        await self._socket.send(ask.SerializeToString())
        async with asyncio.timeout(LOST):
            await self._until_finished()
        return time.perf_counter() - begun

    async def move(self, key: str, value: float) -> float:
        """Seconds from the release of a slider at `value` to the whole answer."""
        state = WidgetState(id=self._ids[key])
        state.double_array_value.data.append(value)
        return await self.run(state)

    async def click(self, key: str) -> float:
        """Seconds from a click on a button to the whole answer."""
        return await self.run(WidgetState(id=self._ids[key], trigger_value=True))

    async def _until_finished(self) -> None:
        while True:
            message = ForwardMsg.FromString(bytes(await self._socket.recv(decode=False)))
            kind = message.WhichOneof("type")
            if kind == "script_finished" and message.script_finished not in NOT_YET:
                return
            if kind == "delta" and message.delta.HasField("new_element"):
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception":
                    raise Failed(f"{element.exception.type}: {element.exception.message}")
                self._ids |= dict(_widget(getattr(element, str(element.WhichOneof("type")))))


def _widget(element: Any) -> Iterator[tuple[str, str]]:
    """The key and the id, ``$$ID-hash-key``, of an element that is a widget with a key."""
    widget_id = getattr(element, "id", "")
    if isinstance(widget_id, str) and widget_id.startswith("$$ID-"):
        yield widget_id.split("-", 2)[2], widget_id


@asynccontextmanager
async def visit(address: str, page: str = "", query: str = "") -> AsyncIterator[Session]:
    """A session on a page, which has been shown once."""
    place = urlsplit(address).netloc
    async with connect(
        f"ws://{place}/_stcore/stream",
        origin=f"http://{place}",  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        proxy=None,
        compression=None,
        ping_interval=None,
    ) as socket:
        session = Session(socket, page, query)
        await session.run()
        yield session
