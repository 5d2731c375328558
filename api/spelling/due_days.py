"""The last day on which a return is in time, in London, on the pages of the server and in the command line."""

from datetime import UTC, date, datetime, timedelta

MARCH, OCTOBER = 3, 10


def find_last_day(due_at: datetime) -> date:
    """Return the day in London that ends with `due_at`, the first instant that is too late."""
    last = due_at.astimezone(UTC) - timedelta(microseconds=1)
    is_summer = _find_change(last.year, MARCH) <= last < _find_change(last.year, OCTOBER)
    return (last + timedelta(hours=int(is_summer))).date()


def _find_change(year: int, month: int) -> datetime:
    """Return the instant at which summer time begins or ends: 01:00 UTC on the last Sunday of a month of 31 days."""
    last_day = datetime(year, month, 31, 1, tzinfo=UTC)
    return last_day - timedelta(days=last_day.isoweekday() % 7)


def format_day(day: date) -> str:
    """Return a day as a person writes it: `30 October 2026`."""
    return f"{day.day} {day:%B %Y}"
