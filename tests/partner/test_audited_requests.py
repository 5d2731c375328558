"""The audit of requests that write nothing else: dry runs, and requests that were refused with 401 or 403."""

import logging
from datetime import timedelta
from ipaddress import ip_network

import httpx2
import pytest

from api.access import queries_keys
from api.access.refused_requests import MAX_KINDS
from schema.partners import Scope
from tests.conftest import PROGRAMME
from tests.partner.test_audit import WHERE, admin, list_acts
from tests.partner.test_request_bodies import UNKNOWN_KEY
from work_health import RequestRejected, Withdrawal, new_return, new_submission, observation

__all__ = ["admin"]

RETURNS, EXTENSIONS = f"/v1/programmes/{PROGRAMME}/returns", f"/v1/programmes/{PROGRAMME}/extensions"
COUNCIL = "nottingham-city-council"


async def settle(application) -> None:
    await application.app.state.refused_requests.settle(application.engine)


def describe(entry) -> tuple:
    return entry.action, entry.client, entry.key, entry.organisation, entry.subject.to_dict()


async def test_dry_run_is_recorded_with_its_result(application, admin, council_client):
    for area in ("E06000018", "E06999999"):
        new = new_return(WHERE["measure"], WHERE["period"], [observation(area, 112)])
        try:
            await council_client.create_submission(PROGRAMME, new_submission(new), dry_run=True)
        except RequestRejected:
            assert area == "E06999999"
    entries = await list_acts(admin)
    assert {(entry.action, entry.client, entry.organisation) for entry in entries} == {
        ("submission.checked", f"{COUNCIL} script", COUNCIL)
    }
    assert all(entry.key and entry.request_id.startswith("req_") for entry in entries)
    assert [entry.subject.to_dict() for entry in entries] == [
        {"organisation": COUNCIL, "returns": "1", "result": "rejected"},
        {"organisation": COUNCIL, "returns": "1", "result": "accepted"},
    ]


async def test_entries_state_the_ids_of_server_and_caller(application, admin):
    http = application.http_client(await application.issue_key(COUNCIL, Scope.SUBMIT, Scope.REVIEW))
    body = {"returns": [{"measure": WHERE["measure"], "period": WHERE["period"], "kind": "nil"}]}
    address = f"/v1/programmes/{PROGRAMME}/submissions"
    requests = (
        ("POST", address, {"json": body, "params": {"dry_run": "true"}}),
        ("POST", address, {"json": body}),
        ("GET", RETURNS, {}),
        ("POST", "/v1/me/keys", {"json": {}}),
    )
    responses = [
        await http.request(method, path, headers={"Client-Request-Id": f"mine-{number:05}"}, **options)
        for number, (method, path, options) in enumerate(requests)
    ]
    assert [response.status_code for response in responses] == [200, 201, 200, 201]
    entries = reversed(await list_acts(admin))
    assert [(entry.request_id, entry.client_request_id) for entry in entries] == [
        (response.headers["Request-Id"], f"mine-{number:05}") for number, response in enumerate(responses)
    ]


async def test_request_without_the_scope_is_recorded_with_address_and_key(application, admin, caplog):
    secret = await application.issue_key(COUNCIL, Scope.READ)
    http = application.http_client(secret)
    first = await http.post(EXTENSIONS, json={}, headers={"Client-Request-Id": "mine-12345"})
    assert first.status_code == 403
    await settle(application)
    for _ in range(3):
        assert (await http.post(EXTENSIONS, json={})).status_code == 403
    await settle(application)
    [entry] = await list_acts(admin)
    key = secret.split("_")[2]
    subject = {
        "error": "not-allowed",
        "operation": "grant_extension",
        "address": "127.0.0.1",
        "key": key,
        "organisation": COUNCIL,
        "requests": "1",
        "first_at": application.now.isoformat(),
    }
    assert describe(entry) == ("authorisation.failed", f"{COUNCIL} script", key, COUNCIL, subject)
    assert (entry.request_id, entry.client_request_id) == (first.headers["Request-Id"], "mine-12345")
    application.now += timedelta(minutes=1)
    await settle(application)
    assert [entry.subject["requests"] for entry in await list_acts(admin)] == ["3", "1"]
    own = await application.partner_client(COUNCIL, Scope.ADMIN)
    assert len(await list_acts(own)) == 2
    other = await application.partner_client("ohid", Scope.ADMIN)
    assert await list_acts(other) == []
    assert caplog.records == []


async def test_refused_decision_on_an_own_return_is_recorded(application, admin, council_client):
    new = new_return(WHERE["measure"], WHERE["period"], [observation("E06000018", 112)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    http = application.http_client(await application.issue_key(COUNCIL, Scope.REVIEW))
    path = "/".join([RETURNS, *(WHERE[name] for name in ("organisation", "measure", "series", "service", "period"))])
    assert (await http.post(f"{path}/approval", json={"revision": 1})).status_code == 403
    await settle(application)
    assert [(entry.action, entry.subject.to_dict().get("operation")) for entry in await list_acts(admin)] == [
        ("authorisation.failed", "approve_return"),
        ("submission.accepted", None),
    ]


@pytest.mark.parametrize("kind", ["expired", "revoked"])
async def test_refused_key_is_recorded_for_the_owner_of_the_programme_alone(application, admin, kind):
    secret = await application.issue_key(COUNCIL, Scope.READ, days=1)
    key = secret.split("_")[2]
    if kind == "revoked":
        async with application.owner.begin() as transaction:
            await queries_keys.revoke_key(transaction, key, now=application.now)
    else:
        application.now += timedelta(days=2)
    http = application.http_client(secret)
    assert (await http.get(RETURNS)).status_code == 401
    assert (await http.get("/v1/me")).status_code == 401
    await settle(application)
    entries = await list_acts(admin, action="authentication.failed")
    assert {describe(entry)[1:4] for entry in entries} == {(None, None, None)}
    assert {(entry.subject["operation"], entry.subject["key"]) for entry in entries} == {
        ("list_returns", key),
        ("get_me", key),
    }
    assert {entry.subject["organisation"] for entry in entries} == {COUNCIL}
    own = await application.partner_client(COUNCIL, Scope.ADMIN)
    assert await list_acts(own, action="authentication.failed") == []


async def test_unknown_key_and_request_without_a_key_are_logged_and_not_stored(application, caplog):
    rows = await application.count_all_rows()
    for http in (application.http_client(UNKNOWN_KEY), application.http_client()):
        for _ in range(3):
            response = await http.get(RETURNS)
            assert response.status_code == 401
    await settle(application)
    [record] = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "work_health")
    assert {"list_returns", "127.0.0.1", "6"} <= set(record.getMessage().split())
    assert UNKNOWN_KEY not in record.getMessage()
    assert await application.count_all_rows() == rows


async def test_address_is_the_one_that_a_configured_proxy_states(application, admin, monkeypatch):
    http = application.http_client(await application.issue_key(COUNCIL, Scope.READ))
    for proxies in ((), (ip_network("127.0.0.1/32"),)):
        monkeypatch.setattr(application.app.asgi_handler.app, "proxies", proxies)
        response = await http.get(f"/v1/programmes/{PROGRAMME}/audit", headers={"X-Forwarded-For": "203.0.113.7"})
        assert response.status_code == 403
    await settle(application)
    assert {entry.subject["address"] for entry in await list_acts(admin)} == {"127.0.0.1", "203.0.113.7"}


async def test_attack_from_many_addresses_is_written_in_bounded_rows(application, admin, caplog):
    secret = await application.issue_key(COUNCIL, Scope.READ)
    refused = application.app.state.refused_requests
    for authorization in (f"Bearer {secret}", f"Bearer {UNKNOWN_KEY}"):
        for number in range(MAX_KINDS + 20):
            transport = httpx2.ASGITransport(app=application.app, client=(f"2001:db8::{number:x}", 1))  # pyright: ignore
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
                response = await http.get(f"/v1/programmes/{PROGRAMME}/audit", headers={"Authorization": authorization})
                assert response.status_code in (401, 403)
        await refused.settle(application.engine)
    assert len(await list_acts(admin, action="authorisation.failed", limit=1000)) == MAX_KINDS
    assert len(caplog.records) == MAX_KINDS + 2
    assert [record.getMessage().split()[0] for record in caplog.records if "more" in record.getMessage()] == ["20"] * 2


async def test_refused_requests_are_logged_if_the_database_is_away(application, caplog):
    http = application.http_client(await application.issue_key(COUNCIL, Scope.READ))
    assert (await http.get(f"/v1/programmes/{PROGRAMME}/audit")).status_code == 403
    with pytest.raises(AttributeError):
        await application.app.state.refused_requests.settle(None)
    [record] = caplog.records
    assert "list_audit_entries" in record.getMessage().split()


async def test_last_counts_of_a_process_are_written(application, admin):
    http = application.http_client(await application.issue_key(COUNCIL, Scope.READ))
    for _ in range(2):
        await http.get(f"/v1/programmes/{PROGRAMME}/audit")
        await application.app.state.refused_requests.settle(application.engine, is_last=True)
    assert [entry.subject["requests"] for entry in await list_acts(admin)] == ["1", "1"]


async def test_dry_run_of_a_withdrawal_is_recorded(application, admin, council_client):
    new = new_return(WHERE["measure"], WHERE["period"], [observation("E06000018", 112)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    withdrawal = Withdrawal(reason="Another quarter's.")
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=withdrawal, dry_run=True)
    assert [entry.action for entry in await list_acts(admin)] == ["submission.checked", "submission.accepted"]
