"""Withdrawal of a return: the return no longer counts, and its revisions remain readable."""

import pytest

from schema.partners import Scope
from work_health import NotAllowed, RequestRejected, Withdrawal, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
RETURN_KEY = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
WITHDRAWAL = Withdrawal(reason="Another quarter's figures.")


def make_referrals(total: int = 112):
    cells = [observation(CITY, total), observation(CITY, 61, breakdown={"sex": "female"})]
    return new_submission(new_return(RETURN_KEY["measure"], RETURN_KEY["period"], cells))


@pytest.fixture
async def submitted_return(council_client):
    await council_client.create_submission(PROGRAMME, make_referrals())


@pytest.mark.usefixtures("submitted_return")
async def test_withdrawn_return_counts_as_not_received(council_client, reviewer_client):
    report = await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    [item] = report.returns
    assert (item.outcome, item.revision, item.counts.withdrawn, report.change_count) == ("accepted", 2, 2, 2)
    assert all(change.after is None for change in report.changes)
    [effect] = [effect for effect in report.effects if effect.period.code == RETURN_KEY["period"]]
    assert (effect.before.value, effect.after) == (112, None)
    current = await council_client.get_return(PROGRAMME, **RETURN_KEY)
    assert (current.summary.kind, current.summary.note, current.observations) == ("withdrawn", WITHDRAWAL.reason, [])
    [figure] = (
        await reviewer_client.preview_outcomes(
            PROGRAMME, measure=[RETURN_KEY["measure"]], period=[RETURN_KEY["period"]]
        )
    ).items
    assert (figure.reason, figure.coverage.expected, figure.coverage.received) == ("no_data", 1, 0)


@pytest.mark.usefixtures("submitted_return")
async def test_withdrawn_revision_can_still_be_read(council_client):
    await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    first_revision = await council_client.get_return(PROGRAMME, **RETURN_KEY, revision=1)
    assert (first_revision.observations[0].value, first_revision.summary.state) == (112, "superseded")


@pytest.mark.usefixtures("submitted_return")
async def test_withdrawn_return_can_be_submitted_again(council_client):
    await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    report = await council_client.create_submission(PROGRAMME, make_referrals())
    assert (report.returns[0].revision, report.outcome, report.counts.added) == (3, "accepted", 2)


@pytest.mark.usefixtures("submitted_return")
async def test_dry_run_withdraws_nothing(application, council_client):
    before = await application.count_all_rows()
    report = await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL, dry_run=True)
    before["audit"] += 1
    assert (report.dry_run, report.receipt, report.returns[0].revision) == (True, None, 2)
    assert await application.count_all_rows() == before


#   changed key, text in the refusal
INVALID = {
    "no return": ({"period": "FY2025-26-Q1"}, "nothing-to-withdraw.*ips-primary-care-referrals FY2025-26-Q1"),
    "no such measure": ({"measure": "ips-primary-care-referral"}, "unknown-measure.*\\s.*ips-primary-care-referrals"),
    "no such series": ({"series": "other"}, "unknown-series.*'other'"),
    "no such service": ({"service": "night"}, "no duty"),
    "no such period": ({"period": "2025-Q2"}, "FY2025-26-Q2"),
}


@pytest.mark.usefixtures("submitted_return")
@pytest.mark.parametrize("case", INVALID)
async def test_only_a_current_return_can_be_withdrawn(application, council_client, case):
    before = await application.count_all_rows()
    changed_key, text = INVALID[case]
    with pytest.raises(RequestRejected, match=text):
        await council_client.withdraw_return(PROGRAMME, **RETURN_KEY | changed_key, withdrawal=WITHDRAWAL)
    assert await application.count_all_rows() == before


@pytest.mark.usefixtures("submitted_return")
async def test_second_withdrawal_is_refused(council_client):
    await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    with pytest.raises(RequestRejected, match="nothing-to-withdraw"):
        await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)


@pytest.mark.usefixtures("submitted_return")
@pytest.mark.parametrize(("reason", "code"), [("", "unreadable-field"), (" ", "reason-missing")])
async def test_withdrawal_needs_a_reason(council_client, reason, code):
    with pytest.raises(RequestRejected, match=code):
        await council_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=Withdrawal(reason=reason))


@pytest.mark.usefixtures("submitted_return")
async def test_only_the_owner_may_withdraw_a_return(application, reviewer_client):
    trust = await application.partner_client("nottinghamshire-healthcare")
    with pytest.raises(NotAllowed, match="nottinghamshire-healthcare"):
        await trust.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    with pytest.raises(NotAllowed, match=r"\bsubmit\b"):
        await reviewer_client.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    reader = await application.partner_client("nottingham-city-council", Scope.READ)
    with pytest.raises(NotAllowed, match=r"\bsubmit\b"):
        await reader.withdraw_return(PROGRAMME, **RETURN_KEY, withdrawal=WITHDRAWAL)
    assert await application.count_rows("revision") == 1
