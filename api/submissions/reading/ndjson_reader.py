"""Lines of JSON as what was sent: the envelope in the first, an observation in each that follows."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, field

from api.http.violations import find_violations
from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.reading.csv_scanner import are_blank
from api.submissions.reading.faults import MAX_FAULTY_CELLS, Fault, Faults
from api.submissions.reading.json_reader import DECODE_ERRORS, JsonCell, JsonColumns, not_json_fault
from api.submissions.revisions import Column, ParsedSubmission
from schema.problems import Finding, Severity
from schema.submissions import NewSubmission, Observation

CHUNK_BYTES = 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024  # bytes
MAX_ENVELOPE_BYTES = 32 * 1024 * 1024
MAX_DISTINCT_CODES = 200_000

ReturnNumber = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Which return of the first line, from 0.")]


class ObservationLine(Observation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation in a line of its own, with the number of its return."""

    return_: ReturnNumber = field(default=0, name="return")


class _FastObservationLine(JsonCell, kw_only=True, forbid_unknown_fields=True, gc=False):
    return_: ReturnNumber = field(default=0, name="return")


_LINE_DECODER = msgspec.json.Decoder(_FastObservationLine)
_LINE_END, _CARRIAGE_RETURN, _OPENING_BRACE, _CLOSING_BRACE = b"\n\r{}"
_IS_BLANK_BYTE = np.zeros(256, dtype=np.bool_)
_IS_BLANK_BYTE[list(b" \t\r\n")] = True


class NdjsonReader:
    """Reads lines that come in pieces, cut anywhere: `feed` each, then `finish`.

    Beside one chunk and the columns read so far nothing is kept.
    """

    def __init__(self, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._faults = Faults()
        self._chunk_bytes = chunk_bytes
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._incomplete_line = b""  # a line whose end has not come
        self._row = 0
        self._has_stopped = False
        self._has_started = False
        self._envelope: NewSubmission | None = None
        self._return_count: int | None = None  # how many the envelope has, once it has been read and can be told
        self._json_columns = JsonColumns(self._faults)
        self._buffer = ColumnBuffer()

    def feed(self, piece: bytes) -> None:
        """Raises TooLarge beyond ten million lines."""
        if self._has_stopped:
            return
        self._pieces.append(piece)
        self._pending_bytes += len(piece)
        if self._pending_bytes >= self._chunk_bytes:
            self._process_chunk(final=False)

    def finish(self) -> ParsedSubmission:
        """Raises Rejected with all that is wrong in the lines."""
        if not self._has_stopped:
            self._process_chunk(final=True)
        if not self._has_started:
            self._faults.add(Fault(code="envelope-missing", message="There is no line."))
        self._faults.raise_if_any()
        assert self._envelope is not None  # noqa: S101  settled otherwise
        return ParsedSubmission(
            envelope=self._envelope,
            distinct_areas=self._json_columns.areas.distinct_values,
            distinct_breakdowns=self._json_columns.breakdowns.distinct_values,
            **self._buffer.drain(),
        )

    def _process_chunk(self, *, final: bool) -> None:
        text = self._incomplete_line + b"".join(self._pieces)
        self._pieces, self._pending_bytes = [], 0
        if final and text and not text.endswith(b"\n"):
            text += b"\n"
        whole, _, self._incomplete_line = text.rpartition(b"\n")
        if whole:
            self._read_lines(whole + b"\n")
        if len(self._incomplete_line) > (MAX_LINE_BYTES if self._has_started else MAX_ENVELOPE_BYTES):
            self._stop(Fault(code="row-too-long", message="The line does not end."))
        elif self._faults.has_too_many:
            self._stop(
                Fault(code="too-many-errors", message=f"Reading ended here: more than {MAX_FAULTY_CELLS:,} faults.")
            )
        elif max(len(self._json_columns.areas), len(self._json_columns.breakdowns)) > MAX_DISTINCT_CODES:
            self._stop(
                Fault(code="too-many-errors", message=f"Reading ended here: more than {MAX_DISTINCT_CODES:,} codes.")
            )

    def _stop(self, fault: Fault) -> None:
        self._has_stopped = True
        self._faults.add(fault, rows=[self._row + 1])

    def _read_lines(self, text: bytes) -> None:
        octets = np.frombuffer(text, dtype=np.uint8)
        end = np.flatnonzero(octets == _LINE_END)
        start = np.concatenate([[0], end[:-1] + 1])
        row = np.arange(self._row + 1, self._row + 1 + len(end))
        self._row += len(end)
        end = end - ((end > start) & (octets[end - 1] == _CARRIAGE_RETURN))
        plain = (end > start) & (octets[start] == _OPENING_BRACE) & (octets[end - 1] == _CLOSING_BRACE)
        if not plain.all():
            odd = np.flatnonzero(~plain)
            kept = np.ones(len(row), dtype=np.bool_)
            kept[odd] = ~are_blank(octets, start[odd], end[odd] - start[odd], _IS_BLANK_BYTE)
            start, end, row, plain = start[kept], end[kept], row[kept], plain[kept]
        if len(row) and not self._has_started:
            self._has_started = True
            self._read_envelope(text[start[0] : end[0]], int(row[0]))
            text = text[end[0] :]
            start, end, row, plain = (part[1:] for part in (start - end[0], end - end[0], row, plain))
        if len(row):
            self._decode_lines(text, start, end, row, all_objects=bool(plain.all()))

    def _read_envelope(self, line: bytes, row: int) -> None:
        try:
            raw = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
        except DECODE_ERRORS as error:
            self._faults.add(not_json_fault(error), rows=[row])
            return
        if not isinstance(raw, dict) or "returns" not in raw:
            self._faults.add(Fault(code="envelope-missing", message="The first line has no returns."), rows=[row])
            return
        for found in find_violations(NewSubmission, raw):
            self._add_fault(found, row)
        try:
            envelope = msgspec.convert(raw, NewSubmission)
        except msgspec.ValidationError:
            return
        for index, one in enumerate(envelope.returns):
            if one.observations:
                path = f"/returns/{index}/observations"
                fault = Fault(code="envelope-with-observations", message="The return has observations.", path=path)
                self._faults.add(fault, rows=[row], column="observations")
        self._envelope = envelope
        self._return_count = len(envelope.returns)

    def _add_fault(self, found: Finding, row: int) -> None:
        path = found.path or "/"
        column = path.split("/")[1]
        in_envelope = column == "returns"
        fault = Fault(code=found.code, message=found.message, path=path if in_envelope else None)
        self._faults.add(fault, rows=[row], column=column or None, actual=found.actual)

    def _decode_lines(self, text: bytes, start: Column, end: Column, row: Column, *, all_objects: bool) -> None:
        """The lines at once; one by one where something is wrong with some.

        Lines that begin with a brace and end with one hold at least one object each, so that as many objects as
        lines are one for each.
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
        for begin, stop, number in zip(start.tolist(), end.tolist(), row.tolist(), strict=True):
            try:
                lines.append(_LINE_DECODER.decode(text[begin:stop]))
                rows.append(number)
            except DECODE_ERRORS as error:
                self._explain_line(text[begin:stop], number, error)
        return lines, np.array(rows, dtype=np.int64)

    def _explain_line(self, line: bytes, row: int, error: Exception) -> None:
        try:
            raw = msgspec.json.decode(line)
        except DECODE_ERRORS as worse:
            self._faults.add(not_json_fault(worse), rows=[row])
            return
        unclear = Finding(code="unreadable-field", severity=Severity.ERROR, message=f"{error}.")
        for found in list(find_violations(ObservationLine, raw)) or [unclear]:
            self._add_fault(found, row)

    def _add_observations(self, lines: Sequence[_FastObservationLine], row: Column) -> None:
        item = np.array(list(map(attrgetter("return_"), lines)), dtype=np.int64)
        if self._return_count is not None and (beyond := row[item >= self._return_count]).size:
            fault = Fault(
                code="unknown-return",
                message="The first line has no return of that number.",
                expected=f"at most {self._return_count - 1}",
            )
            self._faults.add(fault, rows=beyond.tolist(), column="return", actual=str(item.max()))
        columns, notes = self._json_columns.to_columns(lines, row)
        self._buffer.add(columns | {"item": item}, notes)
