"""No reading walks through all observations, and the keys of every large table begin with its programme."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from api.plan import queries_loading
from benchmarks import releases, synthetic_data
from schema.disclosure import DisclosureClass
from schema.partners import Scope
from schema.tables import metadata
from tests.conftest import Clone, RunningApplication, open_application
from tests.fixtures.release_client import ReleaseClient

# Of the whole server, or of a few rows each; the rest grows with what is sent and shards by its programme.
SMALL = {"client", "client_grant", "client_key", "boundary", "programme"}
OBSERVATIONS = 30_000
ONE = f"/returns/{synthetic_data.OWNER}/{synthetic_data.MEASURES[0]}/headline/main/{synthetic_data.MONTHS[0]}"
NOBODY = "00000000-0000-0000-0000-000000000000"
READINGS = {
    "list_returns": "/returns",
    "list_returns as_of": "/returns?as_of=2025-06-01T00:00:00Z",
    "get_return": ONE,
    "list_revisions": f"{ONE}/revisions",
    "compare_revisions": f"{ONE}/comparison?older=1&newer=1",
    "list_observations": "/observations?limit=50",
    "list_observations of a measure": f"/observations?measure={synthetic_data.MEASURES[1]}&area={synthetic_data.TOWN}",
    "list_observations since": "/observations?updated_after=2025-01-01T00:00:00Z&limit=50",
    "list_return_changes": "/returns/changes",
    "get_review": f"{ONE}/review",
    "list_redactions": "/redactions",
    "list_obligations": "/obligations?limit=5",
    "get_submission": f"/submissions/{NOBODY}",
    "preview_outcomes": f"/preview/outcomes?measure={synthetic_data.MEASURES[0]}&period=2021-01",
    "list_audit_entries": "/audit",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("scale")
    synthetic_data.write_files(folder, OBSERVATIONS, ["first"])
    return (folder / "first.csv").read_bytes()


CROWDED_AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def crowded_template(
    clone_database: Clone, template_database: str, file: bytes
) -> AsyncIterator[tuple[str, str]]:
    """A database with enough in it that the planner has a choice, to be cloned, and the key of a reviewer."""
    async with clone_database(template_database) as url:
        async with open_application(url) as application:
            key = await fill(application, file)
        yield urlsplit(url).path.removeprefix("/"), key


@pytest.fixture
async def crowded(
    clone_database: Clone, crowded_template: tuple[str, str]
) -> AsyncIterator[tuple[RunningApplication, str, asyncpg.Connection]]:
    template, key = crowded_template
    async with clone_database(template) as url, open_application(url) as application:
        application.now = CROWDED_AT
        application.app.state.update(ids=uuid4)  # those that count from 1 are taken
        yield application, key, await application.query_connection()


async def fill(application: RunningApplication, file: bytes) -> str:
    """Load the plan, submit three large files, and return the key of a reviewer."""
    application.now = CROWDED_AT
    plan = synthetic_data.build_plan()
    first, *others = plan.measures
    plan = replace(plan, measures=[replace(first, disclosure_class=DisclosureClass.NONE), *others])
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    for college in synthetic_data.COLLEGES[:3]:
        key = await application.issue_key(college, Scope.SUBMIT, programme=synthetic_data.PROGRAMME)
        answer = await application.http_client(key).post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
            content=file,
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 201, answer.text[:500]
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


async def scanned(application, looking: asyncpg.Connection) -> int:
    """How often observation has been read from its beginning to its end: told when a connection ends."""
    await application.engine.dispose()
    await looking.execute("select pg_stat_clear_snapshot()")
    return await looking.fetchval("select seq_scan from pg_stat_user_tables where relname = 'observation'")


async def test_no_reading_walks_through_all_observations(crowded):
    application, key, looking = crowded
    application.now = datetime(2025, 7, 1, tzinfo=UTC)
    http = application.http_client(key)
    before = await scanned(application, looking)
    walked: list[str] = []
    for name, path in READINGS.items():
        answer = await http.get(f"/v1/programmes/{synthetic_data.PROGRAMME}{path}")
        assert answer.status_code == (404 if name == "get_submission" else 200), (name, answer.text[:500])
        now = await scanned(application, looking)
        if now != before:
            walked.append(name)
        before = now
    assert walked == []


async def test_a_submission_does_not_walk_through_them_either(crowded, file):
    application, key, looking = crowded
    before = await scanned(application, looking)
    small = file.splitlines()[:1] + [line for line in file.splitlines() if line.startswith(b"measure-00,2021-01,")]
    http = application.http_client(key)
    for content in (b"\n".join(small), b"\n".join(small[:-1])):
        answer = await http.post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
            content=content,
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code in {201, 422}, answer.text[:500]
    assert await scanned(application, looking) == before


async def test_a_release_of_some_returns_does_not_walk_through_the_others(crowded):
    application, key, looking = crowded
    path = f"/v1/programmes/{synthetic_data.PROGRAMME}{ONE.replace(synthetic_data.OWNER, synthetic_data.COLLEGES[1])}/approval"
    assert (await application.http_client(key).post(path, json={"revision": 1})).status_code == 201
    before = await scanned(application, looking)
    made = await ReleaseClient(application, synthetic_data.PROGRAMME, owner=synthetic_data.OWNER).publish(
        exclude_measures=synthetic_data.MEASURES[1:]
    )
    assert made["state"] == "published", made
    assert await scanned(application, looking) == before


MONTHS = synthetic_data.MONTHS[:3]
RELEASED = {
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


def visits() -> bytes:
    """Three months of a measure that counts nobody who could be found, in every breakdown."""
    chance = synthetic_data.np.random.default_rng(7)
    codes = [",".join(by.get(key, "") for key in ("sex", "age", "ethnicity")) for by in synthetic_data.BREAKDOWNS]
    lines = ["measure,period,area,sex,age,ethnicity,value"]
    for month in MONTHS:
        table = synthetic_data.sum_to_cells(chance.poisson(12, (40, 3, 6, 6))).tolist()
        lines += [
            f"{releases.VISITS_MEASURE},{month},{area},{code},{value}"
            for area, row in zip(synthetic_data.AREAS, table, strict=True)
            for code, value in zip(codes, row, strict=True)
        ]
    return "\n".join(lines).encode()


async def test_no_reading_of_a_release_walks_through_all_its_figures(application):
    application.now = datetime(2021, 5, 1, tzinfo=UTC)
    plan = releases.build_plan(12)
    plan = replace(
        plan,
        measures=[one for one in plan.measures if one.slug == releases.VISITS_MEASURE],
        duties=[replace(one, publish_alone=True) for one in plan.duties if one.measure == releases.VISITS_MEASURE],
        window=replace(plan.window, end=date(2021, 3, 31)),
    )
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    sender = await application.issue_key(synthetic_data.COLLEGES[0], Scope.SUBMIT, programme=synthetic_data.PROGRAMME)
    reviewer = await application.issue_key(releases.REVIEWER, *Scope, programme=synthetic_data.PROGRAMME)
    sent = await application.http_client(sender).post(
        f"/v1/programmes/{synthetic_data.PROGRAMME}/submissions/csv",
        content=visits(),
        headers={"Content-Type": "text/csv"},
    )
    assert sent.status_code == 201, sent.text[:500]
    http = application.http_client(reviewer)
    for one in sent.json()["returns"]:
        where = "/".join(
            [synthetic_data.COLLEGES[0], one["measure"], one["series"], one["service"], one["period"]["code"]]
        )
        approved = await http.post(
            f"/v1/programmes/{synthetic_data.PROGRAMME}/returns/{where}/approval", json={"revision": one["revision"]}
        )
        assert approved.status_code == 201, approved.text
    made = await ReleaseClient(application, synthetic_data.PROGRAMME, owner=releases.REVIEWER).publish()
    assert made["state"] == "published", made
    assert made["audit"]["shown"] == made["audit"]["figures"]
    looking = await asyncpg.connect(application.url)
    await looking.execute("analyze")

    async def walks() -> dict[str, int]:
        await application.app.state.public_engine.dispose()
        await looking.execute("select pg_stat_clear_snapshot()")
        rows = await looking.fetch(
            "select pg_class.relname, seq_scan from pg_stat_user_tables join pg_class on pg_class.oid = relid "
            "where schemaname = 'release' and pg_class.relname in ('figure', 'change') and reltuples > 5000"
        )
        return {row["relname"]: row["seq_scan"] for row in rows}

    before = await walks()
    assert before.keys() == {"figure", "change"}, "there are enough of them that the planner has a choice"
    walked: list[str] = []
    for name, path in RELEASED.items():
        answer = await application.http_client().get(f"/v1/programmes/{synthetic_data.PROGRAMME}{path}")
        assert answer.status_code == 200, (name, answer.text[:500])
        if (now := await walks()) != before:
            walked.append(name)
        before = now
    await looking.close()
    assert walked == []


@pytest.mark.parametrize("table", [t for t in metadata.sorted_tables if t.name not in SMALL], ids=lambda t: t.name)
def test_the_keys_of_large_tables_begin_with_the_programme(table):
    """So that each shards by its programme: primary keys, unique constraints, foreign keys and indexes alike."""
    keys = [
        [column.name for column in constraint.columns]
        for constraint in (*table.constraints, *table.indexes)
        if getattr(constraint, "columns", None) and type(constraint).__name__ != "CheckConstraint"
    ]
    of_the_server = [["client"], ["by_organisation"], ["proposed_by"], ["confirmed_by"]]
    assert table.primary_key.columns.keys()[0] == "programme" or table.info.get("is_view")
    assert [key for key in keys if key not in of_the_server and key[0] != "programme"] == []
