"""`bind-role`: an organisation plays a role of the plan from a day on, without a change of the plan file."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from api.__main__ import main
from schema.organisations import Organisation
from schema.partners import Scope
from tests.conftest import PROGRAMME
from tests.fixtures.example_plan import HARBOUR_PLAN
from work_health import RequestRejected, new_return, new_submission, observation

HARBOUR, TOWN = HARBOUR_PLAN.slug, "E06999999"
ROLE, COUNCIL, TRUST = "job-club", "harbour-council", "light-trust"


@pytest.fixture
def run(application, monkeypatch, capsys):
    """Return a coroutine that runs a command, and returns its exit status and what it prints."""
    monkeypatch.setenv("DATABASE_URL", application.url)

    async def run_command(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_command


@pytest.fixture
async def plan_file(application, run, tmp_path):
    """Load the harbour plan with a second organisation that can play the role, and return its file."""
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    trust = msgspec.convert(
        {"slug": TRUST, "name": "Light Trust", "kind": "voluntary", "plan_name": None, "basis": "proposed"},
        Organisation,
    )
    plan = msgspec.structs.replace(
        HARBOUR_PLAN,
        organisations=[*HARBOUR_PLAN.organisations, trust],
        calendar=msgspec.structs.replace(HARBOUR_PLAN.calendar, closes_days=None),
    )
    file = tmp_path / "harbour.yaml"
    file.write_bytes(msgspec.yaml.encode(plan))
    assert (await run("load-plan", str(file)))[0] == 0
    return str(file)


def bind(organisation: str, day: str, *options: str, role: str = ROLE, programme: str = HARBOUR) -> list[str]:
    return ["bind-role", role, organisation, "--from", day, "--programme", programme, *options]


async def list_owed(application) -> dict[tuple[str, str | None], list[str]]:
    """Return the periods that the role and its organisations owe, by holder and organisation."""
    reviewer = await application.partner_client("quay-college", Scope.REVIEW, programme=HARBOUR)
    owed: dict[tuple[str, str | None], list[str]] = {}
    for obligation in (await reviewer.list_obligations(HARBOUR, measure="learners", limit=1000)).items:
        if obligation.holder in (ROLE, COUNCIL, TRUST):
            owed.setdefault((obligation.holder, obligation.organisation), []).append(obligation.period.code)
    return owed


def months(first: int, last: int) -> list[str]:
    return [f"2026-{number:02}" for number in range(first, last + 1)]


def learners(period: str, total: int):
    return new_submission(new_return("learners", period, [observation(TOWN, total)]))


async def test_bound_organisation_owes_and_sends_returns_from_the_day(application, run, plan_file):
    assert await list_owed(application) == {(ROLE, None): months(1, 12)}
    status, printed, _ = await run(*bind(COUNCIL, "2026-03-15"))
    assert status == 0
    assert all(word in printed for word in ("version 2", ROLE, COUNCIL, "learners 2026-03, due 2026-04-10"))
    assert await list_owed(application) == {(ROLE, None): months(1, 2), (COUNCIL, COUNCIL): months(3, 12)}

    grant = ["--organisation", COUNCIL, "--programme", HARBOUR, "--scope", "submit", "--scope", "read"]
    status, key, _ = await run("issue-key", "Job club", "--person", "ann@example.org", *grant)
    assert status == 0
    client = application.sdk_client(key.strip())
    report = await client.create_submission(HARBOUR, learners("2026-03", 12))
    assert (report.outcome, report.returns[0].revision) == ("accepted", 1)
    with pytest.raises(RequestRejected) as refusal:
        await client.create_submission(HARBOUR, learners("2026-02", 12))
    assert [finding.code for finding in refusal.value.findings] == ["period-outside-programme"]


async def test_later_binding_is_a_succession(application, run, plan_file):
    assert (await run(*bind(COUNCIL, "2026-03-01")))[0] == 0
    council = await application.partner_client(COUNCIL, programme=HARBOUR)
    await council.create_submission(HARBOUR, learners("2026-05", 12))
    assert (await run(*bind(TRUST, "2026-07-01")))[0] == 0
    assert await list_owed(application) == {
        (ROLE, None): months(1, 2),
        (COUNCIL, COUNCIL): months(3, 6),
        (TRUST, TRUST): months(7, 12),
    }
    await council.create_submission(HARBOUR, learners("2026-05", 13))
    trust = await application.partner_client(TRUST, programme=HARBOUR)
    assert (await trust.create_submission(HARBOUR, learners("2026-07", 20))).outcome == "accepted"
    with pytest.raises(RequestRejected):
        await council.create_submission(HARBOUR, learners("2026-07", 20))
    page = await application.sdk_client().list_organisations(HARBOUR)
    [role] = page.roles
    assert [(b.organisation, str(b.valid_from)) for b in role.bindings] == [
        (COUNCIL, "2026-03-01"),
        (TRUST, "2026-07-01"),
    ]


async def test_ended_binding_leaves_the_role_to_nobody_until_the_next(application, run, plan_file):
    """The council comes back later, and sends the returns of both its times."""
    end = ["end-binding", ROLE, "--programme", HARBOUR, "--on"]
    assert (await run(*end, "2026-04-30"))[0] == 1
    assert (await run(*bind(COUNCIL, "2026-03-01")))[0] == 0
    assert (await run(*end, "2026-04-30", "--dry-run"))[0] == 0
    assert await list_owed(application) == {(ROLE, None): months(1, 2), (COUNCIL, COUNCIL): months(3, 12)}
    status, printed, _ = await run(*end, "2026-04-30")
    assert (status, all(word in printed for word in ("version 3", ROLE, COUNCIL, "2026-04-30"))) == (0, True)
    free = [*months(1, 2), *months(5, 12)]
    assert await list_owed(application) == {(ROLE, None): free, (COUNCIL, COUNCIL): months(3, 4)}
    council = await application.partner_client(COUNCIL, programme=HARBOUR)
    with pytest.raises(RequestRejected) as refusal:
        await council.create_submission(HARBOUR, learners("2026-05", 12))
    assert [finding.code for finding in refusal.value.findings] == ["period-outside-programme"]

    assert (await run(*bind(COUNCIL, "2026-06-01")))[0] == 0
    for period in ("2026-03", "2026-07"):
        assert (await council.create_submission(HARBOUR, learners(period, 12))).outcome == "accepted"
    with pytest.raises(RequestRejected):
        await council.create_submission(HARBOUR, learners("2026-05", 12))
    admin = await application.partner_client(COUNCIL, Scope.ADMIN, programme=HARBOUR)
    [ended] = [e for e in (await admin.list_audit_entries(HARBOUR)).items if e.action == "role.ended"]
    assert ended.subject.to_dict() == {
        "role": ROLE,
        "valid_from": "2026-03-01",
        "valid_to": "2026-04-30",
        "plan_version": "3",
    }


async def test_binding_is_audited(application, run, plan_file):
    await run(*bind(COUNCIL, "2026-03-01"))
    admin = await application.partner_client(COUNCIL, Scope.ADMIN, programme=HARBOUR)
    entries = {entry.action: entry for entry in (await admin.list_audit_entries(HARBOUR)).items}
    assert entries["role.bound"].subject.to_dict() == {"role": ROLE, "valid_from": "2026-03-01", "plan_version": "2"}
    assert entries["role.bound"].request_id == "operator"


async def test_dry_run_reports_and_writes_nothing(application, run, plan_file):
    counts = await application.count_all_rows()
    status, printed, _ = await run(*bind(COUNCIL, "2026-03-01", "--dry-run"))
    assert status == 0
    assert all(word in printed for word in ("--dry-run", "learners 2026-03"))
    assert await application.count_all_rows() == counts
    assert await list_owed(application) == {(ROLE, None): months(1, 12)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (bind(COUNCIL, "2026-03-01", role="job-clubs"), [ROLE]),
        (bind("harbor-council", "2026-03-01"), [COUNCIL]),
        (bind(COUNCIL, "2026-03-01", programme="harbour-skill-2026"), [HARBOUR]),
        (bind(COUNCIL, "2027-03-01"), ["2027-03-01", "2026-12-31"]),
        (bind(COUNCIL, "2026-03-01")[:5], ["--programme", HARBOUR, PROGRAMME]),
    ],
)
async def test_wrong_binding_is_refused_and_writes_nothing(application, run, plan_file, arguments, words):
    counts = await application.count_all_rows()
    status, _, error = await run(*arguments)
    assert status == 1
    assert all(word in error for word in words)
    assert await application.count_all_rows() == counts


async def test_day_must_be_a_date(run):
    with pytest.raises(SystemExit):
        await run(*bind(COUNCIL, "March"))


async def test_original_file_never_undoes_a_binding_silently(application, run, plan_file):
    await run(*bind(COUNCIL, "2026-03-01"))
    bound = {(ROLE, None): months(1, 2), (COUNCIL, COUNCIL): months(3, 12)}
    for command in (["load-plan", plan_file], ["load-plan", plan_file, "--dry-run"], ["check-plan", plan_file]):
        status, _, error = await run(*command)
        assert status == 1
        assert all(word in error for word in (ROLE, COUNCIL, "--keep-bindings", "--replace-bindings"))
    assert await list_owed(application) == bound
    status, printed, _ = await run("load-plan", plan_file, "--keep-bindings")
    assert (status, "version 2" in printed) == (0, True)
    assert await list_owed(application) == bound
    status, printed, _ = await run("load-plan", plan_file, "--replace-bindings")
    assert (status, "version 3" in printed) == (0, True)
    assert await list_owed(application) == {(ROLE, None): months(1, 12)}


async def test_only_programme_needs_no_name(application, run, plan_file):
    connection = await application.query_connection()
    await connection.execute("update programme set sandbox = true where slug = $1", PROGRAMME)
    status, printed, _ = await run(*bind(COUNCIL, "2026-03-01")[:5])
    assert (status, HARBOUR in printed) == (0, True)
