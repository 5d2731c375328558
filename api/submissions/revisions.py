"""What a revision is made of: a return that is identified, its cells as columns, and what stood before it."""

from datetime import datetime

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from schema.periods import Period
from schema.plan import Duty, Kind, Measure, Series
from schema.submissions import Counts, NewReturn, Status, SubmissionOutcome

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NULL = -1  # counts and ids are never negative
STATUSES: tuple[Status | None, ...] = (None, *Status)
RATIOS = {Kind.PROPORTION, Kind.RATE, Kind.MEAN}
NUMBERS = ("value", "numerator", "denominator", "lower", "upper")


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
    notes: list[str | None]

    def __len__(self) -> int:
        return len(self.item)

    @property
    def place(self) -> Column:
        """Area and breakdown in one number: the same cell of two revisions has the same place."""
        return self.area << 32 | self.breakdown

    def take(self, chosen: Mask) -> "Cells":
        columns = {name: getattr(self, name)[chosen] for name in ("item", "area", "breakdown", *NUMBERS, "status")}
        return Cells(notes=[self.notes[i] for i in np.flatnonzero(chosen)], **columns)


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
