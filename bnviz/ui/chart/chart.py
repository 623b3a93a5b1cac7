"""The chart's Python side: a figure as bytes for the browser, and the scripts it asks for."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bnviz.core.configs import BatchConfig
from bnviz.texts.numbers import strict

FOLDER: Final = Path(__file__).parent
#: For ``st.html``: its terms light up while a chart's recipe says that they are at work.
EQUATION: Final = FOLDER / "equation.html"
SCRIPTS: Final = tuple(sorted(f.name for f in FOLDER.glob("*.js") if f.name != "load.js"))
#: What plotly.js reads of numpy's types; all others become float64.
TYPES: Final = {"float64": "f8", "float32": "f4", "int32": "i4", "int16": "i2", "uint8": "u1"}


_FOR_GOOD: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-encoding": "identity",  # else each visitor's copy is compressed anew
}


@dataclass(frozen=True)
class Live:
    """What follows the hand: `recipe` of recompute.js, fed with `base` and the sliders' values.

    `sliders` are keys of Streamlit sliders, each with the value that the figure was drawn with.
    `state` is what else the recipe gets by name. With `drag` a point can be taken: {"name": whose
    state {index, x, y} it is, "trace": of which cloud, "label", "hint"}. With `rows` {"slider",
    "path", "least", "most"} the recipe gets the rows at that path too, fetched when a hand comes.
    """

    recipe: str
    sliders: Mapping[str, float]
    base: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    drag: Mapping[str, Any] | None = None
    rows: Mapping[str, Any] | None = None


def packed(content: Any) -> bytes:
    """`content` (dicts, lists, numbers, arrays) as JSON; arrays as plotly.js reads them."""
    try:
        text = json.dumps(content, default=_plain, allow_nan=False)
    except ValueError:  # a NaN outside of an array
        text = json.dumps(strict(content), default=_plain)
    return text.encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a figure holds a {type(value).__name__}")
    if value.dtype.kind not in "fiu":
        return value.tolist()
    kind = TYPES.get(value.dtype.name, "f8")
    data = np.ascontiguousarray(value, dtype=f"<{kind}").tobytes()
    shape = {} if value.ndim == 1 else {"shape": ",".join(map(str, value.shape))}
    return {"dtype": kind, "bdata": base64.b64encode(data).decode(), **shape}


def _plotly() -> Path:
    """plotly.js as the installed plotly package brings it; the package itself stays unimported."""
    package = find_spec("plotly")
    assert package is not None and package.origin is not None
    return Path(package.origin).with_name("package_data") / "plotly.min.js"


@cache
def script(name: str) -> bytes:
    """The content of one of SCRIPTS, or of plotly.js.

    All of plotly.js is one function, which is called at once. Chromium reads a function that
    stands in brackets once, any other first in passing and again when it is called.
    """
    if name != "plotly.js":
        return (FOLDER / name).read_bytes()
    whole = rb", \(\) => {(.*)}\)\);\s*$"
    return re.sub(whole, rb", (() => {\1})));", _plotly().read_bytes(), flags=re.DOTALL)


@cache
def version() -> str:
    """Another one for other scripts, which a browser keeps for good."""
    return sha256(b"".join(map(script, (*SCRIPTS, "plotly.js")))).hexdigest()[:12]


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in (*SCRIPTS, "plotly.js"):
        return Response(status_code=404)
    return Response(script(name), media_type="text/javascript", headers=_FOR_GOOD)


def _rows(request: Request) -> Response:
    """The rows of a batch as float64; the browser keeps them, for the config says all of them."""
    from bnviz.ui.one_batch import compute, live

    try:
        config = BatchConfig.model_validate_json(request.query_params["batch"])
        if config.batch_size * config.features > live.MOST_CELLS:
            raise ValueError("too many")
        values = compute.batch_of(config).values
    except (KeyError, ValueError):
        return Response(status_code=404)
    return Response(np.ascontiguousarray(values, "<f8").tobytes(), headers=_FOR_GOOD)


def routes() -> list[Route]:
    """Where the browser finds the chart's scripts and rows: for ``st.App``."""
    root = f"{base()}/bnviz/{{version}}"
    return [Route(f"{root}/rows", _rows), Route(f"{root}/{{name}}", _serve)]


def base() -> str:
    """What the server's addresses begin with, "" or like "/bn"."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


@cache
def component(name: str, html: str) -> Any:
    """The component whose script is NAME.js, registered."""
    load = (FOLDER / "load.js").read_text(encoding="utf-8")
    return st.components.v2.component(
        f"bnviz_{name}",
        html=html,
        css=(FOLDER / "chart.css").read_text(encoding="utf-8"),
        js=load.replace("VERSION", version()).replace("SCRIPT", f"{name}.js"),
        isolate_styles=False,
    )


def chart(key: str, message: Mapping[str, Any], **events: Any) -> None:
    """A chart of `message`; see chart.js. `events` are Streamlit's: on_NAME_change.

    Its place is as high as the figure from the first, so that what is below stays where it is.
    """
    draw = component("chart", '<div class="bnviz-chart"></div>')
    height = message["figure"]["layout"]["height"]
    draw(key=key, data=packed({"name": key, **message}), height=height, **events)


def player(key: str, slider: str, seconds: float, words: Mapping[str, str]) -> None:
    """A button that walks the slider of that key to its end in so many seconds."""
    button = component("player", '<button type="button" class="bnviz-player"></button>')
    button(key=key, data={"slider": slider, "seconds": seconds, **words}, width="content")
