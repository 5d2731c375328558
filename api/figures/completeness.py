"""Completeness: how many of the expected returns are behind a figure, and whether one that is owed is missing."""

from collections.abc import Iterator

from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.plan import calendar, obligations
from api.plan.catalogue import Catalogue
from api.plan.counted_sources import list_longest_periods
from api.plan.periods import list_own_period_types, list_periods
from api.reviews.concessions import Concessions, ObligationKey
from api.statistics import periods
from schema.organisations import Duty
from schema.outcomes import Coverage, MissingReason, MissingReturn
from schema.periods import Period
from schema.submission_reports import Timeliness


class ReturnCompleteness(Struct, frozen=True, kw_only=True):
    """Coverage, and whether every return that an organisation owes is counted.

    A duty that is not assigned to an organisation leaves the figure complete.
    """

    coverage: Coverage
    counted_returns: int
    """Received returns that count by the revision basis of the query."""
    is_complete: bool

    def is_below(self, min_coverage: float | None) -> bool:
        """Return True if less than that share of the expected returns is counted."""
        return min_coverage is not None and self.counted_returns < min_coverage * self.coverage.expected


def assess_completeness(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> ReturnCompleteness:
    """Count expected and received returns by the same duties; for a formula, add up those of its inputs.

    A duty that is optional or exempt is expected only once its return is received.
    """
    if query.formula_inputs:
        return _add_up([assess_completeness(part, catalogue, concessions) for part in query.formula_inputs])
    if query.is_published:
        return _assess_publications(query)
    expected = received = approved = late = exempt = missing = counted = 0
    for owed in _list_owed(query, catalogue, concessions):
        revision = owed.revision
        exempt += owed.is_excused
        expected += (owed.duty.required and not owed.is_excused) or revision is not None
        missing += bool(owed.holder) and owed.missing_reason is not None
        if revision is not None:
            received += 1
            counted += revision.is_counted
            approved += revision.has_approved_revision
            deadlines = concessions.extended_deadlines(owed.key, owed.period, catalogue.plan.calendar)
            timeliness = calendar.classify_timeliness(deadlines, first_recorded_at=revision.first_recorded_at)
            late += timeliness is Timeliness.LATE
    coverage = Coverage(expected=expected, received=received, approved=approved, late=late, exempt=exempt)
    return ReturnCompleteness(coverage=coverage, counted_returns=counted, is_complete=not missing)


def find_missing_returns(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> list[MissingReturn]:
    """Return the expected returns that the figure of the query does not count, in the order of the duties.

    They include those of roles without an organisation, which nobody owes yet. A published statistic lacks none.
    """
    if query.formula_inputs:
        return [
            missing for part in query.formula_inputs for missing in find_missing_returns(part, catalogue, concessions)
        ]
    if query.is_published:
        return []
    return [
        MissingReturn(
            measure=owed.duty.measure,
            series=owed.duty.series,
            holder=owed.duty.holder,
            organisation=owed.holder,
            service=owed.duty.service,
            period=owed.period.code,
            due_at=concessions.extended_deadlines(owed.key, owed.period, catalogue.plan.calendar).due,
            reason=owed.missing_reason,
        )
        for owed in _list_owed(query, catalogue, concessions)
        if owed.missing_reason is not None
    ]


def _add_up(parts: list[ReturnCompleteness]) -> ReturnCompleteness:
    return ReturnCompleteness(
        coverage=sum_coverage([part.coverage for part in parts]),
        counted_returns=sum(part.counted_returns for part in parts),
        is_complete=all(part.is_complete for part in parts),
    )


def sum_coverage(coverages: list[Coverage]) -> Coverage:
    return Coverage(
        expected=sum(coverage.expected for coverage in coverages),
        received=sum(coverage.received for coverage in coverages),
        approved=sum(coverage.approved for coverage in coverages),
        late=sum(coverage.late for coverage in coverages),
        exempt=sum(coverage.exempt for coverage in coverages),
    )


def _assess_publications(query: ResolvedQuery) -> ReturnCompleteness:
    """Count the publications that were received. No organisation owes one, so nothing is missing."""
    number = len(query.revisions)
    approved = sum(revision.has_approved_revision for revision in query.revisions)
    coverage = Coverage(expected=number, received=number, approved=approved, late=0, exempt=0)
    return ReturnCompleteness(coverage=coverage, counted_returns=number, is_complete=True)


class _OwedReturn(Struct, frozen=True, kw_only=True):
    """A return that the server accepts for a duty and a period, and what came of it."""

    duty: Duty
    holder: str | None
    period: Period
    revision: SelectedRevision | None
    is_excused: bool

    @property
    def key(self) -> ObligationKey:
        return (self.holder or "", self.duty.measure, self.duty.series, self.duty.service, self.period.code)

    @property
    def missing_reason(self) -> MissingReason | None:
        """The reason why an expected return is not counted; None if it is counted or not expected."""
        if not self.duty.required or self.is_excused or (self.revision is not None and self.revision.is_counted):
            return None
        if self.holder is None:
            return MissingReason.NO_ORGANISATION
        return MissingReason.NOT_RECEIVED if self.revision is None else MissingReason.NOT_APPROVED


def _list_owed(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> Iterator[_OwedReturn]:
    """Yield each duty of the series with each period for which the server accepts its return.

    A counted return for a longer period replaces those for the periods inside it. Such a return is also owed if the
    plan asks for it.
    """
    revisions = {
        (revision.organisation, revision.service, revision.period.code): revision for revision in query.revisions
    }
    for duty in catalogue.plan.duties:
        if (duty.measure, duty.series) != (query.measure.slug, query.series.slug):
            continue
        holder = catalogue.resolve_holder(duty)
        accepted_days = obligations.find_accepted_days(duty, catalogue.plan)
        own = _list_longer_returns(query, duty, catalogue)
        covered = list_longest_periods(period for period, is_counted in own.items() if is_counted)
        for part in (*query.part_periods, *own):
            is_replaced = any(part != longer and periods.contains(longer, part) for longer in covered)
            if accepted_days.contain(part) and not is_replaced:
                revision = revisions.get((holder or "", duty.service, part.code))
                key = (holder or "", duty.measure, duty.series, duty.service, part.code)
                is_excused = duty.required and revision is None and key in concessions.exempt
                yield _OwedReturn(duty=duty, holder=holder, period=part, revision=revision, is_excused=is_excused)


def _list_longer_returns(query: ResolvedQuery, duty: Duty, catalogue: Catalogue) -> dict[Period, bool]:
    """Return the longer periods in the query that the duty owes or has returned, and whether the return is counted."""
    holder, span = catalogue.resolve_holder(duty), query.period
    owed_types = [owed.period_type for owed in query.measure.longer_returns]
    longer = {
        period: False
        for type_ in owed_types
        for period in (list_periods(catalogue.plan.window, type_) if span else [])
        if span and periods.contains(span, period)
    }
    return longer | {
        revision.period: revision.is_counted
        for revision in query.revisions
        if (revision.organisation, revision.service) == (holder, duty.service)
        and revision.period.type in list_own_period_types(query.measure)
    }
