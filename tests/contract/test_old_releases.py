"""A programme that has released under the method of combined counts: migration 0013 keeps what it released.

`tests/stored/release_0012.json.gz` has every row of such a programme: a release, a rehearsal, a refused publication, and a
publication that was running. The software of that time wrote it; it is never written again.
"""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from alembic import command
from msgspec.structs import replace

from api.database import connections, queue
from api.plan import queries_loading
from api.releases.queries_jobs import PUBLISH_JOB_KIND, PublicationKey
from schema.disclosure import PERSONS_RULE
from schema.partners import Scope
from tests.conftest import HARBOUR_PLAN_FILE, RunningApplication, open_application
from tests.contract.test_migrations import run_migration
from tests.fixtures.example_plan import EAST, TOWN
from tests.fixtures.release_client import ReleaseClient, make_learners_return

STORED = Path(__file__).parent.parent / "stored" / "release_0012.json.gz"
HARBOUR = "harbour-skills-2026"
OLD_PERSONS = {"hide_from": 0, "hide_to": 7, "base": 5, "hold_back": 5, "smallest_after_shift": 10}


@pytest.fixture
async def old_url(database_url_of: Callable[[str], str]) -> AsyncIterator[str]:
    """Yield the URL of a database of revision 0012 with the stored rows."""
    name = f"old_{uuid4().hex[:8]}"
    administrator = await asyncpg.connect(database_url_of("postgres"))
    await administrator.execute(f"create database {name}")
    engine = connections.create_owner_engine(database_url_of(name))
    await run_migration(engine, command.upgrade, "0012")
    await engine.dispose()
    await load_stored_rows(database_url_of(name))
    yield database_url_of(name)
    await administrator.execute(f"drop database {name} with (force)")
    await administrator.close()


async def load_stored_rows(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("set session_replication_role = replica")
    for table, stored in json.loads(gzip.decompress(STORED.read_bytes())).items():
        schema, name = table.split(".")
        rows = stored["rows"].encode()
        await connection.copy_to_table(name, schema_name=schema, columns=stored["columns"], source=chunks(rows))
        if "id" in stored["columns"] and (
            sequence := await connection.fetchval("select pg_get_serial_sequence($1, 'id')", table)
        ):
            await connection.execute(f"select setval('{sequence}', 1 + (select max(id) from {table}))")
    await connection.close()


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def fetch_all(url: str, statement: str) -> list[tuple]:
    connection = await asyncpg.connect(url)
    rows = [tuple(row) for row in await connection.fetch(statement)]
    await connection.close()
    return rows


@pytest.fixture
async def migrated(old_url) -> AsyncIterator[RunningApplication]:
    engine = connections.create_owner_engine(old_url)
    await connections.migrate(engine)
    await engine.dispose()
    async with open_application(old_url) as application:
        application.now = datetime(2026, 9, 8, 9, 30, tzinfo=UTC)
        application.app.state.update(ids=uuid4)
        yield application


async def test_rules_and_policy_version_of_plans_are_new(migrated):
    [(policy,)] = await fetch_all(migrated.url, "select content -> 'disclosure' from plan_version")
    policy = json.loads(policy)
    assert policy["version"] == 2
    persons = {name: getattr(PERSONS_RULE, name) for name in PERSONS_RULE.__struct_fields__}
    assert policy["persons"] == persons


async def test_old_release_keeps_its_policy_and_stays_readable(migrated):
    press = ReleaseClient(migrated, HARBOUR)
    release = (await press.read("releases/1")).json()
    assert release["policy"]["version"] == 1
    assert {name: release["policy"]["persons"][name] for name in OLD_PERSONS} == OLD_PERSONS
    assert set(release["explanations"]) == {"persons", "organisations", "published", "none"}
    figures = await press.read_figures(measure=["learners", "pass-rate"], period="2026-06", release="1", group_by="sex")
    stored = {(figure["area"], figure["measure"], figure["breakdown"]["sex"]): figure["value"] for figure in figures}
    assert stored[TOWN, "learners", "female"] == 50
    assert stored[TOWN, "learners", "unknown"] is None
    assert stored[TOWN, "pass-rate", "male"] == 59
    assert {figure["policy_version"] for figure in figures} == {1}
    for path in (
        "outcomes.csv",
        "outcomes.json-stat",
        "releases/1/changes",
        "releases/1/entries",
    ):
        answer = await press.read(path, **({"release": "1"} if "outcomes" in path else {}))
        assert answer.status_code == 200, (path, answer.text)


async def test_publications_of_the_old_method_stay_readable(migrated):
    press = ReleaseClient(migrated, HARBOUR)
    http = await press.http_client(press.owner, Scope.PUBLISH)
    answer = await http.get(f"/v1/programmes/{HARBOUR}/publications")
    assert answer.status_code == 200, answer.text
    jobs = {job["state"]: job for job in answer.json()["items"]}
    assert {*jobs} == {"published", "rehearsed", "running", "refused"}
    assert jobs["published"]["release"] == 1
    assert jobs["rehearsed"]["rehearsal"]["report"]["figures"] > 100


async def test_running_publication_goes_on_with_its_frozen_inputs(migrated):
    """Both providers have sent June and July. The release uses the returns that were frozen before the migration."""
    press = ReleaseClient(migrated, HARBOUR)
    [(programme, publication)] = await fetch_all(migrated.url, "select programme, publication from protection.inputs")
    http = await press.http_client(press.owner, Scope.PUBLISH)
    async with migrated.owner.begin() as transaction:
        payload = msgspec.json.encode(PublicationKey(programme=programme, publication=publication))
        await queue.enqueue(transaction, PUBLISH_JOB_KIND, payload)
    await press.submit_and_approve("quay-college", make_learners_return("2026-05", {(EAST, "female"): 900}))
    await migrated.run_publication_jobs()
    job = (await http.get(f"/v1/programmes/{HARBOUR}/publications/{publication}")).json()
    assert (job["state"], job["release"]) == ("published", 2)
    release = (await press.read("releases/2")).json()
    assert release["policy"]["version"] == 2
    assert release["notes"] == "Second"
    [july], [may] = [await press.read_figures(measure="learners", period=f"2026-0{m}", area=TOWN) for m in (7, 5)]
    assert abs(july["value"] - 131) <= 14
    assert may["value"] is None, "approved after the inputs were frozen"
    scopes = await fetch_all(migrated.url, "select distinct scope from protection.contribution where release = 2")
    assert {scope.split()[-1] for (scope,) in scopes} == {"2026-07"}
    assert (await press.read("releases/1")).json()["policy"]["version"] == 1


async def test_periods_of_the_old_method_keep_their_figures(migrated):
    """Otherwise old and new displays of the same counts could be compared. A sum that contains them is not displayed."""
    press = ReleaseClient(migrated, HARBOUR)
    await migrated.owner.dispose()
    connection = await asyncpg.connect(migrated.url)
    await connection.execute("update publication set state = 'failed' where state = 'running'")
    await connection.close()
    await press.submit_and_approve("quay-college", make_learners_return("2026-06", {(EAST, "female"): 900}))
    assert (await press.publish())["state"] == "published"
    for query in ({"measure": "learners", "group_by": "sex"}, {"measure": "pass-rate", "within": TOWN}):
        for period in ("2026-06", "FY2026-27-Q1"):
            old, new = [await press.read_figures(**query, period=period, release=number) for number in ("1", "2")]
            assert [figure | {"release": 2} for figure in old] == new
            assert {figure["policy_version"] for figure in new} <= {1}
    [july] = await press.read_figures(measure="learners", period="2026-07")
    assert july["policy_version"] == 2
    changes = (await press.read("releases/2/changes", limit=1000)).json()["items"]
    assert "2026-06" not in {change["period"] for change in changes if change["measure"] == "learners"}


async def test_loading_the_same_plan_file_keeps_the_new_policy_version(migrated):
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    plan = replace(plan, calendar=replace(plan.calendar, closes_days=None))
    async with migrated.owner.begin() as transaction:
        loaded = await queries_loading.load_plan(transaction, plan, sandbox=False, now=migrated.now)
        again = await queries_loading.load_plan(transaction, plan, sandbox=False, now=migrated.now)
    assert (loaded.version, again.version) == (2, 2)
    versions = await fetch_all(
        migrated.url, "select content -> 'disclosure' ->> 'version' from plan_version order by number"
    )
    assert versions == [("2",), ("2",)]


async def test_downgrade_is_refused_once_there_is_a_release(migrated):
    with pytest.raises(RuntimeError):
        await run_migration(migrated.owner, command.downgrade, "0012")
    assert (await ReleaseClient(migrated, HARBOUR).read("releases/1")).status_code == 200


async def test_downgrade_before_a_release_restores_the_old_rules(application):
    statement = (
        "select (content -> 'disclosure' ->> 'version')::int, content -> 'disclosure' -> 'persons' from plan_version"
    )
    await application.engine.dispose()
    [new] = await fetch_all(application.url, statement)
    await run_migration(application.owner, command.downgrade, "0012")
    [(version, persons)] = await fetch_all(application.url, statement)
    assert version == 1, "no policy has a lower version"
    assert {name: json.loads(persons)[name] for name in OLD_PERSONS} == OLD_PERSONS
    await run_migration(application.owner, command.upgrade, "head")
    [again] = await fetch_all(application.url, statement)
    assert again == (2, new[1])
