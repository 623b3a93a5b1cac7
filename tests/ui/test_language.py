"""Users' texts inside Markdown: shown as typed, whatever they hold."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bnviz.ui.language import literal

#: What Streamlit's Markdown gives a meaning to: https://docs.streamlit.io/develop/api-reference/text/st.markdown
MEANING = r"\`*_{}[]()<>#+-.!|~$:&"


@given(st.text())
@example("![](http://example.org/x.png)")
@example(":material/home: $x$ :red[boo] https://example.org")
@example("a\r\nb &lt;")
def test_literal_escapes_whatever_has_a_meaning(text: str) -> None:
    escaped = literal(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text.translate({10: " ", 13: " "})
    bare = re.sub(r"\\.", "", escaped)
    assert not set(bare) & set(MEANING)


@pytest.mark.parametrize("name", ["height", "名字", "BMI 2", "café"])
def test_ordinary_names_stay_readable(name: str) -> None:
    assert literal(name) == name


def test_no_line_is_broken() -> None:
    """A second line could begin a heading or a list."""
    assert not re.search(r"[\n\r]", literal("a\r\nb\rc"))
