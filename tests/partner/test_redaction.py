"""Redaction: once two people agree, content is deleted everywhere that it is stored."""

from datetime import date

import asyncpg
import pytest

from api.database.roles import APPLICATION_ROLE, login_url
from schema.partners import Scope
from work_health import (
    ApiError,
    Conflict,
    NotAllowed,
    clearance,
    comment,
    decision,
    new_return,
    new_submission,
    observation,
    reason,
)
from work_health._generated.models import EvidenceEntry, NewReturn

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
COUNCIL = "nottingham-city-council"
WHERE = {
    "organisation": COUNCIL,
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
PERSON = "Zebedee"
NUMBER = 918273


@pytest.fixture
async def officer(application):
    """Return the client of a reviewer of another organisation."""
    return await application.partner_client("nhs-nottingham-nottinghamshire-icb", Scope.REVIEW)


def counts(value: int = NUMBER, note: str = PERSON):
    cells = [observation(CITY, value, note=note), observation(CITY, value, breakdown={"sex": "male"})]
    return new_return(WHERE["measure"], WHERE["period"], cells, note=note)


async def submit(partner, new, key: str | None = None):
    return await partner.create_submission(
        PROGRAMME, new_submission(new, note=PERSON, confirm_withdrawals=True), idempotency_key=key
    )


async def dump(application) -> str:
    """Return the whole content of the database as text."""
    connection = await asyncpg.connect(application.url)
    try:
        tables = await connection.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        rows = [await connection.fetch(f'select t::text from "{table[0]}" t') for table in tables]
        rows.append(await connection.fetch("select o::text from observation o"))
        answers = await connection.fetch(
            "select convert_from(answer, 'UTF8') from idempotency where answer is not null"
        )
        return "\n".join(row[0] for rows_of_table in [*rows, answers] for row in rows_of_table)
    finally:
        await connection.close()


async def redact(reviewer, officer, revision: int = 1, where=WHERE):
    await reviewer.propose_redaction(PROGRAMME, **where, reason=reason(revision, "It names somebody."))
    return await officer.confirm_redaction(PROGRAMME, **where, decision=decision(revision))


async def test_redaction_deletes_content_everywhere_and_keeps_its_hash(
    application, council_client, reviewer_client, officer
):
    report_before = await submit(council_client, counts(), key="a")
    await council_client.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, f"It was {PERSON}."))
    await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, f"Who is {PERSON}?"))
    await submit(council_client, counts(40, "Corrected."), key="b")  # its report states the values before the change
    assert PERSON in await dump(application)
    assert str(NUMBER) in await dump(application)

    redaction = await redact(reviewer_client, officer)
    text = await dump(application)
    assert PERSON not in text
    assert str(NUMBER) not in text
    assert len(redaction.content_sha256) == 64
    assert (redaction.proposed_by, redaction.confirmed_by) == (
        "ohid script",
        "nhs-nottingham-nottinghamshire-icb script",
    )

    tombstone = await council_client.get_review(PROGRAMME, **WHERE, revision=1)
    assert tombstone.detail.summary.state == "redacted"
    assert (tombstone.detail.observations, tombstone.detail.summary.note) == ([], None)
    assert tombstone.findings == []
    assert [(e.event, e.text) for e in tombstone.events if e.revision == 1] == [
        ("recorded", None),
        ("commented", None),
        ("queried", "(redacted)"),
        ("superseded", None),
        ("redaction-proposed", "It names somebody."),
        ("redacted", None),
    ]
    assert (await council_client.list_redactions(PROGRAMME)).items == [redaction]
    report = await council_client.get_submission(PROGRAMME, report_before.receipt.submission)
    assert (report.findings, report.changes, report.effects) == ([], [], [])
    assert report.receipt.content_sha256 == report_before.receipt.content_sha256
    with pytest.raises(ApiError) as refusal:
        await submit(council_client, counts(), key="a")
    assert (refusal.value.status, refusal.value.problem.type_) == (410, "/errors/content-redacted")
    summary = (await council_client.get_return(PROGRAMME, **WHERE)).summary
    assert (summary.revision, summary.state) == (2, "pending")


async def test_redaction_removes_findings_that_quote_the_value_in_other_periods(application, harbour_programme):
    """The range that a finding expects is derived from the counts of other periods."""
    quay = await application.partner_client("quay-college", programme=harbour_programme)
    reviewer, second = [
        await application.partner_client(slug, Scope.REVIEW, programme=harbour_programme)
        for slug in ("harbour-council", "pier-college")
    ]
    where = {"organisation": "quay-college", "measure": "visits", "series": "by-day", "service": "main"}
    returns = [
        new_return("visits", f"2026-{month:02}", [observation("E06999999", value)], series="by-day")
        for month, value in [*((month, 100) for month in range(1, 7)), (7, 1000)]
    ]
    for new in returns:
        report = await quay.create_submission(harbour_programme, new_submission(new))
    assert [finding.code for finding in report.findings] == ["outlier"]
    march = where | {"period": "2026-03"}
    await reviewer.propose_redaction(harbour_programme, **march, reason=reason(1, "It names somebody."))
    await second.confirm_redaction(harbour_programme, **march, decision=decision(1))
    stored = await quay.get_submission(harbour_programme, report.receipt.submission)
    assert (stored.findings, stored.effects) == ([], [])


async def test_redaction_takes_two_people(application, council_client, reviewer_client, officer):
    await submit(council_client, counts())
    with pytest.raises(Conflict) as refusal:
        await officer.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))
    assert refusal.value.problem.type_ == "/errors/not-proposed"
    await reviewer_client.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "It names somebody."))
    with pytest.raises(NotAllowed):
        await reviewer_client.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))
    with pytest.raises(Conflict) as refusal:
        await officer.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "Me too."))
    assert refusal.value.problem.type_ == "/errors/already-proposed"
    assert PERSON in await dump(application)
    assert "confirm-redaction" not in (await reviewer_client.get_review(PROGRAMME, **WHERE)).actions
    assert "confirm-redaction" in (await officer.get_review(PROGRAMME, **WHERE)).actions
    [proposal] = (await officer.list_redactions(PROGRAMME)).items
    assert (proposal.confirmed_by, proposal.content_sha256) == (None, None)
    await officer.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))
    with pytest.raises(Conflict, match=r"\bredacted\b"):
        await officer.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))


async def test_two_keys_of_one_person_count_once(application, council_client):
    await submit(council_client, counts())
    first, second = [
        application.sdk_client(await application.issue_key(organisation, Scope.REVIEW, person=person))
        for organisation, person in (("ohid", "Ann@example.org"), ("nottinghamshire-healthcare", "ann@example.org"))
    ]
    await first.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "It names somebody."))
    assert "confirm-redaction" not in (await second.get_review(PROGRAMME, **WHERE)).actions
    with pytest.raises(NotAllowed) as refusal:
        await second.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))
    assert refusal.value.problem.type_ == "/errors/two-people-required"
    assert PERSON in await dump(application)


async def test_own_organisation_can_neither_propose_nor_confirm(application, council_client, reviewer_client):
    await submit(council_client, counts())
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    own = await application.partner_client(COUNCIL, Scope.REVIEW)
    assert "propose-redaction" not in (await own.get_review(PROGRAMME, **WHERE)).actions
    with pytest.raises(NotAllowed) as refusal:
        await own.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "It is ours."))
    assert refusal.value.problem.type_ == "/errors/own-return"
    await reviewer_client.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "It names somebody."))
    assert "confirm-redaction" not in (await own.get_review(PROGRAMME, **WHERE)).actions
    with pytest.raises(NotAllowed) as refusal:
        await own.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))
    assert refusal.value.problem.type_ == "/errors/own-return"
    assert PERSON in await dump(application)


async def test_partners_can_neither_propose_nor_confirm(council_client):
    await submit(council_client, counts())
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council_client.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "Mine."))
    with pytest.raises(NotAllowed, match=r"\breview\b"):
        await council_client.confirm_redaction(PROGRAMME, **WHERE, decision=decision(1))


async def test_redacted_return_does_not_count_and_is_open_again(council_client, reviewer_client, officer):
    await submit(council_client, counts())
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    await redact(reviewer_client, officer)
    [figure] = (
        await reviewer_client.preview_outcomes(PROGRAMME, measure=[WHERE["measure"]], period=[WHERE["period"]])
    ).items
    assert (figure.value, figure.coverage.received, figure.coverage.approved) == (None, 0, 0)
    [obligation] = (
        await council_client.list_obligations(PROGRAMME, measure=WHERE["measure"], period=WHERE["period"])
    ).items
    assert (obligation.state, obligation.revision, obligation.approved_revision, obligation.missing_cells) == (
        "open",
        1,
        None,
        None,
    )
    assert obligation.actions == ["submit"]
    for call in (
        reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        council_client.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Sorry.")),
    ):
        with pytest.raises(Conflict, match="redacted cannot be"):
            await call


@pytest.mark.parametrize("kind", ["data", "nil"])
async def test_redacted_return_can_be_submitted_again(council_client, reviewer_client, officer, kind):
    new = counts(40, "Fine.") if kind == "data" else new_return(WHERE["measure"], WHERE["period"], kind="nil")
    await submit(council_client, new)
    await redact(reviewer_client, officer)
    report = await submit(council_client, new)
    assert (report.outcome, report.returns[0].revision) == ("accepted", 2)


async def test_redacted_entries_of_evidence_cannot_be_cleared(application, council_client, reviewer_client, officer):
    where = WHERE | {"measure": "lived-experience-involvement", "period": "FY2025-26-H1"}
    entry = EvidenceEntry(domain="evaluation", title=f"Talk with {PERSON}", date=date(2025, 9, 1))
    await submit(council_client, NewReturn(measure=where["measure"], period=where["period"], entries=[entry]))
    await redact(reviewer_client, officer, where=where)
    assert PERSON not in await dump(application)
    with pytest.raises(Conflict, match=r"\bredacted\b.*\bcleared\b"):
        await reviewer_client.clear_entries_for_release(PROGRAMME, **where, clearance=clearance(1, [1]))


async def test_in_sql_redaction_takes_two_people(application, council_client, reviewer_client):
    await submit(council_client, counts())
    proposal = await reviewer_client.propose_redaction(PROGRAMME, **WHERE, reason=reason(1, "It names somebody."))
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    try:
        async with connection.transaction():
            await connection.execute(
                """
                select set_config('work_health.programme', id::text, true),
                       set_config('work_health.review', 'on', true)
                from programme
                """
            )
            programme = await connection.fetchval("select programme from redaction")
            for statement in (
                "update redaction set confirmed_by = proposed_by",
                "update redaction set confirmed_by = gen_random_uuid(), confirmed_person = proposed_person",
                "insert into redaction select * from redaction",
                "update redaction set reason = ''",
                "delete from redaction",
                "update revision set note = null",
                "delete from return_event",
                "update return_event set text = null",
            ):
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)):
                    async with connection.transaction():
                        await connection.execute(statement)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="two people"):
                async with connection.transaction():
                    await connection.execute("select redact($1, $2)", programme, proposal.id)
    finally:
        await connection.close()
    assert PERSON in await dump(application)
