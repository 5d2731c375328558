"""The returns that a release counts, by series."""

from msgspec.structs import replace

from api.figures.returns_data import SelectedRevision
from api.releases.coverage import group_returned_periods
from api.statistics import periods
from schema.submissions import ReturnKind
from tests.fixtures.example_plan import NOW

JANUARY, FEBRUARY = periods.parse("2026-01"), periods.parse("2026-02")
REVISION = SelectedRevision(
    id=1,
    is_counted=True,
    measure="learners",
    series="headline",
    organisation="quay-college",
    service="main",
    period=JANUARY,
    kind=ReturnKind.DATA,
    first_recorded_at=NOW,
)


def test_only_counted_returns_give_periods():
    returns = [
        REVISION,
        replace(REVISION, id=2, organisation="pier-college", period=FEBRUARY),
        replace(REVISION, id=3, measure="visits", is_counted=False),
    ]
    assert group_returned_periods(returns) == {("learners", "headline"): [JANUARY, FEBRUARY]}
