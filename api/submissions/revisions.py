"""What a revision is made of: what was sent, the return that it is of, its cells as columns, and what stood before."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from schema.periods import Period
from schema.plan import Duty, Kind, Measure, Series
from schema.submissions import Counts, Justification, NewReturn, NewSubmission, Observation, ReviewState, Status
from schema.submissions import SubmissionOutcome

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Notes = npt.NDArray[np.object_]  # str or None

NULL = -1  # counts and ids are never negative
STATUSES: tuple[Status | None, ...] = (None, *Status)
RATIOS = {Kind.PROPORTION, Kind.RATE, Kind.MEAN}
NUMBERS = ("value", "numerator", "denominator", "lower", "upper")


class Sent(Struct, frozen=True, kw_only=True, eq=False):
    """What was sent, in whatever format: the envelope, and the observations column by column, codes not looked up yet.

    `returns` have no observations of their own: those of `returns[i]` are the entries whose `item` is i. Areas and
    breakdowns are told once each, as words that an entry points at: there are far fewer of them than of entries.
    """

    envelope: NewSubmission
    item: Column
    area: Column  # index into area_words
    area_words: Sequence[str]
    breakdown: Column  # index into breakdown_words
    breakdown_words: Sequence[dict[str, str]]
    value: Column  # NULL (-1) where there is none, as in the four that follow
    numerator: Column
    denominator: Column
    lower: Column
    upper: Column
    status: Column  # index into STATUSES
    notes: Notes
    row: Column  # the number by which the sender knows the entry
    tabular: bool = False  # rows are lines of a file, and columns have names

    @property
    def returns(self) -> list[NewReturn]:
        return self.envelope.returns


def sent(submission: NewSubmission) -> Sent:
    """A submission of structs, as columns."""
    observations = list(chain.from_iterable(one.observations for one in submission.returns))
    areas: dict[str, int] = {}
    breakdowns: dict[tuple[tuple[str, str], ...], int] = {}
    return Sent(
        envelope=submission,
        item=np.repeat(np.arange(len(submission.returns)), [len(one.observations) for one in submission.returns]),
        area=_column([areas.setdefault(o.area, len(areas)) for o in observations]),
        area_words=list(areas),
        breakdown=_column(
            [breakdowns.setdefault(tuple(o.breakdown.items()), len(breakdowns)) for o in observations]
        ),
        breakdown_words=[dict(pairs) for pairs in breakdowns],
        status=_column([STATUSES.index(o.status) for o in observations]),
        notes=np.array([o.note for o in observations], dtype=np.object_),
        row=np.arange(1, len(observations) + 1),
        **{name: _numbers(observations, name) for name in NUMBERS},
    )


def _column(numbers: Sequence[int]) -> Column:
    return np.array(numbers, dtype=np.int64)


def _numbers(observations: Sequence[Observation], name: str) -> Column:
    given = [getattr(o, name) for o in observations]
    return _column([NULL if number is None else number for number in given])


class Cells(Struct, frozen=True, kw_only=True, eq=False):
    """The observations of a submission, column by column. NULL (-1) stands for what is not there."""

    item: Column  # which of the submission's returns, from 0
    area: Column  # the database's numbers of areas and breakdowns
    breakdown: Column
    value: Column
    numerator: Column
    denominator: Column
    lower: Column
    upper: Column
    status: Column  # index into STATUSES
    notes: Notes

    def __len__(self) -> int:
        return len(self.item)

    @property
    def place(self) -> Column:
        """Area and breakdown in one number: the same cell of two revisions has the same place."""
        return self.area << 32 | self.breakdown

    def take(self, chosen: Mask) -> "Cells":
        return Cells(**{name: getattr(self, name)[chosen] for name in Cells.__struct_fields__})


class Identified(Struct, frozen=True, kw_only=True):
    """A return whose measure, series, duty and period are known."""

    given: NewReturn
    measure: Measure
    series: Series
    duty: Duty
    period: Period

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.measure.slug, self.series.slug, self.duty.service, self.period.code)


class Standing(Struct, frozen=True, kw_only=True, eq=False):
    """What stands of a return: its newest revision. `number` is 0 where there is none yet."""

    number: int
    kind: str | None
    first_recorded_at: datetime | None
    cells: Cells


class Compared(Struct, frozen=True, kw_only=True, eq=False):
    """A return beside what stands: whether it needs a revision, and which."""

    identified: Identified
    cells: Cells
    counts: Counts
    outcome: SubmissionOutcome
    number: int
    first_recorded_at: datetime
