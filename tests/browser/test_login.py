"""Who may enter, in a browser: a class with its passphrase, and people with accounts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bnviz.texts.catalogue import sentence
from tools.server import free_port, serve

#: What an operator writes.
SECRETS = """[auth]
redirect_uri = "ADDRESS/oauth2callback"
cookie_secret = "a secret of thirty-two characters"
client_id = "CLIENT"
client_secret = "x"
server_metadata_url = "PROVIDER/.well-known/openid-configuration"
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
    """At a provider, from where they come back to the page, and out again."""
    pytest.importorskip("authlib", reason="streamlit[auth] is not installed")
    from tests.browser.provider import CLIENT, provider

    secrets, port = tmp_path / "secrets.toml", free_port()
    with provider() as issuer, browser.new_context() as here:
        values = {"ADDRESS": f"http://127.0.0.1:{port}", "PROVIDER": issuer, "CLIENT": CLIENT}
        written = SECRETS
        for name, value in values.items():
            written = written.replace(name, value)
        secrets.write_text(written, encoding="utf-8")
        with serve(options=["--secrets.files", str(secrets)], port=port) as address:
            page = here.new_page()
            page.goto(f"{address}/one_batch")
            login = page.get_by_role("button", name=sentence("en", "door.login"))
            expect(login).to_be_visible()
            expect(page.locator(".bnviz-chart")).to_have_count(0)
            login.click()
            logout = page.get_by_role("button", name=sentence("en", "door.logout"))
            expect(logout).to_be_visible()
            expect(page.locator(".bnviz-chart").first).to_be_visible()
            assert page.url.startswith(address)
            logout.click()
            expect(login).to_be_visible()
