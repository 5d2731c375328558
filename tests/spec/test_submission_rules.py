"""What is taken of a submission and what is found wrong in it. Pure: no database, the clock stands."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from api.http.refusals import InvalidParameter, NotAllowed
from api.plan import calendar
from api.statistics import periods
from api.submissions import rules
from api.submissions.checks.findings import FINDING_EXPLANATIONS, DryRunOutdated, Findings, Rejected
from api.submissions.revisions import MISSING, STATUSES, CurrentRevision, to_columns
from schema.plan import Plan
from schema.submission_reports import SubmissionOutcome, Timeliness
from schema.submissions import NewSubmission, ReturnKind, ReviewState, Status
from tests.fixtures.example_plan import (
    HARBOUR_CATALOGUE,
    HARBOUR_PLAN,
    NOW,
    examine_returns,
    make_catalogue,
    make_return,
    parse_past_total,
)


def found(*returns: dict, organisation: str = "quay-college") -> list[tuple[str, list[int]]]:
    """The codes of what is wrong, with their rows."""
    with pytest.raises(Rejected) as refusal:
        examine_returns(*returns, organisation=organisation)
    return [(finding.code, finding.rows) for finding in refusal.value.findings]


GOOD = make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown 1")


def test_a_good_return_is_taken():
    assert examine_returns(GOOD).findings.listed() == []


def test_a_nil_return_is_taken():
    assert examine_returns(make_return("learners", kind="nil")).returns[0].submitted.kind == "nil"


# fmt: off
#   asked for             the key's organisation    for whom it is; None: refused
FOR_WHOM = [
    (None,                "quay-college",           "quay-college"),
    ("quay-college",      "quay-college",           "quay-college"),
    ("old-quay-school",   "quay-college",           "old-quay-school"),
    ("old-net-loft",      "quay-college",           "old-net-loft"),
    ("quay-college",      "old-quay-school",        None),
    ("pier-college",      "quay-college",           None),
    ("nobody-at-all",     "quay-college",           None),
]
# fmt: on


@pytest.mark.parametrize(("wanted", "organisation", "owner"), FOR_WHOM)
def test_an_organisation_submits_for_itself_and_those_that_it_succeeds(wanted, organisation, owner):
    if owner is not None:
        assert rules.resolve_owner(wanted, organisation, HARBOUR_CATALOGUE) == owner
        return
    with pytest.raises(NotAllowed, match=f"belongs to {organisation}"):
        rules.resolve_owner(wanted, organisation, HARBOUR_CATALOGUE)


def test_what_nobody_returns_is_refused():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["measures"][0]["kind"] = "gap"
    here = make_catalogue(msgspec.convert(raw, Plan))
    submission = msgspec.convert({"returns": [GOOD]}, NewSubmission)
    with pytest.raises(Rejected) as refusal:
        rules.check_submission(to_columns(submission), here, "quay-college", {}, now=NOW)
    [one] = refusal.value.findings
    assert (one.code, one.message.split()[0]) == ("not-submittable", "learners")


# fmt: off
WRONG = {
    # who, what, when
    "unknown measure":        (make_return("lerners", "town 1"),                     [("unknown-measure", [])]),
    "unknown series":         (make_return("learners", "town 1", series="second"),   [("unknown-series", [])]),
    "unknown service":        (make_return("learners", "town 1", service="night"),   [("no-duty", [])]),
    "unclear period":         (make_return("learners", "town 1", period="2026"),     [("unclear-period", [])]),
    "a quarter for a month":  (make_return("learners", "town 1", period="CY2025-Q4"), [("wrong-period-type", [])]),
    "before the programme":   (make_return("learners", "town 1", period="2025-12"),  [("period-outside-programme", [])]),
    "not over":               (make_return("learners", "town 1", period="2026-03"),  [("period-not-over", [])]),
    "nil with figures":       (make_return("learners", "town 1", kind="nil"),        [("nil-with-observations", [])]),
    "nothing":                (make_return("learners"),                              [("no-observations", [])]),
    # the cell
    "unknown area":           (make_return("learners", "E05001822 1"),               [("unknown-area", [1])]),
    "one unknown area twice": (make_return("learners", "E05001822 1", "E05001822 1"), [("unknown-area", [1, 2])]),
    "unknown dimension":      (make_return("learners", "town 9", "town sexx=female 1"), [("unknown-dimension", [2])]),
    "unknown category":       (make_return("learners", "town 9", "town sex=femal 1"), [("unknown-category", [2])]),
    "outside the duty":       (make_return("learners", "town 1", "E06999998 1"),      [("area-outside-duty", [2])]),
    "never collected":        (make_return("learners", "town 9", "town colour=red 1"), [("breakdown-not-collected", [2])]),
    "which of two series":    (make_return("visits", "town 1"),                       [("series-required", [])]),
    "a day for a month":      (make_return("learners", "town 1", period="D2026-02-15"), [("wrong-period-type", [])]),
    "not for this measure":   (make_return("on-roll", "town 9", "town sex=female 1"), [("breakdown-not-collected", [2])]),
    "too fine":               (make_return("learners", "town 9", "east 4", "east need=travel 1"), [("area-too-fine", [3])]),
    "no number":              (make_return("learners", "town ?"),                    [("value-missing", [1])]),
    "a ratio for a count":    (make_return("learners", "town 1/2"),                  [("wrong-value-fields", [1])]),
    "a count for a ratio":    (make_return("pass-rate", "town 1"),                   [("wrong-value-fields", [1])]),
    "more passed than sat":   (make_return("pass-rate", "town 11/10"),               [("numerator-above-denominator", [1])]),
    "bounds the wrong way":   (make_return("learners", "town c:4-1"),                [("bounds-reversed", [1])]),
    "the same cell twice":    (make_return("learners", "town 1", "town 1"),          [("duplicate-cell", [2])]),
    # within the return
    "no total":               (make_return("learners", "town sex=female 1"),         [("total-missing", [1])]),
    "no total of the town":  (make_return("learners", "east 1"),                    [("total-missing", [1])]),
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


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_found_in_its_rows(case):
    given, expected = WRONG[case]
    assert found(given) == expected


# fmt: off
FINE = {
    "crossed with an unsent margin":  make_return("learners", "town 9", "town sex=male need=travel 1", "town need=travel 1"),
    "hidden parts that could fit":    make_return("learners", "town 20", "town sex=female 12", "town sex=male c:1-4", "town sex=unknown 4"),
    "a hidden part without bounds":   make_return("learners", "town 20", "town sex=female 12", "town sex=male c", "town sex=unknown 1"),
    "a missing part":                 make_return("learners", "town 20", "town sex=female 12", "town sex=male x"),
    "overlapping needs":              make_return("learners", "town 9", "town need=travel 8", "town need=childcare 7"),
    "members in two quarters":        make_return("members", "town 9"),
    "zero":                           make_return("learners", "town 0"),
    "a ratio of nobody":              make_return("pass-rate", "town 0/0"),
}
# fmt: on


@pytest.mark.parametrize("case", FINE)
def test_what_may_be_right_is_taken(case):
    assert [f.code for f in examine_returns(FINE[case]).findings.listed() if f.severity == "error"] == []


def test_missing_categories_warn():
    [warning] = examine_returns(
        make_return("learners", "town 20", "town sex=female 12", "town sex=male 7")
    ).findings.listed()
    assert (warning.code, warning.severity, warning.rows) == ("categories-missing", "warning", [1, 2, 3])


@pytest.mark.parametrize("field", ["value", "lower"])
def test_a_number_beside_its_reason_is_found(field):
    given = make_return("learners", "town 1")
    given["observations"][0] |= {"status": "x", field: 3}
    assert ("value-and-status", [1]) in found(given)


def test_bounds_without_confidentiality_are_found():
    given = make_return("learners", "town 1")
    given["observations"][0] |= {"lower": 1}
    assert found(given) == [("bounds-without-c", [1])]


def test_two_returns_of_the_same_are_found():
    assert found(GOOD, GOOD) == [("duplicate-return", [])]


def test_rows_count_over_the_whole_submission():
    assert found(GOOD, make_return("on-roll", "town ?")) == [("value-missing", [5])]


def test_a_closed_period_is_refused():
    late = datetime(2026, 4, 10, tzinfo=UTC)  # January closes forty days after its end: 12 March at midnight
    submission = msgspec.convert({"returns": [make_return("learners", "town 1", period="2026-01")]}, NewSubmission)
    with pytest.raises(Rejected) as refusal:
        rules.check_submission(to_columns(submission), HARBOUR_CATALOGUE, "quay-college", {}, now=late)
    assert [f.code for f in refusal.value.findings] == ["period-closed"]
    given = {("learners", "headline", "main", "2026-01"): datetime(2026, 4, 11, tzinfo=UTC)}
    assert rules.check_submission(to_columns(submission), HARBOUR_CATALOGUE, "quay-college", given, now=late).returns


def test_someone_without_the_duty_is_told_so():
    assert found(GOOD, organisation="harbour-council") == [("no-duty", [])]


def test_the_same_days_under_another_name_are_offered():
    given = make_return("learners", "town 1", period="P2026-02..2026-02")
    with pytest.raises(Rejected) as refusal:
        examine_returns(given)
    assert "2026-02" in refusal.value.findings[0].fix


def test_equal_findings_are_told_once_with_at_most_a_thousand_rows():
    told = Findings()
    told.add("value-missing", "Nothing.", rows=range(1, 1501))
    told.add("value-missing", "Nothing else.", rows=[7])
    first, second = told.listed()
    assert (len(first.rows), first.rows[0], first.row_count) == (1000, 1, 1500)
    assert (second.rows, second.row_count) == ([], 1)


def test_every_code_is_explained():
    for explanation in FINDING_EXPLANATIONS.values():
        assert explanation.meaning.endswith(".")
        assert explanation.fix.endswith((".", "."))


def stood(number: int = 1, **more: object) -> CurrentRevision:
    known = {"state": ReviewState.PENDING, "first_received_at": NOW, "content": [], "justifications": [], "note": None}
    return CurrentRevision(**{"number": number, "kind": ReturnKind.DATA} | known | more)


NO_CELLS = examine_returns(make_return("learners", kind="nil")).cells


def compare(
    given: dict, before: dict | None, *, confirm: bool = False
) -> tuple[SubmissionOutcome, int, dict[str, int]]:
    examined = examine_returns(given, confirm_withdrawals=confirm)
    standing = {} if before is None else {examined.returns[0].key: stood()}
    cells = NO_CELLS if before is None else examine_returns(before).cells
    [one] = rules.compare_with_current(examined, standing, cells, HARBOUR_CATALOGUE, now=NOW).returns
    return one.outcome, one.revision_number, msgspec.to_builtins(one.counts)


#   what is sent                                    added changed unchanged withdrawn
CHANGES = [
    (GOOD,                                                                  "unchanged", 1, (0, 0, 4, 0)),
    (make_return("learners", "town 20", "town sex=female 11", "town sex=male 8", "town sex=unknown 1"), "accepted", 2, (0, 2, 2, 0)),
    (make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown c"), "accepted", 2, (0, 1, 3, 0)),
    (make_return("learners", "town 20", "town sex=female 12", "town sex=male 7", "town sex=unknown 1", "east 3"), "accepted", 2, (1, 0, 4, 0)),
    (make_return("learners", "town 20"),                                       "accepted", 2, (0, 0, 1, 3)),
    (make_return("learners", kind="nil"),                                      "accepted", 2, (0, 0, 0, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "number", "counts"), CHANGES)
def test_a_return_is_compared_with_what_stands(given, outcome, number, counts):
    added, changed, unchanged, withdrawn = counts
    assert compare(given, GOOD, confirm=True) == (
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


def test_the_first_return_is_all_new():
    outcome, number, counts = compare(GOOD, None)
    assert (outcome, number, counts["added"]) == ("accepted", 1, 4)


def test_withdrawals_have_to_be_confirmed():
    with pytest.raises(Rejected) as refusal:
        compare(make_return("learners", "town 20"), GOOD)
    [finding] = refusal.value.findings
    assert (finding.code, finding.actual) == ("unconfirmed-withdrawals", "3")


WITHDRAWN = make_return("learners", kind="withdrawn", note="Counted twice.")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [(None, False), (ReturnKind.WITHDRAWN, False), (ReturnKind.NIL, True), (ReturnKind.DATA, True)],
)
def test_only_what_stands_can_be_withdrawn(kind, taken):
    examined = examine_returns(WITHDRAWN)
    standing = {} if kind is None else {examined.returns[0].key: stood(4, kind=kind)}
    before = examine_returns(GOOD).cells if kind is ReturnKind.DATA else NO_CELLS
    if taken:
        [one] = rules.compare_with_current(examined, standing, before, HARBOUR_CATALOGUE, now=NOW).returns
        assert (one.outcome, one.revision_number, one.counts.withdrawn) == ("accepted", 5, len(before))
        return
    with pytest.raises(Rejected) as refusal:
        rules.compare_with_current(examined, standing, before, HARBOUR_CATALOGUE, now=NOW)
    assert [(one.code, one.path) for one in refusal.value.findings] == [("nothing-to-withdraw", "/returns/0")]


#   of forty cells that stand, so many may go unasked: a tenth
@pytest.mark.parametrize(("gone", "taken"), [(4, True), (5, False)])
def test_a_tenth_may_go_without_asking(gone, taken):
    many = make_return("learners", *(f"E069999{n:02} 1" for n in range(40)))
    areas = [f"E069999{n:02}" for n in range(40)]
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] = raw["areas"][:1] + [
        {"code": code, "name": code, "level": "quarter", "families": ["town"], "parent": "E06999999"} for code in areas
    ]
    here = make_catalogue(msgspec.convert(raw, Plan))
    whole = make_return("learners", "town 40")["observations"]

    def sent_of(cells: list) -> rules.CheckedSubmission:
        given = many | {"observations": whole + cells}
        return rules.check_submission(
            to_columns(msgspec.convert({"returns": [given]}, NewSubmission)), here, "quay-college", {}, now=NOW
        )

    before = sent_of(many["observations"][:39])
    now = sent_of(many["observations"][: 39 - gone])
    standing = {now.returns[0].key: stood()}
    if taken:
        assert (
            rules.compare_with_current(now, standing, before.cells, here, now=NOW).returns[0].counts.withdrawn == gone
        )
        return
    with pytest.raises(Rejected, match="1 error"):
        rules.compare_with_current(now, standing, before.cells, here, now=NOW)


def test_first_received_is_kept_with_a_correction():
    early = datetime(2026, 3, 1, tzinfo=UTC)
    examined = examine_returns(GOOD)
    standing = {examined.returns[0].key: stood(first_received_at=early)}
    [one] = rules.compare_with_current(examined, standing, NO_CELLS, HARBOUR_CATALOGUE, now=NOW).returns
    assert one.first_received_at == early


def report(given: dict, before: dict | None, *, dry_run: bool = False, token: str | None = None):
    examined = examine_returns(given)
    standing = {} if before is None else {examined.returns[0].key: stood()}
    comparison = rules.compare_with_current(
        examined, standing, NO_CELLS if before is None else examine_returns(before).cells, HARBOUR_CATALOGUE, now=NOW
    )
    return rules.build_report(
        comparison,
        HARBOUR_CATALOGUE,
        examined,
        changed_totals=[],
        content_sha256=b"\1" * 32,
        receipt=None if dry_run else rules.make_receipt(UUID(int=1), b"\1" * 32, now=NOW),
        expected_token=token,
    )


def test_the_report_adds_up():
    made = report(GOOD, None)
    assert made.outcome is SubmissionOutcome.ACCEPTED
    assert (made.counts.received, made.counts.added, made.change_count) == (4, 4, 0)
    assert made.receipt is not None
    assert made.receipt.content_sha256 == "01" * 32
    assert report(GOOD, GOOD).outcome is SubmissionOutcome.UNCHANGED


def test_the_report_tells_what_changes_of_what_stood():
    made = report(
        make_return("learners", "town 20", "town sex=female 11", "town sex=male 8", "town sex=unknown 1"), GOOD
    )
    assert [(one.cell.breakdown["sex"], one.before.value, one.after.value) for one in made.changes] == [
        ("female", 12, 11),
        ("male", 7, 8),
    ]
    assert (made.change_count, made.counts.changed, made.changes[0].cell.period) == (2, 2, "2026-02")


def test_a_dry_run_says_the_same_and_has_a_token_instead_of_a_receipt():
    said, made = report(GOOD, None, dry_run=True), report(GOOD, None)
    assert (said.receipt, said.dry_run, made.dry_run_token, made.dry_run) == (None, True, None, False)
    assert msgspec.structs.replace(said, receipt=made.receipt, dry_run_token=None, dry_run=False) == made
    assert report(GOOD, None, token=said.dry_run_token) == made
    with pytest.raises(DryRunOutdated):
        report(GOOD, GOOD, token=said.dry_run_token)


def token(moved: list) -> str | None:
    examined = examine_returns(GOOD)
    comparison = rules.compare_with_current(examined, {}, NO_CELLS, HARBOUR_CATALOGUE, now=NOW)
    return rules.build_report(
        comparison, HARBOUR_CATALOGUE, examined, changed_totals=moved, content_sha256=b"\1" * 32, receipt=None
    ).dry_run_token


def test_a_token_rests_on_what_the_partner_itself_is_told():
    now = [parse_past_total("learners", "2026-02 20")]
    own = rules.visible_effects([], None, now, HARBOUR_CATALOGUE)
    assert token(
        rules.visible_effects([parse_past_total("learners", "2026-01 5")], None, now, HARBOUR_CATALOGUE)
    ) != token(own)
    for others in ("2026-02 7", "2026-02 8"):
        everybody = [parse_past_total("learners", others, organisation="pier-college")]
        assert token(rules.visible_effects([], everybody, now, HARBOUR_CATALOGUE)) == token(own)


#   London time; February ends on the 28th, due after ten days, timely for fifteen, closed after forty
WHEN = [
    ("2026-03-10T23:59:59+00:00", Timeliness.ON_TIME),
    ("2026-03-11T00:00:00+00:00", Timeliness.GRACE_PERIOD),
    ("2026-03-15T23:59:59+00:00", Timeliness.GRACE_PERIOD),
    ("2026-03-16T00:00:00+00:00", Timeliness.LATE),
]


@pytest.mark.parametrize(("instant", "expected"), WHEN)
def test_timeliness_is_by_londons_midnight(instant, expected):
    february = periods.parse("2026-02")
    limits = calendar.compute_deadlines(february, HARBOUR_PLAN.calendar)
    assert calendar.classify_timeliness(limits, first_recorded_at=datetime.fromisoformat(instant)) is expected


def test_deadlines_follow_summer_time():
    closes = calendar.compute_deadlines(periods.parse("2026-02"), HARBOUR_PLAN.calendar).closes_at
    assert closes is not None
    assert closes.isoformat() == "2026-04-10T00:00:00+01:00"
    assert calendar.to_london_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).isoformat() == "2026-07-01"


def test_null_and_statuses_are_apart_from_every_count():
    assert MISSING < 0
    assert set(STATUSES[1:]) == set(Status)


def test_the_parameters_of_a_file_are_its_envelope():
    made = rules.build_envelope(
        organisation=None, confirm_withdrawals=True, justifications=["3f9a1c20b7d4: As counted: twice."], note="Q2"
    )
    [answered] = made.justifications
    assert (answered.finding, answered.text, made.note) == ("3f9a1c20b7d4", "As counted: twice.", "Q2")


@pytest.mark.parametrize("given", ["no colon", ": no finding", "3f9a1c20b7d4:  ", "3f9a1c20b7d4: " + 2001 * "x"])
def test_a_justification_in_a_parameter_has_a_finding_and_a_text(given):
    with pytest.raises(InvalidParameter, match="finding: text"):
        rules.build_envelope(organisation=None, confirm_withdrawals=False, justifications=[given], note=None)
