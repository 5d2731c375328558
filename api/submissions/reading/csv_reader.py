"""Read a tidy CSV file in chunks. Every fault has its row and column."""

import re
from collections.abc import Sequence

import numpy as np

from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.csv_columns import ColumnReader
from api.submissions.reading.csv_header import map_header
from api.submissions.reading.csv_scanner import IS_BLANK_BYTE, SEPARATORS, Records, split_records, unescape_word
from api.submissions.reading.faults import MAX_FAULTY_CELLS, Fault, Faults
from api.submissions.reading.limits import CHUNK_BYTES, MAX_COLUMNS, MAX_DISTINCT_VALUES, MAX_LINE_BYTES
from api.submissions.reading.text_decoder import ZIP_SIGNATURE, NotDecodable, TextDecoder, wrong_encoding_fault
from schema.submissions import NewSubmission

_SEPARATOR_LINE = re.compile(rb'"?sep=([,;\t])"?[,;\t]*')  # as Excel writes it
_STRAY_QUOTE_FAULT = Fault(code="stray-quote", message="A quote in this row opens no cell, or is never closed.")


class CsvReader:
    """Reads a file that arrives in pieces, cut anywhere: `feed` each piece, then call `finish`.

    `dimensions` are the slugs that may be columns. `envelope` is the submission without its returns, which are in the
    file. `measure` and `period` are the request's parameters, for rows without them. Only one chunk of the file and
    the columns read so far are in memory.
    """

    def __init__(
        self,
        dimensions: Sequence[str],
        envelope: NewSubmission,
        *,
        measure: str | None = None,
        period: str | None = None,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self.faults = Faults()
        self._chunk_bytes = max(chunk_bytes, len(ZIP_SIGNATURE))
        self._dimensions = dimensions
        self._envelope = envelope
        self._parameters = {"measure": measure, "period": period}
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._decoder = TextDecoder()
        self._has_stopped = False  # nothing more can be read
        self._incomplete_record = b""
        self._row = 0
        self._separator: int | None = None
        self._columns: ColumnReader | None = None
        self._is_misencoded = False

    @property
    def row_count(self) -> int:
        """The number of rows read so far."""
        return self._row

    def feed(self, piece: bytes) -> None:
        """Raises BodyTooLarge if there are more than three million rows."""
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
        columns = self._columns
        if columns is None:
            if not self.faults.cell_count and not self._has_stopped:
                self.faults.add(Fault(code="no-rows", message="The file is empty."))
        elif not columns.row_count and not columns.has_returns and not self.faults.cell_count:
            self.faults.add(Fault(code="no-rows", message="The file has a header but no rows below it."))
        self.faults.raise_if_any()
        assert columns is not None  # noqa: S101  otherwise there is a fault
        return columns.to_submission(self._envelope)

    def _stop(self, fault: Fault, row: int, *, column: str | None = None) -> None:
        self._has_stopped = True
        self.faults.add(fault, rows=[row], column=column)

    def _process_chunk(self, *, final: bool) -> None:
        data = b"".join(self._pieces)
        self._pieces, self._pending_bytes = [], 0
        incomplete, self._incomplete_record = self._incomplete_record, b""
        try:
            text = incomplete + self._decoder.decode(data, final=final)
        except NotDecodable as error:
            self._stop(error.fault, self._row + 1 + incomplete.count(b"\n") + error.line)
            return
        if final and text and not text.endswith(b"\n"):
            text += b"\n"
        if self._columns is None:
            text = self._read_header(text, final=final)
        if not self._has_stopped and self._columns is not None and text:
            self._read_records(text, self._columns, final=final)

    def _read_header(self, text: bytes, *, final: bool) -> bytes:
        """Read the header and return the text after it. Store the text if the header is not complete."""
        is_blank = IS_BLANK_BYTE[np.frombuffer(text, dtype=np.uint8)]
        if is_blank.all():
            self._row += text.count(b"\n")
            self._store_incomplete(text[text.rfind(b"\n") + 1 :])
            return b""
        begin = text.rfind(b"\n", 0, int(np.argmin(is_blank))) + 1
        self._row += text.count(b"\n", 0, begin)
        text = text[begin:]
        line, line_end, rest = text.partition(b"\n")
        separator_line = _SEPARATOR_LINE.fullmatch(line) if line_end and self._separator is None else None
        if separator_line:
            self._separator = separator_line[1][0]
            self._row += 1
            return self._read_header(rest, final=final) if rest else rest
        separator = self._separator or max(SEPARATORS, key=line.count)
        records, _, has_stray_quote = split_records(text, separator, records_before=self._row)
        if not len(records):
            if has_stray_quote or final:
                self._stop(_STRAY_QUOTE_FAULT, self._row + 1)
            self._store_incomplete(text)
            return b""
        self._separator = separator
        header_record = records.select(slice(1))
        if int(header_record.field_count[0]) > MAX_COLUMNS:
            fault = Fault(code="too-many-columns", message=f"The header has more than {MAX_COLUMNS} columns.")
            self._stop(fault, self._row + 1)
            return b""
        end = int(header_record.end[0])
        names = [unescape_word(text[start : start + length]) for start, length in _field_spans(header_record)]
        self._check_encoding(header_record, end)
        self._row += 1
        header = map_header(names, self._row, self._dimensions, self._parameters, self.faults)
        self._columns = ColumnReader(header, self._dimensions, self._parameters, self.faults)
        self._has_stopped = not header.positions
        return text[end + 1 :]

    def _store_incomplete(self, text: bytes) -> None:
        self._incomplete_record = text
        if len(text) > MAX_LINE_BYTES:
            self._stop(Fault(code="row-too-long", message="The row does not end."), self._row + 1)

    def _read_records(self, text: bytes, columns: ColumnReader, *, final: bool) -> None:
        records, used, has_stray_quote = split_records(text, self._separator or 0, records_before=self._row)
        self._row += len(records)
        if len(records):
            self._check_encoding(records, used)
            columns.add_records(self._drop_ragged(records, columns))
        if has_stray_quote or (final and used < len(text)):
            self._stop(_STRAY_QUOTE_FAULT, self._row + 1)
        elif self.faults.has_too_many:
            self._stop(_too_many_fault(f"more than {MAX_FAULTY_CELLS:,} cells have errors"), self._row)
        elif (column := columns.full_column()) is not None:
            reason = f"the column has more than {MAX_DISTINCT_VALUES:,} different values"
            self._stop(_too_many_fault(reason), self._row, column=column)
        else:
            self._store_incomplete(text[used:])

    def _check_encoding(self, records: Records, used: int) -> None:
        if self._is_misencoded or records.text.isascii():
            return
        try:
            records.text[:used].decode()
        except UnicodeDecodeError as error:
            self._is_misencoded = True
            row = int(records.row[np.searchsorted(records.end, error.start)])
            self.faults.add(wrong_encoding_fault("bytes that are not UTF-8"), rows=[row])

    def _drop_ragged(self, records: Records, columns: ColumnReader) -> Records:
        """Return the records that are not blank and fit the header. Extra cells are allowed if they are empty."""
        header = columns.header
        records = records.without_blanks()
        fits = (records.field_count >= header.min_width) & (records.field_count <= header.width)
        if not fits.all():
            fits |= (records.field_count > header.width) & records.are_blank_from(header.width)
            ragged = records.select(~fits)
            for row, width in zip(ragged.row.tolist(), ragged.field_count.tolist(), strict=True):
                is_short = width < header.min_width
                fault = Fault(
                    code="ragged-row",
                    message=f"The row has {'fewer' if is_short else 'more'} cells than the header.",
                    expected=str(header.min_width if is_short else header.width),
                )
                self.faults.add(fault, rows=[row], actual=str(width))
            records = records.select(fits)
        return records


def _field_spans(record: Records) -> list[tuple[int, int]]:
    spans = [record.field_spans(index) for index in range(int(record.field_count[0]))]
    return [(int(start[0]), int(length[0])) for start, length in spans]


def _too_many_fault(reason: str) -> Fault:
    return Fault(code="too-many-errors", message=f"Reading ended at this row: {reason}.")
