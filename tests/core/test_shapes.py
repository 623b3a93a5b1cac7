"""The shapes in signatures are true: jaxtyping checks each one, with beartype, in a run of its own.

A process of its own, because the check is put in when a module is imported, and costs 30 µs a call.
"""

import subprocess
import sys

RUN = """
from jaxtyping import install_import_hook

with install_import_hook(["bnviz.core.curvature", "bnviz.library"], "beartype.beartype"):
    import bnviz.library
    from bnviz import Loss
    from bnviz.core.configs import NetworkConfig
    from bnviz.core.curvature import kinks, landscape, probes, stability, traces
    from bnviz.core.curvature.stack_problem import StackProblem
    from bnviz.core.nets.stack import initial

import torch
from torch import nn
from bnviz.core.curvature.extremes import extremes, sharpest
from bnviz.core.curvature.along_gradient import along_stack

torch.manual_seed(0)
x, y = torch.randn(20, 3), torch.randn(20, 1)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
stack = initial(NetworkConfig(width=4), 3, [0], bn=True)
losses = [Loss(net, nn.MSELoss(), x, y), Loss(net, nn.MSELoss(), [(x, y), (x[:9], y[:9])])]
losses.append(Loss(net, nn.MSELoss(), x, y, precision="float32"))
losses[1].problem = StackProblem(stack, x.T.double(), y[:, 0].double(), "train")
for loss in losses:
    loss.eigenvalues(count=2, vectors=True)
    loss.traces(probes=2), loss.normalized_sharpness(), loss.spectral_density(probes=2, steps=4)
    loss.lipschitz_probes(count=2), loss.scale_sweep(scales=[0.1], count=2)
    loss.along_gradient(), loss.landscape_lines(count=2)
    loss.landscape_plane(coordinates=[0.0, 1.0])
    loss.stability_threshold(steps=2, halvings=1)
    point = loss.problem.point
    list(stability.descents(loss.problem, point[0], torch.tensor([1e-3, 1e-2]), [0, 1]))
    landscape.path_plane(torch.cat([point, 2 * point, 3 * point]))
    traces.eigenvalues(traces.symmetric(torch.cat(list(traces.dense_rows(loss.problem)))))
along_stack(stack, x.T[None], y.T, torch.tensor([0.1]))
try:
    sharpest(losses[0].problem, point[0])  # a point (n,) where points (p, n) belong
except Exception as error:
    print(type(error).__name__)
"""


def test_shapes_are_as_their_signatures_say() -> None:
    run = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, timeout=120)
    assert (run.stdout.strip(), run.returncode) == ("TypeCheckError", 0), run.stderr
