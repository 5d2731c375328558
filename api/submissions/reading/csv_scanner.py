"""Where the records and fields of a CSV chunk lie, and which words stand in them: whole chunks at once.

A word is what stands between two separators, without the quotes round it. Distinct words are few, so each is
numbered once and read once; a column is then an array of numbers.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.submissions.revisions import MISSING, Column, Mask

ByteColumn = npt.NDArray[np.uint8]
WordParts = npt.NDArray[np.uint64]

SEPARATORS = b",;\t"
IS_BLANK_BYTE = np.zeros(256, dtype=np.bool_)
IS_BLANK_BYTE[list(b' \t\n"' + SEPARATORS)] = True
MAX_DIGITS = 16  # of the largest number there is, 2**53 - 1
_QUOTE, _LINE_END, _SPACE, _POINT, _ZERO = b'"\n .0'
_MAX_SHORT_WORD_BYTES = 64  # bytes of a word that is numbered by arithmetic; longer ones are rare
_PADDING = bytes(_MAX_SHORT_WORD_BYTES + 8)
_BYTE_MASKS = np.array(  # which bits of each eight bytes belong to a word, by its length
    [
        [(1 << 8 * min(max(n - at, 0), 8)) - 1 for n in range(_MAX_SHORT_WORD_BYTES + 1)]
        for at in range(0, _MAX_SHORT_WORD_BYTES, 8)
    ],
    dtype=np.uint64,
)
_MAX_LOOKUP_ENTRIES = 2**20
_HASH_FACTORS = np.array(
    [1, *(pow(0x9E3779B97F4A7C15, n, 2**64) for n in range(1, _MAX_SHORT_WORD_BYTES // 8))], dtype=np.uint64
)


class Records(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Whole records of a text. Field f of the text lies between `edges[f]` and `edges[f + 1]`, both exclusive."""

    text: bytes  # padded, so that a word can be read from any place
    edges: Column
    first_field: Column  # the number of each record's first field
    field_count: Column  # how many fields each record has
    row: Column  # the number of each record, as a spreadsheet counts

    def __len__(self) -> int:
        return len(self.first_field)

    @property
    def text_bytes(self) -> ByteColumn:
        return np.frombuffer(self.text, dtype=np.uint8)

    @property
    def start(self) -> Column:
        return self.edges[self.first_field] + 1

    @property
    def end(self) -> Column:
        return self.edges[self.first_field + self.field_count]

    def select(self, chosen: Mask | Column | slice) -> "Records":
        return Records(
            text=self.text,
            edges=self.edges,
            first_field=self.first_field[chosen],
            field_count=self.field_count[chosen],
            row=self.row[chosen],
        )

    def without_blanks(self) -> "Records":
        """Without the records that hold nothing. A few bytes of each tell most of those that do."""
        length = self.end - self.start
        perhaps = np.ones(len(self), dtype=np.bool_)
        for quarter in range(4):
            perhaps &= IS_BLANK_BYTE[self.text_bytes[self.start + length * quarter // 4]]
        candidates = np.flatnonzero(perhaps)
        if not candidates.size:
            return self
        perhaps[candidates] = self.select(candidates).are_blank_from(0)
        return self.select(~perhaps)

    def are_blank_from(self, index: int) -> Mask:
        """Which records hold nothing from some field on."""
        start = self.edges[self.first_field + np.minimum(index, self.field_count)] + 1
        return are_blank(self.text_bytes, start, np.maximum(self.end - start, 0), IS_BLANK_BYTE)

    def field_spans(self, index: int) -> tuple[Column, Column]:
        """Start and length of one field of each record, without its quotes; a record that is too short has none."""
        every = self._fields_per_record
        if every and index < every:
            edges = self.edges[self.first_field[0] + index :]
            start = edges[: 1 + (len(self) - 1) * every : every] + 1
            length = edges[1 : 2 + (len(self) - 1) * every : every] - start
        else:
            there = index < self.field_count
            at = self.first_field + np.where(there, index, 0)
            start = self.edges[at] + 1
            length = np.where(there, self.edges[at + 1] - start, 0)
        if self._has_quotes and length.any():
            quoted = (length > 0) & (self.text_bytes[start] == _QUOTE)
            return start + quoted, length - 2 * quoted
        return start, length

    @cached_property
    def _has_quotes(self) -> bool:
        return b'"' in self.text

    @cached_property
    def _fields_per_record(self) -> int:
        """How many fields each record has, if all have as many and nothing lies between them; else 0."""
        size = int(self.field_count[0])
        even = self.first_field[-1] - self.first_field[0] == (len(self) - 1) * size and (self.field_count == size).all()
        return size if even else 0

    def decode_word(self, start: int, length: int) -> str:
        return unescape_word(self.text[start : start + length])


def are_blank(octets: ByteColumn, start: Column, length: Column, blanks: Mask) -> Mask:
    """Which of the spans hold nothing but what counts as blank."""
    offset = np.cumsum(length) - length
    places: Column = np.repeat(start - offset, length) + np.arange(int(length.sum()), dtype=np.int64)
    inked = np.concatenate([[0], np.cumsum(~blanks[octets[places]])])
    return inked[offset + length] == inked[offset]


def unescape_word(raw: bytes) -> str:
    """What a word says: within quotes, a quote is written twice."""
    return raw.decode(errors="replace").replace('""', '"')


def split_records(text: bytes, separator: int, *, records_before: int = 0) -> tuple[Records, int, bool]:
    """The whole records that a text begins with, where they end, and whether a stray quote ended them.

    `above` is how many records came before. Every line of the text ends with a line feed. A quote is stray unless
    it opens a field, closes one, or is doubled within one; what comes after it cannot be told.
    """
    text += _PADDING
    octets = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero((octets == separator) | (octets == _LINE_END))
    quotes = np.flatnonzero(octets == _QUOTE)
    if quotes.size:
        marks = marks[np.searchsorted(quotes, marks) & 1 == 0]
    ends = np.flatnonzero(octets[marks] == _LINE_END)
    stray = False
    if quotes.size and ends.size:
        fitting = np.zeros(256, dtype=np.bool_)
        fitting[[separator, _LINE_END, _QUOTE]] = True
        inside = quotes[quotes < marks[ends[-1]]]
        opening, closing = inside[::2], inside[1::2]
        misplaced = np.concatenate(
            [opening[~fitting[octets[opening - 1]] & (opening > 0)], closing[~fitting[octets[closing + 1]]]]
        )
        if misplaced.size:
            stray = True
            ends = ends[: np.searchsorted(marks[ends], misplaced.min())]
    last = np.concatenate([[MISSING], ends])
    used = int(marks[ends[-1]]) + 1 if ends.size else 0
    records = Records(
        text=text,
        edges=np.concatenate([[MISSING], marks[: last[-1] + 1]]),
        first_field=last[:-1] + 1,
        field_count=np.diff(last),
        row=np.arange(records_before + 1, records_before + 1 + len(ends)),
    )
    return records, used, stray


def parse_digits(records: Records, start: Column, length: Column) -> Column:
    """The whole numbers that stand there; NULL where it is anything else, be it blank."""
    octets = records.text_bytes
    fine = (length > 0) & (length <= MAX_DIGITS)
    total = np.zeros(len(start), dtype=np.int64)
    last = start + length - 1
    worth = 1
    for place in range(int(length[fine].max(initial=0))):
        there = fine & (place < length)
        digit = octets[np.where(there, last - place, 0)].astype(np.int64) - _ZERO
        fine &= ~there | ((digit >= 0) & (digit <= 9))
        total += np.where(there, digit * worth, 0)
        worth *= 10
    return np.where(fine, total, MISSING)


def strip_padding(records: Records, start: Column, length: Column) -> tuple[Column, Column]:
    """Without a few spaces round it, and without the `.0` that programs write after whole numbers."""
    octets = records.text_bytes
    start, length = start.copy(), length.copy()
    for _ in range(MAX_DIGITS):
        leading = (length > 0) & (octets[start] == _SPACE)
        start += leading
        length -= leading
        trailing = (length > 0) & (octets[start + length - 1] == _SPACE)
        length -= trailing
        if not (leading | trailing).any():
            break
    pointed = (length > 2) & (octets[start + length - 1] == _ZERO) & (octets[start + length - 2] == _POINT)
    return start, length - 2 * pointed


class StringTable:
    """Numbers the distinct words of a column, in no order that means anything.

    Eight bytes at a time are read as a number, and the numbers of a word mixed into its key. Words are told by
    all of their bytes: two that share a key are kept apart.
    """

    def __init__(self) -> None:
        self.index_by_word: dict[bytes, int] = {}
        self.byte_count = 0  # of the known words, in bytes
        self._keys: WordParts = np.empty(0, dtype=np.uint64)  # sorted
        self._numbers: Column = np.empty(0, dtype=np.int64)  # of the word that has the key
        self._parts: WordParts = np.empty(
            (0, _MAX_SHORT_WORD_BYTES // 8), dtype=np.uint64
        )  # of each word, by its number

    def assign_numbers(self, text: bytes, start: Column, length: Column) -> Column:
        if not length.any():
            return np.full(len(start), self._intern_slow(b"", start[:1], length[:1])[0])
        numbers = np.empty(len(start), dtype=np.int64)
        long = length > _MAX_SHORT_WORD_BYTES
        short = np.flatnonzero(~long)
        if short.size:
            numbers[short] = self._intern_short(text, start[short], length[short])
        numbers[long] = self._intern_slow(text, start[long], length[long])
        return numbers

    def _intern_slow(self, text: bytes, start: Column, length: Column) -> list[int]:
        numbers: list[int] = []
        for begin, size in zip(start.tolist(), length.tolist(), strict=True):
            word = text[begin : begin + size]
            if word not in self.index_by_word:
                self.index_by_word[word] = len(self.index_by_word)
                self.byte_count += size
            numbers.append(self.index_by_word[word])
        return numbers

    def _intern_short(self, text: bytes, start: Column, length: Column) -> Column:
        parts = [_load_eight_bytes(text, start, length, index) for index in range(-(-int(length.max()) // 8))]
        heads, runs = run_lengths(parts)
        parts = [part[heads] for part in parts]
        keys = parts[0] * _HASH_FACTORS[0]
        for part, factor in zip(parts[1:], _HASH_FACTORS[1:], strict=False):
            keys += part * factor
        numbers = self._find_numbers(keys, parts)
        new = np.flatnonzero(numbers == MISSING)
        if new.size:
            _, chosen = np.unique(keys[new], return_index=True)
            self._add_words(text, start[heads], length[heads], keys, new[chosen])
            numbers[new] = self._find_numbers(keys[new], [part[new] for part in parts])
            odd = new[numbers[new] == MISSING]  # another word has the key
            numbers[odd] = self._intern_slow(text, start[heads[odd]], length[heads[odd]])
        return np.repeat(numbers, runs)

    def _find_numbers(self, keys: WordParts, parts: Sequence[WordParts]) -> Column:
        if not self._keys.size:
            return np.full(len(keys), MISSING)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        numbers = self._numbers[at]
        same = self._keys[at] == keys
        for index in range(self._parts.shape[1]):
            known = self._parts[:, index]
            if index < len(parts):
                same &= known[numbers] == parts[index]
            elif known.any():
                same &= known[numbers] == 0
        return np.where(same, numbers, MISSING)

    def _add_words(self, text: bytes, start: Column, length: Column, keys: WordParts, chosen: Column) -> None:
        """Take up words whose keys differ; a key that another word has already stays with that word."""
        numbers = np.array(self._intern_slow(text, start[chosen], length[chosen]), dtype=np.int64)
        parts = np.zeros((len(self.index_by_word), self._parts.shape[1]), dtype=np.uint64)
        parts[: len(self._parts)] = self._parts
        for index in range(parts.shape[1]):
            parts[numbers, index] = _load_eight_bytes(text, start[chosen], length[chosen], index)
        self._parts = parts
        self._keys, first = np.unique(np.concatenate([self._keys, keys[chosen]]), return_index=True)
        self._numbers = np.concatenate([self._numbers, numbers])[first]


def _load_eight_bytes(text: bytes, start: Column, length: Column, index: int) -> WordParts:
    """The bytes of words from the eighth, sixteenth … one on, at most eight, as one number."""
    every = np.ndarray(len(text) - 7, dtype="<u8", buffer=text, strides=(1,))
    return every[start + 8 * index] & _BYTE_MASKS[index][length]


def run_lengths(columns: Sequence[npt.NDArray[np.generic]]) -> tuple[Column, Column]:
    """Where equal neighbours begin, and how many they are. Tables tend to be sorted."""
    changed = np.ones(len(columns[0]), dtype=np.bool_)
    changed[1:] = False
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    heads = np.flatnonzero(changed)
    return heads, np.diff(np.concatenate([heads, [len(changed)]]))


class CombinationTable:
    """Numbers the distinct combinations of several columns, from 0, in the order in which they first come."""

    def __init__(self) -> None:
        self.index_by_combination: dict[tuple[int, ...], int] = {}

    def assign_numbers(self, columns: Sequence[Column]) -> Column:
        heads, runs = run_lengths(columns)
        columns = [column[heads] for column in columns]
        packed = np.zeros(len(heads), dtype=np.int64)
        room = 1
        for column in columns:
            low = int(column.min())
            span = int(column.max()) - low + 1
            if span == 1:
                continue
            if room * span > _MAX_LOOKUP_ENTRIES:
                room, packed = _renumber(packed)
            packed = packed * span + (column - low)
            room *= span
        if room > _MAX_LOOKUP_ENTRIES:
            room, packed = _renumber(packed)
        first = np.full(room, MISSING)
        first[packed[::-1]] = np.arange(len(packed))[::-1]  # of several, the last assignment holds
        numbers = np.empty(room, dtype=np.int64)
        for at in np.sort(first[first != MISSING]).tolist():
            combination = tuple(int(column[at]) for column in columns)
            numbers[packed[at]] = self.index_by_combination.setdefault(combination, len(self.index_by_combination))
        return np.repeat(numbers[packed], runs)


def _renumber(numbers: Column) -> tuple[int, Column]:
    """The same numbers without gaps between them, and how many there are."""
    distinct, numbers = np.unique(numbers, return_inverse=True)
    return len(distinct), numbers
