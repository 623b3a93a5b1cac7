"""The README's moving picture, taken from the real page: ``python -m tools.film``.

A hand draws Home's slider through all stages, then drags a wine away from the others.
"""

from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tools import browser as chromium
from tools.page import settle
from tools.server import ROOT, serve

FILE = ROOT / "docs" / "home.gif"
WINDOW = {"width": 1440, "height": 1400}  # the walk is the second part of the page
WIDTH = 900
MILLISECONDS, REST = 90, 900
COLORS = 48
MOST_BYTES = 3_000_000

#: Left, top, right and bottom of everything that moves.
STAGE = """() => {
    const boxes = ['.st-key-play', '.bnviz-equation', '.st-key-walk-train', '.st-key-walk-eval']
        .map(selector => document.querySelector(selector).getBoundingClientRect());
    const [x, y] = ['x', 'y'].map(side => Math.min(...boxes.map(box => box[side])));
    const right = Math.max(...boxes.map(box => box.right));
    const bottom = Math.max(...boxes.map(box => box.bottom));
    return {x, y: y - 30, width: right - x, height: bottom - y + 30};
}"""


def take(page: Page, clip: dict[str, float]) -> Image.Image:
    """What the stage shows now."""
    picture = Image.open(BytesIO(page.screenshot(clip=clip)))  # type: ignore[arg-type]
    height = round(WIDTH * picture.height / picture.width)
    return picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)


def film(page: Page) -> tuple[list[Image.Image], list[int]]:
    """All frames, and which of them stand longer."""
    clip: dict[str, float] = page.evaluate(STAGE)
    frames, rests = [take(page, clip)], [0]

    def draw(handle: Any, ways: list[tuple[float, float]], steps: int) -> None:
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for dx, dy in ways:
            for step in range(1, steps + 1):
                page.mouse.move(x + dx * step / steps, y + dy * step / steps)
                page.evaluate("new Promise(drawn => requestAnimationFrame(drawn))")
                frames.append(take(page, clip))
            x, y = x + dx, y + dy
        page.mouse.up()
        settle(page)
        frames.append(take(page, clip))
        rests.append(len(frames) - 1)

    thumb = page.locator(".st-key-progress [data-rac][style*='left']").first
    track = page.locator(".st-key-progress [data-rac][style*='touch-action']").first.bounding_box()
    assert track is not None
    draw(thumb, [(track["width"], 0)], 30)
    draw(thumb, [(-track["width"] / 2, 0)], 8)
    draw(page.locator(".bnviz-handle").first, [(-200, 40), (-20, 120), (120, -60)], 9)
    return frames, rests


def main() -> None:
    """Take it and write it; SystemExit if it became too large."""
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.get(), args=chromium.arguments()
        )
        page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
        page.goto(address)
        page.locator(".st-key-flow-more").wait_for()  # which moves all below
        settle(page, timeout=60)
        frames, rests = film(page)
        browser.close()
    # One palette for all: what stands still costs nothing then.
    palette = frames[-1].quantize(COLORS, dither=Image.Dither.NONE)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    times = [REST if index in rests else MILLISECONDS for index in range(len(frames))]
    first.save(FILE, save_all=True, append_images=others, duration=times, loop=0, optimize=True)
    size = FILE.stat().st_size
    print(f"{FILE.relative_to(ROOT)}: {len(frames)} frames, {size / 1e6:.1f} MB")
    if size > MOST_BYTES:
        raise SystemExit("That is too large for a README.")


if __name__ == "__main__":
    main()
