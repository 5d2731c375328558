"""Directly standardised rates: the vectors of PHEindicatormethods, and all counts that bounds admit.

The counts, populations and results are those of `tests/testthat/testdata_DSR_ISR.xlsx` of dhsc-govuk/PHEindicatormethods
(commit 5302983), which its own tests of `calculate_dsr` use.
"""

from itertools import product
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.statistics.standardisation import (
    ESP_2013,
    AgeGroup,
    calculate_standardised_rate,
    get_standard_population,
    parse_age_band,
)
from schema.intervals import Confidence

POPULATION = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
BIG = [127, 25, 18, 21, 12, 27, 48, 27, 29, 32, 32, 34, 45, 65, 38, 68, 74, 82, 91]
SMALL = [12, 4, 3, 2, 3, 4, 8, 2, 2, 3, 4, 5, 6, 8, 5, 6, 5, 5, 4]
TINY = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 2, 3]
ESP_1976 = [8000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 6000, 5000, 4000, 3000, 2000, 1000, 1000]

# Counts and standard, then the rate per 10,000, its 95 % limits and its 99.8 % limits. The 99.8 % limits of the standard
# of 1976 are per 100,000 in the file, in both of its rows.
VECTORS = [
    (BIG, ESP_2013, 1043.0247991469423, 971.770906798568, 1117.894091547925, 932.3287880219904, 1162.0595999522059),
    (SMALL, ESP_2013, 110.3212025300104, 87.7455767536709, 136.70882227251795, 76.36420357939879, 153.00328948244763),
    (BIG, ESP_1976, 859.2097585022366, 799.1160931442103, 922.5253880318318, 765.9282106568956, 959.9211798571698),
]


def make_group(count, residents=1000, weight=1.0, low=None, high=None):
    return AgeGroup(
        value=count,
        low=count if low is None else low,
        high=count if high is None else high,
        residents=residents,
        weight=weight,
    )


def make_groups(counts, standard):
    return [make_group(*row) for row in zip(counts, POPULATION, standard, strict=False)]


@pytest.mark.parametrize(("counts", "standard", "value", "lower", "upper", "lower_99_8", "upper_99_8"), VECTORS)
def test_rate_and_limits_are_those_of_pheindicatormethods(
    counts, standard, value, lower, upper, lower_99_8, upper_99_8
):
    rate = calculate_standardised_rate(make_groups(counts, standard), per=10_000)
    assert rate is not None
    assert (rate.value, rate.low, rate.high) == pytest.approx((value, value, value), rel=1e-12)
    narrow, wide = rate.intervals
    assert (narrow.lower, narrow.upper) == pytest.approx((lower, upper), rel=1e-12)
    assert (wide.lower, wide.upper) == pytest.approx((lower_99_8, upper_99_8), rel=1e-12)
    assert (narrow.confidence, narrow.method, narrow.envelope) == (Confidence.P95, "dobson", False)


def test_total_below_10_has_no_rate():
    assert calculate_standardised_rate(make_groups(TINY, ESP_2013), per=10_000) is None
    assert calculate_standardised_rate([make_group(10)], per=1000) is not None


def test_standard_population_is_that_of_eurostat():
    assert (len(ESP_2013), sum(ESP_2013)) == (19, 100_000)


#   band        residents of the standard population
BANDS = [
    ("16-24",   4 / 5 * 5500 + 6000),
    ("25-34",   6000 + 6500),
    ("35-49",   7000 + 7000 + 7000),
    ("50-64",   7000 + 6500 + 6000),
    ("65-plus", 5500 + 5000 + 4000 + 2500 + 1500 + 1000),
    ("0-15",    5000 + 5500 + 5500 + 1 / 5 * 5500),
    ("17-18",   2 / 5 * 5500),
    ("85-89",   1500),
    ("90-plus", 1000),
    ("92-plus", 1000),
]  # fmt: skip


@pytest.mark.parametrize(("band", "expected"), BANDS)
def test_band_that_divides_five_years_has_an_even_share(band, expected):
    assert get_standard_population(band) == pytest.approx(expected)


@pytest.mark.parametrize("code", ["unknown", "16", "24-16", "q1-most", "16-24-30", ""])
def test_other_code_is_no_age_band(code):
    assert parse_age_band(code) is None
    with pytest.raises(ValueError, match="no age band"):
        get_standard_population(code)


@st.composite
def bounded_groups(draw):
    """Return two or three groups whose counts are only known by bounds."""
    groups = []
    for _ in range(draw(st.integers(2, 3))):
        low = draw(st.integers(4, 30))
        width = draw(st.integers(0, 4))
        groups.append(
            make_group(
                low + width // 2,
                residents=draw(st.integers(50, 5000)),
                weight=draw(st.integers(100, 30_000)),
                low=low,
                high=low + width,
            )
        )
    return groups


@settings(deadline=None, max_examples=50)
@given(bounded_groups())
@example([make_group(12, 50, 30_000, 5, 15), make_group(12, 5000, 100, 5, 15)])
def test_limits_of_bounds_contain_those_of_all_counts(groups):
    rate = calculate_standardised_rate(groups, per=1000)
    if rate is None:
        return
    lows, highs = [inf, inf, inf], [-inf, -inf, -inf]
    for counts in product(*(range(group.low, group.high + 1) for group in groups)):
        exact = calculate_standardised_rate(
            [make_group(n, group.residents, group.weight) for n, group in zip(counts, groups, strict=True)], per=1000
        )
        if exact is not None:
            limits = [(exact.value, exact.value), *((i.lower, i.upper) for i in exact.intervals)]
            lows = [min(low, lower) for low, (lower, _) in zip(lows, limits, strict=True)]
            highs = [max(high, upper) for high, (_, upper) in zip(highs, limits, strict=True)]
    assert all(
        bound <= low + 1e-9 for bound, low in zip([rate.low, *(i.lower for i in rate.intervals)], lows, strict=True)
    )
    assert all(
        bound >= high - 1e-9 for bound, high in zip([rate.high, *(i.upper for i in rate.intervals)], highs, strict=True)
    )
