"""Live figures as a reviewer reads them, through the SDK."""

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
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


async def push(partner, value: int, period: str = "FY2025-26-Q2"):
    one = new_return(REFERRALS, period, [observation(CITY, value)])
    return await partner.create_submission(PROGRAMME, new_submission(one))


async def one(reviewer, **question):
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[REFERRALS], **question)).items
    return figure


async def test_an_approved_figure_stays_while_a_correction_is_pending(council_client, reviewer_client):
    await push(council_client, 112)
    await push(council_client, 50, period="FY2025-26-Q1")
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await push(council_client, 115)
    latest, approved = await one(reviewer_client, revision_basis="latest"), await one(reviewer_client, basis="approved")
    assert (latest.value, latest.markers, latest.contributors[0].revision) == (115, ["p"], 2)
    assert (approved.value, approved.markers, approved.contributors[0].revision) == (112, [], 1)
    assert approved.contributors[0].state == "approved"
    year = await one(reviewer_client, revision_basis="approved", period=["FY2025-26"])
    assert (year.value, year.coverage.received, year.coverage.approved) == (112, 2, 1)
    preview = await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], revision_basis="approved")
    assert preview.basis == "approved"


async def test_a_figure_says_how_it_has_moved(council_client, reviewer_client):
    await push(council_client, 50, period="FY2025-26-Q1")
    await push(council_client, 60)
    movement = (await one(reviewer_client)).movement
    assert (movement.verdict, movement.since, movement.start_period, movement.change) == (
        "better",
        "first_released",
        "FY2025-26-Q1",
        10,
    )


async def test_little_coverage_withholds_a_figure(council_client, reviewer_client):
    await push(council_client, 112)
    year = await one(reviewer_client, period=["FY2025-26"], min_coverage=0.5)
    assert (year.value, year.reason, year.coverage.expected) == (None, "coverage_below_minimum", 4)
    assert (await one(reviewer_client, period=["FY2025-26"], min_coverage=0.25)).value == 112


@pytest.mark.parametrize("question", [{"min_coverage": 2}, {"basis": "published"}, {"comparator": ["E1"]}])
async def test_what_cannot_be_meant_is_refused(reviewer_client, question):
    with pytest.raises(RequestRejected):
        await one(reviewer_client, **question)


async def test_the_uptake_of_existing_schemes_is_its_parts(application, reviewer_client):
    figures = await reviewer_client.preview_outcomes(
        PROGRAMME, measure=["existing-schemes-uptake"], period=["FY2025-26-H1"]
    )
    assert [(f.value, f.reason) for f in figures.items] == [(None, "no_data")]
    dwp = await application.partner_client("department-for-work-and-pensions")
    employers = new_return("disability-confident-uptake", "FY2025-26-Q2", [observation(CITY, 40)])
    await dwp.create_submission(PROGRAMME, new_submission(employers))
    [figure] = (
        await reviewer_client.preview_outcomes(PROGRAMME, measure=["existing-schemes-uptake"], period=["FY2025-26-H1"])
    ).items
    assert (figure.value, figure.reason, figure.coverage.received) == (None, "part_without_value", 1)


@pytest.fixture
async def colours(application, harbour_programme) -> str:
    """The harbour with what its pass rate is collected by in order."""
    plan = queries_loading.read_plan(Path(__file__).parent.parent / "plans" / "harbour.yaml")
    ordered = [msgspec.structs.replace(d, ordered=d.slug == "sex") for d in plan.dimensions]
    open_end = msgspec.structs.replace(plan.calendar, closes_days=None)
    async with application.owner.begin() as transaction:
        changed = msgspec.structs.replace(plan, dimensions=ordered, calendar=open_end)
        await queries_loading.load_plan(transaction, changed, sandbox=False, now=application.now)
    return harbour_programme


async def test_how_far_apart_two_categories_are(application, colours):
    quay = await application.partner_client("quay-college", programme=colours)
    cells = [
        observation(TOWN, numerator=104, denominator=150),
        observation(TOWN, numerator=56, denominator=70, breakdown={"sex": "female"}),
        observation(TOWN, numerator=48, denominator=80, breakdown={"sex": "male"}),
        observation(TOWN, numerator=0, denominator=0, breakdown={"sex": "unknown"}),
    ]
    await quay.create_submission(colours, new_submission(new_return("pass-rate", "2026-07", cells)))
    asked = {"measure": "pass-rate", "dimension": "sex", "category": "female", "reference_category": "male"}
    reviewer = await application.partner_client("harbour-council", Scope.REVIEW, Scope.ADMIN, programme=colours)
    found = await reviewer.preview_inequality(colours, **asked)
    # Newcombe, Statistics in Medicine 1998; 17: 873-890, method 10, example (a)
    assert (found.gap.value, found.gap.lower, found.gap.upper) == pytest.approx((20, 5.24, 33.39), abs=0.005)
    assert (found.period.code, found.slope.reason, found.protection) == ("2026-07", "too_few_groups", "none")
    with pytest.raises(RequestRejected, match="against"):
        await reviewer.preview_inequality(colours, **(asked | {"reference_category": "female"}))
    with pytest.raises(NotAllowed):
        await quay.preview_inequality(colours, **asked)
    read = [entry for entry in (await reviewer.list_audit_entries(colours)).items if entry.action == "preview.read"]
    assert [entry.subject["of"] for entry in read] == ["female"]


async def test_a_movement_starts_with_the_first_value_however_late_it_came(application, harbour_programme):
    quay = await application.partner_client("quay-college", programme=harbour_programme)
    cells = [observation(TOWN, status="x")] * 3 + [observation(TOWN, numerator=n, denominator=10) for n in range(4, 8)]
    returns = [new_return("pass-rate", f"2026-0{n}", [cell]) for n, cell in enumerate(cells, 1)]
    await quay.create_submission(harbour_programme, new_submission(*returns))
    reviewer = await application.partner_client("harbour-council", Scope.REVIEW, programme=harbour_programme)
    [figure] = (await reviewer.preview_outcomes(harbour_programme, measure=["pass-rate"])).items
    assert (figure.value, figure.movement.start_period, figure.movement.start) == (70, "2026-04", 40)
    assert figure.trend.reason == "not_annual"
