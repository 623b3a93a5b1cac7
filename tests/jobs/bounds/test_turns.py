"""Who waits is served fairly, and what is foretold is what comes."""

from hypothesis import given
from hypothesis import strategies as st

from bnviz.jobs.bounds.turns import Turns


@given(st.lists(st.sampled_from("abc") | st.none(), max_size=40))
def test_what_is_foretold_comes_and_nobody_comes_twice_before_another(
    events: list[str | None],
) -> None:
    """Each event is an item that comes, of that owner, or the next that is taken."""
    turns: Turns[tuple[str, int]] = Turns()
    added: list[tuple[str, int]] = []
    taken: list[tuple[str, int]] = []
    passed: dict[str, list[str]] = {}
    for number, owner in enumerate(events):
        if owner is not None:
            turns.add(owner, (owner, number))
            added.append((owner, number))
            passed.setdefault(owner, [])
        elif len(turns):
            foretold = turns.order()
            taken.append(turns.take())
            assert foretold == [taken[-1], *turns.order()] and len(turns) == len(foretold) - 1
            passed.pop(taken[-1][0])
            passed |= {who: [] for who, _ in turns.order() if who == taken[-1][0]}
            for others in passed.values():
                others.append(taken[-1][0])
    for others in passed.values():
        assert len(others) == len(set(others)), "while it waits nobody has two turns"
    for owner in "abc":
        mine = [item for item in added if item[0] == owner]
        served = [item for item in taken if item[0] == owner]
        assert served == mine[: len(served)]
