"""Runs on the same axes: each a colour and a letter, both nets apart, medians over seeds."""

from dataclasses import fields, replace

import numpy as np
import pytest

from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.plots.runs.side_by_side import side_by_side
from bnviz.plots.theme import Look, Say


def snapshot(epoch: int) -> Snapshot:
    """Two seeds; every number is one more than the epoch."""
    net = NetSnapshot(**{field.name: np.full(2, 1.0 + epoch) for field in fields(NetSnapshot)})
    return Snapshot(epoch, epoch, 1.0, net, net, {})


def test_runs_side_by_side(say: Say, look: Look) -> None:
    first = [snapshot(0), snapshot(2), snapshot(5)]
    over = replace(first[-1].bn, train_loss=np.full(2, np.nan))
    second = [*first[:2], replace(first[2], bn=over)]
    runs = {"A": ("one", first), "B": ("two", second)}
    figure = side_by_side(runs, "train_loss", ["bn", "plain"], look, say)
    one, one_plain, two, two_plain = figure.data
    for trace in figure.data:
        assert list(trace.x) == [0, 2, 5]
    assert list(one.y) == list(one_plain.y) == [1, 3, 6]
    assert list(two.y[:2]) == [1, 3] and np.isnan(two.y[2])
    assert list(one.text) == ["", "", "\xa0A"] and list(two.text) == ["", "\xa0B", ""], (
        "where it ends"
    )
    assert not one_plain.text and one_plain.showlegend is two_plain.showlegend is False
    assert (one.name, two.name) == ("A · one", "B · two")
    assert one.line.color == one_plain.line.color != two.line.color == two_plain.line.color
    assert one.line.dash != one_plain.line.dash
    assert figure.layout.xaxis.title.text == say("fitness.axis.epoch")
    assert figure.layout.yaxis.title.text == say("runs.measured.train_loss")
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.range == pytest.approx((0, 5.2))
