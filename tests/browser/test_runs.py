"""A run from its launch to the report of it, which opens without a network."""

import re
from pathlib import Path

from playwright.sync_api import expect

from bnviz.texts.catalogue import catalogue
from tests.browser.conftest import OpenPage
from tests.browser.screen import address, settle, violations, wait_for_chart
from tests.browser.test_fitness import SMALL

EN = catalogue("en")
#: Where the first row of the table is selected, from its corner.
FIRST_ROW = {"x": 17, "y": 52}


def test_from_launch_to_export(open_page: OpenPage, tmp_path: Path) -> None:
    launched = []
    for seeds in (2, 3):
        page = open_page("fitness", query=SMALL | {"seeds": seeds})
        page.get_by_role("button", name=EN["train.launch"]).click()
        expect(page).to_have_url(re.compile(r"run=\w+"))
        launched += re.findall(r"run=(\w+)", address(page))
        page.get_by_text(EN["run.done"].partition("{")[0]).first.wait_for()
    page.get_by_role("link", name=EN["pages.runs"], exact=True).click()
    expect(page).to_have_url(re.compile("/runs"))
    settle(page)
    page.locator(".dvn-scroller").click(position=FIRST_ROW)
    page.locator(".st-key-open button:not([disabled])").first.click()
    expect(page).to_have_url(re.compile(f"runs={launched[1]}"))
    wait_for_chart(page, "runs")
    settle(page)
    assert violations(page) == []
    page.get_by_role("button", name=EN["runs.export"]).click()
    settle(page)
    menu = page.get_by_test_id("stPopoverBody")
    assert menu.evaluate("menu => menu.scrollHeight - menu.clientHeight") <= 1, "seen as a whole"
    with page.expect_download() as download:
        page.get_by_role("button", name=EN["runs.format.html"]).click()
    download.value.save_as(tmp_path / "report.html")

    report, asked = page.context.new_page(), list[str]()
    report.on("request", lambda request: asked.append(request.url))
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    drawn, refused = report.locator(".js-plotly-plot").count(), report.locator("iframe").count()
    report.close()
    assert (drawn, refused) == (2, 0) and len(asked) == 1

    both = open_page("runs", query={"runs": ",".join(launched)})
    wait_for_chart(both, "runs")
    assert EN["train.seeds"] in both.get_by_test_id("stMain").inner_text(), "where they differ"
