"""The code that repeats a measure, and that takes it of any module of one's own."""

from bnviz.core.smoothness.measure import Measure

#: What the library offers of each kind of measure; see :mod:`bnviz.library`.
LIBRARY: dict[str, tuple[str, ...]] = {
    "replay": ("lipschitz_probes",),
    "scales": ("scale_sweep",),
    "extremes": ("eigenvalues", "traces", "normalized_sharpness"),
    "density": ("spectral_density",),
    "gap": ("eigenvalues",),
    "along": ("along_gradient",),
    "landscape": ("landscape_plane", "landscape_lines"),
    "stability": ("stability_threshold",),
}


def code(config: Measure) -> str:
    """What is on screen, then the same of an ordinary module: here the document's net with BN."""
    owner, functions = type(config).__name__, LIBRARY[config.kind]
    mode = getattr(config, "bn_mode", "eval" if config.kind == "replay" else "train")
    calls = "\n".join(
        f'print({name}(net, mse_loss, x, y, mode="{mode}", precision="float64"))'
        for name in functions
    )
    return f"""from torch.nn.functional import mse_loss

from bnviz import {", ".join(sorted(functions))}
from bnviz.core.data.document import experiment
from bnviz.core.smoothness.measure import {owner}, SubjectConfig, measure, verdict
from bnviz.jobs import runner

# What is on screen.
config = {config!r}
*_, last = measure(config, runner.resolve(config.subject), lambda: False)
print(verdict(config, last.result))

# The same of any module, loss and batch; here of the document's net with BN.
found = experiment()
net, x, y = found.bn, found.x, found.y
{calls}
"""
