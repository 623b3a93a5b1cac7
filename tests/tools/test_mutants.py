"""The faults that are planted: each changes what runs, and each room has tests."""

import ast

import pytest

from tools.mutants import ROOT, mutants, own_tests


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("a < b", {"a <= b"}),
        ("(a) + (b)", {"(a) - (b)"}),
        ("ä and b == 1", {"ä or b == 1", "ä and b != 1", "ä and b == 2"}),
        ("not a", {"(a)"}),
        ("max(x.mean())", {"min(x.mean())", "max(y.mean())", "max(x.variance())"}),
        ("if a:\n    b = True", {"if not (a):\n    b = True", "if a:\n    b = False"}),
        ("def f(a: int = 0) -> 'x': return 0.5", None),
        ('f"{a + 1}"', set()),
    ],
)
def test_every_fault_of_a_line(source: str, faults: set[str] | None) -> None:
    changed = [each.applied(source.encode()).decode() for each in mutants("file.py", source)]
    for text in changed:
        ast.parse(text)
    assert source not in changed and len(set(changed)) == len(changed)
    if faults is not None:
        assert not faults - set(changed)
        assert faults or not changed
    else:
        assert all("a: int" in text and "'x'" in text for text in changed)


def test_every_fault_of_the_product_can_be_compiled_and_is_tested() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "bnviz").rglob("*.py")]
    assert all(any(own_tests(path)) for path in files)
    for path in files[::40]:
        source = (ROOT / path).read_text(encoding="utf-8")
        for mutant in mutants(path, source):
            compile(mutant.applied(source.encode()), path, "exec")
