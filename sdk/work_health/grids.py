"""Reading the cells of a CSV file, a workbook, a data frame or a list of dicts."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import CheckFailed
from .tables import Grid, PandasFrame, PolarsFrame, Tabular, build_finding, to_text

WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 30
SAMPLE_CHARACTERS = 64 * 1024
ZIP_START = b"PK\x03\x04"
ENCODING_BY_MARK = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_grid(source: Tabular, *, sheet: str | None = None, sends_hidden: bool = False) -> Grid:
    """Return the cells of the source. Raises `CheckFailed` if it is not a table."""
    if isinstance(source, str | Path):
        return _read_file(Path(source), sheet, sends_hidden)
    if isinstance(source, bytes):
        return _parse_csv(source, "The CSV text")
    if isinstance(source, PolarsFrame):
        header = [str(name) for name in source.columns]
        rows = [_to_texts(row) for row in source.iter_rows()]
        return Grid("The data frame", [header, *rows], first_row=-1, has_header=True)
    if isinstance(source, PandasFrame):
        return _read_pandas(source)
    return _read_dicts(source)


def _read_file(path: Path, sheet: str | None, sends_hidden: bool) -> Grid:
    if not path.is_file():
        raise CheckFailed(f"There is no file {path}.", [])
    if path.suffix.lower() in WORKBOOK_SUFFIXES:
        from .workbooks import read_workbook

        return read_workbook(path, sheet, sends_hidden=sends_hidden)
    content = path.read_bytes()
    if path.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise CheckFailed(f"{path.name} is not a complete gzip file: {error}.", []) from error
    return _parse_csv(content, path.name)


def _parse_csv(content: bytes, name: str) -> Grid:
    if content.startswith(ZIP_START):
        raise CheckFailed(f"{name} contains a workbook. Rename it to end with .xlsx.", [])
    encoding = next((encoding for mark, encoding in ENCODING_BY_MARK.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"{name} is not {encoding.upper()}: line {line} has other bytes."
        fix = "Save the file from Excel as “CSV UTF-8 (Comma delimited)”."
        raise CheckFailed(message, [build_finding("wrong-encoding", message, rows=[line], fix=fix)]) from error
    delimiter = _choose_delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CheckFailed(f"{name} is not a CSV file: {error}.", []) from error
    return Grid(name, rows, delimiter=delimiter)


def _choose_delimiter(text: str) -> str:
    """Return the delimiter that the most of the first lines have the same number of times: titles have other ones."""
    lines = [line for line in text[:SAMPLE_CHARACTERS].splitlines()[:SAMPLE_LINES] if line.strip()]

    def count_agreeing_lines(delimiter: str) -> tuple[int, int]:
        counts = Counter(line.count(delimiter) for line in lines if delimiter in line)
        delimiters, agreeing = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return agreeing, delimiters

    return max(DELIMITERS, key=count_agreeing_lines)


def _read_pandas(frame: PandasFrame) -> Grid:
    index = getattr(frame, "index", None)
    if any(name is not None for name in getattr(index, "names", ())):
        frame = getattr(frame, "reset_index")()  # noqa: B009 a named index contains columns; the protocol lacks it
    header = [str(name) for name in frame.columns]
    rows = (_to_texts(row) for row in frame.itertuples(index=False, name=None))
    return Grid("The data frame", [header, *rows], first_row=-1, has_header=True)


def _read_dicts(rows: Iterable[Mapping[str, object]]) -> Grid:
    flat_rows = [_flatten_row(row) for row in rows]
    header = list(dict.fromkeys(name for row in flat_rows for name in row))
    cells = ([row.get(name, "") for name in header] for row in flat_rows)
    return Grid("The list of rows", [header, *cells], first_row=-1, has_header=True)


def _flatten_row(row: Mapping[str, object]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):  # a breakdown in its JSON form
            cells.update({str(key): to_text(inner) for key, inner in value.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        else:
            cells[str(name)] = to_text(value)
    return cells


def _to_texts(row: Iterable[object]) -> list[str]:
    return [to_text(value) for value in row]
