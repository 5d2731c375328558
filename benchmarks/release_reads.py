"""Compare reads of a hundred released figures with a bare handler that has the same bytes in memory."""

import asyncio
import random
import time
import timeit
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from api.monitoring.process_counts import ProcessCounts
from benchmarks import baseline_reads, releases, synthetic_data
from benchmarks.measured_server import read_memory_mb, run_server, run_statements, take_median
from benchmarks.report import Measurement, require_at_least, require_at_most

CLIENT_COUNT, ROUNDS, FIGURES_PER_PAGE, QUERY_COUNT = 16, 5, 100, 1000
ConditionalRequest = tuple[str, str | None]
"""A path, and the ETag that the client has."""
TaggedBody = tuple[bytes, str]
"""A body, and its ETag."""


def generate_paths(count: int, months: int) -> list[str]:
    """Return different paths: random areas by sex and age in a random month."""
    random_source = random.Random(3)  # noqa: S311
    paths: dict[str, None] = {}
    while len(paths) < count:
        parameters = {
            "measure": releases.VISITS_MEASURE,
            "period": random_source.choice(synthetic_data.MONTHS[:months]),
            "area": sorted(random_source.sample(synthetic_data.QUARTER_AREAS, 6)),
            "group_by": ["sex", "age"],
            "limit": FIGURES_PER_PAGE,
        }
        paths[f"/v1/programmes/{synthetic_data.PROGRAMME}/outcomes?{urlencode(parameters, doseq=True)}"] = None
    return list(paths)


async def _send_every_nth(
    address: str, requests: Sequence[ConditionalRequest], responses: list[TaggedBody | None], at: int
) -> None:
    """Send every nth request over one HTTP/1.1 connection."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for number in range(at, len(requests), CLIENT_COUNT):
        path, tag = requests[number]
        had = f"If-None-Match: {tag}\r\n" if tag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{had}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        assert status == (304 if tag else 200), head
        size = 0 if tag else int(head.partition("content-length:")[2].split()[0])
        responses[number] = (await reader.readexactly(size), head.partition("\r\netag:")[2].split()[0])
    writer.close()


def send_requests(address: str, requests: Sequence[ConditionalRequest]) -> tuple[float, list[TaggedBody]]:
    """Return the responses per second, and the responses."""
    responses: list[TaggedBody | None] = [None] * len(requests)

    async def every() -> None:
        await asyncio.gather(*(_send_every_nth(address, requests, responses, at) for at in range(CLIENT_COUNT)))

    started = time.perf_counter()
    asyncio.run(every())
    return len(requests) / (time.perf_counter() - started), [response for response in responses if response]


class ReadRates(msgspec.Struct):
    """Responses per second by kind of read, and what the reads cost in kilobytes and megabytes."""

    cold: float
    by_kind: dict[str, list[float]]
    body_kb: float
    memory_growth_mb: float

    def median(self, kind: str) -> float:
        return take_median(self.by_kind[kind])

    def ratio(self, kind: str, baseline: str) -> float:
        pairs = zip(self.by_kind[kind], self.by_kind[baseline], strict=True)
        return take_median([ours / bare for ours, bare in pairs])


def _measure_rates(url: str, folder: Path, requests: Sequence[ConditionalRequest]) -> ReadRates:
    """Send the same requests to the server and to the bare handler, in turns."""
    answers = folder / "answers"
    answers.mkdir()
    rates: dict[str, list[float]] = {"warm": [], "bare": [], "304": [], "bare 304": []}
    with run_server("api.app:serve", url) as (address, pid):
        idle = read_memory_mb(pid, "VmRSS")
        cold, responses = send_requests(address, requests)
        for number, (body, _) in enumerate(responses):
            (answers / f"{number}.json").write_bytes(body)
        tagged = [(path, tag) for (path, _), (_, tag) in zip(requests, responses, strict=True)]
        bare = [(f"/{number}", None) for number in range(len(requests))]
        bare_tagged = [(f"/{number}", tag) for number, (_, tag) in enumerate(tagged)]
        environment = {baseline_reads.FOLDER_VARIABLE: str(answers)}
        with run_server("benchmarks.baseline_reads:serve", url, **environment) as (bare_address, _):
            turns = (
                ("warm", address, requests),
                ("bare", bare_address, bare),
                ("304", address, tagged),
                ("bare 304", bare_address, bare_tagged),
            )
            send_requests(bare_address, bare)
            for _ in range(ROUNDS):
                for kind, target, sent in turns:
                    rates[kind].append(send_requests(target, sent)[0])
        growth = read_memory_mb(pid, "VmRSS") - idle
    body_kb = take_median([len(body) for body, _ in responses]) / 1024
    return ReadRates(cold=cold, by_kind=rates, body_kb=body_kb, memory_growth_mb=growth)


def measure(programme: releases.PublishedProgramme, folder: Path) -> list[Measurement]:
    """Measure reads, and again after the organisations of `programme.keys` have submitted as much each."""
    requests: list[ConditionalRequest] = [(path, None) for path in generate_paths(QUERY_COUNT, programme.months)]
    rates = _measure_rates(programme.url, folder, requests)
    cold_again, warm_again = _measure_among_more(programme, requests)
    return [
        require_at_least(
            "100 figures of a release, warm / bare handler",
            rates.ratio("warm", "bare"),
            0.9,
            f"{len(requests):,} requests, {CLIENT_COUNT} clients, {rates.body_kb:.0f} kB: {rates.median('warm'):,.0f} a"
            f" second, bare {rates.median('bare'):,.0f}; {rates.memory_growth_mb:.0f} MB more",
        ),
        require_at_least(
            "100 figures of a release, cold / bare handler",
            rates.cold / rates.median("bare"),
            0.2,
            f"{rates.cold:,.0f} a second, each query for the first time",
        ),
        require_at_least(
            "304 of a release / bare handler",
            rates.ratio("304", "bare 304"),
            0.9,
            f"{rates.median('304'):,.0f} a second, bare {rates.median('bare 304'):,.0f}",
        ),
        _measure_count(rates.median("warm")),
        require_at_most(
            "cold reads with more observations / before",
            rates.cold / cold_again,
            1.2,
            f"{cold_again:,.0f} a second, {rates.cold:,.0f} before {len(programme.keys)} more colleges submitted",
        ),
        require_at_most(
            "warm reads with more observations / before",
            rates.median("warm") / warm_again,
            1.2,
            f"{warm_again:,.0f} a second, {rates.median('warm'):,.0f} before",
        ),
    ]


def _measure_count(rate: float) -> Measurement:
    """Compare counting a request for the metrics with a read, of which a process answers `rate` in a second."""
    counts, kind = ProcessCounts(), ("GET", "/v1/programmes/{programme}/outcomes", 200)
    seconds = min(timeit.repeat(lambda: counts.count_request(kind, 0.0001), number=10_000, repeat=9)) / 10_000
    name = "counting a request for the metrics / warm read"
    return require_at_most(name, seconds * rate, 0.03, f"{seconds * 1e6:.1f} microseconds")


def _measure_among_more(
    programme: releases.PublishedProgramme, requests: Sequence[ConditionalRequest]
) -> tuple[float, float]:
    """Return the cold and the warm responses per second after more submissions."""
    with run_server("api.app:serve", programme.url) as (address, _):
        for number, key in enumerate(programme.keys):
            releases.push_returns(address, key, synthetic_data.MONTHS[: programme.months], seed=100 * number)
    asyncio.run(run_statements(programme.url, "vacuum analyze"))
    with run_server("api.app:serve", programme.url) as (address, _):
        return send_requests(address, requests)[0], take_median(
            [send_requests(address, requests)[0] for _ in range(ROUNDS)]
        )
