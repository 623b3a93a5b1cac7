"""Spectrum: all eigenvalues of both nets on one axis."""

from bnviz.core.smoothness.density import Density, DensityConfig
from bnviz.plots.smoothness import density as plots
from bnviz.ui.figures import draw, look
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section


def _figures(config: DensityConfig, density: Density) -> None:
    draw(plots.density(density, look(), say), "density", say("smoothness.density.alt"))


SECTION = Section(
    DensityConfig,
    controls=("probes", "steps"),
    figures=_figures,
    formula=r"\varphi(\lambda) = \frac1n\sum_{i=1}^n\delta(\lambda-\lambda_i)"
    r" \approx \frac1P\sum_{p=1}^P\sum_{k=1}^m \omega_k^{(p)}\,"
    r"g_\sigma\big(\lambda-\ell_k^{(p)}\big)",
    library=("spectral_density",),
    measured="mean",
    dimensions={"*": ("grid",), "exact": ("index",)},
    sources=(
        ("Ghorbani et al. 2019", "https://arxiv.org/abs/1901.10159"),
        ("Ubaru, Chen & Saad 2017", "https://doi.org/10.1137/16M1104974"),
    ),
)
