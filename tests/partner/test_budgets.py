"""Budgets of a key: how many requests run at once, and how much memory its submissions use."""

import asyncio

import pytest

from api.http import budgets
from api.http.budgets import MAX_CONCURRENT_REQUESTS, ServerBusy, TooManyRequests, UploadBudget
from schema.partners import Scope
from tests.partner.test_slow_uploads import start_upload

MEGABYTE = 1024 * 1024


async def test_key_has_a_limited_number_of_concurrent_requests(application):
    key, other_key = [await application.issue_key("nottingham-city-council", Scope.SUBMIT) for _ in range(2)]
    running = [await start_upload(application, key, "/csv") for _ in range(MAX_CONCURRENT_REQUESTS)]
    refused = await application.http_client(key).get("/v1/me")
    assert (refused.status_code, refused.json()["type"]) == (429, "/errors/too-many-requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Request-Id"] == refused.json()["request_id"]
    assert (await application.http_client(other_key).get("/v1/me")).status_code == 200
    assert (await application.http_client().get("/v1/programmes")).status_code == 200
    for body, _ in running:
        body.go.set()
    await asyncio.gather(*(task for _, task in running))
    assert (await application.http_client(key).get("/v1/me")).status_code == 200


def test_upload_of_a_key_is_refused_while_others_of_it_use_its_memory():
    budget = UploadBudget(max_key_bytes=100 * MEGABYTE, max_total_bytes=1000 * MEGABYTE)
    with budget.open_upload("a") as first:
        first.grow_to(90 * MEGABYTE)
        with budget.open_upload("a") as second, budget.open_upload("b") as other:
            second.grow_to(8 * MEGABYTE)  # small submissions are free
            with pytest.raises(TooManyRequests):
                second.grow_to(20 * MEGABYTE)
            other.grow_to(90 * MEGABYTE)
        first.grow_to(500 * MEGABYTE)  # alone, it may have more
    with budget.open_upload("a") as third:
        third.grow_to(90 * MEGABYTE)


def test_upload_is_refused_while_all_others_use_the_memory_of_the_server():
    budget = UploadBudget(max_key_bytes=100 * MEGABYTE, max_total_bytes=150 * MEGABYTE)
    with budget.open_upload("a") as first, budget.open_upload("b") as second:
        first.grow_to(90 * MEGABYTE)
        with pytest.raises(ServerBusy):
            second.grow_to(90 * MEGABYTE)
        second.grow_to(50 * MEGABYTE)


async def test_large_submission_is_refused_when_the_memory_is_used(application, monkeypatch):
    monkeypatch.setattr(budgets, "FREE_UPLOAD_BYTES", 0)
    application.app.state.uploads = UploadBudget(max_key_bytes=1, max_total_bytes=MEGABYTE)
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, running = await start_upload(application, key, "/csv")
    file = "measure,period,area,value\n" + "ips-primary-care-referrals,FY2025-26-Q1,E06000018,1\n" * 30_000
    refused = await application.http_client(key).post(
        "/v1/programmes/work-and-health-2025-2028/submissions/csv", content=file, headers={"Content-Type": "text/csv"}
    )
    body.go.set()
    assert (await running).status_code == 201
    assert refused.status_code == 429
    application.app.state.uploads = UploadBudget()
