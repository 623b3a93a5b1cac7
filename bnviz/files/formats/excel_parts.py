"""The parts of an Excel workbook, checked while they are unpacked."""

import io
import zipfile
from itertools import islice
from typing import Any, Final

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from bnviz.files.findings import Unreadable

#: Bytes that a part may unpack to: the sheets, the texts they share, and anything else.
MAX_SHEET, MAX_TEXTS, MAX_PART = 2**26, 2**24, 2**20
#: Bytes between two rows of a sheet; openpyxl holds one row whole.
MAX_ROW: Final = 2**21
#: Bytes unpacked in all, and sheets that are looked at: one part may stand there under many names.
MAX_UNPACKED, MOST_SHEETS = 3 * 2**25, 1000


def sheets_of(blob: bytes) -> dict[str, Any]:
    """The sheets of a workbook by their names; raises Unreadable, and whatever openpyxl does.

    So does reading a sheet's rows.
    """
    reader = _Reader(io.BytesIO(blob), read_only=True, data_only=True, keep_links=False)
    reader.archive = _Archive(io.BytesIO(blob))
    reader.read()
    return {sheet.title: sheet for sheet in reader.wb.worksheets}


class _Reader(ExcelReader):  # type: ignore[misc]  # without types
    def read_worksheets(self) -> None:
        for sheet, part in islice(self.parser.find_sheets(), MOST_SHEETS):
            if part.target in self.valid_files and "chartsheet" not in part.Type:
                rows = _Sheet(self.wb, sheet.name, part.target, self.shared_strings)
                rows.sheet_state = sheet.state
                self.wb._sheets.append(rows)


class _Sheet(ReadOnlyWorksheet):  # type: ignore[misc]
    def _get_size(self) -> None:
        """Not asked for: some programs write it wrong, and without it openpyxl reads all rows."""


class _Archive(zipfile.ZipFile):
    """A workbook that is looked at while it is unpacked; raises Unreadable for too much of it.

    That is what would be parsed into one huge tree, or hides it by markup that Excel lacks; what
    is read without an end, as one sheet under a thousand names; and any part that is too large.
    """

    _unpacked = 0

    def open(self, name: Any, *args: Any, **options: Any) -> Any:
        """A part that may be read as a stream."""
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        start, limit = b"", MAX_PART
        if part.filename.startswith("xl/worksheets/"):
            start, limit = b"<row", MAX_SHEET
        elif part.filename == "xl/sharedStrings.xml":
            start, limit = b"<si", MAX_TEXTS
        _refuse_above(limit, part.file_size)
        stream = super().open(name, *args, **options)
        read, before, length = stream.read, b"", 0

        def looked_at(size: int = -1) -> bytes:
            nonlocal before, length
            chunk = read(size)
            self._unpacked += len(chunk)
            _refuse_above(MAX_UNPACKED, self._unpacked)
            text = before + chunk
            if start and b"<!" in text:
                raise Unreadable("damaged", {"detail": "a sheet with comments or declarations"})
            length = 0 if start in text else length + len(chunk)
            _refuse_above(MAX_ROW, length)
            before = text[-3:]
            return chunk

        stream.read = looked_at  # type: ignore[method-assign]
        return stream


def _refuse_above(limit: int, size: int) -> None:
    if size > limit:
        raise Unreadable("unpacked", {"size": size, "limit": limit})
