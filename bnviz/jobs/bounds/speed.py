"""How fast a core of this machine is: costs are estimated for one of 2024."""

import time
from collections.abc import Callable
from functools import cache

import numpy as np

#: What the work of `_samples` took, in seconds, where the numbers of the costs were measured.
REFERENCE = (1.07e-3, 0.19e-3, 0.7e-3)
_TRIES = 3


@cache
def slowness() -> float:
    """How many times as long this machine takes as the costs say; measured once a process.

    By some milliseconds of what trainings are made of: matrix products, long vectors and calls.
    In the time of this thread alone, so that other work does not count, the best of some tries.
    """
    ratios = [
        min(_seconds(sample) for _ in range(_TRIES)) / reference
        for sample, reference in zip(_samples(), REFERENCE, strict=True)
    ]
    return sum(ratios) / len(ratios)


def _seconds(sample: Callable[[], object]) -> float:
    begun = time.thread_time()
    sample()
    return time.thread_time() - begun


def _samples() -> tuple[Callable[[], object], ...]:
    # So small that no library shares it out to other threads, and without a byte from the system.
    matrix, vector, few = np.ones((64, 64)), np.ones(100_000, np.float32), np.ones(8, np.float32)
    product, squares = matrix.copy(), vector.copy()
    return (
        lambda: [np.matmul(matrix, matrix, out=product) for _ in range(100)],
        lambda: [np.multiply(vector, vector, out=squares) for _ in range(30)],
        lambda: [few + few for _ in range(3000)],
    )
