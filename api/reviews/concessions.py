"""What reviewers have granted: returns that are not expected after all, and more time for others."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from schema.periods import Period
from schema.plan import Calendar

OwedKey = tuple[str, str, str, str, str]  # organisation, measure, series, service, period


class Leeway(Struct, frozen=True, kw_only=True):
    """By the return that it was granted for."""

    exempt: frozenset[OwedKey] = frozenset()
    until: Mapping[OwedKey, datetime] = {}

    def deadlines(self, key: OwedKey, period: Period, days: Calendar) -> Deadlines:
        """The three instants, extensions included."""
        return calendar.extended(calendar.deadlines(period, days), self.until.get(key))


NONE = Leeway()
