"""CSV readers of polars, pyarrow and the standard library, with our columns and findings on top.

Each class yields tables of text. `PeerColumns` turns them into the columns and findings of our own reader, so that only
the reading of records and fields differs. `python csv_peers.py READER FILE` prints the time, the memory and the result.
"""

# ruff: noqa: PLC0415  a reader's process imports no other library

import csv
import io
import re
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial, reduce
from pathlib import Path

import msgspec
import numpy as np

from api.submissions.cell_columns import MISSING
from api.submissions.checks.rejections import Rejected
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.faults import Fault, Faults
from benchmarks.peers.csv_peer_columns import (
    DIMENSIONS,
    ENVELOPE,
    READ_BYTES,
    DecodedFile,
    PeerTable,
    ragged_fault,
    read_with,
)

DIGITS_PATTERN = r"^[0-9]{1,16}$"
BATCH_ROWS = 20_000
LIBRARY_ERROR = "library-error"  # of a finding without a row


class Result(msgspec.Struct):
    """The cost of reading a file, and its findings or the sums of its columns."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    findings: list[tuple[str, list[int], str | None]]
    sums: dict[str, int]


# polars
class PolarsTable(PeerTable):
    def __init__(self, rows, frame) -> None:
        super().__init__(rows)
        self._frame = frame

    def encode(self, index, chosen=None):
        import polars as pl

        words = self._frame.to_series(index)
        words = words if chosen is None else words.gather(chosen)
        distinct = words.unique(maintain_order=True)
        return words.cast(pl.Enum(distinct)).to_physical().to_numpy().astype(np.int64), distinct.to_list()

    def parse_digits(self, index):
        words = self._frame.to_series(index)
        is_plain = words.str.contains(DIGITS_PATTERN)
        numbers = words.set(~is_plain, None).cast(int, strict=False).fill_null(MISSING).to_numpy().copy()
        return numbers, np.flatnonzero(((words != "") & ~is_plain).to_numpy())


def read_polars(path: Path, separator: str, _: Faults) -> Iterator[tuple[Sequence[str], PolarsTable]]:
    import polars as pl

    text = DecodedFile(path).readall()
    frame = pl.read_csv(
        text,
        separator=separator,
        has_header=False,
        infer_schema=False,
        empty_string_is_null=False,
        missing_columns="raise",
    )
    has_text = frame.slice(1).select(~pl.all_horizontal(pl.all() == "")).to_series()
    yield frame.row(0), PolarsTable(2 + np.flatnonzero(has_text.to_numpy()), frame.slice(1).filter(has_text))


# pyarrow
class ArrowTable(PeerTable):
    def __init__(self, rows, batch) -> None:
        super().__init__(rows)
        self._batch = batch

    def encode(self, index, chosen=None):
        words = self._batch.column(index)
        encoded = (words if chosen is None else words.take(chosen)).dictionary_encode()
        return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()

    def parse_digits(self, index):
        import pyarrow as pa
        import pyarrow.compute as pc

        words = self._batch.column(index)
        is_plain = pc.match_substring_regex(words, DIGITS_PATTERN)
        plain = pc.if_else(is_plain, words, pa.scalar("-1"))
        rest = pc.and_(pc.invert(is_plain), pc.not_equal(words, ""))
        return pc.cast(plain, pa.int64()).to_numpy().copy(), np.flatnonzero(rest.to_numpy(zero_copy_only=False))


def read_arrow(path: Path, separator: str, faults: Faults) -> Iterator[tuple[Sequence[str], ArrowTable]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    skipped: list[int] = []
    width = DecodedFile(path).read(READ_BYTES).partition(b"\n")[0].count(separator.encode()) + 1

    def skip(row) -> str:
        skipped.append(row.number)
        if row.text.strip(f' "{separator}'):
            faults.add(ragged_fault(row.actual_columns, width), rows=[row.number], actual=str(row.actual_columns))
        return "skip"

    open_file = partial(
        arrow_csv.open_csv,
        pa.PythonFile(DecodedFile(path), "r"),
        read_options=arrow_csv.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=2**20),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        convert_options=arrow_csv.ConvertOptions(column_types={f"f{index}": pa.string() for index in range(width)}),
    )
    row, names = 1, None
    for batch in _iterate_batches(open_file, faults):
        candidates = np.arange(row, row + len(batch) + len(skipped))
        rows = candidates[~np.isin(candidates, skipped)][: len(batch)]
        row = int(rows[-1]) + 1
        if names is None:
            names = [column[0].as_py() for column in batch.columns]
        has_text = pc.invert(reduce(pc.and_, [pc.equal(column, "") for column in batch.columns]))
        is_record = has_text.to_numpy(zero_copy_only=False) & (rows > 1)
        yield names, ArrowTable(rows[is_record], batch.filter(pa.array(is_record)))


def _iterate_batches(open_file, faults: Faults) -> Iterator:
    import pyarrow as pa

    try:
        yield from open_file()
    except pa.ArrowInvalid as error:
        row = re.search(r"Row #(\d+): .*UTF8", str(error))
        if row is None:
            raise
        faults.add(Fault(code="wrong-encoding", message="The file is not UTF-8."), rows=[int(row[1])])


# csv of the standard library
class TextTable(PeerTable):
    def __init__(self, rows, records) -> None:
        super().__init__(np.array(rows, dtype=np.int64))
        self._columns = list(zip(*records, strict=True))

    def encode(self, index, chosen=None):
        words = self._columns[index] if chosen is None else [self._columns[index][at] for at in chosen.tolist()]
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64), list(numbers)

    def parse_digits(self, index):
        words = self._columns[index]
        is_plain = [word.isdecimal() and word.isascii() and len(word) <= 16 for word in words]
        numbers = [int(word) if plain else MISSING for word, plain in zip(words, is_plain, strict=True)]
        rest = [at for at, (word, plain) in enumerate(zip(words, is_plain, strict=True)) if word and not plain]
        return np.array(numbers, dtype=np.int64), np.array(rest, dtype=np.int64)


def read_text(path: Path, separator: str, faults: Faults) -> Iterator[tuple[Sequence[str], TextTable]]:
    lines = (line.decode() for line in io.BufferedReader(DecodedFile(path), READ_BYTES))
    reader = csv.reader(lines, delimiter=separator, strict=True)
    names: Sequence[str] = next(reader, [])
    records: list[list[str]] = []
    rows: list[int] = []
    row = 1
    try:
        for row, record in enumerate(reader, 2):
            if len(record) == len(names) or (len(record) > len(names) and not any(record[len(names) :])):
                records.append(record[: len(names)])
                rows.append(row)
            elif any(record):
                faults.add(ragged_fault(len(record), len(names)), rows=[row], actual=str(len(record)))
            if len(records) == BATCH_ROWS:
                yield names, TextTable(rows, records)
                rows, records = [], []
    except csv.Error as error:
        faults.add(Fault(code="stray-quote", message=f"{error}."), rows=[row + 1])
    except UnicodeDecodeError:
        faults.add(Fault(code="wrong-encoding", message="The file is not UTF-8."), rows=[row + 1])
    yield names, TextTable(rows, records)


# ours
def read_ours(path: Path):
    reader = CsvReader(DIMENSIONS, ENVELOPE)
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            reader.feed(piece)
    return reader.finish()


READERS = {
    "ours": read_ours,
    "polars": partial(read_with, read_polars),
    "pyarrow": partial(read_with, read_arrow),
    "csv": partial(read_with, read_text),
}
IMPORTED_MODULES = {"polars": ["polars"], "pyarrow": ["pyarrow", "pyarrow.csv", "pyarrow.compute"]}


def _read_memory_mb(which: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024


def measure(name: str, path: Path) -> Result:
    """Read a file once. A library's error is a finding without a row."""
    for module in IMPORTED_MODULES.get(name, []):
        __import__(module)
    before = _read_memory_mb("VmRSS")
    findings: list[tuple[str, list[int], str | None]] = []
    sums: dict[str, int] = {}
    Path("/proc/self/clear_refs").write_text("5")
    started, processor_started = time.perf_counter(), time.process_time()
    try:
        parsed = READERS[name](path)
        took, processor_took = time.perf_counter() - started, time.process_time() - processor_started
        cells = parsed.cells
        areas = np.array([sum(area.encode()) for area in parsed.distinct_areas] or [0])
        sums = {
            "rows": int(parsed.row.sum()),
            "areas": int(areas[cells.area].sum()),
            "notes": sum(map(bool, cells.notes)),
        }
        sums |= {field: int(getattr(cells, field).sum()) for field in ("item", "value", "numerator", "status")}
    except Rejected as refusal:
        findings = [(finding.code, finding.rows, finding.column) for finding in refusal.findings]
        took, processor_took = time.perf_counter() - started, time.process_time() - processor_started
    except Exception as error:  # noqa: BLE001  any exception of a library is a refusal without a place
        findings = [(LIBRARY_ERROR, [], f"{type(error).__name__}: {str(error)[:100]}")]
        took, processor_took = time.perf_counter() - started, time.process_time() - processor_started
    return Result(
        seconds=took,
        processor_seconds=processor_took,
        peak_mb=_read_memory_mb("VmHWM") - before,
        findings=findings,
        sums=sums,
    )


if __name__ == "__main__":
    for file in sys.argv[2:]:
        sys.stdout.write(msgspec.json.encode(measure(sys.argv[1], Path(file))).decode() + "\n")
