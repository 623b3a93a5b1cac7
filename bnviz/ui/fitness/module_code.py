"""The first net as an ordinary torch module, in code: torch's own layers where it has them."""

from textwrap import indent

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.names import Norm

_LAYERS: dict[Norm, str] = {
    "batch": "nn.BatchNorm1d({width}, eps={eps}, momentum={torch_momentum})",
    "renorm": "BatchRenorm({width})",
    "ghost": "GhostBatchNorm({width}, eps={eps}, momentum={torch_momentum})",
    "layer": "nn.LayerNorm({width}, eps={eps})",
    "rms": "nn.RMSNorm({width}, eps={eps})",
    "group": "nn.GroupNorm({groups}, {width}, eps={eps})",
    "dyt": "DynamicTanh({width})",
}
_CLASSES: dict[Norm, str] = {
    "ghost": '''
class GhostBatchNorm(nn.BatchNorm1d):
    """Hoffer et al. 2017: in train mode each part of the batch by itself."""

    def forward(self, x):
        count = max(1, len(x) // {ghost_size}) if self.training else 1
        parts = x.tensor_split(count)
        return torch.cat([super(GhostBatchNorm, self).forward(part) for part in parts])
''',
    "renorm": '''
class BatchRenorm(nn.Module):
    """Ioffe 2017, algorithm 1; r and d may grow after {renorm_warmup} steps of plain BN."""

    def __init__(self, width):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_variance", torch.ones(width))
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x):
        running = (self.running_variance + {eps}).sqrt()
        if not self.training:
            return self.gamma * (x - self.running_mean) / running + self.beta
        mean, deviation = x.mean(0), (x.var(0, correction=0) + {eps}).sqrt()
        with torch.no_grad():
            late = (int(self.steps) - {renorm_warmup}) / max({renorm_warmup}, 1e-9)
            r_max = 1 + ({renorm_r} - 1) * min(1, max(0, late / 7))
            d_max = {renorm_d} * min(1, max(0, late / 4))
            r = (deviation / running).clamp(1 / r_max, r_max)
            d = ((mean - self.running_mean) / running).clamp(-d_max, d_max)
            self.steps += 1
            share = {torch_momentum} or 1 / int(self.steps)
            self.running_mean.lerp_(mean, share)
            self.running_variance.copy_(running.lerp(deviation, share) ** 2 - {eps})
        return self.gamma * ((x - mean) / deviation * r + d) + self.beta
''',
    "weight": '''
class StandardizedLinear(nn.Linear):
    """Qiao et al. 2019, with a gain a unit."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.gain = nn.Parameter(torch.full((outputs,), inputs**-0.5))

    def forward(self, x):
        centred = self.weight - self.weight.mean(1, keepdim=True)
        deviation = (centred.square().mean(1, keepdim=True) + {eps}).sqrt()
        return nn.functional.linear(x, self.gain[:, None] * centred / deviation, self.bias)
''',
    "dyt": '''
class DynamicTanh(nn.Module):
    """Zhu et al. 2025."""

    def __init__(self, width):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.alpha = nn.Parameter(torch.full((1,), {dyt_alpha}))

    def forward(self, x):
        return self.gamma * torch.tanh(self.alpha * x) + self.beta
''',
}


def as_module(network: NetworkConfig, inputs: int) -> str:
    """Code that builds an untrained net with the norm that `network` names, called ``net``."""
    settings = dict(network)
    linear = "StandardizedLinear" if network.norm == "weight" else "nn.Linear"
    activation = "nn.ReLU()" if network.activation == "relu" else "nn.Tanh()"
    norm = [_LAYERS[network.norm].format(**settings)] if network.norm in _LAYERS else []
    behind = [*norm, activation] if network.bn_position == "before" else [activation, *norm]
    lines: list[str] = []
    for index in range(network.depth):
        lines += [f"{linear}({network.width if index else inputs}, {network.width})", *behind]
    layers = ",\n".join([*lines, f"nn.Linear({network.width}, 1)"])
    classes = _CLASSES.get(network.norm, "").format(**settings)
    return (
        f"import torch\nfrom torch import nn\n\n{classes}\n"
        f"net = nn.Sequential(\n{indent(layers, '    ')},\n)\n"
    )
