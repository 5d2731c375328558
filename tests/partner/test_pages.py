"""The public pages, from a release: what a browser gets, and that it needs nothing else."""

import re
from datetime import timedelta
from html import unescape

import pytest

from api.outcomes.queries_boundaries import INVENTED_SOURCE, fetch_shapes, save_boundaries
from schema.geojson import Geometry
from schema.partners import Scope
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

MONTHS = ("2026-05", "2026-06", "2026-07")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    press = ReleaseClient(application, harbour_programme)
    for step, month in enumerate(MONTHS):
        people = {(EAST, "female"): 30 + 10 * step, (EAST, "male"): 20, (WEST, "male"): 25}
        for college in ("quay-college", "pier-college"):
            await press.submit_and_approve(college, make_learners_return(month, people))
    assert (await press.publish())["state"] == "published"
    return press


async def read_page(press: ReleaseClient, path: str = ""):
    return await press.application.http_client().get(f"/programmes/{press.programme}{path}", headers=BROWSER)


async def test_pages_link_to_each_other_and_to_their_pictures(press):
    """Follow every link and picture from the page of the programme, and load each page once."""
    http = press.application.http_client()
    waiting, seen = [f"/programmes/{press.programme}"], set[str]()
    while waiting:
        address = waiting.pop().partition("#")[0].replace("&amp;", "&")
        if address in seen or not address.startswith("/programmes/") or address.endswith("/returns"):
            continue
        seen.add(address)
        response = await http.get(address, headers=BROWSER)
        assert response.status_code == 200, (address, response.text)
        if response.headers["content-type"].startswith("text/html"):
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert not re.findall(r'(?:src|href)="https?:', response.text), "nothing comes from another host"
            waiting += re.findall(r'(?:src|href)="([^"]+)"', response.text)
        else:
            assert response.content.startswith(b"<svg"), address
    assert f"/programmes/{press.programme}/releases/1" in seen
    kinds = {re.sub(r"measures/[^/?]+", "measures/M", address.partition("?")[0]) for address in seen}
    base = f"/programmes/{press.programme}"
    assert kinds >= {base, f"{base}/measures/M", f"{base}/measures/M/chart.svg", f"{base}/measures/M/by/sex.svg"}
    assert {f"{base}/logic-model", f"{base}/logic-model.svg"} <= kinds


async def load_square(press: ReleaseClient, right: float, *, seconds: int = 0, source: str = "A test") -> None:
    """Load a square for one area, as the operator does."""
    corners = [(-1.2, 53.0), (-1.2, 52.9), (right, 52.9), (right, 53.0), (-1.2, 53.0)]
    geometry, now = Geometry(type="MultiPolygon", coordinates=[[corners]]), press.application.now
    async with press.application.owner.begin() as transaction:
        await save_boundaries(transaction, {WEST: geometry}, source=source, now=now + timedelta(seconds=seconds))


async def test_map_appears_when_boundaries_are_loaded_and_changes_with_them(press):
    http, without = press.application.http_client(), await read_page(press, "/measures/learners")
    assert "/measures/learners/map/" not in without.text
    await load_square(press, -1.1)
    page = await read_page(press, "/measures/learners")
    assert page.headers["etag"] != without.headers["etag"]
    [address] = set(re.findall(r'src="([^"]+/map/[^"]+)"', page.text))
    pictures = [await http.get(address)]
    await load_square(press, -1.0, seconds=1)
    pictures.append(await http.get(address))
    assert [(picture.status_code, picture.content[:4]) for picture in pictures] == [(200, b"<svg")] * 2
    assert pictures[0].content != pictures[1].content
    assert (await http.get(f"{address}?size=small")).content.startswith(b"<svg")


async def test_invented_boundaries_are_only_in_a_sandbox_and_give_way_to_published_ones(press):
    await load_square(press, -1.1, source=INVENTED_SOURCE)
    assert "/map/" not in (await read_page(press, "/measures/learners")).text
    async with press.application.owner.begin() as transaction:
        assert (await fetch_shapes(transaction, [WEST], sandbox=True)).are_invented
    await load_square(press, -1.1, seconds=1)
    async with press.application.owner.begin() as transaction:
        assert not (await fetch_shapes(transaction, [WEST], sandbox=True)).are_invented
    assert "/map/" in (await read_page(press, "/measures/learners")).text


async def test_page_of_the_programme_shows_what_progress_has(press):
    page = await read_page(press)
    progress = (await press.read("progress")).json()
    for theme in progress["themes"]:
        for measure in theme["measures"]:
            assert measure["label"] in unescape(page.text)
            if measure["latest"] and measure["latest"]["value"] is not None:
                assert f'<span class="value">{measure["latest"]["value"]:,.0f}' in page.text


async def test_first_page_names_each_programme_and_each_way_in(press):
    page = await press.application.http_client().get("/", headers=BROWSER)
    assert f'href="/programmes/{press.programme}"' in page.text
    for address in ("/guides/first-spreadsheet", "/guides/outcomes", "/docs", "/guides/operating"):
        assert f'href="{address}"' in page.text


async def test_return_that_waits_for_review_hides_no_figure(press):
    before = (await press.read("progress")).json()
    people = {(EAST, "female"): 90, (EAST, "male"): 40, (WEST, "male"): 45}
    http = await press.http_client("quay-college", Scope.SUBMIT)
    waiting = {"returns": [make_learners_return("2026-08", people)]}
    assert (await http.post(f"/v1/programmes/{press.programme}/submissions", json=waiting)).status_code == 201
    assert (await press.publish())["state"] == "published"
    after = (await press.read("progress")).json()
    [old, new] = (
        next(one for theme in progress["themes"] for one in theme["measures"] if one["measure"] == "learners")
        for progress in (before, after)
    )
    assert new["newest_period"]["period"]["code"] == "2026-08"
    assert new["newest_period"]["coverage"]["received"] == 1
    assert (new["latest"]["period"], new["latest"]["value"]) == (old["latest"]["period"], old["latest"]["value"])
    [figure] = (await press.read("outcomes", measure="learners")).json()["items"]
    assert (figure["period"]["code"], figure["value"]) == ("2026-07", old["latest"]["value"])
    page = await read_page(press, "/measures/learners")
    assert "By sex" in page.text
    assert "August 2026: 0 of " in page.text


async def test_downloads_name_their_programme(press):
    for path in ("outcomes.csv", "outcomes.sdmx.csv", "outcomes/structure.xml"):
        assert f'filename="{press.programme}-' in (await press.read(path)).headers["content-disposition"]


async def test_page_is_cached_by_release(press):
    first = await read_page(press)
    again = await press.application.http_client().get(
        f"/programmes/{press.programme}", headers=BROWSER | {"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    people = {(EAST, "female"): 90, (EAST, "male"): 40, (WEST, "male"): 45}
    await press.submit_and_approve("quay-college", make_learners_return(MONTHS[-1], people))
    assert (await press.publish())["state"] == "published"
    assert (await read_page(press)).headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/measures/nothing", 404, "not-found"),
        ("/measures/learners/by/nothing.svg", 404, "not-found"),
        ("/measures/learners/map/nothing.svg", 404, "not-found"),
        ("/measures/learners/map/quarter.svg", 404, "not-found"),
        ("/nowhere", 404, "not-found"),
    ],
)
async def test_wrong_address_is_a_page_for_a_person_and_a_problem_for_a_program(press, path, status, code):
    page = await read_page(press, path)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f'href="/errors/{code}"' in page.text
    assert "Accept" in page.headers["vary"]
    problem = await press.application.http_client().get(f"/programmes/{press.programme}{path}")
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert problem.json()["type"] == f"/errors/{code}"


async def test_programme_without_a_release_says_so_on_a_page(application, harbour_programme):
    http = application.http_client()
    for path in ("", "/logic-model", "/measures/learners"):
        page = await http.get(f"/programmes/{harbour_programme}{path}", headers=BROWSER)
        assert page.status_code == 200
        assert 'class="planned"' in page.text
    assert (await http.get(f"/programmes/{harbour_programme}/measures/nothing", headers=BROWSER)).status_code == 404
    assert (await http.get("/programmes/nothing", headers=BROWSER)).status_code == 404
    assert (await http.get(f"/v1/programmes/{harbour_programme}/progress")).status_code == 404
