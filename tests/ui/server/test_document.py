"""A page's HTML is Streamlit's, and asks for the charts' scripts by the addresses charts use."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from bnviz.ui.chart import chart
from bnviz.ui.server import document
from tests.ui.server.asgi import messages

SERVER = Starlette(routes=document.routes())


@pytest.mark.parametrize("path", ["/", "/one_batch"])
def test_a_page_asks_for_the_charts_scripts(path: str) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    start, *bodies = messages(SERVER, scope)
    page = b"".join(each["body"] for each in bodies).decode()
    assert start["status"] == 200
    ours = re.findall(r'(?:href|src)="\.(/bnviz/[^"]+)"', page)
    assert {Path(address).name for address in ours} == {*chart.SCRIPTS, "plotly.js"}
    for address in ours:
        scripts = chart.routes()[-1]
        assert scripts.matches(scope | {"path": address})[0] == Match.FULL
        assert address.split("/")[2] == chart.version()  # the charts' own: fetched once
    own = (document.STATIC / "index.html").read_text(encoding="utf-8")
    ahead = re.findall(r'<(?:link|script)[^>]*"\./(?:bnviz|static)/[^>]*>(?:</script>)?', page)
    added = [each for each in ahead if each not in own]
    assert page.replace("".join(added), "") == own


def test_a_page_asks_for_streamlits_scripts_of_its_elements_once() -> None:
    asked = re.findall(r'href="\./(static/js/[^"]+)"', document._html())
    assert len(set(asked)) == len(asked)
    for name in document.ELEMENTS:
        assert any(Path(address).name.startswith(f"{name}.") for address in asked)
    assert all((document.STATIC / address).is_file() for address in asked)
