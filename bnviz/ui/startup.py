"""The server's start, and imports at the right moment: torch after the first page is painted."""

import importlib
import inspect
import pkgutil
import threading
from functools import cache

from bnviz import folders, ui

#: What Streamlit itself imports as late as for the first page.
STREAMLITS = (
    *("pandas", "streamlit.emojis", "streamlit.material_icon_names"),
    *("PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PngImagePlugin"),
)

#: Importing torch holds up everything else for a second or two; the first page goes first,
#: on a busy machine too.
SECONDS_AFTER_FIRST_PAGE = 4.0

#: Addresses that mean "every one this computer has"; nobody types them into a browser.
_ANY = ("0.0.0.0", "::")


def serve(port: int | None, address: str | None, browser: bool) -> None:
    """Serve the dashboard until Ctrl-C, as ``streamlit run app.py`` does, from any folder.

    Without a `port` the first free one from 8501; without an `address` this computer alone is
    answered. `browser`: whether to open it there.
    """
    from streamlit.web import cli

    options = ["--server.headless", str(not browser).lower()]
    if port is not None:
        options += ["--server.port", str(port)]
    if address is not None:
        options += ["--server.address", address]
        if address not in _ANY:
            options += ["--server.allowedHosts", address]
    cli.main(["run", str(folders.app()), *options], prog_name="streamlit")


def say_where_runs_live() -> None:
    """When the server starts: a line in the terminal."""
    from bnviz.store import StoreProblem
    from bnviz.store.database import address, place
    from bnviz.texts.catalogue import sentence

    try:
        print(sentence("en", "start.kept", place=place(address())), flush=True)
    except StoreProblem as problem:  # every page will say so too
        print(problem, flush=True)


def warm_up_now() -> None:
    """When the server starts: what the first page would otherwise wait for."""
    ours = (module.name for module in pkgutil.walk_packages(ui.__path__, "bnviz.ui."))
    for module in (*STREAMLITS, *ours):
        importlib.import_module(module)
    inspect.stack()  # Streamlit asks for it at its first element; Python looks up all modules once


@cache
def warm_up_later() -> None:
    """Once in a process, some time after the first page: start the imports in the background."""
    timer = threading.Timer(SECONDS_AFTER_FIRST_PAGE, _warm_up)
    timer.daemon = True
    timer.start()


def _warm_up() -> None:
    from bnviz.jobs import runner

    runner.warm_up()
