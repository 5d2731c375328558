"""Exemptions from returns, and extensions of their deadlines, that reviewers have granted."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from schema.periods import Period
from schema.plan import Calendar

ObligationKey = tuple[str, str, str, str, str]  # organisation, measure, series, service, period


class Concessions(Struct, frozen=True, kw_only=True):
    """Exemptions and extensions, by the obligation that they apply to."""

    exempt: frozenset[ObligationKey] = frozenset()
    extended_until: Mapping[ObligationKey, datetime] = {}

    def extended_deadlines(self, key: ObligationKey, period: Period, plan_calendar: Calendar) -> Deadlines:
        """Return the three deadlines of the obligation, extensions included."""
        return calendar.apply_extension(calendar.compute_deadlines(period, plan_calendar), self.extended_until.get(key))


NO_CONCESSIONS = Concessions()
