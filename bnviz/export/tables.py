"""Tables for other programs."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: What a spreadsheet takes for the beginning of a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv(frame: "pd.DataFrame") -> bytes:
    """The table as CSV, in UTF-8; a text that a spreadsheet would take for a formula is none."""
    harmless = frame.rename(columns=_harmless)
    for place, kind in enumerate(frame.dtypes):
        if getattr(kind, "kind", "O") not in "biufcM":
            harmless.isetitem(place, list(map(_harmless, frame.iloc[:, place])))
    return harmless.to_csv(index=False).encode(errors="replace")


def parquet(frame: "pd.DataFrame") -> bytes:
    """The table as Parquet."""
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
