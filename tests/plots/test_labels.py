"""Names from users as labels."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.plots.labels import LONGEST, distinct, label, labels


@given(st.text())
def test_a_label_is_short_and_holds_no_markup(name: str) -> None:
    text = label(name)
    assert "<" not in text and ">" not in text
    assert len(unescape(text)) <= max(LONGEST, len(unescape(name)))
    if len(name) <= LONGEST:
        assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("height", "height"),
        ("x" * 300, "x" * (LONGEST - 1) + "…"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("a & b", "a &amp; b"),
        ("", ""),
    ],
)
def test_label(name: str, text: str) -> None:
    assert label(name) == text


def test_labels_keep_order_and_number() -> None:
    assert labels(["b", "a", "b"]) == ["b", "a", "b"]


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", "x" * 30, "x" * 40, ""]), max_size=8))
def test_distinct_labels_are_all_different_and_keep_what_was_different(names: list[str]) -> None:
    shown = distinct(names)
    assert len(set(shown)) == len(names)
    for name, text in zip(names, shown, strict=True):
        assert text.startswith(label(name))
    if len(set(labels(names))) == len(names):
        assert shown == labels(names)
