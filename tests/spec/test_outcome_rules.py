"""What standing returns amount to, asked in every way. Pure: no database."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from api.figures import resolution, verdicts
from api.figures.resolution import ResolutionQuery
from api.figures.returns_data import RevisionCells, SelectedRevision
from api.http.refusals import NotFound
from api.plan import queries_loading
from api.plan.breakdowns import format_breakdown_key, list_breakdown_keys
from api.plan.catalogue import Catalogue, DatabaseIds
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.statistics import periods
from schema.outcomes import PreviewFigure
from schema.periods import PeriodType
from schema.plan import Plan
from schema.submissions import ReturnKind

HERE = Path(__file__).parent
TOWN, EAST, WEST = "E06999999", "E05999991", "E05999992"
PLACES = {"town": TOWN, "east": EAST, "west": WEST}
IN_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def catalogue(file: Path) -> Catalogue:
    plan = queries_loading.read_plan(file)
    return Catalogue(
        id=1,
        slug=plan.slug,
        sandbox=False,
        version=1,
        plan=plan,
        ids=DatabaseIds(
            organisations={o.slug: n for n, o in enumerate(plan.organisations, 1)},
            series={
                (m.slug, s.slug): n for n, (m, s) in enumerate(((m, s) for m in plan.measures for s in m.series), 1)
            },
            areas={a.code: n for n, a in enumerate(plan.areas, 1)},
            breakdowns={key: n for n, key in enumerate(list_breakdown_keys(plan), 1)},
        ),
    )


HARBOUR = catalogue(HERE.parent / "plans" / "harbour.yaml")
NOTTINGHAM = catalogue(HERE.parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml")


def returned(*rows: str, catalogue: Catalogue | None = None) -> tuple[list[SelectedRevision], RevisionCells]:
    """Rows such as `quay 2026-01 town sex=female 12` of one measure, given first as `learners:`."""
    measure, *rows = rows
    ids = (catalogue or HARBOUR).ids
    revisions: dict[tuple[str, str], SelectedRevision] = {}
    cells: list[tuple[int, str, dict[str, str], str]] = []
    for row in rows:
        who, period, *what = row.split()
        late = what[-1] == "late"
        what = what[:-1] if late else what
        revision = revisions.setdefault(
            (who, period),
            SelectedRevision(
                id=len(revisions) + 1,
                measure=measure,
                series="headline",
                organisation=f"{who}-college",
                service="main",
                period=periods.parse(period),
                kind=ReturnKind.NIL if what == ["nil"] else ReturnKind.DATA,
                first_recorded_at=datetime(2027, 1, 1, tzinfo=UTC) if late else IN_TIME,
            ),
        )
        if what != ["nil"]:
            area, *breakdown, figure = what
            cells.append((revision.id, PLACES[area], dict(part.split("=") for part in breakdown), figure))

    def numbers(part) -> np.ndarray:
        return np.array([part(figure) for *_, figure in cells], dtype=np.float64)

    def ratio(index: int):
        return lambda figure: int(figure.split("/")[index]) if "/" in figure else None

    def bound(index: int):
        return lambda figure: int(figure[2:].split("-")[index]) if figure.startswith("c:") else None

    return list(revisions.values()), RevisionCells(
        revision=np.array([c[0] for c in cells], dtype=np.int64),
        area=np.array([ids.areas[c[1]] for c in cells], dtype=np.int64),
        breakdown=np.array([ids.breakdowns[format_breakdown_key(c[2])] for c in cells], dtype=np.int64),
        value=numbers(lambda figure: int(figure) if figure.isdigit() else None),
        numerator=numbers(ratio(0)),
        denominator=numbers(ratio(1)),
        lower=numbers(bound(0)),
        upper=numbers(bound(1)),
        confidential=np.array([figure.startswith("c") for *_, figure in cells], dtype=np.bool_),
    )


def figures(*rows: str, catalogue: Catalogue = HARBOUR, **question: object) -> list[PreviewFigure]:
    standing, cells = returned(*rows) if rows else ([], returned("learners")[1])
    asked_for = ResolutionQuery(**({"measures": [rows[0]]} if rows else {}) | question)  # pyright: ignore
    series = resolution.select_series(asked_for, catalogue)
    return [
        figure
        for asked in resolution.resolve_series(asked_for, series, catalogue, standing)
        for figure in verdicts.build_judged_figures(asked, cells, catalogue)
    ]


def one(*rows: str, **question: object) -> PreviewFigure:
    [figure] = figures(*rows, **question)
    return figure


# fmt: off
#   measure, returns                                                     period          value, bounds
VECTORS = [
    (("learners", "quay 2026-01 town 10", "pier 2026-01 town 5"),        "2026-01",      (15, 15, 15)),
    (("learners", "quay 2026-01 town 10", "quay 2026-02 town 7"),        "CY2026-Q1",    (17, 17, 17)),
    (("learners", "quay 2026-01 town 12", "pier 2026-01 town c:1-4", "quay 2026-02 town 7"), "CY2026-Q1", (None, 20, 23)),
    (("learners", "quay 2026-01 town 12", "pier 2026-01 town c"),        "2026-01",      (None, 12, None)),
    (("learners", "quay 2026-01 nil"),                                   "2026-01",      (0, 0, 0)),
    (("learners", "quay 2026-01 town 0"),                                "2026-01",      (0, 0, 0)),
    (("on-roll", "quay 2026-01 town 100", "quay 2026-02 town 120"),      "CY2026-Q1",    (120, 120, 120)),
    (("on-roll", "quay 2026-01 town 100", "pier 2026-02 town 80"),       "CY2026-Q1",    (180, 180, 180)),
    (("members", "quay 2026-01 town 30", "quay 2026-02 town 30", "quay 2026-03 town 30"), "CY2026-Q1", (None, 30, 90)),
    (("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town 30/60"), "2026-01",      (pytest.approx(100 * 38 / 70),) * 3),
    (("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town x"),     "2026-01",      (pytest.approx(80),) * 3),
    (("enrolments", "quay 2026-01 town 10", "quay 2026-02 town 25", "quay 2026-03 town 40"), "CY2026-Q1", (40, 40, 40)),
    (("enrolments", "quay 2026-03 town 40", "quay 2026-02 town 25", "quay 2026-01 town 12"), "CY2026-Q1", (40, 40, 40)),
]
# fmt: on


@pytest.mark.parametrize(("rows", "period", "expected"), VECTORS)
def test_each_kind_rolls_up_by_its_own_rule(rows, period, expected):
    figure = one(*rows, periods=[period])
    assert (figure.value, figure.lower_bound, figure.upper_bound) == expected


def test_a_ratio_has_its_parts():
    figure = one("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town 30/60")
    assert (figure.numerator, figure.denominator) == (38, 70)


def test_a_ratio_of_nobody_says_why():
    figure = one("pass-rate", "quay 2026-01 town 0/0")
    assert (figure.value, figure.status, figure.reason) == (None, "x", "zero_denominator")


def test_a_stock_says_as_of_when():
    figure = one("on-roll", "quay 2026-01 town 100", "quay 2026-02 town 120", periods=["CY2026-Q1"])
    assert figure.as_of is not None
    assert figure.as_of.code == "2026-02"


def test_a_cell_without_a_number_is_counted_as_missing():
    figure = one("learners", "quay 2026-01 town 10", "pier 2026-01 town x")
    assert (figure.value, figure.cells_without_value) == (10, 1)


def test_a_stock_whose_last_month_is_missing_says_so_by_its_coverage():
    figure = one("on-roll", "quay 2026-01 town 100", "quay 2026-02 town 120", "pier 2026-01 nil", periods=["CY2026-Q1"])
    assert figure.as_of is not None
    assert (figure.value, figure.as_of.code, figure.coverage.received) == (120, "2026-02", 3)


def test_coverage_counts_duties_and_the_unassigned_role_is_missing():
    figure = one("learners", "quay 2026-01 town 10 late", "pier 2026-01 town 5", periods=["CY2026-Q1"])
    assert msgspec.to_builtins(figure.coverage) == {
        "expected": 9,  # three duties, one of them a role that nobody has taken on, in three months
        "received": 2,
        "approved": 0,
        "late": 1,
        "exempt": 0,
    }


def test_an_admitted_return_is_expected_once_it_is_there():
    assert one("members", "quay 2026-01 town 1").coverage.expected == 1
    assert one("members", "quay 2026-01 town 1", "pier 2026-01 town 2").coverage.expected == 2


def test_a_duty_that_had_not_begun_is_not_expected():
    def from_february(duty):
        return msgspec.structs.replace(duty, valid_from=date(2026, 2, 1)) if duty.measure == "on-roll" else duty

    plan: Plan = msgspec.structs.replace(HARBOUR.plan, duties=[from_february(d) for d in HARBOUR.plan.duties])
    later = msgspec.structs.replace(HARBOUR, plan=plan)
    assert one("on-roll", catalogue=later, periods=["2026-01"]).coverage.expected == 0
    assert one("on-roll", catalogue=later, periods=["2026-02"]).coverage.expected == 2


def test_latest_is_the_last_period_with_a_return():
    assert one("learners", "quay 2026-01 town 10", "quay 2026-02 town 7").period.code == "2026-02"


def test_without_any_return_there_is_no_figure_and_no_zero():
    figure = one("learners")
    assert (figure.value, figure.status, figure.reason, figure.period.type) == (None, "x", "no_data", "to-date")


def test_grouping_gives_every_category_and_area():
    rows = ("learners", "quay 2026-01 town 9", "quay 2026-01 east 4", "quay 2026-01 east sex=female 3")
    found = figures(*rows, group_by=["sex", "quarter"])
    assert [(f.area, f.breakdown["sex"], f.value) for f in found][:3] == [
        (EAST, "female", 3),
        (EAST, "male", None),
        (EAST, "unknown", None),
    ]
    assert len(found) == 9


def test_what_is_not_collected_is_refused_or_says_so():
    with pytest.raises(resolution.NotCollected, match="collected by nothing"):
        figures("on-roll", group_by=["sex"])
    reasons = {f.measure: f.reason for f in figures(group_by=["sex"])}
    assert (reasons["on-roll"], reasons["learners"]) == ("breakdown_not_collected", "no_data")


def test_a_period_that_months_do_not_make_up_says_so():
    assert one("learners", "quay 2026-01 town 1", periods=["D2026-01-15"]).reason == "period_not_partitioned"


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ({"theme": "arts"}, UnknownCode),
        ({"areas": ["E06000000"]}, UnknownCode),
        ({"group_by": ["age"]}, UnknownCode),
        ({"periods": ["2026"]}, UnclearPeriod),
        ({"measures": ["lerners"]}, NotFound),
        ({"measures": ["learners"], "series": "second"}, UnknownCode),
    ],
)
def test_what_is_unknown_is_refused(question, refusal):
    with pytest.raises(refusal):
        figures(**question)


def test_a_series_can_be_chosen():
    [figure] = figures(catalogue=NOTTINGHAM, measures=["neet-16-17"], series="ccis-provisional")
    assert (figure.series, figure.reason) == ("ccis-provisional", "no_data")


#   measure                        why there is no live figure
UNANSWERED = [
    ("economic-inactivity-ill-health", "no_data"),
    ("existing-schemes-uptake", "no_data"),
    ("jsna-research-published", "not_a_count"),
]


@pytest.mark.parametrize(("measure", "reason"), UNANSWERED)
def test_what_cannot_be_rolled_up_says_why(measure, reason):
    [figure] = figures(catalogue=NOTTINGHAM, measures=[measure])
    assert (figure.value, figure.reason) == (None, reason)


def cadence(period_type: PeriodType, months: int | None = None):
    measure = HARBOUR.measures["learners"]
    return msgspec.structs.replace(
        measure, cadence=msgspec.structs.replace(measure.cadence, period_type=period_type, months=months)
    )


#   cadence                              asked              parts
PARTS = [
    (cadence(PeriodType.MONTH), "CY2026-Q1", ["2026-01", "2026-02", "2026-03"]),
    (cadence(PeriodType.FINANCIAL_QUARTER), "CY2026-Q1", ["FY2025-26-Q4"]),
    (cadence(PeriodType.FINANCIAL_QUARTER), "AY2025-26", None),
    (cadence(PeriodType.MONTHS_ENDING, 12), "CY2025", ["R12-2025-12"]),
    (cadence(PeriodType.MONTHS_ENDING, 12), "FY2025-26-Q1", None),
]


@pytest.mark.parametrize(("measure", "asked", "expected"), PARTS)
def test_a_period_is_made_up_of_the_cadences_periods_or_refused(measure, asked, expected):
    found = resolution.split_into_parts(periods.parse(asked), measure, [])
    assert (None if found is None else [p.code for p in found]) == expected


def test_snapshots_lie_in_the_period_that_contains_their_day():
    days = [periods.parse(code) for code in ("D2026-01-15", "D2026-04-01")]
    found = resolution.split_into_parts(periods.parse("CY2026-Q1"), cadence(PeriodType.SNAPSHOT), days)
    assert found is not None
    assert [p.code for p in found] == ["D2026-01-15"]


def test_what_was_asked_is_named_for_the_audit():
    measure = HARBOUR.plan.measures[0]
    question = ResolutionQuery(areas=[TOWN, EAST], group_by=["sex"])
    assert resolution.describe_for_audit(question, [(measure, measure.series[0])]) == {
        "series": f"{measure.slug}/{measure.series[0].slug}",
        "period": "latest",
        "area": f"{TOWN}, {EAST}",
        "group_by": "sex",
    }
