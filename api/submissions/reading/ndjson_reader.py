"""Lines of JSON as what was sent: the envelope in the first, an observation in each that follows."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, field

from api.http.violations import violations
from api.submissions.reading.column_buffer import Growing
from api.submissions.reading.csv_scanner import blank
from api.submissions.reading.faults import MOST_CELLS, Fault, Faults
from api.submissions.reading.json_reader import UNREADABLE, JsonCell, JsonColumns, not_json
from api.submissions.revisions import Column, Sent
from schema.problems import Finding, Severity
from schema.submissions import NewSubmission, Observation

CHUNK = 1024 * 1024
LONGEST_LINE = 1024 * 1024  # bytes
LONGEST_ENVELOPE = 32 * 1024 * 1024
MOST_WORDS = 200_000

ReturnNumber = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Which return of the first line, from 0.")]


class ObservationLine(Observation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation in a line of its own, with the number of its return."""

    return_: ReturnNumber = field(default=0, name="return")


class _Line(JsonCell, kw_only=True, forbid_unknown_fields=True, gc=False):
    return_: ReturnNumber = field(default=0, name="return")


_LINES = msgspec.json.Decoder(_Line)
_LINE_END, _RETURN, _OPENING, _CLOSING = b"\n\r{}"
_BLANKS = np.zeros(256, dtype=np.bool_)
_BLANKS[list(b" \t\r\n")] = True


class NdjsonRows:
    """Reads lines that come in pieces, cut anywhere: `feed` each, then `finish`.

    Beside one chunk and the columns read so far nothing is kept.
    """

    def __init__(self, *, chunk: int = CHUNK) -> None:
        self._faults = Faults()
        self._chunk = chunk
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._text = b""  # a line whose end has not come
        self._row = 0
        self._ended = False
        self._begun = False
        self._envelope: NewSubmission | None = None
        self._returns: int | None = None  # how many the envelope has, once it has been read and can be told
        self._reading = JsonColumns(self._faults)
        self._columns = Growing()

    def feed(self, piece: bytes) -> None:
        """Raises TooLarge beyond ten million lines."""
        if self._ended:
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= self._chunk:
            self._work(final=False)

    def finish(self) -> Sent:
        """Raises Rejected with all that is wrong in the lines."""
        if not self._ended:
            self._work(final=True)
        if not self._begun:
            self._faults.add(Fault(code="envelope-missing", message="There is no line."))
        self._faults.settle()
        assert self._envelope is not None  # noqa: S101  settled otherwise
        return Sent(
            envelope=self._envelope,
            area_words=self._reading.areas.told,
            breakdown_words=self._reading.breakdowns.told,
            **self._columns.joined(),
        )

    def _work(self, *, final: bool) -> None:
        text = self._text + b"".join(self._pieces)
        self._pieces, self._waiting = [], 0
        if final and text and not text.endswith(b"\n"):
            text += b"\n"
        whole, _, self._text = text.rpartition(b"\n")
        if whole:
            self._read(whole + b"\n")
        if len(self._text) > (LONGEST_LINE if self._begun else LONGEST_ENVELOPE):
            self._end(Fault(code="row-too-long", message="The line does not end."))
        elif self._faults.too_many:
            self._end(Fault(code="too-many-faults", message=f"Reading ended here: more than {MOST_CELLS:,} faults."))
        elif max(len(self._reading.areas), len(self._reading.breakdowns)) > MOST_WORDS:
            self._end(Fault(code="too-many-faults", message=f"Reading ended here: more than {MOST_WORDS:,} codes."))

    def _end(self, fault: Fault) -> None:
        self._ended = True
        self._faults.add(fault, rows=[self._row + 1])

    def _read(self, text: bytes) -> None:
        octets = np.frombuffer(text, dtype=np.uint8)
        end = np.flatnonzero(octets == _LINE_END)
        start = np.concatenate([[0], end[:-1] + 1])
        row = np.arange(self._row + 1, self._row + 1 + len(end))
        self._row += len(end)
        end = end - ((end > start) & (octets[end - 1] == _RETURN))
        plain = (end > start) & (octets[start] == _OPENING) & (octets[end - 1] == _CLOSING)
        if not plain.all():
            odd = np.flatnonzero(~plain)
            kept = np.ones(len(row), dtype=np.bool_)
            kept[odd] = ~blank(octets, start[odd], end[odd] - start[odd], _BLANKS)
            start, end, row, plain = start[kept], end[kept], row[kept], plain[kept]
        if len(row) and not self._begun:
            self._begun = True
            self._take_envelope(text[start[0] : end[0]], int(row[0]))
            text = text[end[0] :]
            start, end, row, plain = (part[1:] for part in (start - end[0], end - end[0], row, plain))
        if len(row):
            self._take(text, start, end, row, whole=bool(plain.all()))

    def _take_envelope(self, line: bytes, row: int) -> None:
        try:
            raw = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
        except UNREADABLE as error:
            self._faults.add(not_json(error), rows=[row])
            return
        if not isinstance(raw, dict) or "returns" not in raw:
            self._faults.add(Fault(code="envelope-missing", message="The first line has no returns."), rows=[row])
            return
        for found in violations(NewSubmission, raw):
            self._tell(found, row)
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
        self._returns = len(envelope.returns)

    def _tell(self, found: Finding, row: int) -> None:
        path = found.path or "/"
        column = path.split("/")[1]
        in_envelope = column == "returns"
        fault = Fault(code=found.code, message=found.message, path=path if in_envelope else None)
        self._faults.add(fault, rows=[row], column=column or None, actual=found.actual)

    def _take(self, text: bytes, start: Column, end: Column, row: Column, *, whole: bool) -> None:
        """The lines at once; one by one where something is wrong with some.

        Lines that begin with a brace and end with one hold at least one object each, so that as many objects as
        lines are one for each.
        """
        lines: list[_Line] = []
        if whole:
            try:
                lines = _LINES.decode_lines(text)
            except UNREADABLE:
                lines = []
        if len(lines) != len(row):
            lines, row = self._one_by_one(text, start, end, row)
        if lines:
            self._take_columns(lines, row)

    def _one_by_one(self, text: bytes, start: Column, end: Column, row: Column) -> tuple[list[_Line], Column]:
        lines: list[_Line] = []
        rows: list[int] = []
        for begin, stop, number in zip(start.tolist(), end.tolist(), row.tolist(), strict=True):
            try:
                lines.append(_LINES.decode(text[begin:stop]))
                rows.append(number)
            except UNREADABLE as error:
                self._explain(text[begin:stop], number, error)
        return lines, np.array(rows, dtype=np.int64)

    def _explain(self, line: bytes, row: int, error: Exception) -> None:
        try:
            raw = msgspec.json.decode(line)
        except UNREADABLE as worse:
            self._faults.add(not_json(worse), rows=[row])
            return
        unclear = Finding(code="unreadable-field", severity=Severity.ERROR, message=f"{error}.")
        for found in list(violations(ObservationLine, raw)) or [unclear]:
            self._tell(found, row)

    def _take_columns(self, lines: Sequence[_Line], row: Column) -> None:
        item = np.array(list(map(attrgetter("return_"), lines)), dtype=np.int64)
        if self._returns is not None and (beyond := row[item >= self._returns]).size:
            fault = Fault(
                code="unknown-return",
                message="The first line has no return of that number.",
                expected=f"at most {self._returns - 1}",
            )
            self._faults.add(fault, rows=beyond.tolist(), column="return", actual=str(item.max()))
        columns, notes = self._reading.of(lines, row)
        self._columns.add(columns | {"item": item}, notes)
