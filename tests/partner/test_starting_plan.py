"""The plan with which a server starts: a restart loads nothing over what the operator has loaded."""

import asyncio

import httpx2
import msgspec
import pytest

from api import plan_commands, sandbox
from api.plan import queries_loading
from api.sandbox_plan import EXAMPLE_REMARK
from schema.measures import MeasureKind
from schema.partners import Scope
from tests.conftest import HARBOUR_PLAN_FILE, PROGRAMME
from tests.fixtures.example_plan import HARBOUR_PLAN
from tests.fixtures.server_process import EXAMPLE_PROGRAMME, SANDBOX_PROGRAMME

HARBOUR = HARBOUR_PLAN.slug


async def start(application, file=None):
    """Load the plans of a server that starts with a sandbox, and return the report and the sandbox's plan."""
    async with application.owner.begin() as transaction:
        starting = await plan_commands.load_starting_plan(transaction, file)
        return starting.report, await plan_commands.load_starting_sandbox(transaction, starting.plan)


async def fetch_versions(application) -> dict[str, int]:
    connection = await application.query_connection()
    rows = await connection.fetch(
        "select p.slug, max(v.number) from programme p join plan_version v on v.programme = p.id group by 1"
    )
    return dict(rows)


async def empty_database(application) -> None:
    await (await application.query_connection()).execute("truncate programme cascade")


async def test_restart_keeps_what_the_operator_loaded(application, nottingham_plan):
    roles = [msgspec.structs.replace(r, bound_to="nottingham-city-council") for r in nottingham_plan.roles]
    bound = msgspec.structs.replace(nottingham_plan, roles=roles)
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, bound, sandbox=False, now=application.now)
    for _ in range(2):
        report, sandbox_plan = await start(application)
        assert f"{PROGRAMME} version 2" in report
        assert await fetch_versions(application) == {PROGRAMME: 2, f"{PROGRAMME}-sandbox": 1}
        assert sandbox_plan.roles == roles
    served = await application.sdk_client().list_organisations(PROGRAMME)
    assert {role.bound_to for role in served.roles} == {"nottingham-city-council"}


async def test_empty_database_gets_the_bundled_plan(application):
    await empty_database(application)
    report, sandbox_plan = await start(application)
    assert PROGRAMME in report
    assert sandbox_plan.slug == f"{PROGRAMME}-sandbox"
    assert not any(measure.baseline for measure in sandbox_plan.measures)
    assert await fetch_versions(application) == {PROGRAMME: 1, f"{PROGRAMME}-sandbox": 1}


async def test_example_is_a_second_sandbox_with_a_plan_of_its_own(application, nottingham_plan):
    for _ in range(2):
        await start(application)
        async with application.owner.begin() as transaction:
            assert await plan_commands.load_starting_example(transaction, nottingham_plan) == EXAMPLE_PROGRAMME
    assert await fetch_versions(application) == dict.fromkeys([PROGRAMME, SANDBOX_PROGRAMME, EXAMPLE_PROGRAMME], 1)
    example = await application.sdk_client().get_programme(EXAMPLE_PROGRAMME)
    assert (example.sandbox, EXAMPLE_REMARK in example.title) == (True, True)
    assert example.window.start.year == nottingham_plan.window.start.year - 1


async def test_only_the_bundled_plan_has_an_example(application):
    async with application.owner.begin() as transaction:
        for plan in (HARBOUR_PLAN, None):
            assert await plan_commands.load_starting_example(transaction, plan) is None
    assert await fetch_versions(application) == {PROGRAMME: 1}


async def test_database_with_two_sandboxes_prepares_the_one_to_write_into(application, nottingham_plan):
    await start(application)
    async with application.owner.begin() as transaction:
        await plan_commands.load_starting_example(transaction, nottingham_plan)
        sandbox_plan = await plan_commands.load_starting_sandbox(transaction, None)
    assert sandbox_plan.slug == SANDBOX_PROGRAMME


async def test_other_place_gets_its_own_plan_and_never_the_bundled_one(application, tmp_path):
    await empty_database(application)
    await start(application, HARBOUR_PLAN_FILE)
    assert await fetch_versions(application) == {HARBOUR: 1, f"{HARBOUR}-sandbox": 1}
    changed = tmp_path / "changed.yaml"
    changed.write_bytes(msgspec.yaml.encode(msgspec.structs.replace(HARBOUR_PLAN, title="Other skills")))
    for file in (changed, None):
        report, sandbox_plan = await start(application, file)
        assert f"{HARBOUR} version 1" in report
        assert sandbox_plan.slug == f"{HARBOUR}-sandbox"
    assert await fetch_versions(application) == {HARBOUR: 1, f"{HARBOUR}-sandbox": 1}


async def test_named_plan_is_added_to_the_programmes_of_a_database(application):
    await start(application, HARBOUR_PLAN_FILE)
    assert await fetch_versions(application) == {PROGRAMME: 1, HARBOUR: 1, f"{HARBOUR}-sandbox": 1}


async def test_database_with_only_a_sandbox_keeps_it(application, nottingham_plan):
    await empty_database(application)
    async with application.owner.begin() as transaction:
        plan = queries_loading.to_sandbox(nottingham_plan)
        await queries_loading.load_plan(transaction, plan, sandbox=True, now=application.now)
    _, sandbox_plan = await start(application)
    assert sandbox_plan.slug == plan.slug
    assert await fetch_versions(application) == {plan.slug: 1}


@pytest.mark.parametrize("with_flows", [True, False])
async def test_greeting_of_another_place_shows_its_own_programme(application, tmp_path, with_flows):
    kept = {m.slug for m in HARBOUR_PLAN.measures if with_flows or m.kind is not MeasureKind.FLOW}
    plan = msgspec.structs.replace(HARBOUR_PLAN, duties=[d for d in HARBOUR_PLAN.duties if d.measure in kept])
    file = tmp_path / "harbour.yaml"
    file.write_bytes(msgspec.yaml.encode(plan))
    _, sandbox_plan = await start(application, file)
    prepared = await sandbox.prepare_sandbox(
        application.url, application.url, sandbox_plan, None, key_file=tmp_path / "key"
    )
    greeting = sandbox.format_greeting("http://127.0.0.1:1", prepared, embedded=True)
    assert f"{HARBOUR}-sandbox" in greeting
    assert PROGRAMME not in greeting
    assert prepared.first_count == (
        sandbox.FirstCount(
            organisation="quay-college",
            measure="learners",
            service="main",
            area="E06999999",
            period="2026-03",
            span="P2026-01..2026-03",
        )
        if with_flows
        else None
    )
    again = await sandbox.prepare_sandbox(
        application.url, application.url, sandbox_plan, None, key_file=tmp_path / "key"
    )
    assert again.key == prepared.key
    headers = {"Authorization": f"Bearer {prepared.key}"}
    async with application.http_client() as http:
        me: httpx2.Response = await http.get("/v1/me", headers=headers)
    assert [grant["programme"] for grant in me.json()["grants"]] == [f"{HARBOUR}-sandbox"]
    assert await asyncio.to_thread((tmp_path / "key").stat)


async def test_key_opens_the_sandbox_and_the_example(application, tmp_path, nottingham_plan):
    key_file = tmp_path / "key"
    _, plan = await start(application)

    async def prepare(example: str | None) -> str:
        prepared = await sandbox.prepare_sandbox(application.url, application.url, plan, example, key_file=key_file)
        return prepared.key

    first = await prepare(None)
    async with application.owner.begin() as transaction:
        await plan_commands.load_starting_example(transaction, nottingham_plan)
    second = await prepare(EXAMPLE_PROGRAMME)
    assert (second != first, await prepare(EXAMPLE_PROGRAMME), await prepare(None)) == (True, second, second)
    async with application.http_client() as http:
        me: httpx2.Response = await http.get("/v1/me", headers={"Authorization": f"Bearer {second}"})
    scopes = {grant["programme"]: grant["scopes"] for grant in me.json()["grants"]}
    assert scopes == {SANDBOX_PROGRAMME: ["submit", "review"], EXAMPLE_PROGRAMME: list(Scope)}
