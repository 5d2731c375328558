"""Rates of a population: which estimate, which residents, bounds and limits, and why there is no rate."""

import pytest
from msgspec.structs import replace

from api.figures.population_queries import plan_rate_queries
from api.figures.population_rates import build_rates
from api.figures.query import IncompatibleFilters, NoPopulationForm, OutcomeQuery, resolve_axes
from api.plan.breakdowns import parse_breakdown_key
from api.statistics import periods
from schema.measures import MeasureKind, PerPopulation
from schema.outcomes import Coverage, OutcomeForm, PreviewFigure, PublishedSource
from schema.released_figures import PublishedFigure
from schema.submissions import Marker, Status
from tests.spec.test_resolution import NOTTINGHAM

CITY, WARD = "E06000018", "E05012270"
REFERRALS, RESIDENTS = "ips-primary-care-referrals", "resident-population"
SHARED = {
    "series": "headline",
    "coverage": Coverage(expected=1, received=1, approved=1, late=0, exempt=0),
    "comparators": [],
    "trend": None,
    "movement": None,
    "target": None,
    "numerator": None,
    "denominator": None,
    **dict.fromkeys(("lower", "upper", "lower_99_8", "upper_99_8", "interval_method")),
}
COUNT_BOUNDS = dict.fromkeys(
    ("numerator_lower_bound", "numerator_upper_bound", "denominator_lower_bound", "denominator_upper_bound")
)


def make_count(
    value,
    key="",
    *,
    low=None,
    high=None,
    error=7,
    largest=7,
    period="FY2025-26-Q1",
    area=WARD,
    status=None,
    reason=None,
):
    """Return a released count; its true count is at most 7 from it, unless stated."""
    is_known = value is not None or low is not None
    return PublishedFigure(
        measure=REFERRALS,
        kind=MeasureKind.FLOW,
        unit="referrals",
        period=periods.parse(period),
        area=area,
        breakdown=parse_breakdown_key(key),
        value=value,
        lower_bound=(value - largest if low is None else low) if is_known else None,
        upper_bound=(value + largest if value is not None else high) if is_known else None,
        largest_error=largest if value is not None else None,
        error_95=error if value is not None else None,
        status=status,
        reason=reason,
        markers=[Marker.REVISED] if is_known else [],
        release=1,
        policy_version=1,
        **COUNT_BOUNDS,
        **SHARED,
    )


def make_preview_count(value, key="", high=None):
    return PreviewFigure(
        measure=REFERRALS,
        kind=MeasureKind.FLOW,
        unit="referrals",
        period=periods.parse("FY2025-26-Q1"),
        area=WARD,
        breakdown=parse_breakdown_key(key),
        value=value if high is None else None,
        lower_bound=value,
        upper_bound=value if high is None else high,
        largest_error=0,
        status=None,
        reason=None,
        markers=[],
        as_of=None,
        cells_without_value=0,
        contributors=[],
        **SHARED,
    )


def make_estimates(*, year=2024, area=WARD, note="mid-2024", **residents):
    """Return an estimate with residents by key, such as `total`, `16-24` or `16-24 female`."""
    source = PublishedSource(
        publisher="ONS",
        title="Estimates",
        identifier="NM_2014_1",
        statistical_status=None,
        value=None,
        limits_derived=False,
        note=note,
    )
    figures = []
    for name, number in residents.items():
        ages, _, sex = name.removeprefix("age_").replace("_", "-").partition("--")
        key = "" if name == "total" else f"age-band={ages}" + (f";sex={sex}" if sex else "")
        count = make_count(number, key, low=number or 0, period=f"D{year}-06-30", area=area)
        figures.append(replace(count, measure=RESIDENTS, source=source, value=number))
    return figures


BANDS = {"age_16_24": 1000, "age_25_34": 2000, "age_35_49": 3000, "age_50_64": 4000}
ESTIMATE = make_estimates(total=13_000, **BANDS)


def to_rate(count, estimates=None, *, form="per_population", counts=(), ages=None):
    query = OutcomeQuery(measures=[REFERRALS], form=OutcomeForm(form))
    [rate_query] = plan_rate_queries(query, resolve_axes(query, NOTTINGHAM), NOTTINGHAM)
    if ages is not None:
        rate_query = replace(rate_query, bands=ages, declared=replace(rate_query.declared, ages=ages))
    inputs = rate_query.collect(ESTIMATE if estimates is None else estimates, counts)
    [rate] = build_rates([count], {REFERRALS: inputs})
    return rate


def test_rate_of_a_displayed_count_has_its_bounds_error_and_limits():
    rate = to_rate(make_count(30, error=10, largest=12))
    assert (rate.value, rate.lower_bound, rate.upper_bound, rate.largest_error) == pytest.approx((3, 1.8, 4.2, 1.2))
    assert (rate.error_95, rate.counts_error_95) == pytest.approx((1, 10))
    assert (rate.numerator, rate.numerator_lower_bound, rate.numerator_upper_bound) == (30, 18, 42)
    assert (rate.denominator, rate.denominator_lower_bound, rate.denominator_upper_bound) == (10_000,) * 3
    # PHEindicatormethods, tests/testthat/testdata_Rate.xlsx: the lower limit of a count of 20 and the upper one of 40.
    assert (rate.lower, rate.upper) == (round(12.211428834875937 / 10, 3), round(27235.04966001213 / 500 / 10, 3))
    assert rate.lower_99_8 == round(8.922802365144193 / 10, 3)
    assert rate.upper_99_8 > rate.upper
    assert (rate.kind, rate.unit) == ("rate", "referrals-per-1000-residents-16-64")
    assert (rate.markers, rate.interval_method, rate.status, rate.reason) == (["r"], "byar", None, None)
    population = rate.population
    assert (population.period, population.identifier, population.note, population.per) == (
        *("D2024-06-30", "NM_2014_1", "mid-2024"),
        1000,
    )


#   count                                       residents               value
RATES = [
    (make_count(25),                            10_000,                 2.5),
    (make_count(25, "age-band=16-24"),          1000,                   25),
    (make_count(25, "age-band=65-plus"),        500,                    50),
    (make_count(25, "sex=female"),              4000,                   6.25),
    (make_count(25, "age-band=16-24;sex=female"), 400,                  62.5),
    (make_count(10, area=CITY),                 30_000,                 0.33),
]  # fmt: skip
EVERY_ESTIMATE = [
    *make_estimates(
        total=13_000,
        **BANDS,
        age_65_plus=500,
        age_16_24__female=400,
        age_25_34__female=1100,
        age_35_49__female=1200,
        age_50_64__female=1300,
    ),
    *make_estimates(area=CITY, age_16_24=6000, age_25_34=7000, age_35_49=8000, age_50_64=9000),
]


@pytest.mark.parametrize(("count", "residents", "value"), RATES)
def test_denominator_has_the_categories_of_the_count(count, residents, value):
    rate = to_rate(count, EVERY_ESTIMATE)
    assert (rate.denominator, rate.value) == (residents, value)


def test_rate_of_all_ages_has_all_residents():
    assert to_rate(make_count(26), ages=[]).value == 2


#   period             years of estimates      year used
YEARS = [
    ("FY2025-26-Q1",   (2023, 2024, 2025, 2026), 2025),
    ("FY2025-26-Q4",   (2023, 2024, 2025, 2026), 2026),
    ("FY2025-26",      (2023, 2024, 2025, 2026), 2025),
    ("AY2025-26",      (2023, 2024, 2025, 2026), 2026),
    ("CY2025",         (2023, 2024, 2025, 2026), 2025),
    ("FY2025-26-Q1",   (2026, 2022, 2023),       2023),
    ("FY2025-26-Q1",   (2026,),                  None),
    ("FY2025-26-Q1",   (),                       None),
]  # fmt: skip


@pytest.mark.parametrize(("period", "years", "used"), YEARS)
def test_estimate_is_that_of_the_year_or_the_newest_before(period, years, used):
    estimates = [figure for year in years for figure in make_estimates(year=year, **BANDS)]
    rate = to_rate(make_count(25, period=period), estimates)
    if used is None:
        assert (rate.value, rate.status, rate.reason, rate.population.period) == (None, "x", "no_population", None)
        assert (rate.denominator, rate.markers, rate.numerator) == (None, [], None)
    else:
        assert (rate.value, rate.population.period) == (2.5, f"D{used}-06-30")


@pytest.mark.parametrize(
    ("count", "estimates"),
    [
        (make_count(25, "ethnicity-5=asian"), None),
        (make_count(25, "age-band=unknown"), None),
        (make_count(25, area=f"{CITY}-unknown"), None),
        (make_count(25), make_estimates(**{**BANDS, "age_50_64": None})),
        (make_count(25, "age-band=16-24"), make_estimates(age_16_24=0)),
    ],
    ids=["by-ethnic-group", "age-not-known", "ward-not-known", "one-band-without-residents", "nobody-lives-there"],
)
def test_count_without_residents_has_a_reason(count, estimates):
    rate = to_rate(count, estimates)
    assert (rate.value, rate.lower_bound, rate.lower) == (None, None, None)
    assert (rate.status, rate.reason) == ("x", "no_population")


def test_hidden_count_keeps_its_status_and_reason():
    hidden = make_count(None, status=Status.CONFIDENTIAL, reason="suppressed")
    rate = to_rate(hidden)
    assert (rate.value, rate.status, rate.reason, rate.denominator) == (None, "c", "suppressed", 10_000)


def test_count_known_by_bounds_has_a_rate_known_by_bounds():
    bounded = to_rate(make_count(None, low=30, high=90))
    assert (bounded.value, bounded.lower_bound, bounded.upper_bound, bounded.error_95) == (None, 3, 9, None)
    assert (bounded.largest_error, bounded.lower < 3, bounded.upper > 9) == (None, True, True)
    unbounded = to_rate(make_count(None, low=30))
    assert (unbounded.lower_bound, unbounded.upper_bound, unbounded.lower) == (3, None, None)


def test_rate_of_a_preview_is_exact():
    rate = to_rate(make_preview_count(3))
    assert (rate.value, rate.lower_bound, rate.upper_bound, rate.largest_error) == (0.3, 0.3, 0.3, 0)
    assert (rate.numerator, rate.denominator, rate.interval_method) == (3, 10_000, "exact-poisson")


AGE_COUNTS = {"16-24": 20, "25-34": 30, "35-49": 30, "50-64": 40}


def make_age_counts(**changes):
    return [make_count(n, f"age-band={band}", error=0) for band, n in (AGE_COUNTS | changes).items() if n != "absent"]


def test_standardised_rate_has_the_weights_of_the_standard_population():
    rate = to_rate(make_count(125), form="age_standardised", counts=make_age_counts())
    # 20, 15, 10 and 10 per 1,000, with weights of 10,400, 12,500, 21,000 and 19,500.
    assert rate.value == round((20 * 10_400 + 15 * 12_500 + 10 * 21_000 + 10 * 19_500) / 63_400, 2) == 12.63
    assert (rate.numerator, rate.numerator_lower_bound, rate.numerator_upper_bound) == (120, 92, 148)
    assert (rate.denominator, rate.interval_method, rate.error_95) == (10_000, "dobson", 0)
    assert rate.lower_bound < rate.lower < rate.value < rate.upper < rate.upper_bound


def test_error_of_displayed_counts_is_carried_into_a_standardised_rate():
    counts = [replace(count, error_95=3) for count in make_age_counts()]
    exact = to_rate(make_count(125), form="age_standardised", counts=make_age_counts())
    rate = to_rate(make_count(125), form="age_standardised", counts=counts)
    # Three more in each band: 3 more per 1,000 in the first, and 1.5, 1 and 0.75 in the others.
    assert rate.error_95 == pytest.approx((3 * 10_400 + 1.5 * 12_500 + 21_000 + 0.75 * 19_500) / 63_400)
    assert (rate.lower < exact.lower, rate.upper > exact.upper, rate.counts_error_95) == (True, True, 6)


SUPPRESSED = make_count(None, "age-band=16-24", status=Status.CONFIDENTIAL, reason="suppressed")
#   counts by age                                                              reason
NOT_STANDARDISED = [
    ([],                                                                        "no_counts_by_age"),
    (make_age_counts(**{"16-24": "absent"}),                                    "no_counts_by_age"),
    ([*make_age_counts(), make_count(None, "age-band=16-24", low=3, high=9)],   "no_counts_by_age"),
    ([*make_age_counts(), SUPPRESSED],                                          "suppressed"),
    ([make_preview_count(2, f"age-band={band}") for band in AGE_COUNTS],        "count_below_10"),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "reason"), NOT_STANDARDISED)
def test_rate_that_cannot_be_standardised_has_a_reason(counts, reason):
    rate = to_rate(make_count(125), form="age_standardised", counts=counts)
    assert (rate.value, rate.lower, rate.reason) == (None, None, reason)
    assert rate.status == ("c" if reason == "suppressed" else "x")


def plan_queries(catalogue=NOTTINGHAM, **filters):
    query = OutcomeQuery(**filters)
    return plan_rate_queries(query, resolve_axes(query, catalogue), catalogue)


#   form                 filters                              dimensions of the population
POPULATION_QUERIES = [
    ("per_population",   {},                                  ["age-band"]),
    ("per_population",   {"group_by": ["sex"]},               ["age-band", "sex"]),
    ("per_population",   {"breakdowns": ["age-band:16-24"]},  ["age-band"]),
    ("per_population",   {"group_by": ["ethnicity-5"]},       []),
    ("age_standardised", {"group_by": ["sex"]},               ["age-band", "sex"]),
]  # fmt: skip


@pytest.mark.parametrize(("form", "filters", "dimensions"), POPULATION_QUERIES)
def test_population_query_has_the_dimensions_that_rates_need(form, filters, dimensions):
    [query] = plan_queries(measures=[REFERRALS], form=OutcomeForm(form), areas=[CITY], **filters)
    assert (query.populations.measures, query.populations.group_by) == ([RESIDENTS], dimensions)
    assert (query.populations.areas, query.populations.to_period) == ([CITY], "latest")
    assert (query.counts_by_age is None) == (form == "per_population")
    if query.counts_by_age:
        assert (query.counts_by_age.group_by, query.counts_by_age.form) == (["sex", "age-band"], None)


def test_query_without_form_needs_no_population():
    assert plan_queries(measures=[REFERRALS]) == []


def test_all_ages_are_standardised_where_the_plan_names_none():
    measures = [
        replace(measure, per_population=replace(measure.per_population, ages=[])) if measure.per_population else measure
        for measure in NOTTINGHAM.plan.measures
    ]
    catalogue = replace(NOTTINGHAM, plan=replace(NOTTINGHAM.plan, measures=measures))
    [standardised] = plan_queries(catalogue, measures=[REFERRALS], form=OutcomeForm.AGE_STANDARDISED)
    assert standardised.bands == ["16-24", "25-34", "35-49", "50-64", "65-plus"]
    [crude] = plan_queries(catalogue, measures=[REFERRALS], form=OutcomeForm.PER_POPULATION)
    assert (crude.bands, crude.populations.group_by) == ([], [])


def test_standardised_rate_by_age_is_refused():
    with pytest.raises(IncompatibleFilters):
        plan_queries(measures=[REFERRALS], form=OutcomeForm.AGE_STANDARDISED, breakdowns=["age-band:16-24"])


@pytest.mark.parametrize("filters", [{"measures": ["hub-job-placements"]}, {"theme": "theme-3"}])
def test_measures_without_the_form_are_refused(filters):
    with pytest.raises(NoPopulationForm):
        plan_queries(form=OutcomeForm.PER_POPULATION, **filters)


def test_declaration_names_the_denominator():
    [declared] = [m.per_population for m in NOTTINGHAM.plan.measures if m.per_population]
    assert isinstance(declared, PerPopulation)
    assert (declared.population, declared.ages) == (RESIDENTS, list(AGE_COUNTS))
