"""Read a tidy CSV file in chunks. Every fault has its row and column, and every row is accounted for."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from api.spelling.counts import read_count
from api.spelling.header_search import SEPARATORS, HeaderPlace, find_header
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.csv_columns import ColumnReader
from api.submissions.reading.csv_header import Header, get_column_matcher, has_cells_in_header, map_header
from api.submissions.reading.csv_scanner import IS_BLANK_BYTE, Records, split_records, unescape_word
from api.submissions.reading.csv_swallowed import find_swallowed_rows
from api.submissions.reading.csv_trailing_rows import count_held_back, leave_out_trailing
from api.submissions.reading.faults import MAX_FAULTY_CELLS, Fault, Faults
from api.submissions.reading.left_out_rows import RowAccount
from api.submissions.reading.limits import CHUNK_BYTES, MAX_COLUMNS, MAX_DISTINCT_VALUES, MAX_LINE_BYTES
from api.submissions.reading.text_decoder import ZIP_SIGNATURE, NotDecodable, TextDecoder, wrong_encoding_fault
from schema.measures import Cadence
from schema.submission_reports import MAX_LISTED_ROWS, RowReason
from schema.submissions import NewSubmission

_SEPARATOR_LINE = re.compile(rb'"?sep=([,;\t|])"?[,;\t|]*')  # as Excel writes it
_STRAY_QUOTE_FAULT = Fault(code="stray-quote", message="A quote in this row opens no cell, or is never closed.")


class CsvReader:
    """Reads a file that arrives in pieces, cut anywhere: `feed` each piece, then call `finish`.

    `dimensions` are the slugs that may be columns. `envelope` is the submission without its returns, which are in the
    file. `measure` and `period` are the request's parameters, for rows without them. `cadences` are those of the
    measures, to suggest periods. Only one chunk of the file and the columns read so far are in memory.
    """

    def __init__(
        self,
        dimensions: Sequence[str],
        envelope: NewSubmission,
        *,
        measure: str | None = None,
        period: str | None = None,
        cadences: Mapping[str, Cadence] | None = None,
        charset: str | None = None,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self.faults = Faults()
        self._chunk_bytes = max(chunk_bytes, len(ZIP_SIGNATURE))
        self._dimensions = dimensions
        self._envelope = envelope
        self._parameters = {"measure": measure, "period": period}
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._cadences = cadences or {}
        self._decoder = TextDecoder(charset)
        self._rows = RowAccount()
        self._has_stopped = False  # nothing more can be read
        self._incomplete_record = b""
        self._row = 0
        self._held_back_count = 0  # of the last records, which may be below the table
        self._separator: int | None = None
        self._columns: ColumnReader | None = None
        self._is_misencoded = False

    @property
    def row_count(self) -> int:
        """The number of rows read so far."""
        return self._row + self._held_back_count

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
        return columns.to_submission(self._envelope, self._rows.summarise(self._row))

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
        text = self._skip_blank_lines(text)
        line, line_end, rest = text.partition(b"\n")
        separator_line = _SEPARATOR_LINE.fullmatch(line) if line_end and self._separator is None else None
        if separator_line:
            self._separator = separator_line[1][0]
            self._row += 1
            self._rows.add(RowReason.TITLE, [self._row])
            return self._read_header(rest, final=final) if rest else rest
        match_column = get_column_matcher(self._dimensions)
        is_complete = final or len(text) > MAX_LINE_BYTES
        place = find_header(text, match_column, separator=self._separator, is_complete=is_complete)
        if place is None:
            self._store_incomplete(text)
            return b""
        header_text = text[place.begin :]
        records, _, has_stray_quote = split_records(header_text, place.separator)
        if not len(records):
            if has_stray_quote or final:
                self._stop(_STRAY_QUOTE_FAULT, self._row + place.lines_before + 1)
            self._store_incomplete(text)
            return b""
        self._skip_titles(text[: place.begin], place)
        self._separator = place.separator
        is_single_line = final and not self._row and header_text.count(b"\n") == 1
        return self._map_header(header_text, records.select(slice(1)), is_single_line=is_single_line)

    def _skip_blank_lines(self, text: bytes) -> bytes:
        is_blank = IS_BLANK_BYTE[np.frombuffer(text, dtype=np.uint8)]
        begin = text.rfind(b"\n", 0, None if is_blank.all() else int(np.argmin(is_blank))) + 1
        self._leave_out_lines(text[:begin])
        return text[begin:]

    def _skip_titles(self, text: bytes, place: HeaderPlace) -> None:
        """Leave out the lines above the header. A line as long as the header, with a number in it, is no title."""
        separator = bytes([place.separator])
        for row, line in enumerate(text.split(b"\n")[:-1], self._row + 1):
            filled = [cell for cell in line.decode(errors="replace").split(separator.decode()) if cell.strip(' "')]
            if len(filled) >= place.known_columns > 1 and any(isinstance(read_count(cell), int) for cell in filled):
                fault = Fault(code="header-missing", message="The row has figures, but the header is below it.")
                self.faults.add(fault, rows=[row], actual=", ".join(filled))
        self._leave_out_lines(text)

    def _leave_out_lines(self, text: bytes) -> None:
        for line in text.split(b"\n")[:-1]:
            self._row += 1
            self._rows.add(RowReason.TITLE if line.strip(b' \t"' + SEPARATORS) else RowReason.BLANK, [self._row])

    def _map_header(self, text: bytes, record: Records, *, is_single_line: bool) -> bytes:
        """Map the header, which is the first record of the text, and return the text after it."""
        end = int(record.end[0])
        self._row += 1
        self._check_encoding(replace(record, row=record.row + self._row - 1), end)
        self._rows.add(RowReason.HEADER, [self._row])
        names = [unescape_word(text[start : start + length]) for start, length in record.spans_of_first()]
        while names and not names[-1].strip():
            names.pop()
        if is_single_line and has_cells_in_header(names, self._dimensions):
            self._stop(Fault(code="line-breaks-missing", message="The file is one line."), self._row)
            return b""
        if len(names) > MAX_COLUMNS:
            fault = Fault(code="too-many-columns", message=f"The header has more than {MAX_COLUMNS} columns.")
            self._stop(fault, self._row)
            return b""
        header = map_header(names, self._row, self._dimensions, self._parameters, self.faults)
        self._columns = ColumnReader(header, self._dimensions, self._parameters, self._cadences, self.faults)
        self._has_stopped = not header.positions
        return text[end + 1 :]

    def _store_incomplete(self, text: bytes, held_back_bytes: int = 0) -> None:
        self._incomplete_record = text
        if len(text) - held_back_bytes > MAX_LINE_BYTES:
            self._stop(Fault(code="row-too-long", message="The row does not end."), self.row_count + 1)

    def _read_records(self, text: bytes, columns: ColumnReader, *, final: bool) -> None:
        separator = self._separator or 0
        records, used, has_stray_quote = split_records(text, separator, records_before=self._row)
        held_back_bytes = 0
        if not final and not has_stray_quote:
            self._held_back_count = count_held_back(records)
            kept = len(records) - self._held_back_count
            records, end = records.select(slice(kept)), int(records.end[kept - 1]) + 1 if kept else 0
            held_back_bytes, used = used - end, end
        else:
            self._held_back_count = 0
        self._row += len(records)
        if final and not has_stray_quote and used == len(text):
            records = leave_out_trailing(records, columns.header, self._rows)
        if len(records):
            self._check_encoding(records, used)
            columns.add_records(self._drop_ragged(self._drop_swallowing(records, columns.header), columns.header))
        if has_stray_quote or (final and used < len(text)):
            self._stop(_STRAY_QUOTE_FAULT, self._row + 1)
        elif self.faults.has_too_many:
            self._stop(_too_many_fault(f"more than {MAX_FAULTY_CELLS:,} cells have errors"), self._row)
        elif (column := columns.full_column()) is not None:
            reason = f"the column has more than {MAX_DISTINCT_VALUES:,} different values"
            self._stop(_too_many_fault(reason), self._row, column=column)
        else:
            self._store_incomplete(text[used:], held_back_bytes)

    def _check_encoding(self, records: Records, used: int) -> None:
        if self._is_misencoded or records.text.isascii():
            return
        try:
            records.text[:used].decode()
        except UnicodeDecodeError as error:
            self._is_misencoded = True
            position = min(int(np.searchsorted(records.end, error.start)), len(records) - 1)  # it may be left out below
            row = int(records.row[position])
            self.faults.add(wrong_encoding_fault("bytes that are not UTF-8"), rows=[row])

    def _drop_swallowing(self, records: Records, header: Header) -> Records:
        """Return the records of which no quoted field has other records in it."""
        is_kept = np.ones(len(records), dtype=np.bool_)
        for swallowed in find_swallowed_rows(records, header, self._separator or 0):
            is_kept[swallowed.position] = False
            first, last = swallowed.first_row, swallowed.last_row
            message = f"The quote that opens in row {first} and closes in row {last} has whole rows of the table in it."
            self.faults.add(Fault(code="swallowed-rows", message=message), rows=[first, last])
        return records if is_kept.all() else records.select(is_kept)

    def _drop_ragged(self, given: Records, header: Header) -> Records:
        """Return the records that are not blank and fit the header. Extra cells are allowed if they are empty."""
        records = given.without_blanks() if len(given) else given
        if len(records) < len(given):
            blank_rows = np.setdiff1d(given.row, records.row, assume_unique=True)
            self._rows.add(RowReason.BLANK, blank_rows[:MAX_LISTED_ROWS].tolist(), count=len(blank_rows))
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


def _too_many_fault(reason: str) -> Fault:
    return Fault(code="too-many-errors", message=f"Reading ended at this row: {reason}.")
