"""Nobody overwrites what they have not seen."""

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


async def push(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


@pytest.mark.parametrize(("stands", "base"), [(0, 0), (1, 1), (2, 2), (2, None)])
async def test_what_was_made_from_what_stands_is_taken(council_client, stands, base):
    for n in range(stands):
        await push(council_client, referrals(100 + n))
    assert (await push(council_client, referrals(200, base=base))).returns[0].revision == stands + 1


@pytest.mark.parametrize(("stands", "base"), [(1, 0), (2, 1), (1, 2), (0, 1)])
async def test_what_was_made_from_another_is_refused_and_nothing_written(application, council_client, stands, base):
    for n in range(stands):
        await push(council_client, referrals(100 + n))
    before = await application.count_all_rows()
    with pytest.raises(Conflict, match=f"made from revision {base}, and revision {stands} stands"):
        await push(council_client, referrals(200, base=base))
    assert await application.count_all_rows() == before


async def test_the_refusal_has_the_difference(council_client):
    await push(council_client, referrals(112, female=61, male=51))
    await push(council_client, referrals(115, female=61, male=50, unknown=4))
    with pytest.raises(Conflict) as refusal:
        await push(council_client, referrals(113, base=1))  # before anything is said of cells that it would withdraw
    found = {
        (one.cell.breakdown.to_dict() if one.cell.breakdown else {}).get("sex"): (one.expected, one.actual)
        for one in refusal.value.findings
    }
    assert found == {None: ("112", "115"), "male": ("51", "50"), "unknown": ("nothing", "4")}
    assert {one.code for one in refusal.value.findings} == {"changed-since-base"}
    assert "Revision 2 says 115." in str(refusal.value)
    taken = await push(council_client, referrals(116, female=62, male=50, unknown=4, base=2))
    assert taken.returns[0].revision == 3


async def test_a_dry_run_is_refused_alike(council_client):
    await push(council_client, referrals(112))
    with pytest.raises(Conflict, match="revision 1 stands"):
        await council_client.create_submission(PROGRAMME, new_submission(referrals(9, base=0)), dry_run=True)


async def test_every_stale_return_is_told_and_none_is_taken(application, council_client):
    other = new_return("health-to-employment-referrals", WHERE["period"], [observation(CITY, 40)], base_revision=0)
    await push(council_client, referrals(112), other)
    late = new_return("health-to-employment-referrals", WHERE["period"], [observation(CITY, 41)], base_revision=0)
    with pytest.raises(Conflict) as refusal:
        await push(council_client, referrals(113, base=0), late)
    assert {(one.cell.measure, one.actual) for one in refusal.value.findings} == {
        (WHERE["measure"], "112"),
        ("health-to-employment-referrals", "40"),
    }
    assert await application.count_rows("revision") == 2


async def test_items_have_their_difference_too(application):
    university = await application.partner_client("university-of-nottingham")
    application.now = application.now.replace(year=2026, month=5)
    university = await application.partner_client("university-of-nottingham")

    def research(stage: str, base: int):
        item = MilestoneItem(item="carers", title="Carers", stage=stage, date=date(2026, 2, 1))
        return new_return("jsna-research-published", "FY2025-26", items=[item], base_revision=base)

    await push(university, research("in-progress", 0))
    await push(university, research("undertaken", 1))
    with pytest.raises(Conflict) as refusal:
        await push(university, research("published", 1))
    [one] = refusal.value.findings
    assert "carers" in one.message
    assert (one.code, one.expected, one.actual) == (
        "changed-since-base",
        "Carers, in-progress, 2026-02-01",
        "Carers, undertaken, 2026-02-01",
    )


async def test_a_withdrawal_has_a_base_too(council_client):
    await push(council_client, referrals(112))
    await push(council_client, referrals(115))
    with pytest.raises(Conflict, match="revision 2 stands"):
        await council_client.withdraw_return(
            PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Wrong.", base_revision=1)
        )
    taken = await council_client.withdraw_return(
        PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Wrong.", base_revision=2)
    )
    assert taken.returns[0].revision == 3
    with pytest.raises(Conflict, match=r"revision 3 stands \(withdrawn\)"):
        await push(council_client, referrals(116, base=2))


async def test_a_base_below_zero_is_no_number_of_a_revision(council_client):
    with pytest.raises(RequestRejected, match="base_revision"):
        await push(council_client, referrals(1, base=-1))
