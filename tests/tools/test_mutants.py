"""The faults that are planted: each changes what runs, and who ran it is asked."""

import ast

import pytest

from tools.mutants import OF_IMPORTS, ROOT, Seen, mutants


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
        ("zip(a, b, strict=True)", set()),
        ("zip(a, b, strict=False)", {"zip(a, b, strict=True)"}),
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


def test_every_fault_of_the_product_can_be_compiled() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "bnviz").rglob("*.py")]
    for path in files[::40]:
        source = (ROOT / path).read_text(encoding="utf-8")
        for mutant in mutants(path, source):
            compile(mutant.applied(source.encode()), path, "exec")


def test_a_line_is_known_by_the_tests_that_ran_it_the_quickest_first() -> None:
    path = "bnviz/folders.py"
    text = (ROOT / path).read_text(encoding="utf-8").splitlines()
    first = text.index('    installed = _PACKAGE / "dashboard" / "app.py"') + 1
    seen = Seen()
    seen.add(Seen({"slow": 2.0, "quick": 1.0}, {path: {1: [""], first: ["slow", "quick"]}}))
    seen.add(
        Seen({"other": 0.5, "long": 1e9}, {path: {first: ["red"], first + 9: ["other", "long"]}})
    )
    assert seen.tests(path, first) == seen.tests(path, first + 1) == ["quick", "slow"]
    assert seen.tests(path, first + 9) == ["other"]
    assert seen.tests(path, 6) == ["other", "quick", "slow"]  # an import runs it
    imports = f"{OF_IMPORTS}::test"
    seen.add(Seen({imports: 0.1}))
    assert seen.tests(path, 6) == [imports, "other", "quick", "slow"]
