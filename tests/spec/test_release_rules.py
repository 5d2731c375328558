"""Which requests may publish a release, which release a number selects, and which cannot be read."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from api.http.refusals import NotFound
from api.releases.rules import (
    NoRelease,
    NotPublishable,
    WithdrawnRelease,
    check_new_release,
    check_not_withdrawn,
    choose_number,
    choose_release,
    find_readable_previous,
    parse_number,
)
from schema.publication_jobs import NewRelease
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE


def check_request(**request: object) -> None:
    check_new_release(msgspec.convert(request, NewRelease), HARBOUR_CATALOGUE, now=NOW)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"exclude_measures": ["learners", "on-roll"]},
        {"notes": "300 was a slip for 30."},
        {"publish_at": (NOW + timedelta(days=1)).isoformat()},
    ],
)
def test_valid_request_is_accepted(request_):
    check_request(**request_)


REFUSED = [
    ({"exclude_measures": ["learner"]}, NotFound, "learners"),
    ({"publish_at": NOW.isoformat()}, NotPublishable, "`publish_at`"),
    ({"publish_at": (NOW - timedelta(days=1)).isoformat()}, NotPublishable, "`publish_at`"),
]


@pytest.mark.parametrize(("request_", "refusal", "pattern"), REFUSED)
def test_invalid_request_is_refused(request_, refusal, pattern):
    with pytest.raises(refusal, match=pattern):
        check_request(**request_)


@pytest.mark.parametrize(
    ("release", "numbers", "expected"),
    [(None, [1, 2], 2), ("latest", [1, 2], 2), ("1", [1, 2], 1), ("2", [1, 2, 4], 2)],
)
def test_newest_release_is_the_default(release, numbers, expected):
    assert choose_number(release, numbers) == expected


@pytest.mark.parametrize(
    ("release", "numbers", "pattern"),
    [
        (None, [], "no release"),
        ("1", [], "no release"),
        ("3", [1, 2, 4], r"\b3\b.*\b4\b"),
        ("newest", [1], "'newest'"),
        ("-1", [1], "'-1'"),
        ("", [1], "''"),
    ],
)
def test_missing_release_is_refused(release, numbers, pattern):
    with pytest.raises(NoRelease, match=pattern):
        choose_number(release, numbers)


def test_withdrawn_release_is_refused():
    check_not_withdrawn(EXAMPLE_RELEASE)
    with pytest.raises(WithdrawnRelease, match=r"\b3\b.*: Two quarters were swapped"):
        check_not_withdrawn(replace(EXAMPLE_RELEASE, withdrawn_at=NOW, withdrawal_reason="Two quarters were swapped"))


@pytest.mark.parametrize(
    ("parameter", "number"),
    [(None, None), ("latest", None), ("3", 3), ("0", 0), ("three", 0), ("", 0), ("-1", 0), ("9" * 30, 0)],
)
def test_release_parameter_is_parsed_to_a_number(parameter, number):
    assert parse_number(parameter) == number


def test_release_and_its_predecessor_are_chosen_from_the_visible_ones():
    withdrawn = replace(EXAMPLE_RELEASE, number=2, withdrawn_at=NOW, withdrawal_reason="A slip.")
    visible = [replace(EXAMPLE_RELEASE, number=4), EXAMPLE_RELEASE, withdrawn]
    assert choose_release(3, visible) is EXAMPLE_RELEASE
    with pytest.raises(NoRelease):
        choose_release(1, visible)
    assert [find_readable_previous(number, visible) for number in (1, 2, 3, 4)] == [None, None, None, 3]
