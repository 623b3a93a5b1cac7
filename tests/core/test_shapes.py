"""The shapes in signatures are true: jaxtyping checks each one, with beartype, in a run of its own.

A process of its own, because the check is put in when a module is imported, and costs 30 µs a call.
"""

import subprocess
import sys

from tests.waiting import PATIENCE

RUN = """
from jaxtyping import install_import_hook

CHECKED = ["bnviz.core.curvature", "bnviz.library", "bnviz.core.data.preparation"]
CHECKED += [f"bnviz.core.batchnorm.{n}" for n in ("equations", "momentum", "interpolation")]
CHECKED += [f"bnviz.core.batchnorm.{n}" for n in ("batch_dependence", "micro_batches")]
CHECKED += ["bnviz.core.batchnorm.stream", "bnviz.core.data.moments", "bnviz.core.data.synthetic"]
names = ("precise_bn", "evaluation", "train", "series", "figures")
CHECKED += [f"bnviz.core.training.{n}" for n in names]
with install_import_hook(CHECKED, "beartype.beartype"):
    import bnviz.library
    from bnviz.core.batchnorm import batch_dependence, equations, interpolation, micro_batches
    from bnviz.core.batchnorm import momentum, stream
    from bnviz.core.data import synthetic
    from bnviz.core.data.moments import moments
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training import evaluation, precise_bn, series, train
    from bnviz import Loss
    from bnviz.core.configs import BatchConfig, NetworkConfig, NormConfig, OptimizerConfig
    from bnviz.core.configs import ProbeConfig, StreamConfig, TrainConfig
    from bnviz.core.curvature import kinks, landscape, probes, stability, traces
    from bnviz.core.curvature.stack_problem import StackProblem
    from bnviz.core.nets.initial import initial

import numpy as np
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

batch, norm = x.numpy().astype("float64"), NormConfig(affine_feature=1, precision="float32")
result = equations.apply(batch, norm)
equations.backward(result.y, result, equations.affine(norm, 3)[0])
equations.describe(batch), equations.unbiased_variance(batch)
equations.swallowed(result.biased_variance, 1e-5)
interpolation.partway(batch, equations.forward(batch), 1.5)
momentum.average(batch, momentum.shares(None, 20), 0.0), momentum.remaining(momentum.shares(0.1, 9))
momentum.weights(momentum.shares(0.1, 9)), micro_batches.split_ways(batch, 4, 1e-5, 0.1)
others = batch_dependence.other_rows(BatchConfig(batch_size=8), 1)
batch_dependence.normalized(1.0, others, 1e-5)
short, none = OptimizerConfig(epochs=1), ProbeConfig(checkpoints=0)
config = TrainConfig(optimizer=short, probes=none, seeds=2)
dataset = dataset_for(config.data, None)
*_, last = train.train(config, dataset, lambda: False)
evaluation.predict(config, dataset, last.state, dataset.x[:5])
precise_bn.precise(stack, x.T.contiguous(), 10)
series.band_of([last], "bn", "train_loss"), series.layer_band([last], "bn", "dead_share", 0)
series.band(np.empty(0), last.bn.train_loss[None]), series.band_of([last], "bn", "lipschitz_max")
for source in synthetic.POPULATIONS:
    batches = BatchConfig(source=source, batch_size=8, features=3)
    streaming = StreamConfig(batch=batches, steps=3, shift_at=2, shift=1.0)
    walk = stream.walk(streaming, stream.drawn(batches, 3), moments(batches))
    stream.gap(walk, "variance", "train"), stream.eval_output(walk, 1e-5), walk.mean.expected
try:
    equations.mean(batch[0])  # a row (d,) where a batch (b, d) belongs
except Exception as error:
    print(type(error).__name__)
try:
    sharpest(losses[0].problem, point[0])  # a point (n,) where points (p, n) belong
except Exception as error:
    print(type(error).__name__)
"""


def test_shapes_are_as_their_signatures_say() -> None:
    run = subprocess.run(
        [sys.executable, "-c", RUN], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (run.stdout.strip(), run.returncode) == ("TypeCheckError\nTypeCheckError", 0), run.stderr
