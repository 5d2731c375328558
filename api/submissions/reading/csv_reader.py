"""A tidy CSV file as what was sent: read in chunks, by columns; every fault is told by its row and column."""

import codecs
import re
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
from msgspec.structs import replace

from api.submissions.reading import csv_values
from api.submissions.reading.column_buffer import Growing
from api.submissions.reading.csv_scanner import (
    BLANKS,
    SEPARATORS,
    Combinations,
    Records,
    Words,
    digits,
    scan,
    unpadded,
    written,
)
from api.submissions.reading.csv_values import Meaning, Reader
from api.submissions.reading.faults import MOST_CELLS, Fault, Faults
from api.submissions.revisions import NULL, NUMBERS, STATUSES, Column, Mask, Notes, Sent
from schema.submissions import NewReturn, NewSubmission, ReturnKind, Status

CHUNK = 1024 * 1024
LONGEST_ROW = 1024 * 1024  # bytes
MOST_WORDS = 200_000  # different ones in one column: there are fewer areas than that
LARGEST_WORDS = 32 * 1024 * 1024  # bytes, all of one column's together
MOST_RETURNS = 1000
FAULTY = -2  # the word has been told as wrong: nothing more is said of it

OF_RETURN = ("measure", "series", "service", "period", "kind", "base_revision", "return_note")
_SEPARATOR_NAMED = re.compile(rb'"?sep=([,;\t])"?[,;\t]*')
_WORKBOOK = b"PK\x03\x04"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class CsvRows:
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
        chunk: int = CHUNK,
    ) -> None:
        self.faults = Faults()
        self._chunk = max(chunk, len(_WORKBOOK))
        self._dimensions = dimensions
        self._envelope = envelope
        self._given = {"measure": measure, "period": period}
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._ended = False  # nothing more can be read
        self._held = b""  # a carriage return that a line feed may follow
        self._text = b""  # the beginning of a record whose end has not come
        self._row = 0
        self._separator: int | None = None
        self._columns: _Columns | None = None
        self._misencoded = False

    def feed(self, piece: bytes) -> None:
        """Raises TooLarge beyond ten million rows."""
        if self._ended:
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= self._chunk:
            self._work(final=False)

    def finish(self) -> Sent:
        """Raises Rejected with all that is wrong in the file."""
        if not self._ended:
            self._work(final=True)
        columns = self._columns
        if columns is None:
            if not self.faults.cells and not self._ended:
                self.faults.add(Fault(code="no-rows", message="The file is empty."))
        elif not columns.count and not columns.returns and not self.faults.cells:
            self.faults.add(Fault(code="no-rows", message="The file has a header and nothing below it."))
        self.faults.settle()
        assert columns is not None  # noqa: S101  settled otherwise
        return columns.sent(self._envelope)

    def _end(self, fault: Fault, row: int, *, column: str | None = None) -> None:
        self._ended = True
        self.faults.add(fault, rows=[row], column=column)

    def _work(self, *, final: bool) -> None:
        text = self._arrived(final=final)
        if (at := text.find(b"\0")) >= 0:
            self._end(_not_text("There is a NUL byte"), self._row + 1 + text.count(b"\n", 0, at))
        elif self._columns is None:
            text = self._headed(text, final=final)
        if not self._ended and self._columns is not None and text:
            self._read(text, self._columns, final=final)

    def _arrived(self, *, final: bool) -> bytes:
        """What has come, after what was left over, in UTF-8 and with line feeds at the ends of lines."""
        data = b"".join(self._pieces)
        self._pieces, self._waiting = [], 0
        if not self._begun:
            self._begun = True
            if data.startswith(_WORKBOOK):
                self._end(_not_text("This is a workbook"), 1)
                return b""
            if data.startswith(_UTF_16):
                self._decoder = codecs.getincrementaldecoder("utf-16")()
            data = data.removeprefix(codecs.BOM_UTF8)
        if self._decoder is not None:
            try:
                data = self._decoder.decode(data, final).encode()
            except UnicodeDecodeError:
                self._end(_wrong_encoding("UTF-16 that is broken"), self._row + 1)
                return b""
        data, self._held = self._held + data, b""
        if b"\r" in data:
            if data.endswith(b"\r") and not final:
                data, self._held = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text, self._text = self._text + data, b""
        return text + b"\n" if final and text and not text.endswith(b"\n") else text

    def _headed(self, text: bytes, *, final: bool) -> bytes:
        """Reads the header, after blank rows, and returns what follows; keeps the text where it is not all there."""
        blank = BLANKS[np.frombuffer(text, dtype=np.uint8)]
        if blank.all():
            self._row += text.count(b"\n")
            self._keep(text[text.rfind(b"\n") + 1 :])
            return b""
        begin = text.rfind(b"\n", 0, int(np.argmin(blank))) + 1
        self._row += text.count(b"\n", 0, begin)
        text = text[begin:]
        line, ended, after = text.partition(b"\n")
        named = _SEPARATOR_NAMED.fullmatch(line) if ended and self._separator is None else None
        if named:
            self._separator = named[1][0]
            self._row += 1
            return self._headed(after, final=final) if after else after
        separator = self._separator or max(SEPARATORS, key=line.count)
        records, _, stray = scan(text, separator, above=self._row)
        if not len(records):
            if stray or final:
                self._end(_STRAY_QUOTE, self._row + 1)
            self._keep(text)
            return b""
        self._separator = separator
        head = records.take(slice(1))
        names = [written(text[start : start + length]) for start, length in _spans(head)]
        self._check_encoding(head, int(head.end[0]))
        self._row += 1
        self._columns = _Columns(names, self._row, self._dimensions, self._given, self.faults)
        if not self._columns.at:
            self._ended = True
        return text[int(head.end[0]) + 1 :]

    def _keep(self, text: bytes) -> None:
        self._text = text
        if len(text) > LONGEST_ROW:
            self._end(Fault(code="row-too-long", message="The row does not end."), self._row + 1)

    def _read(self, text: bytes, columns: "_Columns", *, final: bool) -> None:
        records, used, stray = scan(text, self._separator or 0, above=self._row)
        self._row += len(records)
        if len(records):
            self._check_encoding(records, used)
            columns.take(self._whole(records, columns))
        if stray or (final and used < len(text)):
            self._end(_STRAY_QUOTE, self._row + 1)
        elif self.faults.too_many:
            self._end(_too_many(f"more than {MOST_CELLS:,} cells are wrong"), self._row)
        elif (crowded := columns.crowded()) is not None:
            self._end(_too_many(f"the column has more than {MOST_WORDS:,} different words"), self._row, column=crowded)
        else:
            self._keep(text[used:])

    def _check_encoding(self, records: Records, used: int) -> None:
        if self._misencoded or records.text.isascii():
            return
        try:
            records.text[:used].decode()
        except UnicodeDecodeError as error:
            self._misencoded = True
            row = int(records.row[np.searchsorted(records.end, error.start)])
            self.faults.add(_wrong_encoding("bytes that are not UTF-8"), rows=[row])

    def _whole(self, records: Records, columns: "_Columns") -> Records:
        """Those that are not blank and have as many cells as the header; more only if they are empty."""
        records = records.not_blank()
        fits = (records.size >= columns.needed) & (records.size <= columns.width)
        if not fits.all():
            fits |= (records.size > columns.width) & records.blank_from(columns.width)
            ragged = records.take(~fits)
            for row, size in zip(ragged.row.tolist(), ragged.size.tolist(), strict=True):
                fewer = size < columns.needed
                self.faults.add(
                    Fault(
                        code="ragged-row",
                        message=f"The row has {'fewer' if fewer else 'more'} cells than the header.",
                        expected=str(columns.needed if fewer else columns.width),
                    ),
                    rows=[row],
                    actual=str(size),
                )
            records = records.take(fits)
        return records


def _spans(record: Records) -> list[tuple[int, int]]:
    fields = [record.field(index) for index in range(int(record.size[0]))]
    return [(int(start[0]), int(length[0])) for start, length in fields]


def _not_text(what: str) -> Fault:
    return Fault(code="not-text", message=f"{what}: the file is not text.")


def _wrong_encoding(what: str) -> Fault:
    return Fault(code="wrong-encoding", message=f"From this row on there is {what}.", expected="UTF-8")


def _too_many(what: str) -> Fault:
    return Fault(code="too-many-faults", message=f"Reading ended at this row: {what}.")


_STRAY_QUOTE = Fault(code="stray-quote", message="A quote in this row opens no cell, or is never closed.")


class _Meanings:
    """What the words of one column mean, each read once. Equal meanings have one number; NULL is blank."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._words = Words()
        self._told: list[int] = []  # the number of each word's meaning
        self._faults: dict[int, tuple[Fault, str]] = {}  # by word
        self._known: dict[Meaning, int] = {}
        self.values: list[Meaning] = []

    @property
    def crowded(self) -> bool:
        return len(self._told) > MOST_WORDS or self._words.size > LARGEST_WORDS

    def of(self, records: Records, start: Column, length: Column, column: str, faults: Faults) -> Column:
        """The number of each record's meaning, NULL where it is blank, FAULTY where it has none."""
        words = self._words.number(records.text, start, length)
        for raw in islice(self._words.known, len(self._told), None):
            self._told.append(self._meaning(written(raw)))
        meanings = np.array(self._told, dtype=np.int64)[words]
        if self._faults:
            for at in np.flatnonzero(meanings == FAULTY).tolist():
                fault, shown = self._faults[int(words[at])]
                faults.add(fault, rows=[int(records.row[at])], column=column, actual=shown)
        return meanings

    def _meaning(self, word: str) -> int:
        found = self._read(word)
        if isinstance(found, Fault):
            self._faults[len(self._told)] = (found, word)
            return FAULTY
        if found is None:
            return NULL
        if found not in self._known:
            self._known[found] = len(self.values)
            self.values.append(found)
        return self._known[found]


class _Return:
    """A return as its rows tell it, one by one."""

    def __init__(self, item: int, measure: str, series: str | None, service: str | None, period: str) -> None:
        self.item = item
        self.measure, self.series, self.service, self.period = measure, series, service, period
        self.said: dict[str, Meaning] = {}

    def differs(self, said: dict[str, Meaning]) -> str | None:
        """The column in which a row contradicts those before it. A blank cell says nothing."""
        for name, value in said.items():
            if value is not None and self.said.setdefault(name, value) != value:
                return name
        return None

    def told(self) -> NewReturn:
        kind, base, note = (self.said.get(name) for name in OF_RETURN[4:])
        return NewReturn(
            measure=self.measure,
            period=self.period,
            series=self.series,
            service=self.service or "main",
            kind=kind if isinstance(kind, ReturnKind) else ReturnKind.DATA,
            base_revision=base if isinstance(base, int) else None,
            note=note if isinstance(note, str) else None,
        )


class _Columns:
    """The columns of the file, as far as it has been read."""

    def __init__(
        self,
        names: Sequence[str],
        row: int,
        dimensions: Sequence[str],
        given: dict[str, str | None],
        faults: Faults,
    ) -> None:
        self.at: dict[str, int] = {}  # where each column stands
        self.unnamed: list[int] = []
        self.returns: dict[tuple[Meaning, ...], _Return] = {}
        self.width = len(names)
        self._names = names
        self._faults = faults
        self._given = given
        self._head(row, dimensions)
        self.needed = max([*self.at.values(), -1]) + 1
        readers: dict[str, Reader] = {
            "measure": csv_values.only(given["measure"], csv_values.code),
            "period": csv_values.only(given["period"], csv_values.period),
            "kind": csv_values.kind,
            "base_revision": csv_values.revision,
            "return_note": csv_values.note,
            "value": csv_values.value,
            "status": csv_values.status,
            **dict.fromkeys(NUMBERS[1:], csv_values.number),
        }
        self._meanings = {name: _Meanings(readers.get(name, csv_values.code)) for name in self.at}
        self._dimensions = [name for name in self.at if name in set(dimensions)]
        self._of_return, self._breakdowns = Combinations(), Combinations()
        self._items: list[int] = []  # of each combination of what makes a return
        self._told: dict[int, tuple[Fault, str]] = {}  # what is wrong with a combination, and the column
        self._growing = Growing()

    def _head(self, row: int, dimensions: Sequence[str]) -> None:
        found = [csv_values.header(name, dimensions) for name in self._names]
        if not any(found):
            fault = Fault(code="header-missing", message="None of the cells of the first row names a column.")
            self._faults.add(fault, rows=[row], actual=", ".join(self._names))
            return
        for index, (name, meant) in enumerate(zip(self._names, found, strict=True)):
            if not name.strip():
                self.unnamed.append(index)
            elif meant in self.at:
                fault = Fault(code="repeated-column", message=f"There are two columns for {meant}.")
                self._faults.add(fault, rows=[row], column=name)
            elif meant is not None:
                self.at[meant] = index
            elif not csv_values.is_ignored(name):
                self._faults.add(csv_values.unknown_header(name, dimensions), rows=[row], column=name)
        needed = [name for name in ("measure", "period") if self._given[name] is None]
        if "kind" not in self.at:
            needed.append("area")
            if not {"value", "numerator", "status"} & set(self.at):
                needed.append("value")
        for name in needed:
            if name not in self.at:
                fault = Fault(code="column-missing", message=f"There is no column {name}.")
                self._faults.add(fault, rows=[row], column=name)

    @property
    def count(self) -> int:
        return self._growing.count

    def crowded(self) -> str | None:
        """A column that has too many different words, if there is one."""
        return next((self._name(name) for name, meanings in self._meanings.items() if meanings.crowded), None)

    def _name(self, column: str) -> str:
        return self._names[self.at[column]]

    def take(self, records: Records) -> None:
        """Raises TooLarge beyond ten million rows."""
        if not len(records):
            return
        for index in self.unnamed:
            _, length = records.field(index)
            for row in records.row[length > 0].tolist():
                self._faults.add(
                    Fault(code="unnamed-column", message=f"Column {index + 1} has cells and no name."), rows=[row]
                )
        numbers, status = self._figures(records)
        codes = {name: self._codes(name, records) for name in (*OF_RETURN, "area", *self._dimensions)}
        notes = self._notes(records)
        said = status != NULL
        for column in numbers.values():
            said |= column != NULL
        empty = self._without_figures(codes["kind"]) & ~said
        self._demand("measure", codes, records, self._given["measure"] is None)
        self._demand("period", codes, records, self._given["period"] is None)
        self._demand("area", codes, records, ~empty)
        item = self._item(codes, records)
        breakdown = self._breakdowns.number(
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
        self._growing.add({name: column[kept] for name, column in columns.items()}, notes[kept])

    def _codes(self, name: str, records: Records) -> Column:
        if name not in self.at:
            return np.full(len(records), NULL)
        return self._meanings[name].of(records, *records.field(self.at[name]), self._name(name), self._faults)

    def _demand(self, name: str, codes: dict[str, Column], records: Records, wanted: Mask | bool) -> None:
        if name in self.at:
            rows = records.row[(codes[name] == NULL) & wanted]
            if rows.size:
                fault = Fault(code="cell-missing", message=f"The row has no {name}.")
                self._faults.add(fault, rows=rows.tolist(), column=self._name(name))

    def _without_figures(self, kinds: Column) -> Mask:
        """Whether a row is of a nil or withdrawn return."""
        values = self._meanings["kind"].values if "kind" in self.at else []
        nil = [number for number, value in enumerate(values) if value is not ReturnKind.DATA]
        return np.isin(kinds, nil)

    def _figures(self, records: Records) -> tuple[dict[str, Column], Column]:
        """The numbers, and the statuses counted from 0; FAULTY where one has been told as wrong."""
        numbers: dict[str, Column] = {}
        status = np.full(len(records), NULL)
        if "status" in self.at:
            found = self._codes("status", records)
            status = self._valued(found, self._meanings["status"].values, _number_of_status)
        for name in NUMBERS:
            if name not in self.at:
                numbers[name] = np.full(len(records), NULL)
                continue
            numbers[name], short = self._numbers(name, records)
            if short is not None:
                twice = (short >= 0) & (status >= 0) & (short != status)
                if twice.any():
                    fault = Fault(code="two-statuses", message="Shorthand and `status` say different things.")
                    self._faults.add(fault, rows=records.row[twice].tolist(), column=self._name(name))
                status = np.where(short >= 0, short, status)
        return numbers, status

    @staticmethod
    def _valued(found: Column, values: Sequence[Meaning], number: Callable[[Meaning], int]) -> Column:
        """Meanings as the numbers that they are, or stand for."""
        table = np.array([*(number(value) for value in values), FAULTY, NULL], dtype=np.int64)
        return table[found]  # FAULTY and NULL are the last two

    def _numbers(self, name: str, records: Records) -> tuple[Column, Column | None]:
        """Plain digits at once; the rest by their words."""
        start, length = records.field(self.at[name])
        numbers = digits(records, start, length)
        rest = np.flatnonzero((length > 0) & ((numbers == NULL) | (numbers > csv_values.LARGEST)))
        if not rest.size:
            return numbers, None
        begin, size = unpadded(records, start[rest], length[rest])
        numbers[rest] = digits(records, begin, size)
        again = (numbers[rest] == NULL) | (numbers[rest] > csv_values.LARGEST)
        rest, begin, size = rest[again], begin[again], size[again]
        if not rest.size:
            return numbers, None
        meanings = self._meanings[name]
        found = meanings.of(records.take(rest), begin, size, self._name(name), self._faults)
        numbers[rest] = self._valued(found, meanings.values, _number_itself)
        statuses = np.full(len(records), NULL)
        statuses[rest] = self._valued(found, meanings.values, _number_of_status)
        return numbers, statuses

    def _notes(self, records: Records) -> Notes:
        notes: Notes = np.broadcast_to(np.array(None, dtype=np.object_), len(records))
        if "note" not in self.at:
            return notes
        start, length = records.field(self.at["note"])
        there = np.flatnonzero(length > 0)
        if there.size:
            notes = notes.copy()
        for at in there.tolist():
            found = csv_values.note(records.word(start[at], length[at]))
            if isinstance(found, Fault):
                self._faults.add(found, rows=[int(records.row[at])], column=self._name("note"))
            else:
                notes[at] = found
        return notes

    def _item(self, codes: dict[str, Column], records: Records) -> Column:
        combined = self._of_return.number([codes[name] for name in OF_RETURN])
        for combination in islice(self._of_return.known, len(self._items), None):
            self._items.append(self._take_up(len(self._items), combination))
        if self._told:
            for at in np.flatnonzero(np.isin(combined, list(self._told))).tolist():
                fault, column = self._told[int(combined[at])]
                self._faults.add(fault, rows=[int(records.row[at])], column=column)
        return np.array(self._items, dtype=np.int64)[combined]

    def _take_up(self, number: int, combination: tuple[int, ...]) -> int:
        """The number of the return that a new combination is of; NULL where that cannot be told."""
        words = {
            name: self._meanings[name].values[at] if at >= 0 else self._given.get(name) if at == NULL else FAULTY
            for name, at in zip(OF_RETURN, combination, strict=True)
        }
        measure, series, service, period = (words.pop(name) for name in OF_RETURN[:4])
        if FAULTY in combination or not isinstance(measure, str) or not isinstance(period, str):
            return NULL
        key = (measure, series, service or "main", period)
        one = self.returns.get(key)
        if one is None:
            if len(self.returns) >= MOST_RETURNS:
                fault = Fault(code="too-many-returns", message=f"The file has more than {MOST_RETURNS:,} returns.")
                self._told[number] = (fault, self._name("period") if "period" in self.at else "period")
                return NULL
            one = self.returns[key] = _Return(len(self.returns), measure, _text(series), _text(service), period)
        different = one.differs(words)
        if different is not None:
            fault = Fault(code="unlike-in-return", message=f"Rows of one return differ in {different}.")
            self._told[number] = (fault, self._name(different))
        return one.item

    def sent(self, envelope: NewSubmission) -> Sent:
        breakdowns: list[dict[str, str]] = []
        for combination in self._breakdowns.known:
            told = zip(self._dimensions, combination, strict=False)
            breakdowns.append({name: str(self._meanings[name].values[at]) for name, at in told if at >= 0})
        return Sent(
            envelope=replace(envelope, returns=[one.told() for one in self.returns.values()]),
            area_words=[str(word) for word in self._meanings["area"].values] if "area" in self.at else [],
            breakdown_words=breakdowns,
            tabular=True,
            **self._growing.joined(),
        )


def _number_itself(value: Meaning) -> int:
    return value if isinstance(value, int) else NULL


def _number_of_status(value: Meaning) -> int:
    return STATUSES.index(value) - 1 if isinstance(value, Status) else NULL


def _text(word: Meaning) -> str | None:
    return word if isinstance(word, str) else None
