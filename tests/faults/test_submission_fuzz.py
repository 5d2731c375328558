"""Submissions that are nearly right, spoilt by chance: never a 500, and a refusal has written nothing anywhere."""

import copy
import hashlib
import json
import os
from typing import Any

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema.partners import Scope
from tests.conftest import PROGRAMME, RunningApplication

FUZZ = int(os.environ.get("FUZZ", "60"))
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
CITY, WARD = "E06000018", "E05012270"
RIGHT: dict[str, Any] = {
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


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    body = copy.deepcopy(RIGHT)
    for _ in range(draw(st.integers(0, 3))):
        known = [place for place in places(body) if place]
        if not known:
            break
        *way, last = draw(st.sampled_from(known))
        holder = body
        for step in way:
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


async def written(connection: asyncpg.Connection) -> tuple[int, ...]:
    tables = ("submission", '"return"', "revision", "observation", "return_event", "idempotency", "audit")
    counts = ", ".join(f"(select count(*) from {table})" for table in tables)
    return tuple(await connection.fetchrow(f"select {counts}"))


@pytest.fixture
async def http(application: RunningApplication) -> httpx2.AsyncClient:
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


AS_IT_SHOULD_BE = json.dumps(RIGHT).encode()


@example(AS_IT_SHOULD_BE, False)
@example(AS_IT_SHOULD_BE, True)
@given(spoilt(), st.booleans())
@settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FUZZ < 100)
async def test_what_is_refused_writes_nothing_and_nothing_is_a_fault(
    application: RunningApplication, http: httpx2.AsyncClient, content: bytes, dry_run: bool
) -> None:
    connection = await asyncpg.connect(application.url)
    before = await written(connection)
    headers = {"Content-Type": "application/json", "Idempotency-Key": hashlib.sha256(content).hexdigest()}
    answer = await http.post(PATH, content=content, headers=headers, params={"dry_run": dry_run})
    after = await written(connection)
    await connection.close()
    expected = {200, 201} if content == AS_IT_SHOULD_BE else {200, 201, 400, 403, 409, 422}
    assert answer.status_code in expected, (content, answer.text)
    if answer.status_code == 201:
        counts = answer.json()["counts"]
        assert counts["received"] == counts["added"] + counts["changed"] + counts["unchanged"]
    else:
        assert after == before, (content, answer.text)
        assert answer.status_code == 200 or answer.json()["detail"]
