"""Convert observations in JSON to columns, for a whole body and for lines of JSON."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from api.http.violations import DECODE_ERRORS, find_violations
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUS_INDEX, Cells, Column, Notes, to_column
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.faults import INVALID, Fault, Faults
from schema.submissions import MAX_COUNT, MAX_RETURNS, Count, NewReturn, NewSubmission, Note, Observation

_STATUS_INDEX = {None if status is None else str(status): index for status, index in STATUS_INDEX.items()}
_FIELD_TYPES = {field_info.name: field_info.type for field_info in msgspec.structs.fields(Observation)}


WholeNumber = Count | Annotated[float, Meta(ge=0, le=MAX_COUNT, multiple_of=1)]  # 140.0 is an integer in JSON


class JsonCell(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An observation that is fast to decode: codes are plain texts, and absent numbers are MISSING."""

    area: str
    breakdown: msgspec.Raw = msgspec.Raw(b"{}")
    value: WholeNumber | None = MISSING
    numerator: WholeNumber | None = MISSING
    denominator: WholeNumber | None = MISSING
    lower: WholeNumber | None = MISSING
    upper: WholeNumber | None = MISSING
    status: Literal["c", "x", "z", "w"] | None = None
    note: Note | None = None


class JsonColumns:
    """Converts cells to columns. `faults` gets the faults of their codes."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.areas = _CodeCache("area", msgspec.json.encode)
        self.breakdowns = _CodeCache("breakdown", bytes)

    def to_columns(self, cells: Sequence[JsonCell], row: Column) -> tuple[dict[str, Column], Notes]:
        # Joining and splitting is faster than `bytes` of each. The decoder refuses NUL bytes, so no breakdown has one.
        breakdowns = b"\0".join(map(attrgetter("breakdown"), cells)).split(b"\0")[: len(cells)]
        columns = {
            "area": self.areas.assign_numbers(list(map(attrgetter("area"), cells)), row, self._faults),
            "breakdown": self.breakdowns.assign_numbers(breakdowns, row, self._faults),
            "status": iterate_column(map(_STATUS_INDEX.__getitem__, map(attrgetter("status"), cells)), len(cells)),
        }
        for name in NUMBER_FIELDS:
            columns[name] = _number_column(cells, name)
        return columns, np.fromiter(map(attrgetter("note"), cells), dtype=np.object_, count=len(cells))


class _FastReturn(NewReturn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    observations: list[JsonCell] = field(default_factory=list)  # pyright: ignore  narrower on purpose


class _FastSubmission(NewSubmission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    returns: Annotated[list[_FastReturn], Meta(min_length=1, max_length=MAX_RETURNS)]  # pyright: ignore  likewise


_BODY_DECODER = msgspec.json.Decoder(_FastSubmission)


def parse_fast(body: bytes) -> ParsedSubmission | None:
    """Return the submission, or None if it has a fault. Decoding the body as NewSubmission then explains the fault."""
    try:
        submission = _BODY_DECODER.decode(body)
    except DECODE_ERRORS:
        return None
    observations = list(chain.from_iterable(new_return.observations for new_return in submission.returns))
    sizes = [len(new_return.observations) for new_return in submission.returns]
    row = np.arange(1, len(observations) + 1, dtype=np.int64)
    faults = Faults()
    json_columns = JsonColumns(faults)
    columns: dict[str, Any]
    columns, notes = json_columns.to_columns(observations, row)
    if faults.cell_count:
        return None
    return ParsedSubmission(
        envelope=replace(submission, returns=[replace(r, observations=[]) for r in submission.returns]),
        cells=Cells(item=np.repeat(np.arange(len(submission.returns)), sizes), notes=notes, **columns),
        distinct_areas=json_columns.areas.distinct_values,
        distinct_breakdowns=json_columns.breakdowns.distinct_values,
        row=row,
    )


class _CodeCache(dict[Any, int]):
    """Numbers the distinct codes of a column. Each is parsed once, and is INVALID if it has a fault."""

    def __init__(self, column: str, to_json: Callable[[Any], bytes]) -> None:
        self._column, self._to_json = column, to_json
        self._decoder = msgspec.json.Decoder[Any](_FIELD_TYPES[column])
        self._faults_by_word: dict[Any, list[tuple[Fault, str | None]]] = {}
        self._number_by_value: dict[bytes, int] = {}
        self.distinct_values: list[Any] = []

    def __missing__(self, word: Any) -> int:
        try:
            value = self._decoder.decode(self._to_json(word))
        except DECODE_ERRORS:
            self._faults_by_word[word] = list(self._explain(self._to_json(word)))
            number = INVALID
        else:
            key = msgspec.json.encode(value, order="sorted")
            number = self._number_by_value.setdefault(key, len(self.distinct_values))
            self.distinct_values += [value] if number == len(self.distinct_values) else []
        self[word] = number
        return number

    def _explain(self, raw: bytes) -> Iterator[tuple[Fault, str | None]]:
        try:
            value = msgspec.json.decode(raw)
        except DECODE_ERRORS as error:
            yield not_json_fault(error), None
        else:
            for violation in find_violations(_FIELD_TYPES[self._column], value):
                yield Fault(code=violation.code, message=violation.message), violation.actual

    def assign_numbers(self, words: list[Any], row: Column, faults: Faults) -> Column:
        numbers = iterate_column(map(self.__getitem__, words), len(words))
        if self._faults_by_word:
            for position in np.flatnonzero(numbers == INVALID).tolist():
                for fault, actual in self._faults_by_word[words[position]]:
                    faults.add(fault, rows=[int(row[position])], column=self._column, actual=actual)
        return numbers


def not_json_fault(error: Exception) -> Fault:
    return Fault(code="not-json", message=f"The line is not JSON: {error}.")


def iterate_column(numbers: Iterable[int], count: int) -> Column:
    return np.fromiter(numbers, dtype=np.int64, count=count)


def _number_column(cells: Sequence[JsonCell], name: str) -> Column:
    try:
        return iterate_column(map(attrgetter(name), cells), len(cells))
    except TypeError:  # there is an explicit null
        return to_column([MISSING if number is None else number for number in map(attrgetter(name), cells)])
