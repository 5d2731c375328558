"""Compare our CSV reader with those of polars, pyarrow and the standard library, each with our findings on top.

`peers/csv_peers.py` has the readers. Each reads in a process of its own: first a hundred thousand rows four times, of
which the first warms up, then a million rows once. The peers are installed into a folder that is deleted afterwards.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import synthetic_data
from benchmarks.measured_server import ROOT, take_median
from benchmarks.peers.csv_peers import LIBRARY_ERROR, READERS, Result
from benchmarks.report import Measurement

ROUNDS = 3
WARM_READS = 3
SMALL, LARGE = 100_000, 1_000_000
PEERS_FILE = ROOT / "benchmarks" / "peers" / "csv_peers.py"
PEER_FILES = (PEERS_FILE, PEERS_FILE.with_name("csv_peer_columns.py"))
READING_FOLDER = ROOT / "api" / "submissions" / "reading"
SHARED_NAMES = ("PeerTable", "WordCache", "PeerColumns", "DecodedFile", "read_with", "ragged_fault")
PEER_NAMES = {
    "polars": (*SHARED_NAMES, "PolarsTable", "read_polars"),
    "pyarrow": (*SHARED_NAMES, "ArrowTable", "read_arrow", "_iterate_batches"),
    "csv": (*SHARED_NAMES, "TextTable", "read_text"),
}
REPLACED_NAMES = (
    "StringTable",
    "_load_eight_bytes",
    "_check_unnamed_columns",
    "_read_codes",
    "_read_numbers",
    "_read_notes",
)
"""The parts of our reader that a library would replace, in addition to the modules csv_scanner and csv_reader."""
HEAD = b"measure,period,area,sex,age,ethnicity,value,numerator,denominator,status,note\n"
CELL = b"measure-00,2021-01,E06000001,,,,5,,,,\n"
Finding = tuple[str, tuple[int, ...], str | None]


def _replace(old: bytes, new: bytes, source: bytes = CELL) -> bytes:
    assert old in source
    return source.replace(old, new)


def _wrong_number(word: bytes) -> bytes:
    return _replace(b",5,", b"," + word + b",")


FAULTY_FILES: dict[str, tuple[bytes, set[Finding]]] = {
    "a word instead of a number": (HEAD + CELL + _wrong_number(b"12a"), {("not-a-number", (3,), "value")}),
    "`1,234` in quotes": (HEAD + CELL + _wrong_number(b'"1,234"'), {("thousands-separator", (3,), "value")}),
    "`1,234` without quotes, and a note": (
        HEAD + CELL + _replace(b",\n", b",late\n", _wrong_number(b"1,234")), {("ragged-row", (3,), None)}
    ),
    "`+5`": (HEAD + CELL + _wrong_number(b"+5"), {("formula", (3,), "value")}),
    "`-5`": (HEAD + CELL + _wrong_number(b"-5"), {("negative-number", (3,), "value")}),
    "spaces around a number": (HEAD + CELL + _wrong_number(b" 12 "), set()),
    "a blank area": (HEAD + CELL + _replace(b"E06000001", b""), {("empty-cell", (3,), "area")}),
    "a line break in quotes, then a wrong number": (
        HEAD + _replace(b",\n", b',"two\nlines"\n') + _wrong_number(b"x1"), {("not-a-number", (3,), "value")}
    ),
    "an empty line, then a wrong number": (HEAD + CELL + b"\n" + _wrong_number(b"x1"), {("not-a-number", (4,), "value")}),
    "a quote that is never closed": (HEAD + CELL + _replace(b",\n", b',"open\n') + CELL, {("stray-quote", (3,), None)}),
    "a quote inside a word": (HEAD + CELL + _replace(b",\n", b',so "it" is\n'), {("stray-quote", (3,), None)}),
    "a row with extra fields": (HEAD + CELL + _replace(b"\n", b",6\n"), {("ragged-row", (3,), None)}),
    "a row with missing fields": (HEAD + CELL + _replace(b",,,,\n", b"\n"), {("ragged-row", (3,), None)}),
    "empty fields after the last column": (HEAD + CELL + _replace(b"\n", b",,\n"), set()),
    "a NUL byte": (HEAD + CELL + _replace(b",\n", b",a\0b\n"), {("not-text", (3,), None)}),
    "bytes that are not UTF-8": (HEAD + CELL + _replace(b",\n", b",caf\xe9\n"), {("wrong-encoding", (3,), None)}),
    "a byte order mark": (b"\xef\xbb\xbf" + HEAD + CELL, set()),
    "UTF-16": ((HEAD + CELL).decode().encode("utf-16"), set()),
    "semicolons": ((HEAD + CELL).replace(b",", b";"), set()),
    "carriage returns": ((HEAD + CELL).replace(b"\n", b"\r\n"), set()),
    "two columns of the same name": (_replace(b"note", b"area", HEAD) + CELL, {("repeated-column", (1,), "area")}),
    "a wrong number, a short row and a blank area": (
        HEAD + _wrong_number(b"x1") + _replace(b",,,,\n", b"\n") + CELL + _replace(b"E06000001", b""),
        {("not-a-number", (2,), "value"), ("ragged-row", (3,), None), ("empty-cell", (5,), "area")},
    ),
}  # fmt: skip
"""Files, and what a sender should be shown: code, rows and column of each finding."""


def install_libraries(folder: Path) -> Path:
    """Install the libraries from the index of this machine, and return their folder."""
    command = [ROOT / ".venv" / "bin" / "uv", "pip", "install", "-q", "--python", sys.executable]
    command += ["--target", folder / "libraries", "-r", ROOT / "benchmarks" / "peers" / "csv_requirements.txt"]
    subprocess.run(command, check=True)
    return folder / "libraries"


def run_reader(libraries: Path, name: str, files: Sequence[Path]) -> list[Result]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{libraries}"}
    command = [sys.executable, PEERS_FILE, name, *files]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return [msgspec.json.decode(line, type=Result) for line in output.splitlines()]


def count_lines(name: str) -> int:
    """Return the lines of our reader that a library would replace, or those that it needs on top."""
    if name != "ours":
        return sum(_count_named_lines(path, PEER_NAMES[name]) for path in PEER_FILES)
    whole = (READING_FOLDER / f"{module}.py" for module in ("csv_scanner", "csv_reader"))
    parts = (READING_FOLDER / f"{module}.py" for module in ("string_table", "csv_columns"))
    return sum(len(path.read_text().splitlines()) for path in whole) + sum(
        _count_named_lines(path, REPLACED_NAMES) for path in parts
    )


def _count_named_lines(path: Path, names: Sequence[str]) -> int:
    return sum(
        (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names
    )


def judge(result: Result, expected: set[Finding], sums: dict[str, int]) -> str:
    """Return how the result of a reader compares with the expected findings, or with the expected content."""
    findings = {(code, tuple(rows), column) for code, rows, column in result.findings}
    if findings == expected:
        return "exact" if expected or result.sums == sums else "changed"
    if not findings:
        return "accepted"
    if any(code == LIBRARY_ERROR for code, _, _ in findings):
        return "no row"
    return "wrong row or cause"


def judge_files(libraries: Path, folder: Path) -> dict[str, list[str]]:
    """Return the verdicts on the faulty files by reader."""
    files: list[Path] = []
    for number, (content, _) in enumerate(FAULTY_FILES.values()):
        files.append(folder / f"faulty-{number}.csv")
        files[-1].write_bytes(content)
    by_reader = {name: run_reader(libraries, name, files) for name in READERS}
    return {
        name: [
            judge(result, expected, ours.sums)
            for result, ours, (_, expected) in zip(results, by_reader["ours"], FAULTY_FILES.values(), strict=True)
        ]
        for name, results in by_reader.items()
    }


def measure(folder: Path) -> tuple[list[Measurement], str]:
    """Return the ratios, peer / ours, and a table of the verdicts."""
    libraries = install_libraries(folder)
    for size in (SMALL, LARGE):
        (folder / str(size)).mkdir()
        synthetic_data.write_files(folder / str(size), size, ["first"])
    small, large = (folder / str(size) / "first.csv" for size in (SMALL, LARGE))
    rounds: dict[str, list[list[Result]]] = {name: [] for name in READERS}
    for _ in range(ROUNDS):
        for name in READERS:
            rounds[name].append(run_reader(libraries, name, [*[small] * (1 + WARM_READS), large]))
    sums = [[result.sums for result in results] for results in rounds["ours"]]
    assert all([[result.sums for result in one] for one in results] == sums for results in rounds.values())
    verdicts = judge_files(libraries, folder)
    costs = {name: _summarise(results) for name, results in rounds.items()}
    figures = [
        Measurement(
            name=f"reading CSV, {name} / ours",
            ratio=round(cost.small_ms / costs["ours"].small_ms, 3),
            detail=f"100,000 rows in {cost.small_ms:.0f} ms ({cost.processor_ms:.0f} ms of processor time), a million in "
            f"{cost.large_ms:.0f} ms and {cost.peak_mb:.0f} MB; {count_lines(name)} lines; "
            f"{verdicts[name].count('exact')} of {len(FAULTY_FILES)} files judged exactly",
        )
        for name, cost in costs.items()
    ]
    lines = ["| file | " + " | ".join(READERS) + " |", "|---" * (1 + len(READERS)) + "|"]
    lines += [
        f"| {title} | " + " | ".join(verdicts[name][number] for name in READERS) + " |"
        for number, title in enumerate(FAULTY_FILES)
    ]
    return figures, "\n".join(lines)


class Cost(msgspec.Struct):
    """Medians of a reader."""

    small_ms: float
    processor_ms: float
    large_ms: float
    peak_mb: float


def _summarise(rounds: Sequence[Sequence[Result]]) -> Cost:
    warm = [result for results in rounds for result in results[1:-1]]
    return Cost(
        small_ms=take_median([result.seconds for result in warm]) * 1000,
        processor_ms=take_median([result.processor_seconds for result in warm]) * 1000,
        large_ms=take_median([results[-1].seconds for results in rounds]) * 1000,
        peak_mb=take_median([results[-1].peak_mb for results in rounds]),
    )
