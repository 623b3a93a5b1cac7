"""No file takes more memory than its numbers: files that unpack to much, or hold little but rows.

Each is a tenth of the largest that may be uploaded, or less, and is read in a process of its
own, which tells by how much its memory grew: twice what is read at most, and some for a batch.
The process that unpacks a Parquet file counts too.
"""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.files.test_written import workbook
from tools.server import ROOT

#: Reads the files it is given; prints what came of each and the growth of memory in MB.
PROGRAM = """
import json, re, sys
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
def unpacking():
    return int(open(warm + ".peak").read()) >> 10
read("warm.csv", b"a;b\\n1,5;2\\n3,5;4\\n")
read("warm.parquet", open(warm, "rb").read())
least = unpacking()
for path in paths:
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    before = memory("VmRSS")
    try:
        reading = read(path, open(path, "rb").read())
        came = ["read", list(reading.values.shape), [each.key for each in reading.findings]]
        del reading
    except Unreadable as problem:
        came = [problem.reason.key, [], []]
    unpacked = unpacking() - least if path.endswith("parquet") else 0
    print(json.dumps([*came, max(memory("VmHWM") - before, unpacked)]))
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
        40,
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


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    folder = tmp_path_factory.mktemp("bounds")
    for name, (content, _, _) in FILES.items():
        (folder / name).write_bytes(content())
    warm = folder / "warm.parquet"
    warm.write_bytes(parquet(pa.table({"a": [1.5]})))
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(warm), *(str(folder / name) for name in FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(FILES, map(json.loads, ended.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", FILES)
def test_memory_is_bounded(outcomes: dict[str, list[object]], name: str) -> None:
    _, came, most = FILES[name]
    key, _, _, grown = outcomes[name]
    assert key == came
    assert isinstance(grown, int) and grown <= most, f"{grown} MB"


def test_rows_beyond_the_limit_are_left_out_and_said(outcomes: dict[str, list[object]]) -> None:
    _, shape, findings, _ = outcomes["zeros.parquet"]
    assert shape == [1_000_000, 1] and findings == ["too_many_rows", "constant"]
