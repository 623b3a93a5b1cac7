"""What the browser asks for beside the page: the chart's scripts, and the rows of a batch."""

from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.applications import Starlette

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.ui.chart import chart
from tests.ui.server.asgi import messages

SERVER = Starlette(routes=chart.routes())


def get(path: str, **query: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content of the answer."""
    scope = {"type": "http", "method": "GET", "path": f"/bnviz/1{path}", "headers": []}
    start, *rest = messages(SERVER, scope | {"query_string": urlencode(query).encode()})
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(each["body"] for each in rest)


@pytest.mark.parametrize("name", [*chart.SCRIPTS, "plotly.js"])
def test_a_script_is_kept_for_good(name: str) -> None:
    status, headers, content = get(f"/{name}")
    file = chart._plotly() if name == "plotly.js" else chart.FOLDER / name
    if name == "plotly.js":  # its one function in brackets
        assert content.count(b"self : this, (() => {") == 1 and content.endswith(b"})));")
        content = content.replace(b"this, (() => {", b"this, () => {").removesuffix(b");") + b";"
    assert (status, content) == (200, file.read_bytes())
    assert headers["content-type"].startswith("text/javascript")
    assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize("name", ["load.js", "chart.py", "nothing.js"])
def test_nothing_else_is_served(name: str) -> None:
    assert get(f"/{name}")[0] == 404


@pytest.mark.parametrize(("rows", "features"), [(7, 3), (65_536, 4)])
def test_rows_are_the_batch(rows: int, features: int) -> None:
    config = BatchConfig(source="skewed", batch_size=rows, features=features)
    status, headers, content = get("/rows", batch=config.model_dump_json())
    assert status == 200 and "immutable" in headers["cache-control"]
    assert np.array_equal(np.frombuffer(content, "<f8"), draw(config).values.ravel())


@pytest.mark.parametrize(
    "batch",
    ["{}x", '{"source": "no"}', BatchConfig(batch_size=65_536, features=5).model_dump_json()],
)
def test_what_is_no_batch_or_too_large_is_not_there(batch: str) -> None:
    assert get("/rows", batch=batch)[0] == get("/rows")[0] == 404
