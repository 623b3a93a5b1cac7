"""How soon the picture answers a hand, and the page: beside Dash, beside one visitor."""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.texts.catalogue import sentence
from tools.bench import bare
from tools.bench.harness import Measured, from_pairs, timed
from tools.bench.screen import AFTER_CHART, DRAGGED, chromium_browser, dragged_page
from tools.bench.stopwatch import seconds
from tools.load import room
from tools.page import settle, slider
from tools.server import ROOT, free_port, running, serve

#: Dash has a folder of its own: its plugin of pytest would break the tests.
DASH_FOLDER = ROOT / "build" / "dash"
DASH = "dash>=4,<5"
KEYS = 25

#: The seconds from each movement of the pointer until the frame that shows it is drawn.
WATCH = """plot => {
    const chart = plot.bnviz, move = chart.move.bind(chart);
    let moved = null;
    window.__waits = [];
    addEventListener("pointermove", event => { moved ??= event.timeStamp; }, true);
    chart.move = values => {
        move(values);
        if (moved !== null) window.__waits.push((performance.now() - moved) / 1000);
        moved = null;
    };
}"""


def input_to_frame() -> list[Measured]:
    """The slowest twentieth of all answers to a dragging pointer, over 50 ms."""
    with ExitStack() as stack:
        app = stack.enter_context(serve())
        browser = stack.enter_context(chromium_browser())
        return [
            from_pairs(
                f"Input to frame, p95, {name} / 50 ms",
                [(_p95_of_a_drag(browser, f"{app}/{path}", key, chart), 0.05) for _ in range(5)],
                1.0,
            )
            for name, (path, key, chart, _) in DRAGGED.items()
        ]


def _p95_of_a_drag(browser: Browser, address: str, key: str, chart: str) -> float:
    with dragged_page(browser, address, key) as (page, begin, end):
        page.locator(f".st-key-{chart} .bnviz-chart").evaluate(WATCH)
        page.mouse.move(*begin)
        for step in range(1, 61):  # one movement a frame, as a hand makes them
            x = begin[0] + step / 60 * (end[0] - begin[0])
            page.mouse.move(x, begin[1])
            page.evaluate("new Promise(requestAnimationFrame)")
        waits: list[float] = page.evaluate("window.__waits")
    return statistics.quantiles(waits, n=20)[-1]


@contextmanager
def _dash() -> Iterator[str]:
    if not DASH_FOLDER.exists():
        install = [sys.executable, "-m", "pip", "install", "-q", "--target", str(DASH_FOLDER), DASH]
        subprocess.run(install, check=True)
    with TemporaryDirectory() as folder:
        script, port = bare.write(Path(folder), "dash", bare.DASH), free_port()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{DASH_FOLDER}"}
        command = [sys.executable, str(script), str(port)]
        with running(command, port, script.parent, environment, Path(folder) / "log"):
            yield f"http://127.0.0.1:{port}"


def beside_dash() -> list[Measured]:
    """One arrow key on gamma: to the picture and to the whole page.

    Measured against Dash's two charts, and against what Streamlit takes for as many elements.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        elements = bare.write(folder, "elements", bare.ELEMENTS)
        dash, app = stack.enter_context(_dash()), stack.enter_context(serve())
        stock = stack.enter_context(serve(elements))
        browser = stack.enter_context(chromium_browser())
        pages = [browser.new_page(viewport={"width": 1440, "height": 900}) for _ in range(3)]
        ours, theirs, plain = pages
        ours.goto(f"{app}/one_batch?gamma=-4")
        theirs.goto(dash)
        theirs.locator("#after .js-plotly-plot .main-svg").first.wait_for()
        plain.goto(stock)
        for page in (ours, plain):
            settle(page, timeout=60)
        gamma = slider(ours, sentence("en", "controls.gamma"))
        rounds = []
        for _ in range(KEYS + 2):
            gamma.focus()
            picture = _key(ours, chart=AFTER_CHART)
            settle(ours)
            whole = _key(ours, state=True)
            settle(ours)
            slider(plain, "Gamma").focus()
            stocks = _key(plain, state=True)
            settle(plain)
            theirs.locator("[role=slider]").focus()
            dashs = _key(theirs, chart="#after .js-plotly-plot")
            rounds.append((picture, whole, stocks, dashs))
    kept = rounds[2:]
    at_rest = "Key to page at rest"
    return [
        from_pairs("Key to repaint / Dash, same charts", [(a, d) for a, _, _, d in kept], 0.5),
        from_pairs(f"{at_rest} / Dash", [(b, d) for _, b, _, d in kept], 1.5),
        from_pairs(f"{at_rest} / stock page of as much", [(b, c) for _, b, c, _ in kept], 1.0),
    ]


def _key(page: Page, key: str = "ArrowRight", **effect: Any) -> float:
    return seconds(page, lambda: page.keyboard.press(key), **effect)


#: Address and slider of what is answered on release by hard work.
WORKERS = {
    "weight decay": (
        "pitfalls?pitfall=weight_decay&weight_decay.decay=0.001",
        "weight_decay-decay",
    ),
    "gamma decay": ("pitfalls?pitfall=gamma_decay&gamma_decay.decay=0.001", "gamma_decay-decay"),
    "target normalized": ("pitfalls?pitfall=target_normalized", "target_normalized-spread"),
    "sorted data": ("pitfalls?pitfall=sorted_data", "sorted_data-shuffled"),
    "train forgotten": ("pitfalls?pitfall=train_forgotten", "train_forgotten-step"),
    "NaN batch": ("pitfalls?pitfall=nan_batch", "nan_batch-step"),
    "tracking off": ("pitfalls?pitfall=tracking_off", "tracking_off-shift"),
    "second pass": (
        "pitfalls?pitfall=second_pass&second_pass.momentum=0.01",
        "second_pass-momentum",
    ),
    "Train vs eval": ("train_vs_eval", "b"),
}


def answers() -> list[Measured]:
    """An arrow key on a slider to the end of the run that answers it, over 150 ms."""
    with ExitStack() as stack:
        app = stack.enter_context(serve())
        browser = stack.enter_context(chromium_browser())
        return [
            from_pairs(
                f"Slider to answer, {name} / 150 ms",
                [(took, 0.15) for took in _waits_at(browser, f"{app}/{path}", key)],
                1.0,
            )
            for name, (path, key) in WORKERS.items()
        ]


def _waits_at(browser: Browser, address: str, key: str) -> list[float]:
    """Up to the end of the slider, so that every value is asked for for the first time."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        settle(page, timeout=60)
        thumb = page.locator(f".st-key-{key} input[type=range]").first
        waits = []
        for _ in range(3):
            thumb.focus()
            waits.append(_key(page, state=True))
            settle(page)
        return waits


def large() -> list[Measured]:
    """The answer of One batch at 65,536 x 256, over torch's BN of it; the memory it takes."""
    command = [sys.executable, "-m", "tools.bench.hand"]
    pairs, memory = [], []
    for _ in range(4):  # each in a process of its own, which remembers nothing
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        ours, torchs, most = map(float, printed.stdout.split())
        pairs.append((ours, torchs))
        memory.append((most, 1.0))
    return [
        from_pairs("One batch at 65,536 x 256 / torch's BN", pairs, 30.0),
        from_pairs("Its memory for two visitors, in batches", memory, 4.0),
    ]


def _large() -> None:
    """Seconds of the answer, seconds of torch, and the most memory of two visitors at once."""
    from bnviz.core.batchnorm.effect import verdict
    from bnviz.ui.one_batch import compute

    def answer(config: BatchConfig) -> object:
        norm = NormConfig()
        names = compute.batch_of(config).names
        told = verdict(names, config.batch_size, compute.effect_of(config, norm), norm)
        return told, compute.shape_of(config, "float64"), compute.shape_after(config, norm)

    answer(BatchConfig())
    config = BatchConfig(batch_size=65_536, features=256)
    ours = timed(lambda: answer(config))()

    import torch

    x, layer = torch.from_numpy(compute.batch_of(config).values).float(), torch.nn.BatchNorm1d(256)
    with torch.no_grad():
        torchs = statistics.median(timed(lambda: layer(x))() for _ in range(5))

    other = config.model_copy(update={"seed": 7})
    tracemalloc.start()
    both = [threading.Thread(target=answer, args=(other,)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    _, most = tracemalloc.get_traced_memory()
    print(ours, torchs, most / compute.batch_of(other).values.nbytes)


def visitors() -> list[Measured]:
    """The slowest twentieth of 20 visitors' waits, who let go of a slider once a second.

    Beside one visitor's, and beside theirs on a stock page with as many elements.
    """
    with TemporaryDirectory() as folder:
        elements = bare.write(Path(folder), "elements", bare.ELEMENTS)
        with serve(options=bare.COLLECTION_OFF) as ours, serve(elements) as stock:
            pages = (
                room.Page(ours, "one_batch", "", "gamma", -4, 4),
                room.Page(stock, "", "", "gamma", -4, 4),
            )
            mine, stocks = (asyncio.run(_waits(page, 20)) for page in pages)
    together = [(a, b) for (a, _), (b, _) in zip(mine, stocks, strict=True)]
    return [
        from_pairs("Release to answer, p95 of 20 visitors / of one", mine, 2.0),
        from_pairs("The same / 20 visitors of a stock page of as much", together, 1.0),
    ]


async def _waits(page: room.Page, count: int) -> list[tuple[float, float]]:
    async with room.visitors(page, count) as sessions:
        await asyncio.sleep(room.WARM)
        await room.all_moves(page, sessions[:1], 3)
        pairs = []
        for _ in range(4):
            alone = await room.all_moves(page, sessions[:1], 6, 0.2)
            together = await room.all_moves(page, sessions, 8)
            pairs.append((room.p95(together) / 1000, room.p95(alone) / 1000))
        return pairs


if __name__ == "__main__":
    _large()
