"""Checks of a submission and its comparison with current revisions. Pure: no database, a fixed clock."""

import re
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from api.http.refusals import InvalidParameter, NotAllowed
from api.plan import calendar
from api.statistics import periods
from api.submissions.cell_columns import MISSING, STATUSES
from api.submissions.checks import identity
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.findings import Findings
from api.submissions.checks.rejections import DryRunOutdated, Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.comparison import compare_with_current
from api.submissions.envelope import build_envelope
from api.submissions.owners import resolve_owner
from api.submissions.parsed import to_columns
from api.submissions.report import build_report, make_receipt, visible_effects
from api.submissions.revisions import CurrentRevision
from schema.plan import Plan
from schema.submission_reports import SubmissionOutcome, Timeliness
from schema.submissions import NewSubmission, ReturnKind, ReviewState, Status
from tests.fixtures.example_plan import (
    HARBOUR_CATALOGUE,
    HARBOUR_PLAN,
    NOW,
    TOWN,
    examine_returns,
    make_catalogue,
    make_return,
    parse_past_total,
)


def list_findings(*returns: dict, organisation: str = "quay-college") -> list[tuple[str, list[int]]]:
    """Return the code and the rows of each finding of a rejected submission."""
    with pytest.raises(Rejected) as refusal:
        examine_returns(*returns, organisation=organisation)
    return [(finding.code, finding.rows) for finding in refusal.value.findings]


GOOD = make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown 1")


def test_valid_return_has_no_findings():
    assert examine_returns(GOOD).findings.listed() == []


#   period, baseline          findings: the programme begins in January 2026
BASELINE_PERIODS = [
    ("2025-12", "2025-12",    []),
    ("2025-04", "FY2025-26",  []),  # a month of the baseline's year; it closed long ago, and nobody owes it
    ("2025-03", "FY2025-26",  [("period-outside-programme", [])]),
    ("2025-12", None,         [("period-outside-programme", [])]),
    ("CY2025",  "CY2025",     [("wrong-period-type", [])]),
]  # fmt: skip


@pytest.mark.parametrize(("period", "baseline", "expected"), BASELINE_PERIODS)
def test_return_for_the_period_of_the_baseline_is_accepted(period, baseline, expected):
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    measure = next(measure for measure in raw["measures"] if measure["slug"] == "learners")
    measure["baseline"] = baseline and {"period": baseline, "value": 40, "basis": "stated"}
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    submission = msgspec.convert({"returns": [make_return("learners", "town 20", period=period)]}, NewSubmission)
    try:
        checked = check_submission(to_columns(submission), catalogue, "quay-college", {}, now=NOW)
        codes = [(finding.code, finding.rows) for finding in checked.findings.listed() if finding.severity == "error"]
        assert checked.returns[0].deadlines is None
    except Rejected as refusal:
        codes = [(finding.code, finding.rows) for finding in refusal.findings]
    assert codes == expected


#   period      findings, and the area of the duty: the college has one until February, and one from May
DUTY_PERIODS = [
    ("2026-01", [],                                 "E06999999"),
    ("2026-05", [],                                 "E05999901"),
    ("2026-03", ["period-outside-programme"],       None),
    ("2026",    ["unclear-period"],                 None),
]  # fmt: skip


@pytest.mark.parametrize(("period", "findings", "area"), DUTY_PERIODS)
def test_return_belongs_to_the_duty_of_its_period(period, findings, area):
    plan = msgspec.structs.replace(
        HARBOUR_PLAN, calendar=msgspec.structs.replace(HARBOUR_PLAN.calendar, closes_days=None)
    )
    [duty] = [d for d in plan.duties if (d.holder, d.measure, d.service) == ("quay-college", "learners", "main")]
    parts = [
        msgspec.structs.replace(duty, area="E06999999", valid_to=date(2026, 2, 28)),
        msgspec.structs.replace(duty, area="E05999901", valid_from=date(2026, 5, 1)),
    ]
    catalogue = make_catalogue(
        msgspec.structs.replace(plan, duties=[*(d for d in plan.duties if d is not duty), *parts])
    )
    submission = msgspec.convert({"returns": [make_return("learners", "town 20", period=period)]}, NewSubmission)
    listed = Findings()
    duties = identity.identify_returns(
        to_columns(submission), catalogue, "quay-college", {}, now=datetime(2026, 9, 7, tzinfo=UTC), findings=listed
    )
    assert [f.code for f in listed.listed() if f.severity == "error"] == findings
    assert [d.duty.area for d in duties if not findings] == ([area] if area else [])


def test_nil_return_is_accepted():
    assert examine_returns(make_return("learners", kind="nil")).returns[0].submitted.kind == "nil"


# fmt: off
#   requested owner       the key's organisation    owner of the returns; None: refused
OWNERS = [
    (None,                "quay-college",           "quay-college"),
    ("quay-college",      "quay-college",           "quay-college"),
    ("old-quay-school",   "quay-college",           "old-quay-school"),
    ("old-net-loft",      "quay-college",           "old-net-loft"),
    ("quay-college",      "old-quay-school",        None),
    ("pier-college",      "quay-college",           None),
    ("unknown-college",   "quay-college",           None),
]
# fmt: on


@pytest.mark.parametrize(("requested_owner", "organisation", "owner"), OWNERS)
def test_organisation_submits_for_itself_and_its_predecessors(requested_owner, organisation, owner):
    if owner is not None:
        assert resolve_owner(requested_owner, organisation, HARBOUR_CATALOGUE) == owner
        return
    with pytest.raises(NotAllowed, match=f"belongs to {organisation}"):
        resolve_owner(requested_owner, organisation, HARBOUR_CATALOGUE)


def test_measure_that_is_not_submittable_is_refused():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["measures"][0]["kind"] = "gap"
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    submission = msgspec.convert({"returns": [GOOD]}, NewSubmission)
    with pytest.raises(Rejected) as refusal:
        check_submission(to_columns(submission), catalogue, "quay-college", {}, now=NOW)
    [finding] = refusal.value.findings
    assert (finding.code, finding.message.split()[0]) == ("not-submittable", "learners")


#   spelling        codes in the fix: those that a monthly measure can use
PERIOD_FIXES = [
    ("2026-01-01",   ["2026-01"]),
    ("Jan-26",       ["2026-01"]),
    ("2026",         ["2026-01", "2026-02", "2026-03", "2026-04"]),
]  # fmt: skip


@pytest.mark.parametrize(("spelling", "codes"), PERIOD_FIXES)
def test_unclear_period_is_answered_with_codes_that_the_measure_can_use(spelling, codes):
    submission = msgspec.convert({"returns": [make_return("learners", "town 1", period=spelling)]}, NewSubmission)
    with pytest.raises(Rejected) as refusal:
        check_submission(to_columns(submission), HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)
    [finding] = refusal.value.findings
    assert re.findall(r"[A-Z]*\d{4}(?:-\d\d)*", finding.fix) == codes


# fmt: off
INVALID = {
    # the return
    "unknown measure":        (make_return("lerners", "town 1"),                     [("unknown-measure", [])]),
    "unknown series":         (make_return("learners", "town 1", series="second"),   [("unknown-series", [])]),
    "unknown service":        (make_return("learners", "town 1", service="night"),   [("no-duty", [])]),
    "unclear period":         (make_return("learners", "town 1", period="2026"),     [("unclear-period", [])]),
    "a quarter for a month":  (make_return("learners", "town 1", period="CY2025-Q4"), [("wrong-period-type", [])]),
    "before the programme":   (make_return("learners", "town 1", period="2025-12"),  [("period-outside-programme", [])]),
    "not over":               (make_return("learners", "town 1", period="2026-03"),  [("period-not-over", [])]),
    "nil with figures":       (make_return("learners", "town 1", kind="nil"),        [("nil-with-observations", [])]),
    "no cells":               (make_return("learners"),                              [("no-observations", [])]),
    # the cell
    "unknown area":           (make_return("learners", "E05001822 1"),               [("unknown-area", [1])]),
    "one unknown area twice": (make_return("learners", "E05001822 1", "E05001822 1"), [("unknown-area", [1, 2])]),
    "unknown dimension":      (make_return("learners", "town 9", "town sexx=female 1"), [("unknown-dimension", [2])]),
    "unknown category":       (make_return("learners", "town 9", "town sex=femal 1"), [("unknown-category", [2])]),
    "outside the duty":       (make_return("learners", "town 1", "E06999998 1"),      [("area-outside-duty", [2])]),
    "never collected":        (make_return("learners", "town 9", "town colour=red 1"), [("breakdown-not-collected", [2])]),
    "series not named":       (make_return("visits", "town 1"),                       [("series-required", [])]),
    "a day for a month":      (make_return("learners", "town 1", period="D2026-02-15"), [("wrong-period-type", [])]),
    "not for this measure":   (make_return("on-roll", "town 9", "town sex=female 1"), [("breakdown-not-collected", [2])]),
    "too fine":               (make_return("learners", "town 9", "east 4", "east need=travel 1"), [("area-too-fine", [3])]),
    "no number":              (make_return("learners", observations=[{"area": TOWN, "note": "late"}]), [("value-missing", [1])]),
    "blank rows only":        (make_return("learners", "town ?"),                    [("no-observations", [])]),
    "a ratio for a count":    (make_return("learners", "town 1/2"),                  [("wrong-value-fields", [1])]),
    "a count for a ratio":    (make_return("pass-rate", "town 1"),                   [("wrong-value-fields", [1])]),
    "more passed than sat":   (make_return("pass-rate", "town 11/10"),               [("numerator-above-denominator", [1])]),
    "bounds the wrong way":   (make_return("learners", "town c:4-1"),                [("bounds-reversed", [1])]),
    "the same cell twice":    (make_return("learners", "town 1", "town 1"),          [("duplicate-cell", [2])]),
    # within the return
    "no total":               (make_return("learners", "town sex=female 1"),         [("total-missing", [1])]),
    "no total of the town":   (make_return("learners", "east 1"),                    [("total-missing", [])]),
    "parts above the total":  (make_return("learners", "town 9", "town sex=female 5", "town sex=male 5"),
                               [("sum-exceeds-total", [1, 2, 3])]),
    "hidden parts above it":  (make_return("learners", "town 9", "town sex=female 8", "town sex=male c:2-4"),
                               [("sum-exceeds-total", [1, 2, 3])]),
    "all parts below it":     (make_return("learners", "town 9", "town sex=female 5", "town sex=male 1", "town sex=unknown 1"),
                               [("sum-below-total", [1, 2, 3, 4])]),
    "quarters above the town": (make_return("learners", "town 9", "east 5", "west 5"), [("sum-exceeds-total", [1, 2, 3])]),
    "one need above all":     (make_return("learners", "town 9", "town need=travel 10"), [("part-exceeds-total", [2])]),
    "cross above its margin": (make_return("learners", "town 9", "town sex=male 2", "town sex=female 7", "town sex=unknown 0",
                                        "town sex=male need=travel 3"), [("sum-exceeds-total", [2, 5])]),
    "denominators":           (make_return("pass-rate", "town 5/9", "east 1/5", "west 1/5"),
                               [("sum-exceeds-total", [1, 2, 3])]),
}
# fmt: on


@pytest.mark.parametrize("case", INVALID)
def test_invalid_return_has_a_finding_with_its_rows(case):
    new_return, expected = INVALID[case]
    assert list_findings(new_return) == expected


# fmt: off
VALID = {
    "crossed with an unsent margin":  make_return("learners", "town 9", "town sex=male need=travel 1", "town need=travel 1"),
    "hidden parts that could fit":    make_return("learners", "town 20", "town sex=female 12", "town sex=male c:1-4", "town sex=unknown 4"),
    "a hidden part without bounds":   make_return("learners", "town 20", "town sex=female 12", "town sex=male c", "town sex=unknown 1"),
    "a missing part":                 make_return("learners", "town 20", "town sex=female 12", "town sex=male x"),
    "overlapping needs":              make_return("learners", "town 9", "town need=travel 8", "town need=childcare 7"),
    "members in two quarters":        make_return("members", "town 9"),
    "zero":                           make_return("learners", "town 0"),
    "a ratio of zero people":         make_return("pass-rate", "town 0/0"),
}
# fmt: on


@pytest.mark.parametrize("case", VALID)
def test_plausible_return_has_no_errors(case):
    assert [f.code for f in examine_returns(VALID[case]).findings.listed() if f.severity == "error"] == []


def test_missing_categories_give_a_warning():
    [warning] = examine_returns(
        make_return("learners", "town 20", "town sex=female 12", "town sex=male 7")
    ).findings.listed()
    assert (warning.code, warning.severity, warning.rows) == ("categories-missing", "warning", [1, 2, 3])


def test_areas_that_are_missing_and_do_not_add_up_give_a_warning():
    [warning] = examine_returns(make_return("learners", "town 9", "east 4")).findings.listed()
    assert (warning.code, warning.severity, warning.rows) == ("areas-missing", "warning", [1])
    assert (warning.expected, warning.actual, warning.justifiable) == ("9", "4", True)
    assert "E05999992" in warning.message


def test_all_areas_must_add_up():
    unknown = f"{TOWN}-unknown 0"
    complete = make_return("learners", "town 9", "east 4", "west 4", unknown)
    assert list_findings(complete) == [("sum-below-total", [1, 2, 3, 4])]
    for parts in (["east 4", "west 5", unknown], ["east 4", "west c:2-6"], ["east x"]):
        assert examine_returns(make_return("learners", "town 9", *parts)).findings.listed() == []


@pytest.mark.parametrize("field", ["value", "lower"])
def test_value_with_status_is_an_error(field):
    new_return = make_return("learners", "town 1")
    new_return["observations"][0] |= {"status": "x", field: 3}
    assert ("value-and-status", [1]) in list_findings(new_return)


def test_bounds_without_confidential_status_are_an_error():
    new_return = make_return("learners", "town 1")
    new_return["observations"][0] |= {"lower": 1}
    assert list_findings(new_return) == [("bounds-without-c", [1])]


def test_duplicate_return_is_an_error():
    assert list_findings(GOOD, GOOD) == [("duplicate-return", [])]


def test_rows_are_numbered_over_the_whole_submission():
    assert list_findings(GOOD, make_return("on-roll", "town 1/2")) == [("wrong-value-fields", [5])]


def test_closed_period_is_refused_without_an_extension():
    late = datetime(2026, 4, 10, tzinfo=UTC)  # January closes at midnight on 12 March, forty days after its end
    submission = msgspec.convert({"returns": [make_return("learners", "town 1", period="2026-01")]}, NewSubmission)
    with pytest.raises(Rejected) as refusal:
        check_submission(to_columns(submission), HARBOUR_CATALOGUE, "quay-college", {}, now=late)
    assert [f.code for f in refusal.value.findings] == ["period-closed"]
    new_return = {("learners", "headline", "main", "2026-01"): datetime(2026, 4, 11, tzinfo=UTC)}
    assert check_submission(to_columns(submission), HARBOUR_CATALOGUE, "quay-college", new_return, now=late).returns


def test_organisation_without_the_duty_is_refused():
    assert list_findings(GOOD, organisation="harbour-council") == [("no-duty", [])]


def test_fix_names_the_period_code_of_the_same_days():
    new_return = make_return("learners", "town 1", period="P2026-02..2026-02")
    with pytest.raises(Rejected) as refusal:
        examine_returns(new_return)
    assert "2026-02" in refusal.value.findings[0].fix


def test_equal_findings_are_listed_once_with_at_most_a_thousand_rows():
    findings = Findings()
    findings.add("value-missing", "Missing.", rows=range(1, 1501))
    findings.add("value-missing", "Another message.", rows=[7])
    first, second = findings.listed()
    assert (len(first.rows), first.rows[0], first.row_count) == (1000, 1, 1500)
    assert (second.rows, second.row_count) == ([], 1)


def test_each_finding_code_is_explained():
    for explanation in FINDING_EXPLANATIONS.values():
        assert explanation.meaning.endswith(".")
        assert explanation.fix.endswith((".", "."))


def make_current_revision(number: int = 1, **changes: object) -> CurrentRevision:
    fields = {"state": ReviewState.PENDING, "first_received_at": NOW, "content": [], "justifications": [], "note": None}
    return CurrentRevision(**{"number": number, "kind": ReturnKind.DATA} | fields | changes)


NO_CELLS = examine_returns(make_return("learners", kind="nil")).cells


def compare_returns(
    new_return: dict, before: dict | None, *, confirm: bool = False
) -> tuple[SubmissionOutcome, int, dict[str, int]]:
    checked = examine_returns(new_return, confirm_withdrawals=confirm)
    current_revisions = {} if before is None else {checked.returns[0].key: make_current_revision()}
    cells = NO_CELLS if before is None else examine_returns(before).cells
    [return_diff] = compare_with_current(checked, current_revisions, cells, HARBOUR_CATALOGUE, now=NOW).returns
    return return_diff.outcome, return_diff.revision_number, msgspec.to_builtins(return_diff.counts)


#   submitted return       outcome, revision, (added, changed, unchanged, withdrawn)
COUNTED_CHANGES = [
    (GOOD,                                                                  "unchanged", 1, (0, 0, 4, 0)),
    (make_return("learners", "town 20", "town sex=female 11", "town sex=male 8", "town sex=unknown 1"), "accepted", 2, (0, 2, 2, 0)),
    (make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown c"), "accepted", 2, (0, 1, 3, 0)),
    (make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown 1", "east 3"), "accepted", 2, (1, 0, 4, 0)),
    (make_return("learners", "town 20"),                                       "accepted", 2, (0, 0, 1, 3)),
    (make_return("learners", kind="nil"),                                      "accepted", 2, (0, 0, 0, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("new_return", "outcome", "number", "counts"), COUNTED_CHANGES)
def test_return_is_compared_with_the_current_revision(new_return, outcome, number, counts):
    added, changed, unchanged, withdrawn = counts
    assert compare_returns(new_return, GOOD, confirm=True) == (
        outcome,
        number,
        {
            "received": added + changed + unchanged,
            "added": added,
            "changed": changed,
            "unchanged": unchanged,
            "withdrawn": withdrawn,
        },
    )


def test_first_return_adds_all_its_cells():
    outcome, number, counts = compare_returns(GOOD, None)
    assert (outcome, number, counts["added"]) == ("accepted", 1, 4)


def test_many_withdrawn_cells_need_confirmation():
    with pytest.raises(Rejected) as refusal:
        compare_returns(make_return("learners", "town 20"), GOOD)
    [finding] = refusal.value.findings
    assert (finding.code, finding.actual) == ("unconfirmed-withdrawals", "3")


WITHDRAWN = make_return("learners", kind="withdrawn", note="Counted twice.")


@pytest.mark.parametrize(
    ("kind", "is_accepted"),
    [(None, False), (ReturnKind.WITHDRAWN, False), (ReturnKind.NIL, True), (ReturnKind.DATA, True)],
)
def test_only_a_current_revision_can_be_withdrawn(kind, is_accepted):
    checked = examine_returns(WITHDRAWN)
    current_revisions = {} if kind is None else {checked.returns[0].key: make_current_revision(4, kind=kind)}
    before = examine_returns(GOOD).cells if kind is ReturnKind.DATA else NO_CELLS
    if is_accepted:
        [return_diff] = compare_with_current(checked, current_revisions, before, HARBOUR_CATALOGUE, now=NOW).returns
        assert (return_diff.outcome, return_diff.revision_number, return_diff.counts.withdrawn) == (
            "accepted",
            5,
            len(before),
        )
        return
    with pytest.raises(Rejected) as refusal:
        compare_with_current(checked, current_revisions, before, HARBOUR_CATALOGUE, now=NOW)
    assert [(finding.code, finding.path) for finding in refusal.value.findings] == [
        ("nothing-to-withdraw", "/returns/0")
    ]


#   up to a tenth of forty current cells may be withdrawn without confirmation
@pytest.mark.parametrize(("withdrawn_count", "is_accepted"), [(4, True), (5, False)])
def test_a_tenth_of_cells_may_be_withdrawn_without_confirmation(withdrawn_count, is_accepted):
    many_cells = make_return("learners", *(f"E069999{n:02} 1" for n in range(40)))
    areas = [f"E069999{n:02}" for n in range(40)]
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] = raw["areas"][:1] + [
        {"code": code, "name": code, "level": "quarter", "families": ["town"], "parent": "E06999999"} for code in areas
    ]
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    total_cell = make_return("learners", "town 40")["observations"]

    def check(cells: list) -> CheckedSubmission:
        new_return = many_cells | {"observations": total_cell + cells}
        return check_submission(
            to_columns(msgspec.convert({"returns": [new_return]}, NewSubmission)),
            catalogue,
            "quay-college",
            {},
            now=NOW,
        )

    before = check(many_cells["observations"][:39])
    now = check(many_cells["observations"][: 39 - withdrawn_count])
    current_revisions = {now.returns[0].key: make_current_revision()}
    if is_accepted:
        assert (
            compare_with_current(now, current_revisions, before.cells, catalogue, now=NOW).returns[0].counts.withdrawn
            == withdrawn_count
        )
        return
    with pytest.raises(Rejected, match="1 error"):
        compare_with_current(now, current_revisions, before.cells, catalogue, now=NOW)


def test_correction_preserves_the_time_of_first_receipt():
    early = datetime(2026, 3, 1, tzinfo=UTC)
    checked = examine_returns(GOOD)
    current_revisions = {checked.returns[0].key: make_current_revision(first_received_at=early)}
    [return_diff] = compare_with_current(checked, current_revisions, NO_CELLS, HARBOUR_CATALOGUE, now=NOW).returns
    assert return_diff.first_received_at == early


def report_return(new_return: dict, before: dict | None, *, dry_run: bool = False, token: str | None = None):
    checked = examine_returns(new_return)
    current_revisions = {} if before is None else {checked.returns[0].key: make_current_revision()}
    submission_diff = compare_with_current(
        checked,
        current_revisions,
        NO_CELLS if before is None else examine_returns(before).cells,
        HARBOUR_CATALOGUE,
        now=NOW,
    )
    return build_report(
        submission_diff,
        HARBOUR_CATALOGUE,
        checked,
        changed_totals=[],
        content_sha256=b"\1" * 32,
        receipt=None if dry_run else make_receipt(UUID(int=1), b"\1" * 32, now=NOW),
        expected_token=token,
    )


def test_report_adds_up_its_counts():
    accepted = report_return(GOOD, None)
    assert accepted.outcome is SubmissionOutcome.ACCEPTED
    assert (accepted.counts.received, accepted.counts.added, accepted.change_count) == (4, 4, 0)
    assert accepted.receipt is not None
    assert accepted.receipt.content_sha256 == "01" * 32
    assert report_return(GOOD, GOOD).outcome is SubmissionOutcome.UNCHANGED


def test_report_lists_changes_to_the_current_revision():
    correction = report_return(
        make_return("learners", "town 20", "town sex=female 11", "town sex=male 8", "town sex=unknown 1"), GOOD
    )
    assert [
        (change.cell.breakdown["sex"], change.before.value, change.after.value) for change in correction.changes
    ] == [
        ("female", 12, 11),
        ("male", 7, 8),
    ]
    assert (correction.change_count, correction.counts.changed, correction.changes[0].cell.period) == (2, 2, "2026-02")


def test_dry_run_report_has_a_token_instead_of_a_receipt():
    dry_run, submission = report_return(GOOD, None, dry_run=True), report_return(GOOD, None)
    assert (dry_run.receipt, dry_run.dry_run, submission.dry_run_token, submission.dry_run) == (None, True, None, False)
    assert msgspec.structs.replace(dry_run, receipt=submission.receipt, dry_run_token=None, dry_run=False) == submission
    assert report_return(GOOD, None, token=dry_run.dry_run_token) == submission
    with pytest.raises(DryRunOutdated):
        report_return(GOOD, GOOD, token=dry_run.dry_run_token)


def make_dry_run_token(changed_totals: list) -> str | None:
    checked = examine_returns(GOOD)
    submission_diff = compare_with_current(checked, {}, NO_CELLS, HARBOUR_CATALOGUE, now=NOW)
    return build_report(
        submission_diff,
        HARBOUR_CATALOGUE,
        checked,
        changed_totals=changed_totals,
        content_sha256=b"\1" * 32,
        receipt=None,
    ).dry_run_token


def test_dry_run_token_depends_only_on_the_partners_own_totals():
    now = [parse_past_total("learners", "2026-02 20")]
    own_effects = visible_effects([], None, now, HARBOUR_CATALOGUE)
    assert make_dry_run_token(
        visible_effects([parse_past_total("learners", "2026-01 5")], None, now, HARBOUR_CATALOGUE)
    ) != make_dry_run_token(own_effects)
    for pier_total in ("2026-02 7", "2026-02 8"):
        programme_totals = [parse_past_total("learners", pier_total, organisation="pier-college")]
        assert make_dry_run_token(visible_effects([], programme_totals, now, HARBOUR_CATALOGUE)) == make_dry_run_token(
            own_effects
        )


#   London time. February ends on the 28th; it is due after 10 days, late after 15 and closed after 40.
TIMELINESS = [
    ("2026-03-10T23:59:59+00:00", Timeliness.ON_TIME),
    ("2026-03-11T00:00:00+00:00", Timeliness.GRACE_PERIOD),
    ("2026-03-15T23:59:59+00:00", Timeliness.GRACE_PERIOD),
    ("2026-03-16T00:00:00+00:00", Timeliness.LATE),
]


@pytest.mark.parametrize(("instant", "expected"), TIMELINESS)
def test_timeliness_changes_at_midnight_in_london(instant, expected):
    february = periods.parse("2026-02")
    limits = calendar.compute_deadlines(february, HARBOUR_PLAN.calendar)
    assert calendar.classify_timeliness(limits, first_recorded_at=datetime.fromisoformat(instant)) is expected


def test_deadlines_follow_british_summer_time():
    closes = calendar.compute_deadlines(periods.parse("2026-02"), HARBOUR_PLAN.calendar).closes_at
    assert closes is not None
    assert closes.isoformat() == "2026-04-10T00:00:00+01:00"
    assert calendar.to_london_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).isoformat() == "2026-07-01"


def test_missing_number_and_statuses_differ_from_any_count():
    assert MISSING < 0
    assert set(STATUSES[1:]) == set(Status)


def test_file_parameters_build_the_envelope():
    envelope = build_envelope(
        organisation=None, confirm_withdrawals=True, justifications=["3f9a1c20b7d4: As counted: twice."], note="Q2"
    )
    [justification] = envelope.justifications
    assert (justification.finding, justification.text, envelope.note) == ("3f9a1c20b7d4", "As counted: twice.", "Q2")


@pytest.mark.parametrize("new_return", ["no colon", ": no finding", "3f9a1c20b7d4:  ", "3f9a1c20b7d4: " + 2001 * "x"])
def test_justification_parameter_needs_a_finding_and_a_text(new_return):
    with pytest.raises(InvalidParameter, match="finding: text"):
        build_envelope(organisation=None, confirm_withdrawals=False, justifications=[new_return], note=None)
