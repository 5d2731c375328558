"""Fuzz submissions that are nearly valid: no response is a 500, and a refusal writes nothing."""

import copy
import hashlib
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema.partners import Scope
from tests.conftest import PROGRAMME, RunningApplication
from tests.fixtures.loop_watch import frozen_objects, watch_loop

FUZZ = int(os.environ.get("FUZZ", "60"))
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
CITY, WARD = "E06000018", "E05012270"
VALID_BODY: dict[str, Any] = {
    "returns": [
        {
            "measure": "ips-primary-care-referrals",
            "series": "headline",
            "service": "main",
            "period": "FY2025-26-Q1",
            "kind": "data",
            "observations": [
                {"area": CITY, "value": 20},
                {"area": CITY, "breakdown": {"sex": "female"}, "value": 12},
                {"area": CITY, "breakdown": {"sex": "male"}, "value": 7, "note": "checked"},
                {"area": CITY, "breakdown": {"sex": "unknown"}, "status": "c", "lower": 1, "upper": 4},
            ],
        },
        {
            "measure": "neet-16-17",
            "series": "ccis-provisional",
            "period": "R3-2025-06",
            "observations": [{"area": CITY, "numerator": 371, "denominator": 7450}],
        },
        {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "kind": "nil", "note": "closed in summer"},
    ],
    "organisation": "nottingham-city-council",
    "confirm_withdrawals": True,
    "justifications": [],
}
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**53 - 1, 2**53, 2**63, 2**64, 1.5, 1e308, "", "c", "nil", "withdrawn", "data"]),
    st.sampled_from(["headline", "main", "FY2025-26-Q1", "2025", "R12-2025-06", "E06000018", WARD, "sex", "female"]),
    st.text(max_size=30),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["sex", "age-band", "x"]), st.sampled_from(["female", "25-34", "\x00"]), max_size=3
    ),
)


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner_path for key, part in inner for inner_path in list_paths(part, (*path, key)))]


@st.composite
def faulty_bodies(draw: st.DrawFn) -> bytes:
    body = copy.deepcopy(VALID_BODY)
    for _ in range(draw(st.integers(0, 3))):
        paths = [path for path in list_paths(body) if path]
        if not paths:
            break
        *parents, last = draw(st.sampled_from(paths))
        holder = body
        for step in parents:
            holder = holder[step]
        match draw(st.sampled_from(["change", "drop", "double", "add"])):
            case "drop":
                del holder[last]
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=10))] = draw(STRANGE)
            case _:
                holder[last] = draw(STRANGE)
    content = json.dumps(body).encode()
    if draw(st.integers(0, 9)) == 0:
        cut = draw(st.integers(0, len(content)))
        content = content[:cut] + draw(st.binary(max_size=5)) + content[draw(st.integers(cut, len(content))) :]
    return content


async def count_written_rows(connection: asyncpg.Connection) -> tuple[int, ...]:
    """Count the rows that a submission writes. Those of the audit that record a dry run or a refusal do not count."""
    tables = ("submission", '"return"', "revision", "observation", "return_event", "idempotency")
    counts = ", ".join(f"(select count(*) from {table})" for table in tables)
    audit = "(select count(*) from audit where action not in ('submission.checked', 'authorisation.failed'))"
    return tuple(await connection.fetchrow(f"select {counts}, {audit}"))


@pytest.fixture
async def http(application: RunningApplication) -> AsyncIterator[httpx2.AsyncClient]:
    with frozen_objects():
        yield application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


VALID_CONTENT = json.dumps(VALID_BODY).encode()


@example(VALID_CONTENT, False)
@example(VALID_CONTENT, True)
@given(faulty_bodies(), st.booleans())
@settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FUZZ < 100)
async def test_refusal_writes_nothing_and_no_body_causes_an_error(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, dry_run: bool
) -> None:
    connection = await asyncpg.connect(application.url)
    before = await count_written_rows(connection)
    headers = {"Content-Type": "application/json", "Idempotency-Key": hashlib.sha256(content).hexdigest()}
    async with watch_loop():
        response = await http.post(PATH, content=content, headers=headers, params={"dry_run": dry_run})
    after = await count_written_rows(connection)
    await connection.close()
    expected = {200, 201} if content == VALID_CONTENT else {200, 201, 400, 403, 409, 422}
    assert response.status_code in expected, (content, response.text)
    if response.status_code == 201:
        counts = response.json()["counts"]
        assert counts["received"] == counts["added"] + counts["changed"] + counts["unchanged"]
    else:
        assert after == before, (content, response.text)
        assert response.status_code == 200 or response.json()["detail"]
