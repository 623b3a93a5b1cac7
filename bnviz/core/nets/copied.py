"""Copies of modules as people bring them: compiled, wrapped, lived in."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy


def copied(module: nn.Module) -> nn.Module:
    """A deep copy, of what is compiled or wrapped only what is inside.

    Raises ValueError, in one sentence, for what no measure can look into.
    """
    module = _unwrapped(module)
    for name, layer in module.named_modules():
        _refuse(name or "The module", layer)
    memo: dict[int, Any] = {}
    for layer in module.modules():
        for value in layer.__dict__.values():
            if isinstance(value, Tensor) and not value.is_leaf:  # as old weight_norm keeps one
                memo[id(value)] = value.detach().clone()
        for child in layer._modules.values():
            if child is not None and (inside := _unwrapped(child)) is not child:
                memo[id(child)] = copy.deepcopy(inside, memo)
    try:
        copied = copy.deepcopy(module, memo)
    except Exception as error:
        raise ValueError(f"The module cannot be copied: {error}.") from error
    for layer in copied.modules():
        if hasattr(layer.__dict__.get("forward"), "_torchdynamo_orig_callable"):
            del layer.__dict__["forward"]  # compiled in its place, it would run the module itself
    return copied


def _unwrapped(module: nn.Module) -> nn.Module:
    """What torch.compile or a parallel wrapper wraps."""
    while True:
        inside = getattr(module, "_orig_mod", None)
        if inside is None and isinstance(
            module, nn.DataParallel | nn.parallel.DistributedDataParallel
        ):
            inside = module.module
        if inside is None:
            return module
        module = inside


def _refuse(name: str, layer: nn.Module) -> None:
    """Raise ValueError for a layer that no measure can look into."""
    if isinstance(layer, torch.jit.ScriptModule):
        raise ValueError(
            f"{name} is a scripted or traced module, whose layers nobody can look into: "
            "measure the module that it was made of."
        )
    tensors = {**layer._parameters, **layer._buffers}
    lazy = [own for own, value in tensors.items() if value is not None and is_lazy(value)]
    if lazy:
        raise ValueError(
            f"{name} is lazy: its {lazy[0]} has no shape yet. Run one batch through the module "
            "first."
        )
    synced = isinstance(layer, nn.SyncBatchNorm) and torch.distributed.is_available()
    if synced and torch.distributed.is_initialized() and torch.distributed.get_world_size() > 1:
        raise ValueError(
            f"{name} takes its statistics from several processes: measure in one process."
        )
