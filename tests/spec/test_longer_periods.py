"""Own returns of distinct people for longer periods: which are accepted, owed, and agree with the periods inside."""

from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from api.plan.catalogue import Catalogue
from api.plan.checks import find_mistakes
from api.plan.obligations import list_expected_returns
from api.submissions.checks.longer_periods import find_longer_returns
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_history, check_submission
from api.submissions.parsed import to_columns
from schema.logic_model import Basis
from schema.measures import LongerReturn
from schema.periods import PeriodType
from schema.submissions import NewSubmission
from tests.fixtures.example_plan import (
    HARBOUR_CATALOGUE,
    HARBOUR_PLAN,
    make_catalogue,
    make_cells,
    make_return,
    parse_past_total,
)
from tests.fixtures.release_fixtures import make_plan

QUAY = "quay-college"
LATE = {
    (measure, "headline", "main", f"FY2025-26-Q{n}"): datetime(2027, 1, 1, tzinfo=UTC)
    for measure in ("members", "learners")
    for n in (3, 4)
}
MONTHS = ("2026-01", "2026-02", "2026-03")
EXTENSIONS = LATE | {
    (measure, "headline", "main", month): datetime(2027, 1, 1, tzinfo=UTC)
    for measure in ("members", "learners")
    for month in MONTHS
}


def check(*submitted: str, catalogue: Catalogue = HARBOUR_CATALOGUE) -> CheckedSubmission:
    """Check returns such as `members 2026-02 town 30, town sex=female 9` or `members FY2025-26-Q4 nil`."""
    returns = []
    for entry in submitted:
        measure, period, figure = entry.split(" ", 2)
        if figure in ("nil", "withdrawn"):
            returns.append(make_return(measure, period=period, kind=figure, note="Reason."))
        else:
            returns.append(make_return(measure, *figure.split(", "), period=period))
    submission = msgspec.convert({"returns": returns}, NewSubmission)
    return check_submission(to_columns(submission), catalogue, QUAY, EXTENSIONS, now=datetime(2026, 9, 5, tzinfo=UTC))


def find_contradictions(current: list[str], *submitted: str) -> list[tuple[list[int], str, str, str]]:
    """Return row, period, actual and expected of each finding, if these totals are current."""
    checked = check(*submitted)
    past = [parse_past_total("members", entry, organisation=QUAY) for entry in current]
    longer = find_longer_returns(checked.returns, past)
    unsent = {key for one in longer for key in one.keys} - {identified.key for identified in checked.returns}
    cells = {
        total.key: make_cells(*([] if total.value is None else [f"town {total.value}"]))
        for total in past
        if total.key in unsent
    }
    check_history(checked, past, [], longer, cells, HARBOUR_CATALOGUE)
    return [
        (finding.rows, finding.cell.period, finding.actual, finding.expected.split(",")[0])
        for finding in checked.findings.listed()
        if finding.code == "distinct-outside-bounds"
    ]


QUARTER = "FY2025-26-Q4"
# fmt: off
#   current totals                                 submitted                        row, period, count, what is expected
CONTRADICTIONS = {
    "within":              (["2026-01 30", "2026-02 40", "2026-03 20"], [f"members {QUARTER} town 65"], []),
    "as the largest":      (["2026-01 30", "2026-02 40", "2026-03 20"], [f"members {QUARTER} town 40"], []),
    "as the sum":          (["2026-01 30", "2026-02 40", "2026-03 20"], [f"members {QUARTER} town 90"], []),
    "below the largest":   (["2026-01 30", "2026-02 40", "2026-03 20"], [f"members {QUARTER} town 39"], [([1], QUARTER, "39", "at least 40")]),
    "above the sum":       (["2026-01 30", "2026-02 40", "2026-03 20"], [f"members {QUARTER} town 91"], [([1], QUARTER, "91", "at most 90")]),
    "a month is missing":  (["2026-01 30", "2026-02 40"],               [f"members {QUARTER} town 91"], []),
    "nobody in a month":   (["2026-01 30", "2026-02 40", "2026-03 nil"], [f"members {QUARTER} town 71"], [([1], QUARTER, "71", "at most 70")]),
    "withdrawn":           (["2026-01 30", "2026-02 withdrawn"],        [f"members {QUARTER} town 10"], [([1], QUARTER, "10", "at least 30")]),
    "nobody at all":       (["2026-01 30"],                             [f"members {QUARTER} nil"],     [([], QUARTER, "0", "at least 30")]),
    "a month later":       ([f"{QUARTER} 65"],                          ["members 2026-02 town 66"],    [([1], QUARTER, "65", "at least 66")]),
    "the last month":      ([f"{QUARTER} 65", "2026-01 30", "2026-02 20"], ["members 2026-03 town 5"],  [([1], QUARTER, "65", "at most 55")]),
    "together":            ([], [f"members {QUARTER} town 65", "members 2026-02 town 66"],              [([1], QUARTER, "65", "at least 66")]),
    "hidden":              (["2026-01 30"],                             [f"members {QUARTER} town c:1-4"], [([1], QUARTER, "4", "at least 30")]),
    "an area of its own":  ([], [f"members {QUARTER} town 65", "members 2026-02 town 40"],              []),
    "another measure":     ([],                                         ["learners 2026-02 nil"],       []),
}
# fmt: on


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_distinct_count_of_a_longer_period_lies_between_largest_and_sum(case):
    current, submitted, expected = CONTRADICTIONS[case]
    assert find_contradictions(current, *submitted) == expected


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (f"members {QUARTER} town 65", None),
        (f"learners {QUARTER} town 65", "wrong-period-type"),
        ("members CY2026-Q1 town 65", "wrong-period-type"),
        ("members FY2025-26 town 65", "period-outside-programme"),
    ],
)
def test_only_a_distinct_count_is_accepted_for_a_longer_period(entry, code):
    if code is None:
        assert [identified.period.code for identified in check(entry).returns] == [QUARTER]
        return
    with pytest.raises(Rejected) as refusal:
        check(entry)
    assert [finding.code for finding in refusal.value.findings] == [code]


def with_longer_return(slug: str, period_type: PeriodType):
    [measure] = [one for one in HARBOUR_PLAN.measures if one.slug == slug]
    return replace(measure, longer_returns=[LongerReturn(period_type=period_type, basis=Basis.PROPOSED)])


def test_longer_return_is_owed_where_the_plan_states_it():
    plan = make_plan(with_longer_return("members", PeriodType.FINANCIAL_QUARTER), duties=["quay members"])
    owed = [expected.period.code for expected in list_expected_returns(plan)]
    assert [code for code in owed if code.startswith("FY")] == [QUARTER, "FY2026-27-Q1", "FY2026-27-Q2", "FY2026-27-Q3"]
    assert len(owed) == 12 + 4


@pytest.mark.parametrize(
    ("slug", "period_type", "mistakes"),
    [
        ("members", PeriodType.FINANCIAL_QUARTER, 0),
        ("members", PeriodType.MONTH, 1),
        ("learners", PeriodType.FINANCIAL_QUARTER, 1),
    ],
)
def test_only_a_distinct_measure_may_owe_longer_returns(slug, period_type, mistakes):
    plan = make_catalogue(make_plan(with_longer_return(slug, period_type), duties=[f"quay {slug}"])).plan
    mistakes_of_field = [mistake for mistake in find_mistakes(plan) if "longer_returns" in mistake.path]
    assert len(mistakes_of_field) == mistakes
