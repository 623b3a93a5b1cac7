"""Screenshots of every page into build/shots: themes, languages, windows, presenter mode, states.

``python -m tools.shots [PICTURE ...]`` writes PAGE-STATE-THEME-LANG-VIEW.png, what the
window shows, and PAGE-STATE-THEME-LANG-VIEW-full.png, the page to its end. PICTURE is how
names of pictures begin, with * for anything: ``fitness``, ``sweep-refused``, ``*-dark-zh-390``.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from fnmatch import fnmatch
from functools import partial
from itertools import groupby, product
from pathlib import Path

from playwright.sync_api import Page, TimeoutError, sync_playwright

from bnviz.core.pitfalls.configs import CONFIGS as PITFALLS
from bnviz.store.database import folder_url
from bnviz.store.runs import Store
from bnviz.texts.catalogue import LANGUAGES
from bnviz.ui.navigation import PAGES
from tools import browser as chromium
from tools.history import fill
from tools.page import PATIENCE, exceptions, settle
from tools.server import ROOT, serve

FOLDER = ROOT / "build" / "shots"
#: Each view's window, and what it adds to the address.
VIEWS = {
    "1280": ((1280, 720), ""),
    "1440": ((1440, 900), ""),
    "390": ((390, 844), ""),
    "wall": ((1280, 720), "&present=true"),
}
THEMES = ("light", "dark")


def _each(query: str, *names: str) -> dict[str, str]:
    """A state for each of these names, which takes the place of * in its address."""
    return {name: query.replace("*", name) for name in names}


#: The states of a page beside the one it opens in; {done} is the run that `tools.history` calls so.
STATES: Mapping[str, Mapping[str, str]] = {
    "home": {
        "lesson": "lesson=bn_in_ten_minutes",
        "trained": "trained=120",
        "mended": "progress=9&nonsense=1",
    },
    "one_batch": {
        **_each("section=*", "statistics", "steps", "matrix"),
        **_each("section=*", "epsilon", "jitter", "implementations"),
        **_each("source=table", "stored", "refused", "asked"),
        "one_row": "b=1",
        "many": "d=14&section=statistics",
        "mended": "b=0&eps=wrong&source=nosuch&nonsense=1",
    },
    "train_vs_eval": {
        **_each("section=*", "parts", "clock", "company", "recalibrate", "frozen", "split"),
        "one_row": "b=1",
    },
    "pitfalls": {
        **_each("pitfall=*", *PITFALLS),
        "found": "symptom=loss+is+NaN",
        "none": "symptom=weather",
    },
    "fitness": {
        **_each("run={*}", "done", "one_seed", "diverged", "stopped", "failed"),
        **_each("run={*}", "running", "queued", "silent"),
        **_each("run={done}&section=*", "your_score", "gradients", "dead", "config"),
        "statistics": "run={done}&section=running",
        "changed": "run={done}&optimizer.epochs=40",
        "earlier": "run={done}",
        "no_run": "run=nosuchrun",
        "too_large": "optimizer.epochs=2000&data.samples=100000&seeds=64&network.width=512",
        "upload": "data.source=table",
    },
    "smoothness": {
        **_each("run={done}&section=*", "document", "scales", "extremes", "density"),
        **_each("run={done}&section=*", "gap", "along", "landscape", "stability"),
        "diverged": "run={diverged}&section=extremes",
    },
    "sweep": {
        **_each("run={sweep_*}", "running", "done"),
        "typed": "across=network.depth&across_values=1..7:3&down=optimizer.kind&down_values=sgd",
        "wrong": "across=network.depth&across_values=99&down=optimizer.kind&down_values=sgd,9",
        "long": "sweep_seeds=64&sweep_epochs=2000",
        "refused": "sweep_seeds=64&sweep_epochs=2000&across=network.width&across_values=128,256,512"
        "&down=optimizer.batch_size&down_values=2..16:15",
        "stopped": "run={sweep_stopped}&cell=3",
        "table": "run={sweep_done}",
    },
    "runs": {
        **_each("runs={done}", "one", "export"),
        "two": "runs={done},{faster}",
        "three": "runs={done},{layer},{one_seed}",
        "of_a_sweep": "runs={sweep_done}",
        "of_a_measure": "runs={measure_running}",
        "none": "find=nothing+is+called+so",
        "import": "",
        "uploads": "section=uploads",
        "unknown": "runs=nosuchrun",
    },
}
#: Pages that are never at rest.
MOVING = ("fitness-running", "fitness-queued", "fitness-silent", "sweep-running")

#: What scrolls is the page within the window; on a phone, pages, page and controls together.
CONTENT_HEIGHT = """() => window.innerHeight + Math.max(
    ...[...document.querySelectorAll('[data-testid="stMain"], [data-testid="stAppViewContainer"]')]
        .map(each => each.scrollHeight - each.clientHeight))"""


def _upload(name: str, content: bytes, page: Page) -> None:
    """Choose that file in the page's uploader."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    uploader = page.get_by_test_id("stFileUploader")  # which is folded away beside a stored table
    uploader.get_by_text(name).first.wait_for(state="attached")


def _press(key: str, page: Page) -> None:
    """Press the button with this key, or open what it opens."""
    page.locator(f".st-key-{key} button").first.click()


#: A file in which the decimal sign is in doubt, and cells are missing.
DOUBTFUL = b'a,b,c\n1,"2,025",n/a\n2,"1,250",3\n3,"9,125",4\n'
#: What is done before the picture is taken, by PAGE-STATE.
ACTS: Mapping[str, Callable[[Page], None]] = {
    "one_batch-refused": partial(_upload, "thesis.csv", b"%PDF-1.7 no table at all"),
    "one_batch-asked": partial(_upload, "measured.csv", DOUBTFUL),
    "fitness-upload": partial(_upload, "measured.csv", DOUBTFUL),
    "fitness-earlier": partial(_press, "runs"),
    "runs-import": partial(_press, "import"),
    "runs-export": lambda page: page.locator("[class*=st-key-export-] button").first.click(),
    "sweep-table": partial(_press, "table"),
}


def _pictures(wanted: Sequence[str]) -> list[tuple[str, ...]]:
    """(page, state, theme, language, view) of each that is wanted; SystemExit if none is."""
    all_states = [
        (page.name, state) for page in PAGES for state in ("open", *STATES.get(page.name, ()))
    ]
    combined = product(all_states, THEMES, LANGUAGES, VIEWS)
    pictures = [(*place, *look) for place, *look in combined]
    chosen = [p for p in pictures if any(fnmatch("-".join(p), f"{each}*") for each in wanted)]
    if not chosen:
        names = ", ".join(entry.name for entry in PAGES)
        raise SystemExit(f"No picture is called so; there are pages {names}.")
    return sorted(chosen, key=lambda p: (p[2], p[4]))  # those of one window together


def shoot(page: Page, address: str, picture: tuple[str, ...], runs: Mapping[str, str]) -> bool:
    """One picture, of the window and of the whole page; whether it shows a traceback."""
    name, state, _, language, view = picture
    (width, height), more = VIEWS[view]
    moving = f"{name}-{state}" in MOVING
    page.set_viewport_size({"width": width, "height": height})
    path = "" if name == PAGES[0].name else name
    query = STATES.get(name, {}).get(state, "").format(**runs)
    page.goto(f"{address}/{path}?lang={language}{more}&{query}")
    _settle(page, moving)
    if act := ACTS.get(f"{name}-{state}"):
        act(page)
        _settle(page, moving)
    stem = FOLDER / "-".join(picture)
    page.screenshot(path=f"{stem}.png")
    for _ in range(2):  # Streamlit scrolls within the window; a taller one is laid out anew
        if (whole := page.evaluate(CONTENT_HEIGHT)) != height:
            height = whole
            page.set_viewport_size({"width": width, "height": height})
            _settle(page, moving)
    page.screenshot(path=f"{stem}-full.png")
    print(f"{stem.relative_to(ROOT)}.png", flush=True)
    return bool(exceptions(page))


def _settle(page: Page, moving: bool) -> None:
    with suppress(TimeoutError) if moving else nullcontext():
        settle(page, quiet=0.6, timeout=4 if moving else PATIENCE)


def main(wanted: list[str]) -> None:
    """Shoot the wanted pictures, or all of them."""
    pictures = _pictures(wanted or ["*"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        store = Store(folder_url(Path(home)))
        runs = fill(store)
        with serve(home=Path(home)) as address:
            browser = playwright.chromium.launch(
                executable_path=chromium.get(), args=chromium.arguments()
            )
            broken = 0
            for theme, mine in groupby(pictures, key=lambda picture: picture[2]):
                with browser.new_context(color_scheme=theme) as context:
                    page = context.new_page()
                    broken += sum(shoot(page, address, picture, runs) for picture in mine)
            browser.close()
    if broken:
        raise SystemExit(f"{broken} of the pictures show a traceback.")


if __name__ == "__main__":
    main(sys.argv[1:])
