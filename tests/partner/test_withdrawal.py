"""Taking back what was said: it counts as not sent, and can still be read."""

import pytest

from schema.partners import Scope
from work_health import NotAllowed, RequestRejected, Withdrawal, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
WRONG = Withdrawal(reason="Another quarter's figures.")


def referrals(total: int = 112):
    cells = [observation(CITY, total), observation(CITY, 61, breakdown={"sex": "female"})]
    return new_submission(new_return(WHERE["measure"], WHERE["period"], cells))


@pytest.fixture
async def sent(council_client):
    await council_client.create_submission(PROGRAMME, referrals())


@pytest.mark.usefixtures("sent")
async def test_a_withdrawn_return_counts_as_not_sent(council_client, reviewer_client):
    report = await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    [one] = report.returns
    assert (one.outcome, one.revision, one.counts.withdrawn, report.change_count) == ("accepted", 2, 2, 2)
    assert all(change.now is None for change in report.changes)
    [effect] = [one for one in report.effects if one.period.code == WHERE["period"]]
    assert (effect.was.value, effect.now) == (112, None)
    now = await council_client.get_return(PROGRAMME, **WHERE)
    assert (now.standing.kind, now.standing.note, now.observations) == ("withdrawn", WRONG.reason, [])
    [figure] = (
        await reviewer_client.preview_outcomes(PROGRAMME, measure=[WHERE["measure"]], period=[WHERE["period"]])
    ).items
    assert (figure.reason, figure.coverage.expected, figure.coverage.received) == ("no_data", 1, 0)


@pytest.mark.usefixtures("sent")
async def test_what_it_said_can_still_be_read(council_client):
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    then = await council_client.get_return(PROGRAMME, **WHERE, revision=1)
    assert (then.observations[0].value, then.standing.state) == (112, "superseded")


@pytest.mark.usefixtures("sent")
async def test_it_can_be_sent_again(council_client):
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    report = await council_client.create_submission(PROGRAMME, referrals())
    assert (report.returns[0].revision, report.outcome, report.counts.added) == (3, "accepted", 2)


@pytest.mark.usefixtures("sent")
async def test_a_dry_run_withdraws_nothing(application, council_client):
    before = await application.count_all_rows()
    said = await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG, dry_run=True)
    assert (said.dry_run, said.receipt, said.returns[0].revision) == (True, None, 2)
    assert await application.count_all_rows() == before


#   what is asked for                                   what is said
BAD = {
    "nothing stands": ({"period": "FY2025-26-Q1"}, "nothing-to-withdraw.*ips-primary-care-referrals FY2025-26-Q1"),
    "no such measure": ({"measure": "ips-primary-care-referral"}, "unknown-measure.*\\s.*ips-primary-care-referrals"),
    "no such series": ({"series": "other"}, "unknown-series.*'other'"),
    "no such service": ({"service": "night"}, "no duty"),
    "no such period": ({"period": "2025-Q2"}, "FY2025-26-Q2 or CY2025-Q2"),
}


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("case", BAD)
async def test_what_does_not_stand_is_not_withdrawn(application, council_client, case):
    before = await application.count_all_rows()
    changed, said = BAD[case]
    with pytest.raises(RequestRejected, match=said):
        await council_client.withdraw_return(PROGRAMME, **WHERE | changed, withdrawal=WRONG)
    assert await application.count_all_rows() == before


@pytest.mark.usefixtures("sent")
async def test_a_second_withdrawal_finds_nothing(council_client):
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    with pytest.raises(RequestRejected, match="nothing-to-withdraw"):
        await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(("reason", "code"), [("", "unreadable-field"), (" ", "reason-missing")])
async def test_it_needs_a_reason(council_client, reason, code):
    with pytest.raises(RequestRejected, match=code):
        await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=Withdrawal(reason=reason))


@pytest.mark.usefixtures("sent")
async def test_nobody_withdraws_anothers(application, reviewer_client):
    trust = await application.partner_client("nottinghamshire-healthcare")
    with pytest.raises(NotAllowed, match="nottinghamshire-healthcare"):
        await trust.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    with pytest.raises(NotAllowed, match=r"\bsubmit\b"):
        await reviewer_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    reader = await application.partner_client("nottingham-city-council", Scope.READ)
    with pytest.raises(NotAllowed, match=r"\bsubmit\b"):
        await reader.withdraw_return(PROGRAMME, **WHERE, withdrawal=WRONG)
    assert await application.count_rows("revision") == 1
