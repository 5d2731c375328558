"""Write the measurements as a table and as files."""

import math
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

BENCHMARKS_FOLDER = Path(__file__).parent


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. `met` is null if there is no goal; `detail` lists the figures behind the ratio."""

    name: str
    ratio: float
    goal: float | None = None
    met: bool | None = None
    detail: str = ""


def require_at_least(name: str, ratio: float, goal: float, detail: str) -> Measurement:
    return Measurement(name=name, ratio=round(ratio, 3), goal=goal, met=ratio >= goal, detail=detail)


def require_at_most(name: str, ratio: float, goal: float, detail: str) -> Measurement:
    return Measurement(name=name, ratio=round(ratio, 3), goal=goal, met=ratio <= goal, detail=detail)


def fit_exponent(sizes: Sequence[int], took: Sequence[float]) -> float:
    """Return the slope of log seconds over log size, by least squares."""
    across, up = [math.log(size) for size in sizes], [math.log(seconds) for seconds in took]
    x, y = sum(across) / len(across), sum(up) / len(up)
    return sum((a - x) * (b - y) for a, b in zip(across, up, strict=True)) / sum((a - x) ** 2 for a in across)


def format_table(figures: list[Measurement]) -> str:
    """Return a Markdown table, aligned so that it can be read as text."""
    heads = ("figure", "ratio", "goal", "met", "what was measured")
    met = {True: "yes", False: "**no**", None: "–"}
    rows = [
        (one.name, f"{one.ratio:.2f}", "–" if one.goal is None else f"{one.goal:g}", met[one.met], one.detail)
        for one in figures
    ]
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    lines = [" | ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def describe_machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.processor())
    total = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    return (
        f"{os.cpu_count()} cores ({model}), {int(total) / 2**20:.0f} GB; Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}"
    )


def write_results(figures: list[Measurement], profile: str, verdicts: str, *, load: float) -> None:
    """Write RESULTS.md and results.json. notes.md explains the missed goals, and becomes a part of RESULTS.md."""
    page = (
        f"# Results\n\nMade by `make bench` on {datetime.now(UTC):%d %B %Y}. {describe_machine()}.\n"
        f"Load average at the start: {load:.1f}. "
        "Client, server and PostgreSQL share the machine. Each figure is a ratio within one run: the two sides are "
        f"measured in turns, and the median counts.\n\n{format_table(figures)}\n\n## Where the time goes\n\n{profile}\n\n"
        f"## What CSV readers report\n\n{verdicts}\n"
    )
    (BENCHMARKS_FOLDER / "RESULTS.md").write_text(f"{page}\n{(BENCHMARKS_FOLDER / 'notes.md').read_text()}")
    results = [{"name": f.name, "ratio": f.ratio, "goal": f.goal, "met": f.met} for f in figures]
    (BENCHMARKS_FOLDER / "results.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"
    )
