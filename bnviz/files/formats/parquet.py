"""Bytes of a Parquet file -> its typed columns, unpacked by a process of its own."""

import json
import logging
import subprocess
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
import pyarrow as pa

from bnviz import children
from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Unreadable, Values
from bnviz.files.source import Batch, Source

#: The process's exit code when it refuses the file: why stands as JSON on stderr.
REFUSED: Final = 3
#: Where the schema of what it writes keeps the names and findings, as JSON.
ABOUT: Final = b"bnviz"
#: How long it may take; a file of 50 MB takes a few.
MAX_SECONDS: Final = 60.0


def parquet(blob: bytes) -> Source:
    """The numeric columns of a Parquet file; of the others only a first cell, to be named.

    Raises Unreadable.
    """
    stream = pa.ipc.open_stream(_unpacked(blob))
    about = json.loads(stream.schema.metadata[ABOUT])
    findings = [Finding(key, values) for key, values in about["findings"]]
    batches, start = [], 1
    for columns in stream:
        batches.append(Batch(np.arange(start, start + len(columns)), columns.columns))
        start += len(columns)
    return Source(about["names"], lambda: iter(batches), Dialect(), findings)


def _unpacked(blob: bytes) -> bytes:
    """What the process writes: see :mod:`bnviz.files.formats.parquet_process`."""
    with TemporaryFile() as out:
        try:
            process = subprocess.run(
                **children.command("bnviz.files.formats.parquet_process"),
                input=blob,
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=MAX_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unreadable("exhausting", {}) from error
        if process.returncode == 0:
            out.seek(0)
            return out.read()
    if process.returncode == REFUSED:
        raise _refusal(*json.loads(process.stderr.splitlines()[-1]))
    logging.getLogger(__name__).warning("Unpacking a Parquet file: %r", process.stderr[-2000:])
    raise Unreadable("damaged", {"detail": f"its reader ended with {process.returncode}"})


def _refusal(key: Any, values: Values) -> Unreadable:
    """JSON knows no tuples."""
    return Unreadable(key, {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
