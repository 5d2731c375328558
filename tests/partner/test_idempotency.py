"""The same request twice is done once, and answered twice."""

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


async def push(http: httpx2.AsyncClient, content: bytes, key: str, **query: str) -> httpx2.Response:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return await http.post(PATH, content=content, headers=headers, params=query)


@pytest.fixture
async def http(application):
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT, days=1000))


def submission(total: int):
    return new_submission(new_return(REFERRALS, WHERE["period"], [observation(CITY, total)]))


async def test_the_same_again_is_answered_with_the_same_bytes(application, http):
    first = await push(http, body(), "monday")
    before = await application.count_all_rows()
    second = await push(http, body(), "monday")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert second.headers["request-id"] != first.headers["request-id"]
    assert await application.count_all_rows() == before


async def test_what_has_happened_since_does_not_change_the_answer(http):
    first = await push(http, body(112), "monday")
    await push(http, body(115), "tuesday")
    assert (await push(http, body(112), "monday")).content == first.content
    assert (await push(http, body(115), "wednesday")).json()["outcome"] == "unchanged"


async def test_another_content_under_the_key_is_refused(application, http):
    await push(http, body(112), "monday")
    before = await application.count_all_rows()
    answer = await push(http, body(113), "monday")
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors/idempotency-key-reused")
    assert await application.count_all_rows() == before


async def test_a_key_that_the_database_cannot_hold_is_refused(application, http):
    """No server hands on such a header; whatever reaches the driver by itself is told like the rest."""
    answer = await push(http, body(), "mon\x00day")
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors/unstorable-text")
    assert await application.count_rows("submission") == 0


async def test_through_the_sdk(council_client):
    first = await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday")
    assert await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday") == first
    with pytest.raises(RequestRejected, match="another content"):
        await council_client.create_submission(PROGRAMME, submission(113), idempotency_key="monday")


async def test_twins_at_once_make_one_revision_and_one_answer(application, http):
    answers = await asyncio.gather(*(push(http, body(), "monday") for _ in range(8)))
    done = [one for one in answers if one.status_code == 201]
    waiting = [one for one in answers if one.status_code != 201]
    assert len([one for one in done if "idempotent-replayed" not in one.headers]) == 1
    assert len({one.content for one in done}) == 1
    for one in waiting:
        assert (one.status_code, one.json()["type"]) == (409, "/errors/idempotency-in-progress")
        assert one.headers["retry-after"] == "1"
    assert {
        table: await application.count_rows(table) for table in ("revision", "submission", "idempotency", "audit")
    } == {
        "revision": 1,
        "submission": 1,
        "idempotency": 1,
        "audit": 1,
    }
    assert (await push(http, body(), "monday")).content == done[0].content


async def test_while_the_first_is_carried_out_the_second_is_told_to_wait(application, http):
    async with application.owner.begin() as transaction:
        client = (await transaction.exec_driver_sql("select id from client")).scalar_one()
        first = Author(client=client, key="", organisation=WHERE["organisation"], request_id="")
        assert await queries_idempotency.claim_idempotency_key(transaction, first, "create_submission", "monday")
        answer = await push(http, body(), "monday")
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
        assert (await push(http, body(1), "tuesday")).status_code == 201
    assert (await push(http, body(), "monday")).status_code == 201


async def test_what_is_refused_consumes_no_key(application, http):
    assert (await push(http, body(area="E06000019"), "monday")).status_code == 422
    assert await application.count_rows("idempotency") == 0
    answer = await push(http, body(), "monday")
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


# fmt: off
#   later by                                   whether the answer is still kept
KEPT = [
    (timedelta(days=29, hours=23, minutes=59), True),
    (timedelta(days=30),                       False),
]
# fmt: on


@pytest.mark.parametrize(("later", "kept"), KEPT)
async def test_an_answer_is_kept_for_thirty_days_by_the_servers_clock(application, http, later, kept):
    first = await push(http, body(), "monday")
    application.now += later
    second = await push(http, body(), "monday")
    assert (second.content == first.content) is kept
    assert ("idempotent-replayed" in second.headers) is kept
    assert second.json()["outcome"] == ("accepted" if kept else "unchanged")
    assert await application.count_rows("idempotency") == 1
    if not kept:  # the new answer has taken the place of the old one
        assert (await push(http, body(), "monday")).content == second.content


async def test_a_key_is_of_one_client(application, http):
    other = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    first = await push(http, body(112), "monday")
    second = await push(other, body(115), "monday")
    assert [one.json()["returns"][0]["revision"] for one in (first, second)] == [1, 2]
    assert (await push(other, body(115), "monday")).content == second.content
    assert (await push(http, body(112), "monday")).content == first.content


async def test_a_key_is_of_one_operation(council_client):
    await council_client.create_submission(PROGRAMME, submission(112), idempotency_key="monday")
    wrong = Withdrawal(reason="Counted twice.")
    taken = await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=wrong, idempotency_key="monday")
    assert taken.returns[0].revision == 2
    assert await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=wrong, idempotency_key="monday") == taken
    with pytest.raises(RequestRejected, match="another content"):
        await council_client.withdraw_return(
            PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Other."), idempotency_key="monday"
        )


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_a_length(application, http, key):
    assert (await push(http, body(), key)).status_code == 422
    assert await application.count_rows("submission") == 0


async def test_without_a_key_the_same_again_is_another_submission(application, http):
    headers = {"Content-Type": "application/json"}
    for _ in range(2):
        assert (await http.post(PATH, content=body(), headers=headers)).status_code == 201
    assert (await application.count_rows("submission"), await application.count_rows("idempotency")) == (2, 0)


async def test_nobody_is_given_an_answer_of_a_key_that_was_taken_away(application, http):
    """The scope is asked for before the kept answer is looked up."""
    await push(http, body(), "monday")
    async with application.owner.begin() as transaction:
        await transaction.exec_driver_sql("update client_grant set scopes = '{read}'")
    assert (await push(http, body(), "monday")).status_code == 403
