"""Which sentences code can ask for, read from the code itself."""

import ast
import inspect
from functools import cache
from importlib import import_module
from itertools import product

from bnviz.core.smoothness.gap import MOMENTS

#: What the parts of a computed name can be, by its pattern; a name in full has no entry.
PARTS: dict[str, list[tuple[str, ...]]] = {
    "scales_kinks_{}": [("none",), ("bn",), ("plain",), ("both",)],
    "{}_{}": list(product(("inputs", "bn", "other", "none", "sharper"), MOMENTS)),
    "lost_{}": [(moment,) for moment in MOMENTS],
    "extremes_{}": [("bn",), ("plain",)],
    "extremes_{}_scale": [("bn",), ("plain",)],
    "density_{}": [("neither",), ("bn",), ("plain",), ("both",)],
    "stability_{}": [
        (name,) for name in ("both", "plain", "bn", "neither", "plain_grown", "neither_grown")
    ],
    "landscape_{}": [(net,) for net in ("bn", "plain", "level", "bn_absolute", "plain_absolute")],
    "along_{}_{}": list(product(("relative", "absolute"), ("bn", "plain", "level"))),
}


def patterns(node: ast.expr) -> list[str]:
    """What an expression can be: its literal parts, with {} for the others."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)]
    if isinstance(node, ast.IfExp):
        return patterns(node.body) + patterns(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        rights = patterns(node.right) or ["{}"]
        return [left + right for left in patterns(node.left) for right in rights]
    return []


@cache
def verdicts(kind: str) -> list[str]:
    """The names of all sentences that a measure of this kind can end in."""
    tree = ast.parse(
        inspect.getsource(
            import_module(f"bnviz.core.smoothness.{'document' if kind == 'replay' else kind}")
        )
    )
    names: list[str] = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Sentence":
            for pattern in patterns(call.args[0]):
                parts = PARTS[pattern] if "{}" in pattern else [()]
                names += [pattern.format(*each) for each in parts]
    return names
