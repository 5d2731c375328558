"""The half-width of a share of the population, derived from a published half-width of a share of a group within it."""

from math import sqrt

import numpy as np
import pytest

from api.statistics.intervals import calculate_population_half_width

Z = 1.959964

# In a sample of n people, some are inactive, and some of these are sick. The publisher states the half-width of
# sick ÷ inactive, in percentage points: 196 × √(p (1 − p) ÷ inactive). Wanted is that of sick ÷ n, from the definition.
#    n     inactive  sick   published   wanted
SAMPLES = [
    (1000, 250,      75,    5.6805,     1.6325),
    (1000, 250,      25,    3.7188,     0.9677),
    (400,  100,      40,    9.6018,     2.9399),
    (2200, 502,      151,   4.0118,     1.0565),
    (500,  500,      200,   4.2941,     4.2941),
]  # fmt: skip


@pytest.mark.parametrize(("n", "inactive", "sick", "published", "wanted"), SAMPLES)
def test_half_width_is_that_of_the_sample(n, inactive, sick, published, wanted):
    assert calculate_population_half_width(
        published, of_group=sick / inactive, of_population=sick / n
    ) == pytest.approx(wanted, abs=0.0001)


# Published percentages and half-widths, and the result by the closed form on a calculator.
#   sick     inactive  population  published  scaled by the share alone  result
PUBLISHED = [
    (15_100, 50_200,   220_000,    5.1,       1.1637,                    1.3431),
    (9_800,  42_000,   220_000,    7.4,       1.4127,                    1.5771),
    (30_000, 100_000,  400_000,    6.0,       1.5000,                    1.7243),
    (20_000, 50_000,   100_000,    4.0,       2.0000,                    2.3094),
]  # fmt: skip


@pytest.mark.parametrize(("sick", "inactive", "population", "published", "scaled", "result"), PUBLISHED)
def test_half_width_is_larger_than_scaled_by_the_share(sick, inactive, population, published, scaled, result):
    assert published * inactive / population == pytest.approx(scaled, abs=0.0001)
    assert calculate_population_half_width(
        published, of_group=sick / inactive, of_population=sick / population
    ) == pytest.approx(result, abs=0.0001)


@pytest.mark.parametrize(("of_group", "of_population"), [(0, 0), (1, 0.25), (0.3, 0), (0.3, 0.4)])
def test_shares_without_information_have_no_half_width(of_group, of_population):
    assert calculate_population_half_width(5.1, of_group=of_group, of_population=of_population) is None


#   true share of: population inactive, inactive sick; sample
POPULATIONS = [
    (0.25, 0.30, 1500),
    (0.30, 0.35, 900),
    (0.20, 0.25, 2500),
]


@pytest.mark.parametrize(("inactive_share", "sick_share", "n"), POPULATIONS)
def test_simulated_intervals_cover_the_truth_in_95_percent(inactive_share, sick_share, n):
    """Draw 20,000 samples. The standard error of a coverage of 95 % is 0.15 points."""
    generator = np.random.default_rng(1496)
    inactive = generator.binomial(n, inactive_share, 20_000)
    sick = generator.binomial(inactive, sick_share)
    truth = inactive_share * sick_share
    covered = covered_by_share_alone = 0
    for group, cases in zip(inactive.tolist(), sick.tolist(), strict=True):
        of_group, of_population = cases / group, cases / n
        published = round(100 * Z * sqrt(of_group * (1 - of_group) / group), 1)
        half_width = calculate_population_half_width(published, of_group=of_group, of_population=of_population)
        error = 100 * abs(of_population - truth)
        covered += error <= half_width
        covered_by_share_alone += error <= published * group / n
    assert 0.942 < covered / 20_000 < 0.953
    assert 0.88 < covered_by_share_alone / 20_000 < 0.92
