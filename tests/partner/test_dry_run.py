"""A dry run says everything that the submission would, and leaves nothing behind."""

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


def learners(total: int, *, month: str = "2026-02", **by_sex: int):
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
#   what stands, what is sent
SENT = {
    "the first": ([], new_submission(learners(112, **FULL))),
    "a correction": (
        [learners(112, **FULL)],
        new_submission(learners(115, female=62, male=49), confirm_withdrawals=True, note="Late cases."),
    ),
    "the same again": ([learners(112)], new_submission(learners(112))),
    "nil": ([learners(112)], new_submission(new_return("learners", "2026-02", kind="nil"), confirm_withdrawals=True)),
    "items": ([], new_submission(new_return("prospectus", "2026-02", items=[ITEM]))),
    "entries": ([], new_submission(new_return("learner-voice", "2026-02", entries=[ENTRY]))),
    "withdrawn": ([learners(9)], new_submission(new_return("learners", "2026-02", kind="withdrawn", note="Wrong."))),
    "far from before": (
        [learners(100, month=f"2026-0{n}") for n in range(1, 7)],
        new_submission(
            learners(1000, month="2026-07"),
            learners(99, month="2026-06"),
            new_return("on-roll", "2026-02", [observation(TOWN, 5)]),
        ),
    ),
}


@pytest.mark.parametrize("case", SENT)
async def test_a_dry_run_is_the_same_report_and_writes_nothing(application, harbour_programme, quay, case):
    standing, submission = SENT[case]
    if standing:
        await quay.create_submission(harbour_programme, new_submission(*standing))
    before = await application.count_all_rows()
    said = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    assert await application.count_all_rows() == before
    done = (await quay.create_submission(harbour_programme, submission)).to_dict()
    assert (said.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert (said.pop("receipt"), done.pop("dry_run_token")) == (None, None)
    receipt = done.pop("receipt")
    assert len(said.pop("dry_run_token")) == 64
    assert said == done
    assert (await quay.get_submission(harbour_programme, receipt["submission"])).to_dict() == {
        **done,
        "dry_run": False,
        "receipt": receipt,
        "dry_run_token": None,
    }


async def test_a_report_has_changes_effects_findings_and_what_is_missing(harbour_programme, quay):
    standing, submission = SENT["far from before"]
    await quay.create_submission(harbour_programme, new_submission(*standing))
    report = await quay.create_submission(harbour_programme, submission, dry_run=True)
    assert [(one.cell.period, one.was.value, one.now.value) for one in report.changes] == [("2026-06", 100, 99)]
    moved = {(one.measure, one.period.code): (one.was and one.was.value, one.now.value) for one in report.effects}
    assert moved == {
        ("learners", "2026-06"): (100, 99),
        ("learners", "2026-07"): (None, 1000),
        ("learners", "FY2026-27"): (300, 1299),
        ("on-roll", "2026-02"): (None, 5),
        ("on-roll", "FY2025-26"): (None, 5),
    }
    assert [(one.code, one.rows, one.actual) for one in report.findings] == [("outlier", [1], "1000")]
    assert [one.completeness.present for one in report.returns] == [1, 1, 1]
    assert report.counts.received == 3


async def test_a_dry_run_is_refused_as_the_submission_is(application, harbour_programme, quay):
    bad = new_submission(learners(9, female=5, male=5), new_return("learners", "2026-13", [observation("E06", 1)]))
    below = new_submission(learners(9, female=5, male=1, unknown=1))
    for submission in (bad, below):
        problems = []
        before = await application.count_all_rows()
        for dry_run in (True, False):
            with pytest.raises(RequestRejected) as refusal:
                await quay.create_submission(harbour_programme, submission, dry_run=dry_run)
            problem = refusal.value.problem.to_dict()
            assert problem.pop("request_id")
            problems.append(problem)
        assert problems[0] == problems[1]
        assert await application.count_all_rows() == before


async def test_a_dry_run_consumes_no_key(application, harbour_programme, quay):
    await quay.create_submission(harbour_programme, new_submission(learners(1)), dry_run=True, idempotency_key="monday")
    report = await quay.create_submission(harbour_programme, new_submission(learners(2)), idempotency_key="monday")
    assert report.counts.added == 1
    again = await quay.create_submission(
        harbour_programme, new_submission(learners(3)), dry_run=True, idempotency_key="monday"
    )
    assert again.changes[0].was.value == 2
    assert await application.count_rows("idempotency") == 1


# ---- the token


async def token(partner, harbour, submission) -> str:
    return (await partner.create_submission(harbour, submission, dry_run=True)).dry_run_token


async def test_a_token_proves_that_nothing_moved(harbour_programme, quay):
    submission = new_submission(learners(12))
    seen = await token(quay, harbour_programme, submission)
    assert await token(quay, harbour_programme, submission) == seen
    report = await quay.create_submission(harbour_programme, submission, dry_run_token=seen)
    assert report.returns[0].revision == 1


MOVES = {
    "the return itself": new_submission(learners(10)),
    "and back again": new_submission(learners(11)),
    "another month of its year": new_submission(learners(10, month="2026-01")),
}


@pytest.mark.parametrize("case", MOVES)
async def test_a_token_refuses_once_what_stands_of_ones_own_has_moved(application, harbour_programme, quay, case):
    await quay.create_submission(harbour_programme, new_submission(learners(11)))
    submission = new_submission(learners(12))
    seen = await token(quay, harbour_programme, submission)
    if case == "and back again":
        await quay.create_submission(harbour_programme, new_submission(learners(10)))
    await quay.create_submission(harbour_programme, MOVES[case])
    before = await application.count_all_rows()
    with pytest.raises(Conflict) as moved:
        await quay.create_submission(harbour_programme, submission, dry_run_token=seen)
    assert moved.value.problem.type_ == "/errors/dry-run-outdated"
    assert await application.count_all_rows() == before


async def test_a_token_is_of_one_content(harbour_programme, quay):
    seen = await token(quay, harbour_programme, new_submission(learners(12)))
    with pytest.raises(Conflict) as moved:
        await quay.create_submission(harbour_programme, new_submission(learners(13)), dry_run_token=seen)
    assert moved.value.problem.type_ == "/errors/dry-run-outdated"
    with pytest.raises(RequestRejected):
        await quay.create_submission(harbour_programme, new_submission(learners(12)), dry_run_token="abc")


@pytest.mark.parametrize("scopes", [(Scope.SUBMIT,), (Scope.SUBMIT, Scope.REVIEW)])
async def test_another_partners_submission_moves_no_token(application, harbour_programme, pier, scopes):
    quay = await application.partner_client("quay-college", *scopes, programme=harbour_programme)
    submission = new_submission(learners(12))
    said = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    await pier.create_submission(harbour_programme, new_submission(learners(500), learners(7, month="2026-01")))
    again = (await quay.create_submission(harbour_programme, submission, dry_run=True)).to_dict()
    if Scope.REVIEW in scopes:
        programme = [(one["period"]["code"], one["now"]["value"]) for one in again["effects"] if one["scope"] != "own"]
        assert programme == [("FY2025-26", 519), ("2026-02", 512)]
        said.pop("effects"), again.pop("effects")
    assert again == said
    await quay.create_submission(harbour_programme, submission, dry_run_token=said["dry_run_token"])
