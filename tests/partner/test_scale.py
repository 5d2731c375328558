"""No reading walks through all observations, and the keys of every large table begin with its programme."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from api.plan import loading
from benchmarks import made_up
from schema.partners import Scope
from schema.tables import metadata

# Of the whole server, or of a few rows each; the rest grows with what is sent and shards by its programme.
SMALL = {"client", "client_grant", "client_key", "boundary", "programme"}
OBSERVATIONS = 30_000
ONE = f"/returns/{made_up.OWNER}/{made_up.MEASURES[0]}/headline/main/{made_up.MONTHS[0]}"
NOBODY = "00000000-0000-0000-0000-000000000000"
READINGS = {
    "list_returns": "/returns",
    "list_returns as_of": "/returns?as_of=2025-06-01T00:00:00Z",
    "get_return": ONE,
    "list_revisions": f"{ONE}/revisions",
    "compare_revisions": f"{ONE}/comparison?older=1&newer=1",
    "list_observations": "/observations?limit=50",
    "list_observations of a measure": f"/observations?measure={made_up.MEASURES[1]}&area={made_up.TOWN}",
    "list_observations since": "/observations?updated_after=2025-01-01T00:00:00Z&limit=50",
    "list_return_changes": "/returns/changes",
    "get_review": f"{ONE}/review",
    "list_redactions": "/redactions",
    "list_obligations": "/obligations?limit=5",
    "get_submission": f"/submissions/{NOBODY}",
    "preview_outcomes": f"/preview/outcomes?measure={made_up.MEASURES[0]}&period=2021-01",
    "list_audit": "/audit",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("scale")
    made_up.write(folder, OBSERVATIONS, ["first"])
    return (folder / "first.csv").read_bytes()


@pytest.fixture
async def crowded(world, file) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A programme with enough in it that the planner has a choice: the key of a reviewer, and a look at its tables."""
    world.now = datetime(2025, 3, 1, tzinfo=UTC)
    async with world.owner.begin() as transaction:
        await loading.load(transaction, made_up.plan(), sandbox=False, now=world.now)
    for college in made_up.COLLEGES[:3]:
        key = await world.key(college, Scope.SUBMIT, programme=made_up.PROGRAMME)
        answer = await world.http(key).post(
            f"/v1/programmes/{made_up.PROGRAMME}/submissions/csv", content=file, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 201, answer.text[:500]
    looking = await asyncpg.connect(world.url)
    await looking.execute("analyze")
    reader = await world.key(
        made_up.OWNER, Scope.SUBMIT, Scope.READ, Scope.REVIEW, Scope.ADMIN, programme=made_up.PROGRAMME, days=365
    )
    yield reader, looking
    await looking.close()


async def scanned(world, looking: asyncpg.Connection) -> int:
    """How often observation has been read from its beginning to its end: told when a connection ends."""
    await world.engine.dispose()
    await looking.execute("select pg_stat_clear_snapshot()")
    return await looking.fetchval("select seq_scan from pg_stat_user_tables where relname = 'observation'")


async def test_no_reading_walks_through_all_observations(world, crowded):
    key, looking = crowded
    world.now = datetime(2025, 7, 1, tzinfo=UTC)
    http = world.http(key)
    before = await scanned(world, looking)
    walked: list[str] = []
    for name, path in READINGS.items():
        answer = await http.get(f"/v1/programmes/{made_up.PROGRAMME}{path}")
        assert answer.status_code == (404 if name == "get_submission" else 200), (name, answer.text[:500])
        now = await scanned(world, looking)
        if now != before:
            walked.append(name)
        before = now
    assert walked == []


async def test_a_submission_does_not_walk_through_them_either(world, crowded, file):
    key, looking = crowded
    before = await scanned(world, looking)
    small = file.splitlines()[:1] + [line for line in file.splitlines() if line.startswith(b"measure-00,2021-01,")]
    http = world.http(key)
    for content in (b"\n".join(small), b"\n".join(small[:-1])):
        answer = await http.post(
            f"/v1/programmes/{made_up.PROGRAMME}/submissions/csv", content=content, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code in {201, 422}, answer.text[:500]
    assert await scanned(world, looking) == before


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
