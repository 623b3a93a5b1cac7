"""What a module keeps beside its parameters, and what of it a run changes."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

#: A tensor of a module that is no trainable parameter: whose, where it is kept, its name.
State = tuple[nn.Module, dict[str, Any], str]


def moved_by(module: nn.Module, run: Callable[[], object]) -> list[tuple[State, Tensor]]:
    """What of the module's state `run` changes, and what it was; put back."""
    states = list(_states(module))
    tensors: list[Tensor] = [where[name] for _, where, name in states]
    values = [tensor.detach().clone() for tensor in tensors]
    versions = [tensor._version for tensor in tensors]
    try:
        run()
    finally:
        moved = []
        for state, tensor, value, version in zip(states, tensors, values, versions, strict=True):
            _, where, name = state
            if (
                where.get(name) is not tensor
                or tensor._version != version
                or (tensor.layout == torch.strided and not torch.equal(tensor, value))
            ):  # batch normalization moves its statistics without a new version
                where[name] = value
                moved.append((state, value))
    return moved


def other_random_states() -> tuple[object, ...]:
    """Where the global random numbers of Python and numpy stand."""
    _, keys, place, *_ = np.random.get_state(legacy=True)
    return random.getstate(), np.asarray(keys).tobytes(), place


def _states(module: nn.Module) -> Iterator[State]:
    """All tensors of a module but its trainable parameters."""
    for layer in module.modules():
        for where in (layer._buffers, layer._parameters, layer.__dict__):
            for name, value in list(where.items()):
                if isinstance(value, Tensor) and not (value.is_leaf and value.requires_grad):
                    yield layer, where, name
