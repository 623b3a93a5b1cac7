"""The library: every example runs, every function agrees with its engine and leaves no trace."""

import doctest
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import bnviz
from bnviz import library
from bnviz.core.data.document import experiment
from tests.waiting import PATIENCE

FUNCTIONS = [name for name in bnviz.__all__ if name not in ("quadratic", "Loss")]
#: Small settings, where the usual ones would take long.
QUICK: dict[str, dict[str, Any]] = {
    "lipschitz_probes": {"count": 3},
    "scale_sweep": {"scales": [1e-7], "count": 3},
    "traces": {"probes": 4},
    "spectral_density": {"probes": 2, "steps": 8},
    "along_gradient": {"sizes": [1e-6]},
    "landscape_lines": {"distances": [0.0, 0.1], "count": 2},
    "landscape_plane": {"coordinates": [0.0, 0.1]},
    "stability_threshold": {"steps": 10, "halvings": 4},
}


def test_every_name_is_there_with_an_example_that_runs() -> None:
    finder = doctest.DocTestFinder(exclude_empty=False)
    for name in bnviz.__all__:
        documented = getattr(bnviz, name)
        examples = next(iter(finder.find(documented, name, globs={})))
        assert len(examples.examples) >= 2, name
        assert doctest.DocTestRunner().run(examples).failed == 0, name
    public = [
        n
        for n, f in inspect.getmembers(library)
        if getattr(f, "__module__", "") == library.__name__ and callable(f)
    ]
    assert sorted(n for n in public if not n.startswith("_")) == sorted(bnviz.__all__)


def test_the_examples_of_the_module_itself_run() -> None:
    assert doctest.testmod(library).failed == 0
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bnviz.nothing  # noqa: B018


def test_importing_bnviz_imports_no_torch() -> None:
    code = "import bnviz, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("mode", ["train", "eval", "as_is"])
@pytest.mark.filterwarnings("ignore:The forward pass draws")
def test_a_module_is_left_as_it_was(name: str, mode: str) -> None:
    net = nn.Sequential(
        nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 1)
    )
    before = {key: value.clone() for key, value in net.state_dict().items()}
    x, y = torch.randn(32, 3), torch.randn(32, 1)
    random = torch.random.get_rng_state()
    getattr(bnviz, name)(net, nn.MSELoss(), x, y, mode=mode, **QUICK.get(name, {}))
    assert torch.equal(random, torch.random.get_rng_state())
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all(layer.training for layer in net.modules())


def test_the_documents_net() -> None:
    document = experiment()
    ends = bnviz.eigenvalues(document.bn, nn.MSELoss(), document.x, document.y, mode="eval")
    assert np.allclose([ends.minimum, ends.maximum], [[-12337.92], [12368.94]], rtol=1e-6)


def test_the_same_seed_gives_the_same_figures() -> None:
    once = [bnviz.lipschitz_probes(*bnviz.quadratic(), seed=seed) for seed in (1, 1, 2)]
    assert np.array_equal(once[0], once[1]) and not np.array_equal(once[0], once[2])


def test_a_loss_that_only_curves_down_is_stable_at_any_rate() -> None:
    net, _, x, y = bnviz.quadratic()
    rates = bnviz.stability_threshold(net, lambda output, y: -(output - y).square().mean(), x, y)
    assert rates == (np.inf, np.inf)
