"""When a return is due, still timely, and no longer taken: three instants, by the London calendar."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from schema.periods import Period
from schema.plan import Calendar
from schema.submission_reports import Timeliness

LONDON = ZoneInfo("Europe/London")


class Deadlines(Struct, frozen=True, kw_only=True):
    """Each is the first instant that is too late: midnight, London time, after the last day allowed."""

    due: datetime
    timely_until: datetime
    closes_at: datetime | None


def compute_deadlines(period: Period, calendar: Calendar) -> Deadlines:
    def after(days: int) -> datetime:
        return datetime.combine(period.end + timedelta(days=days + 1), time(), tzinfo=LONDON)

    return Deadlines(
        due=after(calendar.due_days),
        timely_until=after(calendar.late_after_days),
        closes_at=None if calendar.closes_days is None else after(calendar.closes_days),
    )


def apply_extension(limits: Deadlines, until: datetime | None) -> Deadlines:
    """With an extension no instant is earlier than its end; once that is past, nothing of it is left."""
    if until is None:
        return limits
    return Deadlines(
        due=max(limits.due, until),
        timely_until=max(limits.timely_until, until),
        closes_at=None if limits.closes_at is None else max(limits.closes_at, until),
    )


def classify_timeliness(limits: Deadlines, *, first_recorded_at: datetime) -> Timeliness:
    """Judged by the first return for the period: a later correction does not make it late."""
    if first_recorded_at < limits.due:
        return Timeliness.ON_TIME
    return Timeliness.GRACE_PERIOD if first_recorded_at < limits.timely_until else Timeliness.LATE


def to_london_date(now: datetime) -> date:
    """The date in London."""
    return now.astimezone(LONDON).date()
