"""Preview figures with intervals, contributors, coverage, movement, trend and comparators. Pure: no database.

Expected limits: Wilson's and Byar's follow the formulas of PHEindicatormethods, calculated here a second time;
Newcombe's 56/70 v 48/80 is example (a) of Statistics in Medicine 1998; 17: 873-890, method 10.
"""

from collections.abc import Sequence
from math import sqrt

import msgspec
import numpy as np
import pytest

from api.figures import formulas, inequality_figures, verdicts
from api.figures.period_resolution import find_earlier_periods
from api.figures.query import OutcomeQuery, describe_for_audit, resolve_axes
from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import ReturnsData
from api.plan.filters import UnknownCode
from api.reviews.concessions import Concessions
from api.statistics import periods
from api.submissions.cell_columns import Cells
from schema.inequality import IndexScale
from schema.measures import (
    Baseline,
    Cadence,
    Collection,
    Direction,
    Formula,
    GeographyBasis,
    Measure,
    Operation,
    Series,
    Target,
)
from schema.outcomes import RevisionBasis
from schema.plan import Plan
from schema.submissions import ReviewState
from tests.fixtures.example_plan import HARBOUR_PLAN, make_catalogue
from tests.spec.test_resolution import EAST, HARBOUR, TOWN, make_returns, preview_all, preview_one, resolve

Z = 1.959963984540054


def decode(plan: Plan) -> Plan:
    """Return the plan as decoded from a file, so that plain strings become members of their enums."""
    return msgspec.convert(msgspec.to_builtins(plan), Plan)


def change_measure(slug: str, **fields: object) -> Plan:
    measures = [msgspec.structs.replace(m, **fields) if m.slug == slug else m for m in HARBOUR_PLAN.measures]
    return decode(msgspec.structs.replace(HARBOUR_PLAN, measures=measures))


def add_measure(slug: str, like: str, **fields: object) -> Plan:
    measure = msgspec.structs.replace(next(m for m in HARBOUR_PLAN.measures if m.slug == like), slug=slug, **fields)
    return decode(msgspec.structs.replace(HARBOUR_PLAN, measures=[*HARBOUR_PLAN.measures, measure]))


def make_formula_series(operation: Operation, *measures: str) -> list[Series]:
    return [
        Series(
            slug="headline",
            title="Calculated from others",
            headline=True,
            collection=Collection.DERIVED,
            definition="Calculated from other measures.",
            numerator="Calculated from other measures.",
            geography_basis=GeographyBasis.RESIDENCE,
            formula=Formula(operation=operation, measures=list(measures)),
        )
    ]


def wilson(x: int, n: int) -> tuple[float, float]:
    middle, width = 2 * x + Z * Z, Z * sqrt(Z * Z + 4 * x * (1 - x / n))
    return 100 * (middle - width) / (2 * (n + Z * Z)), 100 * (middle + width) / (2 * (n + Z * Z))


# -- intervals


def test_proportion_has_a_wilson_interval_in_its_unit():
    figure = preview_one("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town 30/60")
    assert (figure.lower, figure.upper) == pytest.approx(wilson(38, 70))
    assert figure.lower_99_8 < figure.lower < figure.value < figure.upper < figure.upper_99_8
    assert (figure.interval_method, figure.largest_error) == ("wilson", 0)


def test_rate_has_a_byar_interval_in_its_unit():
    catalogue = make_catalogue(change_measure("pass-rate", kind="rate", unit="per-1000"))
    figure = preview_one("pass-rate", "quay 2026-01 town 100/50000", catalogue=catalogue)
    assert figure.value == pytest.approx(2.0)
    lower = 100 * (1 - 1 / 900 - Z / (3 * sqrt(100))) ** 3
    assert (figure.lower, figure.interval_method) == (pytest.approx(lower / 50), "byar")


@pytest.mark.parametrize("rows", [("learners", "quay 2026-01 town 12"), ("on-roll", "quay 2026-01 town 12")])
def test_count_has_no_interval(rows):
    figure = preview_one(*rows)
    assert (figure.lower, figure.upper_99_8, figure.interval_method) == (None, None, None)


def test_mean_has_no_interval():
    catalogue = make_catalogue(change_measure("pass-rate", kind="mean", unit="days"))
    figure = preview_one("pass-rate", "quay 2026-01 town 100/50", catalogue=catalogue)
    assert (figure.value, figure.interval_method) == (2, None)


def test_bounded_figure_has_no_error_and_missing_figure_no_marker():
    bounded = preview_one("learners", "quay 2026-01 town c:1-4")
    assert (bounded.value, bounded.largest_error, bounded.markers) == (None, None, ["p"])
    assert preview_one("learners", "quay 2026-01 town x").markers == []


# -- contributors and coverage


def test_contributors_are_the_returns_with_a_value():
    rows = ("learners", "quay 2026-01 town 10", "pier 2026-01 town x", "quay 2026-02 nil")
    figure = preview_one(*rows, periods=["CY2026-Q1"])
    assert [(c.organisation, c.period, c.revision, c.state) for c in figure.contributors] == [
        ("quay-college", "2026-01", 1, "pending"),
        ("quay-college", "2026-02", 1, "pending"),
    ]


def test_contributors_to_a_stock_are_the_last_returns():
    rows = ("on-roll", "quay 2026-02 town 3", "quay 2026-01 town 10", "pier 2026-01 town 4")
    figure = preview_one(*rows, periods=["CY2026-Q1"])
    assert [(c.organisation, c.period) for c in figure.contributors] == [
        ("pier-college", "2026-01"),
        ("quay-college", "2026-02"),
    ]
    assert figure.value == 7


def preview_with_states(
    rows: tuple[str, ...],
    states: dict[str, ReviewState],
    *,
    catalogue=HARBOUR,
    min_coverage=None,
    granted=None,
    **filters,
):
    """Return preview figures, with the review states of some organisations' returns replaced."""
    revisions, cells = make_returns(*rows)
    approved_only = filters.pop("approved_only", False)
    revisions = [
        msgspec.structs.replace(
            r,
            state=(state := states.get(r.organisation.split("-")[0], ReviewState.PENDING)),
            has_approved_revision=state is ReviewState.APPROVED,
            is_counted=not approved_only or state is ReviewState.APPROVED,
        )
        for r in revisions
    ]
    question = OutcomeQuery(**({"measures": [rows[0]]} | filters))
    resolved_queries = resolve(question, catalogue, revisions)
    granted = granted or Concessions()
    return [
        figure
        for resolved_query in resolved_queries
        for figure in verdicts.build_judged_figures(resolved_query, cells, catalogue, granted, min_coverage)
    ]


ROWS = ("learners", "quay 2026-01 town 10", "pier 2026-01 town 5")


def test_figure_is_provisional_until_all_returns_are_approved():
    [figure] = preview_with_states(ROWS, {"quay": ReviewState.APPROVED})
    assert figure.markers == ["p"]
    [figure] = preview_with_states(ROWS, {"quay": ReviewState.APPROVED, "pier": ReviewState.APPROVED})
    assert figure.markers == []


def test_approved_basis_excludes_unapproved_returns_but_counts_them_as_received():
    [figure] = preview_with_states(ROWS, {"quay": ReviewState.APPROVED}, approved_only=True)
    assert (figure.value, figure.markers, figure.coverage.received, figure.coverage.approved) == (10, [], 2, 1)
    assert figure.movement.reason == "incomplete"


#   minimum coverage, value, reason
MIN_COVERAGE = [
    (None, 15, None),
    (0.5, 15, None),  # two of three returns: the third duty belongs to a role without an organisation
    (0.7, None, "coverage_below_minimum"),
]


@pytest.mark.parametrize(("min_coverage", "value", "reason"), MIN_COVERAGE)
def test_coverage_below_minimum_withholds_the_value(min_coverage, value, reason):
    [figure] = preview_with_states(ROWS, {}, min_coverage=min_coverage)
    assert (figure.value, figure.reason) == (value, reason)
    assert len(figure.contributors) == 2
    assert (figure.movement is None) == (value is None)


def test_coverage_of_the_approved_basis_counts_approved_returns():
    [figure] = preview_with_states(ROWS, {"quay": ReviewState.APPROVED}, approved_only=True, min_coverage=0.5)
    assert figure.reason == "coverage_below_minimum"


def test_figure_without_value_keeps_its_own_reason():
    [figure] = preview_with_states(("learners", "quay 2026-01 town x"), {}, min_coverage=0.9)
    assert figure.reason is None or figure.reason == "no_data"


def test_exempt_return_is_not_a_gap_in_coverage():
    key = ("pier-college", "learners", "headline", "main", "2026-01")
    [figure] = preview_with_states(
        ("learners", "quay 2026-01 town 10"), {}, granted=Concessions(exempt=frozenset({key}))
    )
    assert (figure.coverage.exempt, figure.movement.reason) == (1, "no_start")


# -- movement, trend, target


def monthly_rows(n: int, quay: int, pier: int) -> list[str]:
    return [f"quay 2026-{n:02} town {quay}", f"pier 2026-{n:02} town {pier}"]


def test_movement_starts_from_the_first_complete_period():
    figure = preview_one(
        "learners", "quay 2026-01 town 90", *monthly_rows(2, 10, 5), *monthly_rows(3, 10, 7), periods=["2026-03"]
    )
    assert msgspec.to_builtins(figure.movement) == {
        "verdict": "better",
        "since": "first_released",
        "start_period": "2026-02",
        "start": 15,
        "change": 2,
        "reason": None,
        "direction": "higher",
        "lower": 2,
        "upper": 2,
        "method": "complete-count",
    }


def test_count_with_a_missing_return_has_no_movement():
    figure = preview_one("learners", *monthly_rows(1, 10, 5), "quay 2026-02 town 10", periods=["2026-02"])
    assert figure.movement.reason == "incomplete"


#   returns of pass rates in January and in February                     verdict, direction, reason, missing, new
LIKE_WITH_LIKE = [
    (("quay 2026-01 town 10/100", "pier 2026-01 town 10/100", "quay 2026-02 town 30/100", "pier 2026-02 town 30/100"),
                                                                        ("better", "higher", None, [], [])),
    (("quay 2026-01 town 1/10", "pier 2026-01 town 1/10", "quay 2026-02 town 2/10", "pier 2026-02 town 2/10"),
                                                                        ("within_uncertainty", "higher", None, [], [])),
    # The pier owes both returns: the change of the quay's is stated, and not judged.
    (("quay 2026-01 town 10/100", "quay 2026-02 town 30/100"),          (None, "higher", "incomplete", [], [])),
    (("quay 2026-01 town 10/100", "pier 2026-02 town 30/100"),          (None, None, "not_comparable", ["quay"], ["pier"])),
    (("quay 2026-01 town 10/100", "quay 2026-02 town 30/100", "pier 2026-02 town 1/9"),
                                                                        (None, None, "not_comparable", [], ["pier"])),
    # A cell with a status is no number: the pier is not in January's figure.
    (("quay 2026-01 town 10/100", "pier 2026-01 town x", "quay 2026-02 town 30/100", "pier 2026-02 town 1/9"),
                                                                        (None, None, "not_comparable", [], ["pier"])),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), LIKE_WITH_LIKE)
def test_movement_of_a_ratio_compares_the_same_sources(rows, expected):
    figure = preview_one("pass-rate", *rows, periods=["2026-02"])
    movement, differing = figure.movement, figure.movement_sources
    missing, new = (
        [(source.organisation, source.service) for source in sources]
        for sources in ((differing.missing, differing.new) if differing else ([], []))
    )
    verdict, direction, reason, *names = expected
    assert (movement.verdict, movement.direction, movement.reason) == (verdict, direction, reason)
    assert [missing, new] == [[(f"{name}-college", "main") for name in sources] for sources in names]
    assert movement.start_period == "2026-01"


def test_successor_has_the_place_of_its_predecessor():
    organisations = [
        msgspec.structs.replace(o, successors=["pier-college"] if o.slug == "quay-college" else [])
        for o in HARBOUR_PLAN.organisations
    ]
    catalogue = make_catalogue(msgspec.structs.replace(HARBOUR_PLAN, organisations=organisations))
    rows = ("quay 2026-01 town 10/100", "pier 2026-02 town 30/100")
    movement = preview_one("pass-rate", *rows, periods=["2026-02"], catalogue=catalogue).movement
    assert (movement.change, movement.start_period, movement.reason) == (20, "2026-01", "incomplete")


def test_baseline_applies_only_to_the_programme_area():
    baseline = Baseline(period="2025-12", value=60.0, basis="stated")
    catalogue = make_catalogue(change_measure("pass-rate", baseline=baseline))
    rows = ("pass-rate", "quay 2026-01 town 1/2", "quay 2026-01 east 1/2")
    movement = preview_one(*rows, catalogue=catalogue).movement
    assert (movement.since, movement.start_period, movement.start) == ("baseline", "2025-12", 60)
    assert preview_one(*rows, catalogue=catalogue, areas=[EAST]).movement.reason == "no_start"


def test_returns_for_the_baseline_start_no_movement():
    """They are older than the programme: a movement starts in it, or from the stated baseline."""
    rows = ("quay 2025-12 town 1/10", "quay 2026-01 town 2/10", "quay 2026-02 town 3/10")
    assert preview_one("pass-rate", *rows, periods=["2026-02"]).movement.start_period == "2026-01"
    assert preview_one("pass-rate", *rows, periods=["2025-12"]).value == 10


def annual_row(n: int, x: int) -> str:
    return f"quay FY{n}-{(n + 1) % 100:02} town {x}/10000"


ANNUAL = make_catalogue(change_measure("pass-rate", cadence=Cadence(period_type="financial-year", basis="stated")))


def test_five_years_of_counts_have_a_trend():
    rows = [annual_row(2020 + n, 1000 + 200 * n) for n in range(5)]
    figure = preview_one("pass-rate", *rows, catalogue=ANNUAL)
    assert (figure.trend.tendency, figure.trend.verdict, figure.trend.method) == (
        "increasing",
        "better",
        "cochran-armitage",
    )
    assert (figure.trend.first_period, figure.trend.last_period) == ("FY2020-21", "FY2024-25")


def test_four_years_are_not_enough_for_a_trend():
    figure = preview_one("pass-rate", *[annual_row(2020 + n, 1000) for n in range(4)], catalogue=ANNUAL)
    assert (figure.trend.tendency, figure.trend.reason) == ("cannot_be_calculated", "too_few_points")


def test_rate_trend_uses_intervals_and_count_has_no_trend():
    catalogue = make_catalogue(
        change_measure(
            "pass-rate", kind="rate", unit="per-1000", cadence=Cadence(period_type="financial-year", basis="stated")
        )
    )
    figure = preview_one("pass-rate", *[annual_row(2020 + n, 1000 + 300 * n) for n in range(5)], catalogue=catalogue)
    assert figure.trend.method == "weighted-least-squares"
    assert preview_one("learners", "quay 2026-01 town 1").trend.reason == "kind_without_trend"


#   aim         figure      target  met
TARGETS = [
    ("increase", "40", 40, True),
    ("increase", "39", 40, False),
    ("increase", "c:39-40", 40, None),
    ("decrease", "40", 40, True),
    ("decrease", "41", 40, False),
    ("decrease", "c:39-41", 40, None),
]


@pytest.mark.parametrize(("aim", "reported", "target", "met"), TARGETS)
def test_target_is_met_according_to_the_direction(aim, reported, target, met):
    targets = [
        Target(period="2026-01", value=target, basis="stated"),
        Target(period="2026-02", value=99, basis="stated"),
    ]
    catalogue = make_catalogue(change_measure("on-roll", direction=Direction(aim=aim, basis="stated"), targets=targets))
    preview = preview_one("on-roll", f"quay 2026-01 town {reported}", catalogue=catalogue)
    assert (preview.target.value, preview.target.met) == (target, met)


def test_target_applies_only_to_its_period_and_the_programme_area():
    targets = [Target(period="2026-01", value=3, basis="stated")]
    catalogue = make_catalogue(change_measure("on-roll", targets=targets))
    assert preview_one("on-roll", "quay 2026-02 town 4", catalogue=catalogue).target is None
    assert preview_one("on-roll", "quay 2026-01 east 4", catalogue=catalogue, areas=[EAST]).target is None


#   measure    period         targets by period                            value and period of the target
PERIOD_TARGETS = [
    # A stock and a cumulative count are judged at the end of the target's period, for any span.
    ("on-roll",    "2026-12",     {"CY2026": 40},                               (40, "CY2026", True)),
    ("on-roll",    "CY2026-Q4",   {"CY2026": 40},                               (40, "CY2026", True)),
    ("on-roll",    "CY2026",      {"CY2026": 40},                               (40, "CY2026", True)),
    ("on-roll",    "CY2026",      {"2026-12": 41},                              (41, "2026-12", False)),
    ("enrolments", "2026-12",     {"CY2026": 41},                               (41, "CY2026", False)),
    ("on-roll",    "CY2026-Q4",   {"CY2026": 40, "CY2026-Q4": 50},              (50, "CY2026-Q4", False)),
    ("on-roll",    "CY2026-Q4",   {"CY2026": 40, "2026-12": 50},                (50, "2026-12", False)),
    ("on-roll",    "2026-11",     {"CY2026": 40},                               None),
    # A flow is judged for its own span only: a quarter has no part of the year's target.
    ("learners",   "CY2026-Q4",   {"CY2026": 40},                               None),
    ("learners",   "CY2026-Q4",   {"FY2026-27-Q3": 40},                         (40, "FY2026-27-Q3", True)),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "period", "targets", "expected"), PERIOD_TARGETS)
def test_target_of_a_stock_is_judged_at_the_end_of_its_period(measure, period, targets, expected):
    stated = [Target(period=code, value=value, basis="stated") for code, value in targets.items()]
    catalogue = make_catalogue(change_measure(measure, targets=stated))
    month = "2026-11" if period == "2026-11" else "2026-12"
    target = preview_one(measure, f"quay {month} town 40", periods=[period], catalogue=catalogue).target
    assert (target and (target.value, target.period, target.met)) == expected


# -- comparators


def test_area_is_compared_with_the_wider_area_that_has_a_figure():
    rows = ("pass-rate", "quay 2026-01 town 500/1000", "quay 2026-01 east 90/100")
    [comparator] = preview_one(*rows, areas=[EAST]).comparators
    assert (comparator.area, comparator.name, comparator.value, comparator.verdict, comparator.confidence) == (
        TOWN,
        "Harbour",
        50,
        "better",
        "99.8",
    )


def test_comparator_without_figure_states_its_reason():
    [comparator] = preview_one("pass-rate", "quay 2026-01 east 90/100", areas=[EAST]).comparators
    assert (comparator.value, comparator.verdict, comparator.reason) == (None, None, "no_published_equivalent")
    assert preview_one("pass-rate", "quay 2026-01 town 90/100").comparators == []


def test_counts_are_compared_only_on_request_and_without_verdict():
    rows = ("learners", "quay 2026-01 town 500", "quay 2026-01 east 90")
    assert preview_one(*rows, areas=[EAST]).comparators == []
    [comparator] = preview_one(*rows, areas=[EAST], comparators=[TOWN]).comparators
    assert (comparator.value, comparator.verdict, comparator.reason) == (500, None, "no_interval")


def test_unknown_comparator_is_refused():
    with pytest.raises(UnknownCode):
        preview_one("pass-rate", "quay 2026-01 town 1/2", comparators=["E99999999"])


# -- formulas


def preview_formula(
    operation: Operation, *rows_of: tuple[str, ...], contains: bool = False, kind: str = "derived", **filters
):
    """Return the figure of a formula over the measures of these rows."""
    plan = add_measure(
        "derived", "learners", kind=kind, schemes=[], series=make_formula_series(operation, *(r[0] for r in rows_of))
    )
    if contains:
        whole = msgspec.structs.replace(plan.measures[2], contains=[rows_of[1][0]])
        plan = msgspec.structs.replace(plan, measures=[*plan.measures[:2], whole, *plan.measures[3:]])
    catalogue = make_catalogue(plan)
    revisions, columns = [], []
    for rows in rows_of:
        measure_revisions, cells = make_returns(*rows)
        shift = 100 * len(columns)
        revisions += [msgspec.structs.replace(r, id=r.id + shift) for r in measure_revisions]
        columns.append(msgspec.structs.replace(cells.cells, item=cells.cells.item + shift))
    cells = join_cells(columns)
    question = OutcomeQuery(measures=["derived"], **filters)
    [resolved_query] = resolve(question, catalogue, revisions)
    [figure] = verdicts.build_judged_figures(resolved_query, cells, catalogue)
    return figure


def join_cells(columns: Sequence[Cells]) -> ReturnsData:
    names = Cells.__struct_fields__
    return ReturnsData(cells=Cells(**{name: np.concatenate([getattr(c, name) for c in columns]) for name in names}))


STOCK = ("on-roll", "quay 2026-01 town 30", "pier 2026-01 town 5")
FLOW = ("learners", "quay 2026-01 town 20")
HIDDEN = ("learners", "quay 2026-01 town c:1-4")
OPEN = ("learners", "quay 2026-01 town c")

#   operation           parts            value, bounds
FORMULAS = [
    (Operation.SUM, (STOCK, FLOW), (55, 55, 55)),
    (Operation.SUM, (STOCK, HIDDEN), (None, 36, 39)),
    (Operation.SUM, (STOCK, OPEN), (None, 35, None)),
    (Operation.UNION, (STOCK, FLOW), (None, 35, 55)),
    (Operation.UNION, (STOCK, OPEN), (None, 35, None)),
]


@pytest.mark.parametrize(("operation", "parts", "expected"), FORMULAS)
def test_formula_of_bounded_figures_has_bounds(operation, parts, expected):
    figure = preview_formula(operation, *parts)
    assert (figure.value, figure.lower_bound, figure.upper_bound) == expected
    assert (figure.measure, figure.kind, figure.as_of.code) == ("derived", "derived", "2026-01")
    assert (figure.coverage.received, len(figure.contributors)) == (3, 3)


def test_formula_input_without_value_is_not_counted_as_zero():
    figure = preview_formula(Operation.SUM, STOCK, ("learners",), periods=["2026-01"])
    assert (figure.value, figure.status, figure.reason) == (None, "x", "part_without_value")
    assert "learners" in figure.alternatives


def test_formula_without_returns_has_reason_no_data():
    assert preview_formula(Operation.SUM, ("on-roll",), ("learners",)).reason == "no_data"
    assert preview_formula(Operation.SUM, ("on-roll",), ("learners",), periods=["2026-01"]).reason == "no_data"


def test_latest_period_of_a_formula_has_its_own_cadence():
    half = Cadence(period_type="financial-half", basis="stated")
    plan = add_measure(
        "derived",
        "learners",
        kind="derived",
        cadence=half,
        series=make_formula_series(Operation.SUM, "on-roll", "learners"),
    )
    catalogue = make_catalogue(plan)
    revisions, _ = make_returns("on-roll", "quay 2026-01 town 1")
    question = OutcomeQuery(measures=["derived"])
    [resolved_query] = resolve(question, catalogue, revisions)
    assert resolved_query.period.code == "FY2025-26-H2"
    assert [len(formula_input.part_periods) for formula_input in resolved_query.formula_inputs] == [6, 6]
    assert list(resolved_query.all_revisions) == revisions


def test_audit_description_names_the_queried_codes():
    question = OutcomeQuery(measures=["learners"], areas=[TOWN], comparators=[EAST])
    assert describe_for_audit(question, resolve_axes(question, HARBOUR), "json") == {
        "series": "learners/headline",
        "period": "latest",
        "area": TOWN,
        "comparator": EAST,
    }


# The harbour plan has one proportion, so the second measure is a copy of it.
def preview_gap(whole: str, part: str, *, contains: bool) -> object:
    return preview_last_gap([("2026-01", whole, part)], contains=contains, period_type="month")


def preview_last_gap(rows: list[tuple[str, str, str]], *, contains: bool, period_type: str) -> object:
    """Return the last gap of rows of a period and two proportions."""
    pass_rate = next(m for m in HARBOUR_PLAN.measures if m.slug == "pass-rate")
    pass_rate = msgspec.structs.replace(pass_rate, cadence=Cadence(period_type=period_type, basis="stated"))
    whole_measure = msgspec.structs.replace(pass_rate, slug="all-people", contains=["pass-rate"] if contains else [])
    gap = msgspec.structs.replace(
        pass_rate,
        slug="gap",
        kind="gap",
        unit="percentage-points",
        series=make_formula_series(Operation.DIFFERENCE, "all-people", pass_rate.slug),
    )
    catalogue = make_catalogue(
        decode(
            msgspec.structs.replace(
                HARBOUR_PLAN,
                measures=[*(m for m in HARBOUR_PLAN.measures if m.slug != "pass-rate"), pass_rate, whole_measure, gap],
            )
        )
    )
    wholes, first_cells = make_returns("all-people", *(f"quay {period} town {whole}" for period, whole, _ in rows))
    parts, second_cells = make_returns("pass-rate", *(f"quay {period} town {part}" for period, _, part in rows))
    cells = join_cells(
        [first_cells.cells, msgspec.structs.replace(second_cells.cells, item=second_cells.cells.item + 100)]
    )
    question = OutcomeQuery(measures=["gap"])
    revisions = [*wholes, *(msgspec.structs.replace(part, id=part.id + 100) for part in parts)]
    [resolved_query] = resolve(question, catalogue, revisions)
    [figure] = verdicts.build_judged_figures(resolved_query, cells, catalogue)
    return figure


def test_gap_of_independent_proportions_has_a_newcombe_interval():
    figure = preview_gap("56/70", "48/80", contains=False)
    assert (figure.value, figure.lower, figure.upper) == pytest.approx((20, 5.24, 33.39), abs=0.005)
    assert (figure.interval_method, figure.unit, figure.markers) == ("newcombe", "percentage-points", ["p"])


def test_gap_of_five_years_has_a_trend():
    rows = [(f"FY{2020 + n}-{21 + n}", "6000/10000", f"{3000 + 400 * n}/10000") for n in range(5)]
    figure = preview_last_gap(rows, contains=False, period_type="financial-year")
    assert (figure.value, figure.trend.tendency, figure.trend.method) == (
        pytest.approx(14),
        "decreasing",
        "weighted-least-squares",
    )
    assert (figure.trend.first_period, figure.trend.last_period) == ("FY2020-21", "FY2024-25")
    short = preview_last_gap(rows[1:], contains=False, period_type="financial-year")
    assert short.trend.reason == "too_few_points"


def test_gap_to_the_whole_has_a_scaled_interval():
    figure = preview_gap("104/150", "48/80", contains=True)  # the rest is 56/70
    share = 70 / 150
    assert figure.value == pytest.approx(100 * (104 / 150 - 48 / 80))
    assert (figure.lower, figure.upper) == pytest.approx((5.24 * share, 33.39 * share), abs=0.005)
    assert figure.interval_method == "newcombe-scaled"


def test_part_that_exceeds_its_whole_has_no_gap():
    assert preview_gap("48/80", "104/150", contains=True).reason == "part_exceeds_whole"


def test_difference_without_counts_states_its_reason():
    figure = preview_formula(Operation.DIFFERENCE, STOCK, FLOW, kind="gap")
    assert (figure.value, figure.reason) == (None, "no_counts")


def test_returned_gap_is_not_additive():
    catalogue = make_catalogue(change_measure("pass-rate", kind="gap"))
    figure = preview_one("pass-rate", "quay 2026-01 town 1/2", catalogue=catalogue)
    assert (figure.reason, "two proportions" in figure.alternatives) == ("not_additive", True)


def test_milestone_is_not_a_count_and_names_its_alternative():
    figure = preview_one("prospectus", "quay 2026-01 nil")
    assert (figure.reason, figure.status, "items" in figure.alternatives) == ("not_a_count", "z", True)


def test_measure_without_formula_is_summed():
    measure: Measure = HARBOUR.measures["learners"]
    resolved_query = ResolvedQuery(measure=measure, series=measure.series[0], period=None, areas=[], breakdowns=[])
    [figure] = preview_all("learners", "quay 2026-01 town 4")
    assert formulas.apply_formula(resolved_query, [figure, figure]).low == 8


# -- earlier periods


def find_earlier_codes(slug: str, period: str, *returned_codes: str, series: int = 0, cadence: Cadence | None = None):
    measure = HARBOUR.measures[slug]
    measure = msgspec.structs.replace(measure, cadence=cadence) if cadence else measure
    returned_periods = [periods.parse(code) for code in returned_codes]
    return [
        p.code for p in find_earlier_periods(periods.parse(period), measure, measure.series[series], returned_periods)
    ]


MONTHS = [f"{2024 + n // 12}-{n % 12 + 1:02}" for n in range(30)]
#   measure, period, series    earlier
EARLIER = [
    (("learners", "2024-03", *MONTHS), 0, ["2024-01", "2024-02"]),
    (("learners", "CY2025", *MONTHS), 0, ["CY2024"]),
    (("learners", "FY2025-26", *MONTHS), 0, ["FY2023-24", "FY2024-25"]),
    (("learners", "R12-2026-05", *MONTHS), 0, ["R12-2024-05", "R12-2025-05"]),
    (("learners", "P2025-01..2025-02", *MONTHS), 0, []),
    (("learners", "CY2025"), 0, []),
    (("learners", "D2025-01-31", *MONTHS), 0, []),
    (("enrolments", "2024-09", *MONTHS), 0, ["2024-03", "2024-06"]),  # a new count to date starts each quarter
    (("enrolments", "2024-03", *MONTHS), 1, ["2024-01", "2024-02"]),
]


@pytest.mark.parametrize(("arguments", "series", "expected"), EARLIER)
def test_earlier_periods_have_the_same_type_and_length(arguments, series, expected):
    assert find_earlier_codes(*arguments, series=series) == expected


# -- inequality


def make_quintile_plan(*, ordered: bool = True) -> Plan:
    """Return the harbour plan with five ordered colours; the pass rate is collected by colour."""
    labels = ["red", "orange", "yellow", "green", "blue", "unknown"]
    colour = next(d for d in HARBOUR_PLAN.dimensions if d.slug == "colour")
    category = colour.categories[0]
    categories = [msgspec.structs.replace(category, code=label, label=label) for label in labels]
    dimensions = [
        msgspec.structs.replace(d, categories=categories, ordered=ordered) if d.slug == "colour" else d
        for d in HARBOUR_PLAN.dimensions
    ]
    scheme = next(m for m in HARBOUR_PLAN.measures if m.slug == "pass-rate").schemes[0]
    by_colour = [scheme, msgspec.structs.replace(scheme, dimensions=["colour"])]
    measures = [
        msgspec.structs.replace(m, schemes=by_colour) if m.slug in {"pass-rate", "on-roll"} else m
        for m in HARBOUR_PLAN.measures
    ]
    return msgspec.structs.replace(HARBOUR_PLAN, dimensions=dimensions, measures=measures)


def build_inequality(
    plan: Plan, *rows: str, pair=("red", "blue"), dimension="colour", scale: IndexScale = IndexScale.TRANSFORMED
):
    catalogue = make_catalogue(plan)
    revisions, cells = make_returns(*rows, catalogue=catalogue)
    question = OutcomeQuery(measures=[rows[0]], group_by=[dimension], periods=["2026-01"])
    [resolved_query] = resolve(question, catalogue, revisions)
    preview_figures = verdicts.build_judged_figures(resolved_query, cells, catalogue)
    return inequality_figures.build_inequality(
        resolved_query, preview_figures, pair, RevisionBasis.LATEST, catalogue, scale
    )


BY_COLOUR = tuple(
    f"quay 2026-01 town colour={colour} {cell}"
    for colour, cell in zip(
        ("red", "orange", "yellow", "green", "blue"), ("56/70", "50/80", "40/80", "60/80", "48/80"), strict=True
    )
)


def test_inequality_has_gap_ratio_and_indices():
    inequality = build_inequality(make_quintile_plan(), "pass-rate", *BY_COLOUR)
    assert (inequality.gap.value, inequality.gap.lower, inequality.gap.upper) == pytest.approx(
        (20, 5.24, 33.39), abs=0.005
    )
    assert inequality.ratio.value == pytest.approx(0.8 / 0.6)
    assert inequality.ratio.lower_99_8 < inequality.ratio.lower < inequality.ratio.value
    assert (
        inequality.slope_index.reason,
        inequality.slope_index.interval_method,
        inequality.relative_index.interval_method,
    ) == (
        None,
        "transformed-normal",
        "transformed-normal",
    )
    assert inequality.transformation == "logit"
    assert [group.category for group in inequality.groups][-1] == "unknown"
    assert inequality.groups[-1].reason == "no_data"


def test_untransformed_indices_have_their_own_methods():
    inequality = build_inequality(make_quintile_plan(), "pass-rate", *BY_COLOUR, scale=IndexScale.UNTRANSFORMED)
    assert (
        inequality.transformation,
        inequality.slope_index.interval_method,
        inequality.relative_index.interval_method,
    ) == ("none", "normal", "fieller")
    # Mid-ranks 7, 22 … over 390 people, values 80, 62.5, 50, 75 and 60: numpy.polyfit with the roots of the populations.
    assert inequality.slope_index.value == pytest.approx(-12.0847, abs=0.0001)


def test_category_of_zero_has_untransformed_indices_only():
    rows = ("quay 2026-01 town colour=red 0/70", *BY_COLOUR[1:])
    plan = make_quintile_plan()
    assert build_inequality(plan, "pass-rate", *rows).slope_index.reason == "zero_or_all"
    assert build_inequality(plan, "pass-rate", *rows).transformation is None
    assert build_inequality(plan, "pass-rate", *rows, scale=IndexScale.UNTRANSFORMED).slope_index.value > 0


def test_ratio_with_zero_numerator_has_no_interval():
    inequality = build_inequality(
        make_quintile_plan(), "pass-rate", "quay 2026-01 town colour=red 0/70", *BY_COLOUR[1:]
    )
    assert (inequality.ratio.value, inequality.ratio.lower, inequality.ratio.reason) == (0, None, "zero_numerator")


def test_category_without_data_has_no_gap_and_no_indices():
    inequality = build_inequality(make_quintile_plan(), "pass-rate", *BY_COLOUR[1:])
    assert (inequality.gap.reason, inequality.slope_index.reason) == ("no_data", "missing_value")


def test_unordered_dimension_has_no_indices():
    assert (
        build_inequality(make_quintile_plan(ordered=False), "pass-rate", *BY_COLOUR).slope_index.reason
        == "dimension_not_ordered"
    )


def test_counts_have_no_inequality_measures():
    inequality = build_inequality(make_quintile_plan(), "on-roll", "quay 2026-01 town colour=red 5")
    assert (inequality.gap.reason, inequality.slope_index.reason) == ("not_a_proportion", "not_a_proportion_or_rate")


def test_overlapping_categories_have_no_inequality_measures():
    plan = make_quintile_plan()
    scheme = msgspec.structs.replace(plan.measures[2].schemes[1], exclusive=False)
    rate = msgspec.structs.replace(plan.measures[2], schemes=[scheme])
    plan = msgspec.structs.replace(plan, measures=[*plan.measures[:2], rate, *plan.measures[3:]])
    inequality = build_inequality(plan, "pass-rate", *BY_COLOUR)
    assert (inequality.gap.reason, inequality.relative_index.reason) == ("categories_overlap", "categories_overlap")


def test_period_that_is_not_partitioned_has_no_inequality_measures():
    catalogue = make_catalogue(make_quintile_plan())
    question = OutcomeQuery(measures=["pass-rate"], group_by=["colour"], periods=["D2026-01-15"])
    [resolved_query] = resolve(question, catalogue, [])
    preview_figures = verdicts.build_judged_figures(
        resolved_query, make_returns("learners", catalogue=catalogue)[1], catalogue
    )
    inequality = inequality_figures.build_inequality(
        resolved_query, preview_figures, ("red", "blue"), RevisionBasis.LATEST, catalogue
    )
    assert {inequality.gap.reason, inequality.slope_index.reason} == {"period_not_partitioned"}


def test_inequality_query_with_unknown_or_equal_categories_is_refused():
    inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "female", "male")
    with pytest.raises(inequality_figures.SameCategory):
        inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "male", "male")
    with pytest.raises(UnknownCode):
        inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "male", "femal")
