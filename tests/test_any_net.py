"""What people bring to the library: modes, inputs, many batches, and what cannot be measured.

Right values come from dense Hessians by double autograd, from plain torch, or from arithmetic.
"""

import copy
import functools
import gc
import itertools
import math
import random
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from bnviz import Loss, along_gradient, eigenvalues, scale_sweep, stability_threshold, traces
from bnviz.core.curvature.batches import BatchesProblem
from bnviz.core.curvature.module_problem import ModuleProblem
from tests.zoo import FunctionalBN, OwnBN, Through, labels, rows

X, Y = rows(32, 5), labels(32)


def net(norm: Callable[[int], nn.Module] = nn.BatchNorm1d) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Linear(5, 6),
            norm(6),
            nn.Tanh(),
            nn.Linear(6, 6),
            norm(6),
            nn.Tanh(),
            nn.Linear(6, 3),
        )


def dense(module: nn.Module, loss: Callable[[nn.Module], Tensor]) -> Tensor:
    """The Hessian of a module as it is, float64."""
    module = copy.deepcopy(module).double()
    params = [p for p in module.parameters() if p.requires_grad]
    first = torch.autograd.grad(loss(module), params, create_graph=True)
    flat = torch.cat([g.flatten() for g in first])
    every = [torch.autograd.grad(each, params, retain_graph=True) for each in flat]
    return torch.stack([torch.cat([g.flatten() for g in row]) for row in every])


def top(module: nn.Module, x: Any = X, y: Any = Y, loss: Any = cross_entropy, **how: Any) -> float:
    return float(eigenvalues(module, loss, x, y, **how).maximum[0])


def right(module: nn.Module) -> float:
    hessian = dense(module, lambda each: cross_entropy(each(X.double()), Y))
    return float(torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])


# ------------------------------------------------------------------ modes


def test_one_bn_frozen_is_measured_as_it_is() -> None:
    tuned = net()
    tuned[1].eval().requires_grad_(False)
    tuned[1].running_mean.fill_(1.0)
    tuned[1].running_var.fill_(0.05)
    values = {mode: top(tuned, mode=mode) for mode in ("as_is", "train", "eval")}
    assert values["as_is"] == pytest.approx(right(tuned), rel=1e-6)
    assert values["train"] == pytest.approx(right(copy.deepcopy(tuned).train()), rel=1e-6)
    assert values["eval"] == pytest.approx(right(copy.deepcopy(tuned).eval()), rel=1e-6)
    assert len({round(value, 3) for value in values.values()}) == 3
    assert top(tuned) == values["as_is"]


def lived_in(module: nn.Module) -> nn.Module:
    """With running statistics that differ from any batch's."""
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.fill_(0.3 if "mean" in name else 2.0)
    return module


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "torch": nn.BatchNorm1d,
    "a subclass": type("Mine", (nn.BatchNorm1d,), {}),
    "SyncBN": nn.SyncBatchNorm,
    "by function": FunctionalBN,
    "by hand": OwnBN,
    "lazy once run": lambda size: nn.LazyBatchNorm1d(),
    "without statistics": lambda size: nn.BatchNorm1d(size, track_running_stats=False),
}


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("name", NORMS)
def test_train_and_eval_set_every_normalization(name: str, begun: bool) -> None:
    module = net(NORMS[name])
    module(X)
    module = lived_in(module.train(begun))
    for mode in ("train", "eval"):
        asked = copy.deepcopy(module).train(mode == "train")
        assert top(module, mode=mode) == pytest.approx(right(asked), rel=1e-6), mode


def test_train_leaves_everything_else_in_eval_mode() -> None:
    dropout = nn.Sequential(*net(), nn.Dropout(0.9))
    assert top(dropout, mode="train") == pytest.approx(right(net().train()), rel=1e-6)


def by_function(norm: Any, x: Tensor) -> Tensor:
    return functional.batch_norm(x, norm.mean, norm.var, training=True)


def by_torch(norm: Any, x: Tensor) -> Tensor:
    ones, zeros = torch.ones_like(norm.mean), torch.zeros_like(norm.mean)
    return torch.batch_norm(x, ones, zeros, norm.mean, norm.var, True, 0.1, 1e-5, False)


def by_native(norm: Any, x: Tensor) -> Tensor:
    return torch.native_batch_norm(x, None, None, norm.mean, norm.var, True, 0.1, 1e-5)[0]


@pytest.mark.parametrize("normalized", [by_function, by_torch, by_native])
def test_a_flag_that_is_hard_coded_is_set_all_the_same(
    normalized: Callable[[Any, Tensor], Tensor],
) -> None:
    module = Through(
        lambda self, x: self.out(normalized(self.norm, self.into(x))),
        into=nn.Linear(5, 4),
        norm=lived_in(FunctionalBN(4)),
        out=nn.Linear(4, 3),
    )
    by_flag = Through(
        lambda self, x: self.out(self.norm(self.into(x))), **dict(module.named_children())
    )
    assert top(module, mode="eval") == pytest.approx(right(by_flag.eval()), rel=1e-6)
    assert top(module) == pytest.approx(right(by_flag.train()), rel=1e-6)


def test_a_flag_that_no_mode_can_set_is_refused() -> None:
    """As exported modules and scripted functions have it."""

    def normalized(self: Any, x: Tensor) -> Tensor:
        norm = self.norm
        return self.out(
            torch.ops.aten.batch_norm(
                self.into(x), None, None, norm.mean, norm.var, True, 0.1, 1e-5, False
            )
        )

    layers = dict(into=nn.Linear(5, 4), norm=FunctionalBN(4), out=nn.Linear(4, 3))
    module = Through(normalized, **layers)
    assert top(module) == pytest.approx(top(module, mode="train"), rel=1e-9)
    with pytest.raises(ValueError, match='exported code cannot be set to mode="eval"'):
        top(module, mode="eval")


def scripted_norm(x: Tensor, mean: Tensor, var: Tensor, train: bool) -> Tensor:
    return torch.batch_norm(x, None, None, mean, var, train, 0.1, 1e-5, False)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("stands", ["train", "eval"])
def test_a_flag_that_scripted_code_is_given_is_set(stands: str) -> None:
    """Its statistics move without a new version of them; their values tell."""
    norm = torch.jit.script(scripted_norm)
    module = Through(
        lambda self, x: self.out(
            norm(self.into(x), self.norm.mean, self.norm.var, self.norm.training)
        ),
        into=nn.Linear(5, 4),
        norm=lived_in(FunctionalBN(4)),
        out=nn.Linear(4, 3),
    )
    plain = Through(
        lambda self, x: self.out(self.norm(self.into(x))), **dict(module.named_children())
    )
    for mode in ("train", "eval"):
        getattr(plain, mode)()
        expected = right(plain)
        getattr(module, stands)()
        assert top(module, mode=mode) == pytest.approx(expected, rel=1e-6)


def test_words_that_are_none() -> None:
    with pytest.raises(ValueError, match="mode is 'training'; use one of 'as_is', 'train', 'eval'"):
        top(net(), mode="training")
    with pytest.raises(ValueError, match="precision is 'half'; use one of 'float32', 'float64'"):
        top(net(), precision="half")
    with pytest.raises(TypeError, match="tolerence"):
        top(net(), tolerence=1e-3)
    loss = Loss(net(), cross_entropy, X, Y)
    for ask, match in [
        (lambda: loss.traces(probes=0), "probes is 0; use a whole number of at least 1"),
        (lambda: loss.spectral_density(steps=0), "steps is 0; use a whole"),
        (lambda: loss.lipschitz_probes(scale=0), r"scale is \[0\]; use numbers above 0"),
        (lambda: loss.along_gradient(sizes=[]), r"sizes is \[\]; use finite numbers, at least one"),
        (
            lambda: loss.landscape_plane(directions=torch.eye(2)),
            r"shape \(2, 2\); it must be \(2, ",
        ),
    ]:
        with pytest.raises(ValueError, match=match):
            ask()


# ------------------------------------------------------------------ inputs


def test_a_batch_in_a_dict_by_one_name_or_by_names() -> None:
    one = Through(lambda self, batch: self.net(batch["x"]), net=net())
    assert top(one, {"x": X}) == pytest.approx(top(net()))

    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net()

        def forward(self, values: Tensor, scale: Tensor | None = None) -> Tensor:
            out: Tensor = self.net(values)
            return out if scale is None else out * scale

    assert top(Named(), {"values": X, "scale": torch.ones(1)}) == pytest.approx(top(net()))
    assert top(Named(), (X, torch.ones(1))) == pytest.approx(top(net()))


@pytest.mark.parametrize("how", ["module", "closure", "partial"])
def test_tensors_inside_the_loss_follow_the_precision(how: str) -> None:
    weight = torch.tensor([1.0, 3.0, 0.5])
    loss = {
        "module": nn.CrossEntropyLoss(weight),
        "closure": lambda out, y: cross_entropy(out, y, weight),
        "partial": functools.partial(cross_entropy, weight=weight),
    }[how]
    hessian = dense(net(), lambda m: cross_entropy(m(X.double()), Y, weight.double()))
    assert top(net(), loss=loss) == pytest.approx(
        torch.linalg.eigvalsh(hessian)[-1].item(), rel=1e-6
    )
    assert weight.dtype == torch.float32
    assert top(net(), loss=loss, precision="float32") == pytest.approx(
        top(net(), loss=loss), rel=1e-4
    )


def test_casts_and_constants_inside_the_module_follow_the_precision() -> None:
    def cast(self: Any, x: Tensor) -> Tensor:
        x = x.to(torch.float16).float() * torch.tensor([0.5, 1.0, 1.5, 2.0, 2.5])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self.out(x)
        return x.half() + torch.linspace(0.0, 1.0, 3) + torch.zeros(3, dtype=torch.float32)

    def plain(self: Any, x: Tensor) -> Tensor:
        return self.out(x * torch.tensor([0.5, 1.0, 1.5, 2.0, 2.5]).double()) + torch.linspace(
            0.0, 1.0, 3, dtype=torch.float64
        )

    out = nn.Linear(5, 3)
    assert top(Through(cast, out=out)) == pytest.approx(right(Through(plain, out=out)), rel=1e-9)


# ------------------------------------------------------------------ many batches


SIZES = (12, 4, 16)


def mean_loss(module: nn.Module) -> Tensor:
    parts = zip(X.double().split(SIZES), Y.split(SIZES), SIZES, strict=True)
    return sum((cross_entropy(module(x), y) * size / 32 for x, y, size in parts), torch.zeros(()))


class Again:
    """An iterable of batches, made anew each time."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        yield from zip(X.split(SIZES), Y.split(SIZES), strict=True)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_many_batches_are_their_mean_by_rows(mode: Any) -> None:
    module = lived_in(net())
    hessian = dense(copy.deepcopy(module).train(mode == "train"), mean_loss)
    values = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    loss = Loss(module, cross_entropy, Again(), mode=mode)
    assert loss.eigenvalues().maximum[0] == pytest.approx(values[-1].item(), rel=1e-6)
    vectors = rows(2, len(values)).double()
    torch.testing.assert_close(loss.problem.hessian()(vectors), vectors @ hessian)
    if mode == "eval":
        assert top(module, mode=mode) == pytest.approx(values[-1].item(), rel=1e-6)


def test_of_many_batches_one_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a graph nor a cycle keeps the one before."""
    parts, born, alive = BatchesProblem.parts, [], [0]

    def counted(self: BatchesProblem) -> Iterator[tuple[float, ModuleProblem]]:
        for share, part in parts(self):
            born.append(weakref.ref(part))
            alive.append(sum(each() is not None for each in born))
            yield share, part

    monkeypatch.setattr(BatchesProblem, "parts", counted)
    gc.disable()
    try:
        batches = list(zip(X.split(4), Y.split(4), strict=True))
        small = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))
        loss = Loss(small, cross_entropy, batches)
        loss.lipschitz_probes(count=2), loss.eigenvalues(tolerance=0.1)
        loss.scale_sweep(scales=[0.1], count=2)
    finally:
        gc.enable()
    assert len(born) > 8 * 10 and max(alive) <= 2


def test_kinks_of_many_batches_are_all_of_them() -> None:
    module = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))
    how: dict[str, Any] = {"scales": [0.1], "count": 3}
    whole = scale_sweep(module, cross_entropy, X, Y, **how)[0.1]
    parts = scale_sweep(module, cross_entropy, Again(), **how)[0.1]
    assert whole.crossed.sum() > 0
    np.testing.assert_array_equal(parts.crossed, whole.crossed)
    np.testing.assert_allclose(parts.kinks, whole.kinks, rtol=1e-9)
    one, many = (Loss(module, cross_entropy, *rest).problem for rest in ((X, Y), (Again(),)))
    points = {name: value + torch.tensor([0.0, 0.3, -0.2]).view(-1, *[1] * (value.dim() - 1))
              for name, value in one.params.items()}  # fmt: skip
    opened = [problem.activation_pattern(points).sum(1) for problem in (one, many)]
    assert torch.equal(*opened) and opened[0].unique().numel() == 3
    held = [problem.with_pattern(problem.pattern)(points) for problem in (one, many)]
    torch.testing.assert_close(*held)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_loaders_that_draw_from_torch_give_the_same_batches(shuffle: bool, own: bool) -> None:
    generator = torch.Generator().manual_seed(3) if own else None
    loader = DataLoader(TensorDataset(X, Y), 16, shuffle=shuffle, generator=generator)
    states = [torch.get_rng_state(), generator.get_state() if generator else torch.empty(0)]
    first, again = (Loss(net(), cross_entropy, loader).eigenvalues().maximum for _ in range(2))
    assert first == again
    assert torch.equal(states[0], torch.get_rng_state())
    assert generator is None or torch.equal(states[1], generator.get_state())


def test_batches_that_are_no_batches() -> None:
    def refused(batches: Any, match: str) -> None:
        with pytest.raises(ValueError, match=match):
            Loss(net(), cross_entropy, batches).eigenvalues()

    refused(iter(list(Again())), "gone through only once")
    refused((pair for pair in Again()), "gone through only once")
    refused([], "There is no batch")
    refused(X, "y is missing")
    refused([X], "pair")
    order = np.random.default_rng(0)

    class Shuffled:
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            rows = torch.from_numpy(order.permutation(32))
            yield from zip(X[rows].split(8), Y[rows].split(8), strict=True)

    class Turned:
        turns = 0

        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            Turned.turns += 1
            yield X.flip(1) if Turned.turns % 2 else X, Y

    refused(Shuffled(), "Batch 0 is another one")
    refused(Turned(), "Batch 0 is another one")
    bad = [(X, Y), (X.masked_fill(X > 2, torch.nan), Y)]
    refused(bad, r"batch 1 .* x has \d+ of 160 entries not finite: nan at \[")


def test_a_loader_of_several_inputs() -> None:
    module = Through(lambda self, a, b: self.net(a + b), net=net())
    loader = DataLoader(TensorDataset(X, torch.zeros_like(X), Y), 32)
    assert Loss(module, cross_entropy, loader).eigenvalues().maximum[0] == pytest.approx(top(net()))


# ------------------------------------------------------------------ more than one figure


@pytest.mark.parametrize("count", [1, 3])
def test_eigenpairs_of_both_ends(count: int) -> None:
    hessian = dense(net(), lambda m: cross_entropy(m(X.double()), Y))
    values = torch.linalg.eigvalsh((hessian + hessian.T) / 2).numpy()
    loss = Loss(net(), cross_entropy, X, Y)
    ends = loss.eigenvalues(count=count, vectors=True)
    np.testing.assert_allclose(ends.maximum, values[::-1][:count], rtol=1e-6)
    np.testing.assert_allclose(ends.minimum, values[:count], rtol=1e-6)
    for vectors, at in ((ends.maximum_vectors, ends.maximum), (ends.minimum_vectors, ends.minimum)):
        assert vectors is not None and vectors.shape == (count, loss.problem.size)
        images = vectors @ hessian
        np.testing.assert_allclose(images, vectors * torch.from_numpy(at)[:, None], atol=1e-5)
    if count == 3:
        at = [-1e-3, 0.0, 1e-3]
        plane = loss.landscape_plane(coordinates=at, directions=ends.maximum_vectors[:2])
        bent = plane[1, 0] + plane[1, 2] - 2 * plane[1, 1]
        assert bent / 1e-6 == pytest.approx(values[-1], rel=1e-3)
    with pytest.raises(ValueError, match="99 were asked for"):
        Loss(nn.Linear(5, 3), cross_entropy, X, Y).eigenvalues(count=99)


def test_weight_decay_is_the_term_of_torch_s_optimizers() -> None:
    plain, decayed = (Loss(net(), cross_entropy, X, Y, weight_decay=w) for w in (0.0, 0.3))
    assert decayed.eigenvalues().maximum == pytest.approx(
        plain.eigenvalues().maximum + 0.3, rel=1e-6
    )
    point = plain.problem.point
    torch.testing.assert_close(
        decayed.problem.gradients_at(point), plain.problem.gradients_at(point) + 0.3 * point
    )
    halves = [(X[:16], Y[:16]), (X[16:], Y[16:])]
    some, more = (Loss(net(), cross_entropy, halves, weight_decay=w) for w in (0.0, 0.3))
    assert more.eigenvalues().maximum == pytest.approx(some.eigenvalues().maximum + 0.3, rel=1e-6)


# ------------------------------------------------------------------ rectifiers

RELUS: dict[str, Callable[[Tensor], Tensor]] = {
    "function": functional.relu,
    "torch": torch.relu,
    "method": lambda x: x.relu(),
    "in place": lambda x: functional.relu(x, inplace=True),
    "method in place": lambda x: x.relu_(),
    "clamp": lambda x: x.clamp(min=0),
    "clamp_min": lambda x: torch.clamp_min(x, 0),
    "clip": lambda x: torch.clip(x, min=0),
    "clamp in place": lambda x: x.clamp_(min=0),
    "leaky, at 0": lambda x: functional.leaky_relu(x, 0.0),
}


@pytest.mark.parametrize("name", RELUS)
def test_a_relu_is_seen_wherever_it_is_called(name: str) -> None:
    layers = dict(into=nn.Linear(5, 6), out=nn.Linear(6, 3))
    called = Through(lambda self, x: self.out(RELUS[name](self.into(x))), **layers)
    layer = nn.Sequential(layers["into"], nn.ReLU(), layers["out"])
    mine, theirs = (
        scale_sweep(each, cross_entropy, X, Y, scales=[0.1], count=4)[0.1]
        for each in (called, layer)
    )
    assert theirs.crossed.sum() > 0
    np.testing.assert_array_equal(mine.crossed, theirs.crossed)
    np.testing.assert_allclose(mine.kinks, theirs.kinks, rtol=1e-9)


@pytest.mark.parametrize("act", [nn.LeakyReLU(0.2), nn.PReLU(), nn.PReLU(6)])
def test_the_kinks_and_the_rest_of_a_leaky_relu(act: nn.Module) -> None:
    """Held as it is the net is smooth: its probes come to the same at any scale."""
    module = nn.Sequential(nn.Linear(5, 6), act, nn.Linear(6, 3))
    sweep = scale_sweep(module, cross_entropy, X, Y, scales=[1e-7, 1e-2], count=4)
    assert sweep[1e-2].crossed.sum() > 0 and sweep[1e-2].kinks.sum() > 0
    np.testing.assert_allclose(sweep[1e-2].smooth, sweep[1e-7].smooth, rtol=0.1)


class Tutorial(torch.autograd.Function):
    """ReLU with a backward of its own, as torch's tutorial has it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * (ctx.saved_tensors[0] > 0)


HIDDEN: dict[str, Callable[[Tensor], Tensor]] = {
    "function of its own": Tutorial.apply,
    "kernel": torch.ops.aten.relu,
    "threshold": lambda x: functional.threshold(x, 0.0, 0.0),
    "leaky in place": lambda x: functional.leaky_relu_(x, 0.1),
    "relative": functional.relu6,
    "selu": functional.selu,
}


@pytest.mark.parametrize("name", [*HIDDEN, "fused"])
def test_rectifiers_that_are_hidden_are_nan_and_not_0(name: str) -> None:
    module: nn.Module = Through(
        lambda self, x: self.out(self.rnn(x[:, None])[0][:, 0]),
        rnn=nn.RNN(5, 4, nonlinearity="relu", batch_first=True),
        out=nn.Linear(4, 3),
    )
    if name in HIDDEN:
        layers = dict(into=nn.Linear(5, 6), out=nn.Linear(6, 3))
        module = Through(lambda self, x: self.out(HIDDEN[name](self.into(x))), **layers)
    split = scale_sweep(module, cross_entropy, X, Y, scales=[0.1], count=2)[0.1]
    assert np.isnan(split.crossed).all() and np.isnan(split.kinks).all()
    assert np.isfinite(split.ratio).all()


def test_kinks_of_fused_layers_that_are_taken_apart() -> None:
    encoder = nn.TransformerEncoderLayer(5, 1, 6, 0.0, batch_first=True).eval()
    split = scale_sweep(encoder, nn.MSELoss(), X[:, None], X[:, None], scales=[0.3], count=2)[0.3]
    assert split.crossed.sum() > 0


# ------------------------------------------------------------------ random numbers and state


def test_a_forward_pass_that_draws_is_one_function_by_seed() -> None:
    module = nn.Sequential(nn.Linear(5, 20), nn.Tanh(), nn.Dropout(0.5), nn.Linear(20, 3))
    state = torch.get_rng_state()
    with pytest.warns(UserWarning, match="draws random numbers"):
        first, again = top(module), top(module)
    with pytest.warns(UserWarning, match="seed 1"):
        other = top(module, seed=1)
    assert first == again != other
    assert torch.equal(state, torch.get_rng_state())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        top(module, mode="eval")
    with torch.random.fork_rng(devices=[]):  # and it is the mask that torch draws from that seed
        torch.manual_seed(0)
        mask = functional.dropout(torch.ones(32, 20).double(), 0.5)
    by_hand = Through(
        lambda self, x: self.b(torch.tanh(self.a(x)) * mask), a=module[0], b=module[3]
    )
    assert first == pytest.approx(right(by_hand), rel=1e-6)


def test_a_loss_that_holds_the_module_itself_is_refused() -> None:
    module = net()

    def penalized(out: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(out, y) + module[0].weight.square().sum()

    with pytest.raises(ValueError, match=r"parameter 0\.weight from elsewhere.*weight_decay="):
        top(module, loss=penalized)
    module.requires_grad_(False)[6].requires_grad_()  # what is frozen is a number
    assert top(module, loss=penalized) == pytest.approx(top(module), rel=1e-6)


def test_a_forward_compiled_in_its_place_is_that_of_the_copy() -> None:
    module = net()
    module.forward = torch.compile(module.forward, backend="eager")  # type: ignore[method-assign]
    assert top(module) == pytest.approx(top(net()), rel=1e-6)


def test_state_outside_of_buffers_is_owned_up_to() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.calls = net(), 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return self.net(x) * self.calls

    with pytest.raises(ValueError, match="in one forward pass and"):
        top(Counting())


@pytest.mark.parametrize("draw", [random.random, np.random.random])
def test_random_numbers_that_torch_does_not_know_of_are_noticed(draw: Callable[[], float]) -> None:
    """Even where the first passes have drawn alike, as coins may."""
    calls = itertools.count()
    module = Through(lambda self, x: self.net(x) * (1 + (draw() < next(calls) - 3)), net=net())
    with pytest.raises(ValueError, match="let torch draw them"):
        top(module)


# ------------------------------------------------------------------ what cannot be measured


def lazy() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 4), nn.LazyLinear(3))


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(torch.jit.script(nn.Linear(5, 4)), nn.Linear(4, 3))


def not_finite(where: str) -> nn.Module:
    module = net().eval()
    with torch.no_grad():
        (module[0].weight if where == "parameter" else module[1].running_mean)[2] = torch.nan
    return module


class Kept(nn.Module):
    """A weight that is taken from a list, where no other can be put in its place."""

    def __init__(self, also: bool) -> None:
        super().__init__()
        self.net, self.also = net(), also
        self.weights = [self.net[0].weight]

    def forward(self, x: Tensor) -> Tensor:
        return (self.net(x) if self.also else x[:, :3]) * self.weights[0].sum()


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "lazy": (lazy, "^1 is lazy: its weight has no shape yet"),
    "lazy statistics": (
        lambda: nn.Sequential(nn.Linear(5, 3), nn.LazyBatchNorm1d(affine=False)), "^1 is lazy"),
    "scripted itself": (lambda: scripted()[0], "^The module is a scripted or traced module"),
    "scripted": (scripted, "^0 is a scripted or traced module.*measure the module"),
    "parameter": (lambda: not_finite("parameter"), r"0.weight has 5 of 30 .* nan at \[2, 0\]"),
    "buffer": (lambda: not_finite("buffer"), r"buffer 1.running_mean has 1 of 6 .* nan at \[2\]"),
    "meta": (lambda: net().to("meta"), "^0 is on the meta device"),
    "complex": (
        lambda: Through(lambda self, x: x @ self.part[0].real,
                        part=nn.ParameterList([torch.zeros(5, 3, dtype=torch.cfloat)])),
        "^part has complex numbers to train, its 0"),
    "no parameter on the way": (
        lambda: Through(lambda self, x: self.net(x).detach(), net=net()), "on no parameter that"),
    "kept in a list": (lambda: Kept(True), "takes the parameter net.0.weight from elsewhere"),
    "and nowhere else": (lambda: Kept(False), "takes the parameter net.0.weight from elsewhere"),
    "what fails by itself": (lambda: nn.Linear(4, 3), r"fails \(RuntimeError: mat1"),
    "recomputed": (
        lambda: Through(lambda self, x: checkpoint(self.b, self.a(x), use_reentrant=True),
                        a=nn.Linear(5, 4), b=nn.Linear(4, 3)), "cannot be differentiated: .*check"),
    "max_norm": (
        lambda: Through(lambda self, x: self.out(self.table(Y)), out=nn.Linear(4, 3),
                        table=nn.Embedding(3, 4, max_norm=1.0)),
        "max_norm"),
    "nothing to train": (lambda: net().requires_grad_(False), "no parameter that requires"),
    "a loss of rows": (nn.Identity, "no parameter"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_measured_says_why(name: str) -> None:
    make, match = REFUSED[name]
    with pytest.raises(ValueError, match=match):
        top(make())


def test_inputs_that_are_not_finite_are_named() -> None:
    with pytest.raises(ValueError, match="x has no entries"):
        top(net().eval(), X[:0], Y[:0])
    with pytest.raises(ValueError, match="one row: leave it out"):
        top(net(), X[:1], Y[:1])
    with pytest.raises(ValueError, match=r"is not a torch\.nn\.Module"):
        top(torch.sin)  # type: ignore[arg-type]
    with torch.inference_mode(), pytest.raises(ValueError, match="inference_mode: measure outside"):
        top(net())
    x = {"values": [X, X.clone()]}
    x["values"][1][3, 4] = torch.inf
    module = Through(lambda self, batch: self.net(sum(batch["values"])), net=net())
    with pytest.raises(ValueError, match=r"x\['values'\]\[1\] has 1 of 160 .* inf at \[3, 4\]"):
        top(module, x)
    huge = net()
    huge[6].weight.data.fill_(1e30)
    with pytest.raises(ValueError, match="finite, but the loss function turns finite numbers into"):
        top(huge, loss=lambda out, y: out.exp().sum())
    with pytest.raises(ValueError, match=r"weight_decay is \[nan\]; use finite numbers"):
        Loss(net(), cross_entropy, X, Y, weight_decay=math.nan)
    negative = net().eval()
    negative[1].running_var.fill_(-1.0)
    with pytest.raises(ValueError, match=r"but 1 \(BatchNorm1d\) turns finite numbers into"):
        top(negative)


def test_a_wrong_second_derivative_is_noticed() -> None:
    class Unit(torch.autograd.Function):
        """Rows of length 1, whose backward takes the length for a constant."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x / x.norm(dim=1, keepdim=True)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            norm = x.norm(dim=1, keepdim=True).detach()
            return (grad - x * (x * grad).sum(1, keepdim=True) / norm**2) / norm

    module = Through(
        lambda self, x: self.b(Unit.apply(self.a(x))), a=nn.Linear(5, 4), b=nn.Linear(4, 3)
    )
    with pytest.raises(ValueError, match="not symmetric, so they are wrong"):
        top(module)


class Gate(torch.autograd.Function):
    """x sigmoid(x), whose backward takes the gate for a constant of the second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.x, ctx.gate = x.detach(), torch.sigmoid(x).detach()
        return x * ctx.gate

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * ctx.gate * (1 + ctx.x * (1 - ctx.gate))


@pytest.mark.parametrize(
    "act", [Gate.apply, lambda x: x + (x.round() - x).detach(), lambda x: x * x.detach().sigmoid()]
)
def test_a_part_that_is_held_constant_is_told(act: Callable[[Tensor], Tensor]) -> None:
    module = Through(lambda self, x: self.b(act(self.a(x))), a=nn.Linear(5, 4), b=nn.Linear(4, 3))
    with pytest.warns(UserWarning, match="a part is held constant"):
        top(module)


def test_padding_is_no_part_that_is_held_constant() -> None:
    table = nn.Embedding(4, 5, padding_idx=0)
    table.weight.data[0] = 1.0
    module = nn.Sequential(table, nn.Flatten(), nn.Linear(10, 3))
    assert top(module, torch.arange(12).view(6, 2) % 4, Y[:6]) > 0  # and no warning


def test_a_hessian_that_is_0_but_for_rounding() -> None:
    module = net().requires_grad_(False)
    module[0].bias.requires_grad_()  # BN in train mode takes it away
    assert abs(top(module)) < 1e-12


@pytest.mark.parametrize("again", ["layer", "function"])
def test_what_runs_again_in_the_backward_pass_is_refused(again: str) -> None:
    """A function of raw parameters would be run again with those of the module, not the probe's."""

    def forward(self: Any, x: Tensor) -> Tensor:
        function = self.body if again == "layer" else lambda x: x @ self.body.weight.T
        return checkpoint(function, x, use_reentrant=False).tanh()

    with pytest.raises(ValueError, match="activation checkpointing"):
        top(Through(forward, body=nn.Linear(5, 3)))


def test_a_mask_of_infinities_is_no_fault() -> None:
    module = Through(lambda self, x: (self.out(x) + self.mask).softmax(1), out=nn.Linear(5, 3))
    module.register_buffer("mask", torch.tensor([0.0, 0.0, -torch.inf]))
    assert np.isfinite(top(module, y=torch.zeros(32, 3), loss=functional.mse_loss))


# ------------------------------------------------------------------ the rest


def test_sizes_of_steps_are_as_precise_as_the_rest() -> None:
    line = nn.Linear(1, 1, bias=False).double()
    line.weight.data.fill_(1.0)
    one = torch.ones(1, 1).double()
    steps = along_gradient(line, lambda out, _: (out**2).sum() / 2, one, one, sizes=[0.1])
    assert float(steps.losses) == pytest.approx(0.9**2 / 2, rel=1e-15)


def test_thresholds_of_losses_that_are_no_bowls() -> None:
    line, one = nn.Linear(1, 1, bias=False).double(), torch.ones(1, 1).double()
    line.weight.data.fill_(0.7)

    def threshold(loss: Callable[[Tensor], Tensor]) -> tuple[float, float]:
        return stability_threshold(line, lambda out, _: loss(out.sum()), one, one, steps=10)

    assert threshold(lambda w: w) == (np.inf, np.inf)  # linear
    assert threshold(lambda w: 0 * w + 3.0) == (np.inf, np.inf)  # constant
    assert threshold(lambda w: -(w**2)) == (np.inf, np.inf)  # concave
    for loss in (lambda w: w**2 - 5, lambda w: (w - 0.7) ** 2, lambda w: 4 * w**2 / 4):
        predicted, measured = threshold(loss)
        assert predicted == pytest.approx(1.0)
        assert measured * 1.001 >= 1.0 and measured < 1.1


def test_attention_that_asks_for_a_kernel_is_the_plain_one() -> None:
    def attend(self: Any, x: Tensor) -> Tensor:
        q = self.q(x)[:, None]
        with sdpa_kernel(self.kernel):
            return functional.scaled_dot_product_attention(q, q, q)[:, 0]

    module = Through(attend, q=nn.Linear(5, 3))
    module.kernel = SDPBackend.FLASH_ATTENTION
    fused = top(module)
    module.kernel = SDPBackend.MATH
    assert fused == pytest.approx(right(module), rel=1e-6)


def test_one_layer_alone() -> None:
    module = net()
    module.requires_grad_(False)[3].requires_grad_()
    hessian = dense(module, lambda m: cross_entropy(m(X.double()), Y))
    assert len(hessian) == 6 * 6 + 6
    assert top(module) == pytest.approx(torch.linalg.eigvalsh(hessian)[-1].item(), rel=1e-6)
    assert traces(module, cross_entropy, X, Y).trace == pytest.approx(
        hessian.trace().item(), rel=1e-6, abs=0.05
    )
