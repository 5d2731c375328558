"""Returns and revisions: an identified return, its current revision, its total, and how a submission changes it."""

from datetime import datetime
from math import inf, nan
from typing import NamedTuple

from msgspec import Struct

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
    PublisherFigure,
    ReturnKind,
    ReviewState,
)

Content = list[MilestoneItem] | list[EvidenceEntry] | list[PublisherFigure]
ReturnKey = tuple[str, str, str, str]  # measure, series, service, period


class PastInstant(NamedTuple):
    """An instant, and the snapshot of PostgreSQL in which it is read: without one, all that is committed counts."""

    at: datetime
    snapshot: str | None = None


class IdentifiedReturn(Struct, frozen=True, kw_only=True):
    """A return whose measure, series, duty and period are known."""

    submitted: NewReturn
    measure: Measure
    series: Series
    duty: Duty
    period: Period
    deadlines: Deadlines | None  # None for a published series
    content: Content | None  # items, entries or figures; None if the return has observations

    @property
    def key(self) -> ReturnKey:
        return (self.measure.slug, self.series.slug, self.duty.service, self.period.code)

    def cell_name(self, area: str, breakdown: dict[str, str]) -> CellName:
        measure, series, service, period = self.key
        return CellName(measure=measure, series=series, service=service, period=period, area=area, breakdown=breakdown)


class ReturnTotal(Struct, frozen=True, kw_only=True):
    """The total of a return for the area of its duty. Only a submitted total has a row."""

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
        """Return the count or the quotient, or None if there is none. A nil return counts 0 and has no quotient."""
        if is_ratio:
            return None if self.numerator is None or not self.denominator else self.numerator / self.denominator
        if self.kind is ReturnKind.NIL:
            return 0.0
        return None if self.value is None else float(self.value)

    def bounds(self, is_ratio: bool) -> tuple[float, float]:
        """Return the bounds of the count, or of the numerator. They are NaN if nothing is known about it."""
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
        if self.kind is ReturnKind.NIL:
            return 0.0
        return nan if self.denominator is None else float(self.denominator)


class CurrentRevision(Struct, frozen=True, kw_only=True):
    """The current revision of a return, without its cells. `number` is 0 if the return has no revision yet."""

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
    """A return compared with its current revision. An accepted return makes the revision `revision_number`."""

    identified_return: IdentifiedReturn
    item: int  # index of the return in its submission
    current: CurrentRevision
    counts: CellCounts
    completeness: Completeness
    outcome: SubmissionOutcome
    revision_number: int
    first_received_at: datetime
