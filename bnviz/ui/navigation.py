"""The contents of the product: every page, once."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageEntry:
    """A page: its id (also its address and text key), its file and its icon."""

    name: str
    path: str
    icon: str
    aside: bool = False
    """Whether it has controls in the sidebar."""


HOME = PageEntry("home", "pages/explore/home.py", ":material/home:")
ONE_BATCH = PageEntry("one_batch", "pages/explore/one_batch.py", ":material/grid_on:", aside=True)
TRAIN_VS_EVAL = PageEntry(
    "train_vs_eval", "pages/explore/train_vs_eval.py", ":material/compare_arrows:", aside=True
)
PITFALLS = PageEntry("pitfalls", "pages/explore/pitfalls.py", ":material/warning:")
FITNESS = PageEntry(
    "fitness", "pages/experiment/fitness.py", ":material/fitness_center:", aside=True
)
SMOOTHNESS = PageEntry(
    "smoothness", "pages/experiment/smoothness.py", ":material/landscape:", aside=True
)
SWEEP = PageEntry("sweep", "pages/experiment/sweep.py", ":material/grid_view:", aside=True)
RUNS = PageEntry("runs", "pages/experiment/runs.py", ":material/history:")
GLOSSARY = PageEntry("glossary", "pages/explore/glossary.py", ":material/menu_book:")

PAGES = (HOME, ONE_BATCH, TRAIN_VS_EVAL, PITFALLS, FITNESS, SMOOTHNESS, SWEEP, RUNS, GLOSSARY)

ICON = Path(__file__).with_name("icon.png")
