"""A training as a Jupyter notebook that trains again and compares with what was kept."""

import json
from typing import Any

from bnviz.export.code import table_code
from bnviz.export.training import Training, Wording
from bnviz.texts.markdown import literal

_SETUP = """import json

import numpy as np
import torch

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.train import train
{store}
torch.set_num_threads(1)  # as the run had: sums of several threads end in other digits
config = TrainConfig.model_validate_json({config!r})
kept = json.loads({kept!r})  # the last validation losses, a number for each seed"""
_TRAIN = """dataset = dataset_for(config.data, {table})
snapshots = list(train(config, dataset, should_stop=lambda: False))
last = snapshots[-1]
print(last.epoch, last.bn.validation_loss, last.plain.validation_loss)"""
_COMPARE = """for net, losses in kept.items():
    again = last.nets[net].validation_loss
    same = np.array_equal(again, np.array(losses, dtype=float), equal_nan=True)
    name = config.network.first_net if net == "bn" else net
    print(name, "same to the bit" if same else again - np.array(losses, dtype=float))"""
_DRAW = """import plotly.graph_objects as go

epochs = [snapshot.epoch for snapshot in snapshots]
figure = go.Figure()
for net in last.nets:
    median = [np.nanmedian(s.nets[net].validation_loss) for s in snapshots]
    name = config.network.first_net if net == "bn" else net
    figure.add_scatter(x=epochs, y=median, name=name)
figure.update_yaxes(type="log", title="validation loss")"""


def notebook(training: Training, wording: Wording) -> bytes:
    """The notebook (nbformat 4.5); a user's table is read from the store."""
    run, say, digest = training.run, wording.say, training.config.data.table
    last = training.snapshots[-1]
    kept = {net: measured.validation_loss.tolist() for net, measured in last.nets.items()}
    table, store = table_code(digest)
    config = training.config.model_dump_json()
    setup = _SETUP.format(store=store, config=config, kept=json.dumps(kept))
    cells = [
        _cell("markdown", f"# {literal(run.name or say('report.title', run=run.id))}"),
        _cell("markdown", say("report.notebook")),
        *([_cell("markdown", say("report.notebook_table"))] if digest else []),
        *(_cell("code", code) for code in (setup, _TRAIN.format(table=table), _COMPARE, _DRAW)),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode(errors="replace")


def _cell(kind: str, text: str) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": text} | code
