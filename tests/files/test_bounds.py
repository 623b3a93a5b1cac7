"""No file takes more memory than its numbers: files that unpack to much, or hold little but rows.

Each is a tenth of the largest that may be uploaded, or less, and is read in a process of its
own, which tells by how much its memory grew: twice what is read at most, and some for a batch.
The process that unpacks a Parquet file counts too.
"""

import gzip
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bnviz.files.findings import Unreadable
from bnviz.files.formats.excel_parts import MAX_SHEET
from bnviz.files.header import locate
from bnviz.files.read import MAX_BYTES
from bnviz.files.source import MAX_COLUMNS
from bnviz.jobs.bounds.speed import slowness
from tests.files.test_written import workbook
from tools.server import ROOT

#: Reads the files it is given; prints what came of each and the growth of memory in MB.
PROGRAM = """
import json, os, re, sys
from bnviz import children
from bnviz.files.read import Unreadable, read
PEAK = r'''
import atexit, re, sys
def peak():
    status = open("/proc/self/status").read()
    open(sys.argv[1], "w").write(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
atexit.register(peak)
'''
warm, *paths = sys.argv[1:]
start = children.command
def watched(module):
    command = start(module)
    *python, program = command["args"]
    return command | {"args": [*python, PEAK + program, warm + ".peak"]}
children.command = watched
def memory(kind):
    return int(re.search(kind + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) >> 10
def seconds():
    return sum(os.times()[:4])
def unpacking():
    return int(open(warm + ".peak").read()) >> 10
read("warm.csv", b"a;b\\n1,5;2\\n3,5;4\\n")
read("warm.parquet", open(warm, "rb").read())
least = unpacking()
for path in paths:
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    before, begun = memory("VmRSS"), seconds()
    try:
        reading = read(path, open(path, "rb").read())
        came = ["read", list(reading.values.shape), [each.key for each in reading.findings]]
        del reading
    except Unreadable as problem:
        came = [problem.reason.key, [], []]
    unpacked = unpacking() - least if path.endswith("parquet") else 0
    grown = max(memory("VmHWM") - before, unpacked)
    print(json.dumps([*came, grown, seconds() - begun]))
"""
MB = 1 << 20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def parquet(rows: pa.Table, times: int = 1) -> bytes:
    out = io.BytesIO()
    with pq.ParquetWriter(out, rows.schema, compression="zstd") as writer:
        for _ in range(times):
            writer.write_table(rows)
    return out.getvalue()


def swollen(part: str, content: bytes) -> bytes:
    """A workbook with another content in one of its parts."""
    out, archive = io.BytesIO(), zipfile.ZipFile(io.BytesIO(workbook([["a", "b"], [1, 2]])))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            copy.writestr(name, content if name == part else archive.read(name))
    return out.getvalue()


def sheet(rows: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (space, rows)


SHEET = "xl/worksheets/sheet1.xml"
#: Name, content, what comes of it, and the growth of memory it may cause in MB.
FILES = {
    "one_cell.parquet": (lambda: parquet(pa.table({"t": ["x" * 50 * MB], "y": [1.0]})), "read", 40),
    "zeros.parquet": (lambda: parquet(pa.table({"z": np.zeros(1 * MB)}), 20), "read", 60),
    "one_field.csv": (lambda: b"a,b\n" + b"1\n" * (2 * MB), "ragged", 40),
    "one_field_later.csv": (lambda: b"a,b\n" + b"1,2\n" * 200_000 + b"1\n" * (MB // 4), "read", 80),
    "newlines.csv": (lambda: b"a,b\n1,2\n3,5\n" + b"\n" * (4 * MB), "read", 60),
    "one_quote.csv": (lambda: b"a,b\n1,2\n" + b'"' * (4 * MB), "damaged", 60),
    "one_row.csv": (lambda: b"1," * (2 * MB), "too_wide", 60),
    "one_row.xlsx": (
        lambda: swollen(SHEET, sheet(b"<row>" + b"<c/>" * (2 * MB) + b"</row>")),
        "unpacked",
        80,
    ),
    "entities.xlsx": (
        lambda: swollen(SHEET, b'<!DOCTYPE x [<!ENTITY a "aa">]>' + sheet(b"")),
        "damaged",
        40,
    ),
    "styles.xlsx": (lambda: swollen("xl/styles.xml", b"<xf/>" * MB), "unpacked", 40),
    "empty_rows.xlsx": (lambda: swollen(SHEET, sheet(b"<row/>" * MB)), "empty", 100),
    "far_row.xlsx": (
        lambda: swollen(SHEET, sheet(b'<row r="999999999"><c><v>1</v></c></row>')),
        "empty",
        80,
    ),
}


def read_apart(
    folder: Path, contents: Mapping[str, Callable[[], bytes]]
) -> dict[str, list[object]]:
    """What comes of each file, how its memory grew, in MB, and its CPU time, in seconds."""
    for name, content in contents.items():
        (folder / name).write_bytes(content())
    warm = folder / "warm.parquet"
    warm.write_bytes(parquet(pa.table({"a": [1.5]})))
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(warm), *(str(folder / name) for name in contents)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(contents, map(json.loads, ended.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    contents = {name: content for name, (content, _, _) in FILES.items()}
    return read_apart(tmp_path_factory.mktemp("bounds"), contents)


@pytest.mark.parametrize("name", FILES)
def test_memory_is_bounded(outcomes: dict[str, list[object]], name: str) -> None:
    _, came, most = FILES[name]
    key, _, _, grown, _ = outcomes[name]
    assert key == came
    assert isinstance(grown, int) and grown <= most, f"{grown} MB"


def test_rows_beyond_the_limit_are_left_out_and_said(outcomes: dict[str, list[object]]) -> None:
    _, shape, findings, *_ = outcomes["zeros.parquet"]
    assert shape == [1_000_000, 1] and findings == ["too_many_rows", "constant"]


def numbers(columns: int, form: str, separator: str = ",", sign: str = ".") -> bytes:
    """A header and rows of normal numbers, as many as make the largest file that is read."""
    drawn = np.random.default_rng(0).normal(size=(4000 // columns + 20, columns))
    head = separator.join(f"c{at}" for at in range(columns)) + "\n"
    rows = "\n".join(separator.join(form % value for value in row) for row in drawn)
    block = rows.replace(".", sign).encode() + b"\n"
    return head.encode() + block * ((MAX_BYTES - len(head)) // len(block))


def cells(columns: int) -> bytes:
    """A workbook whose sheet unpacks to as much as one may."""
    drawn = np.random.default_rng(0).normal(size=columns)
    row = b"".join(b"<c><v>%.6f</v></c>" % value for value in drawn)
    return swollen(SHEET, sheet((b"<row>" + row + b"</row>") * (MAX_SHEET // (len(row) + 12))))


def many_names() -> bytes:
    """A workbook with one large sheet of words under thousands of names."""
    words = sheet(b'<row><c t="inlineStr"><is><t>word</t></is></c></row>' * (MAX_SHEET // 60))
    out, archive = io.BytesIO(), zipfile.ZipFile(io.BytesIO(swollen(SHEET, words)))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "xl/workbook.xml":
                (entry,) = re.findall(rb"<sheet [^>]*/>", content)
                named = (re.sub(rb'name="[^"]*"', b'name="s%d"' % at, entry) for at in range(9000))
                content = content.replace(entry, b"".join(named))
            copy.writestr(name, content)
    return out.getvalue()


#: Files as large as are read, and what comes of them.
LARGEST = {
    "long.csv": lambda: numbers(10, "%.17g"),
    "wide.csv": lambda: numbers(MAX_COLUMNS, "%.3g"),
    "short_cells.csv": lambda: b"a\n" + b"1\n2\n" * (12 * MB),
    "words.csv": lambda: b"a,b,c\n" + b"some words,and others,1\nmore,text,2\n" * (MB + MB // 4),
    "blank.csv": lambda: b"a,b\n1,2\n3,5\n" + b"\n" * (49 * MB),
    "decimal_commas.tsv": lambda: numbers(8, "%.6g", "\t", ","),
    "utf16.tsv": lambda: numbers(10, "%.6g", "\t")[: MAX_BYTES // 2 - MB].decode().encode("utf-16"),
    "numbers.xlsx": lambda: cells(10),
    "one_column.xlsx": lambda: cells(1),
    "many_names.xlsx": many_names,
    "doubles.parquet": lambda: parquet(
        pa.table({f"c{at}": np.random.default_rng(at).normal(size=600_000) for at in range(10)})
    ),
    "compressed.csv.gz": lambda: gzip.compress(numbers(10, "%.17g"), 1),
}
MOST_MEGABYTES, MOST_SECONDS = 300, 10


@pytest.mark.proof
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files(tmp_path: Path, name: str) -> None:
    """In CPU time, of a machine as the costs were measured on."""
    (outcome,) = read_apart(tmp_path, {name: LARGEST[name]}).values()
    print(name, outcome)
    *_, grown, seconds = outcome
    assert isinstance(grown, int) and isinstance(seconds, float)
    assert grown <= MOST_MEGABYTES
    assert seconds / slowness.__wrapped__() <= MOST_SECONDS


def test_a_table_may_be_as_wide_as_the_limit() -> None:
    assert locate([["1"] * MAX_COLUMNS] * 2)
    with pytest.raises(Unreadable):
        locate([["1"] * (MAX_COLUMNS + 1)] * 2)
