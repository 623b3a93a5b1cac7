"""What runs have kept, damaged in any way: it is read, or said to be damaged, and nothing else."""

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from bnviz.core.smoothness import measure
from bnviz.core.sweep.outcome import Finished, NetOutcome, Outcome
from bnviz.core.training import snapshots
from bnviz.jobs.kinds import SWEEPS, TRAININGS, Kind
from bnviz.store import StoreProblem

_NET = snapshots.NetSnapshot(**{f.name: np.ones(2) for f in fields(snapshots.NetSnapshot)})
_CELL = NetOutcome(**{field.name: np.ones(2) for field in fields(NetOutcome)})
KEPT: dict[str, tuple[Kind[Any, Any], bytes]] = {
    "snapshot": (TRAININGS, snapshots.to_bytes(snapshots.Snapshot(0, 0, 0, _NET, _NET, {}))),
    "cell": (SWEEPS, measure.to_bytes(Finished(3, Outcome(np.ones(2), _CELL, _CELL)))),
}
ARRAYS = st.sampled_from(
    [
        *(np.array(np.inf), np.array(np.nan), np.zeros(0), np.zeros((2, 2)), np.zeros(3, bool)),
        *(np.full(3, np.inf), np.full(3, 2**63 - 1), np.zeros(3, "f2"), np.array(7, "u1")),
    ]
)


@settings(max_examples=150)
@given(st.sampled_from([*KEPT]), st.data())
def test_any_damage_says_so(kind: str, data: st.DataObject) -> None:
    """To bytes, most of them of the head; and to an array, which is left out or another."""
    of, blob = KEPT[kind]
    if data.draw(st.booleans()):
        changed = bytearray(blob[: data.draw(st.integers(1, len(blob)))])
        for _ in range(data.draw(st.integers(0, 4))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        blob = bytes(changed)
    else:
        arrays = load(blob)
        name = data.draw(st.sampled_from([*arrays]))
        arrays[name] = data.draw(ARRAYS)
        if data.draw(st.booleans()):
            del arrays[name]
        blob = save(arrays)
    try:
        of.decoded("run", blob)
    except StoreProblem as problem:
        assert problem.code == "damaged"
