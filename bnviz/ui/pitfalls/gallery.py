"""The gallery of pitfalls: which one, with which controls; what it found, its fix, its sources."""

from typing import Any

import pandas as pd
import streamlit as st

from bnviz.core.pitfalls.configs import CONFIGS, GROUPS, PitfallConfig
from bnviz.plots.pitfalls.figures import draw
from bnviz.ui.controls import ALL, PITFALL_OPENINGS, PITFALLS
from bnviz.ui.figures import look, show
from bnviz.ui.language import say, say_verdict
from bnviz.ui.links import open_with
from bnviz.ui.pitfalls import compute
from bnviz.ui.pitfalls.live import follows
from bnviz.ui.sources import show_links
from bnviz.ui.widgets import ask


def choose() -> str:
    """Which pitfall, or ALL, under its title; its id is in the address, so each has a link."""
    names = list(CONFIGS)
    _follow_older_link()
    heading = st.container(key="heading")
    with st.container(horizontal=True, vertical_alignment="center"):
        about = st.container()
        style: dict[str, Any] = {"shown": title, "width": 540, "label_visibility": "collapsed"}
        name: str = ask(PITFALLS["pitfall"], **style)
        if name == ALL:
            return name
        for by, key in ((-1, "previous"), (1, "following")):
            icon = f":material/chevron_{'left' if by < 0 else 'right'}:"
            args = (names[(names.index(name) + by) % len(names)],)
            st.button(say(f"pitfalls.{key}"), key=key, icon=icon, on_click=go, args=args)
    heading.header(title(name))
    about.caption(place(name))
    return name


def _follow_older_link() -> None:
    """A link of the first release names its pitfall by its controls alone, if it was the first."""
    if "pitfall" in st.session_state or "pitfall" in st.query_params:
        return
    named = [key.partition(".")[0] for key in st.query_params]
    for name in CONFIGS:
        if name in named:
            st.query_params["pitfall"] = name
            return


def title(name: str) -> str:
    """What a pitfall is called, or all of them."""
    return say("pitfalls.all" if name == ALL else f"pitfalls.{name}.title")


def place(name: str) -> str:
    """Which of how many pitfalls it is, and of which group."""
    group = next(group for group, members in GROUPS.items() if name in members)
    values = {"place": list(CONFIGS).index(name) + 1, "count": len(CONFIGS)}
    return say("pitfalls.place", group=say(f"pitfalls.group.{group}"), **values)


def go(name: str) -> None:
    """To that pitfall, when the page runs next."""
    st.session_state["pitfall"] = name


def pitfall_config(name: str) -> PitfallConfig:
    """The controls of this pitfall, those that matter, side by side."""
    owner, given = CONFIGS[name], dict[str, Any]()
    rows = {key: row for key, row in PITFALLS.items() if key.startswith(f"{name}.")}
    open_with(rows, **{key: PITFALL_OPENINGS[key] for key in rows if key in PITFALL_OPENINGS})
    with st.container(horizontal=True, gap="medium", key="settings"):
        for field in owner.model_fields:
            if owner.asks(field, given):
                given[field] = ask(PITFALLS[f"{name}.{field}"])
    return owner(**given)


def verdict(name: str, config: PitfallConfig) -> str:
    """What the experiment found, in one sentence computed from it."""
    return say_verdict(f"pitfalls.{name}.verdict", compute.verdict(name, config))


def show_experiment(name: str, config: PitfallConfig) -> None:
    """The figure, with its data and the program that repeats it."""
    from bnviz.core.pitfalls import pitfall

    numbers = compute.result(name, config).numbers
    figure = draw(name, config, numbers, look(), say)
    show(
        figure,
        "pitfall-figure",
        alt=say(f"pitfalls.{name}.alt"),
        caption=say(f"pitfalls.{name}.caption"),
        data=lambda: _frame(name, config),
        code=pitfall.program(name, config),
        live=follows(name, config, numbers, figure),
    )


def _frame(name: str, config: PitfallConfig) -> pd.DataFrame:
    """Every measured number, one row each: series, index, value."""
    numbers = compute.result(name, config).numbers
    heads = [say(f"pitfalls.data.{head}") for head in ("series", "index", "value")]
    rows = [
        (series, index, value)
        for series, values in numbers.items()
        for index, value in enumerate(values.ravel(), 1)
    ]
    return pd.DataFrame(rows, columns=heads)


def show_fix(name: str) -> None:
    """What to do, as code to copy, and where to read on."""
    from bnviz.core.pitfalls import pitfall

    st.subheader(say("pitfalls.fix"))
    st.markdown(say(f"pitfalls.{name}.fix"))
    st.code(pitfall.fix(name), language="python", wrap_lines=True)
    show_links(pitfall.load(name).sources)
