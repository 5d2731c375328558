"""Completeness: how many of the expected returns are behind a figure, and whether one that is owed is missing."""

from collections.abc import Iterator

from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.plan import calendar, obligations
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from schema.organisations import Duty
from schema.outcomes import Coverage
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
    revisions = {
        (revision.organisation, revision.service, revision.period.code): revision for revision in query.revisions
    }
    expected = received = approved = late = exempt = missing = counted = 0
    for duty, part in _list_owed(query, catalogue):
        holder = catalogue.resolve_holder(duty) or ""
        key = (holder, duty.measure, duty.series, duty.service, part.code)
        revision = revisions.get((holder, duty.service, part.code))
        is_excused = duty.required and revision is None and key in concessions.exempt
        exempt += is_excused
        expected += (duty.required and not is_excused) or revision is not None
        is_counted = revision is not None and revision.is_counted
        missing += bool(holder) and duty.required and not is_excused and not is_counted
        if revision is not None:
            received += 1
            counted += is_counted
            approved += revision.has_approved_revision
            deadlines = concessions.extended_deadlines(key, part, catalogue.plan.calendar)
            timeliness = calendar.classify_timeliness(deadlines, first_recorded_at=revision.first_recorded_at)
            late += timeliness is Timeliness.LATE
    coverage = Coverage(expected=expected, received=received, approved=approved, late=late, exempt=exempt)
    return ReturnCompleteness(coverage=coverage, counted_returns=counted, is_complete=not missing)


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


def _list_owed(query: ResolvedQuery, catalogue: Catalogue) -> Iterator[tuple[Duty, Period]]:
    """Yield each duty of the series with each period for which the server accepts its return."""
    for duty in catalogue.plan.duties:
        if (duty.measure, duty.series) == (query.measure.slug, query.series.slug):
            accepted_days = obligations.find_accepted_days(duty, catalogue.plan)
            yield from ((duty, part) for part in query.part_periods if accepted_days.contain(part))
