"""Who may ask, without a server: `tests/test_security.py` asks a running one."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from streamlit import config

from bnviz.ui.server.guard import Guard, policy
from tests.ui.server.asgi import messages

OURS, ELSEWHERE = "localhost:8501", "http://localhost:9999"


async def streamlit(scope: Any, receive: Any, send: Any) -> None:
    """What the guard guards: says that it was asked."""
    if scope["type"] == "http":
        await PlainTextResponse("inside")(scope, receive, send)
    else:
        await send({"type": f"{scope['type']}.inside"})


def asked(kind: str, path: str = "/", host: str = OURS, origin: str = "") -> list[Any]:
    """The messages that answer."""
    headers = [(b"host", host.encode())] + [(b"origin", origin.encode())] * bool(origin)
    scope = {"type": kind, "method": "GET", "path": path, "query_string": b"", "headers": headers}
    return messages(Guard(streamlit), scope)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", OURS, 200),
        ("/", "evil.example", 400),
        ("/_stcore/health", "evil.example", 200),
        ("/_stcore/metrics", OURS, 404),
        ("/sub/_stcore/metrics", OURS, 404),
    ],
)
def test_a_request(path: str, host: str, status: int) -> None:
    start, body = asked("http", path, host)
    assert start["status"] == status and (body["body"] == b"inside") == (status == 200)
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers.items() >= policy().items(), "also where it is refused"


def test_metrics_are_the_operators_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_METRICS", "1")
    assert asked("http", "/_stcore/metrics")[0]["status"] == 200


INSIDE, CLOSED = {"type": "websocket.inside"}, {"type": "websocket.close", "code": 1008}


@pytest.mark.parametrize(
    ("host", "origin", "answer"),
    [
        (OURS, "", INSIDE),
        (OURS, f"http://{OURS}", INSIDE),
        (OURS, ELSEWHERE, CLOSED),
        ("evil.example", "http://evil.example", CLOSED),
    ],
)
def test_a_websocket(host: str, origin: str, answer: dict[str, Any]) -> None:
    (said,) = asked("websocket", "/_stcore/stream", host, origin)
    assert said.items() >= answer.items()


@pytest.mark.parametrize(
    ("option", "value"),
    [("server.corsAllowedOrigins", [ELSEWHERE]), ("server.enableCORS", False)],
)
def test_the_operator_lets_another_address_in(
    option: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = config.get_option
    monkeypatch.setattr(
        "bnviz.ui.server.guard.st.get_option",
        lambda name: value if name == option else usual(name),
    )
    assert asked("websocket", origin=ELSEWHERE) == [INSIDE]


def test_what_is_no_request_is_handed_on() -> None:
    assert asked("lifespan", host="evil.example") == [{"type": "lifespan.inside"}]
