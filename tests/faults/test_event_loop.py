"""Large and hostile requests: none of them occupies the event loop while others wait.

The watchdog measures the processor time of the loop's thread, so that a busy machine hardly matters. Each of these
requests occupied it for seconds.
"""

import gzip
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest

from api.plan import queries_loading
from api.submissions.reading.limits import MAX_COLUMNS
from benchmarks import synthetic_data
from schema.partners import Scope
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.loop_watch import frozen_objects, watch_loop
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.partner.test_files import CITY, PATH, REFERRALS

ICB = "nhs-nottingham-nottinghamshire-icb"
EVIDENCE = "lived-experience-involvement"


def build_evidence(returns: int) -> bytes:
    """Return a body of returns of one duty with 1,000 entries each. Each entry has several faults."""
    entry = {"domain": "unknown", "date": "2099-08-01"}
    entries = [entry | {"title": f"Call 0115 496 {number:04}, born 1 May, ann@example.org"} for number in range(1000)]
    evidence = {"measure": EVIDENCE, "period": "FY2025-26-H1", "entries": entries}
    return msgspec.json.encode({"returns": [evidence] * returns})


HEADER = "measure,period,area,value"
ROW = f"{REFERRALS},FY2025-26-Q1,{CITY},1\n"
# fmt: off
HOSTILE_BODIES = {
    "unknown columns": ("/csv", "text/csv", f"{HEADER},{','.join(f'{n:x}' for n in range(48_000))}\n{ROW}".encode(), 422),
    "columns at the limit": ("/csv", "text/csv", f"{HEADER},{','.join(f'{n}'*9 for n in range(MAX_COLUMNS - 4))}\n".encode(), 422),
    "evidence":        ("", "application/json", build_evidence(10), 422),
    "much evidence":   ("", "application/json", build_evidence(240), 422),
    "empty returns":   ("", "application/json", b'{"returns":[%b{}]}' % (b"{}," * 300_000), 422),
    "unknown fields":  ("", "application/json", msgspec.json.encode({f"field-{n}": 1 for n in range(100_000)}), 422),
    "unknown areas":   ("/csv", "text/csv", "\n".join([HEADER, *(f"{REFERRALS},FY2025-26-Q1,E{n:08},1" for n in range(20_000))]).encode(), 422),
    "invalid lines":   ("/ndjson", "application/x-ndjson", b'{"returns":[]}\n' + b"{}\n" * 200_000, 422),
    "repeated rows":   ("/csv", "text/csv", f"{HEADER}\n{ROW * 200_000}".encode(), 422),
}
# fmt: on


async def watch_request(send):
    """Return the response. One of three tries may not occupy the loop: a busy machine lengthens processor time a bit."""
    for _ in range(2):
        with frozen_objects(), suppress(AssertionError):
            async with watch_loop():
                return await send()
    with frozen_objects():
        async with watch_loop():
            return await send()


@pytest.mark.parametrize("case", HOSTILE_BODIES)
async def test_body_does_not_occupy_the_event_loop(application, case):
    form, media_type, body, status = HOSTILE_BODIES[case]
    key = await application.issue_key(ICB if "evidence" in case else "nottingham-city-council", Scope.SUBMIT)
    client = application.http_client(key)
    headers = {"Content-Type": media_type}
    response = await watch_request(lambda: client.post(f"{PATH}{form}?dry_run=true", content=body, headers=headers))
    assert response.status_code == status, response.text[:1000]
    assert ("too-many-entries" in response.text) == (case == "much evidence")


async def test_compressed_body_does_not_occupy_the_event_loop(application):
    key = await application.issue_key(ICB, Scope.SUBMIT)
    body = gzip.compress(build_evidence(240))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    client = application.http_client(key)
    response = await watch_request(lambda: client.post(PATH, content=body, headers=headers))
    assert response.status_code == 422


@pytest.fixture
async def reviewer_of_many_returns(application, tmp_path):
    """Return a client that reviews 60 returns of twenty measures, with 2,132 cells each."""
    application.now = datetime(2025, 1, 5, tzinfo=UTC)
    async with application.owner.begin() as transaction:
        plan = synthetic_data.build_plan()
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    scopes = (Scope.SUBMIT, Scope.REVIEW)
    client = application.http_client(await application.issue_key(synthetic_data.OWNER, *scopes, programme=plan.slug))
    synthetic_data.write_files(tmp_path, 60 * synthetic_data.CELLS_PER_RETURN, ["first"])
    response = await client.post(
        f"/v1/programmes/{plan.slug}/submissions/csv",
        content=(tmp_path / "first.csv").read_bytes(),
        headers={"Content-Type": "text/csv"},
    )
    assert response.status_code == 201, response.text[:1000]
    return client


MANY_MONTHS = [f"{year}-{month:02}" for year in range(2000, 2100) for month in range(1, 13)]
TWENTY_YEARS = {"from": "2005-01", "to": "2024-12"}
MANY_FIGURES = TWENTY_YEARS | {"measure": synthetic_data.MEASURES[2], "level": "quarter"}
# fmt: off
#   form           parameters                                    status
PREVIEWS = [
    ("",           {"from": "2000-01", "to": "2099-12"},         422),
    ("",           {"period": MANY_MONTHS},                      422),
    ("",           TWENTY_YEARS,                                 200),
    ("",           MANY_FIGURES | {"limit": 10_000},             200),
    (".csv",       MANY_FIGURES,                                 200),
    (".json-stat", MANY_FIGURES,                                 200),
    (".sdmx.csv",  MANY_FIGURES,                                 200),
]
# fmt: on


async def test_preview_of_many_months_does_not_occupy_the_event_loop(reviewer_of_many_returns):
    path = f"/v1/programmes/{synthetic_data.PROGRAMME}/preview/outcomes"
    with frozen_objects():
        for form, parameters, status in PREVIEWS:
            async with watch_loop():
                response = await reviewer_of_many_returns.get(path + form, params=parameters)
            assert response.status_code == status, response.text[:1000]
            assert (status == 422) == ("result-too-large" in response.text)


async def test_released_outcomes_of_many_months_do_not_occupy_the_event_loop(application, harbour_programme):
    press = ReleaseClient(application, harbour_programme)
    for month in range(1, 8):
        people = {(EAST, "female"): 40 + month, (WEST, "male"): 60}
        for organisation in ("quay-college", "pier-college"):
            await press.submit_and_approve(organisation, make_learners_return(f"2026-{month:02}", people))
    await press.publish()
    path = f"/v1/programmes/{harbour_programme}/outcomes"
    with frozen_objects():
        for form, parameters, status in PREVIEWS:
            learners = parameters | {"measure": "learners"}
            async with watch_loop():
                response = await application.http_client().get(path + form, params=learners)
            assert response.status_code == 422, response.text[:1000]
            code = "result-too-large" if status == 422 else "period-not-released"  # the years are before the release
            assert code in response.text
