"""Convert the records of a CSV file to columns of cells."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from api.spelling.marks import Mark
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUSES, Column, Mask, Notes
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading import csv_values
from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.reading.csv_header import RETURN_COLUMNS, Header
from api.submissions.reading.csv_returns import ReturnTable
from api.submissions.reading.csv_scanner import Records, parse_digits, strip_padding
from api.submissions.reading.csv_value_cache import CsvValueCache
from api.submissions.reading.csv_values import CsvValue, ValueParser
from api.submissions.reading.faults import INVALID, Fault, Faults
from api.submissions.reading.string_table import CombinationTable
from schema.measures import Cadence
from schema.submission_reports import RowCounts
from schema.submissions import MAX_COUNT, NewSubmission, ReturnKind, Status


class ColumnReader:
    """The columns that have been read so far."""

    def __init__(
        self,
        header: Header,
        dimensions: Sequence[str],
        parameters: Mapping[str, str | None],
        cadences: Mapping[str, Cadence],
        faults: Faults,
    ) -> None:
        self.header = header
        self._parameters, self._faults = parameters, faults
        parsers: dict[str, ValueParser] = {
            "measure": csv_values.require_parameter(parameters["measure"], csv_values.parse_code),
            "period": csv_values.require_parameter(parameters["period"], csv_values.parse_period),
            "kind": csv_values.parse_kind,
            "base_revision": csv_values.parse_revision,
            "return_note": csv_values.parse_note,
            "rounded_to": csv_values.parse_rounding_base,
            "value": csv_values.parse_value,
            "status": csv_values.parse_status,
            **dict.fromkeys(NUMBER_FIELDS[1:], csv_values.parse_number),
        }
        self._caches = {name: CsvValueCache(parsers.get(name, csv_values.parse_code)) for name in header.positions}
        self._dimensions = [name for name in header.positions if name in set(dimensions)]
        self._returns = ReturnTable(header, self._caches, parameters, cadences, faults)
        self._breakdowns = CombinationTable()
        self._buffer = ColumnBuffer()

    @property
    def row_count(self) -> int:
        return self._buffer.row_count

    @property
    def has_returns(self) -> bool:
        return len(self._returns) > 0

    def full_column(self) -> str | None:
        """Return the name of a column that has too many different values, if there is one."""
        return next((self.header.name_in_file(name) for name, cache in self._caches.items() if cache.is_full), None)

    def add_records(self, records: Records) -> None:
        """Raises BodyTooLarge if there are more than three million rows."""
        if not len(records):
            return
        self._check_unnamed_columns(records)
        numbers, status = self._read_numbers_and_statuses(records)
        codes = {name: self._read_codes(name, records) for name in (*RETURN_COLUMNS, "area", *self._dimensions)}
        notes = self._read_notes(records)
        has_value = status != MISSING
        for column in numbers.values():
            has_value |= column != MISSING
        has_no_cell = self._is_nil_or_withdrawn(codes["kind"]) & ~has_value
        self._require("measure", codes, records, self._parameters["measure"] is None)
        self._require("period", codes, records, self._parameters["period"] is None)
        self._require("area", codes, records, ~has_no_cell)
        dimension_codes = [codes[name] for name in self._dimensions] or [np.zeros(len(records), dtype=np.int64)]
        columns = {
            "item": self._returns.assign(codes, records),
            "area": codes["area"],
            "breakdown": self._breakdowns.assign_numbers(dimension_codes),
            "status": status + 1,
            "row": records.row,
            **numbers,
        }
        self._buffer.add({name: column[~has_no_cell] for name, column in columns.items()}, notes[~has_no_cell])

    def _check_unnamed_columns(self, records: Records) -> None:
        for index in self.header.unnamed_positions:
            _, length = records.field_spans(index)
            for row in records.row[length > 0].tolist():
                fault = Fault(code="unnamed-column", message=f"Column {index + 1} has cells but no name.")
                self._faults.add(fault, rows=[row])

    def _read_codes(self, name: str, records: Records) -> Column:
        if name not in self.header.positions:
            return np.full(len(records), MISSING)
        start, length = records.field_spans(self.header.positions[name])
        return self._caches[name].assign_numbers(records, start, length, self.header.name_in_file(name), self._faults)

    def _require(self, name: str, codes: Mapping[str, Column], records: Records, is_required: Mask | bool) -> None:
        if name in self.header.positions:
            rows = records.row[(codes[name] == MISSING) & is_required]
            if rows.size:
                fault = Fault(code="empty-cell", message=f"The row has no {name}.")
                self._faults.add(fault, rows=rows.tolist(), column=self.header.name_in_file(name))

    def _is_nil_or_withdrawn(self, kinds: Column) -> Mask:
        """Return True for each row of a nil or withdrawn return."""
        values = self._caches["kind"].values if "kind" in self._caches else []
        return np.isin(kinds, [number for number, value in enumerate(values) if value is not ReturnKind.DATA])

    def _read_numbers_and_statuses(self, records: Records) -> tuple[dict[str, Column], Column]:
        """Return the number columns, and the statuses counted from 0. INVALID replaces a faulty value."""
        numbers: dict[str, Column] = {}
        status = np.full(len(records), MISSING)
        if "status" in self.header.positions:
            codes = self._read_codes("status", records)
            status = self._to_numbers(codes, self._caches["status"].values, _status_number)
        value_codes = None
        for name in NUMBER_FIELDS:
            if name not in self.header.positions:
                numbers[name] = np.full(len(records), MISSING)
                continue
            numbers[name], codes = self._read_numbers(name, records)
            value_codes = codes if name == "value" else value_codes
        if value_codes is not None:
            status = self._apply_marks(value_codes, numbers, status, records)
        return numbers, status

    def _apply_marks(self, codes: Column, numbers: dict[str, Column], status: Column, records: Records) -> Column:
        """Return the statuses with those of the marks in `value`, and add the bounds that marks state to `numbers`."""
        values = self._caches["value"].values
        shorthand = self._to_numbers(codes, values, _status_number)
        column = self.header.name_in_file("value")
        differs = (shorthand >= 0) & (status >= 0) & (shorthand != status)
        if differs.any():
            fault = Fault(code="two-statuses", message="The mark in `value` and `status` differ.")
            self._faults.add(fault, rows=records.row[differs].tolist(), column=column)
        for name in ("lower", "upper"):
            stated = self._to_numbers(codes, values, lambda value, name=name: _bound_of(value, name))
            differs = (stated >= 0) & (numbers[name] >= 0) & (stated != numbers[name])
            if differs.any():
                fault = Fault(code="two-bounds", message=f"The mark in `value` and `{name}` state different bounds.")
                self._faults.add(fault, rows=records.row[differs].tolist(), column=column)
            numbers[name] = np.where(stated >= 0, stated, numbers[name])
        return np.where(shorthand >= 0, shorthand, status)

    @staticmethod
    def _to_numbers(codes: Column, values: Sequence[CsvValue], to_number: Callable[[CsvValue], int]) -> Column:
        """Convert the numbers of a cache's values to counts or statuses."""
        table = np.array([*(to_number(value) for value in values), INVALID, MISSING], dtype=np.int64)
        return table[codes]  # INVALID (-2) and MISSING (-1) index the last two entries

    def _read_numbers(self, name: str, records: Records) -> tuple[Column, Column | None]:
        """Return the numbers: plain digits by arithmetic, all other words by the cache, with its codes."""
        start, length = records.field_spans(self.header.positions[name])
        numbers = parse_digits(records, start, length)
        rest = np.flatnonzero((length > 0) & _is_unread(numbers))
        if not rest.size:
            return numbers, None
        start, length = strip_padding(records, start[rest], length[rest])
        numbers[rest] = parse_digits(records, start, length)
        is_unread = _is_unread(numbers[rest])
        rest, start, length = rest[is_unread], start[is_unread], length[is_unread]
        if not rest.size:
            return numbers, None
        cache = self._caches[name]
        column = self.header.name_in_file(name)
        codes = np.full(len(records), MISSING)
        codes[rest] = cache.assign_numbers(records.select(rest), start, length, column, self._faults)
        numbers[rest] = self._to_numbers(codes[rest], cache.values, _count_or_missing)
        return numbers, codes

    def _read_notes(self, records: Records) -> Notes:
        notes: Notes = np.broadcast_to(np.array(None, dtype=np.object_), len(records))
        if "note" not in self.header.positions:
            return notes
        start, length = records.field_spans(self.header.positions["note"])
        positions = np.flatnonzero(length > 0)
        if positions.size:
            notes = notes.copy()
        for position in positions.tolist():
            note = csv_values.parse_note(records.decode_word(start[position], length[position]))
            if isinstance(note, Fault):
                column = self.header.name_in_file("note")
                self._faults.add(note, rows=[int(records.row[position])], column=column)
            else:
                notes[position] = note
        return notes

    def to_submission(self, envelope: NewSubmission, rows: RowCounts) -> ParsedSubmission:
        cells, row = self._buffer.drain()
        breakdowns: list[dict[str, str]] = []
        for combination in self._breakdowns.index_by_combination:
            codes = zip(self._dimensions, combination, strict=False)
            breakdowns.append({name: str(self._caches[name].values[code]) for name, code in codes if code >= 0})
        return ParsedSubmission(
            envelope=replace(envelope, returns=self._returns.build()),
            cells=cells,
            distinct_areas=[str(area) for area in self._caches["area"].values] if "area" in self._caches else [],
            distinct_breakdowns=breakdowns,
            row=row,
            is_tabular=True,
            rows=rows,
        )


def _is_unread(numbers: Column) -> Mask:
    return (numbers == MISSING) | (numbers > MAX_COUNT)


def _count_or_missing(value: CsvValue) -> int:
    return value if isinstance(value, int) else MISSING


def _status_number(value: CsvValue) -> int:
    if isinstance(value, Mark):
        return STATUSES.index(Status(value.status)) - 1
    return STATUSES.index(value) - 1 if isinstance(value, Status) else MISSING


def _bound_of(value: CsvValue, name: str) -> int:
    bound = getattr(value, name) if isinstance(value, Mark) else None
    return MISSING if bound is None else bound
