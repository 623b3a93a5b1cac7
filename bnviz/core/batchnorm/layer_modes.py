"""What is frozen? A BN layer takes one training step, and we look what has changed.

Nothing here is known beforehand: every cell of the table is read off the layer. The page
shows the source of :func:`one_step`, which is therefore the code that ran.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import torch
from torch import nn

from bnviz.core.verdict import Verdict

#: The attributes of a BN layer that a step may change.
PARTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class Setting:
    """How a layer is made and used; `cumulative` is torch's ``momentum=None``.

    `tracking_ended`: ``track_running_stats`` is set to False on the finished layer.
    """

    training: bool = True
    requires_grad: bool = True
    track_running_stats: bool = True
    affine: bool = True
    cumulative: bool = False
    tracking_ended: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one step did: normalized with the "batch" or with the "running" statistics.

    `changed` says of each of PARTS whether the step changed it; None if the layer has none.
    """

    normalized_with: str
    changed: dict[str, bool | None]


def one_step(
    training: bool,
    requires_grad: bool,
    track_running_stats: bool,
    affine: bool,
    momentum: float | None,
    tracking_ended: bool,
) -> tuple[str, dict[str, bool | None]]:
    """Forward, backward and one step of SGD; what it normalized with, and what changed."""
    generator = torch.Generator().manual_seed(0)
    x = 5 + 2 * torch.randn(32, 3, generator=generator)
    target = torch.randn(32, 3, generator=generator)
    layer = nn.BatchNorm1d(
        3, momentum=momentum, affine=affine, track_running_stats=track_running_stats
    )
    if tracking_ended:
        layer.track_running_stats = False
    layer.requires_grad_(requires_grad)
    layer.train(training)
    before = {name: value.clone() for name, value in layer.state_dict().items()}

    # What comes before BN can be trained in any case, so that there is always a gradient.
    first = nn.Parameter(torch.zeros(3))
    y = layer(x + first)
    (y - target).square().mean().backward()
    with torch.no_grad():  # one step of SGD, as torch.optim.SGD takes it
        for parameter in (first, *layer.parameters()):
            if parameter.grad is not None:
                parameter.sub_(0.1 * parameter.grad)

    by_batch = (x - x.mean(0)) / (x.var(0, unbiased=False) + layer.eps).sqrt()
    normalized_with = "batch" if torch.allclose(y, by_batch, atol=1e-5) else "running"
    after = layer.state_dict()
    changed = {
        name: not torch.equal(before[name], after[name]) if name in before else None
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    }
    return normalized_with, changed


def outcome(setting: Setting) -> Outcome:
    """One setting, tried."""
    return Outcome(*one_step(*arguments(setting)))


def verdict(outcome: Outcome) -> Verdict[Literal["outcome"]]:
    """What the layer normalized with, and what one step changed and left."""
    changes, stays = (
        tuple(part for part, changed in outcome.changed.items() if changed is wanted)
        for wanted in (True, False)
    )
    using = outcome.normalized_with
    return Verdict("outcome", {"using": using, "changes": changes, "stays": stays})


def notes(
    setting: Setting, outcome: Outcome
) -> Iterator[Verdict[Literal["moves", "learns", "batch", "ended", "frozen"]]]:
    """The traps that this setting is one of, by what the step did."""
    learns, moves = outcome.changed["weight"], outcome.changed["running_mean"]
    if not setting.requires_grad and moves:
        yield Verdict("moves")
    if not setting.training and learns:
        yield Verdict("learns")
    if not setting.training and outcome.normalized_with == "batch":
        yield Verdict("batch")
    if setting.tracking_ended and setting.track_running_stats:
        yield Verdict("ended")
    if not (learns or moves) and outcome.normalized_with == "running":
        yield Verdict("frozen")


def arguments(setting: Setting) -> tuple[bool, bool, bool, bool, float | None, bool]:
    """The setting as :func:`one_step` takes it, in its order."""
    return (
        setting.training,
        setting.requires_grad,
        setting.track_running_stats,
        setting.affine,
        None if setting.cumulative else 0.1,
        setting.tracking_ended,
    )


def truth_table() -> list[tuple[Setting, Outcome]]:
    """Every setting, tried. Without affine there is nothing for requires_grad to act on, without
    tracking none to end.
    """
    both = (True, False)
    flags = product(both, both, both, both, (False, True), (False, True))
    settings = [Setting(*each) for each in flags]
    return [
        (s, outcome(s))
        for s in settings
        if (s.affine or s.requires_grad) and (s.track_running_stats or not s.tracking_ended)
    ]


def code(setting: Setting) -> str:
    """The program that obtained this setting's cells, ready to run."""
    names = inspect.signature(one_step).parameters
    pairs = zip(names, arguments(setting), strict=True)
    values = ", ".join(f"{name}={value}" for name, value in pairs)
    source = inspect.getsource(one_step)
    return f"import torch\nfrom torch import nn\n\n\n{source}\n\nprint(one_step({values}))\n"
