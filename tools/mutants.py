"""Plants small faults one at a time and asks the tests: ``python -m tools.mutants 200 [SEED]``.

A fault is one operator, comparison, constant or name of bnviz replaced by its neighbour, drawn
at random. Each is tried in a copy of the checkout against the tests of its room (TESTS), with
the browser left out. What nobody noticed is printed, and all goes into build/mutants.json.
"""

import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A test that never ends has noticed the fault too.
SECONDS = 900

#: By the beginning of a file's path, the longest that fits: who tests it.
TESTS = {
    "bnviz": "tests/test_package.py tests/test_command_line.py tests/store",
    "bnviz/core/configs.py": "tests/core/test_configs.py tests/ui/test_config_widgets.py",
    "bnviz/core": "tests/core",
    **{
        f"bnviz/core/{room}": f"tests/core/{room}"
        for room in ("batchnorm", "curvature", "data", "nets", "pitfalls", "smoothness", "training")
    },
    "bnviz/cli": "tests/test_command_line.py",
    "bnviz/__main__.py": "tests/test_command_line.py tests/test_package.py",
    "bnviz/files": "tests/files",
    "bnviz/jobs": "tests/jobs",
    "bnviz/library.py": "tests/test_library.py tests/test_any_net.py",
    "bnviz/plots": "tests/plots",
    "bnviz/store": "tests/store tests/test_last_release.py",
    "bnviz/texts": "tests/texts",
    "bnviz/ui": "tests/ui tests/pages",
    **{
        f"bnviz/ui/{room}": f"tests/ui tests/pages/test_{room}.py tests/pages/test_pages.py"
        for room in ("one_batch", "train_vs_eval", "fitness", "smoothness", "pitfalls")
    },
}

COMPARISONS = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
OPERATORS = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.Pow: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
#: Names that are easily mistaken for one another.
PAIRS = (
    "min max",
    "any all",
    "bn plain",
    "mean variance",
    "row column",
    "x y",
    "running_mean running_variance",
    "biased_variance unbiased_variance",
    "before after",
)
NEIGHBOURS = {one: two for pair in PAIRS for one, two in (pair.split(), pair.split()[::-1])}


@dataclass(frozen=True)
class Mutant:
    """`old` at a place of a file becomes `new`."""

    path: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """The file with the fault in it; `start` and `end` count its bytes."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every fault that can be planted in a file."""
    blob = source.encode()
    begins = [0]
    for line in blob.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))

    def between(first: ast.expr, second: ast.expr, new: str) -> Iterator[Mutant]:
        """The operator between two operands: what stands there but blanks and brackets."""
        start = begins[(first.end_lineno or 1) - 1] + (first.end_col_offset or 0)
        end = begins[second.lineno - 1] + second.col_offset
        text = blob[start:end]
        old = text.strip(b" \n()\\").decode()
        if old and "#" not in old:
            start += text.index(old.encode())
            yield Mutant(path, first.end_lineno or 1, start, start + len(old), old, new)

    def whole(node: ast.expr | ast.stmt, new: str) -> Iterator[Mutant]:
        start = begins[node.lineno - 1] + node.col_offset
        end = begins[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        yield Mutant(path, node.lineno, start, end, blob[start:end].decode(), new)

    for node in _running(ast.parse(source)):
        match node:
            case ast.Compare(left, [op], [right]) if type(op) in COMPARISONS:
                yield from between(left, right, COMPARISONS[type(op)])
            case ast.BinOp(left, op, right) if type(op) in OPERATORS:
                yield from between(left, right, OPERATORS[type(op)])
            case ast.BoolOp(op, [first, second]):
                yield from between(first, second, "or" if isinstance(op, ast.And) else "and")
            case ast.Constant(bool(value)):
                yield from whole(node, str(not value))
            case ast.Constant(int(number)):
                yield from whole(node, str(number + 1))
            case ast.Constant(float(number)):
                yield from whole(node, repr(number * 2 + (number == 0)))
            case ast.Constant(str(text)) if text in NEIGHBOURS:
                yield from whole(node, repr(NEIGHBOURS[text]))
            case ast.Name(name) if name in NEIGHBOURS:
                yield from whole(node, NEIGHBOURS[name])
            case ast.Attribute(value, name) if name in NEIGHBOURS:
                owner = ast.get_source_segment(source, value)
                yield from whole(node, f"{owner}.{NEIGHBOURS[name]}")
            case ast.UnaryOp(ast.Not(), operand):
                yield from whole(node, f"({ast.get_source_segment(source, operand)})")
            case ast.If(test):
                yield from whole(test, f"not ({ast.get_source_segment(source, test)})")


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: no annotation, no import, nothing inside an f-string."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "type_params", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            skipped = ast.JoinedStr | ast.Import | ast.ImportFrom
            if isinstance(child, ast.AST) and not isinstance(child, skipped):
                yield child
                yield from _running(child)


def own_tests(path: str) -> list[str]:
    """Files and folders of the tests of a file's room, those that there are."""
    room = max((start for start in TESTS if path.startswith(start)), key=len)
    return [test for test in TESTS[room].split() if (ROOT / test).exists()]


def passes(tests: list[str], copy: Path) -> bool:
    """Whether these tests of the copy are green; never to end is not."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            capture_output=True,
            timeout=SECONDS,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def noticed(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests fail with the fault in the copy, which is then as it was."""
    file = copy / mutant.path
    healthy = file.read_bytes()
    try:
        file.write_bytes(mutant.applied(healthy))
        return not passes(own_tests(mutant.path), copy)
    finally:
        file.write_bytes(healthy)


def main(count: int, seed: int = 0) -> None:
    """Tries `count` faults, tells of each, and sums up by area."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for name in filter(None, listed.split("\0")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        files = [p.relative_to(copy).as_posix() for p in sorted((copy / "bnviz").rglob("*.py"))]
        every = [m for f in files for m in mutants(f, (copy / f).read_text(encoding="utf-8"))]
        results, green = [], set[tuple[str, ...]]()
        for mutant in random.Random(seed).sample(every, min(count, len(every))):
            room = tuple(own_tests(mutant.path))
            if room not in green and not passes([*room], copy):
                sys.exit(f"These fail without any fault: {' '.join(room)}")
            green.add(room)
            results.append(asdict(mutant) | {"noticed": noticed(mutant, copy)})
            word = "noticed " if results[-1]["noticed"] else "SURVIVED"
            place = f"{mutant.path}:{mutant.line}"
            print(f"{word}  {place}  {mutant.old} -> {mutant.new}", flush=True)
            (ROOT / "build").mkdir(exist_ok=True)
            (ROOT / "build" / "mutants.json").write_text(json.dumps(results, indent=1))
    areas = defaultdict[str, list[bool]](list)
    for result in results:
        parts = str(result["path"]).split("/")
        area = "/".join(parts[: 3 if parts[1] == "core" else 2])
        for each in (area, "in all"):
            areas[each].append(bool(result["noticed"]))
    for area, tried in sorted(areas.items()):
        print(f"{area:28} {sum(tried):4} of {len(tried):4}  {sum(tried) / len(tried):4.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:] or ["200"]))
