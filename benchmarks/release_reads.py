"""A hundred figures out of a release, beside a bare handler that has the same bytes in memory."""

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import baseline_reads, releases, synthetic_data
from benchmarks.measured_server import read_memory_mb, run_server, run_statements, take_median
from benchmarks.report import Measurement, require_at_least, require_at_most

CLIENT_COUNT, ROUNDS, FIGURES_PER_PAGE = 16, 5, 100
ConditionalRequest = tuple[str, str | None]
"""A path, and the tag of what the asker has."""
TaggedBody = tuple[bytes, str]
"""A body, and its tag."""


def generate_paths(count: int, months: int) -> list[str]:
    """All different: some areas by sex and age, in some month."""
    chance = random.Random(3)  # noqa: S311
    found: dict[str, None] = {}
    while len(found) < count:
        asked = {
            "measure": releases.VISITS_MEASURE,
            "period": chance.choice(synthetic_data.MONTHS[:months]),
            "area": sorted(chance.sample(synthetic_data.QUARTER_AREAS, 6)),
            "group_by": ["sex", "age"],
            "limit": FIGURES_PER_PAGE,
        }
        found[f"/v1/programmes/{synthetic_data.PROGRAMME}/outcomes?{urlencode(asked, doseq=True)}"] = None
    return list(found)


async def _send_every_nth(
    address: str, asked: Sequence[ConditionalRequest], given: list[TaggedBody | None], at: int
) -> None:
    """HTTP/1.1 by hand over one connection: every so manieth question."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for number in range(at, len(asked), CLIENT_COUNT):
        path, tag = asked[number]
        had = f"If-None-Match: {tag}\r\n" if tag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{had}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        assert status == (304 if tag else 200), head
        size = 0 if tag else int(head.partition("content-length:")[2].split()[0])
        given[number] = (await reader.readexactly(size), head.partition("\r\netag:")[2].split()[0])
    writer.close()


def send_requests(address: str, asked: Sequence[ConditionalRequest]) -> tuple[float, list[TaggedBody]]:
    """Answers a second, and the answers."""
    given: list[TaggedBody | None] = [None] * len(asked)

    async def every() -> None:
        await asyncio.gather(*(_send_every_nth(address, asked, given, at) for at in range(CLIENT_COUNT)))

    begun = time.perf_counter()
    asyncio.run(every())
    return len(asked) / (time.perf_counter() - begun), [one for one in given if one]


def measure(url: str, folder: Path, keys: Sequence[str], *, months: int, questions: int) -> list[Measurement]:
    """And once more when as much again, and more, has been returned by others, whose `keys` these are."""
    asked: list[ConditionalRequest] = [(path, None) for path in generate_paths(questions, months)]
    answers = folder / "answers"
    answers.mkdir()
    rates: dict[str, list[float]] = {"warm": [], "bare": [], "304": [], "bare 304": []}
    with run_server("api.app:serve", url) as (address, pid):
        idle = read_memory_mb(pid, "VmRSS")
        cold, given = send_requests(address, asked)
        for number, (body, _) in enumerate(given):
            (answers / f"{number}.json").write_bytes(body)
        known = [(path, tag) for (path, _), (_, tag) in zip(asked, given, strict=True)]
        with run_server("benchmarks.baseline_reads:serve", url, **{baseline_reads.FOLDER_VARIABLE: str(answers)}) as (
            least,
            _,
        ):
            bare = [(f"/{number}", None) for number in range(len(asked))]
            bare_known = [(f"/{number}", tag) for number, (_, tag) in enumerate(known)]
            send_requests(least, bare)
            for _ in range(ROUNDS):
                for name, where, what in (
                    ("warm", address, asked),
                    ("bare", least, bare),
                    ("304", address, known),
                    ("bare 304", least, bare_known),
                ):
                    rates[name].append(send_requests(where, what)[0])
        grown = read_memory_mb(pid, "VmRSS") - idle
    rate = {name: take_median(found) for name, found in rates.items()}
    size = take_median([len(body) for body, _ in given]) / 1024
    again, warm_again = _measure_among_more(url, keys, asked, months)
    return [
        require_at_least(
            "100 figures of a release, warm / bare handler",
            _median_ratio(rates["warm"], rates["bare"]),
            0.7,
            f"{len(asked):,} questions, {CLIENT_COUNT} clients, {size:.0f} kB: {rate['warm']:,.0f} a second, bare"
            f" {rate['bare']:,.0f}; cold {cold:,.0f}; {grown:.0f} MB more than before",
        ),
        require_at_least(
            "304 of a release / bare handler",
            _median_ratio(rates["304"], rates["bare 304"]),
            0.9,
            f"{rate['304']:,.0f} a second, bare {rate['bare 304']:,.0f}",
        ),
        require_at_most(
            "cold reads with more observations / before",
            cold / again,
            1.2,
            f"{again:,.0f} a second, {cold:,.0f} before {len(keys)} more colleges returned as much as each",
        ),
        require_at_most(
            "warm reads with more observations / before",
            rate["warm"] / warm_again,
            1.2,
            f"{warm_again:,.0f} a second, {rate['warm']:,.0f} before",
        ),
    ]


def _median_ratio(ours: Sequence[float], bare: Sequence[float]) -> float:
    return take_median([one / other for one, other in zip(ours, bare, strict=True)])


def _measure_among_more(
    url: str, keys: Sequence[str], asked: Sequence[ConditionalRequest], months: int
) -> tuple[float, float]:
    """Cold and warm answers a second."""
    with run_server("api.app:serve", url) as (address, _):
        for number, key in enumerate(keys):
            releases.push_returns(address, key, synthetic_data.MONTHS[:months], seed=100 * number)
    asyncio.run(run_statements(url, "vacuum analyze"))
    with run_server("api.app:serve", url) as (address, _):
        return send_requests(address, asked)[0], take_median([send_requests(address, asked)[0] for _ in range(ROUNDS)])
