"""What a person typed, written for a spreadsheet: as text, never as a formula."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

#: What a spreadsheet takes for the beginning of a formula, or skips before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def defused(frame: "DataFrame") -> "DataFrame":
    """The frame with an apostrophe before every name and text that would be a formula."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    safe = {name: frame[name].map(_text) for name in texts}
    return frame.assign(**safe).rename(columns=_text)


def _text(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # pandas does not quote a carriage return, which would begin a row.
    line = cell.replace("\r", " ")
    return f"'{line}" if cell.startswith(_FORMULA) else line
