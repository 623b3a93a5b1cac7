"""A page's HTML is Streamlit's, with our style, and asks for the charts' scripts where they are."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from bnviz.ui.chart import chart
from bnviz.ui.server import document
from tests.ui.server.asgi import messages

SERVER = Starlette(routes=document.routes())


SCOPE = {"type": "http", "method": "GET", "headers": [], "query_string": b""}


def answer(path: str, query: bytes = b"") -> str:
    start, *bodies = messages(SERVER, SCOPE | {"path": path, "query_string": query})
    assert start["status"] == 200
    return b"".join(each["body"] for each in bodies).decode()


@pytest.mark.parametrize("path", ["/", "/one_batch"])
def test_a_page_has_its_style_and_asks_for_the_charts_scripts(path: str) -> None:
    page = answer(path)
    ours = re.findall(r'(?:href|src)="\.(/bnviz/[^"]+)"', page)
    assert {Path(address).name for address in ours} == {*chart.SCRIPTS, "plotly.js"}
    for address in ours:
        scripts = chart.routes()[-1]
        assert scripts.matches(SCOPE | {"path": address})[0] == Match.FULL
        assert address.split("/")[2] == chart.version()  # the charts' own: fetched once
    own = (document.STATIC / "index.html").read_text(encoding="utf-8")
    ahead = re.findall(r'<(?:link|script)[^>]*"\./(?:bnviz|static)/[^>]*>(?:</script>)?', page)
    added = [each for each in ahead if each not in own]
    style = "".join(file.read_text(encoding="utf-8") for file in document.STYLES)
    page = page.replace("".join(added), "").replace(f"<style>{style}</style>", "")
    assert page.replace(f" {document.ASIDE}", "") == own


def test_a_wall_is_one_from_its_first_words() -> None:
    wall = '<html data-bnviz-presenting data-bnviz-lesson data-bnviz-aside lang="en">'
    assert wall in answer("/one_batch", b"present=1&lesson=your_batch")
    assert '<html data-bnviz-aside lang="en">' in answer("/one_batch", b"present=false")
    assert '<html lang="en">' in answer("/", b"present=false")


def test_a_page_asks_for_streamlits_scripts_of_its_elements_once() -> None:
    asked = re.findall(r'href="\./(static/js/[^"]+)"', document._html())
    assert len(set(asked)) == len(asked)
    for name in document.ELEMENTS:
        assert any(Path(address).name.startswith(f"{name}.") for address in asked)
    assert all((document.STATIC / address).is_file() for address in asked)
