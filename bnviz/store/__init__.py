"""What is kept on disk: the run history and users' tables."""

from bnviz.store.history import Run, Store, open_store
from bnviz.store.problems import StoreProblem
from bnviz.store.shelf import StoredTable

__all__ = ["Run", "Store", "StoreProblem", "StoredTable", "open_store"]
