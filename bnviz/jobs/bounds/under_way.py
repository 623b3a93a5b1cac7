"""The runs that wait or are worked on here, and whether there may be one more."""

from typing import NamedTuple

from bnviz.jobs.bounds import limits
from bnviz.store import Problem, Store


class Launched(NamedTuple):
    """Who launched a run, and how many bytes it will keep."""

    visitor: str
    keeps: float


class UnderWay(dict[str, Launched]):
    """The runs, by their ids."""

    def check(self, store: Store, visitor: str, keeps: float) -> None:
        """Raises Problem where another run, of so many bytes, is too much: the visitor's or all."""
        active = store.active()
        living = {run_id: run for run_id, run in self.copy().items() if run_id in active}
        own = sum(run.visitor == visitor for run in living.values())
        if own >= limits.of_visitor():
            raise Problem("jobs_of_visitor", {"own": str(own)})
        if list(active.values()).count("queued") >= limits.waiting():
            raise Problem("jobs_waiting", {"waiting": str(limits.waiting())})
        for whose in {"", visitor}:
            theirs = {each: run.keeps for each, run in living.items() if whose in {"", run.visitor}}
            store.check_room(keeps + sum(theirs.values()), whose, theirs)
