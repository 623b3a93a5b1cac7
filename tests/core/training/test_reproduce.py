"""The document's experiment comes out as published, and its corrections as exact oracles say."""

import copy
import json
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bnviz.core.data.document import SAMPLES, Experiment, _shuffled, experiment, fitness_data
from bnviz.core.nets.initial import stack_of_one
from bnviz.core.nets.stack import forward
from bnviz.core.training.reproduce import NETWORK, Report, run


@cache
def report() -> Report:
    return run()


@cache
def document() -> Experiment:
    return experiment()


def test_its_form() -> None:
    written = json.loads(json.dumps(report().as_dict(), allow_nan=False))
    assert written.keys() == {"data", "activations_after_bn", "lipschitz", "eigenvalues", "parity"}
    assert written["data"].keys() == {"mean", "std", "clipped_share"}
    assert [len(written["data"][name]) for name in ("mean", "std")] == [3, 3]
    assert {name: len(values) for name, values in written["activations_after_bn"].items()} == {
        "mean": 64,
        "std": 64,
    }
    assert written["lipschitz"].keys() == {"published", "as_published", "corrected"}
    for nets in written["lipschitz"].values():
        assert nets.keys() == {"bn", "no_bn"}
        assert all(net.keys() == {"median", "max"} for net in nets.values())
    assert written["eigenvalues"].keys() == {
        "bn_eval",
        "bn_train",
        "no_bn",
        "no_bn_standardized",
        "bn_train_standardized",
    }
    assert all(ends.keys() == {"min", "max"} for ends in written["eigenvalues"].values())
    assert written["parity"].keys() == {"torch", "numpy", "loop"}
    assert all(net.keys() == {"max_abs_difference"} for net in written["parity"].values())


def test_what_the_document_printed() -> None:
    """Its own last digits, but for the rounding of another machine."""
    data, activations = report().data, report().activations_after_bn
    assert data.mean == pytest.approx([1.5890496, 75.324074, 3494.1802], rel=1e-7)
    assert data.std == pytest.approx([0.23224361, 25.581488, 851.97577], rel=1e-7)
    assert data.clipped_share == pytest.approx(0.999)
    assert activations.mean[:3] == pytest.approx([0.00576357, 0.00562656, -0.00516746], abs=2e-6)
    assert activations.std[:3] == pytest.approx([1.0035264, 1.0027452, 1.0029914], rel=1e-6)
    published, ours = report().lipschitz["published"], report().lipschitz["as_published"]
    for net in ("bn", "no_bn"):
        assert f"{ours[net].median:.2f}" == f"{published[net].median:.2f}" == "0.00"
        assert ours[net].max == pytest.approx(published[net].max, rel=1e-3)


def test_corrected_estimates() -> None:
    estimates = report().lipschitz["corrected"]
    assert 7.0e3 < estimates["bn"].median < 7.9e3 and estimates["bn"].max > estimates["bn"].median
    assert (
        2.9e6 < estimates["no_bn"].median < 3.4e6
        and estimates["no_bn"].max > estimates["no_bn"].median
    )


def test_activations_after_bn_are_nearly_standard() -> None:
    activations = report().activations_after_bn
    assert np.abs(activations.mean).max() < 0.03
    np.testing.assert_allclose(activations.std, 1.003, atol=0.01)


@pytest.mark.parametrize(
    ("state", "smallest", "largest"),
    [
        ("no_bn", -1.44579e6, 8.13461e7),
        ("bn_eval", -12337.92, 12368.94),
        ("bn_train", -133.70, 150.70),
        ("no_bn_standardized", -198.02, 198.82),
        ("bn_train_standardized", -141.89, 144.69),
    ],
)
def test_eigenvalues_of_known_states(state: str, smallest: float, largest: float) -> None:
    ends = report().eigenvalues[state]
    assert ends.min == pytest.approx(smallest, rel=4e-5)
    assert ends.max == pytest.approx(largest, rel=4e-5)


@pytest.mark.parametrize("state", ["bn_eval", "no_bn"])
def test_eigenvalues_are_those_of_the_dense_hessian(state: str) -> None:
    net: nn.Module = document().plain if state == "no_bn" else document().bn
    net = copy.deepcopy(net).double()
    params = list(net.parameters())
    loss = (net(document().x.double()) - document().y.double()).square().mean()
    gradients = torch.autograd.grad(loss, params, create_graph=True)
    rows = [
        torch.cat([row.flatten() for row in torch.autograd.grad(entry, params, retain_graph=True)])
        for entry in torch.cat([gradient.flatten() for gradient in gradients])
    ]
    values = torch.linalg.eigvalsh(torch.stack(rows))
    ends = report().eigenvalues[state]
    assert ends.min == pytest.approx(values[0].item(), rel=1e-6)
    assert ends.max == pytest.approx(values[-1].item(), rel=1e-6)


def test_parity() -> None:
    for name in ("torch", "numpy", "loop"):
        assert 0 < report().parity[name].max_abs_difference < 1e-5


def test_the_experiment_uses_the_fitness_data() -> None:
    data = fitness_data(SAMPLES)
    np.testing.assert_array_equal(document().x, data.x)
    np.testing.assert_array_equal(document().y, data.y)


def test_a_module_as_a_stack_of_one() -> None:
    for net in (document().bn, document().plain):
        stack = stack_of_one(NETWORK, net, bn=net is document().bn)
        expected = net(document().x)[:, 0].detach()
        torch.testing.assert_close(forward(stack, document().x.T).output[0], expected)
        stack.params["output.bias"] += 1
        assert not torch.equal(stack.params["output.bias"][0], net[-1].bias)


def test_the_warm_up_takes_rows_in_the_order_of_torchs_loader() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=4, shuffle=True)
        expected = [torch.cat([rows for (rows,) in loader]) for _ in range(3)]
    generator = torch.Generator().manual_seed(3)
    assert all(torch.equal(_shuffled(10, generator), order) for order in expected)
