"""Our columns and findings from the tables of text that any CSV library yields."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from api.submissions.cell_columns import MISSING
from api.submissions.reading import csv_values
from api.submissions.reading.csv_columns import ColumnReader, _count_or_missing, _status_number
from api.submissions.reading.csv_header import map_header
from api.submissions.reading.csv_value_cache import CsvValueCache
from api.submissions.reading.faults import INVALID, Fault, Faults
from api.submissions.reading.text_decoder import NotDecodable, TextDecoder
from schema.submissions import NewSubmission

DIMENSIONS = ("sex", "age", "ethnicity")
ENVELOPE = NewSubmission(returns=[])
PARAMETERS = {"measure": None, "period": None}
READ_BYTES = 256 * 1024


class PeerTable:
    """Adjacent records. A subclass returns the fields of a column in three forms."""

    def __init__(self, rows: np.ndarray) -> None:
        self.row = rows

    def __len__(self) -> int:
        return len(self.row)

    def encode(self, index: int, chosen: np.ndarray | None = None) -> tuple[np.ndarray, Sequence[str]]:
        """Return the position of each word in the list of distinct words, and that list."""
        raise NotImplementedError

    def parse_digits(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the plain numbers, and the positions of all other words that are not blank."""
        raise NotImplementedError


class WordCache(CsvValueCache):
    """The values of distinct words that a library has found."""

    def assign(self, positions: np.ndarray, words: Sequence[str], rows: np.ndarray, column: str, faults: Faults):
        first = len(self._number_by_string)
        for word in words:
            self._number_by_string.append(self._number_of(word))
        numbers = np.array(self._number_by_string[first:] or [MISSING], dtype=np.int64)[positions]
        for position in np.flatnonzero(numbers == INVALID).tolist():
            fault, word = self._fault_by_string[first + int(positions[position])]
            faults.add(fault, rows=[int(rows[position])], column=column, actual=word)
        return numbers


class PeerColumns(ColumnReader):
    """Our columns from a library's tables."""

    def __init__(self, header, faults: Faults) -> None:
        super().__init__(header, DIMENSIONS, PARAMETERS, faults)
        self._caches.update({name: WordCache(cache._parse) for name, cache in self._caches.items()})

    def _check_unnamed_columns(self, table: PeerTable) -> None:
        for index in self.header.unnamed_positions:
            positions, words = table.encode(index)
            for row in table.row[np.array([bool(word) for word in words])[positions]].tolist():
                fault = Fault(code="unnamed-column", message=f"Column {index + 1} has cells but no name.")
                self._faults.add(fault, rows=[row])

    def _read_codes(self, name: str, table: PeerTable):
        if name not in self.header.positions:
            return np.full(len(table), MISSING)
        positions, words = table.encode(self.header.positions[name])
        return self._caches[name].assign(positions, words, table.row, self.header.name_in_file(name), self._faults)

    def _read_numbers(self, name: str, table: PeerTable):
        index, cache = self.header.positions[name], self._caches[name]
        numbers, rest = table.parse_digits(index)
        if not rest.size:
            return numbers, None
        positions, words = table.encode(index, rest)
        column = self.header.name_in_file(name)
        codes = cache.assign(positions, words, table.row[rest], column, self._faults)
        numbers[rest] = self._to_numbers(codes, cache.values, _count_or_missing)
        statuses = np.full(len(table), MISSING)
        statuses[rest] = self._to_numbers(codes, cache.values, _status_number)
        return numbers, statuses

    def _read_notes(self, table: PeerTable):
        notes = np.full(len(table), None, dtype=np.object_)
        if "note" in self.header.positions:
            positions, words = table.encode(self.header.positions["note"])
            parsed = [csv_values.parse_note(word) for word in words]
            notes = np.array([*parsed, None], dtype=np.object_)[:-1][positions]
        return notes


class DecodedFile(io.RawIOBase):
    """The bytes of a file as UTF-8 with line feeds."""

    def __init__(self, path: Path) -> None:
        self._file, self._decoder, self._rest, self.line_count = path.open("rb"), TextDecoder(), b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest and (piece := self._file.read(READ_BYTES)):
            self._rest = self._decoder.decode(piece, final=len(piece) < READ_BYTES)
        chosen, self._rest = (self._rest[:size], self._rest[size:]) if size >= 0 else (self._rest, b"")
        self.line_count += chosen.count(b"\n")
        return chosen

    def readinto(self, target) -> int:
        chosen = self.read(len(target))
        target[: len(chosen)] = chosen
        return len(chosen)

    def readall(self) -> bytes:
        return b"".join(iter(self.read, b""))


def read_with(tables: Callable[[Path, str, Faults], Iterator[tuple[Sequence[str] | None, PeerTable]]], path: Path):
    """Return the submission. Raises Rejected."""
    faults = Faults()
    columns: PeerColumns | None = None
    file = DecodedFile(path)
    try:
        first_line = file.read(READ_BYTES).partition(b"\n")[0].decode(errors="replace")
        for names, table in tables(path, max(",;\t", key=first_line.count), faults):
            if columns is None:
                columns = PeerColumns(map_header(names, 1, DIMENSIONS, PARAMETERS, faults), faults)
            columns.add_records(table)
    except NotDecodable as error:
        faults.add(error.fault, rows=[file.line_count + 1 + error.line])
    faults.raise_if_any()
    return columns.to_submission(ENVELOPE)


def ragged_fault(width: int, expected: int) -> Fault:
    word = "fewer" if width < expected else "more"
    return Fault(code="ragged-row", message=f"The row has {word} cells than the header.", expected=str(expected))
