"""Runs: what did I try, and what came of it? Everything launched, and any of it side by side."""

from bnviz.ui.controls import RUNS
from bnviz.ui.runs.chosen import chosen, show_chosen
from bnviz.ui.runs.listing import show_listing
from bnviz.ui.runs.uploads import show_uploads
from bnviz.ui.widgets import tabs

runs = chosen()
if runs:
    show_chosen(runs)
else:
    fill = {"history": show_listing, "uploads": show_uploads}
    for name in tabs(RUNS["runs_tab"], list(fill)):
        fill[name]()
