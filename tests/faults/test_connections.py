"""Connections that are idle or slow, to a real server and to the application: others are answered meanwhile."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest
from litestar import Litestar, Request, post

from api.http import budgets
from api.http.budgets import ConcurrencyMiddleware
from api.http.problems import EXCEPTION_HANDLERS
from api.http.response_headers import add_response_headers
from api.http.slow_bodies import SlowBodyMiddleware
from tests.fixtures.server_process import SANDBOX_PROGRAMME, run_server

IDLE, SLOW_HEADERS, SLOW_BODIES = 1000, 100, 100
REQUESTS = 100
MAX_P95_SECONDS = 1.0  # the promise is 100 ms on a machine that does nothing else


@contextlib.contextmanager
def open_connections(address: str, count: int, begin: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that send the beginning of a request."""
    host, port = address.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)), 10)) for _ in range(count)]
        for connection in connections:
            connection.sendall(begin)
        yield connections


def trickle(connections: list[socket.socket]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):  # the server has cut it off
            connection.send(b"x")


def test_idle_and_trickling_connections_stop_nobody():
    with run_server() as server:
        path = f"/v1/programmes/{SANDBOX_PROGRAMME}/submissions"
        body = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\nContent-Length: 900\r\n"
        other_key = server.issue_key("nottingham-city-council", "read")
        with (
            open_connections(server.address, IDLE, b""),
            open_connections(server.address, SLOW_HEADERS, b"GET /v1/me HTTP/1.1\r\nX: ") as headers,
            open_connections(
                server.address, SLOW_BODIES, f"{body}Content-Type: application/json\r\n\r\n".encode()
            ) as slow,
            httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {other_key}"}) as client,
        ):
            seconds: list[float] = []
            for _ in range(REQUESTS):
                trickle([*headers, *slow])
                begin = time.perf_counter()
                assert client.get("/v1/me", timeout=30).status_code == 200
                seconds.append(time.perf_counter() - begin)
    p95 = sorted(seconds)[int(REQUESTS * 0.95)]
    print(f"p95 {p95 * 1000:.1f} ms")  # noqa: T201  the measured figure
    assert p95 < MAX_P95_SECONDS


@post("/")
async def count_bytes(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


def build_client(middleware: object, address: str = "203.0.113.7") -> httpx2.AsyncClient:
    app = add_response_headers(
        Litestar(
            [count_bytes],
            middleware=[middleware],  # pyright: ignore[reportArgumentType]
            exception_handlers=EXCEPTION_HANDLERS,
            openapi_config=None,
            logging_config=None,
        ),
        (),
    )
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app, client=(address, 1)),  # pyright: ignore
        base_url="http://here",
    )


async def send_slowly(chunks: int, *, go: asyncio.Event | None = None):
    for _ in range(chunks):
        yield b"x" * 1000
        await (go.wait() if go else asyncio.sleep(0.02))


async def test_body_that_is_too_slow_is_cut_off():
    client = build_client(SlowBodyMiddleware(grace_seconds=0.05, min_bytes_per_second=1_000_000))
    refused = await client.post("/", content=send_slowly(1000))
    assert (refused.status_code, refused.json()["type"]) == (408, "/errors/slow-body")


async def test_body_that_is_fast_enough_may_take_longer_than_the_grace():
    client = build_client(SlowBodyMiddleware(grace_seconds=0.5, min_bytes_per_second=500))
    assert (await client.post("/", content=send_slowly(40))).json() == {"bytes": 40_000}


@pytest.mark.parametrize(("address", "status"), [("203.0.113.7", 429), ("127.0.0.1", 201), ("::1", 201)])
async def test_address_without_a_key_has_a_limited_number_of_concurrent_requests(monkeypatch, address, status):
    monkeypatch.setattr(budgets, "MAX_ADDRESS_REQUESTS", 3)
    client, go = build_client(ConcurrencyMiddleware(), address), asyncio.Event()
    running = [asyncio.create_task(client.post("/", content=send_slowly(2, go=go))) for _ in range(3)]
    await asyncio.sleep(0.1)
    assert (await client.post("/", content=b"x")).status_code == status
    go.set()
    assert [(await task).status_code for task in running] == [201] * 3
    assert (await client.post("/", content=b"x")).status_code == 201
