"""Where the records and fields of a CSV chunk lie, and which words stand in them: whole chunks at once.

A word is what stands between two separators, without the quotes round it. Distinct words are few, so each is
numbered once and read once; a column is then an array of numbers.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.submissions.revisions import NULL, Column, Mask

Octets = npt.NDArray[np.uint8]
Parts = npt.NDArray[np.uint64]

SEPARATORS = b",;\t"
BLANKS = np.zeros(256, dtype=np.bool_)
BLANKS[list(b' \t\n"' + SEPARATORS)] = True
MOST_DIGITS = 16  # of the largest number there is, 2**53 - 1
_QUOTE, _LINE_END, _SPACE, _POINT, _ZERO = b'"\n .0'
_LONGEST = 64  # bytes of a word that is numbered by arithmetic; longer ones are rare
_PADDING = bytes(_LONGEST + 8)
_MASKS = np.array(  # which bits of each eight bytes belong to a word, by its length
    [[(1 << 8 * min(max(n - at, 0), 8)) - 1 for n in range(_LONGEST + 1)] for at in range(0, _LONGEST, 8)],
    dtype=np.uint64,
)
_ROOMY = 2**20
_FACTORS = np.array([1, *(pow(0x9E3779B97F4A7C15, n, 2**64) for n in range(1, _LONGEST // 8))], dtype=np.uint64)


class Records(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Whole records of a text. Field f of the text lies between `edges[f]` and `edges[f + 1]`, both exclusive."""

    text: bytes  # padded, so that a word can be read from any place
    edges: Column
    first: Column  # the number of each record's first field
    size: Column  # how many fields each record has
    row: Column  # the number of each record, as a spreadsheet counts

    def __len__(self) -> int:
        return len(self.first)

    @property
    def octets(self) -> Octets:
        return np.frombuffer(self.text, dtype=np.uint8)

    @property
    def start(self) -> Column:
        return self.edges[self.first] + 1

    @property
    def end(self) -> Column:
        return self.edges[self.first + self.size]

    def take(self, chosen: Mask | Column | slice) -> "Records":
        return Records(
            text=self.text,
            edges=self.edges,
            first=self.first[chosen],
            size=self.size[chosen],
            row=self.row[chosen],
        )

    def not_blank(self) -> "Records":
        """Without the records that hold nothing. A few bytes of each tell most of those that do."""
        length = self.end - self.start
        perhaps = np.ones(len(self), dtype=np.bool_)
        for quarter in range(4):
            perhaps &= BLANKS[self.octets[self.start + length * quarter // 4]]
        candidates = np.flatnonzero(perhaps)
        if not candidates.size:
            return self
        perhaps[candidates] = self.take(candidates).blank_from(0)
        return self.take(~perhaps)

    def blank_from(self, index: int) -> Mask:
        """Which records hold nothing from some field on."""
        start = self.edges[self.first + np.minimum(index, self.size)] + 1
        return blank(self.octets, start, np.maximum(self.end - start, 0), BLANKS)

    def field(self, index: int) -> tuple[Column, Column]:
        """Start and length of one field of each record, without its quotes; a record that is too short has none."""
        every = self._evenly
        if every and index < every:
            edges = self.edges[self.first[0] + index :]
            start = edges[: 1 + (len(self) - 1) * every : every] + 1
            length = edges[1 : 2 + (len(self) - 1) * every : every] - start
        else:
            there = index < self.size
            at = self.first + np.where(there, index, 0)
            start = self.edges[at] + 1
            length = np.where(there, self.edges[at + 1] - start, 0)
        if self._has_quotes and length.any():
            quoted = (length > 0) & (self.octets[start] == _QUOTE)
            return start + quoted, length - 2 * quoted
        return start, length

    @cached_property
    def _has_quotes(self) -> bool:
        return b'"' in self.text

    @cached_property
    def _evenly(self) -> int:
        """How many fields each record has, if all have as many and nothing lies between them; else 0."""
        size = int(self.size[0])
        even = self.first[-1] - self.first[0] == (len(self) - 1) * size and (self.size == size).all()
        return size if even else 0

    def word(self, start: int, length: int) -> str:
        return written(self.text[start : start + length])


def blank(octets: Octets, start: Column, length: Column, blanks: Mask) -> Mask:
    """Which of the spans hold nothing but what counts as blank."""
    offset = np.cumsum(length) - length
    places: Column = np.repeat(start - offset, length) + np.arange(int(length.sum()), dtype=np.int64)
    inked = np.concatenate([[0], np.cumsum(~blanks[octets[places]])])
    return inked[offset + length] == inked[offset]


def written(raw: bytes) -> str:
    """What a word says: within quotes, a quote is written twice."""
    return raw.decode(errors="replace").replace('""', '"')


def scan(text: bytes, separator: int, *, above: int = 0) -> tuple[Records, int, bool]:
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
    last = np.concatenate([[NULL], ends])
    used = int(marks[ends[-1]]) + 1 if ends.size else 0
    records = Records(
        text=text,
        edges=np.concatenate([[NULL], marks[: last[-1] + 1]]),
        first=last[:-1] + 1,
        size=np.diff(last),
        row=np.arange(above + 1, above + 1 + len(ends)),
    )
    return records, used, stray


def digits(records: Records, start: Column, length: Column) -> Column:
    """The whole numbers that stand there; NULL where it is anything else, be it blank."""
    octets = records.octets
    fine = (length > 0) & (length <= MOST_DIGITS)
    total = np.zeros(len(start), dtype=np.int64)
    last = start + length - 1
    worth = 1
    for place in range(int(length[fine].max(initial=0))):
        there = fine & (place < length)
        digit = octets[np.where(there, last - place, 0)].astype(np.int64) - _ZERO
        fine &= ~there | ((digit >= 0) & (digit <= 9))
        total += np.where(there, digit * worth, 0)
        worth *= 10
    return np.where(fine, total, NULL)


def unpadded(records: Records, start: Column, length: Column) -> tuple[Column, Column]:
    """Without a few spaces round it, and without the `.0` that programs write after whole numbers."""
    octets = records.octets
    start, length = start.copy(), length.copy()
    for _ in range(MOST_DIGITS):
        leading = (length > 0) & (octets[start] == _SPACE)
        start += leading
        length -= leading
        trailing = (length > 0) & (octets[start + length - 1] == _SPACE)
        length -= trailing
        if not (leading | trailing).any():
            break
    pointed = (length > 2) & (octets[start + length - 1] == _ZERO) & (octets[start + length - 2] == _POINT)
    return start, length - 2 * pointed


class Words:
    """Numbers the distinct words of a column, in no order that means anything.

    Eight bytes at a time are read as a number, and the numbers of a word mixed into its key. Words are told by
    all of their bytes: two that share a key are kept apart.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}
        self.size = 0  # of the known words, in bytes
        self._keys: Parts = np.empty(0, dtype=np.uint64)  # sorted
        self._numbers: Column = np.empty(0, dtype=np.int64)  # of the word that has the key
        self._parts: Parts = np.empty((0, _LONGEST // 8), dtype=np.uint64)  # of each word, by its number

    def number(self, text: bytes, start: Column, length: Column) -> Column:
        if not length.any():
            return np.full(len(start), self._ones(b"", start[:1], length[:1])[0])
        numbers = np.empty(len(start), dtype=np.int64)
        long = length > _LONGEST
        short = np.flatnonzero(~long)
        if short.size:
            numbers[short] = self._of_short(text, start[short], length[short])
        numbers[long] = self._ones(text, start[long], length[long])
        return numbers

    def _ones(self, text: bytes, start: Column, length: Column) -> list[int]:
        numbers: list[int] = []
        for begin, size in zip(start.tolist(), length.tolist(), strict=True):
            word = text[begin : begin + size]
            if word not in self.known:
                self.known[word] = len(self.known)
                self.size += size
            numbers.append(self.known[word])
        return numbers

    def _of_short(self, text: bytes, start: Column, length: Column) -> Column:
        parts = [_eight_bytes(text, start, length, index) for index in range(-(-int(length.max()) // 8))]
        heads, runs = runs_of(parts)
        parts = [part[heads] for part in parts]
        keys = parts[0] * _FACTORS[0]
        for part, factor in zip(parts[1:], _FACTORS[1:], strict=False):
            keys += part * factor
        numbers = self._look_up(keys, parts)
        new = np.flatnonzero(numbers == NULL)
        if new.size:
            _, chosen = np.unique(keys[new], return_index=True)
            self._learn(text, start[heads], length[heads], keys, new[chosen])
            numbers[new] = self._look_up(keys[new], [part[new] for part in parts])
            odd = new[numbers[new] == NULL]  # another word has the key
            numbers[odd] = self._ones(text, start[heads[odd]], length[heads[odd]])
        return np.repeat(numbers, runs)

    def _look_up(self, keys: Parts, parts: Sequence[Parts]) -> Column:
        if not self._keys.size:
            return np.full(len(keys), NULL)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        numbers = self._numbers[at]
        same = self._keys[at] == keys
        for index in range(self._parts.shape[1]):
            known = self._parts[:, index]
            if index < len(parts):
                same &= known[numbers] == parts[index]
            elif known.any():
                same &= known[numbers] == 0
        return np.where(same, numbers, NULL)

    def _learn(self, text: bytes, start: Column, length: Column, keys: Parts, chosen: Column) -> None:
        """Take up words whose keys differ; a key that another word has already stays with that word."""
        numbers = np.array(self._ones(text, start[chosen], length[chosen]), dtype=np.int64)
        parts = np.zeros((len(self.known), self._parts.shape[1]), dtype=np.uint64)
        parts[: len(self._parts)] = self._parts
        for index in range(parts.shape[1]):
            parts[numbers, index] = _eight_bytes(text, start[chosen], length[chosen], index)
        self._parts = parts
        self._keys, first = np.unique(np.concatenate([self._keys, keys[chosen]]), return_index=True)
        self._numbers = np.concatenate([self._numbers, numbers])[first]


def _eight_bytes(text: bytes, start: Column, length: Column, index: int) -> Parts:
    """The bytes of words from the eighth, sixteenth … one on, at most eight, as one number."""
    every = np.ndarray(len(text) - 7, dtype="<u8", buffer=text, strides=(1,))
    return every[start + 8 * index] & _MASKS[index][length]


def runs_of(columns: Sequence[npt.NDArray[np.generic]]) -> tuple[Column, Column]:
    """Where equal neighbours begin, and how many they are. Tables tend to be sorted."""
    changed = np.ones(len(columns[0]), dtype=np.bool_)
    changed[1:] = False
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    heads = np.flatnonzero(changed)
    return heads, np.diff(np.concatenate([heads, [len(changed)]]))


class Combinations:
    """Numbers the distinct combinations of several columns, from 0, in the order in which they first come."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], int] = {}

    def number(self, columns: Sequence[Column]) -> Column:
        heads, runs = runs_of(columns)
        columns = [column[heads] for column in columns]
        packed = np.zeros(len(heads), dtype=np.int64)
        room = 1
        for column in columns:
            low = int(column.min())
            span = int(column.max()) - low + 1
            if span == 1:
                continue
            if room * span > _ROOMY:
                room, packed = _closer(packed)
            packed = packed * span + (column - low)
            room *= span
        if room > _ROOMY:
            room, packed = _closer(packed)
        first = np.full(room, NULL)
        first[packed[::-1]] = np.arange(len(packed))[::-1]  # of several, the last assignment holds
        numbers = np.empty(room, dtype=np.int64)
        for at in np.sort(first[first != NULL]).tolist():
            combination = tuple(int(column[at]) for column in columns)
            numbers[packed[at]] = self.known.setdefault(combination, len(self.known))
        return np.repeat(numbers[packed], runs)


def _closer(numbers: Column) -> tuple[int, Column]:
    """The same numbers without gaps between them, and how many there are."""
    distinct, numbers = np.unique(numbers, return_inverse=True)
    return len(distinct), numbers
