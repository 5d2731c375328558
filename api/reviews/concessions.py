"""What reviewers have granted: returns that are not expected after all, and more time for others."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from schema.periods import Period
from schema.plan import Calendar

ObligationKey = tuple[str, str, str, str, str]  # organisation, measure, series, service, period


class Concessions(Struct, frozen=True, kw_only=True):
    """By the return that it was granted for."""

    exempt: frozenset[ObligationKey] = frozenset()
    extended_until: Mapping[ObligationKey, datetime] = {}

    def extended_deadlines(self, key: ObligationKey, period: Period, days: Calendar) -> Deadlines:
        """The three instants, extensions included."""
        return calendar.apply_extension(calendar.compute_deadlines(period, days), self.extended_until.get(key))


NO_CONCESSIONS = Concessions()
