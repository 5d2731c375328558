"""How many of the returns behind a figure are there, and whether one is missing that an organisation owes."""

from itertools import product

from msgspec import Struct

from api.figures.resolution import Asked
from api.plan import calendar, obligations
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Leeway
from schema.outcomes import Coverage
from schema.plan import Duty
from schema.submissions import Timeliness


class Completeness(Struct, frozen=True, kw_only=True):
    """`whole` where every return counts that an organisation owes. What no organisation has taken on is no gap."""

    coverage: Coverage
    counted: int  # of those received, by the basis asked for
    whole: bool

    def below(self, least: float | None) -> bool:
        """Whether fewer count than that share of those expected. Where none is expected, none is missing."""
        return least is not None and self.counted < least * self.coverage.expected


def completeness(asked: Asked, catalogue: Catalogue, granted: Leeway) -> Completeness:
    """Expected and received count the same duties: one that is only admitted, or exempt, counts once it is returned.

    Of a formula, those of all its measures together.
    """
    each = [completeness(one, catalogue, granted) for one in asked.inputs]
    if each:
        counts = {
            name: sum(getattr(one.coverage, name) for one in each)
            for name in ("expected", "received", "approved", "late", "exempt")
        }
        return Completeness(
            coverage=Coverage(**counts),
            counted=sum(one.counted for one in each),
            whole=all(one.whole for one in each),
        )
    if asked.as_published:
        return _of_publications(asked)
    there = {(r.organisation, r.service, r.period.code): r for r in asked.returns}
    expected = received = approved = late = exempt = missing = counted = 0
    for duty, part in product(_duties(asked, catalogue), asked.parts):
        if not obligations.owed(duty, part):
            continue
        holder = catalogue.holder(duty) or ""
        key = (holder, duty.measure, duty.series, duty.service, part.code)
        found = there.get((holder, duty.service, part.code))
        excused = duty.required and found is None and key in granted.exempt
        exempt += excused
        expected += (duty.required and not excused) or found is not None
        missing += bool(holder) and duty.required and not excused and (found is None or not found.counts)
        if found is not None:
            received += 1
            counted += found.counts
            approved += found.approved
            limits = granted.deadlines(key, part, catalogue.plan.calendar)
            late += calendar.timeliness(limits, first_recorded_at=found.first_recorded_at) is Timeliness.LATE
    coverage = Coverage(expected=expected, received=received, approved=approved, late=late, exempt=exempt)
    return Completeness(coverage=coverage, counted=counted, whole=not missing)


def _of_publications(asked: Asked) -> Completeness:
    """A publication is owed by nobody: what is there is all that is expected."""
    number, approved = len(asked.returns), sum(one.approved for one in asked.returns)
    coverage = Coverage(expected=number, received=number, approved=approved, late=0, exempt=0)
    return Completeness(coverage=coverage, counted=number, whole=True)


def _duties(asked: Asked, catalogue: Catalogue) -> list[Duty]:
    key = (asked.measure.slug, asked.series.slug)
    return [duty for duty in catalogue.plan.duties if (duty.measure, duty.series) == key]
