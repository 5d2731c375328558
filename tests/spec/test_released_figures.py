"""The figures of a release: each registered cell in order, with verdicts calculated from displayed numbers only."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from math import ceil, hypot

import msgspec
import pytest
from msgspec.structs import replace

from api.figures.completeness import ReturnCompleteness
from api.protection.scopes import AuditScope, exclude_periods
from api.releases.released_figures import build_period_figures
from api.statistics import comparison, inequality, intervals, movement, trends
from api.statistics.intervals import RatioCounts
from api.statistics.readings import Reading
from schema.intervals import Confidence, Interval
from schema.logic_model import Basis
from schema.measures import Aim, Baseline, Collection, Formula, MeasureKind, Operation, Target
from schema.outcomes import Coverage
from schema.periods import PeriodType
from schema.plan import Window
from schema.released_figures import PublishedFigure
from schema.submissions import Marker, Status
from schema.verdicts import Movement, NoMovementReason, Tendency, TrendMethod, Verdict
from tests.fixtures.example_plan import EAST, HARBOUR_PLAN, TOWN, make_catalogue
from tests.fixtures.release_fixtures import (
    NAME_BY_AREA,
    list_figures,
    make_figure_key,
    make_measure,
    make_plan,
    make_snapshot,
    release_figures,
)


def make_derived(slug: str, operation: Operation, *of: str, **changes: object):
    [series] = make_measure("on-roll").series
    snapshot = replace(series, collection=Collection.DERIVED, formula=Formula(operation=operation, measures=list(of)))
    kind = MeasureKind.GAP if operation is Operation.DIFFERENCE else MeasureKind.DERIVED
    return make_measure("on-roll", slug=slug, kind=kind, series=[snapshot], **changes)


BASELINE = Baseline(period="2025-12", value=30.0, basis=Basis.STATED)
SEXES = make_measure("learners").schemes[:1]
MEASURES = [
    make_measure("learners", schemes=SEXES, targets=[Target(period="2026-03", value=90, basis=Basis.STATED)]),
    make_measure("on-roll"),
    make_measure("pass-rate", baseline=BASELINE, targets=[Target(period="2026-02", value=60, basis=Basis.STATED)]),
    make_measure("pass-rate", slug="prize-rate", schemes=[], contains=[]),
    make_measure("members"),
    make_derived("everybody", Operation.SUM, "learners", "on-roll"),
    make_derived("anybody", Operation.UNION, "learners", "on-roll"),
    make_derived("gap", Operation.DIFFERENCE, "pass-rate", "prize-rate"),
    make_measure("prospectus"),
]
HOLDERS = ("quay", "pier")
COUNTED = ("learners", "on-roll", "pass-rate", "prize-rate", "members")
PROGRAMME = make_catalogue(make_plan(*MEASURES, duties=[f"{who} {slug}" for who in HOLDERS for slug in COUNTED]))


def make_returns(march: int = 60) -> list[str]:
    """Three months of two colleges: learners by sex and quarter, people on roll, two proportions, and members."""
    rows: list[str] = []
    for who, size in (("quay", 1), ("pier", 2)):
        for at, code in enumerate(("2026-01", "2026-02", "2026-03")):
            people = {("east", "female"): 21, ("east", "male"): 3, ("west", "female"): 17 + at, ("west", "male"): 22}
            if code == "2026-03" and who == "quay":
                people["west", "female"] = march
            for area in ("town", "east", "west", "nowhere"):
                for sex in ("", "female", "male", "unknown"):
                    n = sum(
                        size * count
                        for (place, its), count in people.items()
                        if area in ("town", place) and sex in ("", its)
                    )
                    cell = f"{area} sex={sex}" if sex else area
                    rows.append(f"{who} learners {code} {cell} {n}")
                    rows.append(f"{who} pass-rate {code} {cell} {n}/{2 * n + (at * n) // 4}")
            rows += [
                f"{who} on-roll {code} town {40 * size + at}",
                f"{who} prize-rate {code} town {20 * size + at}/{90 * size}",
                f"{who} members {code} town {31 * size}",
            ]
    return rows


RELEASE = release_figures(*make_returns(), catalogue=PROGRAMME)


def find_figure(
    figures: Sequence[PublishedFigure], slug: str, period: str, area: str = "town", **breakdown: str
) -> PublishedFigure:
    [one] = [
        f
        for f in figures
        if (f.measure, f.period.code, NAME_BY_AREA[f.area], f.breakdown) == (slug, period, area, breakdown)
        and f.series == "headline"
    ]
    return one


def test_each_registered_cell_has_a_row_with_or_without_returns():
    """Periods × areas × categories of the plan: three months and their quarter."""
    rows = Counter(figure.measure for figure in RELEASE)
    assert rows == {
        "learners": 4 * 4 * 4,
        "on-roll": 4,
        "pass-rate": 4 * 4 * 4,
        "prize-rate": 4,
        "members": 4,
        "everybody": 4,
        "anybody": 4,
        "gap": 4,
        "prospectus": 4,
    }
    nothing = release_figures(catalogue=PROGRAMME)
    assert [make_figure_key(figure) for figure in nothing] == [make_figure_key(figure) for figure in RELEASE]
    assert {figure.reason for figure in nothing} == {"no_data", "not_a_count"}
    assert {figure.value for figure in nothing} == {None}


def test_rows_are_in_order_of_plan_time_area_and_category():
    learners = [figure for figure in RELEASE if figure.measure == "learners"]
    assert list(dict.fromkeys(f.period.code for f in learners)) == ["2026-01", "2026-02", "FY2025-26-Q4", "2026-03"]
    assert list(dict.fromkeys(f.measure for f in RELEASE)) == [one.slug for one in MEASURES]
    january = learners[:16]
    assert [NAME_BY_AREA[f.area] for f in january[::4]] == ["town", "east", "west", "nowhere"]
    assert [f.breakdown for f in january[:4]] == [{}, {"sex": "female"}, {"sex": "male"}, {"sex": "unknown"}]
    assert {f.release for f in RELEASE} == {1}
    assert {f.policy_version for f in RELEASE} == {HARBOUR_PLAN.disclosure.version}


# The next functions calculate every verdict again from the figures of the release alone, which proves that no hidden
# value was used.


def find_likely_bounds(figure: PublishedFigure) -> tuple[float | None, float | None]:
    """Return the bounds in 95 % of roundings; the certain ones if there is no value."""
    if figure.value is None:
        return figure.lower_bound, figure.upper_bound
    low, high = figure.value - figure.error_95, figure.value + figure.error_95
    return max(low, figure.lower_bound), min(high, figure.upper_bound)


def make_reading(figure: PublishedFigure) -> Reading:
    known = figure.value is not None
    low, high = find_likely_bounds(figure)
    is_exact = known and low == high
    return Reading(
        series=f"{figure.measure}/{figure.series}",
        period=figure.period,
        value=figure.value,
        low=None if is_exact else low,
        high=None if is_exact else high,
        numerator=int(figure.numerator) if known and figure.numerator is not None else None,
        denominator=int(figure.denominator) if known and figure.denominator is not None else None,
        intervals=tuple(list_intervals(figure)),
        is_estimate=figure.kind in (MeasureKind.PROPORTION, MeasureKind.GAP),
        digits=count_digits(figure),
    )


def list_intervals(figure: PublishedFigure) -> list[Interval]:
    """Return the intervals before they are rounded if the counts are known, otherwise those of the figure."""
    if figure.interval_method is None:
        return []
    if figure.kind is MeasureKind.PROPORTION:
        counts = make_likely_counts(figure)
        return [intervals.calculate_proportion_interval(counts, confidence=each, per=100) for each in Confidence]
    pairs = (figure.lower, figure.upper), (figure.lower_99_8, figure.upper_99_8)
    return [
        Interval(lower=low, upper=high, confidence=each, method=figure.interval_method)
        for (low, high), each in zip(pairs, Confidence, strict=True)
    ]


def count_digits(figure: PublishedFigure) -> int:
    if figure.kind is MeasureKind.PROPORTION:
        return 0 if (figure.denominator or 0) < 100 else 1
    return 1 if figure.kind is MeasureKind.GAP else 0


def make_likely_counts(figure: PublishedFigure) -> RatioCounts:
    """Return numerator and denominator with their bounds in 95 % of roundings."""
    x, n, error = (int(count) for count in (figure.numerator, figure.denominator, figure.counts_error_95))
    return RatioCounts(
        numerator_low=max(x - error, 0),
        numerator_high=x + error,
        denominator_low=max(n - error, 0),
        denominator_high=n + error,
    )


def make_certain_counts(figure: PublishedFigure) -> RatioCounts:
    return RatioCounts(
        numerator_low=int(figure.numerator_lower_bound),
        numerator_high=int(figure.numerator_upper_bound),
        denominator_low=int(figure.denominator_lower_bound),
        denominator_high=int(figure.denominator_upper_bound),
    )


def check_proportion(figure: PublishedFigure) -> None:
    x, n = figure.numerator, figure.denominator
    assert x is not None
    assert n is not None
    assert figure.value == round(min(100.0, 100 * x / n), 0 if n < 100 else 1)
    assert figure.lower_bound == 100 * figure.numerator_lower_bound / figure.denominator_upper_bound
    assert figure.upper_bound == min(100.0, 100 * figure.numerator_upper_bound / figure.denominator_lower_bound)
    counts = make_likely_counts(figure)
    low, high = (
        100 * counts.numerator_low / counts.denominator_high,
        100 * counts.numerator_high / counts.denominator_low,
    )
    assert figure.error_95 == round(max(figure.value - low, min(high, 100) - figure.value), 1)
    narrow, wide = (intervals.calculate_proportion_interval(counts, confidence=each, per=100) for each in Confidence)
    assert figure.interval_method == narrow.method
    assert list_limits(figure) == [round(limit, count_digits(figure) + 1) for limit in get_limits(narrow, wide)]


def list_limits(figure: PublishedFigure) -> list[float | None]:
    return [figure.lower, figure.upper, figure.lower_99_8, figure.upper_99_8]


def get_limits(*intervals_of_figure: Interval) -> list[float]:
    return [limit for interval in intervals_of_figure for limit in (interval.lower, interval.upper)]


def count_recalculated(figures: Sequence[PublishedFigure], catalogue) -> Counter[str]:
    """Calculate every verdict again and return how many of each were equal to the last bit."""
    done: Counter[str] = Counter()
    for figure in figures:
        if figure.lower_bound is None:
            empty = (figure.value, figure.upper_bound, figure.largest_error, figure.lower, figure.upper_99_8)
            assert empty == (None,) * 5
            assert (figure.comparators, figure.trend, figure.movement, figure.target) == ([], None, None, None)
            assert (figure.markers, figure.error_95) == ([], None)
            assert figure.status is not None
            assert figure.reason is not None
            done["empty"] += 1
            continue
        assert (figure.status, figure.reason) == (None, None)
        bounded = figure.value is not None and figure.upper_bound is not None
        error = max(figure.value - figure.lower_bound, figure.upper_bound - figure.value) if bounded else None
        assert figure.largest_error == error
        is_unreliable = figure.value is not None and 4 * figure.error_95 > figure.value
        assert (Marker.LOW_RELIABILITY in figure.markers) == is_unreliable
        done["unreliable"] += is_unreliable
        if figure.kind is MeasureKind.PROPORTION:
            check_proportion(figure)
            done["percentage"] += 1
        one = catalogue.measures[figure.measure]
        aim = one.direction.aim
        same = [f for f in figures if (f.measure, f.series, f.area, f.breakdown) == get_cell(figure)]
        ratio = figure.kind in (MeasureKind.PROPORTION, MeasureKind.GAP)
        whole = [f for f in same if ratio or f.coverage.approved >= f.coverage.expected]
        own = figure.area == catalogue.plan.area and not figure.breakdown
        if figure in whole:
            starts = [make_reading(f) for f in whole if f.period.end < figure.period.end]
            baseline = one.baseline if own else None
            expected = movement.calculate_movement(make_reading(figure), starts, aim, baseline=baseline)
            is_partial = figure.coverage.approved < figure.coverage.expected
            assert figure.movement == (movement.leave_unjudged(expected) if is_partial else expected)
            done["movement"] += figure.movement.verdict is not None
            done["unjudged"] += is_partial
        else:
            assert figure.movement.reason is NoMovementReason.INCOMPLETE
        points = [f for f in same if f.period.type is figure.period.type and f.period.end <= figure.period.end]
        counted = figure.kind is MeasureKind.PROPORTION and all(f.numerator is not None for f in points)
        method = TrendMethod.COCHRAN_ARMITAGE if counted else TrendMethod.WEIGHTED_LEAST_SQUARES
        assert figure.trend == trends.calculate_trend(
            [make_reading(f) for f in points], aim, kind=figure.kind, method=method
        )
        done["trend"] += figure.trend.tendency is not Tendency.CANNOT_BE_CALCULATED
        for neighbours in figure.comparators:
            wider = [f for f in figures if get_cell(f) == (*get_cell(figure)[:2], neighbours.area, figure.breakdown)]
            [there] = [f for f in wider if f.period == figure.period] or [None]
            assert neighbours.value == (there.value if there else None)
            if there is not None:
                compared = comparison.compare_with_standard(
                    make_reading(figure), make_reading(there), aim, five_way=True
                )
                assert (neighbours.verdict, neighbours.confidence) == (compared.verdict, compared.confidence)
                assert neighbours.method == compared.method
                done["comparator"] += 1
        if figure.target is not None:
            low, high = find_likely_bounds(figure)
            met, missed = low >= figure.target.value, high < figure.target.value
            assert figure.target.met == (True if met else False if missed else None)
            done["target"] += 1
    return done


def get_cell(figure: PublishedFigure):
    return figure.measure, figure.series, figure.area, figure.breakdown


def test_verdicts_follow_from_the_figures_of_the_release():
    done = count_recalculated(RELEASE, PROGRAMME)
    assert done["empty"] > 20
    assert done["percentage"] > 20
    assert done["movement"] > 10
    assert done["unreliable"] > 0
    assert done["comparator"] > 10
    assert done["target"] == 2


def test_derived_figures_use_displayed_figures():
    for code in ("2026-01", "2026-02", "2026-03"):
        parts = [find_figure(RELEASE, slug, code) for slug in ("learners", "on-roll")]
        together, any_ = find_figure(RELEASE, "everybody", code), find_figure(RELEASE, "anybody", code)
        assert together.value == sum(part.value for part in parts)
        assert (together.lower_bound, together.upper_bound) == (
            sum(part.lower_bound for part in parts),
            sum(part.upper_bound for part in parts),
        )
        assert (any_.value, any_.lower_bound) == (None, max(part.lower_bound for part in parts))
        assert any_.upper_bound == together.upper_bound
        assert together.error_95 == ceil(hypot(*(part.error_95 for part in parts)))
        assert any_.largest_error is None
        first, second, gap = (find_figure(RELEASE, slug, code) for slug in ("pass-rate", "prize-rate", "gap"))
        assert gap.value == round(first.value - second.value, 1)
        certain = inequality.calculate_gap(*map(make_certain_counts, (first, second)))
        assert (gap.lower_bound, gap.upper_bound) == (certain.low, certain.high)
        pairs = [make_likely_counts(figure) for figure in (first, second)]
        narrow, wide = (inequality.calculate_gap(*pairs, confidence=each) for each in Confidence)
        assert gap.error_95 == round(max(gap.value - narrow.low, narrow.high - gap.value), 1)
        assert list_limits(gap) == [round(limit, 2) for limit in get_limits(narrow.interval, wide.interval)]


def test_true_numbers_lie_within_the_stated_bounds():
    true = {"2026-01": 189, "2026-02": 192, "2026-03": 19 + 2 * (21 + 3 + 19 + 22) + 21 + 3 + 60 + 22 - 19}
    for code, count in true.items():
        figure = find_figure(RELEASE, "learners", code)
        assert figure.lower_bound <= count <= figure.upper_bound, code
        assert abs(figure.value - count) <= figure.largest_error
    members = find_figure(RELEASE, "members", "2026-01")
    assert (members.value, members.lower_bound, members.upper_bound) == (None, 38, 104), "of 76 to 104 at least half"


def test_uncounted_and_unreleased_measures_state_the_reason():
    rate = make_measure("on-roll", slug="mean-age", kind=MeasureKind.MEAN)
    catalogue = make_catalogue(make_plan(make_measure("prospectus"), rate))
    figures = release_figures(catalogue=catalogue)
    assert {(f.measure, f.reason, f.status) for f in figures} == {
        ("prospectus", "not_a_count", Status.NOT_APPLICABLE),
        ("mean-age", "not_released", Status.NOT_APPLICABLE),
    }
    assert {f.alternatives is None for f in figures if f.measure == "prospectus"} == {False}


def test_published_series_need_no_scope():
    [series] = make_measure("on-roll").series
    published = make_measure("on-roll", series=[replace(series, collection=Collection.PUBLISHED)])
    assert release_figures(catalogue=make_catalogue(make_plan(published))) == []


def test_measure_of_another_area_family_has_no_data():
    families = [*HARBOUR_PLAN.families, replace(HARBOUR_PLAN.families[0], slug="sea", levels=["sea"])]
    catalogue = make_catalogue(make_plan(make_measure("on-roll", area_family="sea"), families=families))
    assert {f.reason for f in release_figures(catalogue=catalogue)} == {"no_data"}


def test_excluded_measure_has_no_figures_and_feeds_no_formula():
    figures = release_figures(*make_returns(), catalogue=PROGRAMME, excluded=["on-roll", "prize-rate"])
    assert {f.measure for f in figures} == {one.slug for one in MEASURES} - {"on-roll", "prize-rate"}
    assert {f.reason for f in figures if f.measure in ("everybody", "anybody", "gap")} == {"part_without_value"}


def test_part_whose_whole_is_excluded_keeps_its_draws():
    """It stays in its scope, so it is not rounded again."""
    whole = make_measure("on-roll", contains=["present"])
    catalogue = make_catalogue(
        make_plan(
            whole,
            make_measure("on-roll", slug="present"),
            duties=[f"{w} {s}" for w in HOLDERS for s in ("on-roll", "present")],
        )
    )

    def make_rows(n: int) -> list[str]:
        """Return Quay's 52 people present, and Pier's n, who change the displayed count from 8 more on."""
        present = ["quay present 2026-01 town 52", f"pier present 2026-01 town {n}"]
        return [*present, "quay on-roll 2026-01 town 100", "pier on-roll 2026-01 town 90"]

    first, chains = make_snapshot(*make_rows(30), catalogue=catalogue)
    second, chains = make_snapshot(*make_rows(37), catalogue=catalogue, number=2, earlier=chains, excluded=["on-roll"])
    third, _ = make_snapshot(*make_rows(38), catalogue=catalogue, number=3, earlier=chains)
    present = [find_figure(list_figures(one), "present", "2026-01") for one in (first, second, third)]
    assert [figure.value for figure in present] == [80, 80, 90]
    assert [figure.largest_error for figure in present] == [14, 28, 28], "rounded again it would be 14"
    assert {f.measure for f in list_figures(second)} == {"present"}


ON_ROLL = make_catalogue(make_plan(make_measure("on-roll"), duties=["quay on-roll", "pier on-roll"]))


def make_on_roll_returns(quay: int, pier: int) -> list[str]:
    return [f"quay on-roll 2026-01 town {quay}", f"pier on-roll 2026-01 town {pier}"]


@pytest.mark.parametrize(
    ("frozen_at", "second", "expected"),
    [
        # Returns for January are accepted for 40 days, to 12 March.
        ("2026-03-01", (50, 30), [Marker.PROVISIONAL]),
        ("2026-03-01", (50, 50), [Marker.PROVISIONAL, Marker.REVISED]),
        ("2026-03-13", (50, 50), [Marker.REVISED]),
        ("2026-03-13", (50, 31), []),  # held back: the same number
        ("2026-03-13", (9, 8), [Marker.REVISED, Marker.LOW_RELIABILITY]),
    ],
)
def test_figure_is_provisional_while_open_and_revised_after_a_change(frozen_at, second, expected):
    first, chains = make_snapshot(*make_on_roll_returns(50, 30), catalogue=ON_ROLL)
    before = list_figures(first)
    at = datetime.fromisoformat(frozen_at).replace(tzinfo=UTC)
    now, _ = make_snapshot(*make_on_roll_returns(*second), catalogue=ON_ROLL, number=2, earlier=chains, frozen_at=at)
    assert find_figure(list_figures(now, before), "on-roll", "2026-01").markers == expected


def test_figure_hidden_before_is_not_marked_as_revised():
    first, _ = make_snapshot(*make_on_roll_returns(3, 2), catalogue=ON_ROLL)
    before = list_figures(first)
    now, _ = make_snapshot(*make_on_roll_returns(50, 30), catalogue=ON_ROLL)
    assert find_figure(list_figures(now, before), "on-roll", "2026-01").markers == []
    assert find_figure(before, "on-roll", "2026-01").markers == []


def test_figure_is_provisional_until_all_returns_received_if_periods_stay_open():
    forever = replace(HARBOUR_PLAN.calendar, closes_days=None)
    catalogue = make_catalogue(
        make_plan(make_measure("on-roll"), duties=["quay on-roll alone", "pier on-roll"], calendar=forever)
    )
    [one] = [
        f for f in release_figures(*make_on_roll_returns(50, 30), catalogue=catalogue) if f.period.code == "2026-01"
    ]
    assert one.markers == []
    [one] = [
        f for f in release_figures(*make_on_roll_returns(50, 30)[:1], catalogue=catalogue) if f.period.code == "2026-01"
    ]
    assert (one.markers, one.movement.reason) == ([Marker.PROVISIONAL], NoMovementReason.INCOMPLETE)
    assert one.coverage == Coverage(expected=2, received=1, approved=1, late=0, exempt=0)


def test_percentage_with_a_missing_return_is_not_judged_against_the_baseline():
    plan = make_plan(make_measure("pass-rate", baseline=BASELINE), duties=[f"{who} pass-rate alone" for who in HOLDERS])
    rows = [f"{who} pass-rate 2026-01 town 300/400" for who in HOLDERS]
    whole, partial = (
        find_figure(release_figures(*given, catalogue=make_catalogue(plan)), "pass-rate", "2026-01").movement
        for given in (rows, rows[:1])
    )
    assert (whole.verdict, whole.reason) == (Verdict.BETTER, None)
    assert (partial.change, partial.verdict, partial.reason) == (45, None, NoMovementReason.INCOMPLETE)


def test_count_with_a_part_that_no_organisation_has_is_not_judged():
    duties = ["quay on-roll alone", "pier on-roll"]
    catalogue = make_catalogue(make_plan(make_measure("on-roll"), duties=duties))
    [first, second] = catalogue.plan.duties
    vacant = make_catalogue(replace(catalogue.plan, duties=[first, replace(second, holder="job-club")]))
    rows = [f"quay on-roll {code} town {count}" for code, count in (("2026-01", 50), ("2026-02", 90))]
    figure = find_figure(release_figures(*rows, catalogue=vacant), "on-roll", "2026-02")
    assert (figure.complete, figure.coverage.approved, figure.coverage.expected) == (True, 1, 2)
    assert (figure.movement.change, figure.movement.verdict, figure.movement.reason) == (40, None, "incomplete")


WAITING = ReturnCompleteness(
    coverage=Coverage(expected=2, received=2, approved=0, late=0, exempt=0), counted_returns=0, is_complete=False
)


def test_return_that_waits_for_review_does_not_make_its_period_the_latest():
    snapshot, _ = make_snapshot(*make_on_roll_returns(50, 30), catalogue=ON_ROLL)
    february = {(("on-roll", "headline"), "2026-02"): WAITING}
    periods = build_period_figures(replace(snapshot, coverage={**snapshot.coverage, **february}), lambda *_: None)
    assert [(one.period.code, one.received) for one in periods if one.period.code < "2026-03"] == [
        ("2026-01", True),
        ("2026-02", False),
    ]


def test_formula_with_a_part_that_waits_does_not_make_its_period_the_latest():
    rows = [f"{who} {slug} 2026-01 town 50" for who in HOLDERS for slug in ("learners", "on-roll")]
    rows += [f"{who} learners 2026-02 town 50" for who in HOLDERS]
    snapshot, _ = make_snapshot(*rows, catalogue=PROGRAMME)
    received = {
        one.period.code: one.received
        for one in build_period_figures(snapshot, lambda *_: None)
        if one.key == ("everybody", "headline")
    }
    assert (received["2026-01"], received["2026-02"]) == (True, False)


YEARS = Window(start=date(2019, 1, 1), end=date(2026, 12, 31), basis=Basis.STATED)


def test_released_gap_has_a_trend():
    annual = replace(make_measure("pass-rate").cadence, period_type=PeriodType.CALENDAR_YEAR)
    measures = [
        make_measure("pass-rate", cadence=annual),
        make_measure("pass-rate", slug="prize-rate", schemes=[], contains=[], cadence=annual),
        make_derived("gap", Operation.DIFFERENCE, "pass-rate", "prize-rate", cadence=annual),
    ]
    duties = [f"{who} {slug}" for who in HOLDERS for slug in ("pass-rate", "prize-rate")]
    catalogue = make_catalogue(make_plan(*measures, duties=duties, window=YEARS))
    rows = [
        f"{who} {slug} CY{year} town {numerator}/2000"
        for who in HOLDERS
        for at, year in enumerate(range(2021, 2026))
        for slug, numerator in (("pass-rate", 1400), ("prize-rate", 400 + 150 * at))
    ]
    last = find_figure(release_figures(*rows, catalogue=catalogue), "gap", "CY2025")
    assert (last.value, last.trend.tendency) == (pytest.approx(20, abs=1), Tendency.DECREASING)
    assert last.trend.method is TrendMethod.WEIGHTED_LEAST_SQUARES


def test_trend_and_comparison_use_displayed_counts():
    annual = replace(make_measure("pass-rate").cadence, period_type=PeriodType.CALENDAR_YEAR)
    rate = make_measure(
        "pass-rate", cadence=annual, direction=replace(HARBOUR_PLAN.measures[0].direction, aim=Aim.DECREASE)
    )
    rate = replace(
        rate,
        targets=[
            Target(period="CY2025", value=30, basis=Basis.STATED),
            Target(period="CY2019", value=30, basis=Basis.STATED),
        ],
    )
    catalogue = make_catalogue(make_plan(rate, duties=["quay pass-rate", "pier pass-rate"], window=YEARS))
    rows = [
        f"{who} pass-rate CY{year} {place} {share * times}/{200 * times}"
        for who in HOLDERS
        for year, share in zip(range(2019, 2026), (20, 40, 60, 80, 100, 120, 140), strict=True)
        for place, times in (("town", 3), ("east", 1), ("west", 2))
    ]
    figures = release_figures(*rows, catalogue=catalogue)
    last = find_figure(figures, "pass-rate", "CY2025")
    assert (last.value, last.trend.tendency, last.trend.verdict) == (70.0, Tendency.INCREASING, Verdict.WORSE)
    assert last.trend.method is TrendMethod.COCHRAN_ARMITAGE
    assert (last.target.met, find_figure(figures, "pass-rate", "CY2019").target.met) == (False, True)
    east = find_figure(figures, "pass-rate", "CY2025", "east")
    assert [(c.area, c.value, c.verdict) for c in east.comparators] == [(TOWN, 70.0, Verdict.SIMILAR)]
    assert east.target is None
    towns = [c for f in figures if f.area == TOWN for c in f.comparators]
    assert towns == [], "the plan knows no wider area"
    sexes = find_figure(figures, "pass-rate", "CY2025", "east", sex="female")
    assert sexes.reason == "suppressed"
    done = count_recalculated([replace(f, target=None) for f in figures], catalogue)
    assert done["trend"] > 5
    assert east.area == EAST


def test_wider_area_without_a_value_states_the_reason():
    catalogue = make_catalogue(make_plan(make_measure("pass-rate"), duties=["quay pass-rate", "pier pass-rate"]))
    rows = [f"{who} pass-rate 2026-01 {cell}" for who in HOLDERS for cell in ("east 20/60", "town c")]
    east = find_figure(release_figures(*rows, catalogue=catalogue), "pass-rate", "2026-01", "east")
    assert [(c.area, c.value, c.verdict, c.reason) for c in east.comparators] == [
        (TOWN, None, None, "no_published_equivalent")
    ]


def test_released_movement_compares_the_same_sources_and_names_none():
    """A percentage has a movement although a return is missing, so that the sources of two months may differ."""
    catalogue = make_catalogue(make_plan(make_measure("pass-rate"), duties=[f"{who} pass-rate" for who in HOLDERS]))
    returned = {"2026-01": HOLDERS, "2026-02": ("quay",), "2026-03": HOLDERS}
    rows = [f"{who} pass-rate {code} town 200/400" for code, names in returned.items() for who in names]
    figures = [
        find_figure(release_figures(*rows, catalogue=with_publish_alone(catalogue)), "pass-rate", code)
        for code in returned
    ]
    january, february, march = (figure.movement for figure in figures)
    assert (january.reason, february.reason) == (NoMovementReason.NO_START, NoMovementReason.NOT_COMPARABLE)
    assert (march.start_period, march.verdict, march.reason) == ("2026-01", Verdict.WITHIN_UNCERTAINTY, None)
    assert (february.start_period, february.change, february.direction) == ("2026-01", None, None)
    assert set(msgspec.to_builtins(february)) == set(Movement.__struct_fields__), "no organisation is named"


def with_publish_alone(catalogue):
    duties = [replace(duty, publish_alone=True) for duty in catalogue.plan.duties]
    return make_catalogue(replace(catalogue.plan, duties=duties))


def test_change_of_a_rounded_count_combines_the_errors_of_both():
    """80 and 110 people on roll, each ±6 in 95 % of roundings: the change is 30 ± 9."""
    catalogue = make_catalogue(make_plan(make_measure("on-roll"), duties=["quay on-roll", "pier on-roll"]))
    rows = [*make_on_roll_returns(50, 30), *(row.replace("2026-01", "2026-02") for row in make_on_roll_returns(80, 30))]
    movement = find_figure(release_figures(*rows, catalogue=catalogue), "on-roll", "2026-02").movement
    assert (movement.change, movement.lower, movement.upper) == (30, 21, 39)
    assert (movement.verdict, movement.direction, movement.method) == ("better", "higher", "rounding")


def test_target_between_the_bounds_is_undecided():
    """80 people on roll: in 95 % of roundings, 74 to 86."""
    for aim, value, met in (
        (Aim.INCREASE, 74, True),
        (Aim.INCREASE, 75, None),
        (Aim.INCREASE, 87, False),
        (Aim.DECREASE, 86, True),
        (Aim.DECREASE, 85, None),
        (Aim.DECREASE, 73, False),
    ):
        direction = replace(HARBOUR_PLAN.measures[0].direction, aim=aim)
        targets = [Target(period="2026-01", value=value, basis=Basis.STATED)]
        one = make_measure("on-roll", direction=direction, targets=targets)
        catalogue = make_catalogue(make_plan(one, duties=["quay on-roll", "pier on-roll"]))
        figure = find_figure(release_figures(*make_on_roll_returns(50, 30), catalogue=catalogue), "on-roll", "2026-01")
        assert figure.target.met is met, (aim, value)


def test_last_month_of_a_stock_is_judged_by_the_target_of_the_year():
    targets = [Target(period="FY2025-26", value=74, basis=Basis.STATED)]
    duties = ["quay on-roll", "pier on-roll"]
    catalogue = make_catalogue(make_plan(make_measure("on-roll", targets=targets), duties=duties))
    rows = [row.replace("2026-01", code) for code in ("2026-02", "2026-03") for row in make_on_roll_returns(50, 30)]
    figures = {figure.period.code: figure for figure in release_figures(*rows, catalogue=catalogue)}
    assert figures["2026-02"].target is None
    for code in ("2026-03", "FY2025-26-Q4"):
        assert (figures[code].target.value, figures[code].target.period) == (74, "FY2025-26")


def test_formula_uses_a_stock_at_the_end_of_the_period():
    halves = replace(make_measure("on-roll").cadence, period_type=PeriodType.CALENDAR_QUARTER)
    catalogue = make_catalogue(
        make_plan(
            make_measure("on-roll"),
            make_derived("total", Operation.SUM, "on-roll", "on-roll", cadence=halves),
            duties=["quay on-roll", "pier on-roll"],
        )
    )
    rows = [row.replace("2026-01", code) for code in ("2026-02", "2026-03") for row in make_on_roll_returns(50, 30)]
    [one] = [f for f in release_figures(*rows, catalogue=catalogue) if f.measure == "total"]
    assert (one.period.code, one.value) == ("CY2026-Q1", 160)
    [one] = [f for f in release_figures(*rows[:2], catalogue=catalogue) if f.measure == "total"]
    assert (one.value, one.reason) == (None, "last_period_incomplete"), "nothing was returned for March"


def test_formula_of_distinct_people_of_months_has_bounds_for_a_quarter():
    """Each college displays 40 ± 7 in each month; two sources may count the same people."""
    quarters = replace(make_measure("on-roll").cadence, period_type=PeriodType.CALENDAR_QUARTER)
    total = make_derived("total", Operation.SUM, "members", "members", cadence=quarters)
    catalogue = make_catalogue(make_plan(make_measure("members"), total, duties=["quay members", "pier members"]))
    rows = [f"{who} members 2026-0{n} town 40" for who in HOLDERS for n in (1, 2, 3)]
    [one] = [f for f in release_figures(*rows, catalogue=catalogue) if f.measure == "total"]
    assert (one.value, one.lower_bound, one.upper_bound) == (None, 2 * 33, 2 * 2 * 3 * 47)


def test_each_scope_is_loaded_once_for_each_of_its_series():
    """All series together may not fit into memory. The totals of formulas are loaded separately.

    The longer periods of distinct people need the counts of each organisation, which are loaded once as well.
    """
    loaded_keys: list[str] = []
    snapshot, _ = make_snapshot(*make_returns(), catalogue=PROGRAMME)

    def load_counts(scope: AuditScope, organisations=None):
        loaded_keys.append(" ".join([scope.key, *sorted(organisations or ())]))
        return snapshot.load_counts(scope, organisations)

    measures = [one for one in PROGRAMME.plan.measures if one.slug in COUNTED]
    catalogue = make_catalogue(replace(PROGRAMME.plan, measures=measures))
    list_figures(replace(snapshot, catalogue=catalogue, load_counts=load_counts))
    expected = Counter(scope.key for series in snapshot.scopes for scope in series.scopes for _ in series.members)
    months = ("2026-01", "2026-02", "2026-03")
    expected += Counter(f"members/headline {code} {who}-college" for code in months for who in HOLDERS)
    assert Counter(loaded_keys) == expected


def test_periods_of_an_earlier_method_keep_their_figures():
    first, chains = make_snapshot(*make_returns(), catalogue=PROGRAMME)
    before = list_figures(first)
    second, _ = make_snapshot(*make_returns(march=90), catalogue=PROGRAMME, number=2, earlier=chains)
    carried = {((slug, "headline"), "2026-03") for slug in ("learners", "on-roll")}
    scopes = exclude_periods(second.scopes, carried)
    figures = list_figures(replace(second, scopes=scopes, carried=frozenset(carried)), before)
    for slug in ("learners", "on-roll", "everybody", "anybody"):
        old = [figure for figure in before if (figure.measure, figure.period.code) == (slug, "2026-03")]
        new = [figure for figure in figures if (figure.measure, figure.period.code) == (slug, "2026-03")]
        assert [replace(figure, release=2) for figure in old] == new
    assert {f.period.code for f in figures if f.measure == "learners"} == {"2026-01", "2026-02", "2026-03"}
    assert {f.period.code for f in figures if f.measure == "members"} == {
        *("2026-01", "2026-02", "2026-03", "FY2025-26-Q4")
    }
    nothing = list_figures(replace(second, scopes=scopes, carried=frozenset(carried)))
    assert {f.period.code for f in nothing if f.measure == "learners"} == {"2026-01", "2026-02"}
