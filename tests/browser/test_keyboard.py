"""A reviewer signs in, decides and publishes with the keyboard alone, in a real browser."""

import pytest

from tests.browser.conftest import PAGES, WAIT_SECONDS, wait_until

MAX_TABS = 80


class Keyboard:
    """A page that is used with the keyboard alone."""

    def __init__(self, page):
        self.page = page

    async def read_focus(self) -> dict[str, str]:
        """Return what has the focus: its name, tag, id, and the texts that describe it."""
        return await self.page.evaluate(
            """() => {
                const one = document.activeElement
                const ids = (one.getAttribute('aria-describedby') || '').split(' ').filter(Boolean)
                return {
                    name: (one.labels?.[0] ?? one).innerText.trim(), tag: one.tagName, id: one.id,
                    outline: getComputedStyle(one).outlineStyle,
                    descriptions: ids.map(id => document.getElementById(id).innerText),
                }
            }"""
        )

    async def tab_to(self, name: str, tag: str) -> dict[str, str]:
        """Press Tab until an element with this name and tag has the focus, which is then visible."""
        for _ in range(MAX_TABS):
            await self.page.keyboard.press("Tab")
            focus = await self.read_focus()
            if (focus["tag"], focus["name"]) == (tag, name):
                assert focus["outline"] != "none"
                return focus
        raise AssertionError(f"Tab does not reach the {tag} {name!r}")

    async def press_enter(self) -> None:
        """Press Enter and wait for the next page."""
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def follow(self, name: str) -> None:
        await self.tab_to(name, "A")
        await self.press_enter()

    async def press(self, name: str) -> None:
        await self.tab_to(name, "BUTTON")
        await self.press_enter()

    async def enter(self, field: str, text: str) -> None:
        """Type into the field with this id."""
        await self.tab_to(await self.page.locator(f"label[for={field}]").inner_text(), "TEXTAREA")
        await self.page.keyboard.type(text)


@pytest.fixture
async def keyboard(sandbox, visit) -> Keyboard:
    """Return the keyboard of a reviewer, signed in, at the queue."""
    context, _ = await visit(java_script_enabled=False)
    keyboard = Keyboard(await context.new_page())
    await keyboard.page.goto(f"{PAGES}/returns")
    await keyboard.tab_to("Key", "INPUT")
    await keyboard.page.keyboard.type(sandbox.key)
    await keyboard.press_enter()
    await keyboard.follow("Queue")
    return keyboard


async def open_first_return(keyboard: Keyboard, sandbox) -> str:
    """Open the first return of the queue, and return its path."""
    link = keyboard.page.locator("tbody th a").first
    href = await link.get_attribute("href")
    for _ in range(MAX_TABS):
        await keyboard.page.keyboard.press("Tab")
        if await link.evaluate("one => one === document.activeElement"):
            break
    await keyboard.press_enter()
    path = href.removeprefix(f"{PAGES}/returns/")
    assert path in sandbox.list_returns("pending")
    return path


async def test_reviewer_approves_a_withdrawal(sandbox, keyboard):
    path = await open_first_return(keyboard, sandbox)  # withdrawals are at the top of the queue
    await keyboard.follow("Approve the withdrawal")
    await keyboard.press("Approve the withdrawal")
    assert path in sandbox.list_returns("approved")
    assert await keyboard.page.get_by_role("status").count() == 1


async def test_reviewer_queries_a_return_and_an_empty_reason_is_refused_at_its_field(sandbox, keyboard):
    path = await open_first_return(keyboard, sandbox)
    await keyboard.follow("Query")
    await keyboard.enter("query-reason", " ")
    await keyboard.press("Query")
    assert path in sandbox.list_returns("pending")
    focus = await keyboard.read_focus()
    assert focus["id"] == "query-reason"
    messages = await keyboard.page.locator("#query-reason-error").all_inner_texts()
    assert len(messages) == 1
    assert set(messages) < set(focus["descriptions"])
    await keyboard.page.keyboard.type("Is it cumulative?")
    await keyboard.press("Query")
    assert path in sandbox.list_returns("queried")


async def test_publisher_rehearses_and_publishes(sandbox, keyboard):
    await keyboard.follow("Publish")
    await keyboard.enter("notes", "Sent with the keyboard.")
    await keyboard.press("Rehearse")
    publish = keyboard.page.get_by_role("button", name="Publish")
    await publish.wait_for(timeout=WAIT_SECONDS * 1000)
    assert len(sandbox.read("/releases")["items"]) == 2
    await keyboard.press("Publish")
    wait_until(lambda: len(sandbox.read("/releases")["items"]) == 3)
    assert sandbox.read("/releases/3")["notes"] == "Sent with the keyboard."
