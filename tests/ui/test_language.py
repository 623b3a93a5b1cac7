"""Users' texts inside Markdown: shown as typed, whatever they hold."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bnviz.texts.markdown import literal

#: What Streamlit's Markdown gives a meaning to: https://docs.streamlit.io/develop/api-reference/text/st.markdown
MEANING = r"\`*_{}[]()<>#+-.!|~$:&"


@given(st.text())
@example("![](http://example.org/x.png)")
@example(":material/home: $x$ :red[boo] https://example.org")
@example("a\r\nb &lt;")
def test_literal_escapes_whatever_has_a_meaning(text: str) -> None:
    escaped = literal(text)
    seen = re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "")
    assert seen == text.replace("\u2060", "").translate({10: " ", 13: " "})
    bare = re.sub(r"\\.", "", escaped)
    assert not set(bare) & set(MEANING)


@pytest.mark.parametrize("name", ["height", "名字", "BMI 2", "café"])
def test_ordinary_names_stay_readable(name: str) -> None:
    assert literal(name) == name


def test_no_line_is_broken() -> None:
    """A second line could begin a heading or a list."""
    assert not re.search(r"[\n\r]", literal("a\r\nb\rc"))


@pytest.mark.parametrize(
    "name", ["http://example.org", "HTTPS://a.b", "WWW.example.org", "a@b.org"]
)
def test_no_address_becomes_a_link(name: str) -> None:
    """Streamlit looks for addresses in what is left after escapes: an invisible mark ends it."""
    assert re.search("(//|www|@)\u2060", literal(name).replace("\\", ""), re.IGNORECASE)
