"""A tidy CSV file as what was sent: read in chunks, by columns; every fault is told by its row and column."""

import codecs
import re
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
from msgspec.structs import replace

from api.submissions.reading import csv_values
from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.reading.csv_scanner import (
    IS_BLANK_BYTE,
    SEPARATORS,
    CombinationTable,
    Records,
    StringTable,
    parse_digits,
    split_records,
    strip_padding,
    unescape_word,
)
from api.submissions.reading.csv_values import CsvValue, ValueParser
from api.submissions.reading.faults import MAX_FAULTY_CELLS, Fault, Faults
from api.submissions.revisions import MISSING, NUMBER_FIELDS, STATUSES, Column, Mask, Notes, ParsedSubmission
from schema.submissions import NewReturn, NewSubmission, ReturnKind, Status

CHUNK_BYTES = 1024 * 1024
MAX_ROW_BYTES = 1024 * 1024  # bytes
MAX_DISTINCT_WORDS = 200_000  # different ones in one column: there are fewer areas than that
MAX_DISTINCT_WORD_BYTES = 32 * 1024 * 1024  # bytes, all of one column's together
MAX_RETURNS = 1000
INVALID = -2  # the word has been told as wrong: nothing more is said of it

RETURN_COLUMNS = ("measure", "series", "service", "period", "kind", "base_revision", "return_note")
_SEPARATOR_LINE = re.compile(rb'"?sep=([,;\t])"?[,;\t]*')
_ZIP_SIGNATURE = b"PK\x03\x04"
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class CsvReader:
    """Reads a file that comes in pieces, cut anywhere: `feed` each, then `finish`.

    `dimensions` are the slugs that may be columns. `envelope` is what the request says of the submission as a whole;
    its returns are those of the file. `measure` and `period` hold for rows that do not say theirs.
    Beside one chunk and the columns read so far nothing is kept.
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
        self._chunk_bytes = max(chunk_bytes, len(_ZIP_SIGNATURE))
        self._dimensions = dimensions
        self._envelope = envelope
        self._parameters = {"measure": measure, "period": period}
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._has_started = False
        self._has_stopped = False  # nothing more can be read
        self._pending_cr = b""  # a carriage return that a line feed may follow
        self._incomplete_record = b""  # the beginning of a record whose end has not come
        self._row = 0
        self._separator: int | None = None
        self._columns: _ColumnReader | None = None
        self._is_misencoded = False

    def feed(self, piece: bytes) -> None:
        """Raises TooLarge beyond ten million rows."""
        if self._has_stopped:
            return
        self._pieces.append(piece)
        self._pending_bytes += len(piece)
        if self._pending_bytes >= self._chunk_bytes:
            self._process_chunk(final=False)

    def finish(self) -> ParsedSubmission:
        """Raises Rejected with all that is wrong in the file."""
        if not self._has_stopped:
            self._process_chunk(final=True)
        columns = self._columns
        if columns is None:
            if not self.faults.cell_count and not self._has_stopped:
                self.faults.add(Fault(code="no-rows", message="The file is empty."))
        elif not columns.row_count and not columns.returns and not self.faults.cell_count:
            self.faults.add(Fault(code="no-rows", message="The file has a header and nothing below it."))
        self.faults.raise_if_any()
        assert columns is not None  # noqa: S101  settled otherwise
        return columns.to_submission(self._envelope)

    def _stop(self, fault: Fault, row: int, *, column: str | None = None) -> None:
        self._has_stopped = True
        self.faults.add(fault, rows=[row], column=column)

    def _process_chunk(self, *, final: bool) -> None:
        text = self._decode_pending(final=final)
        if (at := text.find(b"\0")) >= 0:
            self._stop(_not_text_fault("There is a NUL byte"), self._row + 1 + text.count(b"\n", 0, at))
        elif self._columns is None:
            text = self._read_header(text, final=final)
        if not self._has_stopped and self._columns is not None and text:
            self._read_records(text, self._columns, final=final)

    def _decode_pending(self, *, final: bool) -> bytes:
        """What has come, after what was left over, in UTF-8 and with line feeds at the ends of lines."""
        data = b"".join(self._pieces)
        self._pieces, self._pending_bytes = [], 0
        if not self._has_started:
            self._has_started = True
            if data.startswith(_ZIP_SIGNATURE):
                self._stop(_not_text_fault("This is a workbook"), 1)
                return b""
            if data.startswith(_UTF_16_MARKS):
                self._decoder = codecs.getincrementaldecoder("utf-16")()
            data = data.removeprefix(codecs.BOM_UTF8)
        if self._decoder is not None:
            try:
                data = self._decoder.decode(data, final).encode()
            except UnicodeDecodeError:
                self._stop(_wrong_encoding_fault("UTF-16 that is broken"), self._row + 1)
                return b""
        data, self._pending_cr = self._pending_cr + data, b""
        if b"\r" in data:
            if data.endswith(b"\r") and not final:
                data, self._pending_cr = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text, self._incomplete_record = self._incomplete_record + data, b""
        return text + b"\n" if final and text and not text.endswith(b"\n") else text

    def _read_header(self, text: bytes, *, final: bool) -> bytes:
        """Reads the header, after blank rows, and returns what follows; keeps the text where it is not all there."""
        blank = IS_BLANK_BYTE[np.frombuffer(text, dtype=np.uint8)]
        if blank.all():
            self._row += text.count(b"\n")
            self._store_incomplete(text[text.rfind(b"\n") + 1 :])
            return b""
        begin = text.rfind(b"\n", 0, int(np.argmin(blank))) + 1
        self._row += text.count(b"\n", 0, begin)
        text = text[begin:]
        line, ended, after = text.partition(b"\n")
        named = _SEPARATOR_LINE.fullmatch(line) if ended and self._separator is None else None
        if named:
            self._separator = named[1][0]
            self._row += 1
            return self._read_header(after, final=final) if after else after
        separator = self._separator or max(SEPARATORS, key=line.count)
        records, _, stray = split_records(text, separator, records_before=self._row)
        if not len(records):
            if stray or final:
                self._stop(_STRAY_QUOTE_FAULT, self._row + 1)
            self._store_incomplete(text)
            return b""
        self._separator = separator
        head = records.select(slice(1))
        names = [unescape_word(text[start : start + length]) for start, length in _field_spans(head)]
        self._check_encoding(head, int(head.end[0]))
        self._row += 1
        self._columns = _ColumnReader(names, self._row, self._dimensions, self._parameters, self.faults)
        if not self._columns.positions:
            self._has_stopped = True
        return text[int(head.end[0]) + 1 :]

    def _store_incomplete(self, text: bytes) -> None:
        self._incomplete_record = text
        if len(text) > MAX_ROW_BYTES:
            self._stop(Fault(code="row-too-long", message="The row does not end."), self._row + 1)

    def _read_records(self, text: bytes, columns: "_ColumnReader", *, final: bool) -> None:
        records, used, stray = split_records(text, self._separator or 0, records_before=self._row)
        self._row += len(records)
        if len(records):
            self._check_encoding(records, used)
            columns.add_records(self._drop_ragged(records, columns))
        if stray or (final and used < len(text)):
            self._stop(_STRAY_QUOTE_FAULT, self._row + 1)
        elif self.faults.has_too_many:
            self._stop(_too_many_fault(f"more than {MAX_FAULTY_CELLS:,} cells are wrong"), self._row)
        elif (crowded := columns.full_column()) is not None:
            self._stop(
                _too_many_fault(f"the column has more than {MAX_DISTINCT_WORDS:,} different words"),
                self._row,
                column=crowded,
            )
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
            self.faults.add(_wrong_encoding_fault("bytes that are not UTF-8"), rows=[row])

    def _drop_ragged(self, records: Records, columns: "_ColumnReader") -> Records:
        """Those that are not blank and have as many cells as the header; more only if they are empty."""
        records = records.without_blanks()
        fits = (records.field_count >= columns.min_width) & (records.field_count <= columns.header_width)
        if not fits.all():
            fits |= (records.field_count > columns.header_width) & records.are_blank_from(columns.header_width)
            ragged = records.select(~fits)
            for row, size in zip(ragged.row.tolist(), ragged.field_count.tolist(), strict=True):
                fewer = size < columns.min_width
                self.faults.add(
                    Fault(
                        code="ragged-row",
                        message=f"The row has {'fewer' if fewer else 'more'} cells than the header.",
                        expected=str(columns.min_width if fewer else columns.header_width),
                    ),
                    rows=[row],
                    actual=str(size),
                )
            records = records.select(fits)
        return records


def _field_spans(record: Records) -> list[tuple[int, int]]:
    fields = [record.field_spans(index) for index in range(int(record.field_count[0]))]
    return [(int(start[0]), int(length[0])) for start, length in fields]


def _not_text_fault(what: str) -> Fault:
    return Fault(code="not-text", message=f"{what}: the file is not text.")


def _wrong_encoding_fault(what: str) -> Fault:
    return Fault(code="wrong-encoding", message=f"From this row on there is {what}.", expected="UTF-8")


def _too_many_fault(what: str) -> Fault:
    return Fault(code="too-many-errors", message=f"Reading ended at this row: {what}.")


_STRAY_QUOTE_FAULT = Fault(code="stray-quote", message="A quote in this row opens no cell, or is never closed.")


class _ValueCache:
    """What the words of one column mean, each read once. Equal meanings have one number; NULL is blank."""

    def __init__(self, read: ValueParser) -> None:
        self._parse = read
        self._strings = StringTable()
        self._number_by_string: list[int] = []  # the number of each word's meaning
        self._fault_by_string: dict[int, tuple[Fault, str]] = {}  # by word
        self._number_by_value: dict[CsvValue, int] = {}
        self.values: list[CsvValue] = []

    @property
    def is_full(self) -> bool:
        return len(self._number_by_string) > MAX_DISTINCT_WORDS or self._strings.byte_count > MAX_DISTINCT_WORD_BYTES

    def assign_numbers(self, records: Records, start: Column, length: Column, column: str, faults: Faults) -> Column:
        """The number of each record's meaning, NULL where it is blank, FAULTY where it has none."""
        words = self._strings.assign_numbers(records.text, start, length)
        for raw in islice(self._strings.index_by_word, len(self._number_by_string), None):
            self._number_by_string.append(self._number_of(unescape_word(raw)))
        meanings = np.array(self._number_by_string, dtype=np.int64)[words]
        if self._fault_by_string:
            for at in np.flatnonzero(meanings == INVALID).tolist():
                fault, shown = self._fault_by_string[int(words[at])]
                faults.add(fault, rows=[int(records.row[at])], column=column, actual=shown)
        return meanings

    def _number_of(self, word: str) -> int:
        found = self._parse(word)
        if isinstance(found, Fault):
            self._fault_by_string[len(self._number_by_string)] = (found, word)
            return INVALID
        if found is None:
            return MISSING
        if found not in self._number_by_value:
            self._number_by_value[found] = len(self.values)
            self.values.append(found)
        return self._number_by_value[found]


class _ReturnBuilder:
    """A return as its rows tell it, one by one."""

    def __init__(self, item: int, measure: str, series: str | None, service: str | None, period: str) -> None:
        self.item = item
        self.measure, self.series, self.service, self.period = measure, series, service, period
        self.values: dict[str, CsvValue] = {}

    def find_contradiction(self, said: dict[str, CsvValue]) -> str | None:
        """The column in which a row contradicts those before it. A blank cell says nothing."""
        for name, value in said.items():
            if value is not None and self.values.setdefault(name, value) != value:
                return name
        return None

    def build(self) -> NewReturn:
        kind, base, note = (self.values.get(name) for name in RETURN_COLUMNS[4:])
        return NewReturn(
            measure=self.measure,
            period=self.period,
            series=self.series,
            service=self.service or "main",
            kind=kind if isinstance(kind, ReturnKind) else ReturnKind.DATA,
            base_revision=base if isinstance(base, int) else None,
            note=note if isinstance(note, str) else None,
        )


class _ColumnReader:
    """The columns of the file, as far as it has been read."""

    def __init__(
        self,
        names: Sequence[str],
        row: int,
        dimensions: Sequence[str],
        given: dict[str, str | None],
        faults: Faults,
    ) -> None:
        self.positions: dict[str, int] = {}  # where each column stands
        self.unnamed_positions: list[int] = []
        self.returns: dict[tuple[CsvValue, ...], _ReturnBuilder] = {}
        self.header_width = len(names)
        self._names = names
        self._faults = faults
        self._parameters = given
        self._map_columns(row, dimensions)
        self.min_width = max([*self.positions.values(), -1]) + 1
        readers: dict[str, ValueParser] = {
            "measure": csv_values.require_parameter(given["measure"], csv_values.parse_code),
            "period": csv_values.require_parameter(given["period"], csv_values.parse_period),
            "kind": csv_values.parse_kind,
            "base_revision": csv_values.parse_revision,
            "return_note": csv_values.parse_note,
            "value": csv_values.parse_value,
            "status": csv_values.parse_status,
            **dict.fromkeys(NUMBER_FIELDS[1:], csv_values.parse_number),
        }
        self._value_caches = {name: _ValueCache(readers.get(name, csv_values.parse_code)) for name in self.positions}
        self._dimensions = [name for name in self.positions if name in set(dimensions)]
        self._return_combinations, self._breakdown_combinations = CombinationTable(), CombinationTable()
        self._return_by_combination: list[int] = []  # of each combination of what makes a return
        self._fault_by_combination: dict[
            int, tuple[Fault, str]
        ] = {}  # what is wrong with a combination, and the column
        self._buffer = ColumnBuffer()

    def _map_columns(self, row: int, dimensions: Sequence[str]) -> None:
        found = [csv_values.match_column(name, dimensions) for name in self._names]
        if not any(found):
            fault = Fault(code="header-missing", message="None of the cells of the first row names a column.")
            self._faults.add(fault, rows=[row], actual=", ".join(self._names))
            return
        for index, (name, meant) in enumerate(zip(self._names, found, strict=True)):
            if not name.strip():
                self.unnamed_positions.append(index)
            elif meant in self.positions:
                fault = Fault(code="repeated-column", message=f"There are two columns for {meant}.")
                self._faults.add(fault, rows=[row], column=name)
            elif meant is not None:
                self.positions[meant] = index
            elif not csv_values.is_label_column(name):
                self._faults.add(csv_values.unknown_column_fault(name, dimensions), rows=[row], column=name)
        needed = [name for name in ("measure", "period") if self._parameters[name] is None]
        if "kind" not in self.positions:
            needed.append("area")
            if not {"value", "numerator", "status"} & set(self.positions):
                needed.append("value")
        for name in needed:
            if name not in self.positions:
                fault = Fault(code="column-missing", message=f"There is no column {name}.")
                self._faults.add(fault, rows=[row], column=name)

    @property
    def row_count(self) -> int:
        return self._buffer.row_count

    def full_column(self) -> str | None:
        """A column that has too many different words, if there is one."""
        return next(
            (self._column_name(name) for name, meanings in self._value_caches.items() if meanings.is_full), None
        )

    def _column_name(self, column: str) -> str:
        return self._names[self.positions[column]]

    def add_records(self, records: Records) -> None:
        """Raises TooLarge beyond ten million rows."""
        if not len(records):
            return
        for index in self.unnamed_positions:
            _, length = records.field_spans(index)
            for row in records.row[length > 0].tolist():
                self._faults.add(
                    Fault(code="unnamed-column", message=f"Column {index + 1} has cells and no name."), rows=[row]
                )
        numbers, status = self._read_numbers_and_statuses(records)
        codes = {name: self._read_codes(name, records) for name in (*RETURN_COLUMNS, "area", *self._dimensions)}
        notes = self._read_notes(records)
        said = status != MISSING
        for column in numbers.values():
            said |= column != MISSING
        empty = self._is_nil_or_withdrawn(codes["kind"]) & ~said
        self._require("measure", codes, records, self._parameters["measure"] is None)
        self._require("period", codes, records, self._parameters["period"] is None)
        self._require("area", codes, records, ~empty)
        item = self._assign_returns(codes, records)
        breakdown = self._breakdown_combinations.assign_numbers(
            [codes[name] for name in self._dimensions] or [np.zeros(len(records), dtype=np.int64)]
        )
        columns = {
            "item": item,
            "area": codes["area"],
            "breakdown": breakdown,
            "status": status + 1,
            "row": records.row,
            **numbers,
        }
        kept = ~empty
        self._buffer.add({name: column[kept] for name, column in columns.items()}, notes[kept])

    def _read_codes(self, name: str, records: Records) -> Column:
        if name not in self.positions:
            return np.full(len(records), MISSING)
        return self._value_caches[name].assign_numbers(
            records, *records.field_spans(self.positions[name]), self._column_name(name), self._faults
        )

    def _require(self, name: str, codes: dict[str, Column], records: Records, wanted: Mask | bool) -> None:
        if name in self.positions:
            rows = records.row[(codes[name] == MISSING) & wanted]
            if rows.size:
                fault = Fault(code="empty-cell", message=f"The row has no {name}.")
                self._faults.add(fault, rows=rows.tolist(), column=self._column_name(name))

    def _is_nil_or_withdrawn(self, kinds: Column) -> Mask:
        """Whether a row is of a nil or withdrawn return."""
        values = self._value_caches["kind"].values if "kind" in self.positions else []
        nil = [number for number, value in enumerate(values) if value is not ReturnKind.DATA]
        return np.isin(kinds, nil)

    def _read_numbers_and_statuses(self, records: Records) -> tuple[dict[str, Column], Column]:
        """The numbers, and the statuses counted from 0; FAULTY where one has been told as wrong."""
        numbers: dict[str, Column] = {}
        status = np.full(len(records), MISSING)
        if "status" in self.positions:
            found = self._read_codes("status", records)
            status = self._to_numbers(found, self._value_caches["status"].values, _status_number)
        for name in NUMBER_FIELDS:
            if name not in self.positions:
                numbers[name] = np.full(len(records), MISSING)
                continue
            numbers[name], short = self._read_numbers(name, records)
            if short is not None:
                twice = (short >= 0) & (status >= 0) & (short != status)
                if twice.any():
                    fault = Fault(code="two-statuses", message="Shorthand and `status` say different things.")
                    self._faults.add(fault, rows=records.row[twice].tolist(), column=self._column_name(name))
                status = np.where(short >= 0, short, status)
        return numbers, status

    @staticmethod
    def _to_numbers(found: Column, values: Sequence[CsvValue], number: Callable[[CsvValue], int]) -> Column:
        """Meanings as the numbers that they are, or stand for."""
        table = np.array([*(number(value) for value in values), INVALID, MISSING], dtype=np.int64)
        return table[found]  # FAULTY and NULL are the last two

    def _read_numbers(self, name: str, records: Records) -> tuple[Column, Column | None]:
        """Plain digits at once; the rest by their words."""
        start, length = records.field_spans(self.positions[name])
        numbers = parse_digits(records, start, length)
        rest = np.flatnonzero((length > 0) & ((numbers == MISSING) | (numbers > csv_values.MAX_COUNT)))
        if not rest.size:
            return numbers, None
        begin, size = strip_padding(records, start[rest], length[rest])
        numbers[rest] = parse_digits(records, begin, size)
        again = (numbers[rest] == MISSING) | (numbers[rest] > csv_values.MAX_COUNT)
        rest, begin, size = rest[again], begin[again], size[again]
        if not rest.size:
            return numbers, None
        meanings = self._value_caches[name]
        found = meanings.assign_numbers(records.select(rest), begin, size, self._column_name(name), self._faults)
        numbers[rest] = self._to_numbers(found, meanings.values, _count_or_missing)
        statuses = np.full(len(records), MISSING)
        statuses[rest] = self._to_numbers(found, meanings.values, _status_number)
        return numbers, statuses

    def _read_notes(self, records: Records) -> Notes:
        notes: Notes = np.broadcast_to(np.array(None, dtype=np.object_), len(records))
        if "note" not in self.positions:
            return notes
        start, length = records.field_spans(self.positions["note"])
        there = np.flatnonzero(length > 0)
        if there.size:
            notes = notes.copy()
        for at in there.tolist():
            found = csv_values.parse_note(records.decode_word(start[at], length[at]))
            if isinstance(found, Fault):
                self._faults.add(found, rows=[int(records.row[at])], column=self._column_name("note"))
            else:
                notes[at] = found
        return notes

    def _assign_returns(self, codes: dict[str, Column], records: Records) -> Column:
        combined = self._return_combinations.assign_numbers([codes[name] for name in RETURN_COLUMNS])
        for combination in islice(
            self._return_combinations.index_by_combination, len(self._return_by_combination), None
        ):
            self._return_by_combination.append(self._register_return(len(self._return_by_combination), combination))
        if self._fault_by_combination:
            for at in np.flatnonzero(np.isin(combined, list(self._fault_by_combination))).tolist():
                fault, column = self._fault_by_combination[int(combined[at])]
                self._faults.add(fault, rows=[int(records.row[at])], column=column)
        return np.array(self._return_by_combination, dtype=np.int64)[combined]

    def _register_return(self, number: int, combination: tuple[int, ...]) -> int:
        """The number of the return that a new combination is of; NULL where that cannot be told."""
        words = {
            name: self._value_caches[name].values[at]
            if at >= 0
            else self._parameters.get(name)
            if at == MISSING
            else INVALID
            for name, at in zip(RETURN_COLUMNS, combination, strict=True)
        }
        measure, series, service, period = (words.pop(name) for name in RETURN_COLUMNS[:4])
        if INVALID in combination or not isinstance(measure, str) or not isinstance(period, str):
            return MISSING
        key = (measure, series, service or "main", period)
        one = self.returns.get(key)
        if one is None:
            if len(self.returns) >= MAX_RETURNS:
                fault = Fault(code="too-many-returns", message=f"The file has more than {MAX_RETURNS:,} returns.")
                self._fault_by_combination[number] = (
                    fault,
                    self._column_name("period") if "period" in self.positions else "period",
                )
                return MISSING
            one = self.returns[key] = _ReturnBuilder(
                len(self.returns), measure, _text_or_none(series), _text_or_none(service), period
            )
        different = one.find_contradiction(words)
        if different is not None:
            fault = Fault(code="inconsistent-return", message=f"Rows of one return differ in {different}.")
            self._fault_by_combination[number] = (fault, self._column_name(different))
        return one.item

    def to_submission(self, envelope: NewSubmission) -> ParsedSubmission:
        breakdowns: list[dict[str, str]] = []
        for combination in self._breakdown_combinations.index_by_combination:
            told = zip(self._dimensions, combination, strict=False)
            breakdowns.append({name: str(self._value_caches[name].values[at]) for name, at in told if at >= 0})
        return ParsedSubmission(
            envelope=replace(envelope, returns=[one.build() for one in self.returns.values()]),
            distinct_areas=[str(word) for word in self._value_caches["area"].values]
            if "area" in self.positions
            else [],
            distinct_breakdowns=breakdowns,
            is_tabular=True,
            **self._buffer.drain(),
        )


def _count_or_missing(value: CsvValue) -> int:
    return value if isinstance(value, int) else MISSING


def _status_number(value: CsvValue) -> int:
    return STATUSES.index(value) - 1 if isinstance(value, Status) else MISSING


def _text_or_none(word: CsvValue) -> str | None:
    return word if isinstance(word, str) else None
