"""A visitor is told from others by a cookie of which only one part stays."""

from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from bnviz.ui.visitor import _token


def test_the_same_browser_is_known_again() -> None:
    one, other = b"0123456789abcdef", b"another of sixte"
    cookies = [generate_xsrf_token_string(token) for token in (one, one, other)]
    assert len(set(cookies)) == 3
    assert [_token(cookie) for cookie in cookies] == [one.hex(), one.hex(), other.hex()]


def test_what_is_no_such_cookie_names_nobody() -> None:
    for cookie in ("", "x", "2|x|y|1", "3|aa|bb|1", "1|2|3|4|5", "2|é|a|1"):
        assert _token(cookie) == ""
