"""Compare small submissions of twenty observations, from fifty clients, with a bare handler that runs one INSERT."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

from benchmarks import synthetic_data
from benchmarks.measured_server import prepare_database, run_server, run_statements, take_median
from benchmarks.report import Measurement, require_at_least

CLIENT_COUNT, SUBMISSIONS_PER_ROUND, ROUNDS = 50, 4, 5  # each client sends so many, one after another, in a round


def generate_bodies() -> Iterator[bytes]:
    """Yield the submissions of one client: a return of twenty cells each, never the same return twice."""
    ages = list(enumerate(synthetic_data.AGES))
    for month in synthetic_data.MONTHS:
        for measure, kind in zip(synthetic_data.MEASURES, synthetic_data.KINDS, strict=True):
            if kind != "stock":
                continue
            cells: list[dict[str, object]] = []
            for area, scale in ((synthetic_data.TOWN, 4), (synthetic_data.QUARTER_AREAS[0], 1)):
                shares = [(n + 3) * scale for n, _ in ages]
                cells.append({"area": area, "value": sum(shares)})
                cells += [
                    {"area": area, "breakdown": {"age": age}, "value": share}
                    for (_, age), share in zip(ages, shares, strict=True)
                ]
                thirds = [sum(shares) - 2 * (sum(shares) // 3), sum(shares) // 3, sum(shares) // 3]
                cells += [
                    {"area": area, "breakdown": {"sex": sex}, "value": share}
                    for sex, share in zip(synthetic_data.SEXES, thirds, strict=True)
                ]
            yield json.dumps({"returns": [{"measure": measure, "period": month, "observations": cells}]}).encode()


class Client:
    """A minimal HTTP/1.1 client over one connection, so that the client uses little CPU."""

    def __init__(self, key: str, *, is_idempotent: bool = False) -> None:
        self._key, self._is_idempotent = key, is_idempotent
        self._bodies = list(generate_bodies())
        self._next: dict[str, int] = {}

    async def send(self, address: str, number: int) -> list[float]:
        """Send the next `number` submissions, and return the milliseconds that each took."""
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        start = self._next.get(address, 0)
        self._next[address] = start + number
        times: list[float] = []
        for body in self._bodies[start : start + number]:
            idempotency_key = f"Idempotency-Key: {uuid4()}\r\n" if self._is_idempotent else ""
            started = time.perf_counter()
            writer.write(
                f"POST /v1/programmes/{synthetic_data.PROGRAMME}/submissions HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: Bearer {self._key}\r\nContent-Type: application/json\r\n{idempotency_key}"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            answer = await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
            assert " 201 " in head.partition("\r\n")[0], answer[:500]
            times.append((time.perf_counter() - started) * 1000)
        writer.close()
        return times


async def send_from_all(clients: list[Client], address: str, number: int) -> tuple[float, float]:
    """Return the submissions per second, and the 99th percentile of their milliseconds."""
    started = time.perf_counter()
    times = [one for each in await asyncio.gather(*(c.send(address, number) for c in clients)) for one in each]
    return len(times) / (time.perf_counter() - started), statistics.quantiles(times, n=100)[98]


def measure(dsn: Callable[[str], str]) -> list[Measurement]:
    asyncio.run(run_statements(dsn("postgres"), "create database small"))
    asyncio.run(run_statements(dsn("postgres"), "create database bare"))
    clients = [
        Client(key) for key in asyncio.run(prepare_database(dsn("small"), synthetic_data.COLLEGES[:CLIENT_COUNT]))
    ]
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with (
        run_server("api.app:serve", dsn("small")) as (address, _),
        run_server("benchmarks.baseline:serve", dsn("bare")) as (least, _),
    ):
        asyncio.run(send_from_all(clients, address, 2))
        asyncio.run(send_from_all(clients, least, 2))
        for name in ("small", "bare"):
            asyncio.run(run_statements(dsn(name), "analyze"))  # as autovacuum does within a minute
        for _ in range(ROUNDS):
            ours.append(asyncio.run(send_from_all(clients, address, SUBMISSIONS_PER_ROUND)))
            bare.append(asyncio.run(send_from_all(clients, least, SUBMISSIONS_PER_ROUND)))
    rate, wait = (take_median([one[at] for one in ours]) for at in (0, 1))
    least_rate, least_wait = (take_median([one[at] for one in bare]) for at in (0, 1))
    return [
        require_at_least(
            "small submissions / bare handler",
            take_median([mine[0] / other[0] for mine, other in zip(ours, bare, strict=True)]),
            0.3,
            f"{CLIENT_COUNT} clients, 20 observations each: {rate:,.0f} a second; bare {least_rate:,.0f}",
        ),
        require_at_least(
            "small submissions, 99th percentile",
            take_median([other[1] / mine[1] for mine, other in zip(ours, bare, strict=True)]),
            0.3,
            f"{wait:,.0f} ms; bare {least_wait:,.0f} ms",
        ),
    ]
