"""Succession: only an organisation that takes over from another reads and corrects its returns. Also in SQL."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec.structs import replace

from api.database.roles import APPLICATION_ROLE, login_url
from api.plan import queries_loading
from schema.partners import Scope
from tests.conftest import HARBOUR_PLAN_FILE
from work_health import NotAllowed, NotFound, Withdrawal, new_return, new_submission, observation

TOWN = "E06999999"
OLD, NEW, OTHER = "old-quay-school", "quay-college", "pier-college"
WHERE = {"organisation": OLD, "measure": "on-roll", "series": "headline", "service": "main", "period": "2026-01"}


def on_roll(total: int, organisation: str | None = None):
    return new_submission(new_return("on-roll", "2026-01", [observation(TOWN, total)]), organisation=organisation)


@pytest.fixture
async def partners(application, harbour_programme):
    clients = {
        slug: await application.partner_client(slug, programme=harbour_programme)
        for slug in (OLD, NEW, OTHER, "old-net-loft")
    }
    await clients[NEW].create_submission(harbour_programme, on_roll(40, OLD))
    return clients


async def test_successor_reads_and_corrects(harbour_programme, partners):
    assert (await partners[NEW].get_return(harbour_programme, **WHERE)).observations[0].value == 40
    report = await partners[NEW].create_submission(harbour_programme, on_roll(41, OLD))
    assert (report.organisation, report.returns[0].revision, report.changes[0].before.value) == (OLD, 2, 40)
    assert (await partners[OLD].get_return(harbour_programme, **WHERE)).observations[0].value == 41
    assert await partners[NEW].get_submission(harbour_programme, report.receipt.submission) == report
    report = await partners[NEW].withdraw_return(
        harbour_programme, **WHERE, withdrawal=Withdrawal(reason="Counted twice.")
    )
    assert report.returns[0].revision == 3


async def test_own_return_of_a_successor_is_separate(harbour_programme, partners):
    report = await partners[NEW].create_submission(harbour_programme, on_roll(7))
    assert (report.organisation, report.returns[0].revision, report.effects[0].before) == (NEW, 1, None)
    listed = (await partners[NEW].list_returns(harbour_programme)).items
    assert [(summary.organisation, summary.revision) for summary in listed] == [(OLD, 1), (NEW, 1)]
    assert [summary.organisation for summary in (await partners[OLD].list_returns(harbour_programme)).items] == [OLD]


async def test_stock_counts_a_successor_and_not_its_predecessor(application, harbour_programme, partners):
    reviewer = await application.partner_client("harbour-council", Scope.REVIEW, programme=harbour_programme)
    february = new_submission(new_return("on-roll", "2026-02", [observation(TOWN, 45)]))
    january = new_submission(new_return("on-roll", "2026-01", [observation(TOWN, 5)]))
    await partners[NEW].create_submission(harbour_programme, february)
    await partners[OTHER].create_submission(harbour_programme, january)
    figures = {
        code: (await reviewer.preview_outcomes(harbour_programme, measure=["on-roll"], period=[code])).items[0]
        for code in ("2026-01", "CY2026-Q1")
    }
    assert {code: (one.value, one.as_of.code, one.mixed_as_of) for code, one in figures.items()} == {
        "2026-01": (45, "2026-01", False),  # 40 of the old school, and 5
        "CY2026-Q1": (50, "2026-02", True),  # 45 of its successor, and 5 that are as of January
    }
    assert [one.complete for one in figures.values()] == [False, False]


async def test_organisation_that_has_left_only_reads_its_own_returns(application, harbour_programme, partners):
    """From the day after its last one. On that day it still has all that its key permits."""
    http = application.http_client(await application.issue_key(OLD, *Scope, programme=harbour_programme))
    api = f"/v1/programmes/{harbour_programme}"
    own = f"{api}/returns/{OLD}/on-roll/headline/main/2026-01"
    other = f"{api}/returns/{NEW}/on-roll/headline/main/2026-01"
    await partners[NEW].create_submission(harbour_programme, on_roll(7))
    before = await application.count_all_rows()
    content = {"returns": [{"measure": "on-roll", "period": "2026-01", "observations": [{"area": TOWN, "value": 1}]}]}
    refused = [
        await http.post(f"{api}/submissions", json=content),
        await http.post(f"{api}/submissions", json=content, params={"dry_run": "true"}),
        await http.post(f"{own}/withdrawal", json={"reason": "Ours."}),
        await http.post(f"{other}/approval", json={"revision": 1}),
        await http.post(f"{own}/comments", json={"revision": 1, "text": "Ours."}),
        await http.post(f"{api}/releases", json={}),
        await http.get(f"{api}/preview/outcomes"),
        await http.get(f"{api}/audit"),
    ]
    assert [(response.status_code, response.json()["type"]) for response in refused] == [
        (403, "/errors/organisation-left")
    ] * len(refused)
    assert await application.count_all_rows() == before
    listed = (await http.get(f"{api}/returns")).json()["items"]
    assert [item["organisation"] for item in listed] == [OLD], "a reviewer would read everybody's"
    assert ((await http.get(own)).status_code, (await http.get(other)).status_code) == (200, 404)
    application.now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert (await http.get(f"{api}/preview/outcomes")).status_code == 200
    assert (await http.post(f"{own}/comments", json={"revision": 1, "text": "Ours."})).status_code == 201


async def test_plan_decides_whether_it_reads_after_leaving(application, harbour_programme, partners):
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    organisations = [replace(one, reads_after_leaving=False) if one.slug == OLD else one for one in plan.organisations]
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(
            transaction, replace(plan, organisations=organisations), sandbox=False, now=application.now
        )
    with pytest.raises(NotAllowed) as refusal:
        await partners[OLD].list_returns(harbour_programme)
    assert refusal.value.problem.type_ == "/errors/organisation-left"


@pytest.mark.parametrize("slug", [OTHER, "old-net-loft"])  # the second is the predecessor of OLD, not its successor
async def test_other_organisations_cannot_read_or_correct(application, harbour_programme, partners, slug):
    with pytest.raises(NotFound):
        await partners[slug].get_return(harbour_programme, **WHERE)
    with pytest.raises(NotAllowed, match=f"{slug} "):
        await partners[slug].create_submission(harbour_programme, on_roll(1, OLD))
    with pytest.raises(NotAllowed, match=f"{slug} "):
        await partners[slug].withdraw_return(harbour_programme, **WHERE, withdrawal=Withdrawal(reason="Mine."))
    assert (await partners[slug].list_returns(harbour_programme)).items == []
    assert await application.count_rows("revision") == 1


async def test_predecessor_cannot_read_returns_of_its_successor(harbour_programme, partners):
    report = await partners[NEW].create_submission(harbour_programme, on_roll(7))
    with pytest.raises(NotFound):
        await partners[OLD].get_submission(harbour_programme, report.receipt.submission)
    with pytest.raises(NotAllowed):
        await partners[OLD].create_submission(harbour_programme, on_roll(8, NEW))


async def test_events_record_the_organisation_that_acted(application, harbour_programme, partners):
    await partners[NEW].create_submission(harbour_programme, on_roll(41, OLD))
    async with application.owner.connect() as owner:
        rows = await owner.exec_driver_sql(
            """
            select e.event, e.number, owner.slug, actor.slug from return_event e
            join organisation owner on owner.id = e.organisation join organisation actor on actor.id = e.by_organisation
            order by e.position
            """
        )
        assert [tuple(row) for row in rows] == [
            ("recorded", 1, OLD, NEW),
            ("superseded", 1, OLD, NEW),
            ("recorded", 2, OLD, NEW),
        ]


@asynccontextmanager
async def act_as(application, harbour: str, *organisations: str):
    """Connect with the application's role in a transaction that acts for these organisations."""
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        select set_config('work_health.programme', p.id::text, true),
               set_config('work_health.organisations', string_agg(o.id::text, ','), true)
        from programme p join organisation o on o.programme = p.id
        where p.slug = $1 and o.slug = any($2) group by p.id
        """,
        harbour,
        list(organisations),
    )
    yield connection
    await transaction.rollback()
    await connection.close()


TABLES = {"return": 1, "revision": 1, "submission": 1, "observation": 1, "return_event": 1}


@pytest.mark.parametrize(("organisations", "visible"), [((NEW, OLD), True), ((NEW,), False), ((OTHER,), False)])
async def test_in_sql_only_rows_of_represented_organisations_are_visible(
    application, harbour_programme, partners, organisations, visible
):
    async with act_as(application, harbour_programme, *organisations) as connection:
        counts = {table: await connection.fetchval(f'select count(*) from "{table}"') for table in TABLES}
        assert counts == {table: number * visible for table, number in TABLES.items()}


INSERT = """
    insert into "return" (programme, organisation, series, service, period, period_start, period_end)
    select programme, id, (select min(id) from series s where s.programme = o.programme), 'main', '2026-02',
           '2026-02-01', '2026-02-28'
    from organisation o where slug = $1
"""


async def test_in_sql_only_a_successor_writes_for_its_predecessor(application, harbour_programme, partners):
    async with act_as(application, harbour_programme, NEW, OLD) as connection:
        assert await connection.execute(INSERT, OLD) == "INSERT 0 1"
    async with act_as(application, harbour_programme, OTHER) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(INSERT, OLD)
