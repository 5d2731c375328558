"""What a revision is made of: what was sent, the return that it is of, its cells as columns, and what stood before."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from math import inf, nan

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from api.plan.calendar import Deadlines
from schema.measures import Measure, Series
from schema.organisations import Duty
from schema.periods import Period
from schema.problems import CellName
from schema.submission_reports import CellCounts, Completeness, SubmissionOutcome
from schema.submissions import (
    EvidenceEntry,
    Justification,
    MilestoneItem,
    NewReturn,
    NewSubmission,
    Observation,
    PublisherFigure,
    ReturnKind,
    ReviewState,
    Status,
)

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Content = list[MilestoneItem] | list[EvidenceEntry] | list[PublisherFigure]
Notes = npt.NDArray[np.object_]  # str or None

MISSING = -1  # counts and ids are never negative
STATUSES: tuple[Status | None, ...] = (None, *Status)
_STATUS_INDEX = {status: number for number, status in enumerate(STATUSES)}
NUMBER_FIELDS = ("value", "numerator", "denominator", "lower", "upper")


class ParsedSubmission(Struct, frozen=True, kw_only=True, eq=False):
    """What was sent, in whatever format: the envelope, and the observations column by column, codes not looked up yet.

    `returns` have no observations of their own: those of `returns[i]` are the entries whose `item` is i. Areas and
    breakdowns are told once each, as words that an entry points at: there are far fewer of them than of entries.
    """

    envelope: NewSubmission
    item: Column
    area: Column  # index into area_words
    distinct_areas: Sequence[str]
    breakdown: Column  # index into breakdown_words
    distinct_breakdowns: Sequence[dict[str, str]]
    value: Column  # NULL (-1) where there is none, as in the four that follow
    numerator: Column
    denominator: Column
    lower: Column
    upper: Column
    status: Column  # index into STATUSES
    notes: Notes
    row: Column  # the number by which the sender knows the entry
    is_tabular: bool = False  # rows are lines of a file, and columns have names

    @property
    def returns(self) -> list[NewReturn]:
        return self.envelope.returns

    def group_by_return(self) -> "ParsedSubmission":
        """The same with the entries of each return beside each other, in the order of the returns."""
        if not (np.diff(self.item) < 0).any():
            return self
        order = np.argsort(self.item, kind="stable")
        columns = ("item", "area", "breakdown", *NUMBER_FIELDS, "status", "notes", "row")
        return replace(self, **{name: getattr(self, name)[order] for name in columns})


def to_columns(submission: NewSubmission) -> ParsedSubmission:
    """A submission of structs, as columns."""
    observations = list(chain.from_iterable(one.observations for one in submission.returns))
    areas: dict[str, int] = {}
    breakdowns: dict[tuple[tuple[str, str], ...], int] = {}
    return ParsedSubmission(
        envelope=submission,
        item=np.repeat(np.arange(len(submission.returns)), [len(one.observations) for one in submission.returns]),
        area=_to_array([areas.setdefault(o.area, len(areas)) for o in observations]),
        distinct_areas=list(areas),
        breakdown=_to_array([breakdowns.setdefault(tuple(o.breakdown.items()), len(breakdowns)) for o in observations]),
        distinct_breakdowns=[dict(pairs) for pairs in breakdowns],
        status=_to_array([_STATUS_INDEX[o.status] for o in observations]),
        notes=np.array([o.note for o in observations], dtype=np.object_),
        row=np.arange(1, len(observations) + 1, dtype=np.int64),
        value=_number_column(observations, "value"),
        numerator=_number_column(observations, "numerator"),
        denominator=_number_column(observations, "denominator"),
        lower=_number_column(observations, "lower"),
        upper=_number_column(observations, "upper"),
    )


def _to_array(numbers: Sequence[int]) -> Column:
    return np.array(numbers, dtype=np.int64)


def _number_column(observations: Sequence[Observation], name: str) -> Column:
    given = [getattr(o, name) for o in observations]
    return _to_array([MISSING if number is None else number for number in given])


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
    def cell_id(self) -> Column:
        """Area and breakdown in one number: the same cell of two revisions has the same place."""
        return self.area << 32 | self.breakdown

    def select(self, chosen: Mask | Column) -> "Cells":
        return Cells(**{name: getattr(self, name)[chosen] for name in Cells.__struct_fields__})

    def slice_rows(self, rows: slice) -> "Cells":
        """A view of neighbouring rows; nothing is copied."""
        return Cells(**{name: getattr(self, name)[rows] for name in Cells.__struct_fields__})


ReturnKey = tuple[str, str, str, str]  # measure, series, service, period


class IdentifiedReturn(Struct, frozen=True, kw_only=True):
    """A return whose measure, series, duty and period are known."""

    submitted: NewReturn
    measure: Measure
    series: Series
    duty: Duty
    period: Period
    deadlines: Deadlines | None  # a publication has none
    content: Content | None  # items, entries or figures; None for a measure that is counted

    @property
    def key(self) -> ReturnKey:
        return (self.measure.slug, self.series.slug, self.duty.service, self.period.code)

    def cell_name(self, area: str, breakdown: dict[str, str]) -> CellName:
        """The name of one of its cells."""
        measure, series, service, period = self.key
        return CellName(measure=measure, series=series, service=service, period=period, area=area, breakdown=breakdown)


class ReturnTotal(Struct, frozen=True, kw_only=True):
    """The total of a return for the area of its duty: one that stands, or one that is sent (then with its row)."""

    organisation: str
    measure: str
    series: str
    service: str
    period: Period
    kind: ReturnKind
    area: str
    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    upper: int | None = None
    is_confidential: bool = False  # status `c`
    row: int | None = None

    @property
    def key(self) -> ReturnKey:
        return (self.measure, self.series, self.service, self.period.code)

    @property
    def cell_name(self) -> CellName:
        return CellName(
            measure=self.measure, series=self.series, service=self.service, period=self.period.code, area=self.area
        )

    def count_or_ratio(self, is_ratio: bool) -> float | None:
        """The count or the quotient; None where there is none. Nothing to count is 0, and has no quotient."""
        if is_ratio:
            return None if self.numerator is None or not self.denominator else self.numerator / self.denominator
        if self.kind is ReturnKind.NIL:
            return 0.0
        return None if self.value is None else float(self.value)

    def bounds(self, is_ratio: bool) -> tuple[float, float]:
        """What the count, or the numerator, lies between; NaN where it is not known at all."""
        if self.kind is ReturnKind.NIL:
            return 0.0, 0.0
        number = self.numerator if is_ratio else self.value
        if number is not None:
            return float(number), float(number)
        if is_ratio or not self.is_confidential:
            return nan, nan
        return float(self.lower or 0), inf if self.upper is None else float(self.upper)

    @property
    def denominator_or_nan(self) -> float:
        """The denominator; NaN where there is none."""
        if self.kind is ReturnKind.NIL:
            return 0.0
        return nan if self.denominator is None else float(self.denominator)


class CurrentRevision(Struct, frozen=True, kw_only=True):
    """What stands of a return: its newest revision, without its cells. `number` is 0 where there is none yet."""

    number: int
    kind: ReturnKind | None
    state: ReviewState | None
    first_received_at: datetime | None
    content: Content
    justifications: list[Justification]
    note: str | None


NO_REVISION = CurrentRevision(
    number=0, kind=None, state=None, first_received_at=None, content=[], justifications=[], note=None
)


class ReturnDiff(Struct, frozen=True, kw_only=True):
    """A return beside what stands: whether it needs a revision, and which."""

    identified_return: IdentifiedReturn
    item: int
    current: CurrentRevision
    counts: CellCounts
    completeness: Completeness
    outcome: SubmissionOutcome
    revision_number: int
    first_received_at: datetime
