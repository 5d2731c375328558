"""How many of the returns behind a figure are there, and whether one is missing that an organisation owes."""

from itertools import product

from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.plan import calendar, obligations
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from schema.organisations import Duty
from schema.outcomes import Coverage
from schema.submission_reports import Timeliness


class ReturnCompleteness(Struct, frozen=True, kw_only=True):
    """`whole` where every return counts that an organisation owes. What no organisation has taken on is no gap."""

    coverage: Coverage
    counted_returns: int  # of those received, by the basis asked for
    is_complete: bool

    def is_below(self, min_coverage: float | None) -> bool:
        """Whether fewer count than that share of those expected. Where none is expected, none is missing."""
        return min_coverage is not None and self.counted_returns < min_coverage * self.coverage.expected


def assess_completeness(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> ReturnCompleteness:
    """Expected and received count the same duties: one that is only admitted, or exempt, counts once it is returned.

    Of a formula, those of all its measures together.
    """
    each = [assess_completeness(one, catalogue, concessions) for one in query.formula_inputs]
    if each:
        counts = {
            name: sum(getattr(one.coverage, name) for one in each)
            for name in ("expected", "received", "approved", "late", "exempt")
        }
        return ReturnCompleteness(
            coverage=Coverage(**counts),
            counted_returns=sum(one.counted_returns for one in each),
            is_complete=all(one.is_complete for one in each),
        )
    if query.is_published:
        return _assess_publications(query)
    there = {(r.organisation, r.service, r.period.code): r for r in query.revisions}
    expected = received = approved = late = exempt = missing = counted = 0
    for duty, part in product(_select_duties(query, catalogue), query.part_periods):
        if not obligations.is_owed(duty, part):
            continue
        holder = catalogue.resolve_holder(duty) or ""
        key = (holder, duty.measure, duty.series, duty.service, part.code)
        found = there.get((holder, duty.service, part.code))
        excused = duty.required and found is None and key in concessions.exempt
        exempt += excused
        expected += (duty.required and not excused) or found is not None
        missing += bool(holder) and duty.required and not excused and (found is None or not found.is_counted)
        if found is not None:
            received += 1
            counted += found.is_counted
            approved += found.has_approved_revision
            limits = concessions.extended_deadlines(key, part, catalogue.plan.calendar)
            late += calendar.classify_timeliness(limits, first_recorded_at=found.first_recorded_at) is Timeliness.LATE
    coverage = Coverage(expected=expected, received=received, approved=approved, late=late, exempt=exempt)
    return ReturnCompleteness(coverage=coverage, counted_returns=counted, is_complete=not missing)


def _assess_publications(query: ResolvedQuery) -> ReturnCompleteness:
    """A publication is owed by nobody: what is there is all that is expected."""
    number, approved = len(query.revisions), sum(one.has_approved_revision for one in query.revisions)
    coverage = Coverage(expected=number, received=number, approved=approved, late=0, exempt=0)
    return ReturnCompleteness(coverage=coverage, counted_returns=number, is_complete=True)


def _select_duties(query: ResolvedQuery, catalogue: Catalogue) -> list[Duty]:
    key = (query.measure.slug, query.series.slug)
    return [duty for duty in catalogue.plan.duties if (duty.measure, duty.series) == key]
