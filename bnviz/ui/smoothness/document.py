"""The document: its estimator, probe by probe, beside what it meant to compute."""

from bnviz.core.smoothness.document import DocumentConfig, Replay
from bnviz.plots.smoothness import document as plots
from bnviz.ui.figures import look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section
from bnviz.ui.sources import SANTURKAR


def _figures(config: DocumentConfig, replay: Replay) -> None:
    pair = {
        "replay": plots.replay(replay, look(), say),
        "drift": plots.drift(replay, look(), say),
    }
    alt = say("smoothness.document.alt")
    show_pair(pair, alt, "smoothness.document.{}")


SECTION = Section(
    DocumentConfig,
    controls=("probes",),
    figures=_figures,
    formula=r"\hat L(d) = \frac{\lVert\nabla f(\theta+\varepsilon d)-\nabla f(\theta)\rVert}"
    r"{\lVert\varepsilon d\rVert}\,,\qquad d\sim\mathcal N(0, I_n),\ \varepsilon=10^{-5}",
    library=("lipschitz_probes",),
    dimensions={"*": ("probe",)},
    sources=(
        SANTURKAR,
        (
            "torch.Tensor.detach",
            "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html",
        ),
    ),
)
