"""What the experiments find, against torch, closed forms and both ways of each verdict."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.averaged_nets import pooled
from bnviz.core.pitfalls.configs import CONFIGS, FoldingConv
from bnviz.core.pitfalls.dead_features import amplified
from bnviz.core.pitfalls.folding import OverLastAxis, fold, generated
from bnviz.core.pitfalls.gamma_decay import parameter_groups
from bnviz.core.pitfalls.handwritten import ByHand, WithBug
from bnviz.core.pitfalls.last_batch import training_loader
from bnviz.core.pitfalls.low_precision import keep_statistics_in_float32
from bnviz.core.pitfalls.nan_batch import poisoned, remember_finite
from bnviz.core.pitfalls.padding import normalize_real
from bnviz.core.pitfalls.pitfall import Result
from bnviz.core.pitfalls.ranks import synchronized
from bnviz.core.pitfalls.scale_invariance import normalize_rows
from bnviz.core.pitfalls.tracking_off import freeze
from bnviz.core.pitfalls.train_forgotten import evaluating
from bnviz.core.verdict import Verdict


def outcome(name: str, **given: Any) -> tuple[Result, Verdict]:
    config = CONFIGS[name](**given)
    result = pitfall.run(name, config)
    return result, pitfall.judge(name, config, result)


VERDICTS: list[tuple[str, dict[str, Any], str]] = [
    ("eval_forgotten", {"batch_size": 2}, "worse"),
    ("eval_forgotten", {"batch_size": 256}, "same"),
    ("train_forgotten", {"step": 2}, "worse"),
    ("train_forgotten", {"step": 1, "learning_rate": 0.5}, "diverged"),
    ("train_forgotten", {"step": 20, "learning_rate": 0.1}, "same"),
    ("train_forgotten", {"step": 20, "learning_rate": 0.2}, "better"),
    ("last_batch", {"rows": 1025}, "refused"),
    ("last_batch", {"rows": 1000}, "short"),
    ("last_batch", {"rows": 1024}, "even"),
    ("last_batch", {"rows": 64, "batch_size": 100}, "only"),
    ("sorted_data", {}, "worse"),
    ("sorted_data", {"batch_size": 256}, "same"),
    ("nan_batch", {"value": "nan"}, "poisoned"),
    ("nan_batch", {"value": "inf"}, "poisoned"),
    ("nan_batch", {"value": "outlier", "step": 20}, "recovers"),
    ("nan_batch", {"value": "outlier", "step": 50}, "suffers"),
    ("dropout_before_bn", {}, "shifted"),
    ("dropout_before_bn", {"rate": 0.0}, "none"),
    ("target_normalized", {}, "useless"),
    ("target_normalized", {"mean": 0.0, "spread": 10.0}, "worse"),
    ("target_normalized", {"mean": 0.0, "spread": 1.0}, "same"),
    ("bias_before_bn", {"mode": "train"}, "dead"),
    ("bias_before_bn", {"mode": "eval"}, "alive"),
    ("scale_invariance", {"scale": 100.0}, "invariant"),
    ("scale_invariance", {"scale": 1e-4}, "broken"),
    ("weight_decay", {}, "raised"),
    ("weight_decay", {"decay": 0.0}, "same"),
    ("gamma_decay", {}, "shrunk"),
    ("gamma_decay", {"decay": 0.0}, "same"),
    ("gamma_zero", {"network": "plain"}, "dead"),
    ("gamma_zero", {"network": "residual"}, "wakes"),
    ("dead_features", {"spread": 1e-4, "eps": 1e-12}, "loud"),
    ("dead_features", {"spread": 1.0, "eps": 1e-5}, "normal"),
    ("dead_features", {"spread": 1e-2, "eps": 1e-4}, "between"),
    ("dead_features", {"spread": 1e-4, "eps": 1e-3}, "quiet"),
    ("low_precision", {"spread": 500.0}, "overflow"),
    ("low_precision", {"dtype": "bfloat16"}, "worse"),
    ("low_precision", {"spread": 1e-4}, "fine"),
    ("handwritten", {"bug": "cancellation", "offset": 1000.0}, "both"),
    ("handwritten", {"bug": "cancellation", "offset": 1.0}, "nowhere"),
    ("handwritten", {"bug": "biased_running_variance", "batch_size": 4}, "eval"),
    ("handwritten", {"bug": "unbiased_normalization", "batch_size": 4}, "train"),
    ("folding", {"shape": "nc"}, "right"),
    ("folding", {"shape": "nlc"}, "wrong"),
    ("folding_conv", {}, "bias"),
    ("folding_conv", {"layer": "ConvTranspose3d", "bias": "none"}, "right"),
    ("folding", {"shape": "nlc_other"}, "refused"),
    ("second_pass", {}, "farther"),
    ("second_pass", {"why": "sam"}, "farther"),
    ("second_pass", {"momentum": 0.01}, "nearer"),
    ("second_pass", {"momentum": 1.0}, "alike"),
    ("averaged_nets", {}, "spread"),
    ("averaged_nets", {"shift": 0.5}, "same"),
    ("tracking_off", {}, "worse"),
    ("tracking_off", {"shift": 0.0, "learning_rate": 1e-6}, "same"),
    ("ranks", {}, "apart"),
    ("ranks", {"order": "shuffled"}, "alike"),
    ("padding", {}, "moved"),
    ("padding", {"padding": 0.0}, "same"),
    ("two_populations", {}, "hidden"),
    ("two_populations", {"distance": 0.0}, "same"),
    ("two_populations", {"distance": 1.7}, "hidden"),
    ("latent_noise", {}, "loud"),
    ("latent_noise", {"eps": 0.1}, "quiet"),
    ("latent_noise", {"noise": 0.2}, "kept"),
    ("family", {"norm": "batch"}, "company"),
    ("family", {"norm": "layer"}, "alone"),
]


@pytest.mark.parametrize(("name", "given", "verdict"), VERDICTS)
def test_verdicts_come_out_either_way(name: str, given: dict[str, Any], verdict: str) -> None:
    assert outcome(name, **given)[1].key == verdict


def test_no_verdict_is_forgotten_above() -> None:
    for name in CONFIGS:
        assert len({verdict for n, _, verdict in VERDICTS if n == name}) >= 2, name


# ---------------------------------------------------------------- closed forms


def test_dropout_shifts_the_variance_as_li_et_al_say() -> None:
    for mean in (0.0, 1.0, 3.0):
        result, _ = outcome("dropout_before_bn", rate=0.35, mean=mean)
        keep = 1 - result["rate"]
        expected = ((1 + mean**2) / keep - mean**2) ** -0.5
        assert np.allclose(result["theory"], expected, rtol=1e-6)
        # Four standard errors of a deviation from 20,000 draws of kurtosis 3 / keep.
        error = 4 * np.sqrt((3 / keep - 1) / (4 * 20_000))
        assert (np.abs(result["wrong"] / expected - 1) < error).all()
        assert np.allclose(result["right"], 1, atol=1e-3)


def test_the_gradient_falls_as_the_weights_grow() -> None:
    result, _ = outcome("scale_invariance", eps=1e-12)
    assert np.allclose(result["gradient"] * result["scale"], result.last("restored"), rtol=1e-3)
    assert result["change"].max() < 1e-3


def test_epsilons_gain() -> None:
    result, _ = outcome("dead_features", eps=1e-3, spread=0.02)
    before = result["before"]
    assert np.allclose(result["after"], before / np.sqrt(before**2 + 1e-3), rtol=1e-6)
    assert np.allclose(result["usual"], before / np.sqrt(before**2 + 1e-5), rtol=1e-6)
    assert result["amplified"].size == 0, "no gain beyond 1 / sqrt(1e-3)"


def test_amplified_names_features() -> None:
    bn = nn.BatchNorm1d(3, eps=1e-12)
    bn.get_buffer("running_var").copy_(torch.tensor([1.0, 1e-9, 1e-3]))
    assert amplified(bn).tolist() == [1]


def test_without_decay_weights_before_bn_only_grow() -> None:
    result, _ = outcome("weight_decay", decay=0.0)
    assert (np.diff(result["without"]) < 1e-6).all(), "the effective rate only falls"
    assert np.array_equal(result["without"], result["with_decay"])


def test_batch_sizes_are_those_of_a_loader() -> None:
    result, _ = outcome("last_batch", rows=100, batch_size=32)
    assert result["size"].tolist() == [32, 32, 32, 4]
    assert result["fixed"].tolist() == [32, 32, 32]
    rows = torch.utils.data.TensorDataset(torch.arange(5.0)[:, None])
    assert [len(b) for (b,) in training_loader(rows, 2)] == [2, 2]


def test_poison_stays_and_the_guard_keeps_it_out() -> None:
    result, verdict = outcome("nan_batch", value="nan", step=30)
    assert np.isfinite(result["validation"][:29]).all()
    assert np.isnan(result["validation"][29:]).all()
    assert np.isfinite(np.delete(result["training"], 29)).all()
    assert np.isfinite(result["fixed"]).all()
    assert verdict.values["steps"] == 31
    assert "1.running_var" in result.said["poisoned"]
    assert poisoned(nn.BatchNorm1d(2)) == []


def test_a_chain_with_gamma_zero_has_no_gradient_at_all() -> None:
    result, _ = outcome("gamma_zero", network="plain", depth=4)
    assert not result["zeros"].any() and not result["zeros_later"].any()
    assert result["fixed"].all() and result["ones"].all()
    result, _ = outcome("gamma_zero", network="residual", depth=4)
    assert not result["zeros"].any() and result["zeros_later"].all()


def test_float16_overflows_where_the_variance_does() -> None:
    result, _ = outcome("low_precision", dtype="float16")
    overflow = result["variance_exact"] > 65_504
    assert np.array_equal(~np.isfinite(result["variance_low"]), overflow)
    assert overflow.any() and not overflow.all()
    assert np.allclose(result["variance_mixed"], result["variance_exact"], rtol=1e-4)


def test_only_bn_returns_to_float32() -> None:
    net = keep_statistics_in_float32(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).half())
    kinds = {name: tensor.dtype for name, tensor in net.state_dict().items()}
    assert kinds["0.weight"] == torch.float16
    assert kinds["1.weight"] == kinds["1.running_var"] == torch.float32


def test_decay_groups_hold_every_parameter_once() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 1))
    matrices, vectors = parameter_groups(net, 0.1)
    assert {id(p) for g in (matrices, vectors) for p in g["params"]} == {
        id(p) for p in net.parameters()
    }
    assert len(matrices["params"]) == 2 and matrices["weight_decay"] == 0.1
    assert vectors["weight_decay"] == 0


def test_rows_of_length_one() -> None:
    layer = nn.Linear(5, 3)
    normalize_rows(layer)
    assert torch.allclose(layer.weight.norm(dim=1), torch.ones(3))


def test_a_mode_is_restored_even_after_an_error() -> None:
    net = nn.BatchNorm1d(2)
    with pytest.raises(RuntimeError), evaluating(net):
        assert not net.training
        raise RuntimeError
    assert net.training
    net.eval()
    with evaluating(net):
        pass
    assert not net.training


# ---------------------------------------------------------------- torch as the oracle


def test_by_hand_is_torchs_layer() -> None:
    torch.manual_seed(0)
    ours, theirs = ByHand(3).double(), nn.BatchNorm1d(3, affine=False).double()
    for rows in (2, 5, 64):
        x = 3 * torch.randn(rows, 3, dtype=torch.float64) + 2
        assert torch.allclose(ours(x), theirs(x), atol=1e-12)
    for name in ("running_mean", "running_var"):
        assert torch.allclose(ours.get_buffer(name), theirs.get_buffer(name), atol=1e-12)
    x = torch.randn(4, 3, dtype=torch.float64)
    assert torch.allclose(ours.eval()(x), theirs.eval()(x), atol=1e-12)


def test_each_bug_is_the_one_it_says() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 2, dtype=torch.float64)
    deviation, biased = x - x.mean(0), x.var(0, correction=0)
    outputs = {
        bug: WithBug(2, bug).double()
        for bug in ("unbiased_normalization", "biased_running_variance", "no_epsilon")
    }
    y = {bug: layer(x) for bug, layer in outputs.items()}
    assert torch.allclose(y["unbiased_normalization"], deviation / (x.var(0) + 1e-5).sqrt())
    assert torch.allclose(y["no_epsilon"], deviation / biased.sqrt())
    remembered = outputs["biased_running_variance"].running_var
    assert torch.allclose(remembered, 0.9 + 0.1 * biased)
    result, _ = outcome("handwritten", bug="biased_running_variance")
    assert (result["train"] < 1e-5).all() and (np.diff(result["eval"]) < 0.1).all()


def lived(channels: int, dimensions: int, affine: bool) -> Any:
    """A BN layer in eval mode whose statistics and parameters are its own."""
    kinds = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
    bn = kinds[dimensions](channels, affine=affine, dtype=torch.float64)
    if affine:
        nn.init.uniform_(bn.weight, 0.5, 2.0)
        nn.init.uniform_(bn.bias, -1.0, 1.0)
    shape = (9, channels, *(3,) * dimensions)
    bn(4 * torch.randn(shape, dtype=torch.float64) + 1)
    return bn.eval()


LAYERS: dict[str, Callable[..., nn.Module]] = {
    "Linear": lambda **o: nn.Linear(6, 4, **o),
    "Conv1d": lambda **o: nn.Conv1d(6, 4, 3, padding=1, **o),
    "Conv2d": lambda **o: nn.Conv2d(6, 4, 3, groups=2, stride=2, **o),
    "Conv3d": lambda **o: nn.Conv3d(6, 4, 3, padding="same", **o),
    "ConvTranspose1d": lambda **o: nn.ConvTranspose1d(6, 4, 3, **o),
    "ConvTranspose2d": lambda **o: nn.ConvTranspose2d(6, 4, 3, groups=2, padding=1, **o),
    "ConvTranspose3d": lambda **o: nn.ConvTranspose3d(6, 4, 2, **o),
}


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_folding_forwards(kind: str, bias: bool, affine: bool) -> None:
    torch.manual_seed(0)
    dimensions = int(kind[-2]) if kind != "Linear" else 0
    layer = LAYERS[kind](bias=bias).double()
    x = torch.randn(5, 6, *(4,) * dimensions, dtype=torch.float64)
    bn = lived(4, dimensions, affine)
    before = [p.clone() for p in (*layer.parameters(), *bn.buffers())]
    assert torch.allclose(fold(layer, bn)(x), bn(layer(x)))
    assert all(map(torch.equal, before, (*layer.parameters(), *bn.buffers()))), "left as they were"
    if kind == "Linear" and affine:
        theirs = fuse_linear_bn_eval(layer.eval(), bn)
        assert torch.allclose(fold(layer, bn).weight, theirs.weight)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dimensions", [0, 1, 2, 3])
def test_folding_backwards(dimensions: int, bias: bool, affine: bool) -> None:
    torch.manual_seed(0)
    layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    sizes = (6, 4, 2) if dimensions else (6, 4)
    layer: Any = layers[dimensions](*sizes, bias=bias, **({"groups": 2} if dimensions else {}))
    x = torch.randn(5, 6, *(4,) * dimensions, dtype=torch.float64)
    bn = lived(6, dimensions, affine)
    assert torch.allclose(fold(layer.double(), bn, True)(x), layer(bn(x)))


def test_what_cannot_be_folded_is_refused() -> None:
    for layer in (nn.Conv1d(2, 2, 3, padding=1), nn.ConvTranspose1d(2, 2, 3)):
        with pytest.raises(ValueError, match="padded or transposed"):
            fold(layer, nn.BatchNorm1d(2), True)


def test_a_bias_that_is_not_scaled() -> None:
    result, verdict = outcome("folding", bias="not_scaled")
    off = result["folded_mistake"] - result["original_last_axis"]
    assert verdict.key == "bias" and verdict.values["error"] == abs(off).max() > 0.01
    assert np.ptp(off.reshape(64, 4), axis=0).max() < 1e-4, "a constant for each channel"


@pytest.mark.parametrize("layer", get_args(FoldingConv.model_fields["layer"].annotation))
def test_a_convolution_folds_and_its_bias_is_a_constant_for_each_channel(layer: str) -> None:
    for bias in ("scaled", "none"):
        result, verdict = outcome("folding_conv", layer=layer, bias=bias)
        assert verdict.key == "right" and verdict.values["right"] < 1e-4
        assert result["original"].std() > 0.5, "there is something to compare"
    result, verdict = outcome("folding_conv", layer=layer, bias="not_scaled")
    off = (result["mistake"] - result["original"]).reshape(8, 6, -1)
    assert verdict.key == "bias" and verdict.values["error"] == abs(off).max() > 0.1
    assert np.ptp(off, axis=(0, 2)).max() < 1e-4


def test_amp_overflows_inside_the_net() -> None:
    """The batch is finite; behind the first layer, in float16, it is not."""
    result, verdict = outcome("nan_batch", value="amp", step=30)
    assert np.isnan(result["validation"][29:]).all() and verdict.key == "poisoned"
    assert np.isfinite(result["fixed"]).all()
    layer = nn.BatchNorm1d(2)
    remember_finite(layer)
    for number in (torch.inf, torch.nan, 1e25):
        layer(torch.tensor([[1.0, number], [0.0, 1.0]]))
    assert poisoned(layer) == [] and layer.track_running_stats
    assert layer.num_batches_tracked is not None and int(layer.num_batches_tracked) == 0


def test_nothing_goes_on_after_the_last_step() -> None:
    assert outcome("nan_batch", value="nan", step=60)[1].key == "poisoned_last"
    assert outcome("nan_batch", value="nan", step=59)[1].key == "poisoned"
    result, early = outcome("nan_batch", value="outlier", step=2)
    assert early.values["before"] == result["validation"][0]
    assert outcome("nan_batch", value="outlier", step=60)[1].values["left"] == 0


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.1])
@pytest.mark.parametrize("scale", [1e-4, 0.1, 1.0, 10.0, 1e4])
def test_epsilon_is_blamed_where_it_counts(scale: float, eps: float) -> None:
    """Small weights let it in; large ones only leave it less to say than before."""
    _, verdict = outcome("scale_invariance", scale=scale, eps=eps)
    assert (verdict.key == "invariant") == (verdict.values["change_share"] < 0.01)
    if verdict.key != "invariant":
        assert eps == 0.1 or scale <= 0.1
        assert verdict.key == ("ruled" if scale > 1 else "broken")


@pytest.mark.parametrize("order", ["linear_bn", "bn_linear"])
def test_the_generated_layer_is_the_folded_one(order: str) -> None:
    result, _ = outcome("folding", order=order, shape="nlc")
    names: dict[str, Any] = {"nn": nn, "torch": torch}
    exec(generated(result), names)
    assert np.allclose(names["folded"].weight.detach(), result["weight_last_axis"], atol=1e-6)
    assert np.allclose(names["folded"].bias.detach(), result["bias_last_axis"], atol=1e-6)


def test_over_the_last_axis() -> None:
    x = torch.randn(6, 4, 3)
    y = OverLastAxis(nn.BatchNorm1d(3))(x)
    expected = nn.BatchNorm1d(3)(x.transpose(1, 2)).transpose(1, 2)
    assert torch.allclose(y, expected, atol=1e-6)


def test_the_family_shares_what_wu_and_he_shade() -> None:
    axes = {"batch": (0, 2), "layer": (1, 2), "instance": (2,), "rms": (1, 2)}
    for norm, averaged in axes.items():
        shared = outcome("family", norm=norm)[0]["shared"]
        expected = np.zeros((4, 6, 4))
        expected[tuple(slice(None) if axis in averaged else 0 for axis in range(3))] = 1
        assert np.array_equal(shared, expected), norm
    for groups in (1, 2, 3, 6):
        shared = outcome("family", norm="group", groups=groups)[0]["shared"]
        expected = np.zeros((4, 6, 4))
        expected[0, : 6 // groups] = 1
        assert np.array_equal(shared, expected), groups


def test_the_familys_invariances() -> None:
    """Rows: batch, layer, group, instance, RMS. Columns as in `changed`."""
    result, _ = outcome("family")
    kept = result["change"] < 1e-9
    scaled, shifted, company = kept[:, 0], kept[:, 1], kept[:, 8]
    assert scaled.all(), "every norm forgets the scale of everything"
    assert shifted.tolist() == [True, True, True, True, False], "RMS norm does not center"
    assert company.tolist() == [False, True, True, True, True]
    assert kept[:, 2].tolist() == kept[:, 3].tolist() == [True, False, False, True, False]
    assert kept[:, 4].tolist() == [False, True, True, True, True]


# ---------------------------------------------------------------- statistics of several


def test_two_passes_are_one_with_the_effective_weight() -> None:
    """Checkpointing repeats the same batch: the means are those of one BN with 1 - (1 - m)^2."""
    torch.manual_seed(0)
    first, bn = nn.Linear(4, 16), nn.BatchNorm1d(16, momentum=1 - 0.9**2)
    nn.Linear(16, 1)  # drawn as in the experiment, so that the batches are the same
    away = []
    for _ in range(100):
        bn(first(torch.randn(32, 4)))
        off = (bn.get_buffer("running_mean") - first.bias) / first.weight.norm(dim=1)
        away.append(off.square().mean().sqrt().item())
    result, verdict = outcome("second_pass")
    assert np.allclose(result["twice"], away, rtol=1e-4)
    assert (verdict.values["passes"], verdict.values["batches"]) == (200, 100)


def test_pooled_statistics_are_those_of_all_rows() -> None:
    rows = [torch.randn(64, 3, dtype=torch.float64) * (k + 1) + 5 * k for k in range(4)]
    states = [
        {"running_mean": x.mean(dim=0), "running_var": x.var(dim=0, unbiased=False)} for x in rows
    ]
    together, every = pooled(states), torch.cat(rows)
    assert torch.allclose(together["running_mean"], every.mean(dim=0))
    assert torch.allclose(together["running_var"], every.var(dim=0, unbiased=False))
    result, _ = outcome("averaged_nets", shift=3.0, clients=2)
    # Two groups 3 apart: variance 1 within and 9 / 4 between.
    here = int(result["here"])
    assert result["averaged"][here] == pytest.approx((1 + 9 / 4) ** 0.5, rel=0.02)


def test_switched_off_tracking_is_torchs_own_behaviour() -> None:
    torch.manual_seed(0)
    bn = nn.BatchNorm1d(2, momentum=1.0)
    bn(torch.randn(16, 2) + 3)
    bn.track_running_stats = False
    before, x = bn.get_buffer("running_mean").clone(), torch.randn(16, 2)
    trained = bn.train()(x)
    assert torch.allclose(trained.mean(dim=0), torch.zeros(2), atol=1e-6)
    assert torch.equal(bn.get_buffer("running_mean"), before)
    assert bn.eval()(x).mean().abs() > 1, "eval mode still uses what it remembers"
    net = nn.Sequential(nn.Linear(2, 2), bn).train()
    freeze(net)
    assert net.training and not bn.training


def test_synchronized_statistics_are_those_of_all_rows() -> None:
    rows = torch.randn(60, 5, dtype=torch.float64) * 3 + 7
    mean, variance = synchronized(list(rows.split(15)))
    assert torch.allclose(mean, rows.mean(dim=0)) and torch.allclose(variance, rows.var(dim=0))


def test_padding_dilutes_as_the_law_of_total_variance_says() -> None:
    for mean in (0.0, 1.0, 3.0):
        result, _ = outcome("padding", mean=mean)
        assert np.allclose(result["padded"], result["theory"], rtol=0.05)
        assert np.allclose(result["masked"], 1, atol=1e-3)


def test_masked_bn_leaves_padding_alone() -> None:
    x, real = torch.randn(4, 6, 3), torch.rand(4, 6) > 0.5
    y = normalize_real(nn.BatchNorm1d(3), x, real)
    assert (y[~real] == 0).all()
    assert torch.allclose(y[real].mean(dim=0), torch.zeros(3), atol=1e-5)


def test_joint_batches_keep_what_separate_ones_hide() -> None:
    result, _ = outcome("two_populations", batch_size=256)
    assert np.allclose(result["joint"], result["theory"], atol=0.02)
    assert np.abs(result["separate"]).max() < 1e-5
    assert np.allclose(result["eval"], result["before"], rtol=0.05, atol=0.02)


def test_bn_raises_noise_by_its_own_gain() -> None:
    result, verdict = outcome("latent_noise", noise=0.01, eps=1e-5)
    gain = 1 / np.sqrt(result["before"] ** 2 + 1e-5)
    assert np.allclose(result["after"], result["before"] * gain, rtol=1e-4)
    assert verdict.values["kept"] == 4
    assert np.allclose(result["known"][4:], 0) and (result["known"][:4] > 0.99).all()
