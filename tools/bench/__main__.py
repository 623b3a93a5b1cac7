"""``python -m tools.bench [GROUP ...]``: measure, print the table, write build/bench.json."""

import sys

import torch

from tools.bench import controls, growth, hand, harness, numerics, page_growth, screen, sweeps
from tools.server import ROOT

GROUPS = {
    "probes": numerics.probes,
    "training": numerics.training,
    "eigenvalues": numerics.eigenvalues,
    "top": numerics.top_eigenvalue,
    "landscapes": numerics.landscapes,
    "keypress": screen.keypress,
    "frames": screen.frames,
    "input": hand.input_to_frame,
    "dash": hand.beside_dash,
    "pages": screen.pages,
    "answers": hand.answers,
    "large": hand.large,
    "visitors": hand.visitors,
    "launch": screen.launch,
    "controls": controls.controls,
    "sweeps": sweeps.sweeps,
    "growth": growth.growth,
    "page_growth": page_growth.page_growth,
}


def main(wanted: list[str]) -> None:
    """Measure the wanted groups, or all; SystemExit names one that is not there."""
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        raise SystemExit(f"No measurement {unknown[0]}; there are {', '.join(GROUPS)}.")
    # One thread for both sides: whoever else uses the machine then disturbs both alike.
    torch.set_num_threads(1)
    results: list[harness.Measured] = []
    for name in wanted or GROUPS:
        print(f"Measuring: {name}", flush=True)
        measured = GROUPS[name]()
        print(harness.table(measured), flush=True)
        results += measured
        # What was measured so far is kept, should a later measurement fail.
        harness.write(results, ROOT / "build" / "bench.json")
    print("\n" + harness.table(results))


if __name__ == "__main__":
    main(sys.argv[1:])
