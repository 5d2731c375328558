"""Preview figures as a reviewer reads them, through the SDK."""

from pathlib import Path

import msgspec
import pytest

from api.plan import queries_loading
from schema.partners import Scope
from work_health import NotAllowed, RequestRejected, decision, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY, WARD = "E06000018", "E05012270"
TOWN = "E06999999"
REFERRALS = "ips-primary-care-referrals"
RETURN_KEY = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


async def submit(partner, value: int, period: str = "FY2025-26-Q2"):
    new = new_return(REFERRALS, period, [observation(CITY, value)])
    return await partner.create_submission(PROGRAMME, new_submission(new))


async def preview_one(reviewer, **filters):
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[REFERRALS], **filters)).items
    return figure


async def test_approved_figure_remains_while_a_correction_is_pending(council_client, reviewer_client):
    await submit(council_client, 112)
    await submit(council_client, 50, period="FY2025-26-Q1")
    await reviewer_client.approve_return(PROGRAMME, **RETURN_KEY, decision=decision(1))
    await submit(council_client, 115)
    latest, approved = (
        await preview_one(reviewer_client, revision_basis="latest"),
        await preview_one(reviewer_client, revision_basis="approved"),
    )
    assert (latest.value, latest.markers, latest.contributors[0].revision) == (115, ["p"], 2)
    assert (approved.value, approved.markers, approved.contributors[0].revision) == (112, [], 1)
    assert approved.contributors[0].state == "approved"
    year = await preview_one(reviewer_client, revision_basis="approved", period=["FY2025-26"])
    assert (year.value, year.coverage.received, year.coverage.approved) == (112, 2, 1)
    preview = await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], revision_basis="approved")
    assert preview.revision_basis == "approved"


async def test_figure_has_its_movement(council_client, reviewer_client):
    await submit(council_client, 50, period="FY2025-26-Q1")
    await submit(council_client, 60)
    movement = (await preview_one(reviewer_client)).movement
    assert (movement.verdict, movement.since, movement.start_period, movement.change) == (
        "better",
        "first_released",
        "FY2025-26-Q1",
        10,
    )


async def test_low_coverage_withholds_a_figure(council_client, reviewer_client):
    await submit(council_client, 112)
    year = await preview_one(reviewer_client, period=["FY2025-26"], min_coverage=0.5)
    assert (year.value, year.reason, year.coverage.expected) == (None, "coverage_below_minimum", 4)
    assert (await preview_one(reviewer_client, period=["FY2025-26"], min_coverage=0.25)).value == 112


@pytest.mark.parametrize("filters", [{"min_coverage": 2}, {"revision_basis": "published"}, {"comparator": ["E1"]}])
async def test_invalid_filter_is_refused(reviewer_client, filters):
    with pytest.raises(RequestRejected):
        await preview_one(reviewer_client, **filters)


async def test_uptake_of_existing_schemes_needs_all_its_parts(application, reviewer_client):
    figures = await reviewer_client.preview_outcomes(
        PROGRAMME, measure=["existing-schemes-uptake"], period=["FY2025-26-H1"]
    )
    assert [(figure.value, figure.reason) for figure in figures.items] == [(None, "no_data")]
    dwp = await application.partner_client("department-for-work-and-pensions")
    employers = new_return("disability-confident-uptake", "FY2025-26-Q2", [observation(CITY, 40)])
    await dwp.create_submission(PROGRAMME, new_submission(employers))
    [figure] = (
        await reviewer_client.preview_outcomes(PROGRAMME, measure=["existing-schemes-uptake"], period=["FY2025-26-H1"])
    ).items
    assert (figure.value, figure.reason, figure.coverage.received) == (None, "part_without_value", 1)


@pytest.fixture
async def ordered_programme(application, harbour_programme) -> str:
    """Load the harbour plan with `sex` as an ordered dimension."""
    plan = queries_loading.read_plan(Path(__file__).parent.parent / "plans" / "harbour.yaml")
    dimensions = [msgspec.structs.replace(dimension, ordered=dimension.slug == "sex") for dimension in plan.dimensions]
    calendar = msgspec.structs.replace(plan.calendar, closes_days=None)
    async with application.owner.begin() as transaction:
        ordered_plan = msgspec.structs.replace(plan, dimensions=dimensions, calendar=calendar)
        await queries_loading.load_plan(transaction, ordered_plan, sandbox=False, now=application.now)
    return harbour_programme


async def test_inequality_between_two_categories_is_previewed(application, ordered_programme):
    quay = await application.partner_client("quay-college", programme=ordered_programme)
    cells = [
        observation(TOWN, numerator=104, denominator=150),
        observation(TOWN, numerator=56, denominator=70, breakdown={"sex": "female"}),
        observation(TOWN, numerator=48, denominator=80, breakdown={"sex": "male"}),
        observation(TOWN, numerator=0, denominator=0, breakdown={"sex": "unknown"}),
    ]
    await quay.create_submission(ordered_programme, new_submission(new_return("pass-rate", "2026-07", cells)))
    filters = {"measure": "pass-rate", "dimension": "sex", "category": "female", "reference_category": "male"}
    reviewer = await application.partner_client(
        "harbour-council", Scope.REVIEW, Scope.ADMIN, programme=ordered_programme
    )
    inequality = await reviewer.preview_inequality(ordered_programme, **filters)
    # Newcombe, Statistics in Medicine 1998; 17: 873-890, method 10, example (a)
    assert (inequality.gap.value, inequality.gap.lower, inequality.gap.upper) == pytest.approx(
        (20, 5.24, 33.39), abs=0.005
    )
    assert (inequality.period.code, inequality.slope_index.reason, inequality.protection) == (
        "2026-07",
        "too_few_groups",
        "none",
    )
    untransformed = await reviewer.preview_inequality(ordered_programme, **filters, index_scale="untransformed")
    assert (untransformed.gap, untransformed.slope_index) == (inequality.gap, inequality.slope_index)
    with pytest.raises(RequestRejected, match="index_scale"):
        await reviewer.preview_inequality(ordered_programme, **filters, index_scale="cubic")
    with pytest.raises(RequestRejected, match="reference_category"):
        await reviewer.preview_inequality(ordered_programme, **(filters | {"reference_category": "female"}))
    with pytest.raises(NotAllowed):
        await quay.preview_inequality(ordered_programme, **filters)
    entries = [
        entry
        for entry in (await reviewer.list_audit_entries(ordered_programme)).items
        if entry.action == "preview.read"
    ]
    assert [(entry.subject["category"], entry.subject["index_scale"]) for entry in entries] == [
        ("female", "untransformed"),
        ("female", "transformed"),
    ]


async def test_movement_starts_at_the_first_period_with_a_value(application, harbour_programme):
    quay = await application.partner_client("quay-college", programme=harbour_programme)
    cells = [observation(TOWN, status="x")] * 3 + [observation(TOWN, numerator=n, denominator=10) for n in range(4, 8)]
    returns = [new_return("pass-rate", f"2026-0{n}", [cell]) for n, cell in enumerate(cells, 1)]
    await quay.create_submission(harbour_programme, new_submission(*returns))
    reviewer = await application.partner_client("harbour-council", Scope.REVIEW, programme=harbour_programme)
    [figure] = (await reviewer.preview_outcomes(harbour_programme, measure=["pass-rate"])).items
    assert (figure.value, figure.movement.start_period, figure.movement.start) == (70, "2026-04", 40)
    assert figure.trend.reason == "not_annual"
