"""No operation reads all cells, and the keys of every large table begin with its programme."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from api.plan import queries_loading
from benchmarks import releases, synthetic_data
from schema.disclosure import DisclosureClass
from schema.partners import Scope
from schema.tables import metadata
from tests.conftest import Clone, RunningApplication, open_application
from tests.fixtures.release_client import ReleaseClient

# Tables of the whole server, or with at most a thousand rows. The others grow with submissions; each shards by programme.
SMALL = {"client", "client_grant", "client_key", "boundary", "programme", "rate_count", "worker"}
# Keys of a client or its organisation, and of what has expired: a job deletes that in all programmes at once.
SERVER_KEYS = [["client"], ["by_organisation"], ["proposed_by"], ["confirmed_by"], ["created_at"]]
OBSERVATIONS = 30_000
RETURN_PATH = f"/returns/{synthetic_data.OWNER}/{synthetic_data.MEASURES[0]}/headline/main/{synthetic_data.MONTHS[0]}"
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"
REQUESTS = {
    "list_returns": "/returns",
    "list_returns as_of": "/returns?as_of=2025-06-01T00:00:00Z",
    "get_return": RETURN_PATH,
    "list_revisions": f"{RETURN_PATH}/revisions",
    "compare_revisions": f"{RETURN_PATH}/comparison?older=1&newer=1",
    "list_observations": "/observations?limit=50",
    "list_observations of a measure": f"/observations?measure={synthetic_data.MEASURES[1]}&area={synthetic_data.TOWN}",
    "list_observations since": "/observations?updated_after=2025-01-01T00:00:00Z&limit=50",
    "list_return_changes": "/returns/changes",
    "get_review": f"{RETURN_PATH}/review",
    "list_redactions": "/redactions",
    "list_obligations": "/obligations?limit=5",
    "get_submission": f"/submissions/{UNKNOWN_ID}",
    "preview_outcomes": f"/preview/outcomes?measure={synthetic_data.MEASURES[0]}&period=2021-01",
    "list_audit_entries": "/audit",
}


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("scale")
    synthetic_data.write_files(folder, OBSERVATIONS, ["first"])
    return (folder / "first.csv").read_bytes()


SUBMITTED_AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def full_database(
    clone_database: Clone, template_database: str, csv_file: bytes
) -> AsyncIterator[tuple[str, str]]:
    """Return a database to clone, large enough for the planner to prefer indexes, and a reviewer's key."""
    async with clone_database(template_database) as url:
        async with open_application(url) as application:
            key = await fill_database(application, csv_file)
        yield urlsplit(url).path.removeprefix("/"), key


@pytest.fixture
async def full_application(
    clone_database: Clone, full_database: tuple[str, str]
) -> AsyncIterator[tuple[RunningApplication, str, asyncpg.Connection]]:
    template, key = full_database
    async with clone_database(template) as url, open_application(url) as application:
        application.now = SUBMITTED_AT
        application.app.state.update(ids=uuid4)  # the ids that count from 1 exist already
        yield application, key, await application.query_connection()


async def fill_database(application: RunningApplication, csv_file: bytes) -> str:
    """Load the plan, submit three large files, and return the key of a reviewer."""
    application.now = SUBMITTED_AT
    plan = synthetic_data.build_plan()
    first, *others = plan.measures
    plan = replace(plan, measures=[replace(first, disclosure_class=DisclosureClass.NONE), *others])
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    for college in synthetic_data.COLLEGES[:3]:
        key = await application.issue_key(college, Scope.SUBMIT, programme=synthetic_data.PROGRAMME)
        response = await application.http_client(key).post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
            content=csv_file,
            headers={"Content-Type": "text/csv"},
        )
        assert response.status_code == 201, response.text[:500]
    await (await application.query_connection()).execute("analyze")
    return await application.issue_key(
        synthetic_data.OWNER,
        Scope.SUBMIT,
        Scope.READ,
        Scope.REVIEW,
        Scope.ADMIN,
        programme=synthetic_data.PROGRAMME,
        days=365,
    )


async def count_read_chunks(engine: AsyncEngine, connection: asyncpg.Connection, *tables: str) -> int:
    """Return how many chunks of long columns were read so far. PostgreSQL counts them when a connection ends."""
    await engine.dispose()
    await connection.execute("select pg_stat_clear_snapshot()")
    return await connection.fetchval(
        """
        select sum(idx_tup_fetch)::bigint from pg_stat_all_tables
        where relid in (select reltoastrelid from pg_class where oid = any($1::text[]::regclass[]))
        """,
        tables,
    )


async def count_chunks(connection: asyncpg.Connection, *tables: str) -> int:
    """Return the number of chunks in which the long columns of these tables are stored."""
    names = await connection.fetch(
        "select reltoastrelid::regclass as name from pg_class where oid = any($1::text[]::regclass[])", tables
    )
    return sum([await connection.fetchval(f"select count(*) from {row['name']}") for row in names])


async def test_no_read_operation_reads_all_cells(full_application):
    application, key, connection = full_application
    application.now = datetime(2025, 7, 1, tzinfo=UTC)
    http = application.http_client(key)
    limit = await count_chunks(connection, "revision") / 4
    before = await count_read_chunks(application.engine, connection, "revision")
    numbers: dict[str, int] = {}
    for name, path in REQUESTS.items():
        response = await http.get(f"/v1/programmes/{synthetic_data.PROGRAMME}{path}")
        assert response.status_code == (404 if name == "get_submission" else 200), (name, response.text[:500])
        after = await count_read_chunks(application.engine, connection, "revision")
        numbers[name] = after - before
        before = after
    assert {name: number for name, number in numbers.items() if number > limit} == {}
    assert numbers["get_return"] > 0  # so that the numbers mean something


async def test_submission_does_not_read_all_cells(full_application, csv_file):
    application, key, connection = full_application
    limit = await count_chunks(connection, "revision") / 4
    before = await count_read_chunks(application.engine, connection, "revision")
    small = csv_file.splitlines()[:1] + [
        line for line in csv_file.splitlines() if line.startswith(b"measure-00,2021-01,")
    ]
    http = application.http_client(key)
    for content in (b"\n".join(small), b"\n".join(small[:-1])):
        response = await http.post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
            content=content,
            headers={"Content-Type": "text/csv"},
        )
        assert response.status_code in {201, 422}, response.text[:500]
    assert await count_read_chunks(application.engine, connection, "revision") - before < limit


async def test_release_of_some_returns_does_not_read_the_others(full_application):
    application, key, connection = full_application
    path = f"/v1/programmes/{synthetic_data.PROGRAMME}{RETURN_PATH.replace(synthetic_data.OWNER, synthetic_data.COLLEGES[1])}/approval"
    assert (await application.http_client(key).post(path, json={"revision": 1})).status_code == 201
    limit = await count_chunks(connection, "revision") / 4
    before = await count_read_chunks(application.engine, connection, "revision")
    job = await ReleaseClient(application, synthetic_data.PROGRAMME, owner=synthetic_data.OWNER).publish(
        exclude_measures=synthetic_data.MEASURES[1:]
    )
    assert job["state"] == "published", job
    assert await count_read_chunks(application.engine, connection, "revision") - before < limit


MONTHS = synthetic_data.MONTHS[:3]
RELEASE_REQUESTS = {
    "one figure": f"/outcomes?measure={releases.VISITS_MEASURE}&period={MONTHS[0]}&area={synthetic_data.TOWN}",
    "some areas by sex and age": f"/outcomes?measure={releases.VISITS_MEASURE}&period={MONTHS[1]}"
    f"&area={synthetic_data.QUARTER_AREAS[0]}&area={synthetic_data.QUARTER_AREAS[1]}&group_by=sex&group_by=age&limit=20",
    "the newest": f"/outcomes?measure={releases.VISITS_MEASURE}&period=latest",
    "a page of everything": "/outcomes?limit=50",
    "a table": f"/outcomes.csv?measure={releases.VISITS_MEASURE}&period={MONTHS[2]}&area={synthetic_data.TOWN}",
    "what changed": "/releases/1/changes?limit=50",
    "progress": "/progress",
    "the logic model": "/logic-model/outcomes",
    "the releases": "/releases",
}


def build_visits_file() -> bytes:
    """Return a CSV file with three months of a measure without personal data, in every breakdown."""
    random = synthetic_data.np.random.default_rng(7)
    codes = [",".join(by.get(key, "") for key in ("sex", "age", "ethnicity")) for by in synthetic_data.BREAKDOWNS]
    lines = ["measure,period,area,sex,age,ethnicity,value"]
    for month in MONTHS:
        table = synthetic_data.sum_to_cells(random.poisson(12, (40, 3, 6, 6))).tolist()
        lines += [
            f"{releases.VISITS_MEASURE},{month},{area},{code},{value}"
            for area, row in zip(synthetic_data.AREAS, table, strict=True)
            for code, value in zip(codes, row, strict=True)
        ]
    return "\n".join(lines).encode()


async def test_no_public_operation_reads_all_figures_of_a_release(application):
    application.now = datetime(2021, 5, 1, tzinfo=UTC)
    plan = releases.build_plan(12)
    plan = replace(
        plan,
        measures=[measure for measure in plan.measures if measure.slug == releases.VISITS_MEASURE],
        duties=[replace(duty, publish_alone=True) for duty in plan.duties if duty.measure == releases.VISITS_MEASURE],
        window=replace(plan.window, end=date(2021, 3, 31)),
    )
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    provider_key = await application.issue_key(
        synthetic_data.COLLEGES[0], Scope.SUBMIT, programme=synthetic_data.PROGRAMME
    )
    reviewer_key = await application.issue_key(releases.REVIEWER, *Scope, programme=synthetic_data.PROGRAMME)
    submission = await application.http_client(provider_key).post(
        f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
        content=build_visits_file(),
        headers={"Content-Type": "text/csv"},
    )
    assert submission.status_code == 201, submission.text[:500]
    http = application.http_client(reviewer_key)
    for submitted in submission.json()["returns"]:
        path = "/".join(
            [
                synthetic_data.COLLEGES[0],
                submitted["measure"],
                submitted["series"],
                submitted["service"],
                submitted["period"]["code"],
            ]
        )
        approved = await http.post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/returns/{path}/approval",
            json={"revision": submitted["revision"]},
        )
        assert approved.status_code == 201, approved.text
    job = await ReleaseClient(application, synthetic_data.PROGRAMME, owner=releases.REVIEWER).publish()
    assert job["state"] == "published", job
    assert job["audit"]["shown"] == job["audit"]["figures"]
    connection, engine = await asyncpg.connect(application.url), application.app.state.public_engine
    tables = ("release.figure_block", "release.change_block")
    limit = await count_chunks(connection, *tables) / 2
    before = await count_read_chunks(engine, connection, *tables)
    numbers: dict[str, int] = {}
    for name, path in RELEASE_REQUESTS.items():
        response = await application.http_client().get(f"/v1/programmes/{synthetic_data.PROGRAMME}{path}")
        assert response.status_code == 200, (name, response.text[:500])
        after = await count_read_chunks(engine, connection, *tables)
        numbers[name] = after - before
        before = after
    await connection.close()
    assert {name: number for name, number in numbers.items() if number > limit} == {}
    assert numbers["one figure"] > 0  # so that the numbers mean something


@pytest.mark.parametrize(
    "table", [table for table in metadata.sorted_tables if table.name not in SMALL], ids=lambda table: table.name
)
def test_keys_of_large_tables_begin_with_the_programme(table):
    """This allows sharding by programme. It covers primary keys, unique constraints, foreign keys and indexes."""
    keys = [
        [column.name for column in constraint.columns]
        for constraint in (*table.constraints, *table.indexes)
        if getattr(constraint, "columns", None) and type(constraint).__name__ != "CheckConstraint"
    ]
    assert table.primary_key.columns.keys()[0] == "programme" or table.info.get("is_view")
    assert [key for key in keys if key not in SERVER_KEYS and key[0] != "programme"] == []
