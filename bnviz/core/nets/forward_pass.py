"""Every torch function that a forward pass calls, set right where a measure needs it.

A measure wants a module's loss as one function of its parameters, in one precision, that can be
differentiated twice. So while a pass runs, this stands between the module and torch:

- a normalization with running statistics takes those, or the batch's, as the mode says, whoever
  calls it, and never moves them;
- numbers with a fraction are all in one precision, whatever the module would cast them to;
- attention is the plain one, whatever the module asks for;
- an embedding has a dense gradient, and weight normalization, whose own second derivative is
  wrong in torch 2.13, is taken apart;
- ReLUs tell whether they are open, or stay as they are told to; a ReLU is also a leaky or
  parametric one, and clamping at 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from bnviz.core.nets.inputs import kind_in

#: These change the precision of a tensor and nothing else.
_CASTS = frozenset({"float", "double", "half", "bfloat16"})


class ForwardPass(TorchFunctionMode):
    """One pass in `mode` ("as_is", "train" or "eval") and precision `dtype`.

    `held` (R,) are ReLUs that stay as they are told, in the order they are met; without it
    they are free, and their `pattern` is taken down if `record` says so.
    """

    def __init__(
        self, mode: str, dtype: torch.dtype, held: Tensor | None = None, *, record: bool = False
    ) -> None:
        super().__init__()
        self.mode, self.dtype, self.held, self.record = mode, dtype, held, record
        self.unheld = False
        """Whether a ReLU was met where its gradient is somebody else's: without a graph."""
        self._open: list[Tensor] = []
        self._at = 0

    @property
    def pattern(self) -> Tensor:
        """(R,) whether each ReLU was open."""
        return torch.cat(self._open) if self._open else torch.empty(0, dtype=torch.bool)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """`func`, or what stands in for it."""
        kind = _KINDS.get(func) or _kind(func)
        if kind.getter:
            return func(*args, **(kwargs or {}))
        kwargs = {key: self._cast(value) for key, value in kwargs.items()} if kwargs else {}
        args = (*args[: kind.in_place], *map(self._cast, args[kind.in_place :]))
        if kind.casts:
            return args[0].to(self.dtype)
        if torch.is_autocast_enabled() or torch.is_autocast_enabled("cpu"):
            with torch.autocast("cuda", enabled=False), torch.autocast("cpu", enabled=False):
                value = self._call(kind, func, args, kwargs)
        else:
            value = self._call(kind, func, args, kwargs)
        return value if kind.in_place else self._cast(value)

    def _call(
        self, kind: "_Kind", func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return kind.instead(self, *args, **kwargs) if kind.instead else func(*args, **kwargs)

    def _cast(self, value: Any) -> Any:
        """The same with all numbers that have a fraction in `dtype`, and `dtype` for theirs."""
        if isinstance(value, Tensor):
            if value.dtype == self.dtype:
                return value
            wanted = kind_in(self.dtype, value.dtype)
            return value if wanted == value.dtype else value.to(wanted)
        kind = type(value)
        if kind is torch.dtype:
            return kind_in(self.dtype, value)
        if kind is tuple or kind is list:
            return kind(map(self._cast, value))
        return value

    def _rectified(self, x: Tensor, slope: Any = 0.0, *, inplace: bool = False) -> Tensor:
        """x where its ReLU is open, `slope` times x where it is closed."""
        if self.held is None:
            gate = x.detach() > 0
            self.unheld = self.unheld or not torch.is_grad_enabled()
            if self.record:
                self._open.append(gate.flatten())
        else:
            gate = self.held[self._at : self._at + x.numel()].view(x.shape)
            self._at += x.numel()
        plain = isinstance(slope, float) and slope == 0.0
        if plain and self.held is None and not self.record:
            return torch.relu_(x) if inplace else torch.relu(x)
        if inplace:
            return x.mul_(gate if plain else torch.where(gate, 1.0, slope).to(x.dtype))
        return torch.where(gate, x, 0.0 if plain else x * slope)

    def _clamp(
        self, x: Tensor, min: Any = None, max: Any = None, *, inplace: bool = False
    ) -> Tensor:
        if max is None and not isinstance(min, Tensor) and min == 0:
            return self._rectified(x, inplace=inplace)
        return torch.clamp_(x, min, max) if inplace else torch.clamp(x, min, max)

    def _leaky(self, x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
        return self._rectified(x, float(negative_slope), inplace=inplace)

    def _prelu(self, x: Tensor, weight: Tensor) -> Tensor:
        shape = [1, -1] + [1] * (x.dim() - 2) if weight.numel() > 1 else [1] * x.dim()
        return self._rectified(x, weight.view(shape))

    def _attention(self, *args: Any, **kwargs: Any) -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):
            return functional.scaled_dot_product_attention(*args, **kwargs)


def _looked_up(
    function: Callable[..., Tensor], _: ForwardPass, *args: Any, **kwargs: Any
) -> Tensor:
    """Neither sparse nor scaled by frequency: the gradient is that of the loss."""
    given = signature(function).bind(*args, **kwargs).arguments
    if given.get("max_norm") is not None:
        raise ValueError(
            "An embedding with max_norm changes its weights in the forward pass, so the loss "
            "is not a function of them; measure it with max_norm=None."
        )
    return function(**given | {"sparse": False, "scale_grad_by_freq": False})


def _normalized(
    function: Callable[..., Any], names: tuple[str, ...], to: ForwardPass, *args: Any, **kwargs: Any
) -> Any:
    """A normalization by the batch's statistics or the running ones, as the mode says; none move.

    `names` are those of its arguments, in their order.
    """
    given = dict(zip(names, args, strict=False)) | kwargs
    flag = "training" if "training" in names else "use_input_stats"
    tracked = given.get("running_mean") is not None
    asked = given.get(flag, flag == "use_input_stats") if to.mode == "as_is" else to.mode == "train"
    by_batch = asked or not tracked
    if by_batch:
        x = given["input"]
        if flag == "training" and x.numel() == x.shape[1]:
            raise ValueError(
                "Batch normalization in training mode needs more than one value per channel, "
                "and a batch has one row: leave it out (drop_last=True), or use eval mode."
            )
        given |= {"running_mean": None, "running_var": None}
    return function(**given | {flag: by_batch, "momentum": 0.0})


#: The arguments of normalizations, in torch.nn.functional and in torch itself.
_RUNNING, _AFFINE, _LAST = ("running_mean", "running_var"), ("weight", "bias"), ("momentum", "eps")
_FUNCTIONAL = ("input", *_RUNNING, *_AFFINE)
_OF_TORCH = ("input", *_AFFINE, *_RUNNING, "training", *_LAST)

_INSTEAD: dict[Callable[..., Any], Callable[..., Any]] = {
    functional.relu: lambda to, x, inplace=False: to._rectified(x, inplace=inplace),
    **dict.fromkeys((torch.relu, Tensor.relu), lambda to, x: to._rectified(x)),
    **dict.fromkeys((torch.relu_, Tensor.relu_), lambda to, x: to._rectified(x, inplace=True)),
    functional.leaky_relu: ForwardPass._leaky,
    functional.prelu: ForwardPass._prelu,
    torch.prelu: ForwardPass._prelu,
    **dict.fromkeys(
        (torch.clamp, torch.clip, torch.clamp_min, Tensor.clamp, Tensor.clip, Tensor.clamp_min),
        ForwardPass._clamp,
    ),
    **dict.fromkeys(
        (torch.clamp_, torch.clip_, Tensor.clamp_, Tensor.clip_, Tensor.clamp_min_),
        partial(ForwardPass._clamp, inplace=True),
    ),
    **{
        function: partial(_normalized, function, names)
        for function, names in (
            (functional.batch_norm, (*_FUNCTIONAL, "training", *_LAST)),
            (functional.instance_norm, (*_FUNCTIONAL, "use_input_stats", *_LAST)),
            (torch.batch_norm, (*_OF_TORCH, "cudnn_enabled")),
            (torch.native_batch_norm, _OF_TORCH),
        )
    },
    functional.embedding: partial(_looked_up, functional.embedding),
    functional.embedding_bag: partial(_looked_up, functional.embedding_bag),
    functional.scaled_dot_product_attention: ForwardPass._attention,
    torch._weight_norm: lambda to, v, g, dim=0: v * (g / torch.norm_except_dim(v, 2, dim)),
}


@dataclass(frozen=True)
class _Kind:
    """What is to be done about a function; its name decides."""

    getter: bool
    in_place: bool
    """Its first argument is the very tensor that it changes."""
    casts: bool
    instead: Callable[..., Any] | None


_KINDS: dict[Callable[..., Any], _Kind] = {}


def _kind(func: Callable[..., Any]) -> _Kind:
    name = func.__name__
    in_place = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
    kind = _Kind(name == "__get__", in_place, name in _CASTS, _INSTEAD.get(func))
    return _KINDS.setdefault(func, kind)
