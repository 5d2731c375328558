"""Fuzz every operation of the contract: no response is a 500 or violates the contract.

`FUZZ` is the number of requests for each operation. Existing values replace some generated ones, so that requests
pass the first checks.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.plan import queries_loading
from schema.partners import Scope
from schema.plan import Plan
from tests.conftest import PROGRAMME, open_application
from tests.faults.test_crash import Server, serve
from tests.fixtures.loop_watch import assert_loop_was_free
from work_health import WorkHealth, new_return, new_submission, observation

CONTRACT = msgspec.yaml.decode((Path(__file__).parent.parent.parent / "openapi.yaml").read_bytes())
FUZZ = int(os.environ.get("FUZZ", "8"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(CONTRACT)
OPERATIONS: dict[str, Any] = {
    result.ok().definition.raw["operationId"]: result.ok() for result in SCHEMA.get_all_operations()
}
SANDBOX = f"{PROGRAMME}-sandbox"
EXISTING = {
    "programme": [SANDBOX],
    "organisation": ["nottingham-city-council", "ohid"],
    "measure": ["ips-primary-care-referrals", "jsna-research-published", "economic-inactivity-ill-health"],
    "series": ["headline"],
    "service": ["main"],
    "period": ["FY2025-26-Q1", "FY2025-26-Q2", "latest"],
    "area": ["E06000018"],
    "code": ["FY2025-26-Q1", "2025"],
    "group_by": ["sex"],
    "theme": ["theme-2"],
}


@schemathesis.serializer("application/x-ndjson")
def serialise_ndjson(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
async def served_sandbox(
    database_url_of: Callable[[str], str],
    template_database: str,
    nottingham_plan: Plan,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Server, str]]:
    """Yield a server with a sandbox that has a return, and a key with every scope."""
    administrator = await asyncpg.connect(database_url_of("postgres"))
    await administrator.execute(f"create database fuzz template {template_database}")
    async with open_application(database_url_of("fuzz")) as application:
        async with application.owner.begin() as transaction:
            await queries_loading.load_plan(
                transaction, queries_loading.to_sandbox(nottingham_plan), sandbox=True, now=application.now
            )
        key = await application.issue_key(
            "nottingham-city-council", *Scope, programme=SANDBOX, days=36500, sandbox=True
        )
    log = tmp_path_factory.mktemp("fuzz") / "log"
    with serve(database_url_of("fuzz"), log) as process:
        await process.start()
        with WorkHealth(key, base_url=process.address) as partner:
            cells = [observation("E06000018", 12), observation("E06000018", 7, breakdown={"sex": "female"})]
            referrals = new_return("ips-primary-care-referrals", "FY2025-26-Q1", cells)
            await asyncio.to_thread(partner.create_submission, SANDBOX, new_submission(referrals))
        yield process, key
    assert_loop_was_free(log)
    await administrator.execute("drop database fuzz with (force)")
    await administrator.close()


def with_existing(draw: st.DrawFn, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: draw(st.sampled_from(EXISTING[name])) if name in EXISTING and draw(st.integers(0, 3)) else value
        for name, value in parameters.items()
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_violates_the_contract(served_sandbox: tuple[Server, str], name: str) -> None:
    process, key = served_sandbox

    @given(st.data())
    @settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FUZZ < 100)
    def attempt(data: st.DataObject) -> None:
        case = data.draw(OPERATIONS[name].as_strategy())
        case.path_parameters = with_existing(data.draw, dict(case.path_parameters or {}))
        case.query = with_existing(data.draw, dict(case.query or {}))
        response = case.call(base_url=process.address, headers={"Authorization": f"Bearer {key}"})
        case.validate_response(response, checks=CHECKS)

    attempt()


@pytest.mark.filterwarnings("ignore::work_health.errors.KeyExpiresSoon")  # the fuzzing has replaced the key
def test_server_still_answers_after_the_fuzzing(served_sandbox: tuple[Server, str]) -> None:
    process, key = served_sandbox
    with WorkHealth(key, base_url=process.address) as partner:
        assert partner.get_me().grants
