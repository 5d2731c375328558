"""The audit log: who did what and when. It never changes, and reading it needs the scope `admin`."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from api.__main__ import build_parser
from api.database.roles import APPLICATION_ROLE, login_url
from api.plan import version_changes
from api.settings import Settings
from schema.disclosure import Policy, PolicyDecision
from schema.partners import Scope
from work_health import (
    Conflict,
    NotAllowed,
    Withdrawal,
    comment,
    decision,
    new_extension,
    new_return,
    new_submission,
    observation,
    reason,
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


@pytest.fixture
async def admin(application):
    """Return a client of the programme's owner."""
    return await application.partner_client("work-money-health-coordination-group", Scope.ADMIN)


async def list_acts(admin, **query):
    """Return the entries but those about reading the audit."""
    return [
        entry for entry in (await admin.list_audit_entries(PROGRAMME, **query)).items if entry.action != "audit.read"
    ]


async def submit(partner, value: int = 112):
    new = new_return(WHERE["measure"], WHERE["period"], [observation(CITY, value)])
    return (await partner.create_submission(PROGRAMME, new_submission(new))).receipt


async def test_every_action_is_logged_with_client_time_and_subject(application, admin, council_client, reviewer_client):
    await submit(council_client)
    for action in (
        reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Why?")),
        council_client.comment_on_return(PROGRAMME, **WHERE, comment=comment(1, "Because.")),
        reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1)),
        reviewer_client.reopen_return(PROGRAMME, **WHERE, reason=reason(1, "No.")),
        reviewer_client.preview_outcomes(PROGRAMME, measure=[WHERE["measure"]], period=["FY2025-26"]),
    ):
        application.now += timedelta(minutes=1)
        await action
    items = await list_acts(admin)
    assert [(entry.action, entry.organisation) for entry in reversed(items)] == [
        ("submission.accepted", "nottingham-city-council"),
        ("review.queried", "ohid"),
        ("review.commented", "nottingham-city-council"),
        ("review.approved", "ohid"),
        ("review.reopened", "ohid"),
        ("preview.read", "ohid"),
    ]
    assert items[1].subject.to_dict() == WHERE | {"revision": "1"}
    assert items[0].subject.to_dict() == {"series": "ips-primary-care-referrals/headline", "period": "FY2025-26"}
    assert {entry.client for entry in items} == {"ohid script", "nottingham-city-council script"}
    assert all(entry.request_id.startswith("req_") and entry.key for entry in items)
    assert [entry.at for entry in items] == sorted((entry.at for entry in items), reverse=True)


async def test_reviewers_reads_of_returns_and_reads_of_the_audit_are_logged(admin, council_client, reviewer_client):
    receipt = await submit(council_client)
    for partner in (council_client, reviewer_client):
        await partner.list_returns(PROGRAMME, measure=WHERE["measure"])
        await partner.get_return(PROGRAMME, **WHERE)
        await partner.list_revisions(PROGRAMME, **WHERE)
        await partner.compare_revisions(PROGRAMME, **WHERE, older=1, newer=1)
        await partner.list_observations(PROGRAMME, period=WHERE["period"])
        await partner.list_obligations(PROGRAMME, period=WHERE["period"], due_before=datetime(2026, 1, 1, tzinfo=UTC))
        await partner.get_review(PROGRAMME, **WHERE)
        await partner.get_submission(PROGRAMME, receipt.submission)
        await partner.list_return_changes(PROGRAMME)
    await admin.list_audit_entries(PROGRAMME)
    items = (await admin.list_audit_entries(PROGRAMME)).items
    assert [(e.action, e.organisation, e.subject.to_dict()) for e in items if e.action != "submission.accepted"] == [
        ("audit.read", "work-money-health-coordination-group", {"entries": "10"}),
        *(
            ("returns.read", "ohid", {"operation": operation} | subject)
            for operation, subject in (
                ("list_return_changes", {}),
                ("get_submission", {"submission": str(receipt.submission), "organisation": WHERE["organisation"]}),
                ("get_review", WHERE | {"revision": "1"}),
                ("list_obligations", {"period": WHERE["period"], "due_before": "2026-01-01T00:00:00Z"}),
                ("list_observations", {"period": WHERE["period"]}),
                ("compare_revisions", WHERE),
                ("list_revisions", WHERE),
                ("get_return", WHERE),
                ("list_returns", {"measure": WHERE["measure"]}),
            )
        ),
    ]


async def test_read_of_what_has_not_changed_is_logged(application, admin, council_client):
    await submit(council_client)
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    address = f"/v1/programmes/{PROGRAMME}/returns"
    tag = (await http.get(address)).headers["ETag"]
    assert (await http.get(address, headers={"If-None-Match": tag})).status_code == 304
    assert [e.action for e in await list_acts(admin)] == ["returns.read", "returns.read", "submission.accepted"]


async def test_withdrawal_of_a_return_has_its_own_name(admin, council_client):
    await submit(council_client)
    await council_client.withdraw_return(PROGRAMME, **WHERE, withdrawal=Withdrawal(reason="Another quarter's."))
    assert [entry.action for entry in await list_acts(admin)] == ["return.withdrawn", "submission.accepted"]


async def test_admin_of_an_organisation_reads_what_it_did(application, council_client, reviewer_client):
    await submit(council_client)
    await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    own = await application.partner_client("nottingham-city-council", Scope.ADMIN)
    assert [entry.action for entry in await list_acts(own)] == ["submission.accepted"]
    assert await list_acts(own, organisation="ohid") == []


async def test_audit_log_contains_no_reasons_and_no_comments(admin, council_client, reviewer_client):
    await submit(council_client)
    await reviewer_client.raise_query(PROGRAMME, **WHERE, reason=reason(1, "Is this about Ann?"))
    assert "Ann" not in str((await admin.list_audit_entries(PROGRAMME)).to_dict())


async def test_refused_and_replayed_requests_are_not_logged(admin, council_client, reviewer_client):
    await submit(council_client)
    for _ in range(2):
        await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1), idempotency_key="a")
    with pytest.raises(Conflict, match="approved"):
        await reviewer_client.approve_return(PROGRAMME, **WHERE, decision=decision(1))
    assert [e.action for e in await list_acts(admin)] == [
        "review.approved",
        "submission.accepted",
    ]


async def test_audit_log_is_filtered_and_paged(application, admin, council_client, reviewer_client):
    for value in range(5):
        await submit(council_client, value)
    application.now += timedelta(hours=1)
    until = application.now + timedelta(days=60)
    request = new_extension(
        WHERE["organisation"], WHERE["measure"], WHERE["period"], until=until, reason="A new system."
    )
    await reviewer_client.grant_extension(PROGRAMME, request)
    entries = await list_acts(admin)
    assert len(entries) == 6
    read, cursor = [], None
    while True:
        page = await admin.list_audit_entries(PROGRAMME, limit=2, cursor=cursor)
        read += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    acts = [entry.to_dict() for entry in read if entry.action != "audit.read"]
    assert acts == [entry.to_dict() for entry in entries]

    async def count_entries(**query):
        return len(await list_acts(admin, **query))

    assert await count_entries(action="extension.granted") == 1
    assert await count_entries(organisation="ohid") == 1
    assert await count_entries(organisation="nottingham-city-council") == 6  # its own actions and those about it
    newest = entries[0].at
    assert await count_entries(to=newest) == 5
    assert await count_entries(from_=newest) == 1
    assert await count_entries(from_=newest, to=newest) == 0


@pytest.mark.parametrize(
    "query", ["from=2025-10-31", "to=0001-01-01T00:00:00%2B12:00", "cursor=x", "organisation=x", "since=1"]
)
async def test_invalid_query_is_rejected(application, query):
    http = application.http_client(await application.issue_key("ohid", Scope.ADMIN))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/audit?{query}")
    assert response.status_code == 422


async def test_audit_log_needs_the_scope_admin(council_client, reviewer_client):
    for partner in (council_client, reviewer_client):
        with pytest.raises(NotAllowed, match=r"\badmin\b"):
            await partner.list_audit_entries(PROGRAMME)


@pytest.fixture
async def application_connection(application, council_client):
    """Connect with the application's role and programme, in a transaction. The test sets the scopes."""
    await submit(council_client)
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("select set_config('work_health.programme', id::text, true) from programme")
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.mark.parametrize("admin", ["on", "off"])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit set action = 'nothing'",
        "delete from audit",
        "truncate audit",
        "alter table audit disable row level security",
    ],
)
async def test_in_sql_the_audit_log_cannot_be_changed(application_connection, admin, statement):
    await application_connection.execute("select set_config('work_health.admin', $1, true)", admin)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application_connection.execute(statement)


async def test_in_sql_only_an_admin_of_the_programme_reads_the_audit_log(application_connection):
    assert await application_connection.fetch("select * from audit") == []
    await application_connection.execute("select set_config('work_health.review', 'on', true)")
    assert await application_connection.fetch("select * from audit") == []
    await application_connection.execute("select set_config('work_health.admin', 'on', true)")
    assert len(await application_connection.fetch("select * from audit")) == 1
    await application_connection.execute("select set_config('work_health.programme', '99', true)")
    assert await application_connection.fetch("select * from audit") == []


def run(url: str, *arguments: str) -> None:
    command_line = build_parser().parse_args(arguments)
    assert command_line.command(command_line, Settings(database_url=url)) == 0


async def test_publishing_a_provider_alone_needs_a_policy_decision(application, admin, tmp_path, nottingham_plan):
    """Load plans by command, because partners submitted under a promise. A new policy is a change as well."""
    council = await application.partner_client("nottingham-city-council")
    cells = [observation(CITY, 40)]
    await council.create_submission(PROGRAMME, new_submission(new_return(WHERE["measure"], WHERE["period"], cells)))
    file = tmp_path / "plan.yaml"
    together = [
        replace(duty, publish_alone=False) if duty.measure == WHERE["measure"] else duty
        for duty in nottingham_plan.duties
    ]
    plan, duties = replace(nottingham_plan, duties=together), nottingham_plan.duties
    file.write_bytes(msgspec.yaml.encode(plan))
    await asyncio.to_thread(run, application.url, "load-plan", str(file))
    file.write_bytes(msgspec.yaml.encode(nottingham_plan))
    with pytest.raises(version_changes.PolicyDecisionRequired, match=f"{WHERE['measure']}.*publish_alone"):
        await asyncio.to_thread(run, application.url, "load-plan", str(file))
    assert await application.count_rows("plan_version") == 2
    policy_decision = PolicyDecision(
        by="The board", on=date(2025, 10, 1), reason="The provider agrees.", assessment="DPIA 7"
    )
    policy = Policy(version=2, decision=policy_decision)
    for version in (
        replace(plan, disclosure=policy),
        replace(plan, disclosure=Policy(version=3)),
    ):
        file.write_bytes(msgspec.yaml.encode(version))
        await asyncio.to_thread(run, application.url, "load-plan", str(file))
    file.write_bytes(msgspec.yaml.encode(replace(plan, duties=duties, disclosure=replace(policy, version=4))))
    await asyncio.to_thread(run, application.url, "load-plan", str(file))
    subjects = [entry.subject.to_dict() for entry in await list_acts(admin)]
    assert {"plan_version": "3"} in subjects
    assert {"plan_version": "5"} in subjects


async def test_commands_of_the_operator_are_logged(application, admin, tmp_path, capsys, nottingham_plan):
    scope = ["--person", "ann@example.org", "--organisation", "ohid", "--programme", PROGRAMME, "--scope", "read"]
    await asyncio.to_thread(run, application.url, "issue-key", "A script", *scope)
    key = capsys.readouterr().out.split("_")[2]
    await asyncio.to_thread(run, application.url, "revoke-key", key)
    file = tmp_path / "plan.yaml"
    file.write_bytes(msgspec.yaml.encode(msgspec.structs.replace(nottingham_plan, title="Another title")))
    await asyncio.to_thread(run, application.url, "load-plan", str(file))
    await asyncio.to_thread(run, application.url, "load-plan", str(file))  # the same content again
    items = await list_acts(admin)
    subjects = {entry.action: entry.subject.to_dict() for entry in items}
    subject = {"key": key, "client": "A script", "person": "ann@example.org", "scopes": "read"}
    assert subjects == {
        "key.issued": subject,
        "key.revoked": subject,
        "plan.loaded": {"plan_version": "2"},
    }
    assert len(items) == 3
    assert {(entry.client, entry.request_id) for entry in items} == {(None, "operator")}
