"""Find the records and fields of a CSV chunk with numpy, without a Python loop over its characters.

A word is the text of a field without the quotes around it.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.spelling.header_search import SEPARATORS
from api.submissions.cell_columns import MISSING, Column, Mask
from api.submissions.reading.string_table import PADDING

ByteColumn = npt.NDArray[np.uint8]

IS_BLANK_BYTE = np.zeros(256, dtype=np.bool_)
IS_BLANK_BYTE[list(b' \t\n"' + SEPARATORS)] = True
MAX_DIGITS = 16  # of schema.submissions.MAX_COUNT
_QUOTE, _LINE_END, _SPACE, _POINT, _ZERO = b'"\n .0'


class Records(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Whole records of a text. Field f of the text is between `edges[f]` and `edges[f + 1]`, both exclusive."""

    text: bytes  # ends with PADDING
    edges: Column
    first_field: Column  # index of each record's first field
    field_count: Column
    row: Column  # number of each record, as a spreadsheet counts

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
        """Return the records that are not blank. Four bytes of each record exclude most candidates."""
        length = self.end - self.start
        is_candidate = np.ones(len(self), dtype=np.bool_)
        for quarter in range(4):
            is_candidate &= IS_BLANK_BYTE[self.text_bytes[self.start + length * quarter // 4]]
        candidates = np.flatnonzero(is_candidate)
        if not candidates.size:
            return self
        is_candidate[candidates] = self.select(candidates).are_blank_from(0)
        return self.select(~is_candidate)

    def are_blank_from(self, index: int) -> Mask:
        """Return True for each record that is blank from a field on."""
        start = self.edges[self.first_field + np.minimum(index, self.field_count)] + 1
        return are_blank(self.text_bytes, start, np.maximum(self.end - start, 0), IS_BLANK_BYTE)

    def field_spans(self, index: int) -> tuple[Column, Column]:
        """Return start and length of a field in each record, without quotes. The length is 0 in shorter records."""
        size = self._fields_per_record
        if size and index < size:
            edges = self.edges[self.first_field[0] + index :]
            start = edges[: 1 + (len(self) - 1) * size : size] + 1
            length = edges[1 : 2 + (len(self) - 1) * size : size] - start
        else:
            has_field = index < self.field_count
            field = self.first_field + np.where(has_field, index, 0)
            start = self.edges[field] + 1
            length = np.where(has_field, self.edges[field + 1] - start, 0)
        if self._has_quotes and length.any():
            is_quoted = (length > 0) & (self.text_bytes[start] == _QUOTE)
            return start + is_quoted, length - 2 * is_quoted
        return start, length

    def spans_of_first(self) -> list[tuple[int, int]]:
        """Return start and length of each field of the first record, without quotes."""
        begin = int(self.first_field[0])
        edges = self.edges[begin : begin + int(self.field_count[0]) + 1]
        start, length = edges[:-1] + 1, np.diff(edges) - 1
        is_quoted = (length > 0) & (self.text_bytes[np.where(length > 0, start, 0)] == _QUOTE)
        return list(zip((start + is_quoted).tolist(), (length - 2 * is_quoted).tolist(), strict=True))

    @cached_property
    def _has_quotes(self) -> bool:
        return b'"' in self.text

    @cached_property
    def _fields_per_record(self) -> int:
        """The number of fields of every record, or 0 if it varies or records have been left out."""
        size = int(self.field_count[0])
        is_regular = (
            self.first_field[-1] - self.first_field[0] == (len(self) - 1) * size and (self.field_count == size).all()
        )
        return size if is_regular else 0

    def decode_word(self, start: int, length: int) -> str:
        return unescape_word(self.text[start : start + length])


def are_blank(text_bytes: ByteColumn, start: Column, length: Column, is_blank_byte: Mask) -> Mask:
    """Return True for each span of the text that has only blank bytes."""
    offset = np.cumsum(length) - length
    positions: Column = np.repeat(start - offset, length) + np.arange(int(length.sum()), dtype=np.int64)
    ink_count = np.concatenate([[0], np.cumsum(~is_blank_byte[text_bytes[positions]])])
    return ink_count[offset + length] == ink_count[offset]


def unescape_word(raw: bytes) -> str:
    """Return the text of a word. A doubled quote inside quotes is one quote."""
    return raw.decode(errors="replace").replace('""', '"')


def split_records(text: bytes, separator: int, *, records_before: int = 0) -> tuple[Records, int, bool]:
    """Return the whole records at the start of a text, where they end, and True if a stray quote ended them.

    `records_before` counts earlier records. Every line of the text ends with a line feed. A quote is stray unless it
    opens or closes a field, or is doubled inside one. The text after a stray quote cannot be read.
    """
    text += PADDING
    text_bytes = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero((text_bytes == separator) | (text_bytes == _LINE_END))
    quotes = np.flatnonzero(text_bytes == _QUOTE)
    if quotes.size:
        marks = marks[np.searchsorted(quotes, marks) & 1 == 0]
    ends = np.flatnonzero(text_bytes[marks] == _LINE_END)
    stray_quote = _first_stray_quote(text_bytes, quotes, marks, ends, separator) if quotes.size and ends.size else None
    if stray_quote is not None:
        ends = ends[: np.searchsorted(marks[ends], stray_quote)]
    last_marks = np.concatenate([[MISSING], ends])
    used = int(marks[ends[-1]]) + 1 if ends.size else 0
    records = Records(
        text=text,
        edges=np.concatenate([[MISSING], marks[: last_marks[-1] + 1]]),
        first_field=last_marks[:-1] + 1,
        field_count=np.diff(last_marks),
        row=np.arange(records_before + 1, records_before + 1 + len(ends)),
    )
    return records, used, stray_quote is not None


def _first_stray_quote(
    text_bytes: ByteColumn, quotes: Column, marks: Column, ends: Column, separator: int
) -> int | None:
    may_adjoin = np.zeros(256, dtype=np.bool_)
    may_adjoin[[separator, _LINE_END, _QUOTE]] = True
    in_records = quotes[quotes < marks[ends[-1]]]
    opening, closing = in_records[::2], in_records[1::2]
    stray_opening = opening[~may_adjoin[text_bytes[opening - 1]] & (opening > 0)]
    stray_closing = closing[~may_adjoin[text_bytes[closing + 1]]]
    stray = np.concatenate([stray_opening, stray_closing])
    return int(stray.min()) if stray.size else None


def parse_digits(records: Records, start: Column, length: Column) -> Column:
    """Return the whole number of each word, or MISSING if it is blank or has anything but digits."""
    candidates = np.flatnonzero((length > 0) & (length <= MAX_DIGITS))
    length = length[candidates]
    last = start[candidates] + length - 1
    is_number = np.ones(len(candidates), dtype=np.bool_)
    values = np.zeros(len(candidates), dtype=np.int64)
    for position in range(int(length.max(initial=0))):
        digit = records.text_bytes[last - position] - np.uint8(_ZERO)  # other bytes become more than 9
        has_digit = position < length
        is_number &= ~has_digit | (digit <= 9)
        values += digit * (has_digit * 10**position)
    numbers = np.full(len(start), MISSING)
    numbers[candidates[is_number]] = values[is_number]
    return numbers


def strip_padding(records: Records, start: Column, length: Column) -> tuple[Column, Column]:
    """Return the words without spaces around them, and without the `.0` that programs write after whole numbers."""
    text_bytes = records.text_bytes
    start, length = start.copy(), length.copy()
    for _ in range(MAX_DIGITS):
        has_leading = (length > 0) & (text_bytes[start] == _SPACE)
        start += has_leading
        length -= has_leading
        has_trailing = (length > 0) & (text_bytes[start + length - 1] == _SPACE)
        length -= has_trailing
        if not (has_leading | has_trailing).any():
            break
    ends_in_zero = (text_bytes[start + length - 1] == _ZERO) & (text_bytes[start + length - 2] == _POINT)
    return start, length - 2 * ((length > 2) & ends_in_zero)
