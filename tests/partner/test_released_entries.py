"""A release contains the entries of milestones and evidence that reviewers had cleared at its publication."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE, login_url
from schema.partners import Scope
from tests.fixtures.release_client import ReleaseClient

VOICE = {"measure": "learner-voice", "period": "2026-07"}
PROSPECTUS = {"measure": "prospectus", "period": "2026-07"}
QUAY = "quay-college"
PANEL = {"domain": "design", "title": "A panel of learners", "date": "2026-07-14", "people": 6}
TALKS = {"domain": "delivery", "title": "Talks with Zebedee", "date": "2026-07-02", "people": 1}
COVER = {
    "item": "cover",
    "title": "The cover",
    "stage": "printed",
    "date": "2026-07-20",
    "url": "https://quay.example/p",
}


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    """Return a client after one college's return is approved, with no entry cleared."""
    press = ReleaseClient(application, harbour_programme)
    await press.submit_and_approve(QUAY, VOICE | {"entries": [PANEL, TALKS]}, PROSPECTUS | {"items": [COVER]})
    return press


def build_path(press: ReleaseClient, identity: dict) -> str:
    return f"/v1/programmes/{press.programme}/returns/{QUAY}/{identity['measure']}/headline/main/{identity['period']}"


async def clear(press: ReleaseClient, identity: dict, *entries: int, revision: int = 1) -> None:
    reviewer = await press.http_client(press.owner, Scope.REVIEW)
    response = await reviewer.post(
        f"{build_path(press, identity)}/clearance", json={"revision": revision, "entries": [*entries]}
    )
    assert response.status_code == 201, response.text


async def redact(press: ReleaseClient, identity: dict) -> None:
    proposed = await (await press.http_client(press.owner, Scope.REVIEW)).post(
        f"{build_path(press, identity)}/redaction", json={"revision": 1, "reason": "It names a person."}
    )
    assert proposed.status_code == 201, proposed.text
    confirmed = await (await press.http_client(press.owner, Scope.REVIEW)).post(
        f"{build_path(press, identity)}/redaction/confirmation", json={"revision": 1}
    )
    assert confirmed.status_code == 201, confirmed.text


async def read_entries(press: ReleaseClient, release: str = "latest", **params: object) -> list[dict]:
    response = await press.read(f"releases/{release}/entries", **params)
    assert response.status_code == 200, response.text
    return response.json()["items"]


async def test_cleared_approved_entries_are_released_without_provider_or_people(press):
    await clear(press, VOICE, 1)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    prospectus, voice = await read_entries(press)
    month = {
        "code": "2026-07",
        "type": "month",
        "start": "2026-07-01",
        "end": "2026-07-31",
        "label": "July 2026",
    }
    assert prospectus == {
        "measure": "prospectus",
        "series": "headline",
        "period": month,
        "position": 1,
        "domain": None,
        "item": "cover",
        "title": "The cover",
        "stage": "printed",
        "date": "2026-07-20",
        "url": "https://quay.example/p",
    }
    assert voice == {
        "measure": "learner-voice",
        "series": "headline",
        "period": month,
        "position": 1,
        "domain": "design",
        "item": None,
        "title": "A panel of learners",
        "stage": None,
        "date": "2026-07-14",
        "url": None,
    }


async def test_uncleared_entries_are_neither_released_nor_counted(press):
    await clear(press, VOICE, 1)
    await press.publish()
    response = await press.read("releases/1/entries")
    assert [entry["position"] for entry in response.json()["items"]] == [1], "the second entry has an earlier date"
    assert "Zebedee" not in response.text
    connection = await asyncpg.connect(press.application.url)
    contents = await connection.fetch("select convert_from(content, 'UTF8') from release.entry")
    await connection.close()
    assert len(contents) == 1
    assert not {"people", QUAY, "Zebedee"} & set(str(contents).replace('"', " ").split())


async def test_later_clearance_applies_to_the_next_release_only(press):
    await clear(press, VOICE, 1)
    await press.publish()
    before = await press.read("releases/1/entries")
    await clear(press, VOICE, 2)
    assert (await press.read("releases/1/entries")).content == before.content
    await press.publish()
    assert [entry["title"] for entry in await read_entries(press)] == [TALKS["title"], PANEL["title"]], (
        "ordered by date"
    )
    assert [entry["title"] for entry in await read_entries(press, "1")] == [PANEL["title"]]
    assert (await press.read("releases/1/entries")).content == before.content


async def test_only_the_approved_revision_is_released(press):
    await clear(press, VOICE, 1)
    http = await press.http_client(QUAY, Scope.SUBMIT)
    corrected = VOICE | {"entries": [PANEL | {"title": "A panel of four"}]}
    body = {"returns": [corrected], "confirm_withdrawals": True}
    assert (await http.post(f"/v1/programmes/{press.programme}/submissions", json=body)).status_code == 201
    await clear(press, VOICE, 1, revision=2)
    await press.publish()
    assert [entry["title"] for entry in await read_entries(press)] == ["A panel of learners"]
    await press.submit_and_approve(QUAY, VOICE | {"kind": "withdrawn", "note": "It was another year."})
    await press.publish()
    assert await read_entries(press) == []


async def test_redaction_removes_an_entry_from_every_release(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    assert len(await read_entries(press, "1")) == 3
    await redact(press, VOICE)
    assert [entry["item"] for entry in await read_entries(press, "1")] == ["cover"]
    await press.publish()
    assert [entry["item"] for entry in await read_entries(press)] == ["cover"]


async def test_entries_are_filtered_by_measure_and_period(press):
    august = PROSPECTUS | {"period": "2026-08"}
    await press.submit_and_approve(QUAY, august | {"items": [COVER | {"title": "Another cover", "date": "2026-08-04"}]})
    for identity in (VOICE, PROSPECTUS, august):
        await clear(press, identity, 1)
    await press.publish()
    all_entries = await read_entries(press)
    assert [(entry["measure"], entry["period"]["code"]) for entry in all_entries] == [
        ("prospectus", "2026-07"),
        ("prospectus", "2026-08"),
        ("learner-voice", "2026-07"),
    ]
    assert await read_entries(press, measure="prospectus") == all_entries[:2]
    assert await read_entries(press, measure=["learner-voice", "prospectus"]) == all_entries
    assert await read_entries(press, period="2026-07") == [all_entries[0], all_entries[2]]
    assert await read_entries(press, period="P2026-08..2026-08", measure="prospectus") == [all_entries[1]], (
        "an equal span"
    )
    assert await read_entries(press, period="2026-06") == []


async def test_cursor_for_entries_is_valid_for_one_release_only(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    all_entries = await read_entries(press)
    entries: list[dict] = []
    cursor: dict[str, str] = {}
    for _ in all_entries:
        page = (await press.read("releases/1/entries", limit=1, **cursor)).json()
        entries += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert (entries, cursor) == (all_entries, {})
    first = (await press.read("releases/1/entries", limit=1)).json()["next_cursor"]
    await press.publish()
    refused = await press.read("releases/latest/entries", cursor=first)
    assert (refused.status_code, refused.json()["type"]) == (422, "/errors/invalid-cursor")


async def test_sdk_reads_pages_of_one_release_while_another_is_published(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    client = press.application.sdk_client()
    pages = client.iter_release_entries(press.programme, limit=1)
    first = await anext(pages)
    assert (first.item, first.stage, first.period.code, first.domain) == ("cover", "printed", "2026-07", None)
    await redact(press, PROSPECTUS)
    await press.publish()
    assert [entry.title async for entry in pages] == [TALKS["title"], PANEL["title"]]
    voices = client.iter_release_entries(press.programme, "1", measure=["learner-voice"], period=["2026-07"])
    assert [entry.domain async for entry in voices] == ["delivery", "design"]


#   release, parameters                    status, code, word in the detail
REFUSED = [
    ("1", {"measure": "prospectu"}, 422, "unknown-code", "prospectus"),
    ("1", {"measure": "learners"}, 422, "unknown-code", "learner-voice"),
    ("1", {"period": "July"}, 422, "unclear-period", "July"),
    ("1", {"cursor": "x"}, 422, "invalid-cursor", "not a cursor"),
    ("1", {"organisation": QUAY}, 422, "invalid-parameter", "organisation"),
    ("7", {}, 404, "no-release", "7"),
    ("x", {}, 404, "no-release", "latest"),
]


@pytest.mark.parametrize(("release", "params", "status", "code", "word"), REFUSED)
async def test_invalid_request_for_entries_is_rejected(press, release, params, status, code, word):
    await press.publish()
    refused = await press.read(f"releases/{release}/entries", **params)
    assert (refused.status_code, refused.json()["type"]) == (status, f"/errors/{code}")
    assert word in refused.text


async def test_entries_of_embargoed_and_withdrawn_releases_are_not_returned(press):
    await clear(press, VOICE, 1)
    at = press.application.now + timedelta(days=1)
    await press.publish(publish_at=at.isoformat())
    for release in ("1", "latest"):
        hidden = await press.read(f"releases/{release}/entries")
        assert (hidden.status_code, hidden.json()["type"]) == (404, "/errors/no-release")
    press.application.now = at
    assert len(await read_entries(press)) == 1
    publisher = await press.http_client(press.owner, Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/1/withdrawal"
    assert (await publisher.post(path, json={"reason": "It belongs to another college."})).status_code == 200
    gone = await press.read("releases/1/entries")
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors/withdrawn-release")


async def test_entries_and_etag_are_the_same_for_every_key(press):
    await clear(press, VOICE, 1)
    await press.publish()
    path = f"/v1/programmes/{press.programme}/releases/latest/entries"
    clients = [
        press.application.http_client(),
        await press.http_client(press.owner, *Scope),
        await press.http_client("pier-college", Scope.READ),
        await press.http_client(QUAY, Scope.READ),
    ]
    responses = [await http.get(path) for http in clients]
    assert len({(response.content, response.headers["etag"]) for response in responses}) == 1
    again = await press.application.http_client().get(path, headers={"If-None-Match": responses[0].headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_rehearsal_counts_entries_and_writes_nothing(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    rehearsed = await press.publish(dry_run=True)
    entry_counts = {"prospectus": 1, "learner-voice": 2}
    assert rehearsed["rehearsal"]["report"]["entries"] == entry_counts
    connection = await asyncpg.connect(press.application.url)
    assert await connection.fetchval("select count(*) from release.entry") == 0
    await connection.close()
    job = await press.publish(exclude_measures=["prospectus"])
    assert job["audit"]["entries"] == {"learner-voice": 2}
    assert {entry["measure"] for entry in await read_entries(press)} == {"learner-voice"}


async def test_rows_of_measures_with_entries_refer_to_the_entries(press):
    await clear(press, VOICE, 1)
    await press.publish()
    [figure] = await press.read_figures(**VOICE)
    assert (figure["status"], figure["reason"]) == ("z", "not_a_count")
    assert "GET …/releases/{release}/entries?measure=learner-voice" in figure["alternatives"]
    await clear(press, VOICE, 2)
    await press.publish()
    assert (await press.read("releases/2/changes")).json()["items"] == [], "the row is the same in each release"


async def test_public_role_can_select_entries_but_not_revisions(press):
    await clear(press, VOICE, 1)
    await press.publish()
    reader = await asyncpg.connect(login_url(press.application.url, PUBLIC_ROLE))
    assert await reader.fetchval("select count(*) from release.entry") == 1
    for statement in (
        "select * from revision",
        "select revision from release.entry",
        "delete from release.entry",
        "insert into release.entry values (1, 1, 9, 1, '2026-07', 1, '')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(statement)
    await reader.close()
    application = await asyncpg.connect(login_url(press.application.url, APPLICATION_ROLE))
    for statement in ("delete from release.entry", "update release.entry set content = ''"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(statement)
    await application.close()


async def test_publication_waits_for_a_redaction_in_progress(press):
    """A redaction locks the return, so that a redacted text never stays in a release."""
    await clear(press, VOICE, 1)
    connection = await asyncpg.connect(press.application.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute('select pg_advisory_xact_lock(id) from "return"')
    publishing = asyncio.create_task(press.publish())
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    while not await connection.fetchval(waiting):
        assert not publishing.done(), publishing.result()
        await asyncio.sleep(0.05)
    await transaction.rollback()
    await connection.close()
    assert (await publishing)["state"] == "published"
    assert len(await read_entries(press)) == 1


async def test_page_of_the_measure_has_cleared_entries_until_they_are_redacted(press):
    await clear(press, VOICE, 1)
    await press.publish()

    async def read_page() -> str:
        address = f"/programmes/{press.programme}/measures/{VOICE['measure']}"
        return (await press.application.http_client().get(address, headers={"Accept": "text/html"})).text

    page = await read_page()
    assert PANEL["title"] in page
    assert TALKS["title"] not in page
    await redact(press, VOICE)
    assert PANEL["title"] not in await read_page()
