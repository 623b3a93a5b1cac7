"""The contents of the product: every page, once."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageEntry:
    """A page: its id (also its address and text key), its file and its icon."""

    name: str
    path: str
    icon: str


PAGES = (
    PageEntry("home", "pages/explore/home.py", ":material/home:"),
    PageEntry("one_batch", "pages/explore/one_batch.py", ":material/grid_on:"),
    PageEntry("fitness", "pages/experiment/fitness.py", ":material/fitness_center:"),
)

ICON = Path(__file__).with_name("icon.png")
