"""Preview figures calculated from current returns, for each kind of query. Pure: no database."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from api.figures import verdicts
from api.figures.period_resolution import split_into_parts
from api.figures.query import NotCollected, OutcomeQuery, describe_for_audit, resolve_axes
from api.figures.resolution import ResolvedQuery, resolve_query
from api.figures.returns_data import ReturnsData, SelectedRevision
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
from tests.fixtures.example_plan import make_revision_cells

HERE = Path(__file__).parent
TOWN, EAST, WEST = "E06999999", "E05999991", "E05999992"
AREA_CODES = {"town": TOWN, "east": EAST, "west": WEST}
IN_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def make_catalogue(file: Path) -> Catalogue:
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


HARBOUR = make_catalogue(HERE.parent / "plans" / "harbour.yaml")
NOTTINGHAM = make_catalogue(HERE.parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml")


def make_returns(*rows: str, catalogue: Catalogue | None = None) -> tuple[list[SelectedRevision], ReturnsData]:
    """Make revisions and cells from a measure and rows such as `quay 2026-01 town sex=female 12`."""
    measure, *rows = rows
    ids = (catalogue or HARBOUR).ids
    revisions: dict[tuple[str, str], SelectedRevision] = {}
    cells: list[tuple[int, str, str, str]] = []
    for row in rows:
        source, period, *words = row.split()
        college, _, service = source.partition("/")
        late = words[-1] == "late"
        words = words[:-1] if late else words
        revision = revisions.setdefault(
            (source, period),
            SelectedRevision(
                id=len(revisions) + 1,
                measure=measure,
                series="headline",
                organisation=f"{college}-college",
                service=service or "main",
                period=periods.parse(period),
                kind=ReturnKind.NIL if words == ["nil"] else ReturnKind.DATA,
                first_recorded_at=datetime(2027, 1, 1, tzinfo=UTC) if late else IN_TIME,
            ),
        )
        if words != ["nil"]:
            area, *breakdown, figure = words
            key = format_breakdown_key(dict(part.split("=") for part in breakdown))
            cells.append((revision.id, AREA_CODES[area], key, figure))

    return list(revisions.values()), ReturnsData(cells=make_revision_cells(cells, ids))


def resolve(query: OutcomeQuery, catalogue: Catalogue, revisions: list[SelectedRevision]) -> list[ResolvedQuery]:
    return resolve_query(query, resolve_axes(query, catalogue), catalogue, revisions)[0]


def preview_all(*rows: str, catalogue: Catalogue = HARBOUR, **filters: object) -> list[PreviewFigure]:
    revisions, cells = make_returns(*rows) if rows else ([], make_returns("learners")[1])
    query = OutcomeQuery(**({"measures": [rows[0]]} if rows else {}) | filters)  # pyright: ignore
    return [
        figure
        for resolved_query in resolve(query, catalogue, revisions)
        for figure in verdicts.build_judged_figures(resolved_query, cells, catalogue)
    ]


def preview_one(*rows: str, **filters: object) -> PreviewFigure:
    [figure] = preview_all(*rows, **filters)
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
def test_each_measure_kind_rolls_up_by_its_own_rule(rows, period, expected):
    figure = preview_one(*rows, periods=[period])
    assert (figure.value, figure.lower_bound, figure.upper_bound) == expected


def test_ratio_figure_has_numerator_and_denominator():
    figure = preview_one("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town 30/60")
    assert (figure.numerator, figure.denominator) == (38, 70)


def test_ratio_with_zero_denominator_states_its_reason():
    figure = preview_one("pass-rate", "quay 2026-01 town 0/0")
    assert (figure.value, figure.status, figure.reason) == (None, "x", "zero_denominator")


def test_stock_figure_states_its_as_of_period():
    figure = preview_one("on-roll", "quay 2026-01 town 100", "quay 2026-02 town 120", periods=["CY2026-Q1"])
    assert figure.as_of is not None
    assert figure.as_of.code == "2026-02"


def test_cell_without_value_is_counted_as_missing():
    figure = preview_one("learners", "quay 2026-01 town 10", "pier 2026-01 town x")
    assert (figure.value, figure.cells_without_value) == (10, 1)


def test_coverage_shows_that_the_last_month_of_a_stock_is_missing():
    figure = preview_one(
        "on-roll", "quay 2026-01 town 100", "quay 2026-02 town 120", "pier 2026-01 nil", periods=["CY2026-Q1"]
    )
    assert figure.as_of is not None
    assert (figure.value, figure.as_of.code, figure.coverage.received) == (120, "2026-02", 3)


def test_coverage_counts_duties_including_unassigned_roles():
    figure = preview_one("learners", "quay 2026-01 town 10 late", "pier 2026-01 town 5", periods=["CY2026-Q1"])
    assert msgspec.to_builtins(figure.coverage) == {
        "expected": 9,  # three duties in three months; one duty belongs to a role without an organisation
        "received": 2,
        "approved": 0,
        "late": 1,
        "exempt": 0,
    }


def test_return_without_duty_is_expected_once_received():
    assert preview_one("members", "quay 2026-01 town 1").coverage.expected == 1
    assert preview_one("members", "quay 2026-01 town 1", "pier 2026-01 town 2").coverage.expected == 2


def test_duty_that_starts_later_is_not_expected():
    def from_february(duty):
        return msgspec.structs.replace(duty, valid_from=date(2026, 2, 1)) if duty.measure == "on-roll" else duty

    plan: Plan = msgspec.structs.replace(HARBOUR.plan, duties=[from_february(d) for d in HARBOUR.plan.duties])
    later = msgspec.structs.replace(HARBOUR, plan=plan)
    assert preview_one("on-roll", catalogue=later, periods=["2026-01"]).coverage.expected == 0
    assert preview_one("on-roll", catalogue=later, periods=["2026-02"]).coverage.expected == 2


def test_latest_is_the_last_period_with_a_return():
    assert preview_one("learners", "quay 2026-01 town 10", "quay 2026-02 town 7").period.code == "2026-02"


def test_measure_without_returns_has_no_value():
    figure = preview_one("learners")
    assert (figure.value, figure.status, figure.reason, figure.period.type) == (None, "x", "no_data", "to-date")


def test_grouping_returns_every_category_and_area():
    rows = ("learners", "quay 2026-01 town 9", "quay 2026-01 east 4", "quay 2026-01 east sex=female 3")
    grouped_figures = preview_all(*rows, group_by=["sex", "quarter"])
    assert [(f.area, f.breakdown["sex"], f.value) for f in grouped_figures][:3] == [
        (EAST, "female", 3),
        (EAST, "male", None),
        (EAST, "unknown", None),
    ]
    assert len(grouped_figures) == 9


def test_uncollected_breakdown_is_refused_or_states_its_reason():
    with pytest.raises(NotCollected, match="collected by nothing"):
        preview_all("on-roll", group_by=["sex"])
    reasons = {f.measure: f.reason for f in preview_all(group_by=["sex"])}
    assert (reasons["on-roll"], reasons["learners"]) == ("breakdown_not_collected", "no_data")


def test_period_that_months_do_not_partition_states_its_reason():
    assert preview_one("learners", "quay 2026-01 town 1", periods=["D2026-01-15"]).reason == "period_not_partitioned"


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"theme": "arts"}, UnknownCode),
        ({"areas": ["E06000000"]}, UnknownCode),
        ({"group_by": ["age"]}, UnknownCode),
        ({"periods": ["2026"]}, UnclearPeriod),
        ({"measures": ["lerners"]}, NotFound),
        ({"measures": ["learners"], "series": "second"}, UnknownCode),
    ],
)
def test_unknown_codes_are_refused(filters, refusal):
    with pytest.raises(refusal):
        preview_all(**filters)


def test_query_can_choose_a_series():
    [figure] = preview_all(catalogue=NOTTINGHAM, measures=["neet-16-17"], series="ccis-provisional")
    assert (figure.series, figure.reason) == ("ccis-provisional", "no_data")


#   measure                        why it has no preview figure
WITHOUT_FIGURE = [
    ("economic-inactivity-ill-health", "no_data"),
    ("existing-schemes-uptake", "no_data"),
    ("jsna-research-published", "not_a_count"),
]


@pytest.mark.parametrize(("measure", "reason"), WITHOUT_FIGURE)
def test_measure_that_is_not_rolled_up_states_its_reason(measure, reason):
    [figure] = preview_all(catalogue=NOTTINGHAM, measures=[measure])
    assert (figure.value, figure.reason) == (None, reason)


def cadence(period_type: PeriodType, months: int | None = None):
    measure = HARBOUR.measures["learners"]
    return msgspec.structs.replace(
        measure, cadence=msgspec.structs.replace(measure.cadence, period_type=period_type, months=months)
    )


#   cadence                              period             parts
PARTS = [
    (cadence(PeriodType.MONTH), "CY2026-Q1", ["2026-01", "2026-02", "2026-03"]),
    (cadence(PeriodType.FINANCIAL_QUARTER), "CY2026-Q1", ["FY2025-26-Q4"]),
    (cadence(PeriodType.FINANCIAL_QUARTER), "AY2025-26", None),
    (cadence(PeriodType.MONTHS_ENDING, 12), "CY2025", ["R12-2025-12"]),
    (cadence(PeriodType.MONTHS_ENDING, 12), "FY2025-26-Q1", None),
]


@pytest.mark.parametrize(("measure", "period", "expected"), PARTS)
def test_period_is_split_into_periods_of_the_cadence_or_not_at_all(measure, period, expected):
    part_periods = split_into_parts(periods.parse(period), measure.cadence, [])
    assert (None if part_periods is None else [p.code for p in part_periods]) == expected


def test_snapshots_belong_to_the_period_that_contains_their_day():
    days = [periods.parse(code) for code in ("D2026-01-15", "D2026-04-01")]
    part_periods = split_into_parts(periods.parse("CY2026-Q1"), cadence(PeriodType.SNAPSHOT).cadence, days)
    assert part_periods is not None
    assert [p.code for p in part_periods] == ["D2026-01-15"]


def test_audit_description_names_the_queried_codes():
    measure = HARBOUR.plan.measures[0]
    query = OutcomeQuery(measures=[measure.slug], areas=[TOWN, EAST], group_by=["sex"])
    assert describe_for_audit(query, resolve_axes(query, HARBOUR), "json") == {
        "series": f"{measure.slug}/{measure.series[0].slug}",
        "period": "latest",
        "area": f"{TOWN}, {EAST}",
        "group_by": "sex",
    }
