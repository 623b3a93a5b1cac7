"""A measure's result as a table, for downloads: a number a row, with where it belongs."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.smoothness.gap import CELLS

if TYPE_CHECKING:
    import pandas as pd

Dimensions = Mapping[str, tuple[str, ...]]


def frame(dimensions: Dimensions, result: Any, first: str = "bn") -> "pd.DataFrame":
    """Columns: net (the result's field, or empty), quantity, its dimensions, value.

    `dimensions` names those of each field of the result, "*" of all others. A dimension that is
    itself a field of the result (or of the net's part of it) carries that field's values. In
    no language: these are the names in :mod:`bnviz.core.smoothness`; but the net with the norm is
    called `first`.
    """
    import pandas as pd

    parts = [pd.DataFrame(part) for part in _parts(dimensions, result)]
    table = pd.concat(parts, ignore_index=True)
    table["net"] = table["net"].replace("bn", first)
    last = table.pop("value")
    return table.assign(value=last)


def _parts(dimensions: Dimensions, result: Any) -> Iterator[dict[str, Any]]:
    for field in fields(result):
        value = getattr(result, field.name)
        if is_dataclass(value):
            for own in fields(value):
                yield _rows(
                    dimensions, field.name, own.name, getattr(value, own.name), (value, result)
                )
        else:
            yield _rows(dimensions, "", field.name, value, (result,))


def _rows(
    dimensions: Dimensions, net: str, name: str, value: Any, owners: tuple[Any, ...]
) -> dict[str, Any]:
    array = np.asarray(value)
    names = dimensions.get(name, dimensions["*"])[: array.ndim]
    places = np.indices(array.shape).reshape(array.ndim, array.size)
    columns: dict[str, Any] = {
        "net": np.full(array.size, net, dtype=object),
        "quantity": np.full(array.size, name, dtype=object),
    }
    for dimension, place in zip(names, places, strict=True):
        columns[dimension] = _coordinates(dimension, place, array.shape, owners)
    return columns | {"value": array.ravel()}


def _coordinates(
    dimension: str, place: NDArray[Any], shape: tuple[int, ...], owners: tuple[Any, ...]
) -> NDArray[Any]:
    if dimension == "cell":
        names: NDArray[Any] = np.array(CELLS, dtype=object)[place]
        return names
    for owner in owners:
        values = getattr(owner, dimension, None)
        if isinstance(values, np.ndarray) and values.ndim == 1 and len(values) in shape:
            coordinates: NDArray[Any] = values[place]
            return coordinates
    return place
