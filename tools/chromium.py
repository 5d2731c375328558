"""Chromium of the system, driven by Playwright: it can reach one server and nothing else."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Route, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> Path | None:
    """Return the program of the system's browser, or None."""
    programs = (shutil.which(name) for name in NAMES)
    return next((Path(program) for program in programs if program), None)


@asynccontextmanager
async def start_chromium(program: Path) -> AsyncGenerator[Browser]:
    """Yield a headless browser that looks the same on every machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--disable-gpu", "--font-render-hinting=none", "--disable-lcd-text"]
        )
        yield browser
        await browser.close()


async def forbid_other_hosts(context: BrowserContext, server: str) -> list[str]:
    """Abort every request that does not go to the server. Return the list that collects their addresses."""
    foreign: list[str] = []

    async def decide(route: Route) -> None:
        if route.request.url.startswith((f"{server}/", "data:", "blob:")):
            await route.continue_()
        else:
            foreign.append(route.request.url)
            await route.abort()

    await context.route("**/*", decide)
    return foreign
