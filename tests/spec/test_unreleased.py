"""Why a plan allows no release to have figures of a series."""

import pytest
from msgspec.structs import replace

from api.plan.catalogue import find_headline_series
from api.plan.scope_members import explain_unreleased
from schema.measures import Collection, MeasureKind
from tests.fixtures.example_plan import HARBOUR_PLAN, make_catalogue

LEARNERS = next(measure for measure in HARBOUR_PLAN.measures if measure.slug == "learners")
SERIES = find_headline_series(LEARNERS)

# fmt: off
#   kind                    collection             duties: as in the plan, or none    reason
REASONS = [
    (MeasureKind.FLOW,      Collection.PARTNERS,   True,                              None),
    (MeasureKind.MILESTONE, Collection.PARTNERS,   True,                              "not_a_count"),
    (MeasureKind.MEAN,      Collection.PARTNERS,   True,                              "not_released"),
    (MeasureKind.FLOW,      Collection.PUBLISHED,  False,                             None),
    (MeasureKind.FLOW,      Collection.PARTNERS,   False,                             "no_duty"),
]
# fmt: on


@pytest.mark.parametrize(("kind", "collection", "has_duties", "reason"), REASONS)
def test_reason_follows_from_the_plan_alone(kind, collection, has_duties, reason):
    catalogue = make_catalogue(HARBOUR_PLAN if has_duties else replace(HARBOUR_PLAN, duties=[]))
    measure, series = replace(LEARNERS, kind=kind), replace(SERIES, collection=collection)
    assert explain_unreleased(measure, series, catalogue) == reason


def test_single_provider_needs_its_consent():
    duties = [replace(duty, publish_alone=False) for duty in HARBOUR_PLAN.duties if duty.measure == "learners"][:1]
    catalogue = make_catalogue(replace(HARBOUR_PLAN, duties=duties))
    assert explain_unreleased(LEARNERS, SERIES, catalogue) == "single_provider"
    consent = make_catalogue(replace(HARBOUR_PLAN, duties=[replace(duties[0], publish_alone=True)]))
    assert explain_unreleased(LEARNERS, SERIES, consent) is None
