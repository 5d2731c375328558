"""What a figure says: its interval, what it rests on, and how it stands to others. Pure: no database.

Expected limits: Wilson's and Byar's by the formulas of PHEindicatormethods, worked out here once more where they are
needed; Newcombe's 56/70 v 48/80 is example (a) of Statistics in Medicine 1998; 17: 873-890, method 10.
"""

from math import sqrt

import msgspec
import numpy as np
import pytest

from api.figures import formulas, inequality_figures, resolution, verdicts
from api.figures.resolution import ResolutionQuery, ResolvedQuery
from api.plan.filters import UnknownCode
from api.reviews.concessions import Concessions
from api.statistics import periods
from schema.measures import Cadence, Collection, Direction, Formula, GeographyBasis, Measure, Operation, Series, Target
from schema.outcomes import RevisionBasis
from schema.plan import Plan
from schema.submissions import ReviewState
from tests.fixtures.example_plan import HARBOUR_PLAN
from tests.fixtures.example_plan import make_catalogue as catalogue_of
from tests.spec.test_outcome_rules import EAST, HARBOUR, TOWN, figures, one, returned

Z = 1.959963984540054


def decoded(plan: Plan) -> Plan:
    """As a file would give it, so that words are what they stand for."""
    return msgspec.convert(msgspec.to_builtins(plan), Plan)


def changed(slug: str, **fields: object) -> Plan:
    measures = [msgspec.structs.replace(m, **fields) if m.slug == slug else m for m in HARBOUR_PLAN.measures]
    return decoded(msgspec.structs.replace(HARBOUR_PLAN, measures=measures))


def with_measure(slug: str, like: str, **fields: object) -> Plan:
    made = msgspec.structs.replace(next(m for m in HARBOUR_PLAN.measures if m.slug == like), slug=slug, **fields)
    return decoded(msgspec.structs.replace(HARBOUR_PLAN, measures=[*HARBOUR_PLAN.measures, made]))


def formula(operation: Operation, *measures: str) -> list[Series]:
    return [
        Series(
            slug="headline",
            title="Made of others",
            headline=True,
            collection=Collection.DERIVED,
            definition="Made of others.",
            numerator="Made of others.",
            geography_basis=GeographyBasis.RESIDENCE,
            formula=Formula(operation=operation, measures=list(measures)),
        )
    ]


def wilson(x: int, n: int) -> tuple[float, float]:
    middle, width = 2 * x + Z * Z, Z * sqrt(Z * Z + 4 * x * (1 - x / n))
    return 100 * (middle - width) / (2 * (n + Z * Z)), 100 * (middle + width) / (2 * (n + Z * Z))


# -- intervals


def test_a_proportion_has_wilsons_interval_in_its_unit():
    figure = one("pass-rate", "quay 2026-01 town 8/10", "pier 2026-01 town 30/60")
    assert (figure.lower, figure.upper) == pytest.approx(wilson(38, 70))
    assert figure.lower_99_8 < figure.lower < figure.value < figure.upper < figure.upper_99_8
    assert (figure.interval_method, figure.largest_error) == ("wilson", 0)


def test_a_rate_has_byars_interval_per_what_its_unit_says():
    catalogue = catalogue_of(changed("pass-rate", kind="rate", unit="per-1000"))
    figure = one("pass-rate", "quay 2026-01 town 100/50000", catalogue=catalogue)
    assert figure.value == pytest.approx(2.0)
    lower = 100 * (1 - 1 / 900 - Z / (3 * sqrt(100))) ** 3
    assert (figure.lower, figure.interval_method) == (pytest.approx(lower / 50), "byar")


@pytest.mark.parametrize("rows", [("learners", "quay 2026-01 town 12"), ("on-roll", "quay 2026-01 town 12")])
def test_a_count_is_no_sample_and_has_no_interval(rows):
    figure = one(*rows)
    assert (figure.lower, figure.upper_99_8, figure.interval_method) == (None, None, None)


def test_a_mean_has_no_interval():
    catalogue = catalogue_of(changed("pass-rate", kind="mean", unit="days"))
    figure = one("pass-rate", "quay 2026-01 town 100/50", catalogue=catalogue)
    assert (figure.value, figure.interval_method) == (2, None)


def test_what_is_bounded_has_no_error_and_what_is_missing_no_marker():
    bounded = one("learners", "quay 2026-01 town c:1-4")
    assert (bounded.value, bounded.largest_error, bounded.markers) == (None, None, ["p"])
    assert one("learners", "quay 2026-01 town x").markers == []


# -- what it rests on


def test_contributors_are_the_returns_with_a_number():
    rows = ("learners", "quay 2026-01 town 10", "pier 2026-01 town x", "quay 2026-02 nil")
    figure = one(*rows, periods=["CY2026-Q1"])
    assert [(c.organisation, c.period, c.revision, c.state) for c in figure.contributors] == [
        ("quay-college", "2026-01", 1, "pending"),
        ("quay-college", "2026-02", 1, "pending"),
    ]


def test_a_stock_rests_on_the_last_return_of_each_alone():
    rows = ("on-roll", "quay 2026-02 town 3", "quay 2026-01 town 10", "pier 2026-01 town 4")
    figure = one(*rows, periods=["CY2026-Q1"])
    assert [(c.organisation, c.period) for c in figure.contributors] == [
        ("pier-college", "2026-01"),
        ("quay-college", "2026-02"),
    ]
    assert figure.value == 7


def answer(
    rows: tuple[str, ...], states: dict[str, ReviewState], *, catalogue=HARBOUR, least=None, granted=None, **asked
):
    """Figures with the states of some organisations' returns given; `counts` is false for those not approved."""
    standing, cells = returned(*rows)
    approved_only = asked.pop("approved_only", False)
    standing = [
        msgspec.structs.replace(
            r,
            state=(state := states.get(r.organisation.split("-")[0], ReviewState.PENDING)),
            has_approved_revision=state is ReviewState.APPROVED,
            is_counted=not approved_only or state is ReviewState.APPROVED,
        )
        for r in standing
    ]
    question = ResolutionQuery(**({"measures": [rows[0]]} | asked))
    found = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, standing)
    granted = granted or Concessions()
    return [
        figure for each in found for figure in verdicts.build_judged_figures(each, cells, catalogue, granted, least)
    ]


ROWS = ("learners", "quay 2026-01 town 10", "pier 2026-01 town 5")


def test_provisional_until_every_return_behind_it_is_approved():
    [figure] = answer(ROWS, {"quay": ReviewState.APPROVED})
    assert figure.markers == ["p"]
    [figure] = answer(ROWS, {"quay": ReviewState.APPROVED, "pier": ReviewState.APPROVED})
    assert figure.markers == []


def test_by_the_approved_basis_what_is_not_approved_is_received_and_does_not_count():
    [figure] = answer(ROWS, {"quay": ReviewState.APPROVED}, approved_only=True)
    assert (figure.value, figure.markers, figure.coverage.received, figure.coverage.approved) == (10, [], 2, 1)
    assert figure.movement.reason == "incomplete"


#   least   value   reason
LEAST = [
    (None, 15, None),
    (0.5, 15, None),  # two of three: the third duty is a role that nobody has taken on
    (0.7, None, "coverage_below_minimum"),
]


@pytest.mark.parametrize(("least", "value", "reason"), LEAST)
def test_too_little_coverage_withholds_the_number(least, value, reason):
    [figure] = answer(ROWS, {}, least=least)
    assert (figure.value, figure.reason) == (value, reason)
    assert len(figure.contributors) == 2
    assert (figure.movement is None) == (value is None)


def test_coverage_of_the_approved_basis_is_of_what_counts():
    [figure] = answer(ROWS, {"quay": ReviewState.APPROVED}, approved_only=True, least=0.5)
    assert figure.reason == "coverage_below_minimum"


def test_what_has_no_number_anyway_keeps_its_own_reason():
    [figure] = answer(("learners", "quay 2026-01 town x"), {}, least=0.9)
    assert figure.reason is None or figure.reason == "no_data"


def test_an_exempt_return_is_no_gap():
    key = ("pier-college", "learners", "headline", "main", "2026-01")
    [figure] = answer(("learners", "quay 2026-01 town 10"), {}, granted=Concessions(exempt=frozenset({key})))
    assert (figure.coverage.exempt, figure.movement.reason) == (1, "no_start")


# -- movement, trend, target


def month(n: int, quay: int, pier: int) -> list[str]:
    return [f"quay 2026-{n:02} town {quay}", f"pier 2026-{n:02} town {pier}"]


def test_movement_starts_from_the_first_whole_period():
    figure = one("learners", "quay 2026-01 town 90", *month(2, 10, 5), *month(3, 10, 7), periods=["2026-03"])
    assert msgspec.to_builtins(figure.movement) == {
        "verdict": "better",
        "since": "first_released",
        "start_period": "2026-02",
        "start": 15,
        "change": 2,
        "reason": None,
    }


def test_a_count_with_a_return_missing_is_not_set_beside_others():
    figure = one("learners", *month(1, 10, 5), "quay 2026-02 town 10", periods=["2026-02"])
    assert figure.movement.reason == "incomplete"


def test_a_ratio_is_whatever_is_missing():
    figure = one("pass-rate", "quay 2026-01 town 1/10", "pier 2026-02 town 2/10", periods=["2026-02"])
    assert (figure.movement.verdict, figure.movement.start_period) == ("better", "2026-01")


def test_a_baseline_is_the_programmes_own():
    catalogue = catalogue_of(changed("pass-rate", baseline=60.0))
    rows = ("pass-rate", "quay 2026-01 town 1/2", "quay 2026-01 east 1/2")
    assert one(*rows, catalogue=catalogue).movement.since == "baseline"
    assert one(*rows, catalogue=catalogue, areas=[EAST]).movement.reason == "no_start"


def year(n: int, x: int) -> str:
    return f"quay FY{n}-{(n + 1) % 100:02} town {x}/10000"


ANNUAL = catalogue_of(changed("pass-rate", cadence=Cadence(period_type="financial-year", basis="stated")))


def test_five_years_have_a_trend_by_their_counts():
    rows = [year(2020 + n, 1000 + 200 * n) for n in range(5)]
    figure = one("pass-rate", *rows, catalogue=ANNUAL)
    assert (figure.trend.tendency, figure.trend.verdict, figure.trend.method) == (
        "increasing",
        "better",
        "cochran-armitage",
    )
    assert (figure.trend.first_period, figure.trend.last_period) == ("FY2020-21", "FY2024-25")


def test_four_years_have_none():
    figure = one("pass-rate", *[year(2020 + n, 1000) for n in range(4)], catalogue=ANNUAL)
    assert (figure.trend.tendency, figure.trend.reason) == ("cannot_be_calculated", "too_few_points")


def test_a_rate_has_its_trend_by_intervals_and_a_count_none():
    catalogue = catalogue_of(
        changed(
            "pass-rate", kind="rate", unit="per-1000", cadence=Cadence(period_type="financial-year", basis="stated")
        )
    )
    figure = one("pass-rate", *[year(2020 + n, 1000 + 300 * n) for n in range(5)], catalogue=catalogue)
    assert figure.trend.method == "weighted-least-squares"
    assert one("learners", "quay 2026-01 town 1").trend.reason == "not_a_proportion_or_rate"


#   aim         figure      target  met
TARGETS = [
    ("increase", "40", 40, True),
    ("increase", "39", 40, False),
    ("increase", "c:39-40", 40, None),
    ("decrease", "40", 40, True),
    ("decrease", "41", 40, False),
    ("decrease", "c:39-41", 40, None),
]


@pytest.mark.parametrize(("aim", "figure", "target", "met"), TARGETS)
def test_a_target_is_met_by_direction(aim, figure, target, met):
    targets = [
        Target(period="2026-01", value=target, basis="stated"),
        Target(period="2026-02", value=99, basis="stated"),
    ]
    catalogue = catalogue_of(changed("on-roll", direction=Direction(aim=aim, basis="stated"), targets=targets))
    found = one("on-roll", f"quay 2026-01 town {figure}", catalogue=catalogue)
    assert (found.target.value, found.target.met) == (target, met)


def test_a_target_is_of_its_period_and_the_programmes_area():
    targets = [Target(period="2026-01", value=3, basis="stated")]
    catalogue = catalogue_of(changed("on-roll", targets=targets))
    assert one("on-roll", "quay 2026-02 town 4", catalogue=catalogue).target is None
    assert one("on-roll", "quay 2026-01 east 4", catalogue=catalogue, areas=[EAST]).target is None


# -- comparators


def test_a_part_stands_beside_the_wider_area_that_has_a_figure():
    rows = ("pass-rate", "quay 2026-01 town 500/1000", "quay 2026-01 east 90/100")
    [beside] = one(*rows, areas=[EAST]).comparators
    assert (beside.area, beside.name, beside.value, beside.verdict, beside.confidence) == (
        TOWN,
        "Harbour",
        50,
        "better",
        "99.8",
    )


def test_where_no_wider_area_has_one_it_says_so():
    [beside] = one("pass-rate", "quay 2026-01 east 90/100", areas=[EAST]).comparators
    assert (beside.value, beside.verdict, beside.reason) == (None, None, "no_published_equivalent")
    assert one("pass-rate", "quay 2026-01 town 90/100").comparators == []


def test_counts_are_set_beside_others_only_when_asked_and_never_judged():
    rows = ("learners", "quay 2026-01 town 500", "quay 2026-01 east 90")
    assert one(*rows, areas=[EAST]).comparators == []
    [beside] = one(*rows, areas=[EAST], comparators=[TOWN]).comparators
    assert (beside.value, beside.verdict, beside.reason) == (500, None, "no_interval")


def test_an_unknown_comparator_is_refused():
    with pytest.raises(UnknownCode):
        one("pass-rate", "quay 2026-01 town 1/2", comparators=["E99999999"])


# -- formulas


def made_of(operation: Operation, *rows_of: tuple[str, ...], contains: bool = False, kind: str = "derived", **asked):
    """A formula over the measures of these rows."""
    plan = with_measure("made", "learners", kind=kind, schemes=[], series=formula(operation, *(r[0] for r in rows_of)))
    if contains:
        whole = msgspec.structs.replace(plan.measures[2], contains=[rows_of[1][0]])
        plan = msgspec.structs.replace(plan, measures=[*plan.measures[:2], whole, *plan.measures[3:]])
    catalogue = catalogue_of(plan)
    standing, columns = [], []
    for rows in rows_of:
        revisions, cells = returned(*rows)
        shift = 100 * len(columns)
        standing += [msgspec.structs.replace(r, id=r.id + shift) for r in revisions]
        columns.append(msgspec.structs.replace(cells, revision=cells.revision + shift))
    cells = rules_cells(columns)
    question = ResolutionQuery(measures=["made"], **asked)
    [found] = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, standing)
    [figure] = verdicts.build_judged_figures(found, cells, catalogue)
    return figure


def rules_cells(columns):
    kind = type(columns[0])
    return kind(
        **{
            n: np.concatenate([getattr(c, n) for c in columns])
            for n in kind.__struct_fields__
            if n != "published_figures"
        }
    )


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
def test_a_formula_takes_bounds_and_gives_bounds(operation, parts, expected):
    figure = made_of(operation, *parts)
    assert (figure.value, figure.lower_bound, figure.upper_bound) == expected
    assert (figure.measure, figure.kind, figure.as_of.code) == ("made", "derived", "2026-01")
    assert (figure.coverage.received, len(figure.contributors)) == (3, 3)


def test_a_part_without_a_figure_is_not_taken_for_none():
    figure = made_of(Operation.SUM, STOCK, ("learners",), periods=["2026-01"])
    assert (figure.value, figure.status, figure.reason) == (None, "x", "part_without_value")
    assert "learners" in figure.alternatives


def test_a_formula_of_nothing_has_no_data():
    assert made_of(Operation.SUM, ("on-roll",), ("learners",)).reason == "no_data"
    assert made_of(Operation.SUM, ("on-roll",), ("learners",), periods=["2026-01"]).reason == "no_data"


def test_the_latest_of_a_formula_is_a_period_of_its_own_cadence():
    half = Cadence(period_type="financial-half", basis="stated")
    made = with_measure(
        "made", "learners", kind="derived", cadence=half, series=formula(Operation.SUM, "on-roll", "learners")
    )
    catalogue = catalogue_of(made)
    standing, _ = returned("on-roll", "quay 2026-01 town 1")
    question = ResolutionQuery(measures=["made"])
    [found] = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, standing)
    assert found.period.code == "FY2025-26-H2"
    assert [len(one.part_periods) for one in found.formula_inputs] == [6, 6]
    assert list(found.all_revisions) == standing


def test_the_audit_keeps_what_was_asked_for():
    question = ResolutionQuery(measures=["learners"], areas=[TOWN], comparators=[EAST])
    assert resolution.describe_for_audit(question, resolution.select_series(question, HARBOUR)) == {
        "series": "learners/headline",
        "period": "latest",
        "area": TOWN,
        "comparator": EAST,
    }


# Two proportions as two measures: harbour has one, so the other is a copy of it.
def gap_of(whole: str, part: str, *, contains: bool) -> object:
    of = next(m for m in HARBOUR_PLAN.measures if m.slug == "pass-rate")
    first = msgspec.structs.replace(of, slug="everybody", contains=["pass-rate"] if contains else [])
    made = msgspec.structs.replace(
        of, slug="gap", kind="gap", unit="percentage-points", series=formula(Operation.DIFFERENCE, "everybody", of.slug)
    )
    catalogue = catalogue_of(
        decoded(msgspec.structs.replace(HARBOUR_PLAN, measures=[*HARBOUR_PLAN.measures, first, made]))
    )
    [a], first_cells = returned("everybody", f"quay 2026-01 town {whole}")
    [b], second_cells = returned("pass-rate", f"quay 2026-01 town {part}")
    cells = rules_cells([first_cells, msgspec.structs.replace(second_cells, revision=second_cells.revision + 100)])
    question = ResolutionQuery(measures=["gap"])
    standing = [a, msgspec.structs.replace(b, id=101)]
    [found] = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, standing)
    [figure] = verdicts.build_judged_figures(found, cells, catalogue)
    return figure


def test_a_gap_of_independent_proportions_is_newcombes():
    figure = gap_of("56/70", "48/80", contains=False)
    assert (figure.value, figure.lower, figure.upper) == pytest.approx((20, 5.24, 33.39), abs=0.005)
    assert (figure.interval_method, figure.unit, figure.markers) == ("newcombe", "percentage-points", ["p"])


def test_a_gap_to_the_whole_is_scaled():
    figure = gap_of("104/150", "48/80", contains=True)  # the rest is 56/70
    share = 70 / 150
    assert figure.value == pytest.approx(100 * (104 / 150 - 48 / 80))
    assert (figure.lower, figure.upper) == pytest.approx((5.24 * share, 33.39 * share), abs=0.005)
    assert figure.interval_method == "newcombe-scaled"


def test_a_part_that_exceeds_its_whole_gives_no_gap():
    assert gap_of("48/80", "104/150", contains=True).reason == "part_exceeds_whole"


def test_a_difference_of_what_has_no_counts_says_so():
    figure = made_of(Operation.DIFFERENCE, STOCK, FLOW, kind="gap")
    assert (figure.value, figure.reason) == (None, "no_counts")


def test_a_gap_that_is_returned_is_not_additive():
    catalogue = catalogue_of(changed("pass-rate", kind="gap"))
    figure = one("pass-rate", "quay 2026-01 town 1/2", catalogue=catalogue)
    assert (figure.reason, "two proportions" in figure.alternatives) == ("not_additive", True)


def test_a_milestone_is_not_a_count_and_says_where_it_is():
    figure = one("prospectus", "quay 2026-01 nil")
    assert (figure.reason, figure.status, "items" in figure.alternatives) == ("not_a_count", "z", True)


def test_a_sum_is_the_formula_of_what_names_none():
    measure: Measure = HARBOUR.measures["learners"]
    asked = ResolvedQuery(measure=measure, series=measure.series[0], period=None, areas=[], breakdowns=[])
    [figure] = figures("learners", "quay 2026-01 town 4")
    assert formulas.apply_formula(asked, [figure, figure]).low == 8


# -- earlier periods


def codes(measure: str, period: str, *returned_codes: str, series: int = 0, cadence: Cadence | None = None):
    found = HARBOUR.measures[measure]
    found = msgspec.structs.replace(found, cadence=cadence) if cadence else found
    there = [periods.parse(code) for code in returned_codes]
    return [p.code for p in resolution.find_earlier_periods(periods.parse(period), found, found.series[series], there)]


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
    (("enrolments", "2024-09", *MONTHS), 0, ["2024-03", "2024-06"]),  # starts again each quarter
    (("enrolments", "2024-03", *MONTHS), 1, ["2024-01", "2024-02"]),
]


@pytest.mark.parametrize(("asked", "series", "expected"), EARLIER)
def test_earlier_periods_are_alike(asked, series, expected):
    assert codes(*asked, series=series) == expected


# -- inequality


def quintiles(*, ordered: bool = True) -> Plan:
    """Harbour with five colours in order; the pass rate is collected by them."""
    labels = ["red", "orange", "yellow", "green", "blue", "unknown"]
    colour = next(d for d in HARBOUR_PLAN.dimensions if d.slug == "colour")
    category = colour.categories[0]
    categories = [msgspec.structs.replace(category, code=each, label=each) for each in labels]
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


def apart(plan: Plan, *rows: str, pair=("red", "blue"), dimension="colour"):
    catalogue = catalogue_of(plan)
    standing, cells = returned(*rows, catalogue=catalogue)
    question = ResolutionQuery(measures=[rows[0]], group_by=[dimension], periods=["2026-01"])
    [found] = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, standing)
    figures = verdicts.build_judged_figures(found, cells, catalogue)
    return inequality_figures.build_inequality(found, figures, pair, RevisionBasis.LATEST, catalogue)


BY_COLOUR = tuple(
    f"quay 2026-01 town colour={colour} {cell}"
    for colour, cell in zip(
        ("red", "orange", "yellow", "green", "blue"), ("56/70", "50/80", "40/80", "60/80", "48/80"), strict=True
    )
)


def test_gap_ratio_and_indices_between_categories():
    found = apart(quintiles(), "pass-rate", *BY_COLOUR)
    assert (found.gap.value, found.gap.lower, found.gap.upper) == pytest.approx((20, 5.24, 33.39), abs=0.005)
    assert found.ratio.value == pytest.approx(0.8 / 0.6)
    assert found.ratio.lower_99_8 < found.ratio.lower < found.ratio.value
    assert (found.slope_index.reason, found.slope_index.interval_method, found.relative_index.interval_method) == (
        None,
        "normal",
        "fieller",
    )
    assert [group.category for group in found.groups][-1] == "unknown"
    assert found.groups[-1].reason == "no_data"


def test_a_numerator_of_0_leaves_a_ratio_without_an_interval():
    found = apart(quintiles(), "pass-rate", "quay 2026-01 town colour=red 0/70", *BY_COLOUR[1:])
    assert (found.ratio.value, found.ratio.lower, found.ratio.reason) == (0, None, "zero_numerator")


def test_a_category_without_data_has_no_gap_and_no_indices():
    found = apart(quintiles(), "pass-rate", *BY_COLOUR[1:])
    assert (found.gap.reason, found.slope_index.reason) == ("no_data", "missing_value")


def test_what_has_no_order_has_no_indices():
    assert apart(quintiles(ordered=False), "pass-rate", *BY_COLOUR).slope_index.reason == "dimension_not_ordered"


def test_counts_have_no_populations():
    found = apart(quintiles(), "on-roll", "quay 2026-01 town colour=red 5")
    assert (found.gap.reason, found.slope_index.reason) == ("not_a_proportion", "not_a_proportion_or_rate")


def test_categories_that_overlap_are_not_set_against_each_other():
    plan = quintiles()
    scheme = msgspec.structs.replace(plan.measures[2].schemes[1], exclusive=False)
    rate = msgspec.structs.replace(plan.measures[2], schemes=[scheme])
    plan = msgspec.structs.replace(plan, measures=[*plan.measures[:2], rate, *plan.measures[3:]])
    found = apart(plan, "pass-rate", *BY_COLOUR)
    assert (found.gap.reason, found.relative_index.reason) == ("categories_overlap", "categories_overlap")


def test_a_period_that_cannot_be_made_up_says_so():
    catalogue = catalogue_of(quintiles())
    question = ResolutionQuery(measures=["pass-rate"], group_by=["colour"], periods=["D2026-01-15"])
    [found] = resolution.resolve_series(question, resolution.select_series(question, catalogue), catalogue, [])
    figures = verdicts.build_judged_figures(found, returned("learners", catalogue=catalogue)[1], catalogue)
    told = inequality_figures.build_inequality(found, figures, ("red", "blue"), RevisionBasis.LATEST, catalogue)
    assert {told.gap.reason, told.slope_index.reason} == {"period_not_partitioned"}


def test_a_question_of_unknown_or_equal_categories_is_refused():
    inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "female", "male")
    with pytest.raises(inequality_figures.SameCategory):
        inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "male", "male")
    with pytest.raises(UnknownCode):
        inequality_figures.check_inequality_query(HARBOUR, "pass-rate", "sex", "male", "femal")
