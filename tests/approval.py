"""What a person sees or decided, kept as text in `tests/approved`: a change is read in the diff.

``make approve`` writes the files anew.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

APPROVED = Path(__file__).parent / "approved"
#: So many numbers are written out, of more the ends and the average size; and a line's width.
_ALL, _WIDTH = 12, 100


def approve(name: str, lines: Iterator[str]) -> None:
    """Fails where the lines are others than in the file of that name."""
    file, text = APPROVED / f"{name}.txt", "\n".join(lines) + "\n"
    if "APPROVE" in os.environ:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"if this is right: make approve ({file})"


def outlined(node: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """A tree of names and values, a line each; what is flat and short stands on one line."""
    for name, value in node.items():
        line = f"{'    ' * depth}{name}: {inline(value)}"
        if isinstance(value, Mapping) and not (_flat(value) and len(line) <= _WIDTH):
            yield f"{'    ' * depth}{name}"
            yield from outlined(value, depth + 1)
        elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
            for each in value:
                yield from outlined({name.removesuffix("s"): each}, depth)
        else:
            yield line


def _flat(node: Mapping[str, Any]) -> bool:
    return all(np.ndim(value) == 0 and not isinstance(value, Mapping) for value in node.values())


def inline(value: Any) -> str:
    """A value on one line: numbers with four digits, long lists by their ends and average."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inline(each)}" for name, each in value.items())
    if isinstance(value, list | tuple | np.ndarray):
        return _listed(value)
    if isinstance(value, float | np.floating):
        return f"{value + 0.0:.4g}"
    return str(value).replace("\n", "⏎")


def _listed(values: Any) -> str:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        every = [inline(each) for each in values]
        short = isinstance(values, list | tuple) or len(every) <= _ALL
        sign = " " if all(map(_is_number, values)) else " | "
        return sign.join(every if short else [*every[:4], "…", *every[-3:], f"({len(every)})"])
    size = np.abs(values[np.isfinite(values)])
    noise = 1e-14 * size.max(initial=0.0)  # rounding, which is another one on another processor
    every = [inline(each) for each in np.where(np.abs(values) < noise, 0.0, values).flat]
    shape = f"{' × '.join(map(str, values.shape))}: " if values.ndim > 1 else ""
    if len(every) <= _ALL:
        return shape + " ".join(every)
    known = f"{len(size)} of {len(every)}" if len(size) < len(every) else str(len(every))
    ends = f"{' '.join(every[:4])} … {' '.join(every[-3:])}"
    return f"{shape}{ends} ({known}, size {size.mean() if size.size else 0:.4g})"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
