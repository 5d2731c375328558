"""Migrations: they agree with the declared tables, can be reverted with rows, and have one head."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from uuid import uuid4

import asyncpg
import msgspec
import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import TextClause, event, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import connections
from api.database.walls import DECLARED_FILE
from api.plan import queries, queries_loading
from api.plan.breakdowns import format_breakdown_key
from api.releases.change_blocks import REASONS, unpack_changes
from api.releases.figure_blocks import pack_figures
from schema.logic_model import Basis
from schema.measures import Baseline, Target
from schema.tables import metadata, plan_version
from tests.conftest import NOW
from tests.fixtures.release_fixtures import release_figures
from tools.write_walls import fetch_declared_walls
from work_health import new_return, new_submission, observation

FIGURE_COLUMNS, BEFORE_FIGURE_COLUMNS = "0011", "0010"
# Reverting 0016 grants this in all databases of the server, and so to other tests. `migrate` ends it.
END_MEMBERSHIP = """
    do $$
    begin
        if to_regrole('work_health_app') is not null and to_regrole('work_health_publisher') is not null then
            revoke work_health_app from work_health_publisher;
        end if;
    end $$
"""
MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(connections.build_alembic_config(None))


@pytest.fixture
async def empty_url(database_url_of: Callable[[str], str]) -> AsyncIterator[str]:
    name = f"migrations_{uuid4().hex[:8]}"
    administrator = await asyncpg.connect(database_url_of("postgres"))
    await administrator.execute(f"create database {name}")
    yield database_url_of(name)
    await administrator.execute(f"drop database {name} with (force)")
    await administrator.close()


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[AsyncEngine]:
    engine = connections.create_owner_engine(empty_url)
    yield engine
    await engine.dispose()


async def run_migration(engine: AsyncEngine, step, revision: str) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(lambda c: step(connections.build_alembic_config(c), revision))
        await connection.execute(text(END_MEMBERSHIP))
        await connection.commit()


async def list_relations(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        names = await connection.execute(
            text(
                """
                select relname from pg_class where relnamespace = 'public'::regnamespace
                union select proname from pg_proc where pronamespace = 'public'::regnamespace
                union select typname from pg_type where typnamespace = 'public'::regnamespace and typtype = 'e'
                """
            )
        )
        return set(names.scalars())


async def test_each_migration_can_be_reverted_and_repeated(empty):
    revisions = [script.revision for script in reversed(list(scripts().walk_revisions()))]
    for revision in revisions:
        await run_migration(empty, command.upgrade, revision)
        await run_migration(empty, command.downgrade, "-1")
        await run_migration(empty, command.upgrade, revision)
    await run_migration(empty, command.downgrade, "base")
    assert await list_relations(empty) == {"alembic_version", "alembic_version_pkc"}


async def test_tables_are_as_declared(empty):
    await connections.migrate(empty)
    async with empty.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name in {None, "release", "protection"},
        }
        difference = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c, opts=options), metadata)
        )
    assert difference == []


async def test_walls_are_as_declared(empty_url):
    """Each migration that changes a right, a policy or an owner changes the file, which PostgreSQL 16 to 18 agree on."""
    assert await fetch_declared_walls(empty_url) == DECLARED_FILE.read_text().splitlines(), "run `make contract`"


async def test_database_with_returns_can_be_migrated_down_and_up(application, council_client):
    await council_client.create_submission(
        "work-and-health-2025-2028",
        new_submission(new_return("ips-primary-care-referrals", "FY2025-26-Q2", [observation("E06000018", 40)])),
    )
    await application.engine.dispose()
    await run_migration(application.owner, command.downgrade, "base")
    await run_migration(application.owner, command.upgrade, "head")
    assert await application.count_rows("revision") == 0


ALL_KINDS_OF_CELLS = [
    observation("E06000018", 3 * 10**9 + 70_002, note="Estimated."),
    observation("E06000018", 70_000, breakdown={"sex": "female"}),
    observation("E06000018", 3 * 10**9, breakdown={"sex": "male"}),
    observation("E06000018", breakdown={"sex": "unknown"}, status="c", lower=1, upper=4),
    observation("E05012270", 0),
    observation("E05012271", status="x"),
]
OBSERVATION_ROWS = text("""
    select o.programme, o.number, o.area, o.breakdown, o.value, o.numerator, o.denominator, o.lower, o.upper, o.status, o.note
    from observation o order by revision, area, breakdown
""")
STORED_ROWS = text("""
    select o.programme, r.number, a.code, b.key, value, numerator, denominator, lower, upper, status, o.note
    from observation o
    join revision r on r.programme = o.programme and r.id = o.revision
    join area a on a.programme = o.programme and a.id = o.area
    join breakdown b on b.programme = o.programme and b.id = o.breakdown
    order by o.revision, a.code, b.key
""")


async def fetch_rows(engine: AsyncEngine, statement: TextClause) -> list[tuple[object, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(statement)]


async def test_cells_become_rows_and_columns_again(application, council_client):
    """Migrate counts of every width, ratios, statuses, bounds and notes, and a return without cells."""
    ratio = observation("E06000018", numerator=371, denominator=7450)
    returns = [
        new_return("ips-primary-care-referrals", "FY2025-26-Q2", ALL_KINDS_OF_CELLS),
        new_return("ips-primary-care-referrals", "FY2025-26-Q1", kind="nil"),
        new_return("neet-16-17", "R3-2025-06", [ratio], series="ccis-provisional"),
    ]
    await council_client.create_submission("work-and-health-2025-2028", new_submission(*returns))
    await application.engine.dispose()
    before = await fetch_rows(application.owner, OBSERVATION_ROWS)
    assert len(before) == len(ALL_KINDS_OF_CELLS) + 1
    await run_migration(application.owner, command.downgrade, "0009")
    assert await fetch_rows(application.owner, STORED_ROWS) == before
    migration = scripts().get_revision("0010").module
    async with application.owner.begin() as owner:  # as if the migration had been interrupted after the first return
        for column in migration.COLUMNS:
            await owner.execute(text(f"alter table revision add column {column}"))
        await owner.exec_driver_sql(migration.PACK_BATCH.replace(f"limit {migration.REVISIONS_PER_BATCH}", "limit 1"))
    await run_migration(application.owner, command.upgrade, "head")
    assert await fetch_rows(application.owner, OBSERVATION_ROWS) == before


SECOND_REVISION = """
    insert into revision (programme, "return", organisation, number, kind, submission, plan_version, recorded_at,
                          cells {columns})
    select programme, "return", organisation, 2, kind, submission, plan_version, recorded_at, cells {values}
    from revision where number = 1
"""
IN_ROWS = [
    SECOND_REVISION.format(columns="", values=""),
    """
    insert into observation (programme, revision, area, breakdown, value)
    select r.programme, r.id, o.area, o.breakdown, 41 from revision r, observation o where r.number = 2
    """,
    "delete from observation using revision r where r.id = observation.revision and r.number = 1",
]
IN_COLUMNS = [
    SECOND_REVISION.format(
        columns=", totals, cell_area, cell_breakdown, cell_value",
        values=", totals, cell_area, cell_breakdown, int2send(42::int2) || int2send(42::int2)",
    ),
    "update revision set cell_area = null, cell_breakdown = null, cell_value = null where number = 1",
]


@contextmanager
def writing_meanwhile(engine: AsyncEngine, url: str, statements: Sequence[str]) -> Iterator[None]:
    """Run statements in another session when a migration has converted everything, before its lock."""
    waiting = list(statements)

    async def write() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("set session_replication_role = replica")
        while waiting:
            await connection.execute(waiting.pop(0))
        await connection.close()

    def listen(_, __, statement: str, *___: object) -> None:
        if waiting and statement.lstrip().startswith(("lock table revision", "ALTER TABLE revision ADD CONSTRAINT")):
            thread = Thread(target=asyncio.run, args=(write(),))
            thread.start()
            thread.join()

    event.listen(engine.sync_engine, "before_cursor_execute", listen)
    yield
    event.remove(engine.sync_engine, "before_cursor_execute", listen)
    assert waiting == []


async def test_what_servers_write_or_redact_during_the_migration_of_cells_is_kept(application, council_client):
    """A second revision is written and the first one is redacted, each after its batch was converted."""
    cells = [observation("E06000018", 40), observation("E06000018", 40, breakdown={"sex": "unknown"})]
    await council_client.create_submission(
        "work-and-health-2025-2028",
        new_submission(new_return("ips-primary-care-referrals", "FY2025-26-Q2", cells)),
    )
    await application.engine.dispose()
    with writing_meanwhile(application.owner, application.url, IN_COLUMNS):
        await run_migration(application.owner, command.downgrade, "0009")
    numbers = text("select r.number, o.value from observation o join revision r on r.id = o.revision")
    assert await fetch_rows(application.owner, numbers) == [(2, 41), (2, 41)]
    async with application.owner.begin() as owner:  # as before
        await owner.exec_driver_sql("update observation set revision = (select id from revision where number = 1)")
        await owner.exec_driver_sql("delete from revision where number = 2")
    with writing_meanwhile(application.owner, application.url, IN_ROWS):
        await run_migration(application.owner, command.upgrade, "head")
    assert await fetch_rows(application.owner, text("select number, value from observation")) == [(2, 41), (2, 41)]


async def test_plan_with_one_target_for_each_measure_can_still_be_read(empty, nottingham_plan):
    await run_migration(empty, command.upgrade, "0003")
    async with empty.begin() as transaction:
        await queries_loading.load_plan(transaction, nottingham_plan, sandbox=False, now=NOW)
        stored = (await transaction.execute(select(plan_version.c.content))).scalar_one()
        for number, measure in enumerate(stored["measures"]):
            del measure["targets"]
            measure["target"] = 12.5 if number == 3 else None
        await transaction.execute(update(plan_version).values(content=stored))
    await run_migration(empty, command.upgrade, "head")
    async with empty.begin() as transaction:
        read = (await queries.fetch_catalogue(transaction, nottingham_plan.slug)).plan
        reloaded = await queries_loading.load_plan(transaction, nottingham_plan, sandbox=False, now=NOW)
    assert [m.slug for m in read.measures] == [m.slug for m in nottingham_plan.measures]
    assert [msgspec.structs.replace(m, targets=[]) for m in read.measures] == nottingham_plan.measures
    assert {m.slug: m.targets for m in read.measures if m.targets} == {
        nottingham_plan.measures[3].slug: [Target(period="P2025-04..2028-03", value=12.5, basis=Basis.PROPOSED)]
    }
    assert reloaded.version == 1


async def test_plan_with_a_baseline_without_a_period_can_still_be_read(empty, nottingham_plan):
    """It becomes the value of the year before the programme."""
    await run_migration(empty, command.upgrade, "0026")
    async with empty.begin() as transaction:
        await queries_loading.load_plan(transaction, nottingham_plan, sandbox=False, now=NOW)
        stored = (await transaction.execute(select(plan_version.c.content))).scalar_one()
        stored["measures"][3]["baseline"] = 12.5
        await transaction.execute(update(plan_version).values(content=stored))
    await run_migration(empty, command.upgrade, "head")
    async with empty.begin() as transaction:
        read = (await queries.fetch_catalogue(transaction, nottingham_plan.slug)).plan
    expected = Baseline(period="R12-2025-03", value=12.5, basis=Basis.PROPOSED)
    assert [measure.baseline for measure in read.measures if measure.baseline] == [expected]
    assert read.measures[3].baseline == expected
    await run_migration(empty, command.downgrade, "0026")
    async with empty.begin() as transaction:
        again = (await transaction.execute(select(plan_version.c.content))).scalar_one()
    assert again == stored


async def test_changes_are_migrated_to_positions_and_back(empty):
    """Migrate changes between two releases: a figure is unchanged, changed, removed or new."""
    figures_before = {
        0: '{"measure":"a","area":"x","value":1}',
        1: '{"measure":"a","area":"y","value":2}',
        2: '{"area":"z"}',
    }
    figures_after = {
        0: '{"measure":"a","area":"x","value":1}',
        1: '{"measure":"a","area":"y","value":3}',
        2: '{"area":"w"}',
    }
    changes = [
        ("data", figures_before[1], figures_after[1]),
        ("new", None, figures_after[2]),
        ("removed", figures_before[2], None),
    ]
    await run_migration(empty, command.upgrade, "0005")
    async with empty.begin() as transaction:
        await transaction.execute(text("set session_replication_role = replica"))
        for release, figures in ((1, figures_before), (2, figures_after)):
            await transaction.execute(
                text(
                    "insert into release.release (programme, number, publication, plan_version, published_at, "
                    "frozen_at, policy, report, sha256) values (1, :number, gen_random_uuid(), 1, now(), now(), "
                    "'{}', '{}', '')"
                ),
                {"number": release},
            )
            for position, content in figures.items():
                await transaction.execute(
                    text("insert into release.figure values (1, :release, :position, 1, 'p', :position, 1, :content)"),
                    {"release": release, "position": position, "content": content.encode()},
                )
        for position, (why, before, after) in enumerate(changes):
            content = f'{{"measure":"a","before":{before or "null"},"after":{after or "null"},"why":"{why}"}}'
            await transaction.execute(
                text("insert into release.change values (1, 2, :position, :content)"),
                {"position": position, "content": content.encode()},
            )
        await transaction.execute(text("set session_replication_role = origin"))
    await run_migration(empty, command.upgrade, "0006")
    async with empty.begin() as transaction:
        rows = await transaction.execute(text("select why, before, after from release.change order by position"))
        assert [tuple(row) for row in rows] == [("data", 1, 1), ("new", None, 2), ("removed", 2, None)]
    await run_migration(empty, command.downgrade, "0005")
    async with empty.begin() as transaction:
        rows = await transaction.execute(text("select content from release.change order by position"))
        restored = [msgspec.json.decode(content) for content in rows.scalars()]
    assert [(change["why"], change["before"], change["after"]) for change in restored] == [
        (why, *(figure and msgspec.json.decode(figure) for figure in figures)) for why, *figures in changes
    ]
    assert [change["area"] for change in restored] == ["y", "w", "z"]


STORED_FIGURES = (
    # Values that JSON distinguishes: 12 and 12.0, null and missing structs, text of several bytes, empty lists.
    {"value": 12, "lower_bound": 10.0, "status": None, "markers": ["p"], "movement": None, "comparators": []},
    {"value": 12.0, "lower_bound": 1 / 3, "status": "c", "markers": [], "movement": {"change": -0.0, "reason": None}},
    {
        "value": None,
        "lower_bound": 1e300,
        "status": "x",
        "markers": [],
        "movement": {"change": None, "reason": "no_start"},
    },
    {"value": 5000000000, "lower_bound": 2.5, "status": None, "markers": [], "movement": {"change": 7, "reason": None}},
)
STORED_CHANGES = (("data", 1, 1), ("new", None, 2), ("removed", 3, None), ("held_back", 0, 0))


def make_stored_figures(release: int) -> list[tuple[int, str, str, str, bytes]]:
    """Return series, period, area, breakdown and JSON of two periods and of a series with one figure."""
    cells = [("x", ""), ("y", "age=1;sex=f"), ("y", ""), ("x", "sex=f")]
    blocks = [(1, "2026-01", cells, 0), (1, "2026-02", cells[:3], 1), (2, "2026-01", cells[:1], 3)]
    figures: list[tuple[int, str, str, str, bytes]] = []
    for series, period, chosen, first in blocks:
        for number, (area, breakdown) in enumerate(chosen):
            names = {
                "measure": f"m{series}",
                "period": {"code": period, "start": "2026-01-01"},
                "area": area,
                "breakdown": dict(part.split("=") for part in breakdown.split(";") if part),
            }
            content = names | {"comparators": [{"area": "y", "name": "É", "value": 1.5}]}
            content |= STORED_FIGURES[(first + number) % 4] | {"coverage": {"expected": 2}, "release": release}
            figures.append((series, period, area, breakdown, msgspec.json.encode(content)))
    return figures


async def add_stored_releases(transaction: AsyncConnection) -> None:
    await transaction.execute(text("set session_replication_role = replica"))
    for number, code in enumerate("xy", 1):
        await transaction.execute(text(f"insert into area values (1, {number}, '{code}')"))
    for number, key in enumerate(("", "sex=f", "age=1;sex=f"), 1):
        await transaction.execute(text(f"insert into breakdown values (1, {number}, '{key}')"))
    for release in (1, 2):
        figures = make_stored_figures(release)
        digest = hashlib.sha256(b"\n".join(content for *_, content in figures)).digest()
        await transaction.execute(
            text(
                "insert into release.release (programme, number, publication, plan_version, published_at, frozen_at, "
                "policy, report, sha256) values (1, :number, gen_random_uuid(), 1, now(), now(), '{}', '{}', :digest)"
            ),
            {"number": release, "digest": digest},
        )
        for position, (series, period, area, breakdown, content) in enumerate(figures):
            await transaction.execute(
                text(
                    "insert into release.figure values (1, :release, :position, :series, :period, "
                    "(select id from area where code = :area), (select id from breakdown where key = :breakdown), :content)"
                ),
                {"release": release, "position": position, "series": series, "period": period}
                | {"area": area, "breakdown": breakdown, "content": content},
            )
    for position, (why, before, after) in enumerate(STORED_CHANGES):
        await transaction.execute(
            text("insert into release.change values (1, 2, :position, :why, :before, :after)"),
            {"position": position, "why": why, "before": before, "after": after},
        )
    await transaction.execute(text("set session_replication_role = origin"))


async def read_stored_rows(engine: AsyncEngine) -> list[list[tuple[object, ...]]]:
    async with engine.connect() as connection:
        return [
            [tuple(row) for row in await connection.execute(text(f"select * from release.{table} order by 1, 2, 3"))]
            for table in ("figure", "change")
        ] + [
            [
                tuple(row)
                for row in await connection.execute(text("select number, sha256 from release.release order by 1"))
            ]
        ]


async def test_figures_and_changes_are_migrated_to_columns_and_back(empty):
    """The same JSON and hash come back. A migration that was interrupted continues."""
    await run_migration(empty, command.upgrade, BEFORE_FIGURE_COLUMNS)
    async with empty.begin() as transaction:
        await add_stored_releases(transaction)
    before = await read_stored_rows(empty)
    await run_migration(empty, command.upgrade, FIGURE_COLUMNS)
    async with empty.connect() as connection:
        rows = (
            await connection.execute(text("select * from release.figure_block order by release, first_position"))
        ).all()
        digests = (await connection.execute(text("select sha256 from release.release order by number"))).scalars().all()
        [changes] = (await connection.execute(text("select content from release.change_block"))).scalars()
    assert [(row.release, row.series, row.period, row.first_position, row.figure_count) for row in rows] == [
        (release, *block)
        for release in (1, 2)
        for block in ((1, "2026-01", 0, 4), (1, "2026-02", 4, 3), (2, "2026-01", 7, 1))
    ]
    contents = [[row.content for row in rows if row.release == release] for release in (1, 2)]
    assert digests == [hashlib.sha256(b"".join(content)).digest() for content in contents]
    stored = unpack_changes(changes)
    assert [REASONS[why] for why in stored.why] == [why for why, _, _ in STORED_CHANGES]
    assert (stored.before.tolist(), stored.after.tolist()) == ([1, -1, 3, 0], [1, 2, -1, 0])
    await run_migration(empty, command.downgrade, BEFORE_FIGURE_COLUMNS)
    assert await read_stored_rows(empty) == before
    async with empty.begin() as transaction:
        await transaction.execute(text("update release.release set sha256 = 'x' where number = 2"))
    with pytest.raises(RuntimeError, match="contradict"):
        await run_migration(empty, command.upgrade, FIGURE_COLUMNS)
    async with empty.begin() as transaction:
        await transaction.execute(
            text("update release.release set sha256 = :digest where number = 2"), {"digest": before[2][1][1]}
        )
    assert await read_stored_rows(empty) != before, "the first release was converted and committed"
    await run_migration(empty, command.upgrade, FIGURE_COLUMNS)
    async with empty.connect() as connection:
        again = (
            await connection.execute(text("select * from release.figure_block order by release, first_position"))
        ).all()
    assert again == rows


def test_migrated_figures_are_packed_as_new_ones_are():
    """The migration has its own copy of the format; the software reads and writes the same."""
    [script] = [script for script in scripts().walk_revisions() if script.revision == FIGURE_COLUMNS]
    figures = release_figures(*[f"{who} learners 2026-01 town {n}" for who, n in (("quay", 40), ("pier", 30))])
    figures = [figure for figure in figures if figure.measure == "learners" and figure.period.code == "2026-01"]
    cells = [(figure.area, format_breakdown_key(figure.breakdown)) for figure in figures]
    packed = script.module.pack_figures([msgspec.json.decode(msgspec.json.encode(figure)) for figure in figures])
    assert packed == pack_figures(figures, np.arange(len(figures)), cells)
    assert script.module.unpack_figures(packed) == [msgspec.json.decode(msgspec.json.encode(f)) for f in figures]


async def test_concurrent_processes_migrate_once(empty, empty_url):
    engines = [connections.create_owner_engine(empty_url) for _ in range(3)]
    await asyncio.gather(*(connections.migrate(engine) for engine in engines))
    for engine in engines:
        await engine.dispose()
    assert "observation" in await list_relations(empty)


def test_migrations_have_one_head_that_HEAD_names():  # noqa: N802
    [head] = scripts().get_heads()
    newest = sorted((MIGRATIONS / "versions").glob("*.py"))[-1].stem
    assert (MIGRATIONS / "HEAD").read_text() == f"{newest}\n"
    assert newest.startswith(head)
