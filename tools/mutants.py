"""Plants small faults one at a time and asks the tests: ``python -m tools.mutants 200 [SEED]``.

A fault is one operator, comparison, constant or name of bnviz replaced by its neighbour, drawn
at random. First the tests, without the browser, run once without any fault, and each line
remembers which tests came by. Then each fault is tried in a copy of the checkout against those of
its line, the quickest first. What nobody noticed is printed, and all goes into
build/mutants.json, where the next run begins: what survived is tried again.
"""

import ast
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from queue import SimpleQueue

import coverage
import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
#: So many processes work at a time, each in a copy of its own.
COPIES = 2
#: A test that takes so long has noticed the fault too; all tests of a fault take so long at most.
TEST_SECONDS, SECONDS = 100, 60.0
#: What every import leaves behind these look at, and no footprint tells it.
OF_IMPORTS = "tests/test_approved.py"
OPTIONS = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
OPTIONS += ["-o", f"faulthandler_timeout={TEST_SECONDS}"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
#: Each fault is tried in a process of its own, which has what takes long to import.
os.environ["OMP_NUM_THREADS"] = "1"
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(
    ["torch", "torch.func", "pandas", "plotly.graph_objects", "streamlit.testing.v1", "hypothesis"]
)

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
    """The nodes that run: no annotation, no import, nothing inside an f-string.

    Nor the ``strict=True`` of a zip: it never fails, so without it the program is the same.
    """
    match tree:
        case ast.keyword("strict", ast.Constant(True)):
            return
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "type_params", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            skipped = ast.JoinedStr | ast.Import | ast.ImportFrom
            if isinstance(child, ast.AST) and not isinstance(child, skipped):
                yield child
                yield from _running(child)


@dataclass
class Seen:
    """What the tests do without any fault: the seconds of each, and by file and line who ran it."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def add(self, other: "Seen") -> None:
        """Takes in what another process saw."""
        self.seconds |= other.seconds
        for path, lines in other.lines.items():
            mine = self.lines.setdefault(path, {})
            for line, tests in lines.items():
                mine.setdefault(int(line), []).extend(tests)

    def tests(self, path: str, line: int) -> list[str]:
        """Those that run a line, the quickest first; all of its file, where one or none is known.

        One may have run what a cache then kept for all others.
        """
        lines, known = self.lines.get(path, {}), self.seconds.keys()
        ran = [number for number in lines if number <= line]
        inside = ran and any(start <= line <= end for start, end in bodies(path))
        names = own = known & set(lines[max(ran)] if inside else ())
        if len(names) < 2:  # an import ran it, or what leaves no footprint: a thread or a process
            imports = {name for name in known if name.startswith(OF_IMPORTS)}
            names = known & {name for each in lines.values() for name in each} - imports
            names = names or {name for name in known if name.startswith(room(path))}
            own = own | imports
            names |= own
        quick = sorted(names, key=lambda name: (name not in own, self.seconds[name]))
        sums = accumulate(self.seconds[name] for name in quick)
        return [name for name, total in zip(quick, sums, strict=True) if total <= SECONDS]


@cache
def bodies(path: str) -> list[tuple[int, int]]:
    """First and last lines of what each function of a file does."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return [
        (node.body[0].lineno, node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


class Watch:
    """Hooks of pytest: how long each test took, and which were not green."""

    def __init__(self) -> None:
        self.seconds = dict[str, float]()
        self.red = list[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test took its part of the time: made ready, called or cleaned up."""
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        if not report.passed:
            self.red.append(name)


class Footprints:
    """Hooks of pytest: which lines of a copy each test runs."""

    def __init__(self, copy: Path) -> None:
        self.coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{copy}/bnviz/*"]
        )
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.coverage.switch_context(nodeid)


def watch(tests: list[str], copy: Path, told: Path) -> None:
    """Runs tests of the copy and writes what was seen; in a process of its own."""
    enter(copy)
    watch, prints = Watch(), Footprints(copy)
    pytest.main([*OPTIONS, *tests], plugins=[watch, prints])
    prints.coverage.stop()
    data = prints.coverage.get_data()
    lines = {
        Path(file).relative_to(copy).as_posix(): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }
    green = {name: took for name, took in watch.seconds.items() if name not in watch.red}
    told.write_text(json.dumps({"seconds": green, "lines": lines}))


def ask(tests: list[str], copy: Path, told: Path) -> None:
    """Runs tests of the copy until one fails, and writes which; in a process of its own."""
    enter(copy)
    watch = Watch()
    code = pytest.main([*OPTIONS, "-x", *tests], plugins=[watch])
    told.write_text(json.dumps({"code": code, "red": watch.red}))


def enter(copy: Path) -> None:
    """Makes a copy the checkout of this process, which tells what it says to a file."""
    os.chdir(copy)
    with Path("told.txt").open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())


def noticed_by(mutant: Mutant, copy: Path, seen: Seen) -> str:
    """The test that fails with the fault in the copy, which is then as it was."""
    file, tests = copy / mutant.path, seen.tests(mutant.path, mutant.line)
    near = [test for test in tests if test.startswith(room(mutant.path))]
    far = [test for test in tests if test not in near]
    healthy = file.read_bytes()
    file.write_bytes(mutant.applied(healthy))
    try:
        return failing(near, copy) or failing(far, copy)
    finally:
        file.write_bytes(healthy)


def failing(tests: list[str], copy: Path) -> str:
    """The first of these tests that fails in the copy, or nothing; never to end is to fail."""
    if not tests:
        return ""
    told = copy / "told.json"
    told.unlink(missing_ok=True)
    process = WARM.Process(target=ask, args=(tests, copy, told))
    process.start()
    process.join(SECONDS * 10)
    process.kill()
    process.join()
    if not told.exists():
        return "no end"
    answer = json.loads(told.read_text())
    return str([*answer["red"], "collecting"][0]) if answer["code"] else ""


def checkout(folder: Path) -> Path:
    """A copy of what git knows of the checkout."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def area(path: str) -> str:
    """The room of a file."""
    parts = path.split("/")
    return "/".join(parts[: 3 if parts[1] == "core" else 2])


def room(path: str) -> str:
    """Where the tests of a file's room are."""
    return f"tests/{area(path).removeprefix('bnviz/')}/"


def drawn(count: int, seed: int) -> list[Mutant]:
    """So many of all faults, the same for the same seed."""
    files = [p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "bnviz").rglob("*.py"))]
    every = [m for f in files for m in mutants(f, (ROOT / f).read_text(encoding="utf-8"))]
    return random.Random(seed).sample(every, min(count, len(every)))


def looked(copies: list[Path]) -> Seen:
    """What the tests do without any fault; kept in build/seen.json until a file changes."""
    kept, seen = BUILD / "seen.json", Seen()
    sources = [p for part in ("bnviz", "tests") for p in (ROOT / part).rglob("*.py")]
    newest = max(p.stat().st_mtime for p in sources)
    if not kept.exists() or kept.stat().st_mtime < newest:
        files = [p for p in sorted((ROOT / "tests").rglob("test_*.py")) if "browser" not in p.parts]
        names = [p.relative_to(ROOT).as_posix() for p in files]
        jobs = [
            WARM.Process(target=watch, args=(names[i::COPIES], copy, copy / "seen.json"))
            for i, copy in enumerate(copies)
        ]
        for job in jobs:
            job.start()
        for job, copy in zip(jobs, copies, strict=True):
            job.join()
            seen.add(Seen(**json.loads((copy / "seen.json").read_text())))
        kept.write_text(json.dumps(asdict(seen)))
    else:
        seen.add(Seen(**json.loads(kept.read_text())))
    return seen


def tried(some: list[Mutant], seen: Seen, copies: list[Path]) -> Iterator[tuple[Mutant, str]]:
    """Who noticed each fault, as the answers come."""
    free = SimpleQueue[Path]()
    for copy in copies:
        free.put(copy)

    def one(mutant: Mutant) -> str:
        copy = free.get()
        try:
            return noticed_by(mutant, copy, seen)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        asked = {pool.submit(one, mutant): mutant for mutant in some}
        for done in as_completed(asked):
            yield asked[done], done.result()


def main(count: int = 200, seed: int = 0) -> None:
    """Tries `count` faults, tells of each, and sums up by area."""
    BUILD.mkdir(exist_ok=True)
    kept, by = BUILD / "mutants.json", dict[Mutant, str]()
    if kept.exists():
        for row in json.loads(kept.read_text()):
            name = row.pop("by")
            by[Mutant(**row)] = name
    some = drawn(count, seed)
    with tempfile.TemporaryDirectory() as folder:
        copies = [checkout(Path(folder, str(number))) for number in range(COPIES)]
        left = [mutant for mutant in some if not by.get(mutant)]
        for mutant, name in tried(left, looked(copies), copies):
            by[mutant] = name
            print(f"{mutant}  {name or 'SURVIVED'}", flush=True)
            kept.write_text(json.dumps([asdict(m) | {"by": by[m]} for m in by], indent=1))
    areas = defaultdict[str, list[bool]](list)
    for mutant in some:
        for each in (area(mutant.path), "in all"):
            areas[each].append(bool(by[mutant]))
    for name, noticed in sorted(areas.items()):
        print(f"{name:28} {sum(noticed):4} of {len(noticed):4}  {sum(noticed) / len(noticed):4.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
