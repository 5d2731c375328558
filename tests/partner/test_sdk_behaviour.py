"""How the SDK meets a network that is not its friend: each over a real socket, waited for and awaited alike."""

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

PROBLEM = {"type": "/errors/x", "title": "It was not to be.", "status": 0, "detail": "Because.", "request_id": "req_1"}
SUBMISSION = new_submission(new_return("referrals", "2025-07", [observation("E06000018", 1)]))
GOOD = make_answer(200, PERIOD_JSON)
REPORT = {
    "programme": "p", "organisation": "o", "plan_version": 1, "outcome": "accepted", "dry_run": True, "receipt": None,
    "dry_run_token": None, "returns": [], "findings": [], "changes": [], "change_count": 0, "effects": [],
    "counts": {"received": 1, "added": 1, "changed": 0, "unchanged": 0, "withdrawn": 0},
}  # fmt: skip


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long would have been waited between attempts."""
    found: list[float] = []

    async def noted(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr("work_health._core.time.sleep", found.append)
    monkeypatch.setattr("asyncio.sleep", noted)
    return found


Doing = Callable[[WorkHealth], object]


def waited_for(address: str, do: Doing, **options) -> object:
    with WorkHealth("wh_live_key", base_url=address, **options) as client:
        return do(client)


def awaited(address: str, do: Doing, **options) -> object:
    async def doing() -> object:
        async with AsyncWorkHealth("wh_live_key", base_url=address, **options) as client:
            return await do(client)  # pyright: ignore

    with asyncio.Runner() as runner:
        return runner.run(doing())


both = pytest.mark.parametrize("ask", [waited_for, awaited])


def period(client):
    return client.get_period("2025-07")


def push(client):
    return client.create_submission("p", SUBMISSION)


@both
def test_what_passes_is_tried_again(ask, pauses):
    with run_faulty_server(make_answer(503, LOGIN_PAGE), make_answer(408, LOGIN_PAGE), GOOD) as server:
        assert ask(server.address, period).label == "July 2025"
    assert len(server.requests) == 3
    first, second = pauses
    assert 0.25 <= first <= 0.5 <= second <= 1.0


@both
def test_pauses_grow_to_a_cap(ask, pauses):
    with run_faulty_server(make_answer(500, PROBLEM)) as server, pytest.raises(ServerError):
        ask(server.address, period, max_retries=9)
    assert len(server.requests) == 10
    assert max(pauses) <= 8
    assert min(pauses[5:]) >= 4


@both
def test_a_submission_is_repeated_under_one_key(ask, pauses):
    with run_faulty_server(
        make_answer(201, REPORT, cut=20), make_answer(502, LOGIN_PAGE), make_answer(201, REPORT)
    ) as server:
        assert ask(server.address, push).counts.added == 1
    keys = {one.headers["idempotency-key"] for one in server.requests}
    assert (len(server.requests), len(keys)) == (3, 1)


@both
def test_what_is_not_safe_is_not_repeated(ask, pauses):
    post = lambda client: client.request("POST", "/v1/somewhere", json={})  # noqa: E731
    with run_faulty_server(make_answer(503, PROBLEM)) as server, pytest.raises(ServerError):
        ask(server.address, post)
    assert len(server.requests) == 1
    with run_faulty_server(make_answer(200, {}, cut=1)) as server, pytest.raises(ConnectionFailed, match=r"\bagain\b"):
        ask(server.address, post)
    assert len(server.requests) == 1


@both
def test_retry_after_is_kept(ask, pauses):
    busy = make_answer(429, PROBLEM, headers={"Retry-After": "7"})
    with run_faulty_server(busy, GOOD) as server:
        ask(server.address, period)
    assert pauses == [7.0]


@both
def test_a_storm_of_429_ends(ask, pauses):
    with (
        run_faulty_server(make_answer(429, PROBLEM, headers={"Retry-After": "3"})) as server,
        pytest.raises(RateLimited) as told,
    ):
        ask(server.address, period)
    assert (len(server.requests), pauses, told.value.request_id) == (3, [3.0, 3.0], "req_1")
    pauses.clear()
    with (
        run_faulty_server(make_answer(429, PROBLEM, headers={"Retry-After": "3600"})) as server,
        pytest.raises(RateLimited),
    ):
        ask(server.address, period)
    assert (len(server.requests), pauses) == (1, [])


@both
def test_a_submission_that_is_being_carried_out_is_asked_for_again(ask, pauses):
    with run_faulty_server(make_answer(409, PROBLEM, headers={"Retry-After": "1"}), make_answer(201, REPORT)) as server:
        ask(server.address, push)
    assert pauses == [1.0]
    with run_faulty_server(make_answer(409, PROBLEM)) as server, pytest.raises(Conflict):
        ask(server.address, push)
    assert len(server.requests) == 1


@both
def test_an_answer_that_is_cut_off(ask, pauses):
    with (
        run_faulty_server(make_answer(200, PERIOD_JSON, cut=30)) as server,
        pytest.raises(ConnectionFailed, match="tried 3 times"),
    ):
        ask(server.address, period)
    with run_faulty_server(b"HTTP/1.1 200 OK\r\nContent-Le") as server, pytest.raises(ConnectionFailed):
        ask(server.address, period)


@both
def test_a_server_that_is_away(ask, pauses):
    with run_faulty_server(GOOD) as server:
        address = server.address
    with pytest.raises(ConnectionFailed, match=f"GET {address}/v1/periods/2025-07.*tried 3 times"):
        ask(address, period)


@both
def test_a_server_that_does_not_answer(ask):
    with run_faulty_server(None) as server, pytest.raises(ConnectionFailed, match="[Tt]ime"):
        ask(server.address, period, timeout=0.1, max_retries=0)


@both
def test_html_where_an_answer_should_be(ask, pauses):
    with (
        run_faulty_server(make_answer(200, LOGIN_PAGE)) as server,
        pytest.raises(ApiError, match="text/html: <html><h1>Sign in"),
    ):
        ask(server.address, period)
    with (
        run_faulty_server(make_answer(200, [1, 2])) as server,
        pytest.raises(ApiError, match=r"^200\b.*application/json: \[1, ?2\]"),
    ):
        ask(server.address, period)
    with (
        run_faulty_server(make_answer(302, LOGIN_PAGE, headers={"Location": "http://elsewhere.test/"})) as server,
        pytest.raises(ApiError, match="302") as told,
    ):
        ask(server.address, period)
    assert (told.value.status, len(server.requests)) == (302, 1)


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
@both
def test_each_refusal_is_an_error_of_one_tree_and_names_the_request(ask, pauses, status, error):
    with (
        run_faulty_server(make_answer(status, PROBLEM, headers={"Request-Id": "req_7"})) as server,
        pytest.raises(WorkHealthError) as told,
    ):
        ask(server.address, period)
    assert type(told.value) is error
    assert (told.value.status, told.value.request_id) == (status, "req_7")
    assert "It was not to be. Because. (request req_7)" in str(told.value)


@both
def test_a_cursor_that_comes_again_is_noticed(ask):
    page = make_answer(200, {"items": [], "next_cursor": "the-same"})

    def whole(client):
        found = client.iter_returns("p")
        return list(found) if isinstance(client, WorkHealth) else collect(found)

    async def collect(found):
        return [one async for one in found]

    with run_faulty_server(page) as server, pytest.raises(WorkHealthError, match="same cursor twice"):
        ask(server.address, whole)
    assert len(server.requests) == 2

    def figures(client):
        found = client.outcomes(preview=True, programme="p")
        return list(found) if isinstance(client, WorkHealth) else collect(found)

    preview = {
        "programme": "p",
        "plan_version": 1,
        "protection": "none",
        "basis": "latest",
        "items": [],
        "resolved": [],
    }
    with (
        run_faulty_server(make_answer(200, preview | {"next_cursor": "x"})) as server,
        pytest.raises(WorkHealthError, match="same cursor twice"),
    ):
        ask(server.address, figures)


@both
def test_what_ends_is_warned_of_at_the_callers_line(ask):
    headers = {
        "Deprecation": "@1758095283",
        "Sunset": "Wed, 31 Dec 2025 23:59:59 GMT",
        "Link": '<https://docs.test/v2>; rel="deprecation"',
    }
    with (
        run_faulty_server(make_answer(200, PERIOD_JSON, headers=headers)) as server,
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always")
        ask(server.address, period)
    [warning] = told
    assert warning.category is DeprecationWarning
    named = ("GET /v1/periods/2025-07", "2025-09-17", "Wed, 31 Dec 2025 23:59:59 GMT", "https://docs.test/v2")
    assert [part for part in named if part not in str(warning.message)] == []
    if ask is waited_for:
        assert warning.filename == __file__


@both
def test_who_asks_is_said(ask):
    with run_faulty_server(GOOD) as server:
        ask(server.address, period)
    [asked] = server.requests
    assert asked.headers["user-agent"].startswith("work-health-python/0.1.0 python/3.")
    assert asked.headers["authorization"] == "Bearer wh_live_key"


@both
def test_the_key_is_in_no_text(ask, pauses):
    told: list[str] = []

    def tell(client):
        told.append(repr(client) + repr(client._settings))
        return period(client)

    with run_faulty_server(make_answer(401, PROBLEM)) as server, pytest.raises(NotAllowed) as refused:
        ask(server.address, tell)
    assert len(told) == 1
    assert "wh_live_key" not in told[0] + str(refused.value) + repr(refused.value)


@both
def test_options_for_some_requests(ask):
    seen: list[int] = []

    def other(client):
        changed = client.with_options(
            key="wh_live_other", on_response=lambda response: seen.append(response.status_code)
        )
        return changed.get_period("2025-07")

    with run_faulty_server(GOOD) as server:
        ask(server.address, other)
    assert server.requests[0].headers["authorization"] == "Bearer wh_live_other"
    assert seen == [200]


@both
def test_the_answer_as_it_came(ask):
    with run_faulty_server(make_answer(200, PERIOD_JSON, headers={"ETag": '"7"'})) as server:
        found = ask(
            server.address, lambda client: client.request("get", "/v1/periods/2025-07", query={"a": ["b", "c"]})
        )
    assert (found.headers["ETag"], found.json()["label"]) == ('"7"', "July 2025")
    assert server.requests[0].line == "GET /v1/periods/2025-07?a=b&a=c HTTP/1.1"


@both
def test_a_proxy_is_asked_instead(ask):
    with run_faulty_server(GOOD) as proxy:
        ask("http://api.test", period, proxy=proxy.address)
    assert proxy.requests[0].line == "GET http://api.test/v1/periods/2025-07 HTTP/1.1"


@both
def test_a_private_authority_is_trusted_and_nobody_else(ask, tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(ours))
    stranger.cert_pem.write_to_path(str(theirs))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with run_faulty_server(GOOD, tls=tls) as server:
        assert ask(server.address, period, certificates=ours).label == "July 2025"
        for certificates in (None, theirs):
            with pytest.raises(ConnectionFailed, match=r"(?i)certificate"):
                ask(server.address, period, certificates=certificates, max_retries=0)


@pytest.mark.parametrize("client", [WorkHealth, AsyncWorkHealth])
@pytest.mark.parametrize(
    ("options", "told"),
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
def test_settings_that_cannot_be(client, options, told):
    with pytest.raises(ValueError, match=told):
        client(**options)


def test_a_large_file_is_streamed_and_repeated(pauses, tmp_path: Path):
    file = tmp_path / "large.csv"
    file.write_bytes(b"measure,period,area,value\n" + b"x" * 1_000_000)
    for ask in (waited_for, awaited):
        with run_faulty_server(make_answer(503, LOGIN_PAGE), make_answer(201, REPORT)) as server:
            ask(server.address, lambda client: client.create_submission_csv("p", file))
        assert [one.body for one in server.requests] == [file.read_bytes()] * 2


def public(client: type) -> dict[str, object]:
    return {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}


def test_both_clients_have_the_same_methods():
    waiting, awaiting = public(WorkHealth), public(AsyncWorkHealth)
    assert waiting.keys() - {"close"} == awaiting.keys() - {"aclose"}
    for name in waiting.keys() - {"close"}:
        mine, theirs = inspect.signature(waiting[name]), inspect.signature(awaiting[name])  # pyright: ignore
        assert list(mine.parameters.values()) == list(theirs.parameters.values()), name
    ours, its = inspect.signature(WorkHealth), inspect.signature(AsyncWorkHealth)
    assert list(ours.parameters) == list(its.parameters)
