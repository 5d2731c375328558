"""The recent trend: test vectors of Fingertips, then trends that cannot be calculated.

The vectors are from `TrendMarkerCalculatorTest.cs` in github.com/ukhsa-collaboration/fingertips-open (commit
6780897) and of `IndicatorTestData.cs` with `TrendCalculatorTests.cs` in github.com/dhsc-govuk/FingertipsNext (commit
d1600f4), both under the MIT licence. A line is a year, its value, its 95 % limits, its count and its denominator.
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.periods import parse, shift_period
from api.statistics.readings import Reading
from api.statistics.trends import CRITICAL_CHI_SQUARED, calculate_trend
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import Aim, MeasureKind
from schema.verdicts import NoTrendReason, Tendency, Trend, TrendMethod, Verdict

WLS, COUNTS = TrendMethod.WEIGHTED_LEAST_SQUARES, TrendMethod.COCHRAN_ARMITAGE


def make_published_interval(lower, upper):
    return Interval(lower=lower, upper=upper, confidence=Confidence.P95, method=IntervalMethod.PUBLISHED)


def parse_readings(table):
    return [
        Reading(
            series="rate",
            period=parse(f"CY{year}"),
            value=float(value),
            intervals=(make_published_interval(float(lower), float(upper)),),
            numerator=int(count),
            denominator=int(base),
        )
        for year, value, lower, upper, count, base in map(str.split, table.strip().splitlines())
    ]


RISING = """
    2018  30.6   28.98  32.25  1367  44701
    2017  30.2   28.63  31.9   1332  44064
    2016  28     26.44  29.64  1199  42811
    2015  24.6   23.15  26.19  1023  41527
    2014  24.67  23.16  26.25  994   40299
"""
FLAT = """
    2014  20.5506  18.1803  23.1427  209  1017
    2015  19.5952  17.3444  22.0602  213  1087
    2016  19.0349  16.8421  21.4394  213  1119
    2017  21.3966  19.0918  23.8975  239  1117
    2018  18.4372  16.2925  20.7941  210  1139
"""
ALL_IN_ONE_YEAR = """
    2012  100  0  0  5  5
    2013  60   0  0  3  5
    2014  20   0  0  1  5
    2015  25   0  0  1  4
    2016  50   0  0  2  4
"""
# England, indicators 241, 41203 and 40501; Yorkshire and the Humber, 30309. The source gives 40501 for 2023 as
# 120/7742, which C# evaluates to 0.
DIABETES = """
    2024  7.6554  7.6481  7.6669  3938080  51441896
    2023  7.4528  7.4456  7.4643  3774801  50649129
    2022  7.2571  7.2499  7.2684  3625401  49956777
    2021  7.1085  7.1013  7.1199  3491868  49122259
    2020  7.0826  7.0754  7.094   3455176  48783947
"""
MMR = """
    2024  90.1013  89.8578  90.3396  53185  59028
    2023  90.017   89.7694  90.2594  51767  57508
    2022  90.8708  90.6358  91.1004  53681  59074
    2021  92.3221  92.1072  92.5315  55865  60511
    2020  92.6254  92.4168  92.8288  57274  61834
"""
SIGHT_LOSS = """
    2024  3.0121   2.8616  3.1683  1502  49866388
    2023  2.8701   2.7225  3.0237  1415  49300918
    2022  2.7567   2.6113  2.9082  1344  48753376
    2021  1.93028  1.8085  2.058   935   48440507
    2020  2.935    2.7841  3.0919  1416  48246126
"""
CANCER = """
    2023  120.7742  119.8035  121.7507  59423  52380101
    2022  122.3782  121.4012  123.361   60192  51966274
    2021  121.5234  120.5533  122.4993  60202  51653460
    2020  125.829   124.8371  126.8268  61740  51530437
    2019  126.9341  125.9343  127.94    61807  51510878
"""


def trend_of_table(table, method=WLS, *, aim=None, kind=MeasureKind.PROPORTION):
    return calculate_trend(parse_readings(table), aim, kind=kind, method=method)


# --- test vectors of Fingertips -----------------------------------------------------------------------------


def test_critical_value_equals_that_of_fingertips():
    assert pytest.approx(9.54953570608324, rel=1e-14) == CRITICAL_CHI_SQUARED


# Chi-squared to two decimals is from the tests of fingertips-open. More decimals are from statsmodels 0.15.0: WLS with
# the weights as known variances, and Table.test_ordinal_association.
CHI_SQUARED = [
    (RISING, WLS, 46.77, 46.765315792063134, Tendency.INCREASING),
    (RISING, COUNTS, 47.9, 47.89667670758912, Tendency.INCREASING),
    (FLAT, WLS, 0.46, 0.4642430851373975, Tendency.NO_SIGNIFICANT_CHANGE),
    (FLAT, COUNTS, 0.4, 0.40026406325244573, Tendency.NO_SIGNIFICANT_CHANGE),
]


@pytest.mark.parametrize(("table", "method", "two_decimals", "chi_squared", "tendency"), CHI_SQUARED)
def test_trend_equals_that_of_fingertips(table, method, two_decimals, chi_squared, tendency):
    trend = trend_of_table(table, method)
    assert round(trend.chi_squared, 2) == two_decimals
    assert trend == Trend(
        tendency=tendency,
        method=method,
        chi_squared=pytest.approx(chi_squared, rel=1e-12),
        first_period="CY2014",
        last_period="CY2018",
    )


INDICATORS = [
    (DIABETES, MeasureKind.PROPORTION, None, Tendency.INCREASING, None),
    (MMR, MeasureKind.PROPORTION, Aim.INCREASE, Tendency.DECREASING, Verdict.WORSE),
    (SIGHT_LOSS, MeasureKind.RATE, Aim.DECREASE, Tendency.INCREASING, Verdict.WORSE),
    (CANCER, MeasureKind.RATE, Aim.DECREASE, Tendency.DECREASING, Verdict.BETTER),
]


@pytest.mark.parametrize(("table", "kind", "aim", "tendency", "verdict"), INDICATORS)
def test_real_indicators_have_the_tendency_that_fingertips_publishes(table, kind, aim, tendency, verdict):
    trend = trend_of_table(table, aim=aim, kind=kind)
    assert (trend.tendency, trend.verdict) == (tendency, verdict)


@pytest.mark.parametrize(("table", "kind", "aim", "tendency", "verdict"), INDICATORS[:2])
def test_both_methods_agree_on_real_proportions(table, kind, aim, tendency, verdict):
    assert trend_of_table(table, COUNTS, aim=aim, kind=kind).tendency is tendency


def test_verdict_depends_on_the_direction():
    assert trend_of_table(RISING, aim=Aim.INCREASE).verdict is Verdict.BETTER
    assert trend_of_table(RISING, aim=Aim.DECREASE).verdict is Verdict.WORSE
    assert trend_of_table(RISING, aim=Aim.ACHIEVE).verdict is None
    assert trend_of_table(FLAT, aim=Aim.INCREASE).verdict is None


# --- no single year makes a trend --------------------------------------------------------------------------


def make_readings(*values, error=0.1, first=2018):
    return [
        Reading(
            series="rate",
            period=parse(f"CY{year}"),
            value=value,
            intervals=(make_published_interval(value - 1.96 * error, value + 1.96 * error),),
        )
        for year, value in enumerate(values, start=first)
    ]


ONE_YEAR = [
    # chi-squared by hand, Σ(t - 3)·value = s, s² ÷ (10 × 0.1²): a line through equal errors
    ((10, 10, 10, 10, 14), 640, Tendency.NO_SIGNIFICANT_CHANGE),
    ((14, 14, 14, 14, 10), 640, Tendency.NO_SIGNIFICANT_CHANGE),
    ((14, 10, 10.1, 10.2, 10.3), 518.4, Tendency.NO_SIGNIFICANT_CHANGE),
    ((10, 14, 10, 10, 10), 160, Tendency.NO_SIGNIFICANT_CHANGE),
    ((10, 10, 10, 11, 14), 810, Tendency.INCREASING),
    ((14, 11, 10, 10, 10), 810, Tendency.DECREASING),
    ((10, 11, 12, 11, 10.9), 32.4, Tendency.NO_SIGNIFICANT_CHANGE),
    ((10, 10.1, 10.2, 10.3, 10.4), 10, Tendency.INCREASING),
    ((10, 10.09, 10.18, 10.27, 10.36), 8.1, Tendency.NO_SIGNIFICANT_CHANGE),
    ((10, 10, 10, 10, 10), 0, Tendency.NO_SIGNIFICANT_CHANGE),
]


@pytest.mark.parametrize(("values", "chi_squared", "tendency"), ONE_YEAR)
def test_tendency_does_not_depend_on_a_single_year(values, chi_squared, tendency):
    trend = calculate_trend(make_readings(*values), None, kind=MeasureKind.RATE, method=WLS)
    assert trend.tendency is tendency
    assert trend.chi_squared == pytest.approx(chi_squared)


# Numerators of 1,000. The expected values are from `TrendMarkerCalculator` of fingertips-open, translated line by line
# and run outside this project; it agreed with this module on 80,000 random series. Other scales than log odds differ.
LOG_ODDS = [
    ((500, 780, 520, 950, 610), Tendency.INCREASING),
    ((860, 580, 900, 760, 560), Tendency.DECREASING),
    ((760, 680, 590, 790, 890), Tendency.INCREASING),
    ((990, 740, 600, 980, 540), Tendency.NO_SIGNIFICANT_CHANGE),
    ((620, 850, 520, 760, 790), Tendency.NO_SIGNIFICANT_CHANGE),
    ((1, 3, 6, 12, 20), Tendency.INCREASING),
    ((999, 990, 980, 970, 960), Tendency.DECREASING),
]


@pytest.mark.parametrize(("numerators", "tendency"), LOG_ODDS)
def test_tendency_of_counts_follows_the_log_odds(numerators, tendency):
    points = [
        replace(point, numerator=x, denominator=1000)
        for point, x in zip(make_readings(1, 2, 3, 4, 5), numerators, strict=True)
    ]
    assert calculate_trend(points, None, kind=MeasureKind.PROPORTION, method=COUNTS).tendency is tendency


# --- selection of points ------------------------------------------------------------------------------------------


def test_trend_uses_only_the_last_five_points():
    assert trend_of_table("2013 90 89 91 900 1000" + RISING) == trend_of_table(RISING)


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_trend_does_not_depend_on_the_order_of_readings(random: Random):
    points = parse_readings(RISING)
    assert calculate_trend(
        random.sample(points, len(points)), None, kind=MeasureKind.PROPORTION, method=WLS
    ) == trend_of_table(RISING)


ANNUAL = ["CY2020", "FY2020-21", "AY2020-21", "R12-2020-09", "R3-2020-02", "D2020-09-30", "D2020-02-29"]


@pytest.mark.parametrize("code", ANNUAL)
def test_one_period_a_year_is_annual(code):
    points = [
        replace(point, period=shift_period(parse(code), n, months=12)) if n else replace(point, period=parse(code))
        for n, point in enumerate(reversed(parse_readings(RISING)))
    ]
    assert (
        calculate_trend(points, None, kind=MeasureKind.PROPORTION, method=WLS).tendency
        is not Tendency.CANNOT_BE_CALCULATED
    )


WITHOUT_TREND = [
    ("FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3 FY2025-26-Q4 FY2026-27-Q1", NoTrendReason.NOT_ANNUAL),
    ("2021-04 2022-04 2023-04 2024-04 2025-04", NoTrendReason.NOT_ANNUAL),
    ("CY2018 CY2019 FY2020-21 FY2021-22 FY2022-23", NoTrendReason.NOT_ANNUAL),
    ("R3-2024-03 R3-2024-06 R3-2024-09 R3-2024-12 R3-2025-03", NoTrendReason.NOT_ANNUAL),
    ("R12-2020-12 R12-2021-12 R12-2022-12 R12-2023-12 R24-2025-12", NoTrendReason.NOT_ANNUAL),
    ("D2024-03-31 D2024-06-30 D2024-09-30 D2024-12-31 D2025-03-31", NoTrendReason.NOT_ANNUAL),
    ("R12-2024-12 R12-2025-03 R12-2025-06 R12-2025-09 R12-2025-12", NoTrendReason.OVERLAPPING_PERIODS),
    ("R36-2018-12 R36-2019-12 R36-2020-12 R36-2021-12 R36-2022-12", NoTrendReason.OVERLAPPING_PERIODS),
    ("CY2018 CY2019 CY2020 CY2021 CY2021", NoTrendReason.OVERLAPPING_PERIODS),
    ("D2018-09-30 D2019-09-30 D2020-09-30 D2021-09-30 D2021-09-30", NoTrendReason.OVERLAPPING_PERIODS),
    ("CY2017 CY2018 CY2020 CY2021 CY2022", NoTrendReason.MISSING_PERIOD),
    ("R3-2017-02 R3-2019-02 R3-2020-02 R3-2021-02 R3-2022-02", NoTrendReason.MISSING_PERIOD),
    ("CY2019 CY2020 CY2021 CY2022", NoTrendReason.TOO_FEW_POINTS),
    ("", NoTrendReason.TOO_FEW_POINTS),
]


@pytest.mark.parametrize(("codes", "reason"), WITHOUT_TREND)
def test_periods_that_are_not_annual_have_no_trend(codes, reason):
    points = [
        replace(point, period=parse(code)) for code, point in zip(codes.split(), parse_readings(RISING), strict=False)
    ]
    trend = calculate_trend(points, Aim.INCREASE, kind=MeasureKind.PROPORTION, method=WLS)
    assert trend == Trend(tendency=Tendency.CANNOT_BE_CALCULATED, reason=reason)


def test_break_in_the_last_five_years_prevents_a_trend():
    points = sorted(parse_readings(RISING), key=lambda point: point.period.start)
    for n in range(1, 5):
        broken = [replace(point, has_break=index == n) for index, point in enumerate(points)]
        trend = calculate_trend(broken, None, kind=MeasureKind.PROPORTION, method=COUNTS)
        assert trend == Trend(tendency=Tendency.CANNOT_BE_CALCULATED, reason=NoTrendReason.BREAK_IN_SERIES)
    broken_before = [replace(points[0], has_break=True), *points[1:]]
    assert calculate_trend(broken_before, None, kind=MeasureKind.PROPORTION, method=COUNTS).reason is None


def test_year_without_value_prevents_a_trend():
    points = parse_readings(RISING)
    suppressed = [replace(points[2], value=None), *points[:2], *points[3:]]
    trend = calculate_trend(suppressed, None, kind=MeasureKind.PROPORTION, method=WLS)
    assert trend == Trend(tendency=Tendency.CANNOT_BE_CALCULATED, reason=NoTrendReason.MISSING_VALUE)


def test_different_series_are_not_joined():
    points = parse_readings(RISING)
    trend = calculate_trend(
        [replace(points[0], series="new"), *points[1:]], None, kind=MeasureKind.PROPORTION, method=WLS
    )
    assert trend.reason is NoTrendReason.DIFFERENT_SERIES


ESTIMATES = (MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN, MeasureKind.GAP)


@pytest.mark.parametrize("kind", sorted(set(MeasureKind) - set(ESTIMATES)))
def test_counts_have_no_trend(kind):
    assert trend_of_table(RISING, kind=kind).reason is NoTrendReason.KIND_WITHOUT_TREND


# Technical guidance, *Fingertips trend markers*: values with intervals of any other type are tested as rates are.
# Invented gaps in percentage points and means in pounds. Chi-squared is from NumPy's matrix inverse: the slope of the
# normal equations squared, over its variance, with (limits' distance ÷ 3.92)² as the variances of the values.
NARROWING = """
    2020  12.4   10.3   14.5   1  1
    2021  11.0   9.0    13.0   1  1
    2022  8.1    6.2    10.0   1  1
    2023  6.9    4.6    9.2    1  1
    2024  5.2    3.1    7.3    1  1
"""
CROSSING_ZERO = """
    2020  -4.0   -5.0   -3.0   1  1
    2021  -1.5   -2.6   -0.4   1  1
    2022  0.0    -1.0   1.0    1  1
    2023  2.5    1.5    3.5    1  1
    2024  3.0    1.9    4.1    1  1
"""
UNSTEADY = """
    2020  512.0  498.0  526.0  1  1
    2021  519.0  503.0  535.0  1  1
    2022  508.0  494.0  522.0  1  1
    2023  525.0  509.0  541.0  1  1
    2024  521.0  507.0  535.0  1  1
"""
OTHER_ESTIMATES = [
    (NARROWING, MeasureKind.GAP, Aim.DECREASE, 29.756549323443416, Tendency.DECREASING, Verdict.BETTER),
    (CROSSING_ZERO, MeasureKind.GAP, None, 117.24246099521662, Tendency.INCREASING, None),
    (UNSTEADY, MeasureKind.MEAN, Aim.INCREASE, 1.0497426639344287, Tendency.NO_SIGNIFICANT_CHANGE, None),
]


@pytest.mark.parametrize(("table", "kind", "aim", "chi_squared", "tendency", "verdict"), OTHER_ESTIMATES)
def test_gaps_and_means_have_a_trend(table, kind, aim, chi_squared, tendency, verdict):
    trend = trend_of_table(table, aim=aim, kind=kind)
    assert (trend.tendency, trend.verdict, trend.method) == (tendency, verdict, WLS)
    assert trend.chi_squared == pytest.approx(chi_squared, rel=1e-9)
    assert trend_of_table(table, kind=MeasureKind.RATE).chi_squared == trend.chi_squared


def test_mean_without_intervals_has_no_trend():
    points = [replace(point, intervals=()) for point in parse_readings(UNSTEADY)]
    trend = calculate_trend(points, None, kind=MeasureKind.MEAN, method=WLS)
    assert (trend.tendency, trend.reason) == (Tendency.CANNOT_BE_CALCULATED, NoTrendReason.NO_INTERVAL)


def test_zero_or_full_count_has_no_log_odds():
    assert trend_of_table(ALL_IN_ONE_YEAR, COUNTS) == Trend(
        tendency=Tendency.CANNOT_BE_CALCULATED, method=COUNTS, reason=NoTrendReason.ZERO_OR_ALL_COUNTS
    )
    assert trend_of_table(RISING.replace("  994 ", "    0 "), COUNTS).reason is NoTrendReason.ZERO_OR_ALL_COUNTS


@pytest.mark.parametrize("missing", ["numerator", "denominator"])
def test_readings_without_counts_have_no_trend_of_counts(missing):
    points = parse_readings(RISING)
    trend = calculate_trend(
        [replace(points[0], **{missing: None}), *points[1:]], None, kind=MeasureKind.PROPORTION, method=COUNTS
    )
    assert trend.reason is NoTrendReason.NO_COUNTS


def test_reading_without_interval_width_has_no_weight():
    assert trend_of_table(ALL_IN_ONE_YEAR).reason is NoTrendReason.NO_INTERVAL
    points = parse_readings(RISING)
    trend = calculate_trend(
        [replace(points[0], intervals=()), *points[1:]], None, kind=MeasureKind.PROPORTION, method=WLS
    )
    assert trend == Trend(tendency=Tendency.CANNOT_BE_CALCULATED, method=WLS, reason=NoTrendReason.NO_INTERVAL)


# --- properties of all readings -----------------------------------------------------------------------

count_lists = st.lists(st.integers(1, 99), min_size=5, max_size=5)
REVERSED = {Tendency.INCREASING: Tendency.DECREASING, Tendency.DECREASING: Tendency.INCREASING}


@settings(deadline=None)
@given(count_lists, st.sampled_from(TrendMethod))
def test_reversed_readings_reverse_the_tendency(values, method):
    def trend_of(numbers):
        points = [
            replace(point, numerator=number, denominator=100)
            for number, point in zip(numbers, make_readings(*map(float, numbers), error=5), strict=True)
        ]
        return calculate_trend(points, None, kind=MeasureKind.PROPORTION, method=method)

    forwards, backwards = trend_of(values), trend_of(values[::-1])
    assert backwards.tendency is REVERSED.get(forwards.tendency, forwards.tendency)
    assert backwards.chi_squared == pytest.approx(forwards.chi_squared, abs=1e-9)


@settings(deadline=None)
@given(count_lists, st.sampled_from([0.01, 1, 1000]))
def test_trend_does_not_depend_on_the_unit(values, factor):
    original, scaled = (
        calculate_trend(
            make_readings(*(value * unit for value in values), error=5 * unit), None, kind=MeasureKind.RATE, method=WLS
        )
        for unit in (1, factor)
    )
    assert scaled.chi_squared == pytest.approx(original.chi_squared)


@pytest.mark.parametrize("code", ["D2100-03-31 D2100-06-30", "CY2099 CY2100", "CY1990 CY1991"])
def test_ends_of_the_calendar_do_not_raise(code):
    periods = [parse(period_code) for period_code in code.split()]
    before = shift_period(periods[0], -3, months=3) if periods[0].start.year > 2000 else periods[0]
    points = [
        replace(p, period=period) for p, period in zip(parse_readings(RISING), [before] * 3 + periods, strict=True)
    ]
    assert (
        calculate_trend(points, None, kind=MeasureKind.PROPORTION, method=WLS).tendency is Tendency.CANNOT_BE_CALCULATED
    )
