"""Number the distinct words of a column, and the distinct combinations of columns."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from api.submissions.cell_columns import MISSING, Column

WordParts = npt.NDArray[np.uint64]  # eight bytes of each word, as one number

_MAX_SHORT_WORD_BYTES = 64  # longer words are rare, so a slower method numbers them
PADDING = bytes(_MAX_SHORT_WORD_BYTES + 8)  # after a text, so that eight bytes can be read anywhere in it
_BYTE_MASKS = np.array(  # which bits of each eight bytes belong to a word, by its length
    [
        [(1 << 8 * min(max(length - start, 0), 8)) - 1 for length in range(_MAX_SHORT_WORD_BYTES + 1)]
        for start in range(0, _MAX_SHORT_WORD_BYTES, 8)
    ],
    dtype=np.uint64,
)
_MAX_LOOKUP_ENTRIES = 2**20
_HASH_FACTORS = np.array(
    [1, *(pow(0x9E3779B97F4A7C15, n, 2**64) for n in range(1, _MAX_SHORT_WORD_BYTES // 8))], dtype=np.uint64
)


class StringTable:
    """Numbers the distinct words of a column, in no particular order.

    A word is hashed from its bytes, eight at a time. All bytes of a word are compared, so words with the same hash get
    different numbers.
    """

    def __init__(self) -> None:
        self.index_by_word: dict[bytes, int] = {}
        self.byte_count = 0  # of the known words
        self._hashes: WordParts = np.empty(0, dtype=np.uint64)  # sorted
        self._numbers: Column = np.empty(0, dtype=np.int64)  # of the word with each hash
        self._parts: WordParts = np.empty((0, _MAX_SHORT_WORD_BYTES // 8), dtype=np.uint64)  # of each word, by number

    def assign_numbers(self, text: bytes, start: Column, length: Column) -> Column:
        """Return the number of each word. The text must end with PADDING."""
        if not length.any():
            return np.full(len(start), self._intern_slow(b"", start[:1], length[:1])[0])
        numbers = np.empty(len(start), dtype=np.int64)
        is_long = length > _MAX_SHORT_WORD_BYTES
        short = np.flatnonzero(~is_long)
        if short.size:
            numbers[short] = self._intern_short(text, start[short], length[short])
        numbers[is_long] = self._intern_slow(text, start[is_long], length[is_long])
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
        part_count = max(1, -(-int(length.max()) // 8))  # blank words have one part of zeros
        parts = [_load_eight_bytes(text, start, length, index) for index in range(part_count)]
        heads, runs = run_lengths(parts)
        parts = [part[heads] for part in parts]
        hashes = parts[0] * _HASH_FACTORS[0]
        for part, factor in zip(parts[1:], _HASH_FACTORS[1:], strict=False):
            hashes += part * factor
        numbers = self._find_numbers(hashes, parts)
        new = np.flatnonzero(numbers == MISSING)
        if new.size:
            _, chosen = np.unique(hashes[new], return_index=True)
            self._add_words(text, start[heads], length[heads], hashes, new[chosen])
            numbers[new] = self._find_numbers(hashes[new], [part[new] for part in parts])
            collisions = new[numbers[new] == MISSING]  # another word has the hash
            numbers[collisions] = self._intern_slow(text, start[heads[collisions]], length[heads[collisions]])
        return np.repeat(numbers, runs)

    def _find_numbers(self, hashes: WordParts, parts: Sequence[WordParts]) -> Column:
        if not self._hashes.size:
            return np.full(len(hashes), MISSING)
        positions = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        numbers = self._numbers[positions]
        is_same = self._hashes[positions] == hashes
        for index in range(self._parts.shape[1]):
            known = self._parts[:, index]
            if index < len(parts):
                is_same &= known[numbers] == parts[index]
            elif known.any():
                is_same &= known[numbers] == 0
        return np.where(is_same, numbers, MISSING)

    def _add_words(self, text: bytes, start: Column, length: Column, hashes: WordParts, chosen: Column) -> None:
        """Add words with distinct hashes. A hash that already has a word is not changed."""
        numbers = np.array(self._intern_slow(text, start[chosen], length[chosen]), dtype=np.int64)
        parts = np.zeros((len(self.index_by_word), self._parts.shape[1]), dtype=np.uint64)
        parts[: len(self._parts)] = self._parts
        for index in range(parts.shape[1]):
            parts[numbers, index] = _load_eight_bytes(text, start[chosen], length[chosen], index)
        self._parts = parts
        self._hashes, first = np.unique(np.concatenate([self._hashes, hashes[chosen]]), return_index=True)
        self._numbers = np.concatenate([self._numbers, numbers])[first]


def _load_eight_bytes(text: bytes, start: Column, length: Column, index: int) -> WordParts:
    """Return bytes 8 * index to 8 * index + 7 of each word as one number, with zeros after the end of the word."""
    windows = np.ndarray(len(text) - 7, dtype="<u8", buffer=text, strides=(1,))
    return windows[start + 8 * index] & _BYTE_MASKS[index][length]


def run_lengths(columns: Sequence[npt.NDArray[np.generic]]) -> tuple[Column, Column]:
    """Return the start and the length of each run of equal rows. Files tend to be sorted, so runs are long."""
    starts_run = np.ones(len(columns[0]), dtype=np.bool_)
    starts_run[1:] = False
    for column in columns:
        starts_run[1:] |= column[1:] != column[:-1]
    heads = np.flatnonzero(starts_run)
    return heads, np.diff(np.concatenate([heads, [len(starts_run)]]))


class CombinationTable:
    """Numbers the distinct combinations of several columns from 0, in the order of their first occurrence."""

    def __init__(self) -> None:
        self.index_by_combination: dict[tuple[int, ...], int] = {}

    def assign_numbers(self, columns: Sequence[Column]) -> Column:
        heads, runs = run_lengths(columns)
        columns = [column[heads] for column in columns]
        packed = np.zeros(len(heads), dtype=np.int64)
        size = 1
        for column in columns:
            low = int(column.min())
            span = int(column.max()) - low + 1
            if span == 1:
                continue
            if size * span > _MAX_LOOKUP_ENTRIES:
                size, packed = _renumber(packed)
            packed = packed * span + (column - low)
            size *= span
        if size > _MAX_LOOKUP_ENTRIES:
            size, packed = _renumber(packed)
        first = np.full(size, MISSING)
        first[packed[::-1]] = np.arange(len(packed))[::-1]  # the last assignment of an index wins
        numbers = np.empty(size, dtype=np.int64)
        for row in np.sort(first[first != MISSING]).tolist():
            combination = tuple(int(column[row]) for column in columns)
            numbers[packed[row]] = self.index_by_combination.setdefault(combination, len(self.index_by_combination))
        return np.repeat(numbers[packed], runs)


def _renumber(numbers: Column) -> tuple[int, Column]:
    """Return how many distinct numbers there are, and the numbers without gaps between them."""
    distinct, numbers = np.unique(numbers, return_inverse=True)
    return len(distinct), numbers
