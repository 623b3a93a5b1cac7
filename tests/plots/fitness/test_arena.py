"""The figure of an arena: a curve for each norm, named where it ends."""

import numpy as np

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.training.arena import nets
from bnviz.plots.fitness.arena import losses
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces

CONFIG = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False, standardize=True),
    network=NetworkConfig(width=8),
    optimizer=OptimizerConfig(epochs=2),
    probes=ProbeConfig(checkpoints=0),
    seeds=2,
    arena=True,
)


def test_every_norm_has_a_curve_and_its_name_at_the_end(say: Say, look: Look) -> None:
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training.train import train

    run = list(train(CONFIG, dataset_for(CONFIG.data), lambda: False))
    figure = losses(run, nets(CONFIG), "", look, say)
    for norm, net in nets(CONFIG).items():
        name = say("rival.none") if norm == "none" else say(f"norm.{norm}")
        (line,) = traces(figure, name=name)
        expected = [np.median(snapshot.nets[net].validation_loss) for snapshot in run]
        np.testing.assert_allclose(line.y, expected)
        (label,) = [each for each in figure.layout.annotations if each.text == line.name]
        assert label.font.color == look.words(line.line.color)
    heights = np.sort([each.y for each in figure.layout.annotations])
    assert (np.diff(heights) > 0.059).all()
