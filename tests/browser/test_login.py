"""Who may enter, in a browser: a class with its passphrase, and people with accounts."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from bnviz.texts.catalogue import sentence
from tools.server import serve

SECRET = "a secret of thirty-two characters"
#: What an operator writes; nobody asks this provider here.
SECRETS = f"""[auth]
redirect_uri = "http://ADDRESS/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "bnviz"
client_secret = "x"
server_metadata_url = "https://login.example.org/.well-known/openid-configuration"
"""


def test_a_class_enters_with_its_passphrase(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BNVIZ_PASSPHRASE", "four words in here")
    with serve() as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/one_batch?lang=zh")
        expect(page.get_by_text(sentence("zh", "door.text"))).to_be_visible()
        for word in ("four words", "four words in here"):
            page.locator("input").fill(word)
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=sentence("zh", "one_batch.title"))).to_be_visible()
        assert page.url.startswith(f"{address}/one_batch") and "lang=zh" in page.url


def test_people_enter_with_their_account(browser: Browser, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS, encoding="utf-8")
    with serve(options=["--secrets.files", str(secrets)]) as address, browser.new_context() as here:
        page = here.new_page()
        page.goto(f"{address}/one_batch")
        expect(page.get_by_role("button", name=sentence("en", "door.login"))).to_be_visible()
        expect(page.locator(".bnviz-chart")).to_have_count(0)
        account = {"origin": address, "is_logged_in": True, "sub": "1", "email": "ada@example.org"}
        name = "_streamlit_user"
        cookie = create_signed_value(SECRET, name, json.dumps(account)).decode()
        here.add_cookies([{"name": name, "value": cookie, "url": address}])
        page.reload()
        expect(page.get_by_role("button", name=sentence("en", "door.logout"))).to_be_visible()
        expect(page.locator(".bnviz-chart").first).to_be_visible()
