"""A sweep's settings: the controls set to them, and where two sweeps differ, in words."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import streamlit as st

from bnviz.core.sweep.config import Axis, SweepConfig
from bnviz.texts.catalogue import speaking_of
from bnviz.ui.controls import AXES, SHOWN
from bnviz.ui.fitness import settings
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say
from bnviz.ui.sweep.axes import axes_settings


def take_settings(config: SweepConfig) -> None:
    """Set the controls to a sweep that is opened, except those that the address names."""
    st.session_state["own"] = ""
    if "sweep_preset" not in st.query_params:
        wanted = settings_of(SHOWN, config)
        st.session_state.update({k: v for k, v in wanted.items() if k not in st.query_params})


def settings_of(start: str, config: SweepConfig) -> dict[str, Any]:
    """What each control says for `config`, which is the start of that name, by its key."""
    return {
        "sweep_preset": start,
        "sweep_metric": config.metric,
        "sweep_norm": config.base.network.norm,
        "sweep_seeds": config.base.seeds,
        "sweep_epochs": config.base.optimizer.epochs,
    } | axes_settings(config.axes)


def departures(shown: SweepConfig, wanted: SweepConfig) -> tuple[str, ...]:
    """Each setting of `wanted` that is another in `shown`, with both its values."""
    with speaking_of(wanted.base.network.norm):
        metrics = (say(f"sweep.metric.{each.metric}") for each in (wanted, shown))
        return (
            *_unlike(say("sweep.metric_label"), *metrics),
            *_axes(shown, wanted),
            *settings.departures(shown.base, wanted.base),
        )


def _axes(shown: SweepConfig, wanted: SweepConfig) -> Iterator[str]:
    for name, now, then in zip_longest(AXES, wanted.axes, shown.axes):
        if now and then and now.field == then.field:
            yield from _unlike(label(now.field), _values(now), _values(then))
        else:
            yield from _unlike(say(f"sweep.{name}"), _field(now), _field(then))


def _unlike(setting: str, now: str, then: str) -> Iterator[str]:
    if now != then:
        yield say("fitness.departure", setting=setting, now=now, then=then)


def _field(axis: Axis | None) -> str:
    return label(axis.field) if axis else say("sweep.no_third")


def _values(axis: Axis) -> str:
    return ", ".join(in_words(axis.field, value) for value in axis.values)
