"""A page's HTML: Streamlit's, with our style, which asks ahead for the scripts it is drawn with."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bnviz.ui.chart.chart import SCRIPTS, base, version
from bnviz.ui.glossary import glossary
from bnviz.ui.header import header
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter import presenter

STATIC: Final = Path(streamlit.__file__).with_name("static")
#: Streamlit's elements on nearly every page, whose scripts it asks for only as each arrives.
ELEMENTS: Final = (
    *("BidiComponent", "Button", "ButtonGroup", "Checkbox"),
    *("NumberInput", "Selectbox", "Slider"),
)
#: The style of every page: with an element it would come when there are words to move about.
STYLES: Final = (
    header.FOLDER / "header.css",
    glossary.FOLDER / "terms.css",
    presenter.FOLDER / "presenter.css",
)

#: By this the style knows a page with controls in the sidebar, and keeps their place free.
ASIDE: Final = "data-bnviz-aside"


def routes() -> list[Route]:
    """One a page, for ``st.App``."""
    names = ("", *(entry.name for entry in PAGES[1:]))
    return [Route(f"{base()}/{name}", _page) for name in names]


def _page(request: Request) -> HTMLResponse:
    name = request.url.path.rpartition("/")[2]
    marks = presenter.marks(request.query_params)
    marks += [ASIDE for entry in PAGES if entry.name == name and entry.aside]
    html = _html().replace("<html", " ".join(["<html", *marks]), 1)
    return HTMLResponse(html, headers={"cache-control": "no-cache"})


@cache
def _html() -> str:
    """plotly.js comes last, and is read while the page waits for its first words.

    The style is in the body: Streamlit puts its own at the end of the head, and ours has to
    follow.
    """
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    ours = f"./bnviz/{version()}"
    scripts = [f"{ours}/{name}" for name in SCRIPTS]
    scripts += [f"./static/js/{name}" for name in _elements() if name not in html]
    ahead = [*map(_preload, scripts), _preload(f"{ours}/plotly.js", ' fetchpriority="low"')]
    ahead.append(f'<script type="module" src="{ours}/chart.js"></script>')
    style = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    html = html.replace("</body>", f"<style>{style}</style></body>")
    return html.replace("</head>", f"{''.join(ahead)}</head>")


def _preload(script: str, more: str = "") -> str:
    return f'<link rel="modulepreload"{more} crossorigin href="{script}">'


def _elements() -> list[str]:
    """The scripts of ELEMENTS, and all that these import."""
    folder = STATIC / "static" / "js"
    names = [path.name for element in ELEMENTS for path in folder.glob(f"{element}.*.js")]
    for name in names:  # which grows
        imported = re.findall(r'from"\./([^"]+)"', (folder / name).read_text(encoding="utf-8"))
        names += [each for each in imported if each not in names]
    return names
