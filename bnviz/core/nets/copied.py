"""Copies of modules as people bring them: compiled, wrapped, lived in."""

import copy
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from bnviz.core.nets.inputs import tensors


def copied(module: nn.Module) -> nn.Module:
    """A deep copy, of what is compiled or wrapped only what is inside.

    Raises ValueError, in one sentence, for what no measure can look into.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"{type(module).__name__} is not a torch.nn.Module: wrap it in one.")
    module = _unwrapped(module)
    for name, layer in module.named_modules():
        _refuse(name or "The module", layer)
    memo: dict[int, Any] = {}
    for layer in module.modules():
        for _, value in tensors(layer.__dict__, ""):
            # As old weight_norm keeps one, and whoever keeps activations, or a sparse matrix.
            if not value.is_leaf or value.layout not in (torch.strided, torch.sparse_coo):
                memo[id(value)] = value.detach().clone()
        for child in layer._modules.values():
            if child is not None and (inside := _unwrapped(child)) is not child:
                memo[id(child)] = copy.deepcopy(inside, memo)
    try:
        copied = copy.deepcopy(module, memo)
    except Exception as error:
        raise ValueError(
            f"The module cannot be copied: {error}. Take off what cannot be, or give it a "
            "__deepcopy__."
        ) from error
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
    held = {**layer._parameters, **layer._buffers}
    lazy = [own for own, value in held.items() if value is not None and is_lazy(value)]
    if lazy:
        raise ValueError(
            f"{name} is lazy: its {lazy[0]} has no shape yet. Run one batch through the module "
            "first."
        )
    for own, value in held.items():
        if value is not None and value.is_meta:
            raise ValueError(f"{name} is on the meta device: its {own} has no numbers to measure.")
        if value is not None and value.is_complex() and value.requires_grad:
            raise ValueError(
                f"{name} has complex numbers to train, its {own}: make parameters of their real "
                "and imaginary parts and join them in forward by torch.complex."
            )
    synced = isinstance(layer, nn.SyncBatchNorm) and torch.distributed.is_available()
    if synced and torch.distributed.is_initialized() and torch.distributed.get_world_size() > 1:
        raise ValueError(
            f"{name} takes its statistics from several processes: measure in one process."
        )
