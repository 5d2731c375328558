"""Obligations: their deadlines and states, for partners, for reviewers, and for roles without a holder."""

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
# Q2 ends on 30 September. Its returns are due after 30 days, late after 37, and closed after 365. The clocks go back
# on 26 October.
DUE = datetime(2025, 10, 31, tzinfo=UTC)


async def submit(partner, period: str = Q2, value: int = 112, **options):
    new = new_return(REFERRALS, period, [observation(CITY, value)], **options)
    return await partner.create_submission(PROGRAMME, new_submission(new, confirm_withdrawals=True))


async def read_obligation(partner, **filters):
    [obligation] = (await partner.list_obligations(PROGRAMME, **({"measure": REFERRALS, "period": Q2} | filters))).items
    return obligation


async def test_partner_reads_its_obligation_and_deadlines(council_client):
    obligation = await read_obligation(council_client)
    assert (obligation.holder, obligation.organisation, obligation.state, obligation.revision) == (
        COUNCIL,
        COUNCIL,
        "open",
        None,
    )
    assert obligation.due_at == DUE
    assert obligation.late_from == datetime(2025, 11, 7, tzinfo=UTC)
    assert obligation.closes_at == datetime(2026, 9, 30, 23, tzinfo=UTC)  # midnight, British Summer Time
    assert (obligation.missing_cells, obligation.query, obligation.reason, obligation.extension) == (
        None,
        None,
        None,
        None,
    )
    assert obligation.actions == ["submit"]


async def test_state_changes_at_the_exact_second(application, council_client):
    assert (await read_obligation(council_client, period="FY2025-26-Q3")).state == "not-due"
    for now, state in (
        (DUE - timedelta(seconds=1), "open"),
        (DUE, "overdue"),
        (datetime(2026, 9, 30, 22, 59, 59, tzinfo=UTC), "overdue"),
        (datetime(2026, 9, 30, 23, tzinfo=UTC), "closed"),
    ):
        application.now = now
        partner = await application.partner_client(COUNCIL)
        obligation = await read_obligation(partner)
        assert (obligation.state, obligation.actions) == (state, [] if state == "closed" else ["submit"])


async def test_state_follows_the_review(council_client, reviewer_client):
    await submit(council_client)
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.revision, obligation.approved_revision) == ("pending", 1, None)
    assert obligation.missing_cells > 0
    assert obligation.actions == ["submit", "withdraw", "comment"]
    assert (await read_obligation(reviewer_client)).actions == ["approve", "query", "comment", "propose-redaction"]
    await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Is it cumulative?"))
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.query.reason, obligation.query.revision) == ("queried", "Is it cumulative?", 1)
    await submit(council_client, value=100)
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.query, obligation.revision) == ("pending", None, 2)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert (await read_obligation(council_client)).state == "approved"
    await submit(council_client, value=90)
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.revision, obligation.approved_revision) == ("pending", 3, 2)


async def test_missing_cells_are_those_of_the_template(council_client):
    report = await submit(council_client)
    [returned] = report.returns
    obligation = await read_obligation(council_client)
    assert obligation.missing_cells == returned.completeness.required - returned.completeness.present
    by_sex = [observation(CITY, n, breakdown={"sex": sex}) for sex, n in (("female", 60), ("male", 50), ("unknown", 2))]
    complete = new_return(REFERRALS, Q2, [observation(CITY, 112), *by_sex])
    await council_client.create_submission(PROGRAMME, new_submission(complete))
    assert (await read_obligation(council_client)).missing_cells == obligation.missing_cells - 3
    nil = new_submission(new_return(REFERRALS, Q2, kind="nil"), confirm_withdrawals=True)
    await council_client.create_submission(PROGRAMME, nil)
    assert (await read_obligation(council_client)).missing_cells == 0


async def test_withdrawn_return_is_open_again(application, council_client):
    await submit(council_client)
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Of another service."))
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.revision, obligation.missing_cells) == ("open", 2, None)
    assert obligation.actions == ["submit", "comment"]


async def test_partner_lists_own_obligations_and_reviewer_lists_all(council_client, reviewer_client):
    own = await council_client.list_obligations(PROGRAMME, limit=1000)
    assert {obligation.organisation for obligation in own.items} == {COUNCIL}
    every_organisation = await reviewer_client.list_obligations(PROGRAMME, limit=1000)
    unheld = [obligation for obligation in every_organisation.items if obligation.organisation is None]
    assert "good-employment-hub" in {obligation.holder for obligation in unheld}
    assert {tuple(obligation.actions) for obligation in unheld} == {()}
    assert (await council_client.list_obligations(PROGRAMME, organisation="nottinghamshire-healthcare")).items == []
    others = await reviewer_client.list_obligations(PROGRAMME, organisation="nottinghamshire-healthcare", limit=1000)
    assert {obligation.organisation for obligation in others.items} == {"nottinghamshire-healthcare"}


async def test_pages_are_in_order_of_due_date_with_any_filter(application, council_client, reviewer_client):
    application.now = datetime(2026, 5, 20, tzinfo=UTC)
    reviewer_client = await application.partner_client("ohid", Scope.REVIEW)
    for query in (
        {},
        {"state": "overdue"},
        {"organisation": COUNCIL},
        {"due_before": datetime(2027, 1, 1, tzinfo=UTC)},
    ):
        obligations = (await reviewer_client.list_obligations(PROGRAMME, limit=1000, **query)).items
        due_dates = [obligation.due_at for obligation in obligations]
        assert due_dates == sorted(due_dates)
        read, cursor = [], None
        while True:
            page = await reviewer_client.list_obligations(PROGRAMME, limit=7, cursor=cursor, **query)
            assert len(page.items) <= 7
            read += page.items
            cursor = page.next_cursor
            if not cursor:
                break
        assert read == obligations
    assert {
        obligation.state for obligation in (await reviewer_client.list_obligations(PROGRAMME, state="overdue")).items
    } == {"overdue"}


async def test_extension_moves_the_deadlines_and_expires(application, council_client, reviewer_client):
    until = DUE + timedelta(days=20)
    request = new_extension(COUNCIL, REFERRALS, Q2, until=until, reason="A new system.")
    extension = await reviewer_client.grant_extension(PROGRAMME, request)
    assert (extension.organisation, extension.until, extension.granted_at) == (COUNCIL, until, application.now)
    application.now = until - timedelta(seconds=1)
    council_client, reviewer_client = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.due_at, obligation.late_from, obligation.extension) == (
        "open",
        until,
        until,
        extension,
    )
    assert obligation.closes_at == datetime(2026, 9, 30, 23, tzinfo=UTC)
    application.now = until
    assert (await read_obligation(council_client)).state == "overdue"
    assert (await council_client.list_extensions(PROGRAMME)).items == [extension]
    other_partner = await application.partner_client("nottinghamshire-healthcare")
    assert (await other_partner.list_extensions(PROGRAMME)).items == []


async def test_longest_extension_decides_whether_a_return_is_on_time(application, council_client, reviewer_client):
    for days in (40, 20):
        request = new_extension(COUNCIL, REFERRALS, Q2, until=DUE + timedelta(days=days), reason="A new system.")
        await reviewer_client.grant_extension(PROGRAMME, request)
    application.now = DUE + timedelta(days=39)
    council_client, reviewer_client = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    report = await submit(council_client)
    assert report.returns[0].timeliness == "on-time"
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.received, figure.coverage.late) == (1, 0)


async def test_return_without_an_extension_is_late(application):
    application.now = DUE + timedelta(days=39)
    council, reviewer = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    assert (await submit(council)).returns[0].timeliness == "late"
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.received, figure.coverage.late) == (1, 1)


async def test_extension_opens_a_closed_period_until_it_ends(application):
    application.now = datetime(2026, 10, 20, tzinfo=UTC)
    council, reviewer = (
        await application.partner_client(COUNCIL),
        await application.partner_client("ohid", Scope.REVIEW),
    )
    with pytest.raises(RequestRejected, match="period-closed"):
        await submit(council)
    until = application.now + timedelta(days=3)
    await reviewer.grant_extension(PROGRAMME, new_extension(COUNCIL, REFERRALS, Q2, until=until, reason="Found late."))
    assert (await read_obligation(council)).state == "open"
    await submit(council)
    application.now = until
    with pytest.raises(RequestRejected, match="period-closed"):
        await submit(council, value=1)


async def test_exempt_return_is_not_counted_as_expected(council_client, reviewer_client):
    [before] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (before.coverage.expected, before.coverage.exempt) == (1, 0)
    await reviewer_client.decide_exemption(
        PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="It began in October.")
    )
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.reason) == ("exempt", "It began in October.")
    [after] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (after.coverage.expected, after.coverage.received, after.coverage.exempt) == (0, 0, 1)
    taken_back = new_exemption(COUNCIL, REFERRALS, Q2, exempt=False, reason="It began in July.")
    await reviewer_client.decide_exemption(PROGRAMME, taken_back)
    obligation = await read_obligation(council_client)
    assert (obligation.state, obligation.reason) == ("open", None)
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.expected, figure.coverage.exempt) == (1, 0)


async def test_exempt_return_that_is_submitted_counts_once(council_client, reviewer_client):
    await reviewer_client.decide_exemption(
        PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="It began in October.")
    )
    await submit(council_client)
    assert (await read_obligation(council_client)).state == "pending"
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=[Q2])).items
    assert (figure.coverage.expected, figure.coverage.received, figure.coverage.exempt) == (1, 1, 0)


async def test_voluntary_duty_can_be_extended(reviewer_client):
    until = datetime(2026, 1, 1, tzinfo=UTC)
    request = new_extension(COUNCIL, "lived-experience-involvement", "FY2025-26-H1", until=until, reason="Holidays.")
    assert (await reviewer_client.grant_extension(PROGRAMME, request)).period == "FY2025-26-H1"


LATER = DUE + timedelta(days=9)
DATE = r"\d{4}-\d\d-\d\d"


@pytest.mark.parametrize(
    ("changes", "code", "text"),
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
async def test_extension_without_an_obligation_is_rejected(application, reviewer_client, changes, code, text):
    arguments = {
        "organisation": COUNCIL,
        "measure": REFERRALS,
        "period": Q2,
        "until": LATER,
        "reason": "A new system.",
    } | changes
    with pytest.raises(ApiError, match=text) as refusal:
        await reviewer_client.grant_extension(PROGRAMME, new_extension(**arguments))
    assert refusal.value.problem.type_ == f"/errors/{code}"
    assert await application.count_rows("extension") == 0


async def test_only_reviewers_of_another_organisation_grant(application, council_client):
    submitter_and_reviewer = await application.partner_client(COUNCIL, Scope.SUBMIT, Scope.REVIEW)
    request = new_extension(COUNCIL, REFERRALS, Q2, until=LATER, reason="More time for me.")
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council_client.grant_extension(PROGRAMME, request)
    with pytest.raises(NotAllowed, match=COUNCIL):
        await submitter_and_reviewer.grant_extension(PROGRAMME, request)
    with pytest.raises(NotAllowed, match=COUNCIL):
        await submitter_and_reviewer.decide_exemption(
            PROGRAMME, new_exemption(COUNCIL, REFERRALS, Q2, reason="I would rather not.")
        )


async def test_repeated_grant_is_recorded_once(application, reviewer_client):
    request = new_extension(COUNCIL, REFERRALS, Q2, until=LATER, reason="A new system.")
    extension = await reviewer_client.grant_extension(PROGRAMME, request, idempotency_key="a")
    assert await reviewer_client.grant_extension(PROGRAMME, request, idempotency_key="a") == extension
    assert await application.count_rows("extension") == 1


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("organisation=nobody", "an organisation"),
        ("measure=nothing", "nothing"),
        ("period=Q2", "period code"),
        ("state=asleep", "state"),
        ("due_before=2025-10-31T00:00:00", "due_before"),
        ("due_before=0001-01-01T00:00:00%2B12:00", "calendar"),
        ("due_before=yesterday", "due_before"),
        ("cursor=x", "invalid-cursor"),
        ("cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzEyOjAwIiwiYSIsImEiLCJhIiwiYSIsImEiXQ", "invalid-cursor"),
        ("limit=0", "limit"),
        ("late=1", "late"),
    ],
)
async def test_invalid_query_is_rejected(application, query, text):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/obligations?{query}")
    assert response.status_code in (404, 422)
    assert text in response.text
