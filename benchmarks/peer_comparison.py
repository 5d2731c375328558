"""The same submission beside two peers, each written as its community would, in an environment that is thrown away."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import synthetic_data
from benchmarks.measured_server import ROOT, administer, middle, push, ready, served
from benchmarks.report import Figure, at_least

PEERS = {"Django REST Framework": ("rest_framework_peer:serve", "wsgi"), "FastAPI": ("fastapi_peer:serve", "asgi")}
TABLES = {"django": "peer_observation, peer_return", "fastapi": "observation, return"}
ROUNDS = 2


def install(folder: Path) -> str:
    """The Python that has the peers' packages, from whichever index this machine uses."""
    uv, python = ROOT / ".venv" / "bin" / "uv", folder / "peers" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", folder / "peers", "--python", sys.executable], check=True)
    wanted = ROOT / "benchmarks" / "peers" / "requirements.txt"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "-r", wanted], check=True)
    return str(python)


def plan() -> str:
    made = synthetic_data.plan()
    return json.dumps(
        {
            "areas": {area.code: area.parent for area in made.areas},
            "dimensions": {one.slug: [category.code for category in one.categories] for one in made.dimensions},
            "schemes": [sorted(scheme.dimensions) for scheme in made.measures[0].schemes],
            "measures": {measure.slug: measure.kind for measure in made.measures},
        }
    )


def measure(dsn: Callable[[str], str], folder: Path) -> list[Figure]:
    synthetic_data.write(folder, 100_000, ["first"])
    body = (folder / "first.json").read_bytes()
    python = install(folder)
    asyncio.run(administer(dsn("postgres"), *(f"create database {name}" for name in ("beside", "django", "fastapi"))))
    keys = iter(asyncio.run(ready(dsn("beside"), synthetic_data.COLLEGES[: 2 * ROUNDS + 1])))
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in PEERS}
    with served("api.app:serve", dsn("beside")) as (address, _):
        push(address, next(keys), "json", body)
        for _ in range(ROUNDS):
            for (name, (target, interface)), database in zip(PEERS.items(), TABLES, strict=True):
                url = dsn(database)
                with served(target, url, python=python, interface=interface, PEER_PLAN=plan()) as (other, _):
                    theirs[name].append(push(other, "none", "json", body))
                ours.append(push(address, next(keys), "json", body))
                asyncio.run(administer(url, f"truncate {TABLES[database]}"))
    took = {name: middle(spent) for name, spent in theirs.items()}
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    mine = middle(ours)
    return [at_least("ingest JSON, better peer / ours", min(took.values()) / mine, 10, f"{told}; ours {mine:.2f} s")]
