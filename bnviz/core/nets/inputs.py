"""What goes into a module: tensors in tuples, lists and mappings, nested as people have them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from inspect import Signature
from typing import Any

import torch
from torch import Tensor, nn


def not_finite(module: nn.Module, x: Any, y: Any) -> str:
    """Which of parameters, buffers and inputs are not finite, in words; empty if all are."""
    named: list[tuple[str, Tensor]] = [*tensors(x, "x"), *tensors(y, "y")]
    if empty := [name for name, value in named if not value.numel()]:
        return f"{empty[0]} has no entries"
    named += [(f"the parameter {name}", value) for name, value in module.named_parameters()]
    named += [(f"the buffer {name}", value) for name, value in module.named_buffers()]
    return "; ".join(said for name, value in named if (said := in_words(name, value)))


def in_words(name: str, value: Tensor) -> str | None:
    """How many entries of a tensor are not finite, and where the first is; None if all are."""
    bad = ~value.detach().isfinite()
    if not bad.any():
        return None
    first = [int(index) for index in bad.nonzero()[0]]
    worst = value[tuple(first)].item()
    return f"{name} has {int(bad.sum())} of {value.numel()} entries not finite: {worst} at {first}"


def tensors(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """All tensors inside of nested tuples, lists and mappings, and where they are."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from tensors(each, f"{name}[{key!r}]")
    elif isinstance(value, tuple | list):
        for index, each in enumerate(value):
            yield from tensors(each, f"{name}[{index}]")


def kind_in(precision: torch.dtype, kind: torch.dtype) -> torch.dtype:
    """The kind of number that takes its place in this precision: itself, if it is whole."""
    if kind.is_complex:
        return precision.to_complex()
    return precision if kind.is_floating_point else kind


def in_precision(value: Any, dtype: torch.dtype) -> Any:
    """A copy, numbers with a fraction in `dtype`; what is no tensor stays as it is."""
    if isinstance(value, Tensor):
        return value.detach().to(kind_in(dtype, value.dtype), copy=True)
    if isinstance(value, Mapping):
        return {key: in_precision(each, dtype) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(in_precision(each, dtype) for each in value))
    if isinstance(value, tuple | list):
        return type(value)(in_precision(each, dtype) for each in value)
    return value


def arguments(forward: Signature, x: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """How a module is called with `x`.

    A tuple or list is several arguments, and so is a dict that `forward` takes as such; anything
    else is one.
    """
    if type(x) in (tuple, list):
        return tuple(x), {}
    if isinstance(x, Mapping) and x and all(isinstance(key, str) for key in x):
        with suppress(TypeError):
            forward.bind(**x)
            return (), dict(x)
    return (x,), {}
