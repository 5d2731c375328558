"""The clock of the database, as a process calculates it from answers."""

from datetime import UTC, datetime, timedelta

import pytest

from api.database.database_clock import DatabaseClock
from api.database.failures import DatabaseUnreachable

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def seconds_after_noon(clock: DatabaseClock) -> float:
    return (clock.read() - NOON).total_seconds()


def make_clock() -> tuple[DatabaseClock, list[float]]:
    """Return a clock, and the seconds that have passed on the host."""
    passed = [1000.0]
    return DatabaseClock(lambda: passed[0]), passed


def test_clock_is_unknown_before_the_first_answer():
    clock, _ = make_clock()
    with pytest.raises(DatabaseUnreachable):
        clock.read()


def test_clock_is_the_answer_and_the_time_since():
    clock, passed = make_clock()
    clock.set(NOON, sent=999.8, received=1000.0)
    assert seconds_after_noon(clock) == pytest.approx(0.1)
    passed[0] += 7
    assert seconds_after_noon(clock) == pytest.approx(7.1)


def test_slow_answer_does_not_replace_a_fast_one():
    clock, passed = make_clock()
    clock.set(NOON, sent=1000, received=1000)
    passed[0] = 1004
    clock.set(NOON + timedelta(seconds=3.9), sent=1000, received=1004)
    assert seconds_after_noon(clock) == pytest.approx(4)


def test_clock_never_runs_backwards_for_a_small_correction():
    clock, passed = make_clock()
    clock.set(NOON, sent=1000, received=1000)
    passed[0] = 1010
    assert seconds_after_noon(clock) == 10
    clock.set(NOON + timedelta(seconds=9.5), sent=1010, received=1010)
    assert seconds_after_noon(clock) == 10
    passed[0] = 1011
    assert seconds_after_noon(clock) == 10.5


@pytest.mark.parametrize("jump", [timedelta(days=31), timedelta(minutes=-10)])
def test_clock_follows_a_database_whose_clock_is_set(jump):
    clock, passed = make_clock()
    clock.set(NOON, sent=1000, received=1000)
    clock.read()
    passed[0] = 1002
    clock.set(NOON + jump, sent=1001, received=1002)
    assert clock.read() - NOON == jump + timedelta(seconds=0.5)


def test_clock_is_never_behind_what_a_statement_returned():
    clock, passed = make_clock()
    assert clock.accept(NOON) == NOON
    passed[0] += 2
    assert seconds_after_noon(clock) == 2
    clock.set(NOON + timedelta(seconds=3), sent=1003, received=1003)
    passed[0] = 1004
    assert clock.accept(NOON + timedelta(seconds=4.5)) == NOON + timedelta(seconds=4.5)
    assert seconds_after_noon(clock) == 4.5
    passed[0] = 1006
    assert clock.accept(NOON + timedelta(seconds=5.5)) == NOON + timedelta(seconds=5.5)
    assert seconds_after_noon(clock) == 6
