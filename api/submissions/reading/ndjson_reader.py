"""Read lines of JSON in chunks: the envelope first, then an observation in each line."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, field

from api.http.violations import DECODE_ERRORS, find_violations
from api.http.whole_numbers import to_whole_numbers
from api.submissions.cell_columns import Column
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.reading.csv_scanner import are_blank
from api.submissions.reading.faults import MAX_FAULTY_CELLS, Fault, Faults
from api.submissions.reading.json_reader import JsonCell, JsonColumns, WholeNumber, iterate_column, not_json_fault
from api.submissions.reading.left_out_rows import RowAccount
from api.submissions.reading.limits import (
    CHUNK_BYTES,
    MAX_DISTINCT_VALUES,
    MAX_ENVELOPE_BYTES,
    MAX_FAULTY_LINES,
    MAX_LINE_BYTES,
)
from schema.problems import Finding, Severity
from schema.submission_reports import MAX_LISTED_ROWS, RowReason
from schema.submissions import NewSubmission, Observation

ReturnNumber = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="The position of the return in the first line, from 0.")
]


class ObservationLine(Observation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation in a separate line, with the position of its return."""

    return_: ReturnNumber = field(default=0, name="return")


class _FastObservationLine(JsonCell, kw_only=True, forbid_unknown_fields=True, gc=False):
    return_: ReturnNumber | WholeNumber = field(default=0, name="return")


_LINE_DECODER = msgspec.json.Decoder(_FastObservationLine)
_LINE_END, _CARRIAGE_RETURN, _OPENING_BRACE, _CLOSING_BRACE = b"\n\r{}"
_IS_BLANK_BYTE = np.zeros(256, dtype=np.bool_)
_IS_BLANK_BYTE[list(b" \t\r\n")] = True


class NdjsonReader:
    """Reads lines that arrive in pieces, cut anywhere: `feed` each piece, then call `finish`.

    Only one chunk of the file and the columns read so far are in memory.
    """

    def __init__(self, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._faults = Faults()
        self._chunk_bytes = chunk_bytes
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._incomplete_line = b""
        self._row = 0
        self._faulty_line_count = 0
        self._has_stopped = False
        self._has_started = False
        self._envelope: NewSubmission | None = None
        self._return_count: int | None = None  # None until a valid envelope has been read
        self._json_columns = JsonColumns(self._faults)
        self._buffer = ColumnBuffer()
        self._rows = RowAccount()

    @property
    def row_count(self) -> int:
        """The number of rows read so far."""
        return self._row

    def feed(self, piece: bytes) -> None:
        """Raises BodyTooLarge if there are more than three million lines."""
        if self._has_stopped:
            return
        self._pieces.append(piece)
        self._pending_bytes += len(piece)
        if self._pending_bytes >= self._chunk_bytes:
            self._process_chunk(final=False)

    def finish(self) -> ParsedSubmission:
        """Return the submission. Raises Rejected with all faults of the file."""
        if not self._has_stopped:
            self._process_chunk(final=True)
        if not self._has_started:
            self._faults.add(Fault(code="envelope-missing", message="The file has no lines."))
        self._faults.raise_if_any()
        assert self._envelope is not None  # noqa: S101  otherwise there is a fault
        cells, row = self._buffer.drain()
        return ParsedSubmission(
            envelope=self._envelope,
            cells=cells,
            distinct_areas=self._json_columns.areas.distinct_values,
            distinct_breakdowns=self._json_columns.breakdowns.distinct_values,
            row=row,
            rows=self._rows.summarise(self._row),
        )

    def _process_chunk(self, *, final: bool) -> None:
        text = self._incomplete_line + b"".join(self._pieces)
        self._pieces, self._pending_bytes = [], 0
        if final and text and not text.endswith(b"\n"):
            text += b"\n"
        lines, _, self._incomplete_line = text.rpartition(b"\n")
        if lines:
            self._read_lines(lines + b"\n")
        if len(self._incomplete_line) > (MAX_LINE_BYTES if self._has_started else MAX_ENVELOPE_BYTES):
            self._stop(Fault(code="row-too-long", message="The line does not end."))
        elif self._faulty_line_count == MAX_FAULTY_LINES:
            self._stop(
                Fault(code="too-many-errors", message=f"Reading ended here: {MAX_FAULTY_LINES:,} lines are faulty.")
            )
        elif self._faults.has_too_many:
            self._stop(
                Fault(code="too-many-errors", message=f"Reading ended here: more than {MAX_FAULTY_CELLS:,} errors.")
            )
        elif max(len(self._json_columns.areas), len(self._json_columns.breakdowns)) > MAX_DISTINCT_VALUES:
            self._stop(
                Fault(
                    code="too-many-errors",
                    message=f"Reading ended here: more than {MAX_DISTINCT_VALUES:,} different codes.",
                )
            )

    def _stop(self, fault: Fault) -> None:
        self._has_stopped = True
        self._faults.add(fault, rows=[self._row + 1])

    def _read_lines(self, text: bytes) -> None:
        text_bytes = np.frombuffer(text, dtype=np.uint8)
        end = np.flatnonzero(text_bytes == _LINE_END)
        start = np.concatenate([[0], end[:-1] + 1])
        row = np.arange(self._row + 1, self._row + 1 + len(end))
        self._row += len(end)
        end = end - ((end > start) & (text_bytes[end - 1] == _CARRIAGE_RETURN))
        has_braces = (text_bytes[start] == _OPENING_BRACE) & (text_bytes[end - 1] == _CLOSING_BRACE)
        is_object = (end > start) & has_braces
        if not is_object.all():
            others = np.flatnonzero(~is_object)
            has_text = np.ones(len(row), dtype=np.bool_)
            has_text[others] = ~are_blank(text_bytes, start[others], end[others] - start[others], _IS_BLANK_BYTE)
            self._rows.add(RowReason.BLANK, row[~has_text][:MAX_LISTED_ROWS].tolist(), count=int((~has_text).sum()))
            start, end, row, is_object = start[has_text], end[has_text], row[has_text], is_object[has_text]
        if len(row) and not self._has_started:
            self._has_started = True
            self._rows.add(RowReason.HEADER, [int(row[0])])
            self._read_envelope(text[start[0] : end[0]], int(row[0]))
            text = text[end[0] :]
            start, end, row, is_object = (part[1:] for part in (start - end[0], end - end[0], row, is_object))
        if len(row):
            self._decode_lines(text, start, end, row, all_objects=bool(is_object.all()))

    def _read_envelope(self, line: bytes, row: int) -> None:
        try:
            raw = to_whole_numbers(msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf")))
        except DECODE_ERRORS as error:
            has_lost_line_breaks = b"}{" in line
            fault = Fault(code="line-breaks-missing", message="The file is one line.")
            self._faults.add(fault if has_lost_line_breaks else not_json_fault(error), rows=[row])
            return
        if not isinstance(raw, dict) or "returns" not in raw:
            self._faults.add(Fault(code="envelope-missing", message="The first line has no returns."), rows=[row])
            return
        for violation in find_violations(NewSubmission, raw):
            self._add_fault(violation, row)
        try:
            envelope = msgspec.convert(raw, NewSubmission)
        except msgspec.ValidationError:
            return
        for index, new_return in enumerate(envelope.returns):
            if new_return.observations:
                path = f"/returns/{index}/observations"
                fault = Fault(
                    code="envelope-with-observations", message="A return in the first line has observations.", path=path
                )
                self._faults.add(fault, rows=[row], column="observations")
        self._envelope = envelope
        self._return_count = len(envelope.returns)

    def _add_fault(self, violation: Finding, row: int) -> None:
        path = violation.path or "/"
        column = path.split("/")[1]
        in_envelope = column == "returns"
        fault = Fault(code=violation.code, message=violation.message, path=path if in_envelope else None)
        self._faults.add(fault, rows=[row], column=column or None, actual=violation.actual)

    def _decode_lines(self, text: bytes, start: Column, end: Column, row: Column, *, all_objects: bool) -> None:
        """Decode all lines at once, or one by one if some have faults.

        A line that begins and ends with a brace has at least one object. If there are as many objects as lines, each
        line has exactly one.
        """
        lines: list[_FastObservationLine] = []
        if all_objects:
            try:
                lines = _LINE_DECODER.decode_lines(text)
            except DECODE_ERRORS:
                lines = []
        if len(lines) != len(row):
            lines, row = self._decode_separately(text, start, end, row)
        if lines:
            self._add_observations(lines, row)

    def _decode_separately(
        self, text: bytes, start: Column, end: Column, row: Column
    ) -> tuple[list[_FastObservationLine], Column]:
        lines: list[_FastObservationLine] = []
        rows: list[int] = []
        for begin, stop, line_row in zip(start.tolist(), end.tolist(), row.tolist(), strict=True):
            try:
                lines.append(_LINE_DECODER.decode(text[begin:stop]))
                rows.append(line_row)
            except DECODE_ERRORS as error:
                self._explain_line(text[begin:stop], line_row, error)
                self._faulty_line_count += 1
                if self._faulty_line_count == MAX_FAULTY_LINES:
                    self._row = line_row - 1
                    break
        return lines, np.array(rows, dtype=np.int64)

    def _explain_line(self, line: bytes, row: int, error: Exception) -> None:
        try:
            raw = to_whole_numbers(msgspec.json.decode(line))
        except DECODE_ERRORS as syntax_error:
            self._faults.add(not_json_fault(syntax_error), rows=[row])
            return
        unexplained = Finding(code="unreadable-field", severity=Severity.ERROR, message=f"{error}.")
        for violation in list(find_violations(ObservationLine, raw)) or [unexplained]:
            self._add_fault(violation, row)

    def _add_observations(self, lines: Sequence[_FastObservationLine], row: Column) -> None:
        item = iterate_column(map(attrgetter("return_"), lines), len(lines))
        if self._return_count is not None and (faulty_rows := row[item >= self._return_count]).size:
            fault = Fault(
                code="unknown-return",
                message="The first line has no return at this position.",
                expected=f"at most {self._return_count - 1}",
            )
            self._faults.add(fault, rows=faulty_rows.tolist(), column="return", actual=str(item.max()))
        columns, notes = self._json_columns.to_columns(lines, row)
        self._buffer.add(columns | {"item": item, "row": row}, notes)
