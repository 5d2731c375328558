"""Headers of every response, HEAD, reads from other origins, and proxies."""

from ipaddress import ip_network

import httpx2
import pytest

from api import settings
from api.http.response_headers import ResponseHeaders
from schema.partners import Scope
from tests.conftest import PROGRAMME

OPEN, CLOSED, MISSING = f"/v1/programmes/{PROGRAMME}/areas", f"/v1/programmes/{PROGRAMME}/returns", "/v1/nowhere"
OPEN_TO_ALL = [OPEN, f"{OPEN}.csv", "/docs", "/errors", "/guides", "/openapi.json", "/docs/scalar.js"]


@pytest.mark.parametrize("path", [*OPEN_TO_ALL, CLOSED, MISSING])
async def test_every_response_forbids_guessing_its_type_and_names_no_software(application, path):
    response = await application.http_client().get(path)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["server"] == "work-and-health"


async def test_responses_to_a_key_are_not_stored(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    for path in (CLOSED, "/v1/me", MISSING, f"/v1/programmes/{PROGRAMME}/audit"):
        assert (await http.get(path)).headers["cache-control"] == "no-store"
    assert (await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json={})).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [*OPEN_TO_ALL, CLOSED, MISSING])
async def test_head_is_a_get_without_a_body(application, path):
    http = application.http_client()
    got, head = await http.get(path), await http.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    same = [name for name in got.headers if name not in ("request-id", "content-length")]
    assert {name: head.headers[name] for name in same} == {name: got.headers[name] for name in same}


async def test_only_operations_without_a_key_can_be_read_from_other_origins(application):
    http = application.http_client()
    origin = {"Origin": "https://example.org"}
    for path in OPEN_TO_ALL:
        response = await http.get(path, headers=origin)
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers
        preflight = await http.options(path, headers=origin | {"Access-Control-Request-Method": "GET"})
        assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    for path in (CLOSED, MISSING):
        for response in (await http.get(path, headers=origin), await http.options(path, headers=origin)):
            assert "access-control-allow-origin" not in response.headers


# fmt: off
#   caller          X-Forwarded-For                X-Forwarded-Proto    address and scheme
PROXIES = [
    ("10.0.0.1",    "203.0.113.7",                 "https",             ("203.0.113.7", "https")),
    ("10.0.0.1",    "198.51.100.1, 203.0.113.7",   "https",             ("203.0.113.7", "https")),
    ("10.0.0.1",    "203.0.113.7, 10.0.0.2",       "https",             ("203.0.113.7", "https")),
    ("10.0.0.1",    "nonsense",                    "gopher",            ("10.0.0.1", "http")),
    ("10.0.0.1",    None,                          None,                ("10.0.0.1", "http")),
    ("192.0.2.1",   "203.0.113.7",                 "https",             ("192.0.2.1", "http")),
]
# fmt: on


@pytest.mark.parametrize(("caller", "forwarded_for", "proto", "expected"), PROXIES)
async def test_only_configured_proxies_are_believed(caller, forwarded_for, proto, expected):
    seen = []

    async def answer(scope, receive, send):
        seen.append((scope["client"][0], scope["scheme"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    app = ResponseHeaders(answer, frozenset(), settings.Settings(work_health_proxies="10.0.0.0/24").proxies)
    headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Proto": proto}
    transport = httpx2.ASGITransport(app, client=(caller, 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        response = await http.get("/", headers={name: value for name, value in headers.items() if value})
    assert seen == [expected]
    assert ("strict-transport-security" in response.headers) is (expected[1] == "https")


def test_proxies_are_networks():
    assert settings.Settings(work_health_proxies="10.0.0.1, fd00::/8").proxies == [
        ip_network("10.0.0.1"),
        ip_network("fd00::/8"),
    ]
    with pytest.raises(settings.InvalidSetting):
        _ = settings.Settings(work_health_proxies="the proxy").proxies
