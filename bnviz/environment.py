"""Numbers that whoever runs the server sets by environment variables."""

import math
import os


def number(name: str, default: float) -> float:
    """The variable's value, or the default where there is none or it is no finite number."""
    try:
        value = float(os.environ.get(name) or default)
    except ValueError:
        return default
    return value if math.isfinite(value) else default
