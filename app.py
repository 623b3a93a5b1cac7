"""bnviz: see what batch normalization really does. Start with ``streamlit run app.py``."""

import logging

import streamlit as st
from starlette.middleware import Middleware

from bnviz.ui.address import arrive
from bnviz.ui.chart.chart import routes
from bnviz.ui.errors import explain
from bnviz.ui.glossary.glossary import offer_terms
from bnviz.ui.header import changes
from bnviz.ui.header.header import ask_language, show_tools
from bnviz.ui.language import say
from bnviz.ui.links import drop_unknown
from bnviz.ui.navigation import ICON, PAGES
from bnviz.ui.presenter.panel import show_lesson
from bnviz.ui.presenter.presenter import offer
from bnviz.ui.server import document, missing
from bnviz.ui.server.door import Door
from bnviz.ui.server.guard import Guard
from bnviz.ui.server.login import admitted, offer_logout
from bnviz.ui.server.uploads import Uploads
from bnviz.ui.startup import say_where_runs_live, warm_up_later, warm_up_now


def contents() -> None:
    """Page configuration, language, navigation, the page's question; then the page itself."""
    st.set_page_config(page_title="bnviz", page_icon=str(ICON), layout="wide")
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        question = st.container()
        place = st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="small", key="tools"
        )
        ask_language()
        offer_logout()
    pages = [
        st.Page(
            entry.path,
            title=say(f"pages.{entry.name}"),
            icon=entry.icon,
            url_path=entry.name,
            default=entry is PAGES[0],
        )
        for entry in PAGES
    ]
    page = st.navigation(pages, position="top")
    name = page.url_path or PAGES[0].name
    if not admitted():
        return
    drop_unknown(name)
    arrive(name)
    with place:
        offer()
        show_tools(name)
        offer_terms(name)
    question.title(say(f"{name}.title"))
    with show_lesson(name):
        page.run()
    changes.remember(name, ran=True)
    warm_up_later()


if __name__ == "__main__":
    contents()
else:
    # The server starts. Without this the first visitor's deep link is looked up by Streamlit's
    # older rule, which takes every file in pages/ for a page and finds none of ours.
    logging.disable(logging.WARNING)  # that nobody is visiting yet is no news
    st.navigation([st.Page(contents)])
    logging.disable(logging.NOTSET)
    warm_up_now()
    say_where_runs_live()
    app = st.App(
        __file__,
        routes=[*routes(), *document.routes(), missing.route()],
        middleware=[Middleware(Guard), Middleware(Door), Middleware(Uploads)],
        on_script_error=explain,
    )
