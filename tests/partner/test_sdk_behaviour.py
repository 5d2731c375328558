"""How both clients of the SDK behave on a faulty network, over real sockets."""

import asyncio
import inspect
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.fixtures.faulty_servers import LOGIN_PAGE, PERIOD_JSON, make_answer, run_faulty_server
from work_health import (
    ApiError,
    AsyncWorkHealth,
    Conflict,
    ConnectionFailed,
    NotAllowed,
    NotFound,
    RateLimited,
    RequestRejected,
    ServerError,
    WorkHealth,
    WorkHealthError,
    new_return,
    new_submission,
    observation,
)

PROBLEM = {"type": "/errors/x", "title": "Failed.", "status": 0, "detail": "Because.", "request_id": "req_1"}
SUBMISSION = new_submission(new_return("referrals", "2025-07", [observation("E06000018", 1)]))
GOOD = make_answer(200, PERIOD_JSON)
REPORT = {
    "programme": "p", "organisation": "o", "plan_version": 1, "outcome": "accepted", "dry_run": True, "receipt": None,
    "dry_run_token": None, "returns": [], "findings": [], "changes": [], "change_count": 0, "effects": [],
    "counts": {"received": 1, "added": 1, "changed": 0, "unchanged": 0, "withdrawn": 0},
}  # fmt: skip


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds. Nothing waits for them."""
    seconds: list[float] = []

    async def record(pause_seconds: float) -> None:
        seconds.append(pause_seconds)

    monkeypatch.setattr("work_health._sync.sender.sleep", seconds.append)
    monkeypatch.setattr("work_health._async.sender.sleep_async", record)
    return seconds


Operation = Callable[[WorkHealth], object]


def call_sync(address: str, operation: Operation, **options) -> object:
    with WorkHealth("wh_live_key", base_url=address, **options) as client:
        return operation(client)


def call_async(address: str, operation: Operation, **options) -> object:
    async def run() -> object:
        async with AsyncWorkHealth("wh_live_key", base_url=address, **options) as client:
            return await operation(client)  # pyright: ignore

    with asyncio.Runner() as runner:
        return runner.run(run())


both_clients = pytest.mark.parametrize("call", [call_sync, call_async])


def get_period(client):
    return client.get_period("2025-07")


def submit(client):
    return client.create_submission("p", SUBMISSION)


@both_clients
def test_temporary_failures_are_retried(call, pauses):
    with run_faulty_server(make_answer(503, LOGIN_PAGE), make_answer(408, LOGIN_PAGE), GOOD) as server:
        assert call(server.address, get_period).label == "July 2025"
    assert len(server.requests) == 3
    first, second = pauses
    assert 0.25 <= first <= 0.5 <= second <= 1.0


@both_clients
@pytest.mark.parametrize(
    "outage", [make_answer(503, PROBLEM), make_answer(503, PROBLEM, headers={"Retry-After": "5"}), b""]
)
def test_retries_outlast_a_restart(call, pauses, outage):
    for operation in (get_period, submit):
        pauses.clear()
        with run_faulty_server(outage) as server, pytest.raises((ServerError, ConnectionFailed)):
            call(server.address, operation)
        assert len(server.requests) == 10
        assert sum(pauses) >= 30


@both_clients
def test_log_has_each_pause(call, pauses, caplog):
    caplog.set_level("INFO", "work_health")
    with run_faulty_server(make_answer(503, PROBLEM), b"", GOOD) as server:
        call(server.address, get_period)
    lines = [record.getMessage() for record in caplog.records if record.name == "work_health"]
    assert ["503" in line for line in lines] == [True, False]
    assert all("/v1/periods/2025-07" in line for line in lines)


@both_clients
def test_other_failures_are_repeated_twice(call, pauses):
    with run_faulty_server(make_answer(500, PROBLEM)) as server, pytest.raises(ServerError):
        call(server.address, get_period)
    assert len(server.requests) == 3


@both_clients
def test_pauses_grow_up_to_a_limit(call, pauses):
    with run_faulty_server(make_answer(500, PROBLEM)) as server, pytest.raises(ServerError):
        call(server.address, get_period, max_retries=9)
    assert len(server.requests) == 10
    assert max(pauses) <= 8
    assert min(pauses[5:]) >= 4


@both_clients
def test_submission_is_repeated_under_one_idempotency_key(call, pauses):
    with run_faulty_server(
        make_answer(201, REPORT, cut=20), make_answer(502, LOGIN_PAGE), make_answer(201, REPORT)
    ) as server:
        assert call(server.address, submit).counts.added == 1
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert (len(server.requests), len(keys)) == (3, 1)


@both_clients
def test_unsafe_request_is_not_repeated(call, pauses):

    def post(client):
        return client.request("POST", "/v1/somewhere", json={})

    with run_faulty_server(make_answer(503, PROBLEM)) as server, pytest.raises(ServerError):
        call(server.address, post)
    assert len(server.requests) == 1
    with run_faulty_server(make_answer(200, {}, cut=1)) as server, pytest.raises(ConnectionFailed, match=r"\bagain\b"):
        call(server.address, post)
    assert len(server.requests) == 1


@both_clients
def test_retry_after_is_respected(call, pauses):
    busy = make_answer(429, PROBLEM, headers={"Retry-After": "7"})
    with run_faulty_server(busy, GOOD) as server:
        call(server.address, get_period)
    assert pauses == [7.0]


@both_clients
def test_retries_of_429_end(call, pauses):
    with (
        run_faulty_server(make_answer(429, PROBLEM, headers={"Retry-After": "3"})) as server,
        pytest.raises(RateLimited) as raised,
    ):
        call(server.address, get_period)
    assert (len(server.requests), pauses, raised.value.request_id) == (3, [3.0, 3.0], "req_1")
    pauses.clear()
    with (
        run_faulty_server(make_answer(429, PROBLEM, headers={"Retry-After": "3600"})) as server,
        pytest.raises(RateLimited),
    ):
        call(server.address, get_period)
    assert (len(server.requests), pauses) == (1, [])


@both_clients
def test_submission_in_progress_is_retried_after_409(call, pauses):
    with run_faulty_server(make_answer(409, PROBLEM, headers={"Retry-After": "1"}), make_answer(201, REPORT)) as server:
        call(server.address, submit)
    assert pauses == [1.0]
    with run_faulty_server(make_answer(409, PROBLEM)) as server, pytest.raises(Conflict):
        call(server.address, submit)
    assert len(server.requests) == 1


@both_clients
def test_truncated_response_is_a_failed_connection(call, pauses):
    with (
        run_faulty_server(make_answer(200, PERIOD_JSON, cut=30)) as server,
        pytest.raises(ConnectionFailed, match="tried 10 times"),
    ):
        call(server.address, get_period)
    with run_faulty_server(b"HTTP/1.1 200 OK\r\nContent-Le") as server, pytest.raises(ConnectionFailed):
        call(server.address, get_period)


@both_clients
def test_unreachable_server_is_a_failed_connection(call, pauses):
    with run_faulty_server(GOOD) as server:
        address = server.address
    with pytest.raises(ConnectionFailed, match=f"GET {address}/v1/periods/2025-07.*tried 10 times"):
        call(address, get_period)


@both_clients
def test_slow_server_is_a_timeout(call):
    with run_faulty_server(None) as server, pytest.raises(ConnectionFailed, match="[Tt]ime"):
        call(server.address, get_period, timeout=0.1, max_retries=0)


@both_clients
def test_response_other_than_json_is_described(call, pauses):
    with (
        run_faulty_server(make_answer(200, LOGIN_PAGE)) as server,
        pytest.raises(ApiError, match="text/html: <html><h1>Sign in"),
    ):
        call(server.address, get_period)
    with (
        run_faulty_server(make_answer(200, [1, 2])) as server,
        pytest.raises(ApiError, match=r"^200\b.*application/json: \[1, ?2\]"),
    ):
        call(server.address, get_period)
    with (
        run_faulty_server(make_answer(302, LOGIN_PAGE, headers={"Location": "http://elsewhere.test/"})) as server,
        pytest.raises(ApiError, match="302") as raised,
    ):
        call(server.address, get_period)
    assert (raised.value.status, len(server.requests)) == (302, 1)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ApiError),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (409, Conflict),
        (413, ApiError),
        (422, RequestRejected),
        (429, RateLimited),
        (500, ServerError),
        (501, ServerError),
        (599, ServerError),
    ],
)
@both_clients
def test_each_status_has_its_error_with_the_request_id(call, pauses, status, error):
    with (
        run_faulty_server(make_answer(status, PROBLEM, headers={"Request-Id": "req_7"})) as server,
        pytest.raises(WorkHealthError) as raised,
    ):
        call(server.address, get_period)
    assert type(raised.value) is error
    assert (raised.value.status, raised.value.request_id) == (status, "req_7")
    assert "Failed. Because. (request req_7)" in str(raised.value)


@both_clients
def test_repeated_cursor_is_an_error(call):
    page = {"items": [], "next_cursor": "the-same"}
    preview = page | {
        "programme": "p", "plan_version": 1, "protection": "none", "revision_basis": "latest", "resolved": []
    }  # fmt: skip

    def list_returns(client):
        return read_all(client.iter_returns("p"))

    def list_figures(client):
        return read_all(client.outcomes(preview=True, programme="p"))

    for operation, body in ((list_returns, page), (list_figures, preview)):
        with (
            run_faulty_server(make_answer(200, body)) as server,
            pytest.raises(WorkHealthError, match=r"\bcursor\b.*\btwice\b"),
        ):
            call(server.address, operation)
        assert len(server.requests) == 2


def read_all(items):
    """Return a list, or what to await for one."""
    if hasattr(items, "__iter__"):
        return list(items)

    async def collect():
        return [item async for item in items]

    return collect()


@both_clients
def test_deprecated_operation_warns_at_the_line_of_the_caller(call):
    headers = {
        "Deprecation": "@1758095283",
        "Sunset": "Wed, 31 Dec 2025 23:59:59 GMT",
        "Link": '<https://docs.test/v2>; rel="deprecation"',
    }
    with (
        run_faulty_server(make_answer(200, PERIOD_JSON, headers=headers)) as server,
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        call(server.address, get_period)
    [warning] = warned
    assert warning.category is DeprecationWarning
    named = ("GET /v1/periods/2025-07", "2025-09-17", "Wed, 31 Dec 2025 23:59:59 GMT", "https://docs.test/v2")
    assert [part for part in named if part not in str(warning.message)] == []
    if call is call_sync:
        assert warning.filename == __file__


@both_clients
def test_requests_have_user_agent_and_key(call):
    with run_faulty_server(GOOD) as server:
        call(server.address, get_period)
    [request] = server.requests
    assert request.headers["user-agent"].startswith("work-health-python/0.1.0 python/3.")
    assert request.headers["authorization"] == "Bearer wh_live_key"


@both_clients
def test_key_appears_in_no_text(call, pauses):
    texts: list[str] = []

    def describe(client):
        texts.append(repr(client) + repr(client._settings))
        return get_period(client)

    with run_faulty_server(make_answer(401, PROBLEM)) as server, pytest.raises(NotAllowed) as raised:
        call(server.address, describe)
    assert len(texts) == 1
    assert "wh_live_key" not in texts[0] + str(raised.value) + repr(raised.value)


@both_clients
def test_with_options_changes_some_requests(call):
    statuses: list[int] = []

    def use_options(client):
        other = client.with_options(
            key="wh_live_other", on_response=lambda response: statuses.append(response.status_code)
        )
        return other.get_period("2025-07")

    with run_faulty_server(GOOD) as server:
        call(server.address, use_options)
    assert server.requests[0].headers["authorization"] == "Bearer wh_live_other"
    assert statuses == [200]


@both_clients
def test_request_returns_the_raw_response(call):
    with run_faulty_server(make_answer(200, PERIOD_JSON, headers={"ETag": '"7"'})) as server:
        response = call(
            server.address, lambda client: client.request("get", "/v1/periods/2025-07", query={"a": ["b", "c"]})
        )
    assert (response.headers["ETag"], response.json()["label"]) == ('"7"', "July 2025")
    assert server.requests[0].line == "GET /v1/periods/2025-07?a=b&a=c HTTP/1.1"


@both_clients
def test_proxy_receives_the_request(call):
    with run_faulty_server(GOOD) as proxy:
        call("http://api.test", get_period, proxy=proxy.address, allow_http=True)
    assert proxy.requests[0].line == "GET http://api.test/v1/periods/2025-07 HTTP/1.1"


@both_clients
def test_only_the_configured_authority_is_trusted(call, tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(ours))
    stranger.cert_pem.write_to_path(str(theirs))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with run_faulty_server(GOOD, tls=tls) as server:
        assert call(server.address, get_period, certificates=ours).label == "July 2025"
        for certificates in (None, theirs):
            with pytest.raises(ConnectionFailed, match=r"(?i)certificate"):
                call(server.address, get_period, certificates=certificates, max_retries=0)


@pytest.mark.parametrize("client", [WorkHealth, AsyncWorkHealth])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "api.test"}, "http://"),
        ({"base_url": "http://"}, "name a host"),
        ({"base_url": "http://api.test:port"}, "name a host"),
        ({"key": "wh_live_£"}, "not a key"),
        ({"key": "wh\nlive"}, "not a key"),
        ({"timeout": 0}, "more than 0"),
        ({"max_retries": -1}, "0 or more"),
        ({"certificates": "/nowhere.pem"}, "no certificates at"),
        ({"certificates": __file__}, "PEM"),
    ],
)
def test_invalid_settings_are_refused(client, options, message):
    with pytest.raises(ValueError, match=message):
        client(**options)


def test_large_file_is_streamed_and_repeated(pauses, tmp_path: Path):
    file = tmp_path / "large.csv"
    file.write_bytes(b"measure,period,area,value\n" + b"x" * 1_000_000)
    for call in (call_sync, call_async):
        with run_faulty_server(make_answer(503, LOGIN_PAGE), make_answer(201, REPORT)) as server:
            call(server.address, lambda client: client.create_submission_csv("p", file))
        assert [request.body for request in server.requests] == [file.read_bytes()] * 2


def list_public_methods(client: type) -> dict[str, object]:
    return {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}


def test_both_clients_have_the_same_methods():
    sync_methods, async_methods = list_public_methods(WorkHealth), list_public_methods(AsyncWorkHealth)
    assert sync_methods.keys() - {"close"} == async_methods.keys() - {"aclose"}
    for name in sync_methods.keys() - {"close"}:
        sync_signature, async_signature = (
            inspect.signature(methods[name])
            for methods in (sync_methods, async_methods)  # pyright: ignore
        )
        assert list(sync_signature.parameters.values()) == list(async_signature.parameters.values()), name
    sync_signature, async_signature = inspect.signature(WorkHealth), inspect.signature(AsyncWorkHealth)
    assert list(sync_signature.parameters) == list(async_signature.parameters)
