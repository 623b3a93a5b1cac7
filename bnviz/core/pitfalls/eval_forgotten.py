"""eval() forgotten: a prediction depends on the company in the batch, and changes the net.

Source: torch.nn.Module.eval; Ioffe and Szegedy (2015), section 3.1.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import EvalForgotten
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.pitfalls.tasks import blobs, classifier
from bnviz.core.verdict import Verdict


@torch.no_grad()
def predict(net: nn.Module, x: Tensor) -> Tensor:
    """Class of each row, in eval mode whatever the mode was; no_grad alone does not do that."""
    was_training = net.training
    net.eval()
    answer: Tensor = net(x).argmax(dim=1)
    net.train(was_training)
    return answer


def trained() -> nn.Sequential:
    """A classifier after 50 steps on shuffled batches."""
    net, (x, y) = classifier(), blobs(512)
    adam = torch.optim.Adam(net.parameters(), lr=0.04, fused=True)
    for _ in range(50):
        rows = torch.randint(512, (64,))
        loss = functional.cross_entropy(net(x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return net


def experiment(batch_size: int, order: str) -> Numbers:
    """Validation accuracy over the batch size, in train mode and in eval mode."""
    torch.manual_seed(0)
    net, (x, y) = trained(), blobs(256)
    if order == "shuffled":
        mix = torch.randperm(256)
        x, y = x[mix], y[mix]
    state = {name: value.clone() for name, value in net.state_dict().items()}
    sizes = sorted({*(2**k for k in range(1, 9)), batch_size})
    forgotten, right, afterwards = [], [], []
    for size in sizes:
        with torch.no_grad():
            full = [b for b in x.split(size) if len(b) > 1]
            guess = torch.cat([net.train()(b).argmax(dim=1) for b in full])
        forgotten.append((guess == y[: len(guess)]).double().mean())
        afterwards.append((predict(net, x) == y).double().mean())
        net.load_state_dict(state)
        right.append((predict(net, x) == y).double().mean())
    return {
        "size": torch.tensor(sizes),
        "forgotten": torch.stack(forgotten),
        "right": torch.stack(right),
        "afterwards": torch.stack(afterwards),
    }


def judge(config: EvalForgotten, result: Result) -> Verdict[Literal["worse", "better", "same"]]:
    """Harmful when the accuracy moves by more than 3 points."""
    here = int(abs(result["size"] - config.batch_size).argmin())
    names = ("forgotten", "right", "afterwards")
    values = {f"{name}_share": float(result[name][here]) for name in names}
    gap = values["right_share"] - values["forgotten_share"]
    values["size"] = config.batch_size
    if abs(gap) <= 0.03:
        return Verdict("same", values)
    return Verdict("worse" if gap > 0 else "better", values)


FIX = (predict,)
PARTS = (blobs, classifier, trained)
SOURCES = (
    thread("pytorch/pytorch", 5406),
    thread("pytorch/vision", 2079),
    thread("layumi/Person_reID_baseline_pytorch", 218),
)
