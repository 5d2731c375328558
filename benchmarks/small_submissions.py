"""Many small submissions: fifty clients at once, twenty observations in each, beside a bare handler and one INSERT."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks import synthetic_data
from benchmarks.measured_server import administer, middle, ready, served
from benchmarks.report import Figure, at_least

CLIENTS, EACH, ROUNDS = 50, 4, 5  # each client sends so many, one after another, in a round


def bodies() -> Iterator[bytes]:
    """Of one client: a return of twenty cells each, never the same return twice."""
    ages = list(enumerate(synthetic_data.AGES))
    for month in synthetic_data.MONTHS:
        for measure, kind in zip(synthetic_data.MEASURES, synthetic_data.KINDS, strict=True):
            if kind != "stock":
                continue
            cells: list[dict[str, object]] = []
            for area, scale in ((synthetic_data.TOWN, 4), (synthetic_data.QUARTERS[0], 1)):
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
    """HTTP/1.1 by hand over one connection, so that the load costs the machine little."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._bodies = list(bodies())
        self._next: dict[str, int] = {}

    async def send(self, address: str, number: int) -> list[float]:
        """How long each of the next so many submissions took, in milliseconds."""
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        start = self._next.get(address, 0)
        self._next[address] = start + number
        took: list[float] = []
        for body in self._bodies[start : start + number]:
            begun = time.perf_counter()
            writer.write(
                f"POST /v1/programmes/{synthetic_data.PROGRAMME}/submissions HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: Bearer {self._key}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            answer = await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
            assert " 201 " in head.partition("\r\n")[0], answer[:500]
            took.append((time.perf_counter() - begun) * 1000)
        writer.close()
        return took


async def crowd(clients: list[Client], address: str, number: int) -> tuple[float, float]:
    """Submissions a second, and the 99th percentile of what they took in milliseconds."""
    begun = time.perf_counter()
    took = [one for each in await asyncio.gather(*(c.send(address, number) for c in clients)) for one in each]
    return len(took) / (time.perf_counter() - begun), statistics.quantiles(took, n=100)[98]


def measure(dsn: Callable[[str], str]) -> list[Figure]:
    asyncio.run(administer(dsn("postgres"), "create database small"))
    asyncio.run(administer(dsn("postgres"), "create database bare"))
    clients = [Client(key) for key in asyncio.run(ready(dsn("small"), synthetic_data.COLLEGES[:CLIENTS]))]
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with (
        served("api.app:serve", dsn("small")) as (address, _),
        served("benchmarks.baseline:serve", dsn("bare")) as (least, _),
    ):
        asyncio.run(crowd(clients, address, 2))
        asyncio.run(crowd(clients, least, 2))
        for name in ("small", "bare"):
            asyncio.run(administer(dsn(name), "analyze"))  # as the server's own housekeeping does within a minute
        for _ in range(ROUNDS):
            ours.append(asyncio.run(crowd(clients, address, EACH)))
            bare.append(asyncio.run(crowd(clients, least, EACH)))
    rate, wait = (middle([one[at] for one in ours]) for at in (0, 1))
    least_rate, least_wait = (middle([one[at] for one in bare]) for at in (0, 1))
    return [
        at_least(
            "small submissions / bare handler",
            middle([mine[0] / other[0] for mine, other in zip(ours, bare, strict=True)]),
            0.5,
            f"{CLIENTS} clients, 20 observations each: {rate:,.0f} a second; bare {least_rate:,.0f}",
        ),
        at_least(
            "small submissions, 99th percentile",
            middle([other[1] / mine[1] for mine, other in zip(ours, bare, strict=True)]),
            0.5,
            f"{wait:,.0f} ms; bare {least_wait:,.0f} ms",
        ),
    ]
