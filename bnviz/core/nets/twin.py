"""A copy of somebody's module, and what its loss needs: mode, precision, random state.

The module itself is never run. Its twin is a function of parameters: whatever else a forward
pass moves, running statistics, counters, random states, is put back before the next one.
"""

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from bnviz.core.nets.beneath import Beneath
from bnviz.core.nets.copied import copied
from bnviz.core.nets.forward_pass import ForwardPass
from bnviz.core.nets.inputs import arguments, in_precision, in_words, kind_in, tensors
from bnviz.core.nets.states import moved_by, other_random_states
from bnviz.core.nets.vectors import Tensors

#: From a module's output and y to a number.
LossFunction = Callable[[Any, Any], Tensor]


#: Two passes at one point may differ so much, relative: sums in another order.
_AGREE = 1e-5

_AGAIN = (
    "A part of the module is run again, or saved elsewhere, for the backward pass, as activation "
    "checkpointing does: turn that off to measure the module."
)


class Twin:
    """``loss(module(x), y)`` of any module, on any batch, as a function of its parameters.

    Every layer is in the mode it is in ("as_is"), or all normalizations are set to "train" or
    "eval" and all else to eval. Raises ValueError, in one sentence, for a module that cannot be
    measured.
    """

    def __init__(
        self, module: nn.Module, loss: LossFunction, *, mode: str, dtype: torch.dtype, seed: int
    ) -> None:
        self.mode, self.dtype, self.seed = mode, dtype, seed
        if torch.is_inference_mode_enabled():
            raise ValueError("Nothing is differentiated in torch.inference_mode: measure outside.")
        self.module = copied(module)
        self.module._apply(lambda value: value.to(kind_in(dtype, value.dtype)))
        both = [*module.named_parameters(), *self.module.named_parameters()]
        self.originals = [(name, value) for name, value in both if value.requires_grad]
        self.function = copy.deepcopy(loss).to(dtype) if isinstance(loss, nn.Module) else loss
        if mode != "as_is":
            self.module.eval()
        self.signature = inspect.signature(self.module.forward)
        self.moving: list[tuple[dict[str, Any], str, Tensor]] = []
        self.draws = False
        self.running = False
        for layer in self.module.modules():
            layer.register_forward_pre_hook(self._only_while_running)
        self.twice = False
        """Whether its second derivatives have been seen to be right."""
        self.params = {
            name: value.detach().clone().unsqueeze(0)
            for name, value in self.module.named_parameters()
            if value.requires_grad
        }
        if not self.params:
            raise ValueError("The module has no parameter that requires a gradient.")

    @torch.no_grad()
    def prepare(self, x: Any, y: Any) -> None:
        """Find out on a first batch what a forward pass moves; raises ValueError if it is wrong.

        In mode "train" a layer that moves running statistics of its own, without the functions
        of torch, is set to train too.
        """
        if self.mode == "train":
            self._set_normalizations(x)
        own = {name: value[0] for name, value in self.params.items()}
        with self._random_state():
            before, others = torch.random.get_rng_state(), other_random_states()
            moved = moved_by(self.module, lambda: self._check_reach(own, x, y))
            self.draws = not torch.equal(before, torch.random.get_rng_state())
        self.moving = [(where, name, value) for (_, where, name), value in moved]
        if self.draws:
            warnings.warn(
                "The forward pass draws random numbers. Each one draws the same, from the seed "
                f"{self.seed}, so that the loss is one function; dropout and the like are off in "
                'mode="train" and mode="eval".',
                stacklevel=6,
            )
        with Beneath() as beneath:
            losses = [self.loss(own, x, y) for _ in range(2)]
        if self.mode != "as_is" and beneath.trained - {self.mode == "train"}:
            raise ValueError(
                f"A batch normalization inside scripted or exported code cannot be set to mode="
                f'"{self.mode}": measure the module that it was made of, or with mode="as_is".'
            )
        if others != other_random_states():  # two random losses are often equal: take more
            losses += [self.loss(own, x, y) for _ in range(8)]
        first, again = min(losses), max(losses)
        if again - first > _AGREE * first.abs():
            raise ValueError(
                f"The loss is {first:.6g} in one forward pass and {again:.6g} in another, though "
                "nothing has changed: the module keeps something outside of its buffers, or draws "
                "random numbers from elsewhere: let torch draw them."
            )

    def loss(
        self,
        own: Tensors,
        x: Any,
        y: Any,
        forward: ForwardPass | None = None,
    ) -> Tensor:
        """The loss of parameters `own`, as they are named in `params`, on one batch."""
        for where, name, value in self.moving:
            where[name] = value.clone()
        forward = forward or ForwardPass(self.mode, self.dtype)
        with ExitStack() as stack:
            if self.draws:
                stack.enter_context(self._random_state())
                torch.manual_seed(self.seed)
            return self._pass(own, x, y, forward)

    def _pass(self, own: Tensors, x: Any, y: Any, forward: ForwardPass) -> Tensor:
        asked = torch.is_grad_enabled()
        x, y = (in_precision(each, self.dtype) for each in (x, y))  # a pass may change them
        loss = self._run(lambda: self.function(self._output(own, x), y), forward)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            shape = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise ValueError(f"The loss must be one number; it has shape {shape}.")
        return (loss if asked else loss.detach()).reshape(())

    @torch.enable_grad()
    def _check_reach(self, own: Tensors, x: Any, y: Any) -> None:
        """Raise ValueError if a pass takes no parameter, or some from elsewhere, which stay."""
        own = {name: value.detach().requires_grad_() for name, value in own.items()}
        loss = self._pass(own, x, y, ForwardPass(self.mode, self.dtype))
        names, values = zip(*own.items(), *self.originals, strict=True)
        reached: tuple[Tensor | None, ...] = (None,) * len(values)
        if loss.requires_grad:
            try:
                reached = torch.autograd.grad(loss, values, allow_unused=True)
            except RuntimeError as error:
                raise ValueError(f"The loss cannot be differentiated: {error}") from error
        for name, gradient in list(zip(names, reached, strict=True))[len(own) :]:
            if gradient is not None:
                raise ValueError(
                    f"The loss takes the parameter {name} from elsewhere than its layer, a closure "
                    "or a list, so it would not move with it: let forward take it from the layer "
                    "and return what the loss needs, or use weight_decay= for a penalty."
                )
        if all(gradient is None for gradient in reached[: len(own)]):
            raise ValueError(
                "The loss depends on no parameter that can move: is there a detach(), an item(), "
                "an argmax or no_grad on the way?"
            )

    def _run(self, run: Callable[[], Any], forward: ForwardPass) -> Any:
        """With plain attention, as the fused one has no second derivative, and with gradients, as
        a module may take some of its own."""
        self.running = True
        hooks = torch.autograd.graph.disable_saved_tensors_hooks(_AGAIN)
        try:
            with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), hooks, forward:
                return run()
        except (RuntimeError, TypeError, AttributeError, LookupError) as error:
            if str(error) == _AGAIN:
                raise ValueError(_AGAIN) from None
            raise ValueError(
                f"The module or the loss fails ({type(error).__name__}: {error}): check that "
                "loss(module(x), y) runs by itself, on tensors, and look for its error."
            ) from error
        finally:
            self.running = False

    def _output(self, own: Tensors, x: Any) -> Any:
        args, kwargs = arguments(self.signature, x)
        return torch.func.functional_call(self.module, own, args, kwargs)

    @torch.no_grad()
    def first_not_finite(self, x: Any) -> str | None:
        """Name the first layer that makes of finite numbers some that are not."""
        lost: list[str] = []

        def look(name: str, given: Any, made: Any) -> None:
            bad, before = (
                any(in_words("", value) for _, value in tensors(each, "")) for each in (made, given)
            )
            if bad and not before and not lost:
                lost.append(f"{name} ({type(self.module.get_submodule(name)).__name__})")

        hooks = [
            layer.register_forward_hook(lambda _, given, made, name=name: look(name, given, made))
            for name, layer in self.module.named_modules()
            if name
        ]
        own = {name: value[0] for name, value in self.params.items()}
        try:
            rows = in_precision(x, self.dtype)
            self._run(lambda: self._output(own, rows), ForwardPass(self.mode, self.dtype))
        finally:
            for hook in hooks:
                hook.remove()
        return lost[0] if lost else None

    def _only_while_running(self, layer: nn.Module, _: Any) -> None:
        """Refuse to run a layer again in the backward pass, where its parameters are others."""
        if not self.running:
            raise ValueError(_AGAIN)

    def _set_normalizations(self, x: Any) -> None:
        def run() -> None:
            rows = in_precision(x, self.dtype)
            with self._random_state():
                self._run(lambda: self._output({}, rows), ForwardPass("train", self.dtype))

        always = {(id(where), name) for (_, where, name), _ in moved_by(self.module, run)}
        self.module.train()
        try:
            moved = moved_by(self.module, run)
        except Exception as error:
            raise ValueError(
                f'The module does not run in training mode ("{error}"): set the modes of its '
                'layers yourself, and measure it with mode="as_is".'
            ) from error
        self.module.eval()
        for layer in self.module.modules():
            if isinstance(layer, nn.modules.batchnorm._NormBase):
                layer.train()
        for (owner, where, name), _ in moved:
            if (id(where), name) not in always:
                owner.train()

    @contextmanager
    def _random_state(self) -> Iterator[None]:
        devices = {value.device for value in self.params.values() if value.is_cuda}
        with torch.random.fork_rng(devices=sorted(device.index for device in devices)):
            yield
