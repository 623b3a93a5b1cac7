"""The document's experiment as a table: what it published beside what comes out here."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from bnviz.texts.markdown import table

Numbers = Mapping[str, Any]

#: The states of facts: network, inputs and BN mode whose exact Hessian is given.
_STATES = {
    "bn_eval": "BN, raw inputs, eval mode",
    "bn_train": "BN, raw inputs, train mode",
    "no_bn": "no BN, raw inputs",
    "no_bn_standardized": "no BN, standardized inputs",
    "bn_train_standardized": "BN, standardized inputs, train mode",
}

_ESTIMATES = {
    "published": "as the document published it",
    "as_published": "the document's code, run here",
    "corrected": "corrected, float64",
}

_WHY_ZERO = (
    "The median of the document's code is 0 because it restores the parameters by making them the\n"
    "saved copy itself, which the next step then moves as well: only the first probe measures."
)


def reproduce(arguments: argparse.Namespace) -> int:
    """`bnviz reproduce`; returns the exit code."""
    import torch

    from bnviz.core.training.reproduce import run

    # The same sums on every machine; and, for nets this small, sooner.
    torch.set_num_threads(1)
    report = run().as_dict()
    print(json.dumps(report, allow_nan=False, indent=2) if arguments.json else as_text(report))
    return 0


def as_text(report: Numbers) -> str:
    """The report as Markdown tables that also read well in a terminal."""
    blocks = [_lipschitz(report), _WHY_ZERO, _eigenvalues(report), _parity(report), _data(report)]
    return "\n\n".join(blocks)


def _lipschitz(report: Numbers) -> str:
    rows = [
        [
            name,
            *(
                f"{report['lipschitz'][key][net][figure]:,.2f}"
                for net in ("bn", "no_bn")
                for figure in ("median", "max")
            ),
        ]
        for key, name in _ESTIMATES.items()
    ]
    exact = [
        f"{max(map(abs, report['eigenvalues'][state].values())):,.2f}"
        for state in ("bn_eval", "no_bn")
    ]
    rows.append(["exact: largest absolute eigenvalue", "", exact[0], "", exact[1]])
    head = ["Lipschitz estimate", "BN, median", "BN, largest", "no BN, median", "no BN, largest"]
    return table(head, rows)


def _eigenvalues(report: Numbers) -> str:
    rows = [
        [name, f"{ends['min']:,.2f}", f"{ends['max']:,.2f}"]
        for key, name in _STATES.items()
        for ends in [report["eigenvalues"][key]]
    ]
    return table(["Hessian eigenvalues, float64", "smallest", "largest"], rows)


def _parity(report: Numbers) -> str:
    names = {"torch": "torch.nn.BatchNorm1d", "numpy": "vectorized numpy", "loop": "for-loop"}
    rows = [
        [names[key], f"{parity['max_abs_difference']:.1e}"]
        for key, parity in report["parity"].items()
    ]
    return table(["BN of a 4 x 5 batch", "largest difference to float64"], rows)


def _data(report: Numbers) -> str:
    features = ("height, m", "weight, kg", "vital capacity, ml")
    data = report["data"]
    rows = [
        [name, f"{mean:.8g}", f"{std:.8g}"]
        for name, mean, std in zip(features, data["mean"], data["std"], strict=True)
    ]
    return table(["The document's data", "mean", "standard deviation"], rows)
