"""A stopwatch inside the page: from a key or a click to the next picture that shows its effect."""

from collections.abc import Callable

from playwright.sync_api import Page

ARM = """({event, chart, text, state}) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const find = selector => selector ? document.querySelector(selector) : null;
    const plot = find(chart);
    const words = find(text)?.innerText;
    const took = {seconds: null};
    let drawn = false, ran = false;
    window.__took = took;
    // Streamlit puts a new element in the place of a chart that changed.
    plot?.on('plotly_afterplot', () => { drawn = true; });
    // Ours stays, and moves before Plotly draws it.
    const frames = plot?.frames;
    const anew = () => find(chart)?.frames !== frames
        || find(chart) !== plot && find(chart)?.querySelector('.main-svg');
    // A run of which everything was known may begin and end unseen: its charts are new.
    const plots = [...document.querySelectorAll('.js-plotly-plot')];
    // What a hand has brought about is not drawn again: ours has heard of the run all the same.
    const heard = plots.map(each => each.bnviz?.text);
    for (const each of plots) each.on('plotly_afterplot', () => { ran = true; });
    if (app) // a page of Streamlit
        new MutationObserver(() => { ran = true; })
            .observe(app, {attributeFilter: ['data-test-script-state']});
    const done = () => {
        const idle = app?.dataset.testScriptState === 'notRunning';
        ran ||= plots.some((each, i) => !each.isConnected || each.bnviz?.text !== heard[i]);
        if (chart) return drawn || anew();
        return state ? ran && idle : find(text)?.innerText !== words;
    };
    document.addEventListener(event, () => {
        const start = performance.now();
        const look = () => {
            if (done()) took.seconds = (performance.now() - start) / 1000;
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, {capture: true, once: true});
}"""


def seconds(
    page: Page,
    act: Callable[[], None],
    *,
    event: str = "keydown",
    chart: str = "",
    text: str = "",
    state: bool = False,
    timeout: float = 30.0,
) -> float:
    """Seconds from `event`, which `act` causes, to the frame that shows its effect.

    The effect is one of: the Plotly element at selector `chart` was drawn anew,
    the words at selector `text` changed, or (`state`) the script ran to its end.
    """
    page.bring_to_front()
    page.evaluate(ARM, {"event": event, "chart": chart, "text": text, "state": state})
    act()
    page.wait_for_function("() => window.__took.seconds !== null", timeout=timeout * 1000)
    took: float = page.evaluate("window.__took.seconds")
    page.wait_for_timeout(120)  # the answer may have a tail, which is not the next key's burden
    return took


FIRST_PAINT = """selector => {
    const look = () => {
        if (document.querySelector(selector)) {
            requestAnimationFrame(() => { window.__firstPaint = performance.now() / 1000; });
        } else {
            requestAnimationFrame(look);
        }
    };
    look();
}"""


def first_paint(page: Page, address: str, selector: str, timeout: float = 60.0) -> float:
    """Seconds from the navigation to `address` to the first frame with `selector` in it."""
    page.add_init_script(f"({FIRST_PAINT})({selector!r})")
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => window.__firstPaint !== undefined", timeout=timeout * 1000)
    took: float = page.evaluate("window.__firstPaint")
    return took
