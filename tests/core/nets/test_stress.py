"""Norms of nets where numbers are hard: right to float32's rounding, or not finite."""

from typing import get_args

import pytest
import torch

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.initial import initial
from bnviz.core.nets.norms.names import Norm
from bnviz.core.nets.norms.table import NORMS

#: Unit roundoff of float32, the largest number, and where squares of it lose digits.
U, LARGEST, SMALLEST = 2.0**-24, torch.finfo(torch.float32).max, 1e-15


@pytest.mark.parametrize("eps", [1e-5, 1e-12, 1e-30])
@pytest.mark.parametrize(
    "norm", [norm for norm in get_args(Norm) if norm not in ("none", "weight")]
)
def test_no_norm_makes_a_wrong_number(norm: Norm, eps: float) -> None:
    """From 1e-30 to 1e30, far from zero and near it, constant, infinite: as in float64.

    What is off is off by roundings of the largest value, magnified as the norm magnifies it. It is
    not finite only where a square is beyond float32.
    """
    network = NetworkConfig(width=8, norm=norm, eps=eps, groups=2, ghost_size=16, renorm_warmup=1)
    stack, equation = initial(network, 3, [0], bn=True), NORMS[norm]
    assert equation is not None
    noise = torch.randn(1, 8, 64, generator=torch.Generator().manual_seed(0))
    for exponent in range(-30, 31, 3):
        for offset in (0.0, 1.0, 100.0):
            x = (noise + offset) * 10.0**exponent
            own = stack.own("layers.0")
            y = equation.forward(network, own, x, False).double()
            wide = {name: value.double() for name, value in own.items()}
            exact = equation.forward(network, wide, x.double(), False)
            least = 1e-3 * float(x.double().var() + eps) ** 0.5  # of a unit's or a row's deviation
            gain = float(x.abs().max()) / max(least, eps**0.5)
            off = (y - exact).abs() <= 64 * U * (gain + exact.abs())
            assert (off | ~y.isfinite()).all(), (exponent, offset)
            assert y.isfinite().all() or exponent + (offset > 9) * 2 >= 17
    x = noise.clone()
    x[0, 3, 5] = torch.inf
    hurt = ~equation.forward(network, stack.own("layers.0"), x, False).isfinite()
    assert norm == "dyt" or (hurt[0, 3, 5])
