"""An organisation that takes over from another reads and corrects its returns; nobody else does. Also in SQL."""

from contextlib import asynccontextmanager

import asyncpg
import pytest

from work_health import NotAllowed, NotFound, Withdrawal, new_return, new_submission, observation

TOWN = "E06999999"
OLD, NEW, OTHER = "old-quay-school", "quay-college", "pier-college"
WHERE = {"organisation": OLD, "measure": "on-roll", "series": "headline", "service": "main", "period": "2026-01"}


def on_roll(total: int, organisation: str | None = None):
    return new_submission(new_return("on-roll", "2026-01", [observation(TOWN, total)]), organisation=organisation)


@pytest.fixture
async def partners(application, harbour_programme):
    found = {
        slug: await application.partner_client(slug, programme=harbour_programme)
        for slug in (OLD, NEW, OTHER, "old-net-loft")
    }
    await found[OLD].create_submission(harbour_programme, on_roll(40))
    return found


async def test_a_successor_reads_and_corrects(harbour_programme, partners):
    assert (await partners[NEW].get_return(harbour_programme, **WHERE)).observations[0].value == 40
    report = await partners[NEW].create_submission(harbour_programme, on_roll(41, OLD))
    assert (report.organisation, report.returns[0].revision, report.changes[0].was.value) == (OLD, 2, 40)
    assert (await partners[OLD].get_return(harbour_programme, **WHERE)).observations[0].value == 41
    assert await partners[NEW].get_submission(harbour_programme, report.receipt.submission) == report
    report = await partners[NEW].withdraw_return(
        harbour_programme, **WHERE, withdrawal=Withdrawal(reason="Counted twice.")
    )
    assert report.returns[0].revision == 3


async def test_its_own_return_is_another(harbour_programme, partners):
    report = await partners[NEW].create_submission(harbour_programme, on_roll(7))
    assert (report.organisation, report.returns[0].revision, report.effects[0].was) == (NEW, 1, None)
    listed = (await partners[NEW].list_returns(harbour_programme)).items
    assert [(one.organisation, one.revision) for one in listed] == [(OLD, 1), (NEW, 1)]
    assert [one.organisation for one in (await partners[OLD].list_returns(harbour_programme)).items] == [OLD]


@pytest.mark.parametrize("who", [OTHER, "old-net-loft"])  # who came before the predecessor is no successor of it
async def test_others_do_not(application, harbour_programme, partners, who):
    with pytest.raises(NotFound):
        await partners[who].get_return(harbour_programme, **WHERE)
    with pytest.raises(NotAllowed, match=f"{who} "):
        await partners[who].create_submission(harbour_programme, on_roll(1, OLD))
    with pytest.raises(NotAllowed, match=f"{who} "):
        await partners[who].withdraw_return(harbour_programme, **WHERE, withdrawal=Withdrawal(reason="Mine."))
    assert (await partners[who].list_returns(harbour_programme)).items == []
    assert await application.count_rows("revision") == 1


async def test_a_predecessor_does_not_read_its_successors(harbour_programme, partners):
    report = await partners[NEW].create_submission(harbour_programme, on_roll(7))
    with pytest.raises(NotFound):
        await partners[OLD].get_submission(harbour_programme, report.receipt.submission)
    with pytest.raises(NotAllowed):
        await partners[OLD].create_submission(harbour_programme, on_roll(8, NEW))


async def test_who_did_it_is_written_down(application, harbour_programme, partners):
    await partners[NEW].create_submission(harbour_programme, on_roll(41, OLD))
    async with application.owner.connect() as owner:
        rows = await owner.exec_driver_sql(
            """
            select e.event, e.number, whose.slug, who.slug from return_event e
            join organisation whose on whose.id = e.organisation join organisation who on who.id = e.by_organisation
            order by e.position
            """
        )
        assert [tuple(row) for row in rows] == [
            ("recorded", 1, OLD, OLD),
            ("superseded", 1, OLD, NEW),
            ("recorded", 2, OLD, NEW),
        ]


@asynccontextmanager
async def application(application, harbour: str, *organisations: str):
    """The application's role in a transaction that acts for these organisations."""
    connection = await asyncpg.connect(application.url, server_settings={"role": "work_health_app"})
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


TABLES = {"return": 1, "revision": 1, "submission": 1, "cell": 1, "return_event": 1}


@pytest.mark.parametrize(("who", "sees"), [((NEW, OLD), True), ((NEW,), False), ((OTHER,), False)])
async def test_in_sql_those_rows_are_there_that_are_acted_for(application, harbour_programme, partners, who, sees):
    async with application(application, harbour_programme, *who) as connection:
        found = {table: await connection.fetchval(f'select count(*) from "{table}"') for table in TABLES}
        assert found == {table: number * sees for table, number in TABLES.items()}


INSERT = """
    insert into "return" (programme, organisation, series, service, period, period_start, period_end)
    select programme, id, (select min(id) from series s where s.programme = o.programme), 'main', '2026-02',
           '2026-02-01', '2026-02-28'
    from organisation o where slug = $1
"""


async def test_in_sql_a_successor_writes_for_its_predecessor_and_nobody_else_does(
    application, harbour_programme, partners
):
    async with application(application, harbour_programme, NEW, OLD) as connection:
        assert await connection.execute(INSERT, OLD) == "INSERT 0 1"
    async with application(application, harbour_programme, OTHER) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(INSERT, OLD)
