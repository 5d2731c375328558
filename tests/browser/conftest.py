"""The filled example and a browser. Without a browser these tests do not exist, and the run says so."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, StorageState

from tests.fixtures.server_process import EXAMPLE_PROGRAMME, run_server
from tools.chromium import find_chromium, forbid_other_hosts, start_chromium

CHROMIUM = find_chromium()
MISSING = "tests/browser: no chromium, so no tests. Install: `make browser`"
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]
PAGES = f"/programmes/{EXAMPLE_PROGRAMME}"
CALLS = f"/v1/programmes/{EXAMPLE_PROGRAMME}"
WAIT_SECONDS = 300
TIMEOUT_MILLISECONDS = 120_000  # on a machine that also runs the other tests


def pytest_configure() -> None:
    if CHROMIUM is None and os.environ.get("BROWSER") == "required":
        raise pytest.UsageError(f"BROWSER=required. {MISSING}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None:
        terminalreporter.write_line(MISSING)


class FilledSandbox(NamedTuple):
    """A server whose example has been filled, with the key of a reviewer who also publishes."""

    address: str
    key: str

    def read(self, path: str) -> Any:
        response = httpx2.get(self.address + CALLS + path, headers={"Authorization": f"Bearer {self.key}"}, timeout=60)
        return response.raise_for_status().json()

    def list_returns(self, state: str) -> list[str]:
        """Return the paths of the returns in a state."""
        return [name_return(one) for one in self.read(f"/returns?limit=200&state={state}")["items"]]

    def rehearse(self) -> str:
        """Rehearse a release, and return the path of the finished job."""
        headers = {"Authorization": f"Bearer {self.key}"}
        response = httpx2.post(f"{self.address}{CALLS}/releases?dry_run=true", headers=headers, json={}, timeout=60)
        path = f"/publications/{response.raise_for_status().json()['id']}"
        wait_until(lambda: self.read(path)["state"] not in ("queued", "running"))
        return path


def name_return(one: dict[str, Any]) -> str:
    """Return the path of a return below `returns`."""
    return "/".join((one["organisation"], one["measure"], one["series"], one["service"], one["period"]["code"]))


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.fixture(scope="package")
def sandbox() -> Iterator[FilledSandbox]:
    with run_server("--examples") as server:
        key = server.issue_key("ohid", "review", "publish", "read", programme=EXAMPLE_PROGRAMME)
        sandbox = FilledSandbox(server.address, key)
        wait_until(lambda: len(sandbox.read("/releases")["items"]) == 2 and bool(sandbox.list_returns("queried")))
        yield sandbox


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM is not None
    async with start_chromium(CHROMIUM) as browser:
        yield browser


@pytest.fixture(scope="package")
async def session(sandbox: FilledSandbox, browser: Browser) -> StorageState:
    """Return the cookies of a reviewer who has signed in."""
    context = await browser.new_context(base_url=sandbox.address)
    page = await context.new_page()
    await page.goto(f"/sign-in?next={PAGES}/returns")
    await page.get_by_label("Key", exact=True).fill(sandbox.key)
    async with page.expect_navigation(url=f"**{PAGES}/returns"):
        await page.get_by_role("button", name="Sign in").click()
    state = await context.storage_state()
    await context.close()
    return state


class Visit(NamedTuple):
    """A context of the browser, with what it asked of other hosts."""

    context: BrowserContext
    foreign: list[str]


@pytest.fixture
async def visit(sandbox: FilledSandbox, browser: Browser) -> AsyncIterator[Callable[..., Any]]:
    """Yield a function that opens a context with options of Playwright. It can reach the server and nothing else."""
    opened: list[BrowserContext] = []

    async def open_context(**options: Any) -> Visit:
        context = await browser.new_context(base_url=sandbox.address, **options)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        opened.append(context)
        return Visit(context, await forbid_other_hosts(context, sandbox.address))

    yield open_context
    for context in opened:
        await context.close()
