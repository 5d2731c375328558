"""Quotas of requests in a minute, counted over all processes, with their headers."""

import re
from datetime import UTC, datetime

import pytest

from api.access.rate_limits import Quotas, RateLimiter
from schema.partners import Scope
from tests.partner.test_request_bodies import UNKNOWN_KEY

QUOTAS = Quotas(key=5, address=8, failures=3)
NETWORK = "203.0.113.7"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000 * 60.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@pytest.fixture
def clock(application):
    """Give the application a limiter with a clock that changes only when the test sets it."""
    clock = Clock()
    application.app.state.rate_limiter = RateLimiter(QUOTAS, read_clock=clock)
    yield clock
    application.app.state.rate_limiter = None


async def test_key_has_a_quota_with_headers(application, clock):
    client = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    assert (await client.get("/v1/me")).status_code == 200  # after this, the key is known
    responses = [await client.get("/v1/me") for _ in range(QUOTAS.key + 1)]
    assert [response.status_code for response in responses] == [200] * QUOTAS.key + [429]
    assert [response.headers["RateLimit-Policy"] for response in responses] == ['"key";q=5;w=60'] * 6
    remaining = [re.findall(r'^"key";r=(\d+);t=(\d+)$', response.headers["RateLimit"]) for response in responses]
    assert remaining == [[(str(number), "60")] for number in (4, 3, 2, 1, 0, 0)]
    assert responses[-1].json()["type"] == "/errors/rate-limited"
    assert responses[-1].headers["Retry-After"] == "60"
    clock.seconds += 60
    assert (await client.get("/v1/me")).status_code == 200


async def test_wrong_keys_of_an_address_are_limited_and_known_keys_still_work(application, clock):
    known = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    assert (await known.get("/v1/me")).status_code == 200
    wrong = application.http_client(UNKNOWN_KEY)
    statuses = [(await wrong.get("/v1/me")).status_code for _ in range(QUOTAS.failures + 2)]
    assert statuses == [401] * QUOTAS.failures + [429] * 2
    assert (await known.get("/v1/me")).status_code == 200
    clock.seconds += 60
    assert (await wrong.get("/v1/me")).status_code == 401


async def test_wrong_key_is_not_known_after_a_response_that_needs_no_key(application, clock):
    wrong = application.http_client(UNKNOWN_KEY)
    assert (await wrong.get("/v1/programmes")).status_code == 200
    statuses = [(await wrong.get("/v1/me")).status_code for _ in range(QUOTAS.failures + 1)]
    assert statuses == [401] * QUOTAS.failures + [429]


async def test_only_addresses_of_other_machines_have_a_quota_without_a_key(application, clock):
    local = application.http_client()
    statuses = {(await local.get("/v1/programmes")).status_code for _ in range(QUOTAS.address + 1)}
    assert statuses == {200}
    limiter = application.app.state.rate_limiter
    usages = [limiter.count_request(None, NETWORK) for _ in range(QUOTAS.address + 1)]
    assert [usage.is_exceeded for usage in usages] == [False] * QUOTAS.address + [True]


async def test_processes_share_their_counts(application):
    clock = Clock()
    first, second = RateLimiter(QUOTAS, read_clock=clock), RateLimiter(QUOTAS, read_clock=clock)
    for _ in range(6):
        first.count_request(None, NETWORK)
    second.count_request(None, NETWORK)
    await first.settle(application.engine)
    await second.settle(application.engine)
    assert second.count_request(None, NETWORK).used == 8
    await second.settle(application.engine)
    first.count_request(None, NETWORK)
    await first.settle(application.engine)
    assert first.count_request(None, NETWORK).used == 10
    assert await application.count_rows("rate_count") == 1
    clock.seconds += 60
    assert first.count_request(None, NETWORK).used == 1
    await first.settle(application.engine)
    await first.settle(application.engine)
    assert await application.count_rows("rate_count") == 1


async def test_counts_are_kept_while_the_database_is_away(application):
    limiter = RateLimiter(QUOTAS, read_clock=Clock())
    limiter.count_request(None, NETWORK)
    with pytest.raises(AttributeError):
        await limiter.settle(None)  # pyright: ignore[reportArgumentType]
    await limiter.settle(application.engine)
    assert await application.count_rows("rate_count") == 1
