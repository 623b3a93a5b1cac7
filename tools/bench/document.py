"""The document's own way of doing things, as the reference for ours.

Its nets, its Dataset and DataLoader loop, and its estimator with the one
correction without which it measures nothing: a fresh copy for every probe.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

HIDDEN = 64
BATCH_SIZE = 128


class Net(nn.Module):
    """The document's BNModel or NoBNModel."""

    def __init__(self, *, bn: bool) -> None:
        super().__init__()
        self.fc1 = nn.Linear(3, HIDDEN)
        self.bn = nn.BatchNorm1d(HIDDEN) if bn else nn.Identity()
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(HIDDEN, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3) to (N, 1)."""
        out: Tensor = self.fc2(self.relu(self.bn(self.fc1(x))))
        return out


class Rows(Dataset[tuple[Tensor, Tensor]]):
    """The document's TensorDataset."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x = x
        self.y = y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], self.y[index]


def train(
    net: Net, x: Tensor, y: Tensor, epochs: int, learning_rate: float, rows: int = BATCH_SIZE
) -> None:
    """Adam on the mean squared error over the document's DataLoader."""
    loader = DataLoader(Rows(x, y), batch_size=rows, shuffle=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)
    net.train()
    for _ in range(epochs):
        for batch_x, batch_y in loader:
            optimizer.zero_grad()
            torch.autograd.backward(((net(batch_x) - batch_y) ** 2).mean())
            optimizer.step()


def warm_up(net: Net, x: Tensor, y: Tensor) -> None:
    """50 epochs of forward passes, which set the running statistics; then eval mode."""
    loader = DataLoader(Rows(x, y), batch_size=BATCH_SIZE, shuffle=True)
    net.train()
    for _ in range(50):
        for batch_x, _ in loader:
            net(batch_x)
    net.eval()


def estimate(net: Net, x: Tensor, y: Tensor, count: int, scale: float) -> list[float]:
    """The document's estimate_L, corrected: |gradient change| / |step|, probe by probe."""
    params = list(net.parameters())
    originals = [p.data.clone() for p in params]
    ratios = []
    torch.manual_seed(42)
    for _ in range(count):
        deltas = [torch.randn_like(p) * scale for p in params]
        for p, delta in zip(params, deltas, strict=True):
            p.data += delta
        moved = _gradients(net, x, y)
        for p, original in zip(params, originals, strict=True):
            p.data = original.clone()
        back = _gradients(net, x, y)
        change = sum(torch.norm(a - b, p=2).item() ** 2 for a, b in zip(moved, back, strict=True))
        step = sum(torch.norm(delta, p=2).item() ** 2 for delta in deltas)
        ratios.append(float(np.sqrt(change / step)))
    return ratios


@torch.no_grad()
def losses(
    net: Net, x: Tensor, y: Tensor, plane: tuple[Tensor, Tensor], axis: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(R, R) losses around `net` in the plane of two directions (n,), set point by point."""
    params = list(net.parameters())
    originals = [p.data.clone() for p in params]
    sizes = [p.numel() for p in params]
    first, second = (
        [d.view_as(p) for d, p in zip(direction.split(sizes), params, strict=True)]
        for direction in plane
    )
    losses = np.empty((len(axis), len(axis)))
    for row, b in enumerate(axis.tolist()):
        for column, a in enumerate(axis.tolist()):
            for p, original, u, v in zip(params, originals, first, second, strict=True):
                p.copy_(original + a * u + b * v)
            losses[row, column] = ((net(x) - y) ** 2).mean().item()
    for p, original in zip(params, originals, strict=True):
        p.copy_(original)
    return losses


def _gradients(net: Net, x: Tensor, y: Tensor) -> list[Tensor]:
    loss: Tensor = ((net(x) - y) ** 2).mean()
    torch.autograd.backward(loss)
    gradient = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    net.zero_grad()
    return gradient


def power_iteration(net: Net, x: Tensor, y: Tensor, steps: int) -> list[float]:
    """The largest |eigenvalue| of the loss's Hessian, signed, as it is after each of the steps.

    Written as it mostly is: each product of the Hessian with a vector builds the graph anew.
    """
    params = list(net.parameters())
    torch.manual_seed(0)
    vector = [torch.randn_like(p) for p in params]
    forms = []
    for _ in range(steps):
        norm = torch.sqrt(sum(((v**2).sum() for v in vector), start=torch.zeros(())))
        vector = [v / norm for v in vector]
        loss = ((net(x) - y) ** 2).mean()
        gradient = torch.autograd.grad(loss, params, create_graph=True)
        image = torch.autograd.grad(gradient, params, vector)
        forms.append(float(sum((h * v).sum() for h, v in zip(image, vector, strict=True))))
        vector = list(image)
    return forms
