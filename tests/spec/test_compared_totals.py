"""The totals of current returns that a submission is compared with."""

from datetime import timedelta

import pytest

from api.statistics import periods
from api.submissions.checks.tiers import extend_deadlines
from api.submissions.compared_totals import ComparedReturn, build_totals, list_series_and_areas
from schema.submissions import ReturnKind
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, TOWN, examine_returns, make_cells, make_return

CHECKED = examine_returns(make_return("learners", "town 12"))


def compare(period: str, *, kind: str = "data", organisation: str = "quay-college", series: str = "headline"):
    return ComparedReturn(
        revision_id=1,
        organisation=organisation,
        key=("learners", series, "main", period),
        period=periods.parse(period),
        kind=ReturnKind(kind),
    )


def test_each_return_has_the_total_of_the_area_of_the_duty():
    compared = [
        compare("2025-10"),
        compare("2025-11", organisation="pier-college"),
        compare("2025-12", kind="nil"),
        compare("2026-01", kind="withdrawn"),
        compare("2026-02"),  # without a total of the town
        compare("2026-02", series="other"),
    ]
    cells = make_cells("town 20", "east 8", "town c:1-4", "east 3", "town 7", items=[0, 0, 1, 4, 5])
    totals = build_totals(compared, cells, CHECKED.returns, HARBOUR_CATALOGUE)
    assert [
        (t.organisation, t.period.code, t.kind, t.area, t.value, t.lower, t.upper, t.is_confidential) for t in totals
    ] == [
        ("quay-college", "2025-10", "data", TOWN, 20, None, None, False),
        ("pier-college", "2025-11", "data", TOWN, None, 1, 4, True),
        ("quay-college", "2025-12", "nil", TOWN, None, None, None, False),
        ("quay-college", "2026-01", "withdrawn", TOWN, None, None, None, False),
    ]


def test_only_returns_with_observations_are_compared():
    assert list_series_and_areas(CHECKED.returns) == [("learners", "headline", TOWN)]


@pytest.mark.parametrize("days", [0, 400])
def test_extension_moves_the_deadlines_of_its_return(days):
    [identified] = CHECKED.returns
    until = NOW + timedelta(days=days)
    extensions = {identified.key: until} if days else {}
    [extended] = extend_deadlines(CHECKED, extensions).returns
    assert identified.deadlines is not None
    assert extended.deadlines is not None
    assert extended.deadlines.due == (until if days else identified.deadlines.due)
