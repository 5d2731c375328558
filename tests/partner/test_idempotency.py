"""Idempotency: a repeated request is processed once and gets the same response."""

import asyncio
import json
from datetime import timedelta

import httpx2
import pytest

from api.access import queries_idempotency
from schema.partners import Author, Scope
from work_health import RequestRejected, Withdrawal, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
CITY = "E06000018"
REFERRALS = "ips-primary-care-referrals"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


def body(total: int = 112, area: str = CITY) -> bytes:
    cells = [{"area": area, "value": total}]
    returns = [{"measure": REFERRALS, "period": WHERE["period"], "observations": cells}]
    return json.dumps({"returns": returns}).encode()


async def submit(http: httpx2.AsyncClient, content: bytes, key: str, **query: str) -> httpx2.Response:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return await http.post(PATH, content=content, headers=headers, params=query)


@pytest.fixture
async def http(application):
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT, days=1000))


def submission(total: int):
    return new_submission(new_return(REFERRALS, WHERE["period"], [observation(CITY, total)]))


async def test_repeated_request_gets_the_same_bytes(application, http):
    first_response = await submit(http, body(), "monday")
    before = await application.count_all_rows()
    second_response = await submit(http, body(), "monday")
    assert (first_response.status_code, second_response.status_code) == (201, 201)
    assert second_response.content == first_response.content
    assert ("idempotent-replayed" in first_response.headers, second_response.headers["idempotent-replayed"]) == (
        False,
        "true",
    )
    assert second_response.headers["request-id"] != first_response.headers["request-id"]
    assert await application.count_all_rows() == before


async def test_later_changes_do_not_alter_a_stored_response(http):
    first_response = await submit(http, body(112), "monday")
    await submit(http, body(115), "tuesday")
    assert (await submit(http, body(112), "monday")).content == first_response.content
    assert (await submit(http, body(115), "wednesday")).json()["outcome"] == "unchanged"


async def test_other_content_with_the_same_key_is_refused(application, http):
    await submit(http, body(112), "monday")
    before = await application.count_all_rows()
    answer = await submit(http, body(113), "monday")
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors/idempotency-key-reused")
    assert await application.count_all_rows() == before


async def test_key_that_the_database_cannot_store_is_refused(application, http):
    """Send it without a server, because no server passes on such a header."""
    answer = await submit(http, body(), "mon\x00day")
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors/unstorable-text")
    assert await application.count_rows("submission") == 0


async def test_sdk_repeats_with_the_same_key(council_client):
    report = await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday")
    assert await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday") == report
    with pytest.raises(RequestRejected, match=r"\b422\b.*Idempotency-Key"):
        await council_client.create_submission(PROGRAMME, submission(113), idempotency_key="monday")


async def test_concurrent_repeats_make_one_revision_and_one_response(application, http):
    answers = await asyncio.gather(*(submit(http, body(), "monday") for _ in range(8)))
    accepted = [response for response in answers if response.status_code == 201]
    refused = [response for response in answers if response.status_code != 201]
    assert len([response for response in accepted if "idempotent-replayed" not in response.headers]) == 1
    assert len({response.content for response in accepted}) == 1
    for response in refused:
        assert (response.status_code, response.json()["type"]) == (409, "/errors/idempotency-in-progress")
        assert response.headers["retry-after"] == "1"
    assert {
        table: await application.count_rows(table) for table in ("revision", "submission", "idempotency", "audit")
    } == {
        "revision": 1,
        "submission": 1,
        "idempotency": 1,
        "audit": 1,
    }
    assert (await submit(http, body(), "monday")).content == accepted[0].content


async def test_repeat_during_the_first_request_gets_retry_after(application, http):
    async with application.owner.begin() as transaction:
        client = (await transaction.exec_driver_sql("select id from client")).scalar_one()
        author = Author(client=client, person="", key="", organisation=WHERE["organisation"], request_id="")
        assert await queries_idempotency.claim_idempotency_key(transaction, author, "create_submission", "monday")
        response = await submit(http, body(), "monday")
        assert (response.status_code, response.headers["retry-after"]) == (409, "1")
        assert (await submit(http, body(1), "tuesday")).status_code == 201
    assert (await submit(http, body(), "monday")).status_code == 201


async def test_refused_request_uses_no_key(application, http):
    assert (await submit(http, body(area="E06000019"), "monday")).status_code == 422
    assert await application.count_rows("idempotency") == 0
    response = await submit(http, body(), "monday")
    assert (response.status_code, "idempotent-replayed" in response.headers) == (201, False)


# fmt: off
#   delay                                      response is still stored
STORAGE_TIMES = [
    (timedelta(days=29, hours=23, minutes=59), True),
    (timedelta(days=30),                       False),
]
# fmt: on


@pytest.mark.parametrize(("delay", "is_stored"), STORAGE_TIMES)
async def test_response_is_stored_for_thirty_days(application, http, delay, is_stored):
    first_response = await submit(http, body(), "monday")
    application.now += delay
    second_response = await submit(http, body(), "monday")
    assert (second_response.content == first_response.content) is is_stored
    assert ("idempotent-replayed" in second_response.headers) is is_stored
    assert second_response.json()["outcome"] == ("accepted" if is_stored else "unchanged")
    assert await application.count_rows("idempotency") == 1
    if not is_stored:  # the new response replaces the old one
        assert (await submit(http, body(), "monday")).content == second_response.content


async def test_key_belongs_to_one_client(application, http):
    other_client = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    first_response = await submit(http, body(112), "monday")
    second_response = await submit(other_client, body(115), "monday")
    assert [response.json()["returns"][0]["revision"] for response in (first_response, second_response)] == [1, 2]
    assert (await submit(other_client, body(115), "monday")).content == second_response.content
    assert (await submit(http, body(112), "monday")).content == first_response.content


async def test_key_belongs_to_one_operation(council_client):
    await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday")
    withdrawal = Withdrawal(reason="Counted twice.")
    report = await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=withdrawal, idempotency_key="monday")
    assert report.returns[0].revision == 2
    assert (
        await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=withdrawal, idempotency_key="monday")
        == report
    )
    with pytest.raises(RequestRejected, match=r"\b422\b.*Idempotency-Key"):
        await council_client.withdraw_return(
            PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Other."), idempotency_key="monday"
        )


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_key_of_wrong_length_is_refused(application, http, key):
    assert (await submit(http, body(), key)).status_code == 422
    assert await application.count_rows("submission") == 0


async def test_repeat_without_a_key_is_another_submission(application, http):
    headers = {"Content-Type": "application/json"}
    for _ in range(2):
        assert (await http.post(PATH, content=body(), headers=headers)).status_code == 201
    assert (await application.count_rows("submission"), await application.count_rows("idempotency")) == (2, 0)


async def test_stored_response_needs_the_scope_of_the_request(application, http):
    """Check the scope before reading the stored response."""
    await submit(http, body(), "monday")
    async with application.owner.begin() as transaction:
        await transaction.exec_driver_sql("update client_grant set scopes = '{read}'")
    assert (await submit(http, body(), "monday")).status_code == 403
