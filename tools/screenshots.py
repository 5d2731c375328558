"""Screenshots of what a person sees, taken offline, of a server with the filled example.

`python -m tools.screenshots [http://127.0.0.1:8000]` writes every page in both widths into `build/look/`. With
`--readme` it writes the pictures of the README into `docs/pictures/`.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, Error, FloatRect, Page

from tools.chromium import find_chromium, forbid_other_hosts, start_chromium

PROGRAMME = "/programmes/work-and-health-2025-2028-example"
PAGE_PATHS = (
    "/",
    PROGRAMME,
    f"{PROGRAMME}/measures/ips-engagements",
    f"{PROGRAMME}/measures/economic-inactivity-ill-health",
    f"{PROGRAMME}/logic-model",
    "/sign-in",
    "/docs",
    "/errors/no-duty",
    "/guides",
    "/guides/submitting",
    "/guides/reviewing",
    "/guides/sdk",
    "/guides/outcomes",
    "/guides/publishing",
)
WIDTHS = (1280, 400)
ROOT = Path(__file__).parent.parent
OUTPUT_FOLDER = ROOT / "build" / "look"
README_FOLDER = ROOT / "docs" / "pictures"
MEASURES_IN_PICTURE = 3
MARGIN_PIXELS = 24
LOAD_PICTURES = """Promise.all([...document.images].map(one => { one.loading = 'eager'; return one.decode() }))"""


async def take_screenshots(server: str, program: Path, *, for_readme: bool) -> None:
    async with start_chromium(program) as browser:
        if for_readme:
            await picture_progress(await open_page(browser, server, PROGRAMME, 1120))
            await picture_logic_model(await open_page(browser, server, f"{PROGRAMME}/logic-model", 1240))
            return
        for path in PAGE_PATHS:
            for width in WIDTHS:
                page = await open_page(browser, server, path, width)
                name = path.removeprefix(PROGRAMME).strip("/").replace("/", "-") or (
                    "programme" if path != "/" else "home"
                )
                save(OUTPUT_FOLDER / f"{name}-{width}.png", await page.screenshot(full_page=True))


async def open_page(browser: Browser, server: str, path: str, width: int) -> Page:
    """Open a page. It can reach the server and nothing else: what would need another host is missing in the picture."""
    context = await browser.new_context(base_url=server, viewport={"width": width, "height": 1000})
    await forbid_other_hosts(context, server)
    page = await context.new_page()
    try:
        await page.goto(path, wait_until="networkidle")
    except Error as error:
        raise SystemExit(f"{server}{path} does not answer ({error.message}). Is the server running?") from None
    await page.evaluate(LOAD_PICTURES)
    return page


async def picture_progress(page: Page) -> None:
    """Show the first measures that have a chart."""
    charted = page.locator(".measure:has(.chart)")
    first = await charted.first.bounding_box()
    last = await charted.nth(MEASURES_IN_PICTURE - 1).bounding_box()
    assert first is not None
    assert last is not None
    top, bottom = first["y"] - MARGIN_PIXELS, last["y"] + last["height"]
    left, width = first["x"] - MARGIN_PIXELS, first["width"] + 2 * MARGIN_PIXELS
    area = FloatRect(x=left, y=top, width=width, height=bottom - top)
    save(README_FOLDER / "progress.png", await page.screenshot(full_page=True, clip=area))


async def picture_logic_model(page: Page) -> None:
    save(README_FOLDER / "logic-model.png", await page.locator("figure.wide .scroll").screenshot())


def save(picture: Path, content: bytes) -> None:
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(content)
    sys.stdout.write(f"{picture}\n")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("server", nargs="?", default="http://127.0.0.1:8000")
    arguments.add_argument("--readme", action="store_true", help="write the pictures of the README")
    options = arguments.parse_args()
    server: str = options.server.rstrip("/")
    if urlsplit(server).scheme not in {"http", "https"}:
        arguments.error(f"{server!r} is not the address of a server; http://127.0.0.1:8000 would be one")
    program = find_chromium()
    if program is None:
        raise SystemExit("There is no chromium here. `make browser` installs it.")
    asyncio.run(take_screenshots(server, program, for_readme=options.readme))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
