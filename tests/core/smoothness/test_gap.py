"""The full cross of nets, inputs, modes and moments: against facts, dense Hessians and torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature.probes import directions
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.nets.stack import Stack
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.gap import CELLS, STEPS, Gap, GapConfig, split
from bnviz.core.smoothness.measure import Progress, SubjectConfig, from_bytes, to_bytes
from bnviz.core.smoothness.subject import Subject
from bnviz.core.types import never
from tests.core.smoothness.nets import trained
from tests.core.torch_nets import module_of, one_of

CONFIG = GapConfig(subject=SubjectConfig(run="a"), probes=8, seed=3)
SMALL = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False),
    network=NetworkConfig(width=4),
    optimizer=OptimizerConfig(epochs=3, batch_size=16, learning_rate=0.05),
    probes=ProbeConfig(checkpoints=2, count=1, scale=1e-6, eigenvalues=False),
    seeds=2,
    seed=5,
)


def on(inputs: str, config: TrainConfig = SMALL) -> TrainConfig:
    data = config.data.model_copy(update={"standardize": inputs == "standardized"})
    return config.model_copy(update={"data": data})


@pytest.fixture(scope="module")
def subject() -> Subject:
    return trained(SMALL)


@pytest.fixture(scope="module")
def steps(subject: Subject) -> list[Progress]:
    return list(CONFIG.measure(subject, never))


@pytest.fixture(scope="module")
def gap(steps: list[Progress]) -> Gap:
    result: Gap = steps[-1].result
    return result


# ---------------------------------------------------------------- the document


@pytest.fixture(scope="module")
def document() -> Gap:
    """The document's nets before any training."""
    for progress in GapConfig(probes=100, seed=42).measure(subjects.document(), never):
        if progress.done == len(CELLS):
            result: Gap = progress.result
            return result
    raise AssertionError("the cells come first")


def test_before_training_the_document_is_reproduced(document: Gap) -> None:
    """facts.md: exact Hessians, dense, in float64, of the document's state."""
    largest = dict(zip(CELLS, document.largest[0, :, 0], strict=True))
    assert largest["plain_raw"] == pytest.approx(8.13461e7, rel=1e-6)
    assert largest["bn_raw_eval"] == pytest.approx(12368.94, abs=0.01)
    assert largest["bn_raw_train"] == pytest.approx(150.70, abs=0.01)
    assert largest["plain_standardized"] == pytest.approx(198.82, abs=0.01)
    assert largest["bn_standardized_train"] == pytest.approx(144.69, abs=0.01)
    assert np.isnan(document.largest[1]).all()


def test_the_documents_probes_are_its_corrected_estimate(document: Gap) -> None:
    """The README's table of the reproduction: 100 probes of scale 1e-5, seed 42."""
    assert document.probe[0, CELLS.index("plain_raw"), 0] == pytest.approx(3_305_782.03, rel=1e-6)
    assert document.probe[0, CELLS.index("bn_raw_eval"), 0] == pytest.approx(7890.55, rel=1e-6)


def test_the_documents_gap_is_the_scale_of_its_inputs(document: Gap) -> None:
    said, steps, *_ = GapConfig().verdicts(document)
    assert (said.key, said.values["when"]) == ("inputs", "before")
    assert said.values["gap"] == pytest.approx(8.13461e7 / 12368.94, rel=1e-5)
    assert steps.values["inputs"] == pytest.approx(8.13461e7 / 198.82, rel=1e-4)
    assert steps.values["bn"] == pytest.approx(198.82 / 144.69, rel=1e-4)
    assert steps.values["mode"] == pytest.approx(150.70 / 12368.94, rel=1e-4)


# ---------------------------------------------------------------- a stored run


def oracle(net: nn.Module, x: Tensor, y: Tensor) -> tuple[float, Tensor]:
    """Loss and dense Hessian of a module in float64, by double backward."""
    params = list(net.parameters())
    loss = (net(x.T).squeeze(1) - y).square().mean()
    grads = torch.autograd.grad(loss, params, create_graph=True)
    flat = torch.cat([grad.flatten() for grad in grads])
    rows = []
    for entry in flat:
        row = torch.autograd.grad(entry, params, retain_graph=True, allow_unused=True)
        pairs = zip(row, params, strict=True)
        rows.append(
            torch.cat([(torch.zeros_like(p) if r is None else r).flatten() for r, p in pairs])
        )
    return loss.item(), torch.stack(rows)


def figures_of(stack: Stack, seed: int, x: Tensor, y: Tensor, mode: str) -> dict[str, float]:
    """What the cell should hold, by a dense Hessian."""
    net = one_of(stack.cast(torch.float64), seed).train(mode == "train")
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = 0.0
    loss, hessian = oracle(net, x.double(), y.double())
    norms = [
        p.detach().norm(dim=1, keepdim=True).expand_as(p) if p.dim() == 2 else torch.zeros_like(p)
        for p in net.parameters()
    ]
    unit = torch.cat([norm.flatten() for norm in norms])
    moving = unit > 0
    drawn = directions(stack.part(slice(seed, seed + 1)).cast(torch.float64).params, 8, 3 + seed)
    fair = (unit.unsqueeze(1) * hessian * unit)[moving][:, moving]
    return {
        "loss": loss,
        "largest": float(torch.linalg.eigvalsh(hessian)[-1]),
        "normalized": float(torch.linalg.eigvalsh(fair)[-1]),
        "probe": float(np.median((drawn @ hessian).norm(dim=1) / drawn.norm(dim=1))),
        "root_mean_square": float(torch.linalg.eigvalsh(hessian).square().mean().sqrt()),
    }


@pytest.mark.parametrize("cell", CELLS)
def test_after_training_the_nets_are_those_of_the_training(gap: Gap, cell: str) -> None:
    net, inputs, *modes = cell.split("_")
    mode = modes[0] if modes else "eval"
    nets = trained(on(inputs))
    for seed in range(2):
        expected = figures_of(nets.stack(net), seed, nets.x, nets.y, mode)
        for name in ("loss", "largest", "normalized"):
            figure = getattr(gap, name)[1, CELLS.index(cell), seed]
            assert figure == pytest.approx(expected[name], rel=1e-6), (name, seed)
        figure = gap.root_mean_square[1, CELLS.index(cell), seed]
        probe = gap.probe[1, CELLS.index(cell), seed]
        assert probe == pytest.approx(expected["probe"], rel=1e-3), "no kink is near"


@pytest.mark.parametrize("inputs", ["raw", "standardized"])
def test_before_training_running_statistics_are_those_of_the_inputs(gap: Gap, inputs: str) -> None:
    """torch's own BN with momentum=None over the training rows, batch by batch."""
    config = on(inputs)
    data = prepare(config.data, dataset_for(config.data))
    x, y = data.train_x, data.train_y
    for seed in range(2):
        torch.manual_seed(config.seed + seed)
        net = module_of(config.network.model_copy(update={"torch_momentum": None}), 3, bn=True)
        with torch.no_grad():
            for start in range(0, x.shape[1], 16):
                net(x[:, start : start + 16].T)
        loss, hessian = oracle(net.eval().double(), x.double(), y.double())
        place = CELLS.index(f"bn_{inputs}_eval")
        assert gap.loss[0, place, seed] == pytest.approx(loss, rel=1e-4)
        largest = float(torch.linalg.eigvalsh(hessian)[-1])
        assert gap.largest[0, place, seed] == pytest.approx(largest, rel=1e-3)


def test_whose_inputs_the_run_itself_had_makes_no_difference(gap: Gap) -> None:
    *_, last = CONFIG.measure(trained(on("standardized")), never)
    np.testing.assert_array_equal(last.result.largest, gap.largest)


def test_results_come_early_and_grow(steps: list[Progress]) -> None:
    assert [p.done for p in steps] == sorted({p.done for p in steps})
    assert {p.total for p in steps} == {steps[-1].done} == {2 * 6 * 2 + 2 * 3}
    assert np.isfinite(steps[0].result.largest).sum() == 1
    known = [np.isfinite(p.result.largest).sum() for p in steps]
    assert known == sorted(known) and known[-1] == 2 * 6 * 2


def test_a_gap_comes_back_from_disk(gap: Gap) -> None:
    np.testing.assert_array_equal(from_bytes(Gap, to_bytes(gap)).probe, gap.probe)


@pytest.mark.parametrize("calls", [0, 40, 400])
def test_stopping(subject: Subject, calls: int) -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > calls

    steps = list(CONFIG.measure(subject, stop))
    assert asked < calls + 40, "it ends soon"
    assert bool(steps) == (calls > 0)
    if not steps:
        return
    assert steps[-1].done < steps[-1].total
    largest = steps[-1].result.largest
    assert np.isfinite(largest).sum() == steps[-1].done < 12 or calls == 400


def test_a_seed_that_diverges_is_nan_and_has_no_finite_loss() -> None:
    wild = OptimizerConfig(kind="sgd", learning_rate=100.0, epochs=6, batch_size=16)
    config = SMALL.model_copy(update={"optimizer": wild, "seeds": 1})
    *_, last = CONFIG.measure(trained(config), never)
    largest = dict(zip(CELLS, last.result.largest[1, :, 0], strict=True))
    assert last.done == last.total and np.isnan(largest["plain_raw"])
    assert last.result.loss[1, 0, 0] == np.inf
    assert np.isfinite(last.result.largest[0]).all() and np.isfinite(last.result.loss[0]).all()
    assert np.isnan(split(last.result)["inputs"][1, 0])
    said = CONFIG.verdicts(last.result)[0]
    assert said.key == "lost"
    assert said.values == {"when": "after", "diverged": 1, "dead": 0, "all_seeds": 1}


def test_a_dead_net_is_not_taken_for_a_smooth_one() -> None:
    """With every ReLU shut the loss is (b - y)^2: its largest eigenvalue is 2, whatever else."""
    subject = subjects.document()
    shut = {name: value.clone() for name, value in subject.plain.params.items()}
    shut["layers.0.bias"] -= 1e9
    subject = replace(subject, plain=subject.plain.with_params(shut))
    step = next(p for p in GapConfig(probes=2).measure(subject, never) if p.done == len(CELLS))
    assert step.result.largest[0, 0, 0] == pytest.approx(2)
    assert step.result.normalized[0, 0, 0] == 0
    said = GapConfig().verdicts(step.result)[0]
    assert said.key == "lost"
    assert said.values == {"when": "before", "diverged": 0, "dead": 1, "all_seeds": 1}
    assert all(np.isnan(part[0, 0]) for part in split(step.result).values()), "nor is it drawn"


# ---------------------------------------------------------------- the split and the verdict


def made(*ratios: float, seeds: int = 1, after: bool = True) -> Gap:
    """A gap whose first five cells divide by these steps; the last is of no consequence."""
    cells = np.cumprod([1e6, *(1 / ratio for ratio in ratios), 1.0])
    values = np.repeat(cells[None, :, None], 2, axis=0) * np.ones(seeds)
    if not after:
        values[1] = np.nan
    return Gap(*(values.copy() for _ in range(5)))


def test_the_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(0)
    values = 10.0 ** rng.uniform(-8, 8, (5, 2, 6, 7))
    gap = Gap(*values)
    for name, each in zip(("largest", "probe", "normalized"), values[[0, 1, 3]], strict=True):
        parts = split(gap, name)
        assert tuple(parts) == STEPS
        assert all(part.shape == (2, 7) for part in parts.values())
        total = np.log10(each[:, CELLS.index("plain_raw")] / each[:, CELLS.index("bn_raw_eval")])
        np.testing.assert_allclose(sum(parts.values()), total, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        split(gap)["mode"],
        np.log10(values[0][:, CELLS.index("bn_raw_train")])
        - np.log10(values[0][:, CELLS.index("bn_raw_eval")]),
    )


def test_what_is_not_positive_has_no_logarithm() -> None:
    gap = made(10, 10, 1, 1, seeds=3)
    gap.largest[0, 1, 0], gap.largest[0, 2, 1] = 0.0, -3.0
    parts = split(gap)
    np.testing.assert_array_equal(np.isnan(parts["inputs"][0]), [True, False, False])
    np.testing.assert_array_equal(np.isnan(parts["bn"][0]), [True, True, False])
    assert np.isfinite(parts["mode"]).all()


@pytest.mark.parametrize(
    ("ratios", "name", "gap"),
    [
        ((1000, 2, 1, 1), "inputs", 2000),
        ((1000, 2, 1, 0.01), "inputs", 20),
        ((2, 1000, 1, 1), "bn", 2000),
        ((2, 3, 1, 100), "mode", 600),
        ((20, 20, 1, 20), "other", 8000),
        ((2, 3, 50, 1), "inputs_bn", 300),
        ((1.5, 1.2, 1, 1), "none", 1.8),
        ((0.5, 1.2, 1, 1), "none", 0.6),
        ((1000, 1, 1, 1e-5), "sharper", 100),
        ((0.1, 0.1, 1, 1), "sharper", 100),
    ],
)
def test_verdicts(ratios: tuple[float, ...], name: str, gap: float) -> None:
    said, steps, *_ = GapConfig().verdicts(made(*ratios))
    assert (said.key, said.values["when"]) == (name, "after")
    assert said.values["gap"] == pytest.approx(gap)
    for step, ratio in zip(STEPS, ratios, strict=True):
        assert steps.values[step] == pytest.approx(ratio)
    assert steps.values["normalized"] == pytest.approx(np.prod(ratios))


def test_a_verdict_before_anything_is_trained() -> None:
    gap = made(1000, 2, 1, 1, seeds=2, after=False)
    assert GapConfig().verdicts(gap)[0].key == "inputs"
    gap.loss[1, :3, 0] = 1.0  # on the way: not all cells yet
    assert GapConfig().verdicts(gap)[0].key == "inputs"
    gap.loss[0, 4] = np.nan
    assert GapConfig().verdicts(gap)[0].key == "unknown"


def test_a_verdict_is_over_the_seeds_that_can_be_compared() -> None:
    gap = made(1000, 2, 1, 1, seeds=6)
    gap.largest[1, 0, :2] *= 1e3
    gap.largest[1, 3, 3], gap.loss[1, 3, 3] = np.nan, np.inf
    gap.normalized[1, 2, 4] = 0.0
    gap.loss[1, :, 5] = np.nan
    said, steps, medians, _ = GapConfig().verdicts(gap)
    assert said.key == "inputs" and medians.values == {"seeds": 3, "all_seeds": 6}
    assert steps.values["inputs"] == pytest.approx(1e6), "the median of 1e6, 1e6 and 1e3"
    gap.normalized[1, 1, :2] = -1e-30
    gap.loss[1, 0, 2], gap.normalized[1, 0, 2] = np.inf, np.nan
    said = GapConfig().verdicts(gap)[0]
    assert said.key == "lost"
    assert said.values == {"when": "after", "diverged": 2, "dead": 3, "all_seeds": 6}
