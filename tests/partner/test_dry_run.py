"""A dry run reports everything that the submission would report, and changes nothing."""

from datetime import date

import pytest

from schema.partners import Scope
from work_health import (
    Conflict,
    EvidenceEntry,
    MilestoneItem,
    RequestRejected,
    new_return,
    new_submission,
    observation,
)

TOWN = "E06999999"
ITEM = MilestoneItem(item="spring", title="Spring", stage="drafted", date=date(2026, 2, 14))
ENTRY = EvidenceEntry(domain="design", title="Learners chose the courses", date=date(2026, 2, 14))


def make_learners_return(total: int, *, month: str = "2026-02", **by_sex: int):
    cells = [observation(TOWN, total)]
    cells += [observation(TOWN, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return("learners", month, cells)


@pytest.fixture
async def quay(application, harbour_programme):
    return await application.partner_client("quay-college", programme=harbour_programme)


@pytest.fixture
async def pier(application, harbour_programme):
    return await application.partner_client("pier-college", programme=harbour_programme)


FULL = {"female": 61, "male": 48, "unknown": 3}
#   current returns, submission
SUBMISSIONS = {
    "the first": ([], new_submission(make_learners_return(112, **FULL))),
    "a correction": (
        [make_learners_return(112, **FULL)],
        new_submission(make_learners_return(115, female=62, male=49), confirm_withdrawals=True, note="Late cases."),
    ),
    "the same again": ([make_learners_return(112)], new_submission(make_learners_return(112))),
    "nil": (
        [make_learners_return(112)],
        new_submission(new_return("learners", "2026-02", kind="nil"), confirm_withdrawals=True),
    ),
    "items": ([], new_submission(new_return("prospectus", "2026-02", items=[ITEM]))),
    "entries": ([], new_submission(new_return("learner-voice", "2026-02", entries=[ENTRY]))),
    "withdrawn": (
        [make_learners_return(9)],
        new_submission(new_return("learners", "2026-02", kind="withdrawn", note="Wrong.")),
    ),
    "far from before": (
        [make_learners_return(100, month=f"2026-0{n}") for n in range(1, 7)],
        new_submission(
            make_learners_return(1000, month="2026-07"),
            make_learners_return(99, month="2026-06"),
            new_return("on-roll", "2026-02", [observation(TOWN, 5)]),
        ),
    ),
}


@pytest.mark.parametrize("case", SUBMISSIONS)
async def test_dry_run_reports_the_same_and_writes_only_an_audit_entry(application, harbour_programme, quay, case):
    current, submission = SUBMISSIONS[case]
    if current:
        await quay.create_submission(harbour_programme, new_submission(*current))
    before = await application.count_all_rows()
    dry_run = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    before["audit"] += 1
    assert await application.count_all_rows() == before
    report = (await quay.create_submission(harbour_programme, submission)).to_dict()
    assert (dry_run.pop("dry_run"), report.pop("dry_run")) == (True, False)
    assert (dry_run.pop("receipt"), report.pop("dry_run_token")) == (None, None)
    receipt = report.pop("receipt")
    assert len(dry_run.pop("dry_run_token")) == 64
    assert dry_run == report
    assert (await quay.get_submission(harbour_programme, receipt["submission"])).to_dict() == {
        **report,
        "dry_run": False,
        "receipt": receipt,
        "dry_run_token": None,
    }


async def test_report_has_changes_effects_findings_and_completeness(harbour_programme, quay):
    current, submission = SUBMISSIONS["far from before"]
    await quay.create_submission(harbour_programme, new_submission(*current))
    report = await quay.create_submission(harbour_programme, submission, dry_run=True)
    assert [(item.cell.period, item.before.value, item.after.value) for item in report.changes] == [
        ("2026-06", 100, 99)
    ]
    effects = {
        (item.measure, item.period.code): (item.before and item.before.value, item.after.value)
        for item in report.effects
    }
    assert effects == {
        ("learners", "2026-06"): (100, 99),
        ("learners", "2026-07"): (None, 1000),
        ("learners", "FY2026-27"): (300, 1299),
        ("on-roll", "2026-02"): (None, 5),
        ("on-roll", "FY2025-26"): (None, 5),
    }
    assert [(item.code, item.rows, item.actual) for item in report.findings] == [("outlier", [1], "1000")]
    assert [item.completeness.present for item in report.returns] == [1, 1, 1]
    assert report.counts.received == 3


async def test_dry_run_is_refused_like_the_submission(application, harbour_programme, quay):
    invalid = new_submission(
        make_learners_return(9, female=5, male=5), new_return("learners", "2026-13", [observation("E06", 1)])
    )
    below_total = new_submission(make_learners_return(9, female=5, male=1, unknown=1))
    for submission in (invalid, below_total):
        problems = []
        before = await application.count_all_rows()
        for dry_run in (True, False):
            with pytest.raises(RequestRejected) as refusal:
                await quay.create_submission(harbour_programme, submission, dry_run=dry_run)
            problem = refusal.value.problem.to_dict()
            assert problem.pop("request_id")
            problems.append(problem)
        assert problems[0] == problems[1]
        before["audit"] += 1  # of the dry run
        assert await application.count_all_rows() == before


async def test_dry_run_does_not_use_up_an_idempotency_key(application, harbour_programme, quay):
    await quay.create_submission(
        harbour_programme, new_submission(make_learners_return(1)), dry_run=True, idempotency_key="monday"
    )
    report = await quay.create_submission(
        harbour_programme, new_submission(make_learners_return(2)), idempotency_key="monday"
    )
    assert report.counts.added == 1
    dry_run = await quay.create_submission(
        harbour_programme, new_submission(make_learners_return(3)), dry_run=True, idempotency_key="monday"
    )
    assert dry_run.changes[0].before.value == 2
    assert await application.count_rows("idempotency") == 1


# ---- the token


async def request_token(partner, harbour, submission) -> str:
    return (await partner.create_submission(harbour, submission, dry_run=True)).dry_run_token


async def test_token_is_accepted_while_nothing_changes(harbour_programme, quay):
    submission = new_submission(make_learners_return(12))
    token = await request_token(quay, harbour_programme, submission)
    assert await request_token(quay, harbour_programme, submission) == token
    report = await quay.create_submission(harbour_programme, submission, dry_run_token=token)
    assert report.returns[0].revision == 1


CHANGES = {
    "the return itself": new_submission(make_learners_return(10)),
    "changed and restored": new_submission(make_learners_return(11)),
    "another month of its year": new_submission(make_learners_return(10, month="2026-01")),
}


@pytest.mark.parametrize("case", CHANGES)
async def test_token_is_refused_once_own_returns_have_changed(application, harbour_programme, quay, case):
    await quay.create_submission(harbour_programme, new_submission(make_learners_return(11)))
    submission = new_submission(make_learners_return(12))
    token = await request_token(quay, harbour_programme, submission)
    if case == "changed and restored":
        await quay.create_submission(harbour_programme, new_submission(make_learners_return(10)))
    await quay.create_submission(harbour_programme, CHANGES[case])
    before = await application.count_all_rows()
    with pytest.raises(Conflict) as conflict:
        await quay.create_submission(harbour_programme, submission, dry_run_token=token)
    assert conflict.value.problem.type_ == "/errors/dry-run-outdated"
    assert await application.count_all_rows() == before


async def test_token_applies_to_exactly_one_content(harbour_programme, quay):
    token = await request_token(quay, harbour_programme, new_submission(make_learners_return(12)))
    with pytest.raises(Conflict) as conflict:
        await quay.create_submission(harbour_programme, new_submission(make_learners_return(13)), dry_run_token=token)
    assert conflict.value.problem.type_ == "/errors/dry-run-outdated"
    with pytest.raises(RequestRejected):
        await quay.create_submission(harbour_programme, new_submission(make_learners_return(12)), dry_run_token="abc")


@pytest.mark.parametrize("scopes", [(Scope.SUBMIT,), (Scope.SUBMIT, Scope.REVIEW)])
async def test_submissionof_another_partner_does_not_change_a_token(application, harbour_programme, pier, scopes):
    quay = await application.partner_client("quay-college", *scopes, programme=harbour_programme)
    submission = new_submission(make_learners_return(12))
    first_report = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    await pier.create_submission(
        harbour_programme, new_submission(make_learners_return(500), make_learners_return(7, month="2026-01"))
    )
    second_report = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    if Scope.REVIEW in scopes:
        programme = [
            (effect["period"]["code"], effect["after"]["value"])
            for effect in second_report["effects"]
            if effect["scope"] != "own"
        ]
        assert programme == [("FY2025-26", 519), ("2026-02", 512)]
        first_report.pop("effects"), second_report.pop("effects")
    assert second_report == first_report
    await quay.create_submission(harbour_programme, submission, dry_run_token=first_report["dry_run_token"])
