"""An address that is no page's: says so, in both languages, and offers the pages."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.chart.chart import base
from bnviz.ui.navigation import PAGES
from bnviz.ui.server.bare import bare

#: What addresses of Streamlit's and of our scripts begin with.
_SERVED = {"_stcore", "~", "app", "auth", "bnviz", "component", "media", "oauth2callback", "static"}


def route() -> Route:
    """For ``st.App``: matches what Streamlit would answer with a page that never loads."""
    return _Missing("/{path:path}", _answer)


class _Missing(Route):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = str(scope.get("path", "")).removeprefix(base())
        first, *more = path.strip("/").split("/")
        page = not more and first in {"", *(entry.name for entry in PAGES[1:])}
        if page or first in _SERVED or "." in path:
            return Match.NONE, {}
        return super().matches(scope)


def _answer(request: Request) -> Response:
    if request.url.path == f"{base()}/{PAGES[0].name}":
        return RedirectResponse(f"{base()}/?{request.url.query}")
    languages = [
        {
            "lang": lang,
            "title": sentence(lang, "missing.title"),
            "text": sentence(lang, "missing.text"),
            "pages": [
                {
                    "address": f"{base()}/{'' if entry is PAGES[0] else entry.name}?lang={lang}",
                    "title": sentence(lang, f"pages.{entry.name}"),
                }
                for entry in PAGES
            ],
        }
        for lang in LANGUAGES
    ]
    return HTMLResponse(bare("missing", languages=languages), 404)
