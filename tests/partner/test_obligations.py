"""What is owed, by when, and where it stands: for partners, reviewers, and roles that nobody holds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schema.partners import Scope
from work_health import (
    ApiError,
    NotAllowed,
    RequestRejected,
    decision,
    new_exemption,
    new_extension,
    new_return,
    new_submission,
    observation,
    reason,
)
from work_health._generated.models import Withdrawal

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
COUNCIL = "nottingham-city-council"
REFERRALS = "ips-primary-care-referrals"
Q2 = "FY2025-26-Q2"
WHERE = {"organisation": COUNCIL, "measure": REFERRALS, "series": "headline", "service": "main", "period": Q2}
# Q2 ends on 30 September; due after 30 days, timely for 37, closed after 365; the clocks go back on 26 October.
DUE = datetime(2025, 10, 31, tzinfo=UTC)


async def push(partner, period: str = Q2, value: int = 112, **more):
    one = new_return(REFERRALS, period, [observation(CITY, value)], **more)
    return await partner.create_submission(PROGRAMME, new_submission(one, confirm_withdrawals=True))


async def owed(partner, **more):
    [one] = (await partner.list_obligations(PROGRAMME, **({"measure": REFERRALS, "period": Q2} | more))).items
    return one


async def test_a_partner_sees_what_it_owes_and_when(council_client):
    one = await owed(council_client)
    assert (one.holder, one.organisation, one.state, one.revision) == (COUNCIL, COUNCIL, "open", None)
    assert one.due == DUE
    assert one.timely_until == datetime(2025, 11, 7, tzinfo=UTC)
    assert one.closes_at == datetime(2026, 9, 30, 23, tzinfo=UTC)  # midnight in London's summer
    assert (one.missing_cells, one.query, one.reason, one.extension) == (None, None, None, None)
    assert one.actions == ["submit"]


async def test_the_state_follows_the_clock_to_the_second(application, council_client):
    assert (await owed(council_client, period="FY2025-26-Q3")).state == "not-due"
    for now, state in (
        (DUE - timedelta(seconds=1), "open"),
        (DUE, "overdue"),
        (datetime(2026, 9, 30, 22, 59, 59, tzinfo=UTC), "overdue"),
        (datetime(2026, 9, 30, 23, tzinfo=UTC), "closed"),
    ):
        application.now = now
        partner = await application.partner_client(COUNCIL)
        one = await owed(partner)
        assert (one.state, one.actions) == (state, [] if state == "closed" else ["submit"])


async def test_the_state_follows_the_review(council_client, reviewer_client):
    await push(council_client)
    one = await owed(council_client)
    assert (one.state, one.revision, one.approved_revision) == ("pending", 1, None)
    assert one.missing_cells > 0
    assert one.actions == ["submit", "withdraw", "comment"]
    assert (await owed(reviewer_client)).actions == ["approve", "query", "comment", "propose-redaction"]
    await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Is it cumulative?"))
    one = await owed(council_client)
    assert (one.state, one.query.reason, one.query.revision) == ("queried", "Is it cumulative?", 1)
    await push(council_client, value=100)
    one = await owed(council_client)
    assert (one.state, one.query, one.revision) == ("pending", None, 2)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert (await owed(council_client)).state == "approved"
    await push(council_client, value=90)
    one = await owed(council_client)
    assert (one.state, one.revision, one.approved_revision) == ("pending", 3, 2)


async def test_missing_cells_are_those_of_the_template(council_client):
    report = await push(council_client)
    [told] = report.returns
    one = await owed(council_client)
    assert one.missing_cells == told.completeness.required - told.completeness.present
    by_sex = [observation(CITY, n, breakdown={"sex": sex}) for sex, n in (("female", 60), ("male", 50), ("unknown", 2))]
    whole = new_return(REFERRALS, Q2, [observation(CITY, 112), *by_sex])
    await council_client.create_submission(PROGRAMME, new_submission(whole))
    assert (await owed(council_client)).missing_cells == one.missing_cells - 3
    nil = new_submission(new_return(REFERRALS, Q2, kind="nil"), confirm_withdrawals=True)
    await council_client.create_submission(PROGRAMME, nil)
    assert (await owed(council_client)).missing_cells == 0


async def test_what_is_withdrawn_is_owed_again(application, council_client):
    await push(council_client)
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Of another service."))
    one = await owed(council_client)
    assert (one.state, one.revision, one.missing_cells) == ("open", 2, None)
    assert one.actions == ["submit", "comment"]


async def test_a_partner_sees_its_own_and_a_reviewer_everybodys_and_the_roles_that_nobody_holds(
    council_client, reviewer_client
):
    mine = await council_client.list_obligations(PROGRAMME, limit=1000)
    assert {one.organisation for one in mine.items} == {COUNCIL}
    everybodys = await reviewer_client.list_obligations(PROGRAMME, limit=1000)
    unheld = [one for one in everybodys.items if one.organisation is None]
    assert "good-employment-hub" in {one.holder for one in unheld}
    assert {tuple(one.actions) for one in unheld} == {()}
    assert (await council_client.list_obligations(PROGRAMME, organisation="nottinghamshire-healthcare")).items == []
    theirs = await reviewer_client.list_obligations(PROGRAMME, organisation="nottinghamshire-healthcare", limit=1000)
    assert {one.organisation for one in theirs.items} == {"nottinghamshire-healthcare"}


async def test_pages_follow_each_other_by_due_date_whatever_is_filtered(application, council_client, reviewer_client):
    application.now = datetime(2026, 5, 20, tzinfo=UTC)
    reviewer_client = await application.partner_client("ohid", Scope.REVIEW)
    for query in (
        {},
        {"state": "overdue"},
        {"organisation": COUNCIL},
        {"due_before": datetime(2027, 1, 1, tzinfo=UTC)},
    ):
        whole = (await reviewer_client.list_obligations(PROGRAMME, limit=1000, **query)).items
        dues = [one.due for one in whole]
        assert dues == sorted(dues)
        read, cursor = [], None
        while True:
            page = await reviewer_client.list_obligations(PROGRAMME, limit=7, cursor=cursor, **query)
            assert len(page.items) <= 7
            read += page.items
            cursor = page.next_cursor
            if not cursor:
                break
        assert read == whole
    assert {one.state for one in (await reviewer_client.list_obligations(PROGRAMME, state="overdue")).items} == {
        "overdue"
    }


async def test_an_extension_moves_the_instants_and_ends_by_itself(application, council_client, reviewer_client):
    until = DUE + timedelta(days=20)
    wanted = new_extension(COUNCIL, REFERRALS, Q2, until=until, reason="A new system.")
    made = await reviewer_client.grant_extension(PROGRAMME, wanted)
    assert (made.organisation, made.until, made.granted_at) == (COUNCIL, until, application.now)
    application.now = until - timedelta(seconds=1)
    council_client, reviewer_client = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    one = await owed(council_client)
    assert (one.state, one.due, one.timely_until, one.extension) == ("open", until, until, made)
    assert one.closes_at == datetime(2026, 9, 30, 23, tzinfo=UTC)
    application.now = until
    assert (await owed(council_client)).state == "overdue"
    assert (await council_client.list_extensions(PROGRAMME)).items == [made]
    other = await application.partner_client("nottinghamshire-healthcare")
    assert (await other.list_extensions(PROGRAMME)).items == []


async def test_the_longest_extension_counts_and_makes_a_return_on_time(application, council_client, reviewer_client):
    for days in (40, 20):
        wanted = new_extension(COUNCIL, REFERRALS, Q2, until=DUE + timedelta(days=days), reason="A new system.")
        await reviewer_client.grant_extension(PROGRAMME, wanted)
    application.now = DUE + timedelta(days=39)
    council_client, reviewer_client = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    report = await push(council_client)
    assert report.returns[0].timeliness == "on-time"
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.received, figure.coverage.late) == (1, 0)


async def test_without_an_extension_it_is_late(application):
    application.now = DUE + timedelta(days=39)
    council, reviewer = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    assert (await push(council)).returns[0].timeliness == "late"
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.received, figure.coverage.late) == (1, 1)


async def test_an_extension_opens_a_closed_period_until_it_ends(application):
    application.now = datetime(2026, 10, 20, tzinfo=UTC)
    council, reviewer = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    with pytest.raises(RequestRejected, match="period-closed"):
        await push(council)
    until = application.now + timedelta(days=3)
    await reviewer.grant_extension(PROGRAMME, new_extension(COUNCIL, REFERRALS, Q2, until=until, reason="Found late."))
    assert (await owed(council)).state == "open"
    await push(council)
    application.now = until
    with pytest.raises(RequestRejected, match="period-closed"):
        await push(council, value=1)


async def test_an_exemption_leaves_the_count_of_those_expected(council_client, reviewer_client):
    [before] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (before.coverage.expected, before.coverage.exempt) == (1, 0)
    await reviewer_client.decide_exemption(
        PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="It began in October.")
    )
    one = await owed(council_client)
    assert (one.state, one.reason) == ("exempt", "It began in October.")
    [after] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (after.coverage.expected, after.coverage.received, after.coverage.exempt) == (0, 0, 1)
    taken_back = new_exemption(COUNCIL, REFERRALS, Q2, exempt=False, reason="It began in July.")
    await reviewer_client.decide_exemption(PROGRAMME, taken_back)
    one = await owed(council_client)
    assert (one.state, one.reason) == ("open", None)
    [again] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (again.coverage.expected, again.coverage.exempt) == (1, 0)


async def test_an_exempt_return_that_comes_all_the_same_counts_once(council_client, reviewer_client):
    await reviewer_client.decide_exemption(
        PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="It began in October.")
    )
    await push(council_client)
    assert (await owed(council_client)).state == "pending"
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.expected, figure.coverage.received, figure.coverage.exempt) == (1, 1, 0)


async def test_a_duty_that_is_only_admitted_can_be_extended(reviewer_client):
    until = datetime(2026, 1, 1, tzinfo=UTC)
    wanted = new_extension(COUNCIL, "lived-experience-involvement", "FY2025-26-H1", until=until, reason="Holidays.")
    assert (await reviewer_client.grant_extension(PROGRAMME, wanted)).period == "FY2025-26-H1"


LATER = DUE + timedelta(days=9)
DATE = r"\d{4}-\d\d-\d\d"


@pytest.mark.parametrize(
    ("changed", "code", "named"),
    [
        ({"organisation": "nottingham-city-counci"}, "unknown-code", "nottingham-city-council"),
        ({"measure": "ips-referrals"}, "not-found", "'ips-referrals'"),
        ({"series": "other"}, "unknown-code", "'other'"),
        ({"service": "other"}, "not-expected", "'other'"),
        ({"period": "2025-07"}, "not-expected", "2025-07"),
        ({"period": "FY2035-36-Q1"}, "not-expected", "FY2035-36-Q1"),
        ({"period": "2025-Q2"}, "unclear-period", "2025-Q2"),
        ({"organisation": "ohid"}, "not-expected", "ohid"),
        ({"measure": "claimant-count"}, "not-found", "claimant-count"),
        ({"until": DUE - timedelta(days=30)}, "invalid-extension-date", DATE),
        ({"until": DUE + timedelta(days=3000)}, "invalid-extension-date", DATE),
        (
            {"until": datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12)))},
            "invalid-extension-date",
            DATE,
        ),
        ({"until": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=12)))}, "invalid-extension-date", DATE),
        ({"reason": ""}, "invalid-body", "/reason"),
        ({"reason": "a\x00b"}, "invalid-body", "/reason"),
    ],
)
async def test_an_extension_of_what_nobody_owes_is_refused(application, reviewer_client, changed, code, named):
    given = {
        "organisation": COUNCIL,
        "measure": REFERRALS,
        "period": Q2,
        "until": LATER,
        "reason": "A new system.",
    } | changed
    with pytest.raises(ApiError, match=named) as refusal:
        await reviewer_client.grant_extension(PROGRAMME, new_extension(**given))
    assert refusal.value.problem.type_ == f"/errors/{code}"
    assert await application.count_rows("extension") == 0


async def test_only_reviewers_of_another_organisation_grant(application, council_client):
    both = await application.partner_client(COUNCIL, Scope.SUBMIT, Scope.REVIEW)
    wanted = new_extension(COUNCIL, REFERRALS, Q2, until=LATER, reason="More time for me.")
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council_client.grant_extension(PROGRAMME, wanted)
    with pytest.raises(NotAllowed, match="yourself"):
        await both.grant_extension(PROGRAMME, wanted)
    with pytest.raises(NotAllowed, match="yourself"):
        await both.decide_exemption(PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="I would rather not."))


async def test_the_same_grant_again_is_made_once(application, reviewer_client):
    wanted = new_extension(COUNCIL, REFERRALS, Q2, until=LATER, reason="A new system.")
    first = await reviewer_client.grant_extension(PROGRAMME, wanted, idempotency_key="a")
    assert await reviewer_client.grant_extension(PROGRAMME, wanted, idempotency_key="a") == first
    assert await application.count_rows("extension") == 1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("organisation=nobody", "an organisation"),
        ("measure=nothing", "not a measure"),
        ("period=Q2", "period code"),
        ("state=asleep", "state"),
        ("due_before=2025-10-31T00:00:00", "due_before"),
        ("due_before=0001-01-01T00:00:00%2B12:00", "calendar"),
        ("due_before=yesterday", "due_before"),
        ("cursor=x", "not a cursor"),
        ("cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzEyOjAwIiwiYSIsImEiLCJhIiwiYSIsImEiXQ", "not a cursor"),
        ("limit=0", "limit"),
        ("late=1", "no parameter"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(application, query, told):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    answer = await http.get(f"/v1/programmes/{PROGRAMME}/obligations?{query}")
    assert answer.status_code in (404, 422)
    assert told in answer.text
