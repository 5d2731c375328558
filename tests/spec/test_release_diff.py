"""What differs between two releases, and why."""

import pytest
from msgspec.structs import replace

from api.releases.figure_keys import PreviousFigure, make_figure_key
from api.releases.release_diff import compare_figures, find_redefined_measures
from api.releases.release_diff import to_release_change as answered
from schema.publication_jobs import MeasurePeriod
from tests.fixtures.example_plan import make_catalogue
from tests.fixtures.release_fixtures import NAME_BY_AREA, list_figures, make_measure, make_plan, make_snapshot

HERE = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"]))


def returns(january: int, february: int) -> list[str]:
    months = (("2026-01", january), ("2026-02", february))
    return [f"{who} learners {code} town {n}" for who in ("quay", "pier") for code, n in months]


def release(number: int, *rows: str, before=(), **more):
    made, kept = make_snapshot(*rows, catalogue=HERE, number=number, **more)
    return {make_figure_key(one): one for one in list_figures(made, before)}, kept


FIRST, KEPT = release(1, *returns(40, 60))


def told(before, after, **more):
    return [(c.period, NAME_BY_AREA[c.area], c.why) for c in compared(before, after, **more)]


def compared(before, after, **more):
    """As they are answered; every figure of the earlier release stands at its place, those of the later from 5 on."""
    earlier = {place: PreviousFigure(position=at, figure=one) for at, (place, one) in enumerate(before.items())}
    found = list(compare_figures(earlier, after.values(), first_position=5, **more))
    later = list(after.values())
    assert all(later[one.position - 5] == one.after for one in found if one.after)
    return [answered(one.why, one.before and one.before.figure, one.after) for one in found]


def test_which_release_says_it_and_under_which_policy_is_no_difference():
    assert told(FIRST, {place: replace(one, policy_version=7, release=2) for place, one in FIRST.items()}) == []


def test_whether_nothing_has_changed_or_few_have_is_told_alike():
    """The second release states a larger error of all that stands; the third says nothing more."""
    again, kept = release(2, *returns(40, 60), before=FIRST.values(), earlier=KEPT)
    assert set(told(FIRST, again)) == {(code, "town", "held_back") for code in ("2026-01", "2026-02", "FY2025-26-Q4")}
    few, _ = release(2, *returns(41, 60), before=FIRST.values(), earlier=KEPT)
    assert few == again
    third, _ = release(3, *returns(40, 60), before=again.values(), earlier=kept)
    assert told(again, third) == []


def test_a_first_release_is_new_in_the_order_of_the_release():
    assert told({}, FIRST) == [(code, "town", "new") for code in ("2026-01", "2026-02", "FY2025-26-Q4", "2026-03")]


@pytest.mark.parametrize(
    ("more", "january", "february", "quarter"),
    [
        ({}, "data", "held_back", "data"),
        (
            {"reset_periods": [MeasurePeriod(measure="learners", period="2026-01")]},
            "correction",
            "held_back",
            "correction",
        ),
        ({"reset_periods": [MeasurePeriod(measure="learners", period="2026-02")]}, "data", "correction", "correction"),
        ({"reset_periods": [MeasurePeriod(measure="on-roll", period="2026-01")]}, "data", "held_back", "data"),
        ({"redefined_measures": frozenset(["learners"])}, "definition", "definition", "definition"),
        ({"redefined_measures": frozenset(["on-roll"])}, "data", "held_back", "data"),
    ],
)
def test_why_a_figure_differs(more, january, february, quarter):
    """The quarter is made of January; February, in which nothing moved, has another error and another movement."""
    now, _ = release(2, *returns(90, 60), before=FIRST.values(), earlier=KEPT)
    found = {code: why for code, _, why in told(FIRST, now, **more)}
    assert (found["2026-01"], found["FY2025-26-Q4"]) == (january, quarter)
    assert found["2026-02"] == february
    assert "2026-03" not in found, "nothing was returned for March, before or now"


def test_what_is_not_released_any_more_is_told_last():
    after = {place: one for place, one in FIRST.items() if one.period.code != "2026-01"}
    [gone] = compared(FIRST, after)
    assert (gone.period, gone.why, gone.after, gone.before.value) == ("2026-01", "removed", None, 80)
    assert told(after, FIRST) == [("2026-01", "town", "new")]
    assert [why for _, _, why in told({"x": next(iter(FIRST.values()))}, after)][-1] == "removed"


def test_a_measure_is_redefined_where_the_plan_says_anything_else_of_it():
    one, other = make_measure("learners"), make_measure("on-roll")
    assert find_redefined_measures([one, other], [one, replace(other, title="Another")]) == {"on-roll"}
    assert find_redefined_measures([one], [one, other]) == set(), "a new one was not defined before"
    assert find_redefined_measures([one, other], [one]) == set()


def test_a_change_is_of_a_figure():
    with pytest.raises(ValueError, match="figure"):
        answered("data", None, None)
