"""The deadlines of a return: when it is due, when it becomes late, and when its period closes. London time."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from schema.periods import Period
from schema.plan import Calendar
from schema.submission_reports import Timeliness

LONDON = ZoneInfo("Europe/London")


class Deadlines(Struct, frozen=True, kw_only=True):
    """Each deadline is the first instant that is too late: midnight, London time, after the last day allowed."""

    due: datetime
    timely_until: datetime
    closes_at: datetime | None


def compute_deadlines(period: Period, calendar: Calendar) -> Deadlines:
    def midnight_after(days: int) -> datetime:
        return datetime.combine(period.end + timedelta(days=days + 1), time(), tzinfo=LONDON)

    return Deadlines(
        due=midnight_after(calendar.due_days),
        timely_until=midnight_after(calendar.late_after_days),
        closes_at=None if calendar.closes_days is None else midnight_after(calendar.closes_days),
    )


def apply_extension(deadlines: Deadlines, until: datetime | None) -> Deadlines:
    """Return the deadlines with none earlier than the end of the extension. Without an extension they stay the same."""
    if until is None:
        return deadlines
    return Deadlines(
        due=max(deadlines.due, until),
        timely_until=max(deadlines.timely_until, until),
        closes_at=None if deadlines.closes_at is None else max(deadlines.closes_at, until),
    )


def classify_timeliness(deadlines: Deadlines, *, first_recorded_at: datetime) -> Timeliness:
    """Classify by the first return for the period: a later correction does not make it late."""
    if first_recorded_at < deadlines.due:
        return Timeliness.ON_TIME
    return Timeliness.GRACE_PERIOD if first_recorded_at < deadlines.timely_until else Timeliness.LATE


def to_london_date(now: datetime) -> date:
    """Return the date in London at this instant."""
    return now.astimezone(LONDON).date()
