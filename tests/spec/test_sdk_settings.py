"""The client sends a key over plain http only to this machine, unless `allow_http` is set."""

import httpx2
import pytest

from work_health import AsyncWorkHealth, WorkHealth
from work_health.errors import build_error

KEY = "wh_live_key"
PRIVATE = [
    "https://returns.example",
    "http://127.0.0.1:8000",
    "http://127.9.9.9",
    "http://localhost",
    "http://[::1]:80",
]
PUBLIC = [
    "http://returns.example",
    "HTTP://returns.example",
    "http://10.0.0.5:8000",
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://localhost@returns.example",
    "http://0x7f000001.example",
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORK_HEALTH_KEY", "WORK_HEALTH_URL", "WORK_HEALTH_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", PRIVATE)
def test_key_is_sent_encrypted_or_to_this_machine(url: str):
    WorkHealth(KEY, base_url=url).close()


@pytest.mark.parametrize("client", [WorkHealth, AsyncWorkHealth])
@pytest.mark.parametrize("url", PUBLIC)
def test_key_is_not_sent_over_plain_http(client: type, url: str):
    with pytest.raises(ValueError, match="allow_http") as refusal:
        client(KEY, base_url=url)
    assert KEY not in str(refusal.value)


def test_address_and_key_of_the_environment_are_checked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORK_HEALTH_URL", PUBLIC[0])
    monkeypatch.setenv("WORK_HEALTH_KEY", KEY)
    with pytest.raises(ValueError, match="allow_http"):
        WorkHealth()
    monkeypatch.setenv("WORK_HEALTH_ALLOW_HTTP", "1")
    WorkHealth().close()
    with pytest.raises(ValueError, match="allow_http"):
        WorkHealth(allow_http=False)


def test_plain_http_is_possible_without_a_key_or_with_allow_http():
    with WorkHealth(base_url=PUBLIC[0]) as client, pytest.raises(ValueError, match="allow_http"):
        client.with_options(key=KEY)
    with WorkHealth(base_url=PUBLIC[0], allow_http=True) as client:
        client.with_options(key=KEY)


@pytest.mark.parametrize(("headers", "is_named"), [({}, True), ({"Authorization": "Bearer x"}, False)])
def test_client_without_a_key_names_the_variable(headers, is_named):
    problem = {"type": "/errors/unauthenticated", "title": "No key.", "status": 401, "detail": "Send a key."}
    response = httpx2.Response(401, json=problem, request=httpx2.Request("GET", "http://here", headers=headers))
    assert ("WORK_HEALTH_KEY" in str(build_error(response))) is is_named
