"""Comparison with earlier returns: outliers, and cumulative counts that fall."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from api.submissions.checks import history
from api.submissions.checks.findings import Findings
from api.submissions.checks.tiers import check_history, check_submission
from api.submissions.parsed import to_columns
from schema.measures import MeasureKind
from schema.submissions import NewSubmission
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, examine_returns, make_cells, make_return, parse_past_total

# Columns: figure, modified z-score. Source: https://codingace.net/ds/modified_z_score.html, median 12 and MAD 1.
WORKED = [(10, -1.3490), (12, 0.0), (12, 0.0), (13, 0.6745), (12, 0.0), (11, -0.6745), (14, 1.3490), (300, 194.2560)]


@pytest.mark.parametrize(("figure", "score"), WORKED)
def test_modified_z_score_equals_the_worked_example(figure, score):
    values = [value for value, _ in WORKED]
    assert (figure - 12) / history.robust_spread(values, 0.0) == pytest.approx(score, abs=5e-5)


def test_nist_example_has_one_outlier():
    """NIST/SEMATECH e-Handbook 1.3.5.17.1: eight measurements of uranium, of which 245.57 is an outlier."""
    uranium = [199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57]
    middle, wide = (200.82 + 201.92) / 2, history.MAX_MODIFIED_Z_SCORE * history.robust_spread(uranium, 0.0)
    assert [value for value in uranium if abs(value - middle) > wide] == [245.57]


def test_equal_figures_have_the_minimum_spread():
    assert history.robust_spread([100] * 6, 10.0) == 10.0


MONTHS = ["2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01"]
STEADY = ["100"] * 6

# fmt: off
#   measure, the six months before             submitted now   outlier: (expected, actual), or None
OUTLIERS = {
    "like before":              ("learners", STEADY,                             "110",     None),
    "just within chance":       ("learners", STEADY,                             "135",     None),
    "just beyond chance":       ("learners", STEADY,                             "136",     ("65 to 135", "136")),
    "a digit too many":         ("learners", STEADY,                             "1000",    ("65 to 135", "1000")),
    "a digit missing":          ("learners", STEADY,                             "10",      ("65 to 135", "10")),
    "nothing at all":           ("learners", STEADY,                             "nil",     ("65 to 135", "0")),
    "a median between counts":  ("learners", ["4", "5", "4", "5", "4", "5"],     "30",      ("0 to 11", "30")),
    "volatile before":          ("learners", ["50", "150", "80", "120", "20", "180"], "250", None),
    "five points are not enough": ("learners", STEADY[1:],                         "1000",    None),
    "nil is a point":           ("learners", [*STEADY[1:], "nil"],               "1000",    ("65 to 135", "1000")),
    "withdrawn is no point":    ("learners", [*STEADY[1:], "withdrawn"],         "1000",    None),
    "missing is no point":      ("learners", [*STEADY[1:], "x"],                 "1000",    None),
    "hidden is no point":       ("learners", STEADY,                             "c:1-4",   None),
    "withdrawing is no figure": ("learners", STEADY,                             "withdrawn", None),
    "zeros and then three":     ("learners", ["0"] * 6,                          "3",       None),
    "zeros and then four":      ("learners", ["0"] * 6,                          "4",       ("0 to 3", "4")),
    "a share like before":      ("pass-rate", ["80/100"] * 6,                    "85/100",  None),
    "a share reversed":         ("pass-rate", ["80/100"] * 6,                    "20/100",  ("66 to 94", "20")),
    "small groups vary more":   ("pass-rate", ["80/100"] * 6,                    "3/5",     None),
    "always all, then most":    ("pass-rate", ["50/50"] * 6,                     "49/50",   None),
    "always all, then half":    ("pass-rate", ["50/50"] * 6,                     "25/50",   ("93 to 100", "50")),
    "a share of no people":     ("pass-rate", ["80/100"] * 6,                    "0/0",     None),
    "nil for a share":          ("pass-rate", ["80/100"] * 6,                    "nil",     None),
    "a nil is no share":        ("pass-rate", [*["80/100"] * 5, "nil"],          "20/100",  None),
}
# fmt: on


def find_outliers(measure: str, past: list[str], now: str):
    past_totals = [parse_past_total(measure, f"{month} {figure}") for month, figure in zip(MONTHS, past, strict=False)]
    findings = Findings()
    submission = examine_returns(make_return(measure, kind="nil"))
    history.check_outliers(
        submission.returns, [parse_past_total(measure, f"2026-02 {now}", row=7)], past_totals, findings
    )
    return findings.listed()


@pytest.mark.parametrize("case", OUTLIERS)
def test_figure_far_from_six_earlier_figures_is_an_outlier(case):
    measure, past, now, expected = OUTLIERS[case]
    findings = find_outliers(measure, past, now)
    assert [(finding.code, finding.expected, finding.actual) for finding in findings] == (
        [("outlier", *expected)] if expected else []
    )


def test_outlier_finding_names_row_median_and_fix():
    [finding] = find_outliers("pass-rate", ["80/100"] * 6, "20/100")
    assert (finding.rows, finding.severity, finding.justifiable) == ([7], "warning", True)
    assert re.findall(r"\d+|pass-rate", finding.message) == ["20", "6", "pass-rate", "80"]
    assert "justification" in finding.fix


def test_later_and_equal_periods_are_not_history():
    past = [parse_past_total("learners", f"2026-0{n} 100") for n in range(3, 9)] + [
        parse_past_total("learners", "2026-02 100")
    ]
    findings = Findings()
    now = [parse_past_total("learners", "2026-02 999", row=0)]
    history.check_outliers(examine_returns(make_return("learners", kind="nil")).returns, now, past, findings)
    assert findings.listed() == []


def test_returns_of_the_same_submission_replace_current_history():
    past = [parse_past_total("learners", f"{month} 5000") for month in MONTHS]
    now = [parse_past_total("learners", f"{month} 100", row=n) for n, month in enumerate(MONTHS)]
    now.append(parse_past_total("learners", "2026-02 5000", row=6))
    findings = Findings()
    returns = examine_returns(make_return("learners", kind="nil")).returns
    submitted = [msgspec.structs.replace(returns[0], period=total.period) for total in now]
    history.check_outliers(submitted, now, past, findings)
    assert [(finding.rows, finding.actual) for finding in findings.listed()] == [([6], "5000")]


def test_another_area_is_not_history():
    past = [parse_past_total("learners", f"{month} 100", area="E05999991") for month in MONTHS]
    findings = Findings()
    now = [parse_past_total("learners", "2026-02 999", row=0)]
    history.check_outliers(examine_returns(make_return("learners", kind="nil")).returns, now, past, findings)
    assert findings.listed() == []


# fmt: off
#   submitted, the six before   outlier: (expected, actual)
RATES = [
    ("240/100",  "200/100",     None),
    ("250/100",  "200/100",     ("1.51 to 2.49", "2.5")),
    ("25/10",    "20/10",       None),
    ("3/10000",  "0/10000",     None),
    ("15/10000", "0/10000",     ("0 to 0.00035", "0.0015")),
    ("250000/100", "200000/100", ("1984 to 2016", "2500")),
]
# fmt: on


@pytest.mark.parametrize(("now", "before", "expected"), RATES)
def test_expected_range_of_a_rate_depends_on_its_count(now, before, expected):
    rate = msgspec.structs.replace(HARBOUR_CATALOGUE.measures["pass-rate"], kind=MeasureKind.RATE, unit="per-head")
    [identified] = examine_returns(make_return("pass-rate", kind="nil")).returns
    findings = Findings()
    past = [parse_past_total("pass-rate", f"{month} {before}") for month in MONTHS]
    history.check_outliers(
        [msgspec.structs.replace(identified, measure=rate)],
        [parse_past_total("pass-rate", f"2026-02 {now}")],
        past,
        findings,
    )
    assert [(f.expected, f.actual) for f in findings.listed()] == ([expected] if expected else [])


PIER, QUAY = "pier-college", "quay-college"
EXTENSIONS = {("enrolments", "ever", "main", f"2026-0{n}"): datetime(2027, 1, 1, tzinfo=UTC) for n in range(1, 9)}


def check_enrolments(organisation: str, *submitted: str):
    returns = []
    for entry in submitted:
        period, figure = entry.split(" ", 1)
        if figure in ("nil", "withdrawn"):
            returns.append(make_return("enrolments", period=period, kind=figure, note="Reason."))
        else:
            returns.append(make_return("enrolments", *figure.split(", "), period=period))
    submission = msgspec.convert({"returns": returns}, NewSubmission)
    extensions = {(m, series, v, p): end for (m, _, v, p), end in EXTENSIONS.items() for series in ("ever", "headline")}
    return check_submission(
        to_columns(submission), HARBOUR_CATALOGUE, organisation, extensions, now=datetime(2026, 9, 5, tzinfo=UTC)
    )


def find_falls(organisation: str, current_totals: list[str], *submitted: str):
    """Return the findings if these totals are current and those returns are submitted."""
    checked = check_enrolments(organisation, *submitted)
    past = [
        parse_past_total("enrolments", entry.replace("town ", ""), organisation=organisation)
        for entry in current_totals
    ]
    pairs = history.find_adjacent_returns(checked.returns, past)
    cells = {
        key: make_cells(*(f"town {total.value}" for total in past if total.key == key and total.value is not None))
        for key in {key for pair in pairs for key in pair.keys} - {one.key for one in checked.returns}
    }
    check_history(checked, past, pairs, [], cells, HARBOUR_CATALOGUE)
    return [
        (finding.rows, finding.cell.period, finding.expected, finding.actual) for finding in checked.findings.listed()
    ]


# fmt: off
#   organisation, current totals of the town, submitted returns      findings: rows, period, expected, actual
FALLS = {
    "it grows":                  (PIER, ["2026-01 10"], ["2026-02 town 25"],  []),
    "it stays":                  (PIER, ["2026-01 10"], ["2026-02 town 10"],  []),
    "it falls":                  (PIER, ["2026-01 10"], ["2026-02 town 9"],   [([1], "2026-02", "at least 10", "9")]),
    "below a later one":         (PIER, ["2026-03 10"], ["2026-02 town 11"],  [([1], "2026-03", "at least 11", "10")]),
    "between the two":           (PIER, ["2026-01 10", "2026-03 30"], ["2026-02 town 20"], []),
    "only the neighbours count": (PIER, ["2026-01 90", "2026-02 10"], ["2026-03 town 20"], []),
    "both of one submission":    (PIER, [], ["2026-01 town 10", "2026-02 town 9"], [([2], "2026-02", "at least 10", "9")]),
    "a gap of months":           (PIER, ["2026-01 10"], ["2026-06 town 9"],   [([1], "2026-06", "at least 10", "9")]),
    "nothing is current":        (PIER, [], ["2026-02 town 9"],               []),
    "the earlier is withdrawn":  (PIER, ["2026-01 10", "2026-02 withdrawn"], ["2026-03 town 9"], [([1], "2026-03", "at least 10", "9")]),
    "it is withdrawn":           (PIER, ["2026-01 10", "2026-02 20"], ["2026-02 withdrawn"], []),
    "withdrawn along with it":   (PIER, ["2026-01 10", "2026-02 20"], ["2026-02 withdrawn", "2026-03 town 15"], []),
    "nil after ten":             (PIER, ["2026-01 10"], ["2026-02 nil"],      [([], "2026-02", "at least 10", "0")]),
    "ten before a nil":          (PIER, ["2026-02 nil"], ["2026-01 town 10"], [([1], "2026-02", "at least 10", "0")]),
    "nil before ten":            (PIER, ["2026-01 nil"], ["2026-02 town 10"], []),
    "it may not have fallen":    (PIER, ["2026-01 10"], ["2026-02 town c:5-10"], []),
    "it must have fallen":       (PIER, ["2026-01 10"], ["2026-02 town c:5-9"], [([1], "2026-02", "at least 10", "9")]),
    "from at least five":        (PIER, [], ["2026-01 town c:5-9", "2026-02 town 4"], [([2], "2026-02", "at least 5", "4")]),
    "missing is not zero":       (PIER, ["2026-01 10"], ["2026-02 town x"],   []),
    "reset between":             (QUAY, ["2026-03 90"], ["2026-04 town 10"],  []),
    "no reset between":          (QUAY, ["2026-01 90"], ["2026-02 town 10"],  [([1], "2026-02", "at least 90", "10")]),
    "before the reset":          (QUAY, ["2026-04 10"], ["2026-03 town 90"],  []),
}
# fmt: on


@pytest.mark.parametrize("case", FALLS)
def test_cumulative_count_may_fall_only_at_a_reset(case):
    organisation, current_totals, submitted, expected = FALLS[case]
    assert find_falls(organisation, current_totals, *submitted) == expected


def test_each_cell_is_compared_with_its_own_history():
    checked = check_enrolments(PIER, "2026-02 town 30, town sex=female 9, town sex=male 21, town sex=unknown 0")
    pairs = history.find_adjacent_returns(
        checked.returns, [parse_past_total("enrolments", "2026-01 25", organisation=PIER)]
    )
    before = make_cells("town 25", "town sex=female 10", "town sex=male 15")
    check_history(checked, [], pairs, [], {pairs[0].earlier: before}, HARBOUR_CATALOGUE)
    [fall] = checked.findings.listed()
    assert (fall.rows, fall.cell.breakdown) == ([2], {"sex": "female"})
    assert re.search(r"^enrolments .*\b10\b.*\b2026-01\b.*\b9\b.*\b2026-02\b", fall.message)


def test_returns_of_items_have_no_totals():
    item = {"item": "spring", "title": "Spring", "stage": "drafted", "date": "2026-02-01"}
    checked = examine_returns(
        {"measure": "prospectus", "period": "2026-02", "items": [item]},
        make_return("learners", "town 20"),
        make_return("on-roll", "town c:1-4"),
    )
    totals = history.submitted_totals(checked.returns, "quay-college", checked.cells, HARBOUR_CATALOGUE)
    assert [(total.measure, total.value, total.row) for total in totals] == [("learners", 20, 0), ("on-roll", None, 1)]
    assert totals[1].is_confidential
