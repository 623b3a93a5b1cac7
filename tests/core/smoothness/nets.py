"""Nets of small trainings, for measures to be about."""

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.smoothness.subject import Subject, of_state
from bnviz.core.training.train import train
from bnviz.core.types import never


def trained(config: TrainConfig) -> Subject:
    """The nets that a training of `config` ends with."""
    dataset = dataset_for(config.data)
    *_, last = train(config, dataset, never)
    return of_state(config, dataset, last.state)
