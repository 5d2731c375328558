"""Reviews of a return, through the SDK: queries, comments, decisions and clearances."""

import asyncio
from datetime import date

import pytest

from schema.partners import Scope
from work_health import (
    ApiError,
    Conflict,
    NotAllowed,
    NotFound,
    RequestRejected,
    clearance,
    comment,
    decision,
    new_return,
    new_submission,
    observation,
    reason,
)
from work_health._generated.models import EvidenceEntry, Justification, NewReturn, NewSubmission

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


async def submit(partner, value: int = 112, **options):
    new = new_return(WHERE["measure"], WHERE["period"], [observation(CITY, value)], **options)
    return await partner.create_submission(PROGRAMME, new_submission(new))


async def state_of(partner, revision: int | None = None) -> tuple[str, int | None]:
    summary = (await partner.get_return(PROGRAMME, **WHERE, revision=revision)).summary
    return summary.state, summary.approved_revision


async def test_approval_counts_and_the_organisation_can_read_it(council_client, reviewer_client):
    await submit(council_client)
    approval = await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1, "Compared."))
    assert (approval.event, approval.revision, approval.state) == ("approved", 1, "approved")
    assert await state_of(council_client) == ("approved", 1)
    review = await council_client.get_review(PROGRAMME, **WHERE)
    assert [(e.event, e.by, e.text) for e in review.events] == [
        ("recorded", "nottingham-city-council", None),
        ("approved", "ohid", "Compared."),
    ]
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[WHERE["measure"]])).items
    assert (figure.coverage.received, figure.coverage.approved) == (1, 1)


async def test_correction_is_pending_next_to_the_approved_revision_until_approved(council_client, reviewer_client):
    await submit(council_client, 112)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await submit(council_client, 115)
    assert await state_of(council_client) == ("pending", 1)
    assert await state_of(council_client, 1) == ("approved", 1)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert await state_of(council_client) == ("approved", 2)
    assert await state_of(council_client, 1) == ("superseded", 2)
    review = await reviewer_client.get_review(PROGRAMME, **WHERE)
    assert [(e.event, e.revision) for e in review.events] == [
        ("recorded", 1),
        ("approved", 1),
        ("recorded", 2),
        ("superseded", 1),
        ("approved", 2),
    ]


async def test_query_has_a_reason_and_a_comment_or_a_correction_answers_it(council_client, reviewer_client):
    await submit(council_client)
    await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Is it the cumulative figure?"))
    reply = await council_client.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "No, two clinics joined."))
    assert (reply.event, reply.state) == ("commented", "queried")
    review = await reviewer_client.get_review(PROGRAMME, **WHERE)
    assert [e.text for e in review.events] == [None, "Is it the cumulative figure?", "No, two clinics joined."]
    assert review.actions == ["approve", "comment", "propose-redaction"]
    await submit(council_client, 90)
    assert await state_of(council_client, 1) == ("superseded", None)
    assert await state_of(council_client) == ("pending", None)


async def test_query_without_a_reason_is_rejected(application, council_client, reviewer_client):
    await submit(council_client)
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    path = f"/v1/programmes/{PROGRAMME}/returns/" + "/".join(WHERE.values())
    for body in ({"revision": 1}, {"revision": 1, "reason": ""}, {"revision": 0, "reason": "x"}, {"reason": "x"}):
        response = await http.post(f"{path}/query", json=body)
        assert (response.status_code, response.json()["type"]) == (422, "/errors/invalid-body")
    assert await application.count_rows("return_event") == 1


async def test_decision_on_an_older_revision_is_a_conflict(council_client, reviewer_client):
    await submit(council_client, 112)
    await submit(council_client, 115)
    for call in (
        reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
    ):
        with pytest.raises(Conflict, match=r"\b2\b.*\b1\b"):
            await call
    with pytest.raises(NotFound, match=r"\b3\b.*\b2\b"):
        await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(3))


async def test_impossible_transition_is_a_conflict(council_client, reviewer_client):
    await submit(council_client)
    with pytest.raises(Conflict, match=r"\bpending\b.*\breopened\b"):
        await reviewer_client.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "Why not?"))
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    with pytest.raises(Conflict, match=r"\bapproved\b.*\bqueried\b"):
        await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Too late."))


async def test_reopened_approval_is_pending_again(council_client, reviewer_client):
    await submit(council_client)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    reopening = await reviewer_client.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "A double count."))
    assert reopening.state == "pending"
    assert await state_of(council_client) == ("pending", None)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    assert await state_of(council_client) == ("approved", 1)


async def test_correction_supersedes_a_reopened_approval(council_client, reviewer_client):
    await submit(council_client, 112)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await submit(council_client, 115)
    reopening = await reviewer_client.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "A double count."))
    assert reopening.state == "superseded"
    assert await state_of(council_client) == ("pending", None)
    events = (await council_client.get_review(PROGRAMME, **WHERE)).events
    assert [(e.event, e.revision, e.state) for e in events][-2:] == [
        ("reopened", 1, "pending"),
        ("superseded", 1, "superseded"),
    ]
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert await state_of(council_client) == ("approved", 2)


async def test_reviewer_cannot_decide_on_a_return_of_its_own_organisation(application, council_client):
    await submit(council_client)
    submitter_and_reviewer = await application.partner_client("nottingham-city-council", Scope.SUBMIT, Scope.REVIEW)
    for call in (
        submitter_and_reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        submitter_and_reviewer.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
        submitter_and_reviewer.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
        submitter_and_reviewer.clear_entries_for_release(PROGRAMME, **WHERE, clearance=clearance(1, [1])),
    ):
        with pytest.raises(NotAllowed, match="nottingham-city-council"):
            await call
    review = await submitter_and_reviewer.get_review(PROGRAMME, **WHERE)
    assert review.actions == ["submit", "withdraw", "comment"]
    await submitter_and_reviewer.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Ready."))


async def test_only_reviewers_decide(application, council_client):
    await submit(council_client)
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    other_partner = await application.partner_client("nottinghamshire-healthcare")
    for call in (
        other_partner.get_review(PROGRAMME, **WHERE),
        other_partner.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Hello.")),
    ):
        with pytest.raises(NotFound):
            await call


async def test_key_that_only_reads_cannot_comment(application, council_client):
    await submit(council_client)
    reader = await application.partner_client("nottingham-city-council", Scope.READ)
    with pytest.raises(NotAllowed):
        await reader.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Hello."))
    review = await reader.get_review(PROGRAMME, **WHERE)
    assert (review.actions, [event.event for event in review.events]) == ([], ["recorded"])


async def test_repeated_decision_gets_the_same_response_and_is_recorded_once(
    application, council_client, reviewer_client
):
    await submit(council_client)
    approval = await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1), idempotency_key="a")
    repeat = await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1), idempotency_key="a")
    assert approval == repeat
    assert await application.count_rows("return_event") == 2
    with pytest.raises(RequestRejected):
        await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1, "!"), idempotency_key="a")


async def test_concurrent_decisions_and_submissions_leave_one_approved_revision(council_client, reviewer_client):
    await submit(council_client, 1)
    for value in range(2, 8):
        await asyncio.gather(
            submit(council_client, value),
            reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(value - 1)),
            reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(value - 1, "Why?")),
            return_exceptions=True,
        )
        states = [(await state_of(council_client, number))[0] for number in range(1, value + 1)]
        assert states.count("approved") <= 1
        assert states[-1] == "pending"
        assert set(states[:-1]) <= {"approved", "superseded"}


EVIDENCE = WHERE | {"measure": "lived-experience-involvement", "period": "FY2025-26-H1"}


def involvement(*titles: str):
    entries = [
        EvidenceEntry(domain="evaluation", title=title, date=date(2025, 9, number), people=4)
        for number, title in enumerate(titles, 1)
    ]
    return NewReturn(measure=EVIDENCE["measure"], period=EVIDENCE["period"], entries=entries)


async def test_reviewer_clears_texts_of_evidence_entry_by_entry(council_client, reviewer_client):
    await council_client.create_submission(
        PROGRAMME, new_submission(involvement("Panel of carers", "Panel of employers"))
    )
    with pytest.raises(RequestRejected, match=r"\b2\b.*\b3\b"):
        await reviewer_client.clear_entries_for_release(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1, 3]))
    assert (
        await reviewer_client.clear_entries_for_release(PROGRAMME, **EVIDENCE, clearance=clearance(1, [2, 2]))
    ).state == "pending"
    assert (await council_client.get_review(PROGRAMME, **EVIDENCE)).cleared == [2]
    await reviewer_client.clear_entries_for_release(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1]))
    review = await reviewer_client.get_review(PROGRAMME, **EVIDENCE)
    assert review.cleared == [1, 2]
    assert "clear-for-release" in review.actions


async def test_approved_entries_can_be_cleared_while_a_correction_is_pending(council_client, reviewer_client):
    await council_client.create_submission(PROGRAMME, new_submission(involvement("Panel")))
    await reviewer_client.approve_return(PROGRAMME, **EVIDENCE, decision=decision(1))
    await council_client.create_submission(
        PROGRAMME, new_submission(involvement("Panel of carers"), confirm_withdrawals=True)
    )
    assert (
        await reviewer_client.clear_entries_for_release(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1]))
    ).state == "approved"
    assert (await council_client.get_review(PROGRAMME, **EVIDENCE)).cleared == []
    assert (await council_client.get_review(PROGRAMME, **EVIDENCE, revision=1)).cleared == [1]


async def test_review_lists_the_findings_and_justifications_of_its_return(council_client, reviewer_client):
    by_sex = {"female": 60, "male": 40, "unknown": 0}
    cells = [observation(CITY, 112), *(observation(CITY, n, breakdown={"sex": sex}) for sex, n in by_sex.items())]
    new = new_return(WHERE["measure"], WHERE["period"], cells)
    other_service = new_return(
        WHERE["measure"], "FY2025-26-Q1", [observation(CITY, 5), observation(CITY, 2, breakdown={"sex": "male"})]
    )
    with pytest.raises(RequestRejected) as refusal:
        await council_client.create_submission(PROGRAMME, new_submission(new, other_service))
    [finding] = [f for f in refusal.value.findings if f.severity == "error"]
    justification = Justification(finding=str(finding.id), text="Twelve would not say.")
    submission = NewSubmission(returns=[new, other_service], justifications=[justification])
    await council_client.create_submission(PROGRAMME, submission)
    [finding] = (await reviewer_client.get_review(PROGRAMME, **WHERE)).findings
    assert (finding.code, finding.justification) == ("sum-below-total", "Twelve would not say.")
    earlier_review = await council_client.get_review(PROGRAMME, **WHERE | {"period": "FY2025-26-Q1"})
    assert [f.code for f in earlier_review.findings] == ["categories-missing"]


async def test_possible_double_count_is_reported_to_reviewers_only(application, council_client, reviewer_client):
    where = WHERE | {"measure": "ips-engagements", "service": "ips-primary-care"}
    trust = await application.partner_client("nottinghamshire-healthcare")
    await council_client.create_submission(
        PROGRAMME,
        new_submission(
            new_return(where["measure"], where["period"], [observation(CITY, 30)], service=where["service"])
        ),
    )
    assert (await reviewer_client.get_review(PROGRAMME, **where)).findings == []
    await trust.create_submission(
        PROGRAMME,
        new_submission(
            new_return(where["measure"], where["period"], [observation(CITY, 41)], service="futures-positive")
        ),
    )
    [finding] = (await reviewer_client.get_review(PROGRAMME, **where)).findings
    assert (finding.code, finding.severity) == ("possible-double-count", "warning")
    assert "nottingham-city-council (ips-primary-care) 30" in finding.message
    assert "nottinghamshire-healthcare (futures-positive) 41" in finding.message
    other_return = where | {"organisation": "nottinghamshire-healthcare", "service": "futures-positive"}
    assert (await trust.get_review(PROGRAMME, **other_return)).findings == []
    assert (await council_client.get_review(PROGRAMME, **where)).findings == []
    await reviewer_client.approve_return(PROGRAMME, **where, decision=decision(1))


async def test_other_series_or_period_of_a_measure_is_not_a_double_count(application, council_client, reviewer_client):
    where = WHERE | {"measure": "ips-engagements", "service": "ips-primary-care"}
    trust = await application.partner_client("nottinghamshire-healthcare")
    for partner, period, service in (
        (council_client, "FY2025-26-Q2", "ips-primary-care"),
        (trust, "FY2025-26-Q1", "futures-positive"),
    ):
        new = new_return(where["measure"], period, [observation(CITY, 30)], service=service)
        await partner.create_submission(PROGRAMME, new_submission(new))
    assert (await reviewer_client.get_review(PROGRAMME, **where)).findings == []


@pytest.mark.parametrize("text", ["a\x00b"])
async def test_text_that_cannot_be_stored_is_rejected(application, council_client, text):
    await submit(council_client)
    with pytest.raises(RequestRejected, match="NUL"):
        await council_client.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, text))
    assert await application.count_rows("return_event") == 1


@pytest.mark.parametrize("part", list(WHERE))
async def test_unknown_path_gives_404(reviewer_client, part):
    with pytest.raises(ApiError) as refusal:
        await reviewer_client.approve_return(PROGRAMME, **WHERE | {part: "nothing"}, decision=decision(1))
    assert refusal.value.status == 404
