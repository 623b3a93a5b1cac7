"""``python -m tools.load.chromium ADDRESS COUNT SECONDS``: pages of One batch, keys on a slider.

Prints a line when all pages are there, then the seconds of every key to its repaint.
"""

import sys
import time
from functools import partial

from bnviz.texts.catalogue import sentence
from tools.bench.screen import AFTER_CHART, chromium_browser
from tools.bench.stopwatch import seconds
from tools.page import settle, slider


def main(address: str, count: int, limit: float) -> None:
    """Press an arrow key on each page in turn, until the time is over."""
    with chromium_browser() as browser:
        pages = [browser.new_page(viewport={"width": 1280, "height": 720}) for _ in range(count)]
        for page in pages:
            page.goto(f"{address}/one_batch?gamma=-4")
            settle(page, timeout=120)
        print("ready", flush=True)
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for page in pages:
                thumb = slider(page, sentence("en", "controls.gamma"))
                page.bring_to_front()
                thumb.focus()
                print(seconds(page, partial(page.keyboard.press, "ArrowRight"), chart=AFTER_CHART))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
