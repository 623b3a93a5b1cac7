"""What reaches torch's kernels past the functions that a forward pass stands in for.

Code that is scripted or exported, and functions with a backward of their own, call kernels that no
:class:`bnviz.core.nets.forward_pass.ForwardPass` can change. They can be seen, though.
"""

from typing import Any, Final

from torch.utils._python_dispatch import TorchDispatchMode

#: Kernels with a kink, by their names without the underscore of those that work in place.
KINKED: Final = frozenset(
    {"relu", "leaky_relu", "_prelu_kernel", "rrelu", "rrelu_with_noise", "relu6", "clamp",
     "clamp_min", "clamp_max", "clip", "threshold", "hardtanh", "hardswish", "hardsigmoid",
     "hardshrink", "softshrink"}
)  # fmt: skip


class Beneath(TorchDispatchMode):
    """Notes the kernels that are called within it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kinked: str | None = None
        """The name of a kernel with a kink, if one was called."""
        self.trained: set[bool] = set()
        """Whether batch normalizations with running statistics took the batch's own."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call `func`."""
        given = dict(kwargs or {})
        name = func._schema.name.removeprefix("aten::")
        if "batch_norm" in name:
            told = {
                each.name: value for each, value in zip(func._schema.arguments, args, strict=False)
            } | given
            if told.get("running_mean") is not None and "training" in told:
                self.trained.add(bool(told["training"]))
        if name.rstrip("_") in KINKED or (name.rstrip("_") == "elu" and _is_kinked(*args[1:])):
            self.kinked = name
        return func(*args, **given)


def _is_kinked(alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> bool:
    """Whether the two slopes of an exponential linear unit differ where they meet, at 0."""
    return bool(alpha * input_scale != 1.0)
