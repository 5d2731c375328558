"""Base revisions: a partner cannot overwrite a revision that it has not read."""

from datetime import date

import pytest

from work_health import (
    Conflict,
    MilestoneItem,
    RequestRejected,
    Withdrawal,
    new_return,
    new_submission,
    observation,
)

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


def referrals(total: int, *, base: int | None = None, **by_sex: int):
    cells = [observation(CITY, total)]
    cells += [observation(CITY, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return(WHERE["measure"], WHERE["period"], cells, base_revision=base)


async def submit(partner, *returns, **options):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **options))


@pytest.mark.parametrize(("current", "base"), [(0, 0), (1, 1), (2, 2), (2, None)])
async def test_return_based_on_the_current_revision_is_accepted(council_client, current, base):
    for n in range(current):
        await submit(council_client, referrals(100 + n))
    assert (await submit(council_client, referrals(200, base=base))).returns[0].revision == current + 1


@pytest.mark.parametrize(("current", "base"), [(1, 0), (2, 1), (1, 2), (0, 1)])
async def test_return_based_on_another_revision_is_refused_and_not_written(application, council_client, current, base):
    for n in range(current):
        await submit(council_client, referrals(100 + n))
    before = await application.count_all_rows()
    with pytest.raises(Conflict, match=rf"(?=.*\b{base}\b).*\b{current}\b"):
        await submit(council_client, referrals(200, base=base))
    assert await application.count_all_rows() == before


async def test_refusal_lists_the_changed_cells(council_client):
    await submit(council_client, referrals(112, female=61, male=51))
    await submit(council_client, referrals(115, female=61, male=50, unknown=4))
    with pytest.raises(Conflict) as refusal:
        await submit(council_client, referrals(113, base=1))  # checked before the withdrawal of cells
    expected_and_actual = {
        (finding.cell.breakdown.to_dict() if finding.cell.breakdown else {}).get("sex"): (
            finding.expected,
            finding.actual,
        )
        for finding in refusal.value.findings
    }
    assert expected_and_actual == {None: ("112", "115"), "male": ("51", "50"), "unknown": ("nothing", "4")}
    assert {finding.code for finding in refusal.value.findings} == {"changed-since-base"}
    assert "115" in str(refusal.value)
    report = await submit(council_client, referrals(116, female=62, male=50, unknown=4, base=2))
    assert report.returns[0].revision == 3


async def test_dry_run_with_an_outdated_base_is_refused(council_client):
    await submit(council_client, referrals(112))
    with pytest.raises(Conflict, match=r"\b1\b"):
        await council_client.create_submission(PROGRAMME, new_submission(referrals(9, base=0)), dry_run=True)


async def test_refusal_lists_every_outdated_return_and_accepts_none(application, council_client):
    other_return = new_return(
        "health-to-employment-referrals", WHERE["period"], [observation(CITY, 40)], base_revision=0
    )
    await submit(council_client, referrals(112), other_return)
    outdated = new_return("health-to-employment-referrals", WHERE["period"], [observation(CITY, 41)], base_revision=0)
    with pytest.raises(Conflict) as refusal:
        await submit(council_client, referrals(113, base=0), outdated)
    assert {(finding.cell.measure, finding.actual) for finding in refusal.value.findings} == {
        (WHERE["measure"], "112"),
        ("health-to-employment-referrals", "40"),
    }
    assert await application.count_rows("revision") == 2


async def test_refusal_lists_the_changed_items(application):
    university = await application.partner_client("university-of-nottingham")
    application.now = application.now.replace(year=2026, month=5)
    university = await application.partner_client("university-of-nottingham")

    def research(stage: str, base: int):
        item = MilestoneItem(item="carers", title="Carers", stage=stage, date=date(2026, 2, 1))
        return new_return("jsna-research-published", "FY2025-26", items=[item], base_revision=base)

    await submit(university, research("in-progress", 0))
    await submit(university, research("undertaken", 1))
    with pytest.raises(Conflict) as refusal:
        await submit(university, research("published", 1))
    [finding] = refusal.value.findings
    assert "carers" in finding.message
    assert (finding.code, finding.expected, finding.actual) == (
        "changed-since-base",
        "Carers, in-progress, 2026-02-01",
        "Carers, undertaken, 2026-02-01",
    )


async def test_withdrawal_is_checked_against_its_base(council_client):
    await submit(council_client, referrals(112))
    await submit(council_client, referrals(115))
    with pytest.raises(Conflict, match=r"\b2\b"):
        await council_client.withdraw_return(
            PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Wrong.", base_revision=1)
        )
    report = await council_client.withdraw_return(
        PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Wrong.", base_revision=2)
    )
    assert report.returns[0].revision == 3
    with pytest.raises(Conflict, match=r"\b3\b.*\bwithdrawn\b"):
        await submit(council_client, referrals(116, base=2))


async def test_negative_base_revision_is_refused(council_client):
    with pytest.raises(RequestRejected, match="base_revision"):
        await submit(council_client, referrals(1, base=-1))
