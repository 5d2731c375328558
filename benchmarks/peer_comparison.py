"""Compare a submission with two peers, each written as its community would write it.

The peers check what the server checks: key, plan, content, and the stored returns. They run in an environment that is
deleted afterwards.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import synthetic_data
from benchmarks.measured_server import ROOT, prepare_database, run_server, run_statements, take_median, time_submission
from benchmarks.report import Measurement, require_at_least
from benchmarks.small_submissions import CLIENT_COUNT, SUBMISSIONS_PER_ROUND, Client, send_from_all

PEERS = {"Django REST Framework": ("rest_framework_peer:serve", "wsgi"), "FastAPI": ("fastapi_peer:serve", "asgi")}
PEER_TABLES = {"django": "peer_submission, peer_return", "fastapi": "submission, return"}
ROUNDS = 2
WARM_UP_SUBMISSIONS, SMALL_ROUNDS = 2, 3


def install_peers(folder: Path) -> str:
    """Install the peers' packages from the index of this machine, and return their Python."""
    uv, python = ROOT / ".venv" / "bin" / "uv", folder / "peers" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", folder / "peers", "--python", sys.executable], check=True)
    requirements = ROOT / "benchmarks" / "peers" / "requirements.txt"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "-r", requirements], check=True)
    return str(python)


def build_peer_settings(keys: Sequence[str], organisations: Sequence[str]) -> dict[str, str]:
    """Return the environment of a peer: the plan, and the organisation of each key."""
    plan = synthetic_data.build_plan()
    duties: dict[str, list[str]] = {}
    for duty in plan.duties:
        duties.setdefault(duty.holder, []).append(duty.measure)
    peer_plan = json.dumps(
        {
            "programme": plan.slug,
            "version": 1,
            "area": plan.area,
            "duties": duties,
            "areas": {area.code: area.parent for area in plan.areas},
            "dimensions": {one.slug: [category.code for category in one.categories] for one in plan.dimensions},
            "schemes": [sorted(scheme.dimensions) for scheme in plan.measures[0].schemes],
            "measures": {measure.slug: measure.kind for measure in plan.measures},
        }
    )
    return {"PEER_PLAN": peer_plan, "PEER_KEYS": json.dumps(dict(zip(keys, organisations, strict=True)))}


def measure(dsn: Callable[[str], str], folder: Path) -> list[Measurement]:
    python = install_peers(folder)
    return [measure_large(dsn, folder, python), measure_small(dsn, python)]


def measure_large(dsn: Callable[[str], str], folder: Path, python: str) -> Measurement:
    """Compare a submission of 100,000 observations. Peers run one at a time, because they use much memory."""
    synthetic_data.write_files(folder, 100_000, ["first"])
    body = (folder / "first.json").read_bytes()
    asyncio.run(run_statements(dsn("postgres"), *(f"create database {name}" for name in ("ours", "django", "fastapi"))))
    organisations = synthetic_data.COLLEGES[: 2 * ROUNDS + 1]
    peer_key, *own_keys = asyncio.run(prepare_database(dsn("ours"), organisations))
    settings, keys = build_peer_settings([peer_key], organisations[:1]), iter([peer_key, *own_keys])
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in PEERS}
    with run_server("api.app:serve", dsn("ours")) as (address, _):
        time_submission(address, next(keys), "json", body)
        for _ in range(ROUNDS):
            for (name, (target, interface)), database in zip(PEERS.items(), PEER_TABLES, strict=True):
                url = dsn(database)
                with run_server(target, url, python=python, interface=interface, **settings) as (other, _):
                    theirs[name].append(time_submission(other, peer_key, "json", body))
                ours.append(time_submission(address, next(keys), "json", body))
                asyncio.run(run_statements(url, f"truncate {PEER_TABLES[database]} cascade"))
    took = {name: take_median(seconds) for name, seconds in theirs.items()}
    peer_times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    mine = take_median(ours)
    return require_at_least(
        "ingest JSON, better peer / ours", min(took.values()) / mine, 20, f"{peer_times}; ours {mine:.2f} s"
    )


def measure_small(dsn: Callable[[str], str], python: str) -> Measurement:
    """Compare submissions of twenty observations from fifty clients, each with an idempotency key."""
    databases = ("small_ours", "small_django", "small_fastapi")
    asyncio.run(run_statements(dsn("postgres"), *(f"create database {name}" for name in databases)))
    organisations = synthetic_data.COLLEGES[:CLIENT_COUNT]
    keys = asyncio.run(prepare_database(dsn(databases[0]), organisations))
    clients = [Client(key, is_idempotent=True) for key in keys]
    settings = build_peer_settings(keys, organisations)
    rates: dict[str, list[float]] = {name: [] for name in ("ours", *PEERS)}
    with contextlib.ExitStack() as stack:
        addresses = {"ours": stack.enter_context(run_server("api.app:serve", dsn(databases[0])))[0]}
        for (name, (target, interface)), database in zip(PEERS.items(), databases[1:], strict=True):
            server = run_server(target, dsn(database), python=python, interface=interface, **settings)
            addresses[name] = stack.enter_context(server)[0]
        for address, database in zip(addresses.values(), databases, strict=True):
            asyncio.run(send_from_all(clients, address, WARM_UP_SUBMISSIONS))
            asyncio.run(run_statements(dsn(database), "analyze"))  # as autovacuum does within a minute
        for _ in range(SMALL_ROUNDS):
            for name, address in addresses.items():
                rates[name].append(asyncio.run(send_from_all(clients, address, SUBMISSIONS_PER_ROUND))[0])
    medians = {name: take_median(numbers) for name, numbers in rates.items()}
    ratio = take_median(
        [ours / max(others) for ours, *others in zip(*(rates[name] for name in ("ours", *PEERS)), strict=True)]
    )
    detail = ", ".join(f"{name} {rate:,.0f} a second" for name, rate in medians.items())
    return require_at_least("small submissions, ours / better peer", ratio, 3, detail)
