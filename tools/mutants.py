"""Plants small faults one at a time and asks the tests: ``python -m tools.mutants 200 [SEED]``.

A fault is one operator, comparison, constant or name of bnviz replaced by its neighbour, drawn
at random. Each is tried in a copy of the checkout against the tests of its room (TESTS), those
first that mirror or import its file, with the browser left out. What nobody noticed is printed,
and all goes into build/mutants.json, where the next run begins: what survived is tried again.
"""

import ast
import json
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "mutants.json"
#: So many faults are tried at a time, each in a copy of its own.
COPIES = 2
#: A test that never ends has noticed the fault too.
SECONDS = 900
OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
OPTIONS += ["-o", "faulthandler_timeout=200", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
#: Each fault is tried in a process of its own, which has what takes long to import.
os.environ["OMP_NUM_THREADS"] = "1"
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(
    ["torch", "torch.func", "pandas", "plotly.graph_objects", "streamlit.testing.v1", "hypothesis"]
)
UI = ("one_batch", "train_vs_eval", "fitness", "smoothness", "pitfalls", "runs", "sweep")

#: By the beginning of a file's path, the longest that fits: who tests it.
TESTS = {
    "bnviz": "tests/test_package.py tests/test_command_line.py tests/store",
    "bnviz/core": "tests/core",
    **{f"bnviz/core/{p.name}": f"tests/core/{p.name}" for p in (ROOT / "bnviz/core").glob("*/")},
    "bnviz/core/configs.py": "tests/core/test_configs.py tests/core/data tests/pages/test_links.py",
    "bnviz/cli": "tests/test_command_line.py",
    "bnviz/__main__.py": "tests/test_command_line.py tests/test_package.py",
    "bnviz/children.py": "tests/jobs tests/files/test_bounds.py",
    "bnviz/export": "tests/export",
    "bnviz/files": "tests/files",
    "bnviz/jobs": "tests/jobs",
    "bnviz/library.py": "tests/test_library.py tests/test_any_net.py",
    "bnviz/plots": "tests/plots tests/ui/smoothness tests/pages/test_smoothness.py",
    "bnviz/plots/flow.py": "tests/plots tests/pages/test_fitness.py",
    "bnviz/plots/runs": "tests/plots tests/pages/test_runs.py",
    "bnviz/plots/pitfalls": "tests/ui/pitfalls tests/plots tests/pages/test_pitfalls.py",
    "bnviz/store": "tests/store tests/test_last_release.py",
    "bnviz/texts": "tests/texts",
    "bnviz/ui": "tests/ui tests/pages",
    **{
        f"bnviz/ui/{room}": f"tests/ui/{room} tests/pages/test_{room}.py tests/pages/test_pages.py"
        for room in UI
    },
    "bnviz/ui/presenter": "tests/ui/presenter tests/pages/test_lessons.py",
    "bnviz/ui/server": "tests/ui/server tests/test_security.py",
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

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.old} -> {self.new}"

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


@cache
def own_tests(path: str) -> tuple[list[str], list[str]]:
    """The tests of a file's room: those that mirror or import it, and the others."""
    package, _, module = path.removesuffix(".py").replace("/", ".").rpartition(".")
    by = re.compile(rf"{package}\.{module}\b|from {package} import [^\n]*\b{module}\b")
    room = max((start for start in TESTS if path.startswith(start)), key=len)
    parts = [ROOT / part for part in TESTS[room].split()]
    files = [file for part in parts for file in (sorted(part.rglob("test_*.py")) or [part])]
    near, far = list[str](), list[str]()
    for file in filter(Path.exists, dict.fromkeys(files)):
        name = file.relative_to(ROOT).as_posix()
        mirrors = name == f"tests/{path.removeprefix('bnviz/').replace(module, f'test_{module}')}"
        imports = by.search(file.read_text(encoding="utf-8"))
        near.insert(0, name) if mirrors else (near if imports else far).append(name)
    return near, far


def failing(tests: list[str], copy: Path) -> str:
    """The first of these tests that fails in the copy, or nothing; never to end is to fail."""
    if not tests:
        return ""
    told = copy / "build.txt"
    process = WARM.Process(target=ask, args=(tests, copy, told))
    process.start()
    process.join(SECONDS)
    if process.exitcode is None:
        process.kill()
        return "no end"
    text = told.read_text(errors="replace")
    named = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    if process.exitcode > 0 and not named and "\nTimeout (" not in text:
        sys.exit(f"The tests could not be run: {text}")
    return named[1] if named else "no end" if process.exitcode else ""


def ask(tests: list[str], copy: Path, told: Path) -> None:
    """Runs tests of the copy and writes what pytest tells; ends this process."""
    os.chdir(copy)
    with told.open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(pytest.main([*OPTIONS, *tests]))


def noticed_by(mutant: Mutant, copy: Path) -> str:
    """The test that fails with the fault in the copy, which is then as it was."""
    file = copy / mutant.path
    healthy = file.read_bytes()
    near, far = own_tests(mutant.path)
    try:
        file.write_bytes(mutant.applied(healthy))
        return failing(near, copy) or failing(far, copy)
    finally:
        file.write_bytes(healthy)


def checkout(folder: Path) -> Path:
    """A copy of what git knows of the checkout."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def drawn(count: int, seed: int) -> list[Mutant]:
    """So many of all faults, the same for the same seed."""
    files = [p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "bnviz").rglob("*.py"))]
    every = [m for f in files for m in mutants(f, (ROOT / f).read_text(encoding="utf-8"))]
    return random.Random(seed).sample(every, min(count, len(every)))


def tried(some: list[Mutant], kept: dict[Mutant, str]) -> None:
    """Asks the tests for each fault, and keeps at once who noticed it."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(COPIES) as pool:
        copies = SimpleQueue[Path]()
        for number in range(COPIES):
            copies.put(checkout(Path(folder, str(number))))

        def one(mutant: Mutant) -> str:
            copy = copies.get()
            try:
                return noticed_by(mutant, copy)
            finally:
                copies.put(copy)

        asked = {pool.submit(one, mutant): mutant for mutant in some}
        for done in as_completed(asked):
            mutant, by = asked[done], done.result()
            kept[mutant] = by
            print(f"{mutant}  {by or 'SURVIVED'}", flush=True)
            KEPT.write_text(
                json.dumps([asdict(m) | {"by": by} for m, by in kept.items()], indent=1)
            )
        for by in sorted(set(kept.values()) - {"", "no end"}):
            if failing([by], copies.get()):
                sys.exit(f"This fails without any fault: {by}")


def main(count: int = 200, seed: int = 0) -> None:
    """Tries `count` faults, tells of each, and sums up by area."""
    KEPT.parent.mkdir(exist_ok=True)
    kept = dict[Mutant, str]()
    if KEPT.exists():
        for row in json.loads(KEPT.read_text()):
            by = row.pop("by")
            kept[Mutant(**row)] = by
    some = drawn(count, seed)
    tried([m for m in some if not kept.get(m)], kept)
    areas = defaultdict[str, list[bool]](list)
    for mutant in some:
        parts = mutant.path.split("/")
        area = "/".join(parts[: 3 if parts[1] == "core" else 2])
        for each in (area, "in all"):
            areas[each].append(bool(kept[mutant]))
    for area, seen in sorted(areas.items()):
        print(f"{area:28} {sum(seen):4} of {len(seen):4}  {sum(seen) / len(seen):4.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
