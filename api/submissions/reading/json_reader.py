"""Observations in JSON as columns: what a whole body and lines of JSON have in common."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from api.http.violations import find_violations
from api.submissions.reading.faults import Fault, Faults
from api.submissions.revisions import MISSING, NUMBER_FIELDS, STATUSES, Column, Notes, ParsedSubmission
from schema.submissions import Count, NewReturn, NewSubmission, Note, Observation

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
INVALID = -2
_STATUS_INDEX = {None if status is None else str(status): number for number, status in enumerate(STATUSES)}
_FIELD_TYPES = {each.name: each.type for each in msgspec.structs.fields(Observation)}


class JsonCell(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An observation, for speed: codes are read once for all cells that have them. Absent numbers are NULL."""

    area: str
    breakdown: msgspec.Raw = msgspec.Raw(b"{}")
    value: Count | None = MISSING
    numerator: Count | None = MISSING
    denominator: Count | None = MISSING
    lower: Count | None = MISSING
    upper: Count | None = MISSING
    status: Literal["c", "x", "z", "w"] | None = None
    note: Note | None = None


class JsonColumns:
    """What cells say, column by column; what is wrong with their codes is in `faults`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.areas = _ValueCache("area", str)
        self.breakdowns = _ValueCache("breakdown", msgspec.json.decode)

    def to_columns(self, cells: Sequence[JsonCell], row: Column) -> tuple[dict[str, Column], Notes]:
        raw = list(map(bytes, map(attrgetter("breakdown"), cells)))
        columns = {
            "area": self.areas.assign_numbers(list(map(attrgetter("area"), cells)), row, self._faults),
            "breakdown": self.breakdowns.assign_numbers(raw, row, self._faults),
            "status": np.array(list(map(_STATUS_INDEX.__getitem__, map(attrgetter("status"), cells))), dtype=np.int64),
            "row": row,
        }
        for name in NUMBER_FIELDS:
            columns[name] = _number_column(list(map(attrgetter(name), cells)))
        return columns, np.array(list(map(attrgetter("note"), cells)), dtype=np.object_)


class _FastReturn(NewReturn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    observations: list[JsonCell] = field(default_factory=list)  # pyright: ignore  the same, for speed


class _FastSubmission(NewSubmission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    returns: Annotated[list[_FastReturn], Meta(min_length=1, max_length=1000)]  # pyright: ignore  likewise


_BODY_DECODER = msgspec.json.Decoder(_FastSubmission)


def parse_fast(body: bytes) -> ParsedSubmission | None:
    """A body as what was sent. None where something in it is wrong: the contract's own struct then tells what."""
    try:
        found = _BODY_DECODER.decode(body)
    except DECODE_ERRORS:
        return None
    cells = list(chain.from_iterable(one.observations for one in found.returns))
    faults = Faults()
    reading = JsonColumns(faults)
    columns: dict[str, Any]
    columns, notes = reading.to_columns(cells, np.arange(1, len(cells) + 1, dtype=np.int64))
    if faults.cell_count:
        return None
    return ParsedSubmission(
        envelope=replace(found, returns=[replace(one, observations=[]) for one in found.returns]),
        item=np.repeat(np.arange(len(found.returns)), [len(one.observations) for one in found.returns]),
        distinct_areas=reading.areas.distinct_values,
        distinct_breakdowns=reading.breakdowns.distinct_values,
        notes=notes,
        **columns,
    )


class _ValueCache(dict[Any, int]):
    """Numbers what many lines have alike, each read once; FAULTY where it cannot be. `told` says what they mean."""

    def __init__(self, column: str, read: Callable[[Any], Any]) -> None:
        self._column, self._parse = column, read
        self._faults_by_word: dict[Any, list[tuple[Fault, str | None]]] = {}
        self._number_by_value: dict[Any, int] = {}
        self.distinct_values: list[Any] = []

    def __missing__(self, word: Any) -> int:
        try:
            value = self._parse(word)
        except DECODE_ERRORS as error:
            self._faults_by_word[word] = [(not_json_fault(error), None)]
        else:
            found = find_violations(_FIELD_TYPES[self._column], value)
            self._faults_by_word[word] = [(Fault(code=one.code, message=one.message), one.actual) for one in found]
            if not self._faults_by_word[word]:
                del self._faults_by_word[word]
                key = msgspec.json.encode(value, order="sorted")
                if key not in self._number_by_value:
                    self._number_by_value[key] = len(self.distinct_values)
                    self.distinct_values.append(value)
                self[word] = self._number_by_value[key]
                return self._number_by_value[key]
        self[word] = INVALID
        return INVALID

    def assign_numbers(self, words: list[Any], row: Column, faults: Faults) -> Column:
        numbers = np.array(list(map(self.__getitem__, words)), dtype=np.int64)
        if self._faults_by_word:
            for at in np.flatnonzero(numbers == INVALID).tolist():
                for fault, actual in self._faults_by_word[words[at]]:
                    faults.add(fault, rows=[int(row[at])], column=self._column, actual=actual)
        return numbers


def not_json_fault(error: Exception) -> Fault:
    return Fault(code="not-json", message=f"The line cannot be read: {error}.")


def _number_column(given: list[int | None]) -> Column:
    try:
        return np.array(given, dtype=np.int64)
    except TypeError:  # an explicit null among them
        return np.array([MISSING if number is None else number for number in given], dtype=np.int64)
