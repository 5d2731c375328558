"""Reading returns through the SDK: filters, past instants, revisions, observations and the feed of events."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg
import pytest

from api.submissions.queries_locks import WRITE_LOCK
from schema.partners import Scope
from tests.conftest import SetClock
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


async def submit(partner, *returns, **options):
    options.setdefault("confirm_withdrawals", True)
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **options))


def summarise(items) -> list[tuple]:
    return [(item.period, tuple(item.breakdown.to_dict().values()), item.value, item.change) for item in items]


@pytest.fixture
async def history(application, council_client) -> list[datetime]:
    """Submit a return, then a correction with a second return, then a nil return, one minute after the other."""
    moments = [application.now]
    await submit(council_client, referrals(112, female=61, male=51))
    application.now += MINUTE
    moments.append(application.now)
    await submit(council_client, referrals(115, female=64, male=51), referrals(90, period=Q1))
    application.now += MINUTE
    moments.append(application.now)
    await submit(council_client, new_return(REFERRALS, Q1, kind="nil"), referrals(115, female=64))
    application.now += MINUTE
    return moments


@pytest.mark.parametrize(
    ("filters", "periods"),
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
async def test_filters_select_returns(council_client, history, filters, periods):
    page = await council_client.list_returns(PROGRAMME, **filters)
    assert [summary.period.code for summary in page.items] == periods


async def test_returns_are_read_as_of_an_instant(council_client, history):
    async def read_returns(as_of):
        page = await council_client.list_returns(PROGRAMME, as_of=as_of)
        return [(summary.period.code, summary.revision, summary.state) for summary in page.items]

    first, second, third = history
    assert await read_returns(first - MINUTE) == []
    assert await read_returns(first) == [(Q2, 1, "pending")]
    assert await read_returns(second) == [(Q1, 1, "pending"), (Q2, 2, "pending")]
    assert await read_returns(third) == [(Q1, 2, "pending"), (Q2, 3, "pending")]


async def test_return_is_read_as_of_an_instant(council_client, history):
    first, second, third = history
    details = [await council_client.get_return(PROGRAMME, **WHERE, as_of=moment) for moment in (first, second, third)]
    assert [(detail.summary.revision, len(detail.observations)) for detail in details] == [(1, 3), (2, 3), (3, 2)]
    with pytest.raises(NotFound):
        await council_client.get_return(PROGRAMME, **WHERE, as_of=first - MINUTE)
    with pytest.raises(NotFound):
        await council_client.get_return(PROGRAMME, **WHERE, revision=2, as_of=first)


async def test_revisions_are_listed_newest_first_as_of_an_instant(council_client, history):
    revisions = await council_client.list_revisions(PROGRAMME, **WHERE)
    assert [(revision.revision, revision.state) for revision in revisions.items] == [
        (3, "pending"),
        (2, "superseded"),
        (1, "superseded"),
    ]
    past_revisions = await council_client.list_revisions(PROGRAMME, **WHERE, as_of=history[1])
    assert [(revision.revision, revision.state) for revision in past_revisions.items] == [
        (2, "pending"),
        (1, "superseded"),
    ]
    with pytest.raises(NotFound):
        await council_client.list_revisions(PROGRAMME, **(WHERE | {"period": "FY2025-26-Q3"}))


async def test_any_two_revisions_are_compared(council_client, history):
    comparison = await council_client.compare_revisions(PROGRAMME, **WHERE, older=1, newer=3)
    assert (comparison.older.revision, comparison.newer.revision, comparison.change_count) == (1, 3, 3)
    assert comparison.counts.to_dict() == {"received": 2, "added": 0, "changed": 2, "unchanged": 0, "withdrawn": 1}
    [total, female, male] = comparison.changes
    assert (total.before.value, total.after.value) == (112, 115)
    assert (female.cell.breakdown.to_dict(), male.after) == ({"sex": "female"}, None)
    unchanged = await council_client.compare_revisions(PROGRAMME, **WHERE, older=2, newer=2)
    assert (unchanged.change_count, unchanged.changes) == (0, [])
    with pytest.raises(RequestRejected):
        await council_client.compare_revisions(PROGRAMME, **WHERE, older=3, newer=1)
    with pytest.raises(NotFound):
        await council_client.compare_revisions(PROGRAMME, **WHERE, older=1, newer=4)


async def test_milestones_and_evidence_are_compared_item_by_item(application, council_client):
    domains = (await council_client.get_measure(PROGRAMME, "lived-experience-involvement")).domains
    entry = {"domain": domains[0], "title": "Panel", "date": "2025-09-01", "people": 8}
    other_entry = entry | {"title": "Survey"}
    identity = {"measure": "lived-experience-involvement", "period": "FY2025-26-H1"}
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    for entries in ([entry], [entry | {"people": 9}, other_entry]):
        body = {"returns": [identity | {"entries": entries}], "confirm_withdrawals": True}
        assert (await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=body)).status_code == 201
    where = WHERE | {"measure": identity["measure"], "period": identity["period"]}
    application.now = application.now.replace(year=2026, month=4, day=10)
    council_client = await application.partner_client("nottingham-city-council")
    comparison = await council_client.compare_revisions(PROGRAMME, **where, older=1, newer=2)
    entries_before_and_after = [
        (change.before and change.before.people, change.after and (change.after.title, change.after.people))
        for change in comparison.entries
    ]
    assert entries_before_and_after == [(8, None), (None, ("Panel", 9)), (None, ("Survey", 8))]
    assert (comparison.counts.added, comparison.counts.withdrawn, comparison.change_count, comparison.changes) == (
        2,
        1,
        3,
        [],
    )


async def test_observations_are_read_now_and_as_of_an_instant(council_client, history):
    first, _, third = history
    current = [(Q2, (), 115, None), (Q2, ("female",), 64, None)]
    assert summarise((await council_client.list_observations(PROGRAMME)).items) == current
    assert summarise((await council_client.list_observations(PROGRAMME, as_of=third)).items) == current
    past = [(Q2, (), 112, None), (Q2, ("female",), 61, None), (Q2, ("male",), 51, None)]
    assert summarise((await council_client.list_observations(PROGRAMME, as_of=first)).items) == past
    assert (await council_client.list_observations(PROGRAMME, as_of=first - MINUTE)).items == []


async def test_changes_since_an_instant_include_withdrawn_cells(council_client, history):
    first, second, third = history
    changes = await council_client.list_observations(PROGRAMME, updated_after=first, as_of=second)
    assert summarise(changes.items) == [
        (Q1, (), 90, "added"),
        (Q2, (), 115, "changed"),
        (Q2, ("female",), 64, "changed"),
    ]
    changes = await council_client.list_observations(PROGRAMME, updated_after=second)
    assert summarise(changes.items) == [(Q1, (), None, "withdrawn"), (Q2, ("male",), None, "withdrawn")]
    assert [item.revision for item in changes.items] == [2, 3]
    assert (await council_client.list_observations(PROGRAMME, updated_after=third)).items == []
    changes = await council_client.list_returns(PROGRAMME, updated_after=second)
    assert [(item.period.code, item.revision) for item in changes.items] == [(Q1, 2), (Q2, 3)]
    assert (await council_client.list_returns(PROGRAMME, updated_after=third)).items == []
    assert [
        item.revision
        for item in (await council_client.list_returns(PROGRAMME, updated_after=first, as_of=second)).items
    ] == [
        1,
        2,
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_of_observations_are_complete_and_in_order(council_client, reviewer_client, application, limit):
    other_partner = await application.partner_client("nottingham-university-hospitals")
    dimensions = (await council_client.list_dimensions(PROGRAMME)).items
    codes = next(dimension for dimension in dimensions if dimension.slug == "setting").categories
    wards = [observation(WARD, 4), observation(WARD, 3, breakdown={"setting": codes[0].code})]
    await submit(other_partner, new_return(CONVERSATIONS, Q2, [observation(CITY, 9), *wards]))
    await submit(council_client, referrals(112, female=61, male=51), referrals(90, period=Q1))
    all_observations = (await reviewer_client.list_observations(PROGRAMME)).items
    assert len(all_observations) == 7
    assert [item.to_dict() async for item in reviewer_client.iter_observations(PROGRAMME, limit=limit)] == [
        item.to_dict() for item in all_observations
    ]
    first_instant = application.now
    application.now += MINUTE
    await submit(council_client, referrals(113, female=62, male=51), new_return(REFERRALS, Q1, kind="nil"))
    changes = (await reviewer_client.list_observations(PROGRAMME, updated_after=first_instant)).items
    assert len(changes) == 3
    paged = [
        item async for item in reviewer_client.iter_observations(PROGRAMME, updated_after=first_instant, limit=limit)
    ]
    assert [item.to_dict() for item in paged] == [item.to_dict() for item in changes]
    assert [item.area for item in (await reviewer_client.list_observations(PROGRAMME, area=WARD)).items] == [WARD, WARD]
    assert len((await reviewer_client.list_observations(PROGRAMME, measure=CONVERSATIONS, service="main")).items) == 3
    assert len((await other_partner.list_observations(PROGRAMME)).items) == 3
    assert (await other_partner.list_observations(PROGRAMME, organisation="nottingham-city-council")).items == []


# fmt: off
BAD = {
    "naive":             ("returns?as_of=2025-10-20T09:30:00",                        "unreadable-parameter"),
    "a date":            ("returns?as_of=2025-10-20",                                 "unreadable-parameter"),
    "a plus":            ("returns?as_of=2025-10-20T09:30:00+01:00",                  "%2B"),
    "beyond":            ("returns?updated_after=0001-01-01T00:00:00%2B14:00",        "unreadable-parameter"),
    "to come":           ("observations?as_of=2025-10-20T09:30:01Z",                  "instant-in-future"),
    "since to come":     ("observations?updated_after=2026-10-20T09:30:01Z",          "instant-in-future"),
    "reversed range":     ("observations?updated_after=2025-10-02T00:00:00Z&as_of=2025-10-01T00:00:00Z", "updated_after is later"),
    "a measure":         ("returns?measure=ips-primary-care-referal",                 "ips-primary-care-referrals"),
    "an organisation":   ("observations?organisation=ohi",                            "ohid"),
    "a series":          (f"observations?measure={REFERRALS}&series=headlin",         "headline"),
    "a service":         ("observations?service=man",                                 "main"),
    "a period":          ("observations?period=2025-Q2",                              "CY2025-Q2"),
    "an area":           ("observations?area=E06000019",                              "unknown-code"),
    "a kind":            ("returns?kind=dat",                                         "kind"),
    "a state":           ("returns?state=approve",                                    "state"),
    "a limit":           ("observations?limit=10001",                                 "limit"),
    "another's cursor":  ("observations?cursor=W10",                                  "invalid-cursor"),
    "nobody's event":    ("returns/changes?cursor=WyIwZDNhNGIwZS02ZDI5LTVmMGEtOWE1MS0xYjFhMWY1ZTJjNzciXQ", "invalid-cursor"),
    "not an event":         ("returns/changes?cursor=WyJ4Il0",                           "invalid-cursor"),
    "no unknown":        ("observations?mesure=x",                                    "measure"),
    "review_state":      ("returns?review_state=pending",                             "review_state"),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
async def test_invalid_query_is_rejected_with_a_fix(application, case):
    query, text = BAD[case]
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert text in response.text


@pytest.mark.parametrize("service", ["%00", "M A I N", "nothing"])
@pytest.mark.parametrize("suffix", ["", "/revisions", "/comparison?older=1&newer=2"])
async def test_impossible_return_gives_404(application, service, suffix):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    path = f"/v1/programmes/{PROGRAMME}/returns/nottingham-city-council/{REFERRALS}/headline/{service}/{Q2}{suffix}"
    assert (await http.get(path)).status_code == 404


class Writer:
    """A transaction that takes the shared lock of writers, as the application does, and commits on request."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._transaction = connection.transaction()

    async def begin(self) -> None:
        await self._transaction.start()
        await self._connection.execute(
            "select pg_advisory_xact_lock_shared($1, (select id from programme))", WRITE_LOCK
        )

    async def write(self, measure: str, recorded_at: datetime) -> None:
        """Insert one more revision of every return of a measure."""
        await self._connection.execute(
            """
            with revisions as (
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
            from revisions
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


async def test_reader_of_the_past_does_not_wait_for_a_writer(application, council_client, writer):
    """A revision that is committed later belongs to later instants, although it was written before."""
    await submit(council_client, referrals(112))
    application.now += MINUTE
    as_of, earlier = application.now, application.now - MINUTE / 2
    await writer.begin()
    await writer.write(REFERRALS, as_of - MINUTE / 4)
    application.now += MINUTE
    owner = await application.query_connection()
    await owner.execute("alter role work_health_app set lock_timeout = '1ms'")
    await application.engine.dispose()

    async def read(**instants: datetime) -> list[list[int]]:
        return [
            [summary.revision for summary in (await council_client.list_returns(PROGRAMME, **instants)).items],
            [
                summary.revision
                for summary in (await council_client.list_revisions(PROGRAMME, **WHERE, as_of=as_of)).items
            ],
            [(await council_client.get_return(PROGRAMME, **WHERE, as_of=as_of)).summary.revision],
            sorted({cell.revision for cell in (await council_client.list_observations(PROGRAMME, as_of=as_of)).items}),
        ]

    try:
        before = await read(as_of=as_of)
        assert before == [[1], [1], [1], [1]]
    finally:
        await owner.execute("alter role work_health_app set lock_timeout = '5s'")
        await application.engine.dispose()
    await writer.commit()
    assert await read(as_of=as_of) == before
    assert await read(as_of=earlier) == before
    application.now += MINUTE
    assert [one.revision for one in (await council_client.list_returns(PROGRAMME, as_of=application.now)).items] == [2]
    changed = await council_client.list_returns(PROGRAMME, updated_after=as_of, as_of=application.now)
    assert [one.revision for one in changed.items] == [2], "the next step has what was committed late"


async def test_snapshots_are_stored_only_while_somebody_writes(application, council_client, writer):
    await submit(council_client, referrals(112))
    application.now += MINUTE
    await council_client.list_returns(PROGRAMME, as_of=application.now)
    assert await application.count_rows("past_snapshot") == 0
    await writer.begin()
    for instant in (application.now, application.now - MINUTE, application.now):
        await council_client.list_returns(PROGRAMME, as_of=instant)
    assert await application.count_rows("past_snapshot") == 1
    await writer.commit()


async def test_response_for_an_instant_never_changes(application, council_client, reviewer_client):
    """Let writers of different returns race with each other and with a reader while the clock runs."""
    start = application.now
    started = time.monotonic()
    application.app.state.clock = SetClock(lambda: start + timedelta(seconds=time.monotonic() - started))
    return_keys = [(REFERRALS, Q1), (REFERRALS, Q2), ("health-to-employment-referrals", Q1)]
    other_partner = await application.partner_client("nottingham-university-hospitals")
    await submit(other_partner, new_return(CONVERSATIONS, Q2, [observation(CITY, 9)]))
    answers: dict[datetime, list[dict]] = {}
    ending = asyncio.Event()

    async def write(measure: str, period: str) -> None:
        for value in range(8):
            await submit(council_client, new_return(measure, period, [observation(CITY, 100 + value)]))

    async def write_late() -> None:
        """Write at one time and commit a while later, until there are enough answers."""
        connection = await asyncpg.connect(application.url)
        writes = 0
        while writes < 4 or len(answers) <= 3:
            writes += 1
            writer = Writer(connection)
            await writer.begin()
            await writer.write(CONVERSATIONS, application.app.state.clock.read())
            await asyncio.sleep(0.15)
            await writer.commit()
        await connection.close()

    async def read() -> None:
        while not ending.is_set():
            as_of = application.app.state.clock.read()
            answers[as_of] = [
                summary.to_dict() for summary in (await reviewer_client.list_returns(PROGRAMME, as_of=as_of)).items
            ]

    reading = asyncio.create_task(read())
    try:
        await asyncio.gather(write_late(), *(write(*key) for key in return_keys))
    finally:
        ending.set()
        await reading
    assert len(answers) > 3
    for as_of, summaries in answers.items():
        page = await reviewer_client.list_returns(PROGRAMME, as_of=as_of)
        assert [summary.to_dict() for summary in page.items] == summaries


async def test_feed_lists_every_event_in_order(application, council_client, reviewer_client, history):
    await application.wait_for_old_transactions()
    events = [item async for item in council_client.iter_return_changes(PROGRAMME, limit=2)]
    assert [(item.period.code, item.revision, item.event, item.state) for item in events] == [
        (Q2, 1, "recorded", "pending"),
        (Q2, 1, "superseded", "superseded"),
        (Q2, 2, "recorded", "pending"),
        (Q1, 1, "recorded", "pending"),
        (Q1, 1, "superseded", "superseded"),
        (Q1, 2, "recorded", "pending"),
        (Q2, 2, "superseded", "superseded"),
        (Q2, 3, "recorded", "pending"),
    ]
    assert {item.by for item in events} == {"nottingham-city-council"}
    page = await council_client.list_return_changes(PROGRAMME)
    assert (len(page.items), page.has_more) == (8, False)
    end = await council_client.list_return_changes(PROGRAMME, cursor=page.next_cursor)
    assert (end.items, end.next_cursor, end.has_more) == ([], page.next_cursor, False)
    other_partner = await application.partner_client("nottinghamshire-healthcare")
    empty_page = await other_partner.list_return_changes(PROGRAMME)
    assert (empty_page.items, empty_page.next_cursor, empty_page.has_more) == ([], None, False)
    assert len((await reviewer_client.list_return_changes(PROGRAMME)).items) == 8
    with pytest.raises(RequestRejected):
        await other_partner.list_return_changes(PROGRAMME, cursor=page.next_cursor)


async def test_feed_does_not_miss_an_event_that_is_committed_late(application, council_client, writer):
    """List no newer event before the late transaction, which has the older id, commits."""
    await submit(council_client, referrals(112))
    await application.wait_for_old_transactions()
    first_page = await council_client.list_return_changes(PROGRAMME)
    await writer.begin()
    await writer.write(REFERRALS, application.now)
    await submit(council_client, referrals(90, period=Q1))
    waiting_page = await council_client.list_return_changes(PROGRAMME, cursor=first_page.next_cursor)
    assert (waiting_page.items, waiting_page.next_cursor) == ([], first_page.next_cursor)
    await writer.commit()
    await application.wait_for_old_transactions()
    last_page = await council_client.list_return_changes(PROGRAMME, cursor=waiting_page.next_cursor)
    assert [(item.period.code, item.revision) for item in last_page.items] == [(Q2, 2), (Q1, 1)]


async def test_polling_the_feed_returns_every_event_exactly_once(application, council_client, reviewer_client):
    other_partner = await application.partner_client("nottingham-university-hospitals")
    event_ids: list[str] = []
    finished = asyncio.Event()

    async def poll() -> str | None:
        cursor = None
        while True:
            is_last = finished.is_set()
            page = await reviewer_client.list_return_changes(PROGRAMME, cursor=cursor, limit=3)
            event_ids.extend(str(item.id) for item in page.items)
            cursor = page.next_cursor
            if is_last and not page.items:
                return cursor
            await asyncio.sleep(0.005)

    async def write(partner, measure: str, period: str) -> None:
        for value in range(6):
            await submit(partner, new_return(measure, period, [observation(CITY, 50 + value)]))

    async def write_late() -> None:
        connection = await asyncpg.connect(application.url)
        for _ in range(4):
            item = Writer(connection)
            await item.begin()
            await connection.fetchval("select pg_current_xact_id()")  # assigns an old id before any event is written
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
            await item.commit()
        await connection.close()

    await submit(council_client, new_return(REFERRALS, Q1, [observation(CITY, 49)]))
    polling = asyncio.create_task(poll())
    try:
        await asyncio.gather(
            write(council_client, REFERRALS, Q1),
            write(council_client, REFERRALS, Q2),
            write(other_partner, CONVERSATIONS, Q2),
            write_late(),
        )
        await application.wait_for_old_transactions()
    finally:
        finished.set()
    await polling
    async with application.owner.connect() as owner:
        rows = (await owner.exec_driver_sql("select id, text from return_event")).all()
    assert sum(text == "late" for _, text in rows) >= 4
    assert sorted(event_ids) == sorted(str(event_id) for event_id, _ in rows)
