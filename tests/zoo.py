"""Small nets as people build them, each with a loss and rows: what the library must get right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

cross_entropy, mse = functional.cross_entropy, functional.mse_loss


@dataclass(frozen=True)
class Animal:
    """A net in float32 as it comes, what is done to it, and the batches of its loss."""

    net: nn.Module
    loss: Callable[[Any, Any], Tensor]
    batches: list[tuple[Any, Any]]
    call: Callable[[nn.Module, Any], Any] = lambda net, x: net(x)
    """How plain torch calls it."""


def rows(count: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def labels(count: int, classes: int = 3) -> Tensor:
    return torch.arange(count) % classes


class Through(nn.Module):
    """A module made of layers and a function of them and its inputs."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, *x: Any) -> Any:
        return self.function(self, *x)


class RMSNorm(nn.Module):
    """A norm of one's own, without statistics."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.scale


class OwnBN(nn.Module):
    """Batch normalization by hand, with buffers and a flag, without torch's function."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 1.1))
        self.register_buffer("mean", torch.full((size,), 0.2))
        self.register_buffer("var", torch.full((size,), 1.5))
        self.mean: Tensor
        self.var: Tensor

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var.mul_(0.9).add_(0.1 * var.detach())
        else:
            mean, var = self.mean, self.var
        return (x - mean) * torch.rsqrt(var + 1e-5) * self.scale


class FunctionalBN(nn.Module):
    """Batch normalization by torch's function, with a flag."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(x, self.mean, self.var, training=self.training)


def residual(net: Any, x: Tensor) -> Tensor:
    x = functional.relu(net.bn1(net.conv1(x)))
    x = torch.relu(x + net.bn2(net.conv2(x)))
    return net.head(x.mean((2, 3)))


def attend(net: Any, x: Tensor) -> Tensor:
    return net.head(net.block(net.embed(x)).mean(1))


def convolve_graph(net: Any, nodes: Tensor, edges: Tensor) -> Tensor:
    """Messages along edges, added up by scatter; a graph is two nodes in a row."""
    messages = net.message(nodes)[edges[0]]
    sums = messages.new_zeros(len(nodes), messages.shape[1]).index_add_(0, edges[1], messages)
    return net.head(torch.relu(net.bn(sums)).view(-1, 2, 4).sum(1))


def u_net(net: Any, x: Tensor) -> Tensor:
    down = functional.silu(net.down(x))
    up = functional.interpolate(
        functional.silu(net.deep(functional.avg_pool2d(down, 2))), scale_factor=2.0
    )
    return net.up(torch.cat([down, up], dim=1))


def mixture(net: Any, x: Tensor) -> Tensor:
    shares = net.gate(x).softmax(-1)
    return shares[:, :1] * net.one(x) + shares[:, 1:] * net.other(x)


def penalized(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """A critic and the gradient by its inputs, as WGAN-GP and physics-informed nets have it."""
    x = x.detach().requires_grad_()
    out = net.critic(x)
    (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    return out, (slope.norm(dim=1) - 1).square().mean()


class Clip(nn.Module):
    """Two towers, the scale and the offset of their products, which are single numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(3, 4), nn.Linear(3, 4)
        self.scale, self.offset = (nn.Parameter(torch.tensor(each)) for each in (1.5, -1.0))

    def forward(self, **pair: Tensor) -> Tensor:
        one, other = self.one(pair["one"]), self.other(pair["other"])
        return self.scale.exp() * functional.normalize(one) @ functional.normalize(other).T + (
            self.offset
        )


class Turned(nn.Module):
    """Rotary positions, complex numbers in a buffer, and a filter of a Fourier transform."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.filter = nn.Linear(3, 4), nn.Parameter(rows(3, 2, seed=7))
        angles = torch.arange(8.0).view(4, 2)
        self.register_buffer("turns", torch.polar(torch.ones(4, 2), angles))
        self.turns: Tensor

    def forward(self, x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(self.first(x).unflatten(-1, (2, 2)))
        turned = torch.view_as_real(pairs * self.turns.to(pairs.dtype)).flatten(-2).mean(1)
        spectrum = torch.fft.rfft(turned) * torch.view_as_complex(self.filter)
        return torch.fft.irfft(spectrum, n=4)[:, :3]


def packed(net: Any, x: Any) -> Tensor:
    out, lengths = pad_packed_sequence(net.rnn(x)[0], batch_first=True)
    return net.head(out[torch.arange(len(lengths)), lengths - 1])


def mlp(norm: Callable[[int], nn.Module], act: Callable[[], nn.Module] = nn.Tanh) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 5), norm(5), act(), nn.Linear(5, 3))


def one(
    net: nn.Module,
    x: Any,
    y: Any,
    loss: Callable[[Any, Any], Tensor] = cross_entropy,
    call: Callable[[nn.Module, Any], Any] = lambda net, x: net(x),
) -> Animal:
    return Animal(net, loss, [(x, y)], call)


def frozen_in_part() -> nn.Module:
    net = nn.Sequential(
        nn.Linear(3, 5),
        nn.BatchNorm1d(5),
        nn.Tanh(),
        nn.Linear(5, 4),
        nn.BatchNorm1d(4),
        nn.Tanh(),
        nn.Linear(4, 3),
    )
    net[1].eval().requires_grad_(False)
    net[1].running_mean.fill_(1.0)
    net[1].running_var.fill_(0.05)
    return net


def tied() -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    return net


def lived(net: nn.Module) -> nn.Module:
    """After a forward pass, which leaves a tensor with a graph where old hooks keep it."""
    net(rows(4, 3))
    return net


def zoo() -> dict[str, Callable[[], Animal]]:
    x, y = rows(12, 3), labels(12)
    image, target = rows(6, 1, 4, 4), rows(6, 1, seed=1)
    steps, weights = rows(5, 4, 3), torch.tensor([1.0, 2.0, 0.5])
    edges = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7], [1, 0, 3, 2, 5, 4, 7, 6]])
    pairs = [(rows(size, 3, seed=size), labels(size)) for size in (7, 5, 4)]

    def with_dict(net: nn.Module) -> Animal:
        return one(
            Through(lambda net, batch: {"logits": net.inside(batch["x"])}, inside=net),
            {"x": x},
            {"labels": y},
            lambda out, y: cross_entropy(out["logits"], y["labels"]),
        )

    return {
        "mlp, BN": lambda: one(mlp(nn.BatchNorm1d), x, y),
        "BN, cumulative": lambda: one(mlp(lambda n: nn.BatchNorm1d(n, momentum=None)), x, y),
        "BN without statistics": lambda: one(
            mlp(lambda n: nn.BatchNorm1d(n, track_running_stats=False)).eval(), x, y
        ),
        "BN by hand": lambda: one(mlp(OwnBN), x, y),
        "BN by function": lambda: one(mlp(FunctionalBN), x, y),
        "SyncBN": lambda: one(nn.SyncBatchNorm.convert_sync_batchnorm(mlp(nn.BatchNorm1d)), x, y),
        "BN frozen in part": lambda: one(frozen_in_part(), x, y),
        "one layer alone": lambda: one(_only(mlp(nn.BatchNorm1d), "3"), x, y),
        "CNN": lambda: one(
            nn.Sequential(
                nn.Conv2d(1, 3, 2),
                nn.BatchNorm2d(3),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(3, 1),
            ),
            image,
            target,
            mse,
        ),
        "ResNet": lambda: one(
            Through(
                residual,
                conv1=nn.Conv2d(1, 2, 2),
                bn1=nn.BatchNorm2d(2),
                conv2=nn.Conv2d(2, 2, 3, padding=1),
                bn2=nn.BatchNorm2d(2),
                head=nn.Linear(2, 1),
            ),
            image,
            target,
            mse,
        ),
        "transformer": lambda: one(
            Through(
                attend,
                embed=nn.Linear(3, 4),
                head=nn.Linear(4, 3),
                block=nn.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True),
            ),
            steps,
            labels(5),
        ),
        "attention": lambda: one(
            Through(
                lambda net, x: net.out(
                    functional.scaled_dot_product_attention(net.q(x), net.q(x), x).mean(1)
                ),
                q=nn.Linear(3, 3),
                out=nn.Linear(3, 3),
            ),
            steps,
            labels(5),
        ),
        "LSTM": lambda: one(
            Through(
                lambda net, x: net.head(net.rnn(x)[0][:, -1]),
                rnn=nn.LSTM(3, 2, batch_first=True),
                head=nn.Linear(2, 3),
            ),
            steps,
            labels(5),
        ),
        "packed GRU": lambda: one(
            Through(packed, rnn=nn.GRU(3, 2, batch_first=True), head=nn.Linear(2, 3)),
            (pack_padded_sequence(steps, torch.tensor([4, 3, 3, 2, 1]), batch_first=True),),
            labels(5),
            call=lambda net, x: net(*x),
        ),
        "GNN": lambda: one(
            Through(
                convolve_graph, message=nn.Linear(3, 4), bn=nn.BatchNorm1d(4), head=nn.Linear(4, 3)
            ),
            (rows(8, 3), edges),
            labels(4),
            call=lambda net, x: net(*x),
        ),
        "U-Net": lambda: one(
            Through(
                u_net,
                down=nn.Conv2d(1, 2, 3, padding=1),
                deep=nn.Conv2d(2, 2, 1),
                up=nn.Conv2d(4, 1, 1),
            ),
            image,
            image.flip(2),
            mse,
        ),
        "GAN discriminator": lambda: one(
            nn.Sequential(
                parametrizations.spectral_norm(nn.Linear(3, 5)), nn.LeakyReLU(0.2), nn.Linear(5, 1)
            ).eval(),
            x,
            (y > 0).float()[:, None],
            functional.binary_cross_entropy_with_logits,
        ),
        "gradient penalty": lambda: one(
            Through(penalized, critic=mlp(nn.Identity)),
            x,
            x,
            lambda out, y: out[0].mean() + 10 * out[1] + mse(out[0], y),
        ),
        "CLIP": lambda: one(
            Clip(),
            {"one": x, "other": x.flip(0)},
            torch.arange(12),
            call=lambda net, x: net(**x),
        ),
        "complex numbers": lambda: one(Turned(), steps, labels(5)),
        "embedding net": lambda: one(
            nn.Sequential(nn.Embedding(6, 3, sparse=True), nn.Flatten(), nn.Linear(6, 3)),
            torch.arange(10).view(5, 2) % 6,
            labels(5),
        ),
        "GroupNorm": lambda: one(mlp(lambda n: nn.GroupNorm(5, n), nn.GELU), x, y),
        "LayerNorm": lambda: one(mlp(nn.LayerNorm, nn.SiLU), x, y),
        "InstanceNorm": lambda: one(
            nn.Sequential(
                nn.Conv1d(3, 2, 2),
                nn.InstanceNorm1d(2, affine=True, track_running_stats=True),
                nn.Flatten(),
                nn.Linear(6, 1),
            ),
            rows(6, 3, 4),
            target,
            mse,
        ),
        "RMSNorm": lambda: one(mlp(RMSNorm), x, y),
        "mixture": lambda: one(
            Through(mixture, gate=nn.Linear(3, 2), one=nn.Linear(3, 3), other=mlp(nn.Identity)),
            x,
            y,
        ),
        "tied": lambda: one(tied(), rows(6, 4), rows(6, 4, seed=1), mse),
        "compiled": lambda: one(
            torch.compile(mlp(nn.BatchNorm1d), backend="aot_eager"),
            x,
            y,  # type: ignore[arg-type]
            call=lambda net, x: net(x),
        ),
        "half": lambda: one(mlp(nn.BatchNorm1d).half(), x.half(), y),
        "bfloat16": lambda: one(mlp(nn.LayerNorm).bfloat16(), x.bfloat16(), y),
        "float64": lambda: one(mlp(nn.BatchNorm1d, nn.ReLU).double(), x.double(), y),
        "class weights": lambda: one(
            mlp(nn.BatchNorm1d), x, y, nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]))
        ),
        "weights in a closure": lambda: one(
            mlp(nn.BatchNorm1d),
            x,
            y,
            lambda out, y: cross_entropy(out, y, weight=weights.to(out.dtype)),
        ),
        "several inputs": lambda: one(
            Through(lambda net, a, b: net.bilinear(a, b), bilinear=nn.Bilinear(3, 2, 2)),
            (x, rows(12, 2, seed=3)),
            rows(12, 2, seed=1),
            mse,
            call=lambda net, x: net(*x),
        ),
        "dicts": lambda: with_dict(mlp(nn.BatchNorm1d)),
        "a parameter unused": lambda: one(
            Through(lambda net, x: net.used(x), used=mlp(nn.Identity), spare=nn.Linear(2, 2)), x, y
        ),
        "old weight_norm": lambda: one(
            lived(nn.Sequential(_old_weight_norm(nn.Linear(3, 4)), nn.Tanh(), nn.Linear(4, 3))),
            x,
            y,
        ),
        "weight_norm": lambda: one(
            nn.Sequential(
                parametrizations.weight_norm(nn.Linear(3, 4)), nn.PReLU(), nn.Linear(4, 3)
            ),
            x,
            y,
        ),
        "several batches": lambda: Animal(mlp(nn.BatchNorm1d), cross_entropy, pairs),
    }


def _only(net: nn.Module, layer: str) -> nn.Module:
    net.requires_grad_(False)
    net.get_submodule(layer).requires_grad_()
    return net


def _old_weight_norm(layer: nn.Module) -> nn.Module:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nn.utils.weight_norm(layer)
