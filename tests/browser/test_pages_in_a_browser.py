"""Every kind of page in a real browser: wide and narrow, with and without scripts, with nothing from another host."""

from urllib.parse import urlsplit

import pytest

from api.plan.queries_loading import read_plan
from tests.browser.conftest import PAGES
from tests.conftest import NOTTINGHAM_PLAN_FILE
from tests.fixtures.node_tools import MODULES

AXE = MODULES / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = 1280, 400
MEASURES = {measure.kind: measure.slug for measure in reversed(read_plan(NOTTINGHAM_PLAN_FILE).measures)}
PUBLIC = {
    "home": "/",
    "programme": PAGES,
    **{kind.value: f"{PAGES}/measures/{slug}" for kind, slug in MEASURES.items()},
    "logic-model": f"{PAGES}/logic-model",
    "sign-in": "/sign-in",
    "sign-in-returns": f"{PAGES}/returns",
    "not-found": f"{PAGES}/nowhere",
    "guides": "/guides",
    "guide": "/guides/submitting",
    "reference": "/docs",
    "codes": "/errors",
    "code": "/errors/no-duty",
    "code-with-meanings": "/errors/invalid",
}
PRIVATE = {
    "matrix": f"{PAGES}/returns",
    "release": f"{PAGES}/releases/1",
    "queue": f"{PAGES}/returns/list?state=pending",
    "empty-list": f"{PAGES}/returns/list?state=exempt",
    "queried-return": "",
    "rehearsal": "",
    "publications": f"{PAGES}/returns/publications",
}
OF_SCALAR = ["button-name"]
"""Rules that the script of the reference breaks: it names the buttons that copy an example when they are shown."""


@pytest.fixture(scope="package")
def addresses(sandbox):
    of_returns = {
        "queried-return": f"{PAGES}/returns/{sandbox.list_returns('queried')[0]}",
        "rehearsal": f"{PAGES}/returns{sandbox.rehearse()}",
    }
    return PUBLIC | PRIVATE | of_returns


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("name", [*PUBLIC, *PRIVATE])
async def test_page_fits_is_accessible_and_needs_no_other_host(addresses, session, visit, name, *, scripts):
    context, foreign = await visit(java_script_enabled=scripts, storage_state=session if name in PRIVATE else None)
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    response = await page.goto(addresses[name])
    assert response.status == (404 if name == "not-found" else 200)
    assert urlsplit(page.url).path == ("/sign-in" if "sign-in" in name else urlsplit(addresses[name]).path)
    if name == "reference" and scripts:
        await page.get_by_role("heading", level=1).wait_for()
    for width in (WIDE, NARROW):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        if scripts:
            assert await list_violations(page, OF_SCALAR if name == "reference" else []) == []
    assert await page.evaluate("[...document.images].filter(one => one.complete && !one.naturalWidth).length") == 0
    assert (await page.inner_text("body")).strip()
    if name == "not-found":  # the browser reports the status of the page itself
        problems = [problem for problem in problems if "404" not in problem]
    assert (problems, foreign) == ([], [])


async def list_violations(page, without: list[str]) -> list[str]:
    """Return each rule of axe that the page breaks, with the elements. The protocol runs it past the page's policy."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    options = {"runOnly": AXE_TAGS, "rules": {rule: {"enabled": False} for rule in without}}
    result = await page.evaluate("options => axe.run(document, options)", options)
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in result["violations"]]


async def test_axe_finds_what_is_wrong_with_a_page(visit):
    context, _ = await visit()
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.evaluate("document.querySelector('label').remove()")
    assert "label" in [one.partition(":")[0] for one in await list_violations(page, [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["programme", "flow", "matrix", "publications"])
async def test_colours_have_contrast_by_day_and_by_night(addresses, session, visit, name, scheme):
    context, _ = await visit(color_scheme=scheme, storage_state=session)
    page = await context.new_page()
    await page.goto(addresses[name])
    assert await list_violations(page, []) == []


async def test_request_to_another_host_is_recorded(visit):
    context, foreign = await visit(bypass_csp=True)
    page = await context.new_page()
    await page.goto("/")
    await page.evaluate(
        "new Promise(done => { const one = new Image(); one.onerror = done; one.src = 'http://example.org/a.png' })"
    )
    assert foreign == ["http://example.org/a.png"]
