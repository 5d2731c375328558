"""What reviewers and partners say to each other about a return, through the SDK."""

import asyncio
from datetime import date

import pytest

from schema.partners import Scope
from work_health import (
    ApiError,
    Conflict,
    NotAllowed,
    NotFound,
    Rejected,
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


async def push(partner, value: int = 112, **more):
    one = new_return(WHERE["measure"], WHERE["period"], [observation(CITY, value)], **more)
    return await partner.create_submission(PROGRAMME, new_submission(one))


async def state_of(partner, revision: int | None = None) -> tuple[str, int | None]:
    standing = (await partner.get_return(PROGRAMME, **WHERE, revision=revision)).standing
    return standing.state, standing.approved_revision


async def test_an_approval_counts_and_is_read_by_the_organisation(council, reviewer):
    await push(council)
    done = await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1, "Compared."))
    assert (done.event, done.revision, done.state) == ("approved", 1, "approved")
    assert await state_of(council) == ("approved", 1)
    review = await council.get_review(PROGRAMME, **WHERE)
    assert [(e.event, e.by, e.text) for e in review.events] == [
        ("recorded", "nottingham-city-council", None),
        ("approved", "ohid", "Compared."),
    ]
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[WHERE["measure"]])).items
    assert (figure.coverage.received, figure.coverage.approved) == (1, 1)


async def test_a_correction_is_pending_beside_what_is_approved_until_it_is_approved_too(council, reviewer):
    await push(council, 112)
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await push(council, 115)
    assert await state_of(council) == ("pending", 1)
    assert await state_of(council, 1) == ("approved", 1)
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert await state_of(council) == ("approved", 2)
    assert await state_of(council, 1) == ("superseded", 2)
    review = await reviewer.get_review(PROGRAMME, **WHERE)
    assert [(e.event, e.revision) for e in review.events] == [
        ("recorded", 1),
        ("approved", 1),
        ("recorded", 2),
        ("superseded", 1),
        ("approved", 2),
    ]


async def test_a_query_has_a_reason_and_is_answered_by_a_comment_or_a_correction(council, reviewer):
    await push(council)
    await reviewer.query_return(PROGRAMME, **WHERE, reason=reason(1, "Is it the cumulative figure?"))
    said = await council.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "No, two clinics joined."))
    assert (said.event, said.state) == ("commented", "queried")
    review = await reviewer.get_review(PROGRAMME, **WHERE)
    assert [e.text for e in review.events] == [None, "Is it the cumulative figure?", "No, two clinics joined."]
    assert review.actions == ["approve", "comment", "propose-redaction"]
    await push(council, 90)
    assert await state_of(council, 1) == ("superseded", None)
    assert await state_of(council) == ("pending", None)


async def test_a_query_without_a_reason_is_refused(world, council, reviewer):
    await push(council)
    http = world.http(await world.key("ohid", Scope.REVIEW))
    path = f"/v1/programmes/{PROGRAMME}/returns/" + "/".join(WHERE.values())
    for body in ({"revision": 1}, {"revision": 1, "reason": ""}, {"revision": 0, "reason": "x"}, {"reason": "x"}):
        answer = await http.post(f"{path}/query", json=body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/errors/invalid-body")
    assert await world.count("return_event") == 1


async def test_a_decision_on_a_revision_that_is_no_longer_the_newest_is_a_conflict(council, reviewer):
    await push(council, 112)
    await push(council, 115)
    for deciding in (
        reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        reviewer.query_return(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
    ):
        with pytest.raises(Conflict, match=r"\b2\b.*\b1\b"):
            await deciding
    with pytest.raises(NotFound, match=r"\b3\b.*\b2\b"):
        await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(3))


async def test_what_cannot_happen_is_a_conflict(council, reviewer):
    await push(council)
    with pytest.raises(Conflict, match=r"\bpending\b.*\breopened\b"):
        await reviewer.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "Why not?"))
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    with pytest.raises(Conflict, match=r"\bapproved\b.*\bqueried\b"):
        await reviewer.query_return(PROGRAMME, **WHERE, reason=reason(1, "Too late."))


async def test_a_reopened_approval_is_pending_again(council, reviewer):
    await push(council)
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    done = await reviewer.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "A double count."))
    assert done.state == "pending"
    assert await state_of(council) == ("pending", None)
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    assert await state_of(council) == ("approved", 1)


async def test_a_reopened_approval_with_a_correction_beside_it_gives_way_to_the_correction(council, reviewer):
    await push(council, 112)
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await push(council, 115)
    done = await reviewer.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "A double count."))
    assert done.state == "superseded"
    assert await state_of(council) == ("pending", None)
    events = (await council.get_review(PROGRAMME, **WHERE)).events
    assert [(e.event, e.revision, e.state) for e in events][-2:] == [
        ("reopened", 1, "pending"),
        ("superseded", 1, "superseded"),
    ]
    await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(2))
    assert await state_of(council) == ("approved", 2)


async def test_nobody_decides_on_a_return_of_the_own_organisation(world, council):
    await push(council)
    both = await world.partner("nottingham-city-council", Scope.SUBMIT, Scope.REVIEW)
    for deciding in (
        both.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        both.query_return(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
        both.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
        both.clear_text(PROGRAMME, **WHERE, clearance=clearance(1, [1])),
    ):
        with pytest.raises(NotAllowed, match="nottingham-city-council"):
            await deciding
    review = await both.get_review(PROGRAMME, **WHERE)
    assert review.actions == ["submit", "withdraw", "comment", "propose-redaction"]
    await both.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Ready."))


async def test_only_reviewers_decide(world, council):
    await push(council)
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    stranger = await world.partner("nottinghamshire-healthcare")
    for reading in (
        stranger.get_review(PROGRAMME, **WHERE),
        stranger.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Hello.")),
    ):
        with pytest.raises(NotFound, match="no such return"):
            await reading


async def test_the_same_decision_again_is_answered_as_before_and_done_once(world, council, reviewer):
    await push(council)
    first = await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1), idempotency_key="a")
    again = await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1), idempotency_key="a")
    assert first == again
    assert await world.count("return_event") == 2
    with pytest.raises(Rejected, match="another content"):
        await reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(1, "!"), idempotency_key="a")


async def test_decisions_and_submissions_at_once_leave_one_that_counts(council, reviewer):
    await push(council, 1)
    for value in range(2, 8):
        await asyncio.gather(
            push(council, value),
            reviewer.approve_return(PROGRAMME, **WHERE, decision=decision(value - 1)),
            reviewer.query_return(PROGRAMME, **WHERE, reason=reason(value - 1, "Why?")),
            return_exceptions=True,
        )
        states = [(await state_of(council, number))[0] for number in range(1, value + 1)]
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


async def test_texts_of_evidence_are_cleared_entry_by_entry(council, reviewer):
    await council.create_submission(PROGRAMME, new_submission(involvement("Panel of carers", "Panel of employers")))
    with pytest.raises(Rejected, match=r"\b2\b.*\b3\b"):
        await reviewer.clear_text(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1, 3]))
    assert (await reviewer.clear_text(PROGRAMME, **EVIDENCE, clearance=clearance(1, [2, 2]))).state == "pending"
    assert (await council.get_review(PROGRAMME, **EVIDENCE)).cleared == [2]
    await reviewer.clear_text(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1]))
    review = await reviewer.get_review(PROGRAMME, **EVIDENCE)
    assert review.cleared == [1, 2]
    assert "clear" in review.actions


async def test_what_counts_can_be_cleared_while_a_correction_waits(council, reviewer):
    await council.create_submission(PROGRAMME, new_submission(involvement("Panel")))
    await reviewer.approve_return(PROGRAMME, **EVIDENCE, decision=decision(1))
    await council.create_submission(PROGRAMME, new_submission(involvement("Panel of carers"), confirm_withdrawals=True))
    assert (await reviewer.clear_text(PROGRAMME, **EVIDENCE, clearance=clearance(1, [1]))).state == "approved"
    assert (await council.get_review(PROGRAMME, **EVIDENCE)).cleared == []
    assert (await council.get_review(PROGRAMME, **EVIDENCE, revision=1)).cleared == [1]


async def test_the_review_has_the_findings_of_that_return_and_their_justifications(council, reviewer):
    by_sex = {"female": 60, "male": 40, "unknown": 0}
    cells = [observation(CITY, 112), *(observation(CITY, n, breakdown={"sex": sex}) for sex, n in by_sex.items())]
    one = new_return(WHERE["measure"], WHERE["period"], cells)
    other = new_return(
        WHERE["measure"], "FY2025-26-Q1", [observation(CITY, 5), observation(CITY, 2, breakdown={"sex": "male"})]
    )
    with pytest.raises(Rejected) as refusal:
        await council.create_submission(PROGRAMME, new_submission(one, other))
    [doubted] = [f for f in refusal.value.findings if f.severity == "error"]
    answered = Justification(finding=str(doubted.id), text="Twelve would not say.")
    sent = NewSubmission(returns=[one, other], justifications=[answered])
    await council.create_submission(PROGRAMME, sent)
    [finding] = (await reviewer.get_review(PROGRAMME, **WHERE)).findings
    assert (finding.code, finding.justification) == ("parts-below-total", "Twelve would not say.")
    earlier = await council.get_review(PROGRAMME, **WHERE | {"period": "FY2025-26-Q1"})
    assert [f.code for f in earlier.findings] == ["categories-missing"]


async def test_a_possible_double_count_is_told_to_reviewers_alone(world, council, reviewer):
    where = WHERE | {"measure": "ips-engagements", "service": "ips-primary-care"}
    trust = await world.partner("nottinghamshire-healthcare")
    await council.create_submission(
        PROGRAMME,
        new_submission(
            new_return(where["measure"], where["period"], [observation(CITY, 30)], service=where["service"])
        ),
    )
    assert (await reviewer.get_review(PROGRAMME, **where)).findings == []
    await trust.create_submission(
        PROGRAMME,
        new_submission(
            new_return(where["measure"], where["period"], [observation(CITY, 41)], service="futures-positive")
        ),
    )
    [finding] = (await reviewer.get_review(PROGRAMME, **where)).findings
    assert (finding.code, finding.severity) == ("possible-double-count", "warning")
    assert "nottingham-city-council (ips-primary-care) 30" in finding.message
    assert "nottinghamshire-healthcare (futures-positive) 41" in finding.message
    theirs = where | {"organisation": "nottinghamshire-healthcare", "service": "futures-positive"}
    assert (await trust.get_review(PROGRAMME, **theirs)).findings == []
    assert (await council.get_review(PROGRAMME, **where)).findings == []
    await reviewer.approve_return(PROGRAMME, **where, decision=decision(1))


async def test_another_series_of_the_same_measure_or_another_period_is_no_double_count(world, council, reviewer):
    where = WHERE | {"measure": "ips-engagements", "service": "ips-primary-care"}
    trust = await world.partner("nottinghamshire-healthcare")
    for partner, period, service in (
        (council, "FY2025-26-Q2", "ips-primary-care"),
        (trust, "FY2025-26-Q1", "futures-positive"),
    ):
        one = new_return(where["measure"], period, [observation(CITY, 30)], service=service)
        await partner.create_submission(PROGRAMME, new_submission(one))
    assert (await reviewer.get_review(PROGRAMME, **where)).findings == []


@pytest.mark.parametrize("text", ["a\x00b"])
async def test_a_text_that_cannot_be_kept_is_refused(world, council, text):
    await push(council)
    with pytest.raises(Rejected, match="NUL"):
        await council.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, text))
    assert await world.count("return_event") == 1


@pytest.mark.parametrize("part", list(WHERE))
async def test_an_address_that_names_nothing_is_not_found(reviewer, part):
    with pytest.raises(ApiError) as refusal:
        await reviewer.approve_return(PROGRAMME, **WHERE | {part: "nothing"}, decision=decision(1))
    assert refusal.value.status == 404
