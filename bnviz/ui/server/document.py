"""A page's HTML: Streamlit's, which asks for the charts' scripts while the page is on its way."""

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bnviz.ui.chart.chart import base, version
from bnviz.ui.navigation import PAGES


def routes() -> list[Route]:
    """One a page, for ``st.App``."""
    names = ("", *(entry.name for entry in PAGES[1:]))
    return [Route(f"{base()}/{name}", _page) for name in names]


def _page(request: Request) -> HTMLResponse:
    return HTMLResponse(_html(), headers={"cache-control": "no-cache"})


@cache
def _html() -> str:
    """plotly.js comes last, and is read while the page waits for its first words."""
    scripts = f"./bnviz/{version()}"
    ahead = (
        f'<link rel="modulepreload" fetchpriority="low" href="{scripts}/plotly.js">'
        f'<script type="module" src="{scripts}/chart.js"></script>'
    )
    html = Path(streamlit.__file__).with_name("static") / "index.html"
    return html.read_text(encoding="utf-8").replace("</head>", f"{ahead}</head>")
