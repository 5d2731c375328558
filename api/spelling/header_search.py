"""Find the header of a table that has title lines above it, and the separator of its columns."""

from collections.abc import Callable
from typing import NamedTuple

SEPARATORS = b",;\t|"
MAX_JUDGED_CELLS = 200  # of a line
MAX_SEARCHED_LINES = 30
MAX_SEARCHED_BYTES = 64 * 1024
MIN_KNOWN_COLUMNS = 2  # of a line that is certainly the header


ColumnMatcher = Callable[[str], str | None]


class HeaderPlace(NamedTuple):
    """A line of a text that may be the header, with the separator under which most of its columns are known."""

    begin: int  # position in the text
    lines_before: int
    separator: int
    known_columns: int


def find_header(
    text: bytes, match_column: ColumnMatcher, *, separator: int | None = None, is_complete: bool = True
) -> HeaderPlace | None:
    """Return the first line with two known columns, or None if more of the text is needed to decide.

    `match_column` returns the column that a name in a file means, or None.

    If no line of the first thirty has two, return the one with a known column, or else the first that is not blank.
    `is_complete` states that no more text follows.
    """
    places: list[HeaderPlace] = []
    begin, lines_before = 0, 0
    while lines_before < MAX_SEARCHED_LINES and begin <= MAX_SEARCHED_BYTES:
        end = text.find(b"\n", begin)
        if end < 0:
            break
        line = text[begin : min(end, begin + MAX_SEARCHED_BYTES)]
        if line.strip(b' \t"' + SEPARATORS):
            place = _judge_line(line, begin, lines_before, match_column, separator)
            if place.known_columns >= MIN_KNOWN_COLUMNS:
                return place
            places.append(place)
        begin, lines_before = end + 1, lines_before + 1
    else:
        is_complete = True
    return max(places, key=lambda place: place.known_columns, default=None) if is_complete else None


def _judge_line(
    line: bytes, begin: int, lines_before: int, match_column: ColumnMatcher, separator: int | None
) -> HeaderPlace:
    separators = list(SEPARATORS) if separator is None else [separator]
    counts = {each: _count_known_columns(line, each, match_column) for each in separators}
    best = max(separators, key=lambda each: (counts[each], line.count(each)))
    return HeaderPlace(begin=begin, lines_before=lines_before, separator=best, known_columns=counts[best])


def _count_known_columns(line: bytes, separator: int, match_column: ColumnMatcher) -> int:
    cells = line.split(bytes([separator]), MAX_JUDGED_CELLS)
    names = {match_column(cell.decode(errors="replace").strip().strip('"')) for cell in cells}
    return len(names - {None})
