"""The document's estimator, word for word: what its replay is compared with."""

import torch
from torch import Tensor, nn


def documents_loop(
    module: nn.Module, x: Tensor, y: Tensor, count: int
) -> tuple[list[float], list[float], list[bool]]:
    """Its estimate_L; also how far the weights are by then, and whether they are their copies."""
    module.zero_grad()
    params = list(module.parameters())
    begun = nn.utils.parameters_to_vector(params).detach().clone()
    originals = [p.data.clone() for p in params]
    L, drift, shared = [], [], []
    torch.manual_seed(42)
    for _ in range(count):
        deltas = [torch.randn_like(p) * 1e-5 for p in params]
        for p, delta in zip(params, deltas, strict=True):
            p.data += delta
        ((module(x) - y) ** 2).mean().backward()
        grads1 = [p.grad.clone() for p in params]  # type: ignore[union-attr]
        module.zero_grad()
        for p, orig in zip(params, originals, strict=True):
            p.data = orig
        ((module(x) - y) ** 2).mean().backward()
        grads2 = [p.grad.clone() for p in params]  # type: ignore[union-attr]
        module.zero_grad()
        pairs = zip(grads1, grads2, strict=True)
        grad_diff = sum(torch.norm(g1 - g2, p=2).item() ** 2 for g1, g2 in pairs) ** 0.5
        delta_norm = sum(torch.norm(d, p=2).item() ** 2 for d in deltas) ** 0.5
        if delta_norm > 1e-7:
            L.append(grad_diff / delta_norm)
        drift.append(float((nn.utils.parameters_to_vector(params).detach() - begun).norm()))
        with torch.no_grad():  # what is written into the copy is read in the parameter
            kept = originals[0].flatten()[0].clone()
            originals[0].flatten()[0] = 123.0
            shared.append(params[0].flatten()[0].item() == 123.0)
            originals[0].flatten()[0] = kept
    return L, drift, shared
