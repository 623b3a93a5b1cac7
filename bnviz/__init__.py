"""Batch normalization, measured: a dashboard, and a small library of what it measures with.

``from bnviz import Loss``: see :mod:`bnviz.library`. torch is imported with the first
name that is taken from here, not before.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bnviz.library import (
        Loss,
        along_gradient,
        eigenvalues,
        landscape_lines,
        landscape_plane,
        lipschitz_probes,
        normalized_sharpness,
        quadratic,
        scale_sweep,
        spectral_density,
        stability_threshold,
        traces,
    )

__all__ = [
    "Loss",
    "along_gradient",
    "eigenvalues",
    "landscape_lines",
    "landscape_plane",
    "lipschitz_probes",
    "normalized_sharpness",
    "quadratic",
    "scale_sweep",
    "spectral_density",
    "stability_threshold",
    "traces",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bnviz' has no attribute {name!r}")
    from bnviz import library

    return getattr(library, name)
