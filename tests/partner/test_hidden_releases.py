"""No public operation, format or parameter returns a figure or text of a withdrawn or embargoed release."""

import re
from datetime import timedelta
from itertools import product
from pathlib import Path

import asyncpg
import msgspec
import pytest

from api.database.roles import PUBLIC_ROLE, login_url
from api.http.pagination import encode_cursor
from api.outcomes.released_query import ReleaseCursor
from api.releases.figure_blocks import FigureBlock
from schema.partners import Scope
from tests.conftest import SET_DATABASE_CLOCK
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

CONTRACT_FILE = Path(__file__).parents[2] / "openapi.yaml"
OPERATIONS = {
    path: item["get"]
    for path, item in msgspec.yaml.decode(CONTRACT_FILE.read_bytes())["paths"].items()
    if "get" in item and not item["get"].get("security") and "{programme}" in path
}
VALUES = {
    "measure": ["learners", "learner-voice"],
    "series": ["headline"],
    "theme": ["skills"],
    "period": ["2026-07", "latest", "all", "last-4"],
    "from": ["2026-01"],
    "to": ["2026-08"],
    "area": [TOWN, EAST],
    "within": [TOWN],
    "level": ["town", "quarter"],
    "group_by": ["sex", "quarter"],
    "breakdown": ["sex:female"],
    "min_coverage": [0, 1],
    "labels": ["true"],
    "limit": [1, 1000],
    "dimension": ["sex"],
    "category": ["female"],
    "reference_category": ["male"],
    "kind": ["flow"],
    "type": ["month"],
    "column": ["output"],
    "disclosure_class": ["persons"],
    "organisation": ["quay-college"],
    "reference": ["M1.1"],
}
"""Values of parameters. The test fails if the contract has a parameter that is not here."""
WITHDRAWN, EMBARGOED, NUMBERS = 2, 4, (1, 2, 3, 4, 5)
VOICE = {"measure": "learner-voice", "period": "2026-07"}


def list_values(name: str) -> list[object]:
    if name in ("release", "number"):
        return [*map(str, NUMBERS)] + ["latest"] * (name == "release")
    if name == "cursor":
        return [encode_cursor(ReleaseCursor(number, -1)) for number in NUMBERS]
    return VALUES[name]


def list_requests() -> list[tuple[str, dict[str, object]]]:
    """Return each operation with its required parameters, and with each value of each other one in each release."""
    requests: list[tuple[str, dict[str, object]]] = []
    for path, operation in OPERATIONS.items():
        names = [one["name"] for one in operation.get("parameters", []) if one["name"] != "programme"]
        required = [one["name"] for one in operation.get("parameters", []) if one.get("required")]
        always = [name for name in names if name in required or name == "release"]
        optional = [{}] + [{name: value} for name in names if name not in always for value in list_values(name)]
        for values, more in product(product(*map(list_values, always)), optional):
            parameters = dict(zip(always, values, strict=True)) | more
            in_path = {name: parameters.pop(name) for name in always if f"{{{name}}}" in path}
            requests.append((path.format(programme="harbour-skills-2026", **in_path), parameters))
    return requests


async def publish(press: ReleaseClient, number: int, **request: object) -> None:
    people = {
        (area, sex): 1000 * (number + place) for area in (EAST, WEST) for place, sex in enumerate(("female", "male"))
    }
    people = {cell: count * 37 for cell, count in people.items()}
    entry = {"domain": "design", "title": f"Panel {number:04} of learners", "date": "2026-07-14", "people": 6}
    learners = make_learners_return("2026-07", people)
    await press.submit_and_approve("quay-college", learners, VOICE | {"entries": [entry]})
    await press.submit_and_approve("pier-college", learners)
    reviewer = await press.http_client(press.owner, Scope.REVIEW)
    path = f"/v1/programmes/{press.programme}/returns/quay-college/learner-voice/headline/main/2026-07/clearance"
    assert (await reviewer.post(path, json={"revision": number, "entries": [1]})).status_code == 201
    assert (await press.publish(**request))["release"] == number


async def withdraw(press: ReleaseClient, number: int) -> dict:
    publisher = await press.http_client(press.owner, Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/{number}/withdrawal"
    response = await publisher.post(path, json={"reason": "A slip."})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    """Publish five releases with other figures and texts each: the second is withdrawn, the fourth under embargo."""
    press = ReleaseClient(application, harbour_programme)
    for number in NUMBERS:
        embargo = {"publish_at": (application.now + timedelta(days=30)).isoformat()} if number == EMBARGOED else {}
        await publish(press, number, **embargo)
    await withdraw(press, WITHDRAWN)
    return press


async def list_secrets(press: ReleaseClient, number: int) -> set[str]:
    """Return the displayed counts and texts that only this release has."""
    rows = await (await press.application.query_connection()).fetch("select * from release.figure_block")
    contents: dict[int, set[str]] = {one: set() for one in NUMBERS}
    for row in rows:
        block = FigureBlock(row["first_position"], row["content"])
        contents[row["release"]] |= {str(int(value)) for value in block.table.read_values("value") if value}
    others = set[str]().union(*(contents[one] for one in NUMBERS if one not in (WITHDRAWN, EMBARGOED)))
    secrets = {count for count in contents[number] - others if int(count) > 1000}
    assert secrets
    return secrets | {f"Panel {number:04} of learners"}


async def test_no_public_operation_returns_anything_of_a_hidden_release(press):
    secrets = {number: await list_secrets(press, number) for number in (WITHDRAWN, EMBARGOED)}
    http = press.application.http_client()
    leaks, statuses = [], []
    for path, parameters in list_requests():
        response = await http.get(path, params=parameters)
        statuses.append(response.status_code)
        words = set(re.findall(r"\d+|Panel \d+ of learners", response.text))
        leaks += [(path, parameters, number) for number, secret in secrets.items() if secret & words]
    assert leaks == []
    assert set(statuses) == {200, 404, 410, 422}


async def test_figures_of_a_hidden_release_are_blank_in_the_changes_of_the_next(press):
    for number, previous in ((3, None), (5, None)):
        changes = (await press.read(f"releases/{number}/changes")).json()
        assert changes["previous_release"] == previous
        assert changes["items"]
        assert all(change["before"] is None and change["after"] for change in changes["items"])
    press.application.now += timedelta(days=30)
    changes = (await press.read("releases/5/changes")).json()
    assert changes["previous_release"] == EMBARGOED
    assert any(change["before"] for change in changes["items"])


async def test_removed_figures_of_a_hidden_release_are_not_listed(press):
    assert (await press.publish(exclude_measures=["learners"]))["release"] == 6
    with_removed = (await press.read("releases/6/changes", limit=1000)).json()["items"]
    assert "removed" in {change["why"] for change in with_removed}
    await withdraw(press, 5)
    without = (await press.read("releases/6/changes", limit=1000)).json()
    assert "removed" not in {change["why"] for change in without["items"]}
    assert without["next_cursor"] is None


async def test_embargoed_release_is_withdrawn_before_it_is_published(press):
    assert (await withdraw(press, EMBARGOED))["withdrawal_reason"] == "A slip."
    assert (await press.read(f"releases/{EMBARGOED}")).status_code == 404
    press.application.now += timedelta(days=30)
    assert (await press.read(f"releases/{EMBARGOED}")).json()["withdrawal_reason"] == "A slip."
    gone = await press.read(release=str(EMBARGOED))
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors/withdrawn-release")


@pytest.mark.parametrize("days", [0, 30])
async def test_in_sql_the_public_role_reads_nothing_of_a_hidden_release(press, days):
    clock = press.application.now + timedelta(days=days)
    await (await press.application.query_connection()).execute(SET_DATABASE_CLOCK.format(clock.isoformat()))
    reader = await asyncpg.connect(login_url(press.application.url, PUBLIC_ROLE))
    try:
        visible = {number for number in NUMBERS if days or number != EMBARGOED}
        assert {row[0] for row in await reader.fetch("select number from release.release")} == visible
        for table in ("period", "figure_block", "change_block", "entry"):
            releases = {row[0] for row in await reader.fetch(f"select release from release.{table}")}
            assert releases == visible - {WITHDRAWN}, table
    finally:
        await reader.close()
