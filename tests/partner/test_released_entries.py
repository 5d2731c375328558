"""What reviewers have cleared of milestones and evidence is in releases, as it was cleared when they were made."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from api.database import connections
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
    """What one college returned, approved; nothing of it is cleared."""
    press = ReleaseClient(application, harbour_programme)
    await press.submit_and_approve(QUAY, VOICE | {"entries": [PANEL, TALKS]}, PROSPECTUS | {"items": [COVER]})
    return press


def where(press: ReleaseClient, of: dict) -> str:
    return f"/v1/programmes/{press.programme}/returns/{QUAY}/{of['measure']}/headline/main/{of['period']}"


async def clear(press: ReleaseClient, of: dict, *entries: int, revision: int = 1) -> None:
    reviewer = await press.http_client(press.owner, Scope.REVIEW)
    answer = await reviewer.post(f"{where(press, of)}/clearance", json={"revision": revision, "entries": [*entries]})
    assert answer.status_code == 201, answer.text


async def redact(press: ReleaseClient, of: dict) -> None:
    proposed = await (await press.http_client(press.owner, Scope.REVIEW)).post(
        f"{where(press, of)}/redaction", json={"revision": 1, "reason": "It names somebody."}
    )
    assert proposed.status_code == 201, proposed.text
    confirmed = await (await press.http_client(press.owner, Scope.REVIEW)).post(
        f"{where(press, of)}/redaction/confirmation", json={"revision": 1}
    )
    assert confirmed.status_code == 201, confirmed.text


async def released(press: ReleaseClient, release: str = "latest", **params: object) -> list[dict]:
    answer = await press.read(f"releases/{release}/entries", **params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_is_cleared_and_approved_is_released_without_who_and_how_many(press):
    await clear(press, VOICE, 1)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    prospectus, voice = await released(press)
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


async def test_what_is_not_cleared_is_nowhere_and_not_counted(press):
    await clear(press, VOICE, 1)
    await press.publish()
    answer = await press.read("releases/1/entries")
    assert [one["position"] for one in answer.json()["items"]] == [1], "the second entry was earlier, and is not there"
    assert "Zebedee" not in answer.text
    connection = await asyncpg.connect(press.application.url)
    kept = await connection.fetch("select convert_from(content, 'UTF8') from release.entry")
    await connection.close()
    assert len(kept) == 1
    assert not {"people", QUAY, "Zebedee"} & set(str(kept).replace('"', " ").split())


async def test_a_later_clearing_is_in_the_next_release_and_not_in_the_one_before(press):
    await clear(press, VOICE, 1)
    await press.publish()
    before = await press.read("releases/1/entries")
    await clear(press, VOICE, 2)
    assert (await press.read("releases/1/entries")).content == before.content
    await press.publish()
    assert [one["title"] for one in await released(press)] == [TALKS["title"], PANEL["title"]], "by their dates"
    assert [one["title"] for one in await released(press, "1")] == [PANEL["title"]]
    assert (await press.read("releases/1/entries")).content == before.content


async def test_only_the_approved_revision_is_released(press):
    await clear(press, VOICE, 1)
    http = await press.http_client(QUAY, Scope.SUBMIT)
    mended = VOICE | {"entries": [PANEL | {"title": "A panel of four"}]}
    body = {"returns": [mended], "confirm_withdrawals": True}
    assert (await http.post(f"/v1/programmes/{press.programme}/submissions", json=body)).status_code == 201
    await clear(press, VOICE, 1, revision=2)
    await press.publish()
    assert [one["title"] for one in await released(press)] == ["A panel of learners"]
    await press.submit_and_approve(QUAY, VOICE | {"kind": "withdrawn", "note": "It was another year."})
    await press.publish()
    assert await released(press) == []


async def test_a_redaction_takes_it_out_of_every_release(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    assert len(await released(press, "1")) == 3
    await redact(press, VOICE)
    assert [one["item"] for one in await released(press, "1")] == ["cover"]
    await press.publish()
    assert [one["item"] for one in await released(press)] == ["cover"]


async def test_it_is_filtered_by_measure_and_period(press):
    august = PROSPECTUS | {"period": "2026-08"}
    await press.submit_and_approve(QUAY, august | {"items": [COVER | {"title": "Another cover", "date": "2026-08-04"}]})
    for of in (VOICE, PROSPECTUS, august):
        await clear(press, of, 1)
    await press.publish()
    every = await released(press)
    assert [(one["measure"], one["period"]["code"]) for one in every] == [
        ("prospectus", "2026-07"),
        ("prospectus", "2026-08"),
        ("learner-voice", "2026-07"),
    ]
    assert await released(press, measure="prospectus") == every[:2]
    assert await released(press, measure=["learner-voice", "prospectus"]) == every
    assert await released(press, period="2026-07") == [every[0], every[2]]
    assert await released(press, period="P2026-08..2026-08", measure="prospectus") == [every[1]], "an equal span"
    assert await released(press, period="2026-06") == []


async def test_page_by_page_and_a_page_belongs_to_one_release(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    every = await released(press)
    found: list[dict] = []
    cursor: dict[str, str] = {}
    for _ in every:
        page = (await press.read("releases/1/entries", limit=1, **cursor)).json()
        found += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert (found, cursor) == (every, {})
    first = (await press.read("releases/1/entries", limit=1)).json()["next_cursor"]
    await press.publish()
    refused = await press.read("releases/latest/entries", cursor=first)
    assert (refused.status_code, refused.json()["type"]) == (422, "/errors/invalid-cursor")


async def test_the_sdk_follows_the_pages_of_one_release_while_another_comes(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    await press.publish()
    anybody = press.application.sdk_client()
    pages = anybody.iter_release_entries(press.programme, limit=1)
    first = await anext(pages)
    assert (first.item, first.stage, first.period.code, first.domain) == ("cover", "printed", "2026-07", None)
    await redact(press, PROSPECTUS)
    await press.publish()
    assert [one.title async for one in pages] == [TALKS["title"], PANEL["title"]]
    voices = anybody.iter_release_entries(press.programme, "1", measure=["learner-voice"], period=["2026-07"])
    assert [one.domain async for one in voices] == ["delivery", "design"]


#   asked                                  status, code, what the detail names
REFUSED = [
    ("1", {"measure": "prospectu"}, 422, "unknown-code", "prospectus"),
    ("1", {"measure": "learners"}, 422, "unknown-code", "learner-voice"),
    ("1", {"period": "July"}, 422, "unclear-period", "July"),
    ("1", {"cursor": "x"}, 422, "invalid-cursor", "not a cursor"),
    ("1", {"organisation": QUAY}, 422, "invalid-parameter", "organisation"),
    ("7", {}, 404, "no-release", "7"),
    ("x", {}, 404, "no-release", "latest"),
]


@pytest.mark.parametrize(("release", "params", "status", "code", "named"), REFUSED)
async def test_what_cannot_be_asked_is_refused(press, release, params, status, code, named):
    await press.publish()
    refused = await press.read(f"releases/{release}/entries", **params)
    assert (refused.status_code, refused.json()["type"]) == (status, f"/errors/{code}")
    assert named in refused.text


async def test_under_embargo_it_does_not_exist_and_a_withdrawn_release_tells_nothing(press):
    await clear(press, VOICE, 1)
    at = press.application.now + timedelta(days=1)
    await press.publish(publish_at=at.isoformat())
    for release in ("1", "latest"):
        hidden = await press.read(f"releases/{release}/entries")
        assert (hidden.status_code, hidden.json()["type"]) == (404, "/errors/no-release")
    press.application.now = at
    assert len(await released(press)) == 1
    publisher = await press.http_client(press.owner, Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/1/withdrawal"
    assert (await publisher.post(path, json={"reason": "Of another college."})).status_code == 200
    gone = await press.read("releases/1/entries")
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors/withdrawn-release")


async def test_the_same_bytes_and_tag_for_every_key(press):
    await clear(press, VOICE, 1)
    await press.publish()
    path = f"/v1/programmes/{press.programme}/releases/latest/entries"
    clients = [
        press.application.http_client(),
        await press.http_client(press.owner, *Scope),
        await press.http_client("pier-college", Scope.READ),
        await press.http_client(QUAY, Scope.READ),
    ]
    answers = [await http.get(path) for http in clients]
    assert len({(answer.content, answer.headers["etag"]) for answer in answers}) == 1
    again = await press.application.http_client().get(path, headers={"If-None-Match": answers[0].headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_rehearsal_counts_what_would_be_released_and_writes_nothing(press):
    await clear(press, VOICE, 1, 2)
    await clear(press, PROSPECTUS, 1)
    rehearsed = await press.publish(dry_run=True)
    counted = {"prospectus": 1, "learner-voice": 2}
    assert rehearsed["rehearsal"]["report"]["entries"] == counted
    connection = await asyncpg.connect(press.application.url)
    assert await connection.fetchval("select count(*) from release.entry") == 0
    await connection.close()
    made = await press.publish(exclude_measures=["prospectus"])
    assert made["audit"]["entries"] == {"learner-voice": 2}
    assert {one["measure"] for one in await released(press)} == {"learner-voice"}


async def test_rows_of_such_measures_say_where_their_entries_are(press):
    await clear(press, VOICE, 1)
    await press.publish()
    [figure] = await press.read_figures(**VOICE)
    assert (figure["status"], figure["reason"]) == ("z", "not_a_count")
    assert "GET …/releases/{release}/entries?measure=learner-voice" in figure["alternatives"]
    await clear(press, VOICE, 2)
    await press.publish()
    assert (await press.read("releases/2/changes")).json()["items"] == [], "the row says the same in each release"


async def test_readers_see_the_entries_in_sql_and_neither_revisions_nor_whose_they_are(press):
    await clear(press, VOICE, 1)
    await press.publish()
    reader = await asyncpg.connect(press.application.url, server_settings={"role": connections.PUBLIC_ROLE})
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
    application = await asyncpg.connect(press.application.url, server_settings={"role": connections.APPLICATION_ROLE})
    for statement in ("delete from release.entry", "update release.entry set content = ''"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(statement)
    await application.close()


async def test_a_release_is_not_written_while_somebody_decides_on_a_return_in_it(press):
    """Who redacts holds the return: a text that is redacted then is in no release, or is taken out of it."""
    await clear(press, VOICE, 1)
    deciding = await asyncpg.connect(press.application.url)
    held = deciding.transaction()
    await held.start()
    await deciding.execute('select pg_advisory_xact_lock(id) from "return"')
    publishing = asyncio.create_task(press.publish())
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    while not await deciding.fetchval(waiting):
        assert not publishing.done(), publishing.result()
        await asyncio.sleep(0.05)
    await held.rollback()
    await deciding.close()
    assert (await publishing)["state"] == "published"
    assert len(await released(press)) == 1
