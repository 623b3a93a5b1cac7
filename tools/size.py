"""``python -m tools.size REVISION ...``: the product's lines by topic, and of what kind they are.

A topic is a list of patterns of paths; a file belongs to the first topic that it fits.
"""

import ast
import io
import subprocess
import sys
import tarfile
from collections import Counter
from fnmatch import fnmatch

TOPICS = {
    "sweeps": "*sweep* */cluster.py",
    "runs, exports, imports": "*/export/* */runs* */history.py */records.py */pairing.py",
    "lessons": "*/presenter/*",
    "chart, hand, header": "*/chart/* */header/* */server/document.py */[opt]*/live.py",
    "engine, limits, costs": "*/bounds/* */costs/* */cost.py */jobs/[ehk]*.py */process.py",
    "guard, login": "*/server/* */visitor.py */environment.py",
    "reading tables, quotas": "*/files/* */store/tables.py */upload.py */table_options.py",
    "nets of other people": "*/library.py */twin.py */forward_pass.py */beneath.py */copied.py"
    " */inputs.py */states.py */module_problem.py */curvature/batches.py */normalized.py",
    "norms, Home's first minute": "*/norms/* */arena.py */module_code.py */flow.py */home*",
    "all else in core": "*/core/*",
    "all else": "*",
}
KINDS = ("code", "docstrings", "comments", "imports", "blank")


def kinds(source: str) -> Counter[str]:
    """How many lines of a file are of each kind."""
    signs = [line.lstrip()[:1] for line in source.splitlines()]
    kind = [{"": "blank", "#": "comments"}.get(sign, "code") for sign in signs]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import() | ast.ImportFrom():
                word = "imports"
            case ast.Expr(ast.Constant(str())):
                word = "docstrings"
            case _:
                continue
        for line in range(node.lineno - 1, node.end_lineno or 0):
            kind[line] = word
    return Counter(kind)


def table(revision: str) -> dict[str, Counter[str]]:
    """Lines of each kind for each topic, and in all."""
    lines = {topic: Counter[str]() for topic in (*TOPICS, "in all")}
    packed = subprocess.check_output(["git", "archive", revision, "bnviz", "pages", "app.py"])
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        for path in filter(lambda name: name.endswith(".py"), files.getnames()):
            topic = next(t for t in TOPICS if any(fnmatch(path, p) for p in TOPICS[t].split()))
            counted = kinds(files.extractfile(path).read().decode())  # type: ignore[union-attr]
            lines[topic] += counted
            lines["in all"] += counted
    return lines


def main(*revisions: str) -> None:
    """Print a column for each revision, then the kinds of the last one's lines, as Markdown."""
    tables = [table(revision) for revision in revisions]
    columns = (*revisions, *KINDS)
    print("| topic |", " | ".join(columns), "|\n|---|" + "--:|" * len(columns))
    for topic, last in tables[-1].items():
        numbers = [one[topic].total() for one in tables] + [last[kind] for kind in KINDS]
        print(f"| {topic} |", " | ".join(f"{number:,}" for number in numbers), "|")


if __name__ == "__main__":
    main(*sys.argv[1:])
