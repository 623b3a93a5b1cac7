"""What a visitor's browser shows of a page: when it is still, its sliders, what went wrong.

Streamlit writes the state of the script and of the connection on its root
element, and marks elements that await new content as stale.
"""

from playwright.sync_api import Locator, Page

from bnviz.texts.catalogue import LANGUAGES, catalogue

#: Notes when the page last asked its server for a run, and when it last heard from it.
LISTEN = """() => {
    window.__busyAt = undefined;
    if (window.__askedAt !== undefined) return;
    window.__askedAt = window.__heardAt = performance.now();
    const heard = new WeakSet();
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (message) {
        if (!heard.has(this)) {
            this.addEventListener('message', () => { window.__heardAt = performance.now(); });
            heard.add(this);
        }
        window.__askedAt = performance.now();
        return send.call(this, message);
    };
}"""

STILL = """([quiet, patience]) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const charts = [...document.querySelectorAll('.bnviz-chart, [data-testid="stPlotlyChart"]')];
    const now = performance.now();
    const unanswered = window.__askedAt > window.__heardAt && now - window.__askedAt < patience;
    const still = app
        && !unanswered
        && app.dataset.testScriptState === 'notRunning'
        && app.dataset.testConnectionState === 'CONNECTED'
        && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
        && charts.every(chart => chart.querySelector('.main-svg') && !chart.bnviz?.settling);
    if (!still || window.__busyAt === undefined) window.__busyAt = now;
    return now - window.__busyAt >= quiet;
}"""

#: How many seconds a busy machine may take for what a quiet one does at once.
PATIENCE = 300.0


#: How many seconds a question to the server may stay without an answer: not all have one.
ANSWER = 5.0


def settle(page: Page, quiet: float = 0.25, timeout: float = PATIENCE) -> None:
    """Wait until nothing runs, nothing is stale and every chart is drawn, for `quiet` seconds."""
    page.evaluate(LISTEN)
    page.wait_for_function(STILL, arg=[quiet * 1000, ANSWER * 1000], timeout=timeout * 1000)


def address(page: Page) -> str:
    """What the window says; `page.url` is told of it, and later on a busy machine."""
    return str(page.evaluate("location.href"))


def slider(page: Page, label: str) -> Locator:
    """The thumb of the slider with this label: focus it and press arrow keys."""
    return page.get_by_role("group", name=label, exact=True).get_by_role("slider")


def exceptions(page: Page) -> list[str]:
    """Unexpected errors: Streamlit's tracebacks, and our own word for them."""
    ours = [catalogue(language)["problem.unforeseen"].partition("{")[0] for language in LANGUAGES]
    alerts = page.get_by_test_id("stAlert").all_inner_texts()
    unforeseen = [text for text in alerts if any(opening in text for opening in ours)]
    return page.get_by_test_id("stException").all_inner_texts() + unforeseen
