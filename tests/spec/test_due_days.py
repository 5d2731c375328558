"""The last day of a return is the day in London before the first instant that is too late."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.spelling.due_days import find_last_day, format_day

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("year", range(2020, 2051))
def test_due_instant_of_each_day_ends_the_day_before_in_london(year):
    for number in range(366):
        day = date(year, 1, 1) + timedelta(days=number)
        due_at = datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
        assert find_last_day(due_at) == day - timedelta(days=1)


def test_instant_within_a_day_has_that_day():
    assert format_day(find_last_day(datetime(2026, 7, 31, 12, tzinfo=LONDON))) == "31 July 2026"
