"""What people have, as a table of texts: a CSV file, a workbook, a data frame, a list of dicts."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from ._generated.models import Finding, Severity
from .errors import CheckFailed

if TYPE_CHECKING:
    from .mapping import ColumnMapping

SUBMISSION_COLUMNS = (
    *("measure", "series", "service", "period", "area", "value", "numerator", "denominator", "lower", "upper"),
    *("status", "note", "kind", "base_revision", "return_note"),
)
NUMBER_COLUMNS = ("value", "numerator", "denominator", "lower", "upper")
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
MISSING_TYPE_NAMES = frozenset({"NAType", "NaTType"})  # of pandas
HEADER_SEARCH_ROWS = 30
"""A header is looked for in so many rows: above it stand titles and notes."""
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HEADER_TEXT = re.compile(r"\D*[^\W\d_]\D*")


@runtime_checkable
class PandasFrame(Protocol):
    """A `pandas.DataFrame`."""

    @property
    def columns(self) -> Iterable[object]: ...
    def itertuples(self, index: bool = ..., name: str | None = ...) -> Iterable[tuple[object, ...]]: ...


@runtime_checkable
class PolarsFrame(Protocol):
    """A `polars.DataFrame`."""

    @property
    def columns(self) -> list[str]: ...
    def iter_rows(self) -> Iterator[tuple[object, ...]]: ...


Tabular = str | Path | bytes | PandasFrame | PolarsFrame | Iterable[Mapping[str, object]]
"""A path; the bytes of a CSV file; a frame; or a dict for each row."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells as they stand in the source, with the numbers that it shows for its rows."""

    source: str
    rows: list[list[str]]
    first_row: int = 1
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    """Merged cells, from 0: the row and column at which each begins and ends."""
    has_header: bool = False
    """Whether its first row is its header for certain, as that of a frame is."""
    warnings: tuple[Finding, ...] = ()
    is_csv: bool = False
    """Whether it is a CSV file already."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the columns of a submission."""

    source: str
    columns: list[str]
    rows: list[list[str]]
    row_numbers: list[int]
    is_unmodified: bool = False
    """Whether the file says this already, word for word."""
    warnings: tuple[Finding, ...] = ()
    source_names: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the source calls a column, where it is not what we call it."""

    def iter_column(self, name: str) -> Iterator[str]:
        if name not in self.columns:
            return iter([""] * len(self.rows))
        place = self.columns.index(name)
        return (row[place] for row in self.rows)

    def to_csv(self, rows: Iterable[int] | None = None) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows(self.rows if rows is None else (self.rows[n] for n in rows))
        return text.getvalue().encode()


def normalise_name(word: str) -> str:
    """A name as it is compared: case, blanks and underscores play no role."""
    return re.sub(r"[\s_-]+", "-", word.strip().casefold())


def build_finding(  # one place that knows what a finding needs
    code: str,
    message: str,
    *,
    rows: Iterable[int] = (),
    column: str | None = None,
    actual: str | None = None,
    fix: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    found = list(rows)
    listed = found[:1000]
    made = Finding(code=code, severity=severity, message=message, rows=listed, column=column, actual=actual, fix=fix)
    if len(found) > len(listed):
        made.row_count = len(found)
    return made


def read_grid(source: Tabular, *, sheet: str | None = None) -> Grid:
    """Raises `CheckFailed` for what is no table."""
    if isinstance(source, str | Path):
        return _read_file(Path(source), sheet)
    if isinstance(source, bytes):
        return Grid("CSV text", _parse_csv(source, "CSV text"), is_csv=True)
    if isinstance(source, PolarsFrame):
        head = [str(name) for name in source.columns]
        return Grid(
            "Data frame", [head, *(_to_texts(row) for row in source.iter_rows())], first_row=-1, has_header=True
        )
    if isinstance(source, PandasFrame):
        return _read_pandas(source)
    return _read_dicts(source)


def _read_file(path: Path, sheet: str | None) -> Grid:
    if not path.is_file():
        raise CheckFailed(f"There is no file {path}", [])
    if path.suffix.lower() in WORKBOOK_SUFFIXES:
        from .workbooks import read_workbook

        return read_workbook(path, sheet)
    content = path.read_bytes()
    if path.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise CheckFailed(f"{path.name} is no whole gzip file: {error}.", []) from error
    return Grid(path.name, _parse_csv(content, path.name), is_csv=True)


def _parse_csv(content: bytes, name: str) -> list[list[str]]:
    if content.startswith(b"PK\x03\x04"):
        raise CheckFailed(f"{name} is a workbook by its content; give it the ending .xlsx", [])
    encoding = next((encoding for mark, encoding in _ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        said = f"{name} is not {encoding.upper()}: see its line {line}."
        fix = "Save it from Excel as “CSV UTF-8 (Comma delimited)”."
        raise CheckFailed(said, [build_finding("wrong-encoding", said, rows=[line], fix=fix)]) from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CheckFailed(f"{name} is not a CSV file: {error}.", []) from error


def _read_pandas(frame: PandasFrame) -> Grid:
    index = getattr(frame, "index", None)
    if any(name is not None for name in getattr(index, "names", ())):
        frame = getattr(frame, "reset_index")()  # noqa: B009 a named index holds columns; the protocol leaves it out
    head = [str(name) for name in frame.columns]
    rows = (_to_texts(row) for row in frame.itertuples(index=False, name=None))
    return Grid("Data frame", [head, *rows], first_row=-1, has_header=True)


def _read_dicts(rows: Iterable[Mapping[str, object]]) -> Grid:
    flat = [_flatten_row(row) for row in rows]
    head = list(dict.fromkeys(name for row in flat for name in row))
    return Grid("Rows", [head, *([row.get(name, "") for name in head] for row in flat)], first_row=-1, has_header=True)


def _flatten_row(row: Mapping[str, object]) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):  # a breakdown, as it is written in JSON
            made.update({str(key): to_text(inner) for key, inner in value.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        else:
            made[str(name)] = to_text(value)
    return made


def _to_texts(row: Iterable[object]) -> list[str]:
    return [to_text(value) for value in row]


def to_text(value: object) -> str:
    """A cell as a CSV file has it: nothing for what is missing, 140 for 140.0."""
    if value is None or type(value).__name__ in MISSING_TYPE_NAMES:
        return ""
    if isinstance(value, float) or (hasattr(value, "is_integer") and not isinstance(value, int)):
        number = float(cast("float", value))  # NumPy's numbers as well
        if number.is_integer() and abs(number) < 2**53:
            return str(int(number))
        return "" if isnan(number) else str(value)
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def build_table(found: Grid, dimensions: Sequence[str], mapping: ColumnMapping | None) -> Table:
    """The rows under our columns. Raises `CheckFailed` with everything that stands in the way."""
    ours = {normalise_name(name): name for name in (*SUBMISSION_COLUMNS, *dimensions)}
    at = _find_header(found, ours, mapping)
    head = found.rows[at]
    targets, findings = _map_columns(found, at, ours, mapping)
    findings += _find_merged_cells(found, at)
    body = [
        (number, row)
        for number, row in enumerate(found.rows[at + 1 :], found.first_row + at + 1)
        if any(map(str.strip, row))
    ]
    if body:
        findings += _find_second_header(head, targets, body[0])
    findings += _find_ragged_rows(head, body)
    if not body:
        findings.append(build_finding("no-rows", f"{found.source} has a header and no rows."))
    if findings:
        raise CheckFailed(f"{found.source}: not a table of returns.", findings)
    constants = mapping.select_constants(targets) if mapping else {}
    kept = [place for place, target in enumerate(targets) if target]
    coded = [mapping.build_code_mapper(targets[place]) if mapping else str.strip for place in kept]
    rows = [
        [
            *(read(row[place]) if place < len(row) else "" for read, place in zip(coded, kept, strict=True)),
            *constants.values(),
        ]
        for _, row in body
    ]
    return Table(
        source=found.source,
        columns=[*(targets[place] for place in kept), *constants],
        rows=rows,
        row_numbers=[number for number, _ in body],
        is_unmodified=mapping is None and at == 0 and found.is_csv,
        warnings=found.warnings,
        source_names={
            targets[place]: head[place]
            for place in kept
            if normalise_name(head[place]) != normalise_name(targets[place])
        },
    )


def _find_header(found: Grid, ours: Mapping[str, str], mapping: ColumnMapping | None) -> int:
    if found.has_header:
        return 0
    if mapping and mapping.header:
        if mapping.header > len(found.rows):
            raise CheckFailed(
                f"{found.source} has {len(found.rows)} rows; its header cannot be row {mapping.header}.", []
            )
        return mapping.header - 1
    known = {*ours, *(normalise_name(name) for name in (mapping.columns if mapping else ()))}
    scores = [sum(normalise_name(cell) in known for cell in row) for row in found.rows[:HEADER_SEARCH_ROWS]]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    for number, row in enumerate(found.rows):
        if any(map(str.strip, row)):
            return number
    raise CheckFailed(f"{found.source}: empty.", [build_finding("no-rows", f"{found.source} has no rows.")])


def _map_columns(
    found: Grid, at: int, ours: Mapping[str, str], mapping: ColumnMapping | None
) -> tuple[list[str], list[Finding]]:
    """For each column of the source ours, nothing for one that is left out."""
    findings: list[Finding] = []
    targets: list[str] = []
    for place, name in enumerate(found.rows[at]):
        target = _map_column(name, ours, mapping)
        row = [] if found.has_header else [found.first_row + at]
        if target is None:
            if not name.strip():
                used = any(len(r) > place and r[place].strip() for r in found.rows[at + 1 :])
                target = ""
                if used:
                    said = f"Column {place + 1} has cells and no name."
                    findings.append(build_finding("unnamed-column", said, rows=row, fix="Name it, or delete it."))
            else:
                findings.append(_build_unknown_column_finding(name, row, ours, mapping))
        elif target and target in targets:
            said = f"{name!r} and {found.rows[at][targets.index(target)]!r} are both {target}."
            findings.append(build_finding("repeated-column", said, rows=row, column=name, fix="Keep one of them."))
        targets.append(target or "")
    return targets, findings


def _map_column(name: str, ours: Mapping[str, str], mapping: ColumnMapping | None) -> str | None:
    if mapping is not None and (target := mapping.map_column(name)) is not None:
        return target
    if normalise_name(name).endswith("-label"):
        return ""
    return ours.get(normalise_name(name))


def _build_unknown_column_finding(
    name: str, row: Sequence[int], ours: Mapping[str, str], mapping: ColumnMapping | None
) -> Finding:
    from .mapping import find_nearest

    close = find_nearest(normalise_name(name), ours)
    fix = f"Did you mean {close}? " if close else ""
    if mapping is None:
        fix += "A mapping file says what your columns are called."
    else:
        fix += f'In the mapping file, "{name}" = "{close or "…"}" sends it, and "{name}" = "" leaves it out.'
    return build_finding("unknown-column", f"There is no column {name!r}.", rows=row, column=name, actual=name, fix=fix)


def _find_merged_cells(found: Grid, at: int) -> Iterator[Finding]:
    """A merged cell has its figure in its first place alone: the others would be read as empty, which is the total."""
    for (top, left), (bottom, right) in found.merged:
        if bottom >= at:
            where = f"{_format_column_letters(left)}{top + 1}:{_format_column_letters(right)}{bottom + 1}"
            yield build_finding(
                "merged-cells",
                f"{where} is one merged cell.",
                rows=range(top + 1, bottom + 2),
                column=_format_column_letters(left),
                actual=where,
                fix="Unmerge it and fill in each cell. Delete rows that only repeat a total in a merged cell.",
            )


def _format_column_letters(column: int) -> str:
    said = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        said = chr(ord("A") + rest) + said
    return said


def _find_second_header(head: Sequence[str], targets: Sequence[str], first: tuple[int, list[str]]) -> Iterator[Finding]:
    number, row = first
    cells = [
        (place, row[place].strip())
        for place, target in enumerate(targets)
        if target in NUMBER_COLUMNS and place < len(row)
    ]
    said = [(place, cell) for place, cell in cells if cell]
    if said and all(_HEADER_TEXT.fullmatch(cell) and not cell.startswith("[") and len(cell) > 1 for _, cell in said):
        place, cell = said[0]
        yield build_finding(
            "two-header-rows",
            f"Row {number} reads like a second header: {cell!r} stands under {head[place]!r}.",
            rows=[number],
            column=head[place],
            actual=cell,
            fix="Keep one header row. The mapping file's `header` says which row it is.",
        )


def _find_ragged_rows(head: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> Iterator[Finding]:
    rows = [number for number, row in body if any(cell.strip() for cell in row[len(head) :])]
    if rows:
        yield build_finding(
            "ragged-row",
            f"There are more cells than the header's {len(head)}.",
            rows=rows,
            fix="Put a text that holds the delimiter in quotes, and delete what stands beside the table.",
        )
