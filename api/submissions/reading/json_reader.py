"""Observations in JSON as columns: what a whole body and lines of JSON have in common."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from api.http.violations import violations
from api.submissions.reading.faults import Fault, Faults
from api.submissions.revisions import NULL, NUMBERS, STATUSES, Column, Notes, Sent
from schema.submissions import Count, NewReturn, NewSubmission, Note, Observation

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
FAULTY = -2
_STATUSES = {None if status is None else str(status): number for number, status in enumerate(STATUSES)}
_TYPES = {each.name: each.type for each in msgspec.structs.fields(Observation)}


class JsonCell(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An observation, for speed: codes are read once for all cells that have them. Absent numbers are NULL."""

    area: str
    breakdown: msgspec.Raw = msgspec.Raw(b"{}")
    value: Count | None = NULL
    numerator: Count | None = NULL
    denominator: Count | None = NULL
    lower: Count | None = NULL
    upper: Count | None = NULL
    status: Literal["c", "x", "z", "w"] | None = None
    note: Note | None = None


class JsonColumns:
    """What cells say, column by column; what is wrong with their codes is in `faults`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.areas = _Words("area", str)
        self.breakdowns = _Words("breakdown", msgspec.json.decode)

    def of(self, cells: Sequence[JsonCell], row: Column) -> tuple[dict[str, Column], Notes]:
        raw = list(map(bytes, map(attrgetter("breakdown"), cells)))
        columns = {
            "area": self.areas.number(list(map(attrgetter("area"), cells)), row, self._faults),
            "breakdown": self.breakdowns.number(raw, row, self._faults),
            "status": np.array(list(map(_STATUSES.__getitem__, map(attrgetter("status"), cells))), dtype=np.int64),
            "row": row,
        }
        for name in NUMBERS:
            columns[name] = _numbers(list(map(attrgetter(name), cells)))
        return columns, np.array(list(map(attrgetter("note"), cells)), dtype=np.object_)


class _Return(NewReturn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    observations: list[JsonCell] = field(default_factory=list)  # pyright: ignore  the same, for speed


class _Submission(NewSubmission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    returns: Annotated[list[_Return], Meta(min_length=1, max_length=1000)]  # pyright: ignore  likewise


_BODIES = msgspec.json.Decoder(_Submission)


def whole(body: bytes) -> Sent | None:
    """A body as what was sent. None where something in it is wrong: the contract's own struct then tells what."""
    try:
        found = _BODIES.decode(body)
    except UNREADABLE:
        return None
    cells = list(chain.from_iterable(one.observations for one in found.returns))
    faults = Faults()
    reading = JsonColumns(faults)
    columns: dict[str, Any]
    columns, notes = reading.of(cells, np.arange(1, len(cells) + 1, dtype=np.int64))
    if faults.cells:
        return None
    return Sent(
        envelope=replace(found, returns=[replace(one, observations=[]) for one in found.returns]),
        item=np.repeat(np.arange(len(found.returns)), [len(one.observations) for one in found.returns]),
        area_words=reading.areas.told,
        breakdown_words=reading.breakdowns.told,
        notes=notes,
        **columns,
    )


class _Words(dict[Any, int]):
    """Numbers what many lines have alike, each read once; FAULTY where it cannot be. `told` says what they mean."""

    def __init__(self, column: str, read: Callable[[Any], Any]) -> None:
        self._column, self._read = column, read
        self._wrong: dict[Any, list[tuple[Fault, str | None]]] = {}
        self._known: dict[Any, int] = {}
        self.told: list[Any] = []

    def __missing__(self, word: Any) -> int:
        try:
            value = self._read(word)
        except UNREADABLE as error:
            self._wrong[word] = [(not_json(error), None)]
        else:
            found = violations(_TYPES[self._column], value)
            self._wrong[word] = [(Fault(code=one.code, message=one.message), one.actual) for one in found]
            if not self._wrong[word]:
                del self._wrong[word]
                key = msgspec.json.encode(value, order="sorted")
                if key not in self._known:
                    self._known[key] = len(self.told)
                    self.told.append(value)
                self[word] = self._known[key]
                return self._known[key]
        self[word] = FAULTY
        return FAULTY

    def number(self, words: list[Any], row: Column, faults: Faults) -> Column:
        numbers = np.array(list(map(self.__getitem__, words)), dtype=np.int64)
        if self._wrong:
            for at in np.flatnonzero(numbers == FAULTY).tolist():
                for fault, actual in self._wrong[words[at]]:
                    faults.add(fault, rows=[int(row[at])], column=self._column, actual=actual)
        return numbers


def not_json(error: Exception) -> Fault:
    return Fault(code="not-json", message=f"The line cannot be read: {error}.")


def _numbers(given: list[int | None]) -> Column:
    try:
        return np.array(given, dtype=np.int64)
    except TypeError:  # an explicit null among them
        return np.array([NULL if number is None else number for number in given], dtype=np.int64)
