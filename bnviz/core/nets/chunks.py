"""How many networks to run at once, and memory that stays warm while they run.

A stack is run in chunks whose activations stay in the processor's cache: longer
chunks wait for memory, shorter ones for Python. Measured on 1000 x 64
activations: 5 (float64) to 10 (float32) copies are fastest.
"""

from collections.abc import Iterator
from functools import cache

import torch

from bnviz.core.memory import CHUNK_BYTES


def chunk_size(rows: int, width: int, dtype: torch.dtype) -> int:
    """How many networks with (width, rows) activations make a chunk of about CHUNK_BYTES."""
    return max(1, CHUNK_BYTES // (rows * width * dtype.itemsize))


def chunks(
    networks: int, rows: int, width: int, dtype: torch.dtype, *, most: int | None = None
) -> Iterator[slice]:
    """Slices that cut `networks` into chunks, of at most so many as `most`."""
    keep_freed_memory()
    size = min(chunk_size(rows, width, dtype), most or networks)
    for start in range(0, networks, size):
        yield slice(start, min(start + size, networks))


@cache
def keep_freed_memory() -> None:
    """Let the C library keep up to 64 MB of freed memory for the next tensor.

    By default glibc hands every freed activation back to the system and the next
    one is faulted in page by page, which doubles the time of a chunk. Its limits
    follow the largest block freed so far, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD),
    so freeing one such block, once a process, is enough. Elsewhere this does nothing.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
