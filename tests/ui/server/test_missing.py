"""An address that is no page's gets a page of ours; every other address is left alone."""

import re
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.navigation import PAGES
from bnviz.ui.server import missing
from tests.ui.server.asgi import messages

SERVER = Starlette(routes=[missing.route(), Mount("/", PlainTextResponse("Streamlit"))])


def get(address: str) -> tuple[int, str, str]:
    """Status, text and location of the answer."""
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": unquote(path), "headers": []}
    said = messages(SERVER, scope | {"query_string": query.encode()})
    location = dict(said[0]["headers"]).get(b"location", b"").decode()
    return said[0]["status"], b"".join(each["body"] for each in said[1:]).decode(), location


@pytest.mark.parametrize(
    "path", ["/nonsense", "/home/one_batch", "/one_batch/x/", "/<script>x</script>"]
)
def test_an_unknown_address_says_so_and_leads_on(path: str) -> None:
    status, page, _ = get(path)
    assert status == 404 and "script" not in page
    for lang in LANGUAGES:
        assert sentence(lang, "missing.title") in page
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == len(LANGUAGES) * len(PAGES)
    assert {get(link)[1] for link in links} == {"Streamlit"}


def test_home_by_its_name() -> None:
    status, _, location = get("/home?lang=zh")
    assert (status, location) == (307, "/?lang=zh")


@pytest.mark.parametrize(
    "path", ["/", "/one_batch", "/one_batch/", "/_stcore/health", "/media/x", "/favicon.png"]
)
def test_what_is_served_stays(path: str) -> None:
    assert get(path)[1] == "Streamlit"
