"""The axes of a sweep: each a setting of a training, chosen, and the values that it takes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import streamlit as st

from bnviz.core.sweep.config import FIELDS, MAX_VALUES, Axis, Value
from bnviz.texts.markdown import literal
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import AXES, FITNESS, SWEEP, VALUES, VALUES_OF
from bnviz.ui.fitness.settings import in_words
from bnviz.ui.language import say
from bnviz.ui.widgets import ask, ask_several

#: No third axis.
NONE = "none"
#: No momentum, but the average of all batches so far.
_CUMULATIVE = "cumulative"


def ask_axes(usual: Sequence[Axis]) -> tuple[list[Axis], list[str]]:
    """The axes that the controls describe, at first the `usual` ones; and what is wrong, said."""
    axes: list[Axis] = []
    wrong: list[str] = []
    for place, name in enumerate(AXES):
        free = [field for field in FIELDS if field not in [axis.field for axis in axes]]
        options = free if place < 2 else [NONE, *free]
        first = [axis.field for axis in usual[place:] if axis.field in free]
        field = ask(
            SWEEP[name],
            options=options,
            default=[*first, options[0]][0] if place < 2 or first else NONE,
            shown=lambda each: say("sweep.no_third" if each == NONE else f"train.{each}"),
        )
        _keep_values_of(name, field)
        if field == NONE:
            continue
        given = next((axis.values for axis in usual if axis.field == field), None)
        values, refused = _values(name, FITNESS[field], given)
        wrong += [_refusal(FITNESS[field], each) for each in refused]
        if given and set(given) == set(values):
            values = [*given]  # a file may have them in another order
        if values:
            axes.append(Axis(field=field, values=tuple(values[:MAX_VALUES])))
        elif not refused:
            wrong.append(say("sweep.refused.no_values", setting=say(FITNESS[field].label)))
    return axes, wrong


def axes_settings(axes: Sequence[Axis]) -> dict[str, Any]:
    """What each control says for these axes, by its key."""
    settings: dict[str, Any] = {}
    for name, axis in zip(AXES, [*axes, None][: len(AXES)], strict=True):
        settings[name] = settings[name + VALUES_OF] = axis.field if axis else NONE
        if axis:
            settings[name + VALUES] = list(map(_entry, axis.values))
    return settings


def _keep_values_of(name: str, field: str) -> None:
    """Forget the values of an axis that had another setting before."""
    if st.session_state.setdefault(name + VALUES_OF, field) != field:
        st.session_state.pop(name + VALUES, None)
    st.session_state[name + VALUES_OF] = field


def _values(
    name: str, row: Control, given: Sequence[Value] | None
) -> tuple[list[Value], list[str]]:
    """The chosen values, numbers in order, and the entries that are none."""
    offered, free = list(map(_entry, _offered(row))), row.kind not in ("choice", "switch")
    entries = ask_several(
        SWEEP[name + VALUES],
        options=offered,
        default=list(map(_entry, given or _some(row))),
        shown=lambda entry: _shown(row, entry),
        read=lambda entry: _read(row, entry),
        free=free,
        help=say("sweep.values_help") if free else None,
    )
    values: list[Value] = []
    refused = []
    for entry in entries:
        try:
            values += _read(row, entry)
        except ValueError:
            refused.append(entry)
    values = list(dict.fromkeys(values))
    return values if row.options else sorted(values, key=lambda value: float(value or 0)), refused


def _entry(value: Value) -> str:
    """A value as it stands in the list and in the address."""
    return _CUMULATIVE if value is None else in_address(value)


def _one(row: Control, entry: str) -> Value:
    """The value that an entry stands for; ValueError where it is none of the row's."""
    if entry == _CUMULATIVE and row.key == "network.torch_momentum":
        return None
    value: Value = row.read(entry)
    return value


def _shown(row: Control, entry: str) -> str:
    """An entry as it is called."""
    try:
        return in_words(row.key, _one(row, entry))
    except ValueError:
        return entry


def _offered(row: Control) -> Sequence[Value]:
    """The values that are offered of a setting; none where these would be too many."""
    if row.kind == "switch":
        return False, True
    if row.kind == "whole" and row.most is not None and row.most - (row.least or 0) < MAX_VALUES:
        return range(int(row.least or 0), int(row.most) + 1)
    more = (None,) if row.key == "network.torch_momentum" else ()
    return row.options or (*more, *row.stops)


def _some(row: Control) -> Sequence[Value]:
    """Values of a setting to begin with: all of a few, else five from about its default on."""
    offered = _offered(row)
    if not offered:
        return range(row.default, row.default + 5)
    if row.options or len(offered) <= 8:
        return offered
    stride = max(1, len(offered) // 16)
    middle = min(range(len(offered)), key=lambda at: abs(float(offered[at] or 0) - row.default))
    return offered[max(0, middle - 2 * stride) :: stride][:5]


def _read(row: Control, entry: str) -> Iterator[Value]:
    """The values of an entry: one, or LOW..HIGH:COUNT; ValueError where it is none of the row's."""
    if ".." not in entry:
        return iter([_one(row, entry)])
    ends, _, count = entry.partition(":")
    low, high = (float(row.read(end)) for end in ends.split(".."))
    number = int(count)
    if not 2 <= number <= MAX_VALUES:
        raise ValueError(entry)
    spread = np.geomspace if row.kind == "steps" and low > 0 else np.linspace
    texts = (f"{number:.3g}" for number in spread(low, high, number))
    if isinstance(row.default, int):
        texts = (str(round(number)) for number in spread(low, high, number))
    return iter([row.read(text) for text in texts])


def _refusal(row: Control, entry: str) -> str:
    """Which entry is none of the row's values, and what would be one."""
    least, most = (row.stops[0], row.stops[-1]) if row.stops else (row.least, row.most)
    kind = "option" if row.kind in ("choice", "switch") else "number"
    if kind == "number" and isinstance(row.default, int):
        kind = "whole"
    return say(
        f"sweep.refused.{kind}",
        setting=say(row.label),
        entry=literal(entry[:40]),
        least=in_address(least or 0),
        most=in_address(most or 0),
    )
