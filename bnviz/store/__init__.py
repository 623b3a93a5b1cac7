"""What is kept on disk: the run history and users' tables."""

from bnviz.store.errors import Problem, StoreProblem
from bnviz.store.records import Run
from bnviz.store.runs import Store, open_store
from bnviz.store.schema import ELSEWHERE
from bnviz.store.tables import StoredTable

__all__ = ["ELSEWHERE", "Problem", "Run", "Store", "StoreProblem", "StoredTable", "open_store"]
