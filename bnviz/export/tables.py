"""Tables for other programs."""

import io
from typing import TYPE_CHECKING

from bnviz.texts.spreadsheet import defused

if TYPE_CHECKING:
    import pandas as pd


def csv(frame: "pd.DataFrame") -> bytes:
    """The table as CSV, in UTF-8; a text that a spreadsheet would take for a formula is none."""
    return defused(frame).to_csv(index=False).encode(errors="replace")


def parquet(frame: "pd.DataFrame") -> bytes:
    """The table as Parquet."""
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()
