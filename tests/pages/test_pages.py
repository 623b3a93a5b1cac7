"""Every page in both languages through app.py: it stands, and goes on standing as controls move."""

import base64
import json
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import BnMode, Precision, TrainConfig
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.controls import HOME
from bnviz.ui.navigation import PAGES
from tests.pages.conftest import OpenApp

#: page: keys of widgets it must have, charts it must show
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "home": (
        {"lang", "trained", "rate", "progress"},
        {"flow-bn", "flow-plain", "flow-errors", "walk-train", "walk-eval"},
    ),
    "one_batch": (
        {"lang", "source", "b", "d", "seed", "next", "play", "noeps", "eps", "gamma", "beta"}
        | {"precision", "axis"},
        {"before", "after"},
    ),
    "train_vs_eval": (
        {"lang", "source", "b", "d", "seed", "eps", "stream_cumulative", "momentum"}
        | {"keras_momentum", "steps", "shift_at", "shift", "spread", "feature"}
        | {"quantity", "reference", "gap_step"},
        {"gap"},
    ),
    "pitfalls": (
        {"lang", "pitfall", "previous", "following"}
        | {"eval_forgotten.batch_size", "eval_forgotten.order"},
        {"pitfall-figure"},
    ),
    "fitness": (
        {"lang", "preset", "launch", "seeds", "first_seed", "cumulative", "data.source"}
        | {"optimizer.learning_rate", "network.depth", "probes.count"},
        {"targets"},
    ),
    "smoothness": (
        {"lang", "smooth_run", "replay.probes"},
        {"replay", "drift"},
    ),
    "sweep": (
        {"lang", "sweep_preset", "sweep_metric", "sweep_seeds", "launch", "shown", "cell"},
        {"map-bn", "map-plain", "map-difference", "losses", "stable-rates"},
    ),
    "runs": ({"lang", "kind", "state", "order"}, set()),
    "glossary": ({"lang"}, set()),
}
#: Where a page's controls are, if not where it opens: the address and the title there.
OPENED: dict[str, dict[str, str]] = {
    "train_vs_eval": {"section": "parts"},
    "pitfalls": {"pitfall": "eval_forgotten"},
    "smoothness": {"section": "document"},
}

KINDS = ("slider", "select_slider", "number_input", "toggle", "selectbox", "button_group", "button")

#: What does more than change a number has tests of its own.
ELSEWHERE = {"lang", "play", "launch", "cell"}


def widgets(app: AppTest) -> Iterator[Any]:
    for kind in KINDS:
        yield from app.get(kind)


def widget(app: AppTest, key: str) -> Any:
    return next(widget for widget in widgets(app) if widget.key == key)


def charts(app: AppTest) -> set[str]:
    return {message["name"] for message in messages(app)}


def messages(app: AppTest) -> list[dict[str, Any]]:
    """What each of our charts was sent: name, alt, figure, live."""
    sent = [json.loads(chart.proto.bytes or "{}") for chart in app.get("bidi_component")]
    return [message for message in sent if "figure" in message]


def unpacked(values: Any) -> np.ndarray:
    """An array as a chart was sent it."""
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])


def field(path: str) -> Any:
    """The type of a field of a training config."""
    kind: Any = TrainConfig
    for name in path.split("."):
        kind = kind.model_fields[name].annotation
    return kind


def values(control: Any) -> list[Any]:
    """Both ends of what a control accepts, or all its options, and back to where it stood."""
    if control.type in ("slider", "number_input"):
        ends = [end for end in (control.min, control.max) if end is not None]
        return [*ends, control.value]
    if control.type == "select_slider":
        kind = type(control.value)
        least = control.key == "optimizer.batch_size"  # one row has no variance: that is refused
        return [
            kind(float(control.options[least])),
            kind(float(control.options[-1])),
            control.value,
        ]
    if control.type == "toggle":
        return [not control.value, control.value]
    options = {
        "axis": ("own", "shared"),
        "rate": HOME["rate"].options,
        "precision": get_args(Precision),
        "quantity": ("variance", "mean"),
        "reference": ("train", "true"),
        "shown": ("loss", "accuracy", "divergence"),
        "eval_forgotten.order": ("shuffled", "sorted"),
        "bn_mode": get_args(BnMode),
    }
    if control.key in options:
        return [*options[control.key], control.value]
    return [option for option in get_args(field(control.key)) if option != "table"] + [
        control.value
    ]


def set_to(app: AppTest, key: str, value: Any) -> None:
    widget(app, key).set_value(value).run()
    assert not app.exception and not app.error, f"{key} = {value}"
    assert app.title, f"{key} = {value}"


def test_the_table_holds_every_page() -> None:
    assert list(TABLE) == [entry.name for entry in PAGES]


@pytest.mark.parametrize("name", TABLE)
def test_page(name: str, open_app: OpenApp) -> None:
    keys, figures = TABLE[name]
    app = open_app(name, lang="zh", **OPENED.get(name, {}))
    assert not app.exception and not app.error
    title = catalogue("zh")[f"{name}.title"]
    assert [element.value for element in app.title] == [title]
    assert keys <= {widget.key for widget in widgets(app)}
    assert figures <= charts(app)
    for message in messages(app):
        assert message["alt"], "a chart says in words what it shows"


@pytest.mark.parametrize("name", TABLE)
def test_every_control_moves(name: str, open_app: OpenApp) -> None:
    """One after the other, to both of its ends or through all its options, and back."""
    app = open_app(name, **OPENED.get(name, {}))
    moved = set()
    for key in [control.key for control in widgets(app)]:
        control = widget(app, key)
        if key in ELSEWHERE or key.startswith("lesson-") or control.disabled:
            continue
        if control.type == "button":
            control.click().run()
            assert not app.exception, key
        elif control.type == "selectbox":
            for index in [*range(len(control.options) - (key == "source")), control.index]:
                widget(app, key).select_index(index).run()
                assert not app.exception and not app.error, f"{key}: option {index}"
        else:
            for value in values(control):
                set_to(app, key, value)
        moved.add(key)
    assert moved >= TABLE[name][0] - ELSEWHERE


def test_every_page_has_a_title_in_both_languages() -> None:
    for lang in LANGUAGES:
        for entry in PAGES:
            assert catalogue(lang)[f"{entry.name}.title"]
            assert catalogue(lang)[f"pages.{entry.name}"]
