"""The SDK reads the releases after the one that a copy has, and refuses a number that no release has."""

from types import SimpleNamespace

import pytest

from work_health._settings import Settings
from work_health.errors import WorkHealthError
from work_health.outcome_queries import list_later_releases

SETTINGS = Settings.create(None, "http://127.0.0.1", 1, 0, "harbour", False)


def list_later_numbers(since: int, *released: int) -> list[int]:
    steps = list_later_releases(SETTINGS, None, since)
    next(steps)
    releases = [SimpleNamespace(number=number, withdrawn_at=None) for number in released]
    with pytest.raises(StopIteration) as finished:
        steps.send(SimpleNamespace(items=releases))
    return [release.number for _, release in finished.value.value]


def test_later_releases_are_in_order():
    assert list_later_numbers(0) == []
    assert list_later_numbers(1, 3, 2, 1) == [2, 3]
    assert list_later_numbers(3, 3, 2, 1) == []


@pytest.mark.parametrize(("since", "released"), [(7, (2, 1)), (1, ())])
def test_number_that_no_release_has_is_an_error(since, released):
    with pytest.raises(WorkHealthError, match=rf"\b{since}\b"):
        list_later_numbers(since, *released)
