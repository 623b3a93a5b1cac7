"""The document's estimator replayed: against its own code, and against a loop put right."""

from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.data.document import experiment
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.document import DocumentConfig, Replay
from bnviz.core.smoothness.measure import SubjectConfig, from_bytes, to_bytes
from bnviz.core.training import reproduce
from tests.core.documents_loop import documents_loop

CONFIG = DocumentConfig(probes=100)


@cache
def subject() -> subjects.Subject:
    return subjects.document()


@cache
def replay() -> Replay:
    last = list(CONFIG.measure(subject(), lambda: False))[-1]
    assert (last.done, last.total) == (200, 200)
    result: Replay = last.result
    return result


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_published_values_are_the_document_s_own(net: str) -> None:
    document = experiment()
    with torch.random.fork_rng(devices=[]):
        values, drift, shared = documents_loop(getattr(document, net), document.x, document.y, 12)
    replayed = getattr(replay(), net)
    assert replayed.published[:12].tolist() == values
    assert replayed.shared[:12].tolist() == shared
    np.testing.assert_allclose(replayed.drift[:12], drift, rtol=1e-4, atol=1e-12)


def test_the_figures_are_those_of_reproduce() -> None:
    report = reproduce.run().lipschitz["as_published"]
    for ours, theirs in ((replay().bn, report["bn"]), (replay().plain, report["no_bn"])):
        assert (float(np.median(ours.published)), ours.published.max()) == (
            theirs.median,
            theirs.max,
        )
    assert replay().bn.published[0] == pytest.approx(7799.57, rel=1e-3)
    assert replay().plain.published[0] == pytest.approx(2415784.26, rel=1e-3)


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_only_the_first_probe_measures_and_then_the_weights_walk(net: str) -> None:
    replayed = getattr(replay(), net)
    assert replayed.published[0] > 0 and not replayed.published[1:].any()
    assert replayed.shared.all()  # from the first restoring on
    assert replayed.drift[0] == 0
    # A random walk of n parameters: its length grows as the root of the steps.
    n = 449 if net == "bn" else 321
    expected = 1e-5 * np.sqrt(n * np.arange(100))
    np.testing.assert_allclose(replayed.drift[20:], expected[20:], rtol=0.1)


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_corrected_values_are_those_of_a_loop_put_right(net: str) -> None:
    """The document's very directions, each from a fresh copy of the weights, in float64."""
    document = experiment()
    module, x, y = getattr(document, net), document.x.double(), document.y.double()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        drawn = [[torch.randn_like(p) for p in module.parameters()] for _ in range(8)]
    params = list(module.double().parameters())
    originals = [p.data.clone() for p in params]
    replayed = getattr(replay(), net)
    for probe, direction in enumerate(drawn):
        deltas = [piece.double() * 1e-5 for piece in direction]
        gradients = []
        for moved in (True, False):
            for p, original, delta in zip(params, originals, deltas, strict=True):
                p.data = original + delta if moved else original.clone()
            gradient = torch.autograd.grad(((module(x) - y) ** 2).mean(), params)
            gradients.append(torch.cat([each.flatten() for each in gradient]))
        step = torch.cat([delta.flatten() for delta in deltas])
        expected = float((gradients[0] - gradients[1]).norm() / step.norm())
        assert replayed.corrected[probe] == pytest.approx(expected, rel=1e-6)
    # The only probe that the document's code measures, it measures well.
    assert replayed.corrected[0] == pytest.approx(replayed.published[0], rel=2e-3)


def test_the_subject_does_not_matter_and_the_result_keeps_on_disk() -> None:
    config = DocumentConfig(probes=3, subject=SubjectConfig(run="another"), seed=7)
    (*_, last) = config.measure(subject(), lambda: False)
    assert last.result.plain.corrected.tolist() == replay().plain.corrected[:3].tolist()
    again = from_bytes(Replay, to_bytes(last.result))
    assert again.bn.shared.tolist() == [True] * 3
    assert again.bn.published.tolist() == last.result.bn.published.tolist()


def test_stopping() -> None:
    assert list(CONFIG.measure(subject(), lambda: True)) == []
    asked = iter([False] * 130)
    assert all(p.result is None for p in CONFIG.measure(subject(), lambda: next(asked, True)))


def test_the_verdict_of_the_document() -> None:
    verdict = CONFIG.verdicts(replay())[0]
    assert verdict.key == "first"
    assert verdict.values["probes"] == 100 and verdict.values["measured"] == 1
    assert verdict.values["bn_published"] == verdict.values["plain_published"] == 0
    assert verdict.values["bn_corrected"] == pytest.approx(7786, rel=1e-3)
    assert verdict.values["plain_corrected"] == pytest.approx(2.6336e6, rel=1e-3)
