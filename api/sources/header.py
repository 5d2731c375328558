"""Find the header of a publisher's table: below title lines, with any delimiter, spaces and note marks."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from msgspec import Struct

DELIMITERS = (",", ";", "\t", "|")
MAX_SEARCHED_CHARACTERS = 64 * 1024
MAX_SEARCHED_RECORDS = 30
NOTE_MARK_PATTERN = re.compile(r"\s*\[notes? [\d, ]+\]", re.IGNORECASE)

Columns = Collection[str | tuple[str, ...]]
"""The names of columns. A tuple has the names that the publisher has given one column."""


class Header(Struct, frozen=True, kw_only=True):
    """The record with the names of the columns."""

    number: int  # of the record, from 1
    names: list[str]
    delimiter: str
    missing: list[str]  # columns of which the record has no name


def find_header(text: str, columns: Columns) -> Header:
    """Return the first record that names all columns, or else the one that names most of them."""
    beginning = text[:MAX_SEARCHED_CHARACTERS]
    best = Header(number=1, names=[], delimiter=",", missing=_find_missing(columns, []))
    for delimiter in DELIMITERS:
        for number, record in enumerate(islice(split_records(beginning, delimiter), MAX_SEARCHED_RECORDS), 1):
            names = [clean_name(cell) for cell in record]
            missing = _find_missing(columns, names)
            if len(missing) < len(best.missing):
                best = Header(number=number, names=names, delimiter=delimiter, missing=missing)
            if not best.missing:
                return best
    return best


def split_records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Return the records of a text. Raises csv.Error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def clean_name(cell: str) -> str:
    """Return the name of a column without note marks such as `[note 1]`, and with single spaces inside only."""
    return " ".join(NOTE_MARK_PATTERN.sub("", cell).split())


def find_repeated(names: Iterable[str], columns: Columns) -> list[str]:
    """Return the columns that two cells of the header name."""
    read = {name for column in columns for name in ((column,) if isinstance(column, str) else column)}
    seen: set[str] = set()
    return [name for name in names if name in read and (name in seen or seen.add(name))]


def _find_missing(columns: Columns, names: Collection[str]) -> list[str]:
    required = [(column,) if isinstance(column, str) else column for column in columns]
    return [spellings[0] for spellings in required if not any(name in names for name in spellings)]
