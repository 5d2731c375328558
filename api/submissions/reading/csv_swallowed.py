"""Find quoted fields that swallow records: a quote that is opened in one record and closed in a later one.

A note may have line breaks. But if a line of it would be a record of the table, a quote is missing.
"""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from api.submissions.cell_columns import NUMBER_FIELDS, Column, Mask
from api.submissions.reading.csv_header import Header
from api.submissions.reading.csv_scanner import IS_BLANK_BYTE, Records, are_blank, split_records
from api.submissions.reading.string_table import StringTable

MIN_COLUMNS = 2  # of a table whose lines differ from lines of prose
_LINE_END = ord("\n")
_IS_FIGURE_BYTE = np.zeros(256, dtype=np.bool_)
_IS_FIGURE_BYTE[list(b"0123456789 <>=.,*~:-+%[]()/cxzwCXZW")] = True  # also of marks, such as `[c]`


class SwallowedRows(Struct, frozen=True, kw_only=True):
    """A record whose quoted field has records in it. The row numbers are those that the lines would have."""

    position: int  # of the record
    first_row: int
    last_row: int


def find_swallowed_rows(records: Records, header: Header, separator: int) -> Iterator[SwallowedRows]:
    """Yield the records that have the lines of other records in a quoted field."""
    line_ends = _find_inner_line_ends(records)
    if not line_ends.size or header.min_width < MIN_COLUMNS:
        return
    spanning, first = np.unique(np.searchsorted(records.end, line_ends), return_index=True)
    begins, ends = line_ends[first] + 1, records.end[spanning]
    pieces = [records.text[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    line_counts = [piece.count(b"\n") + 1 for piece in pieces]
    inner = [_list_inner_lines(piece, bytes([separator])) for piece in pieces]
    if not any(inner):
        return
    lines, _, _ = split_records(b"".join(line + b"\n" for part in inner for line in part), separator)
    owners = np.repeat(spanning, [len(part) for part in inner])
    swallowing = set(owners[_would_be_records(lines, records.select(owners), header)].tolist())
    for position, line_count in zip(spanning.tolist(), line_counts, strict=True):
        if position in swallowing:
            row = int(records.row[position])
            yield SwallowedRows(position=position, first_row=row, last_row=row + line_count)


def _list_inner_lines(piece: bytes, separator: bytes) -> list[bytes]:
    """Return the lines of a record after its first, without quotes, and without those that only end a field.

    After such an end the record goes on: where notes are the first column, that is as long as a record.
    """
    lines = (line.partition(b'"') for line in piece.replace(b'""', b"  ").split(b"\n"))
    return [(text + quote + rest).replace(b'"', b" ") for text, quote, rest in lines if not quote or separator in text]


def _find_inner_line_ends(records: Records) -> Column:
    """Return the positions of the line breaks inside records. Most chunks have none, which a count shows."""
    begin, end = int(records.start[0]), int(records.end[-1])
    if records.text.count(b"\n", begin, end) == len(records) - 1:
        return records.row[:0]
    line_ends = np.flatnonzero(records.text_bytes[begin:end] == _LINE_END) + begin
    return line_ends[~np.isin(line_ends, records.end)]


def _would_be_records(lines: Records, owners: Records, header: Header) -> Mask:
    """Return True for each line with as many cells as a record, and with the cells of one.

    Such a line has the measure or the period of the record around it, or an area and only figures where these belong.
    """
    fits = (lines.field_count >= header.min_width) & (lines.field_count <= header.width)
    has_code = np.zeros(len(lines), dtype=np.bool_)
    for name in ("measure", "period"):
        if name in header.positions:
            has_code |= _have_same_cells(lines, owners, header.positions[name])
    has_figure = np.zeros(len(lines), dtype=np.bool_)
    has_text = np.zeros(len(lines), dtype=np.bool_)
    for name in NUMBER_FIELDS:
        if name in header.positions:
            start, length = lines.field_spans(header.positions[name])
            is_figure = are_blank(lines.text_bytes, start, length, _IS_FIGURE_BYTE)
            has_figure |= is_figure & ~_is_blank(lines, name, header)
            has_text |= ~is_figure
    if "area" in header.positions:
        has_figure &= ~_is_blank(lines, "area", header)
    return fits & (has_code | (has_figure & ~has_text))


def _is_blank(lines: Records, name: str, header: Header) -> Mask:
    return are_blank(lines.text_bytes, *lines.field_spans(header.positions[name]), IS_BLANK_BYTE)


def _have_same_cells(lines: Records, owners: Records, index: int) -> Mask:
    strings = StringTable()
    numbers = [strings.assign_numbers(part.text, *part.field_spans(index)) for part in (lines, owners)]
    return (numbers[0] == numbers[1]) & (lines.field_spans(index)[1] > 0)
