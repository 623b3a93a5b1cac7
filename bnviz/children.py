"""Processes of our own: how they are started, and the memory they may take."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def command(module: str, **environment: str) -> dict[str, Any]:
    """Arguments of subprocess for a process that runs ``main()`` of a module of ours.

    It finds this bnviz wherever it is started, and nothing that lies in the folder there.
    """
    path = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {
        "args": [sys.executable, "-P", "-c", f"from {module} import main; main()"],
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), **environment},
    }


def limit_memory(limit: int) -> None:
    """Where the system can: more than so many bytes raise MemoryError in this process.

    A lower limit that whoever started it has set (ulimit -d) stays.
    """
    with suppress(ImportError, ValueError, OSError):  # Windows has no such thing
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        lower = [limit, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_DATA, (min(lower), hard))
