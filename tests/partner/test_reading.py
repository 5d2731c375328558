"""Reading returns: filters, any past instant, revisions, cells, and what happened, through the SDK."""

import asyncio
import re
import time
from datetime import datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import event

from api.returns import queries
from schema.partners import Scope
from work_health import NotFound, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY, WARD = "E06000018", "E05012270"
REFERRALS, CONVERSATIONS = "ips-primary-care-referrals", "work-health-conversations"
Q1, Q2 = "FY2025-26-Q1", "FY2025-26-Q2"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": Q2,
}
MINUTE = timedelta(minutes=1)


def referrals(total: int, period: str = Q2, **by_sex: int):
    cells = [observation(CITY, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return(REFERRALS, period, [observation(CITY, total), *cells])


async def push(partner, *returns, **more):
    more.setdefault("confirm_withdrawals", True)
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


def said(items) -> list[tuple]:
    return [(one.period, tuple(one.breakdown.to_dict().values()), one.value, one.change) for one in items]


@pytest.fixture
async def history(application, council_client) -> list[datetime]:
    """Three minutes: a first return, a correction with another return, and a withdrawal."""
    moments = [application.now]
    await push(council_client, referrals(112, female=61, male=51))
    application.now += MINUTE
    moments.append(application.now)
    await push(council_client, referrals(115, female=64, male=51), referrals(90, period=Q1))
    application.now += MINUTE
    moments.append(application.now)
    await push(council_client, new_return(REFERRALS, Q1, kind="nil"), referrals(115, female=64))
    application.now += MINUTE
    return moments


@pytest.mark.parametrize(
    ("asked", "periods"),
    [
        ({}, [Q1, Q2]),
        ({"period": Q2}, [Q2]),
        ({"kind": "nil"}, [Q1]),
        ({"kind": "withdrawn"}, []),
        ({"state": "pending", "service": "main", "series": "headline"}, [Q1, Q2]),
        ({"state": "approved"}, []),
        ({"organisation": "nottingham-city-council", "measure": REFERRALS}, [Q1, Q2]),
        ({"organisation": "ohid"}, []),
    ],
)
async def test_returns_are_chosen(council_client, history, asked, periods):
    page = await council_client.list_returns(PROGRAMME, **asked)
    assert [one.period.code for one in page.items] == periods


async def test_returns_as_they_stood(council_client, history):
    async def standing(as_of):
        page = await council_client.list_returns(PROGRAMME, as_of=as_of)
        return [(one.period.code, one.revision, one.state) for one in page.items]

    first, second, third = history
    assert await standing(first - MINUTE) == []
    assert await standing(first) == [(Q2, 1, "pending")]
    assert await standing(second) == [(Q1, 1, "pending"), (Q2, 2, "pending")]
    assert await standing(third) == [(Q1, 2, "pending"), (Q2, 3, "pending")]


async def test_a_return_as_it_stood(council_client, history):
    first, second, third = history
    found = [await council_client.get_return(PROGRAMME, **WHERE, as_of=moment) for moment in (first, second, third)]
    assert [(one.summary.revision, len(one.observations)) for one in found] == [(1, 3), (2, 3), (3, 2)]
    with pytest.raises(NotFound):
        await council_client.get_return(PROGRAMME, **WHERE, as_of=first - MINUTE)
    with pytest.raises(NotFound):
        await council_client.get_return(PROGRAMME, **WHERE, revision=2, as_of=first)


async def test_revisions_the_newest_first_as_they_stood(council_client, history):
    now = await council_client.list_revisions(PROGRAMME, **WHERE)
    assert [(r.revision, r.state) for r in now.items] == [(3, "pending"), (2, "superseded"), (1, "superseded")]
    then = await council_client.list_revisions(PROGRAMME, **WHERE, as_of=history[1])
    assert [(r.revision, r.state) for r in then.items] == [(2, "pending"), (1, "superseded")]
    with pytest.raises(NotFound):
        await council_client.list_revisions(PROGRAMME, **(WHERE | {"period": "FY2025-26-Q3"}))


async def test_any_two_revisions_beside_each_other(council_client, history):
    found = await council_client.compare_revisions(PROGRAMME, **WHERE, older=1, newer=3)
    assert (found.older.revision, found.newer.revision, found.change_count) == (1, 3, 3)
    assert found.counts.to_dict() == {"received": 2, "added": 0, "changed": 2, "unchanged": 0, "withdrawn": 1}
    [total, female, male] = found.changes
    assert (total.was.value, total.now.value) == (112, 115)
    assert (female.cell.breakdown.to_dict(), male.now) == ({"sex": "female"}, None)
    same = await council_client.compare_revisions(PROGRAMME, **WHERE, older=2, newer=2)
    assert (same.change_count, same.changes) == (0, [])
    with pytest.raises(RequestRejected, match="turn them round"):
        await council_client.compare_revisions(PROGRAMME, **WHERE, older=3, newer=1)
    with pytest.raises(NotFound):
        await council_client.compare_revisions(PROGRAMME, **WHERE, older=1, newer=4)


async def test_milestones_and_evidence_are_compared_item_by_item(application, council_client):
    measure = (await council_client.get_measure(PROGRAMME, "lived-experience-involvement")).domains
    entry = {"domain": measure[0], "title": "Panel", "date": "2025-09-01", "people": 8}
    other = entry | {"title": "Survey"}
    given = {"measure": "lived-experience-involvement", "period": "FY2025-26-H1"}
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    for entries in ([entry], [entry | {"people": 9}, other]):
        body = {"returns": [given | {"entries": entries}], "confirm_withdrawals": True}
        assert (await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=body)).status_code == 201
    where = WHERE | {"measure": given["measure"], "period": given["period"]}
    application.now = application.now.replace(year=2026, month=4, day=10)
    council_client = await application.partner_client("nottingham-city-council")
    found = await council_client.compare_revisions(PROGRAMME, **where, older=1, newer=2)
    told = [(e.was and e.was.people, e.now and (e.now.title, e.now.people)) for e in found.entries]
    assert told == [(8, None), (None, ("Panel", 9)), (None, ("Survey", 8))]
    assert (found.counts.added, found.counts.withdrawn, found.change_count, found.changes) == (2, 1, 3, [])


async def test_observations_as_they_stand_and_stood(council_client, history):
    first, _, third = history
    now = [(Q2, (), 115, None), (Q2, ("female",), 64, None)]
    assert said((await council_client.list_observations(PROGRAMME)).items) == now
    assert said((await council_client.list_observations(PROGRAMME, as_of=third)).items) == now
    then = [(Q2, (), 112, None), (Q2, ("female",), 61, None), (Q2, ("male",), 51, None)]
    assert said((await council_client.list_observations(PROGRAMME, as_of=first)).items) == then
    assert (await council_client.list_observations(PROGRAMME, as_of=first - MINUTE)).items == []


async def test_what_has_changed_since_with_what_was_withdrawn(council_client, history):
    first, second, third = history
    since = await council_client.list_observations(PROGRAMME, updated_after=first, as_of=second)
    assert said(since.items) == [
        (Q1, (), 90, "added"),
        (Q2, (), 115, "changed"),
        (Q2, ("female",), 64, "changed"),
    ]
    since = await council_client.list_observations(PROGRAMME, updated_after=second)
    assert said(since.items) == [(Q1, (), None, "withdrawn"), (Q2, ("male",), None, "withdrawn")]
    assert [one.revision for one in since.items] == [2, 3]
    assert (await council_client.list_observations(PROGRAMME, updated_after=third)).items == []
    since = await council_client.list_returns(PROGRAMME, updated_after=second)
    assert [(one.period.code, one.revision) for one in since.items] == [(Q1, 2), (Q2, 3)]
    assert (await council_client.list_returns(PROGRAMME, updated_after=third)).items == []
    assert [
        one.revision for one in (await council_client.list_returns(PROGRAMME, updated_after=first, as_of=second)).items
    ] == [
        1,
        2,
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_of_observations_follow_each_other(council_client, reviewer_client, application, limit):
    other = await application.partner_client("nottingham-university-hospitals")
    setting = (await council_client.list_dimensions(PROGRAMME)).items
    codes = next(d for d in setting if d.slug == "setting").categories
    wards = [observation(WARD, 4), observation(WARD, 3, breakdown={"setting": codes[0].code})]
    await push(other, new_return(CONVERSATIONS, Q2, [observation(CITY, 9), *wards]))
    await push(council_client, referrals(112, female=61, male=51), referrals(90, period=Q1))
    whole = (await reviewer_client.list_observations(PROGRAMME)).items
    assert len(whole) == 7
    assert [one.to_dict() async for one in reviewer_client.iter_observations(PROGRAMME, limit=limit)] == [
        one.to_dict() for one in whole
    ]
    first = application.now
    application.now += MINUTE
    await push(council_client, referrals(113, female=62, male=51), new_return(REFERRALS, Q1, kind="nil"))
    since = (await reviewer_client.list_observations(PROGRAMME, updated_after=first)).items
    assert len(since) == 3
    paged = [one async for one in reviewer_client.iter_observations(PROGRAMME, updated_after=first, limit=limit)]
    assert [one.to_dict() for one in paged] == [one.to_dict() for one in since]
    assert [o.area for o in (await reviewer_client.list_observations(PROGRAMME, area=WARD)).items] == [WARD, WARD]
    assert len((await reviewer_client.list_observations(PROGRAMME, measure=CONVERSATIONS, service="main")).items) == 3
    assert len((await other.list_observations(PROGRAMME)).items) == 3
    assert (await other.list_observations(PROGRAMME, organisation="nottingham-city-council")).items == []


# fmt: off
BAD = {
    "naive":             ("returns?as_of=2025-10-20T09:30:00",                        "unreadable-parameter"),
    "a date":            ("returns?as_of=2025-10-20",                                 "unreadable-parameter"),
    "a plus":            ("returns?as_of=2025-10-20T09:30:00+01:00",                  "%2B"),
    "beyond":            ("returns?updated_after=0001-01-01T00:00:00%2B14:00",        "unreadable-parameter"),
    "to come":           ("observations?as_of=2025-10-20T09:30:01Z",                  "instant-in-future"),
    "since to come":     ("observations?updated_after=2026-10-20T09:30:01Z",          "instant-in-future"),
    "turned round":      ("observations?updated_after=2025-10-02T00:00:00Z&as_of=2025-10-01T00:00:00Z", "nothing lies between"),
    "a measure":         ("returns?measure=ips-primary-care-referal",                 "ips-primary-care-referrals"),
    "an organisation":   ("observations?organisation=ohi",                            "ohid"),
    "a series":          (f"observations?measure={REFERRALS}&series=headlin",         "headline"),
    "a service":         ("observations?service=man",                                 "main"),
    "a period":          ("observations?period=2025-Q2",                              "CY2025-Q2"),
    "an area":           ("observations?area=E06000019",                              "E06000018"),
    "a kind":            ("returns?kind=dat",                                         "kind"),
    "a state":           ("returns?state=approve",                                    "state"),
    "a limit":           ("observations?limit=10001",                                 "limit"),
    "another's cursor":  ("observations?cursor=W10",                                  "not a cursor"),
    "nobody's event":    ("returns/changes?cursor=WyIwZDNhNGIwZS02ZDI5LTVmMGEtOWE1MS0xYjFhMWY1ZTJjNzciXQ", "names no event"),
    "no event":          ("returns/changes?cursor=WyJ4Il0",                           "not a cursor"),
    "no unknown":        ("observations?mesure=x",                                    "measure"),
    "review_state":      ("returns?review_state=pending",                             "no parameter"),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_question_has_its_clear_answer(application, case):
    query, names = BAD[case]
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    answer = await http.get(f"/v1/programmes/{PROGRAMME}/{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert names in answer.text


@pytest.mark.parametrize("service", ["%00", "M A I N", "nothing"])
@pytest.mark.parametrize("what", ["", "/revisions", "/comparison?older=1&newer=2"])
async def test_a_return_that_there_cannot_be(application, service, what):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    path = f"/v1/programmes/{PROGRAMME}/returns/nottingham-city-council/{REFERRALS}/headline/{service}/{Q2}{what}"
    assert (await http.get(path)).status_code == 404


class Writer:
    """A transaction of the application's own kind: it holds the lock of those that write, and commits when told."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._transaction = connection.transaction()

    async def begin(self) -> None:
        await self._transaction.start()
        await self._connection.execute(
            "select pg_advisory_xact_lock_shared($1, (select id from programme))", queries.WRITING
        )

    async def write(self, measure: str, recorded_at: datetime) -> None:
        """One more revision of every return of a measure."""
        await self._connection.execute(
            """
            with made as (
                insert into revision (programme, "return", organisation, number, kind, submission, plan_version,
                    cells, recorded_at)
                select r.programme, r."return", r.organisation, max(r.number) + 1, 'nil',
                    (array_agg(r.submission))[1], 1, 0, $2
                from revision r join "return" t on t.programme = r.programme and t.id = r."return"
                join series s on s.programme = t.programme and s.id = t.series
                where s.measure = $1 group by r.programme, r."return", r.organisation
                returning *
            )
            insert into return_event (programme, id, "return", organisation, number, event, state, client,
                by_organisation, at)
            select programme, gen_random_uuid(), "return", organisation, number, 'recorded', 'pending',
                (select id from client limit 1), organisation, recorded_at
            from made
            """,
            measure,
            recorded_at,
        )

    async def commit(self) -> None:
        await self._transaction.commit()


@pytest.fixture
async def writer(application):
    connection = await asyncpg.connect(application.url)
    yield Writer(connection)
    await connection.close()


async def test_who_reads_the_past_waits_for_those_that_were_writing(application, council_client, writer):
    await push(council_client, referrals(112))
    application.now += MINUTE
    as_of = application.now
    await writer.begin()
    await writer.write(REFERRALS, as_of)
    application.now += MINUTE
    asked = asyncio.create_task(council_client.list_returns(PROGRAMME, as_of=as_of))
    await asyncio.sleep(0.3)
    assert not asked.done()
    assert (await council_client.list_returns(PROGRAMME)).items[0].revision == 1  # of now, what is committed is enough
    await writer.commit()
    assert [one.revision for one in (await asked).items] == [2]
    assert (await council_client.list_observations(PROGRAMME, as_of=as_of)).items == []


async def test_nobody_waits_for_writers_that_begin_later(application, council_client, writer):
    await push(council_client, referrals(112))
    second = await asyncpg.connect(application.url)
    later = Writer(second)
    try:
        await writer.begin()
        asked = asyncio.create_task(council_client.list_returns(PROGRAMME, as_of=application.now))
        await asyncio.sleep(0.3)
        await later.begin()
        await writer.commit()
        assert len((await asyncio.wait_for(asked, 5)).items) == 1
    finally:
        await second.close()


async def test_a_writer_that_does_not_end_is_waited_for_only_so_long(application, writer, monkeypatch):
    monkeypatch.setattr(queries, "MAX_WAIT_SECONDS", 0.2)
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    await writer.begin()
    answer = await http.get(f"/v1/programmes/{PROGRAMME}/observations", params={"as_of": application.now.isoformat()})
    assert (answer.status_code, answer.json()["type"]) == (409, "/errors/write-in-progress")
    assert answer.headers["retry-after"] == "3"
    await writer.commit()


async def test_what_is_answered_for_an_instant_never_changes(application, council_client, reviewer_client):
    """Writers race each other and the reader; the clock runs, and each writes into returns of its own."""
    began = application.now
    started = time.monotonic()
    application.app.state.clock = lambda: began + timedelta(seconds=time.monotonic() - started)
    measures = [(REFERRALS, Q1), (REFERRALS, Q2), ("health-to-employment-referrals", Q1)]
    other = await application.partner_client("nottingham-university-hospitals")
    await push(other, new_return(CONVERSATIONS, Q2, [observation(CITY, 9)]))
    answers: dict[datetime, list[dict]] = {}
    ending = asyncio.Event()

    async def write(measure: str, period: str) -> None:
        for value in range(8):
            await push(council_client, new_return(measure, period, [observation(CITY, 100 + value)]))

    async def held() -> None:
        """What a test holds open in SQL: written at one time, committed a while later."""
        connection = await asyncpg.connect(application.url)
        for _ in range(4):
            late = Writer(connection)
            await late.begin()
            await late.write(CONVERSATIONS, application.app.state.clock())
            await asyncio.sleep(0.15)
            await late.commit()
        await connection.close()

    async def read() -> None:
        while not ending.is_set():
            as_of = application.app.state.clock()
            answers[as_of] = [o.to_dict() for o in (await reviewer_client.list_returns(PROGRAMME, as_of=as_of)).items]

    reading = asyncio.create_task(read())
    try:
        await asyncio.gather(held(), *(write(*one) for one in measures))
    finally:
        ending.set()
        await reading
    assert len(answers) > 3
    for as_of, answer in answers.items():
        again = await reviewer_client.list_returns(PROGRAMME, as_of=as_of)
        assert [one.to_dict() for one in again.items] == answer


async def test_the_feed_tells_every_event_in_order(application, council_client, reviewer_client, history):
    await application.wait_for_old_transactions()
    events = [one async for one in council_client.iter_return_changes(PROGRAMME, limit=2)]
    assert [(e.period.code, e.revision, e.event, e.state) for e in events] == [
        (Q2, 1, "recorded", "pending"),
        (Q2, 1, "superseded", "superseded"),
        (Q2, 2, "recorded", "pending"),
        (Q1, 1, "recorded", "pending"),
        (Q1, 1, "superseded", "superseded"),
        (Q1, 2, "recorded", "pending"),
        (Q2, 2, "superseded", "superseded"),
        (Q2, 3, "recorded", "pending"),
    ]
    assert {e.by for e in events} == {"nottingham-city-council"}
    page = await council_client.list_return_changes(PROGRAMME)
    assert (len(page.items), page.more) == (8, False)
    after = await council_client.list_return_changes(PROGRAMME, cursor=page.next_cursor)
    assert (after.items, after.next_cursor, after.more) == ([], page.next_cursor, False)
    other = await application.partner_client("nottinghamshire-healthcare")
    nothing = await other.list_return_changes(PROGRAMME)
    assert (nothing.items, nothing.next_cursor, nothing.more) == ([], None, False)
    assert len((await reviewer_client.list_return_changes(PROGRAMME)).items) == 8
    with pytest.raises(RequestRejected, match="names no event"):
        await other.list_return_changes(PROGRAMME, cursor=page.next_cursor)


async def test_an_event_that_is_committed_late_is_not_missed(application, council_client, writer):
    """The late transaction has the older id: its event comes first, and nothing younger is told before it."""
    await push(council_client, referrals(112))
    await application.wait_for_old_transactions()
    first = await council_client.list_return_changes(PROGRAMME)
    await writer.begin()
    await writer.write(REFERRALS, application.now)
    await push(council_client, referrals(90, period=Q1))
    held_back = await council_client.list_return_changes(PROGRAMME, cursor=first.next_cursor)
    assert (held_back.items, held_back.next_cursor) == ([], first.next_cursor)
    await writer.commit()
    await application.wait_for_old_transactions()
    rest = await council_client.list_return_changes(PROGRAMME, cursor=held_back.next_cursor)
    assert [(e.period.code, e.revision) for e in rest.items] == [(Q2, 2), (Q1, 1)]


async def test_whoever_polls_the_feed_gets_every_event_exactly_once(application, council_client, reviewer_client):
    other = await application.partner_client("nottingham-university-hospitals")
    seen: list[str] = []
    done = asyncio.Event()

    async def poll() -> str | None:
        cursor = None
        while True:
            last = done.is_set()
            page = await reviewer_client.list_return_changes(PROGRAMME, cursor=cursor, limit=3)
            seen.extend(str(one.id) for one in page.items)
            cursor = page.next_cursor
            if last and not page.items:
                return cursor
            await asyncio.sleep(0.005)

    async def write(partner, measure: str, period: str) -> None:
        for value in range(6):
            await push(partner, new_return(measure, period, [observation(CITY, 50 + value)]))

    async def late() -> None:
        connection = await asyncpg.connect(application.url)
        for _ in range(4):
            one = Writer(connection)
            await one.begin()
            await connection.fetchval("select pg_current_xact_id()")  # an old id, of which nothing is known yet
            await asyncio.sleep(0.15)
            await connection.execute(
                """
                insert into return_event (programme, id, "return", organisation, number, event, text, client,
                    by_organisation, at)
                select programme, gen_random_uuid(), "return", organisation, 1, 'commented', 'late',
                    (select id from client limit 1), organisation, now()
                from revision where number = 1
                """
            )
            await one.commit()
        await connection.close()

    await push(council_client, new_return(REFERRALS, Q1, [observation(CITY, 49)]))
    polling = asyncio.create_task(poll())
    try:
        await asyncio.gather(
            write(council_client, REFERRALS, Q1),
            write(council_client, REFERRALS, Q2),
            write(other, CONVERSATIONS, Q2),
            late(),
        )
        await application.wait_for_old_transactions()
    finally:
        done.set()
    await polling
    async with application.owner.connect() as owner:
        told = (await owner.exec_driver_sql("select id, text from return_event")).all()
    assert sum(text == "late" for _, text in told) >= 4
    assert sorted(seen) == sorted(str(one) for one, _ in told)


async def test_no_reading_scans_every_observation(application, council_client, reviewer_client, history):
    """With a few hundred thousand cells in the table, the plan of each statement goes by its primary key."""
    async with application.owner.begin() as owner:
        await owner.exec_driver_sql("set session_replication_role = replica")
        await owner.exec_driver_sql(
            """
            insert into observation (programme, revision, area, breakdown, value)
            select (select id from programme), 1000000 + r, a, b, 1
            from generate_series(1, 100) r, generate_series(1, 40) a, generate_series(1, 60) b
            """
        )
    async with application.owner.connect() as owner:
        await owner.exec_driver_sql("commit")
        await owner.exec_driver_sql("analyze")
    statements: list[tuple[str, tuple]] = []

    def noted(_, __, statement, parameters, ___, ____) -> None:
        if re.search(r"\bcell\b", statement):
            statements.append((statement, parameters))

    event.listen(application.engine.sync_engine, "before_cursor_execute", noted)
    page = await council_client.list_observations(PROGRAMME, limit=1)
    await council_client.list_observations(PROGRAMME, cursor=page.next_cursor)
    await reviewer_client.list_observations(PROGRAMME, updated_after=history[0], area=CITY)
    await council_client.get_return(PROGRAMME, **WHERE)
    event.remove(application.engine.sync_engine, "before_cursor_execute", noted)
    assert len(statements) >= 4
    async with application.engine.begin() as transaction:
        for statement, parameters in statements:
            plan = (await transaction.exec_driver_sql("explain " + statement, parameters)).scalars().all()
            assert not [line for line in plan if "Seq Scan on observation" in line], "\n".join(plan)
            assert [line for line in plan if "observation_pk" in line], "\n".join(plan)
