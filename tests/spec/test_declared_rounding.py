"""Returns that declare rounded counts: how far the figures of a release can be from the truth, and how wide they stay."""

from itertools import product

import numpy as np
import pytest

from api.protection.provider_protection import make_task
from api.releases.distinct_periods import PeriodDisplay, count_distinct, make_distinct_values
from api.statistics import periods
from api.statistics.disclosure.contribution_sums import find_sum_errors
from api.statistics.disclosure.contributions import make_draws, round_with_draws
from api.statistics.rounded_counts import distribute_errors, get_rounding_margin, widen_range
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE, DisclosureClass
from schema.measures import Overlap
from tests.fixtures.example_plan import make_catalogue
from tests.fixtures.release_fixtures import (
    list_released_values,
    list_scopes,
    make_measure,
    make_plan,
    make_snapshot,
    parse_returns,
    select_returns,
)

HARBOUR = make_catalogue(
    make_plan(
        *(make_measure(slug) for slug in ("learners", "enrolments", "pass-rate")),
        make_measure("members", overlap=Overlap.DISJOINT),
        make_measure("learners", slug="employers", disclosure_class=DisclosureClass.ORGANISATIONS),
        duties=[
            f"{who} {slug} alone"
            for slug in ("learners", "enrolments", "members", "pass-rate", "employers")
            for who in ("quay", "quay/evening", "pier")
        ],
    )
)
JANUARY, QUARTER = "2026-01", "FY2025-26-Q4"


@pytest.mark.parametrize(("base", "margin"), [(None, 0), (1, 0), (2, 1), (3, 1), (5, 2), (10, 5), (1000, 500)])
def test_rounded_count_is_at_most_half_the_base_from_the_truth(base, margin):
    assert get_rounding_margin(base) == margin


# fmt: off
#   base  probability of each error, from the most negative
SHARES = [
    (1,   [1]),
    (2,   [1 / 4, 1 / 2, 1 / 4]),  # 3 is rounded to 2 or 4
    (3,   [1 / 3, 1 / 3, 1 / 3]),
    (4,   [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8]),
]
# fmt: on


@pytest.mark.parametrize(("base", "shares"), SHARES)
def test_every_error_within_half_the_base_is_equally_likely(base, shares):
    [errors] = distribute_errors([base])
    assert errors.tolist() == pytest.approx(shares)


@pytest.mark.parametrize("base", [3, 4, 5, 10, 100])
def test_variance_of_the_rounding_is_a_twelfth_of_the_squared_base(base):
    """JCGM 100:2008, F.2.2.1; for whole numbers and an odd base, a twelfth less."""
    [errors] = distribute_errors([base])
    distances = np.arange(errors.size) - errors.size // 2
    assert (errors * distances**2).sum() == pytest.approx((base**2 - 1) / 12 if base % 2 else (base**2 + 2) / 12)


@pytest.mark.parametrize(("width", "base"), [*product(range(8), range(1, 14))])
def test_true_counts_behind_a_wide_range_of_multiples_span_the_width(width, base):
    """The multiples in any range of this width leave true counts that span the policy's width.

    A range that is one narrower does not, unless it is the policy's own.
    """

    def find_least_span(reach: int) -> int:
        spans = []
        for low in range(100, 100 + base):
            multiples = [count for count in range(low, low + reach + 1) if count % base == 0]
            if multiples:
                spans.append(multiples[-1] - multiples[0] + 2 * get_rounding_margin(base))
        return min(spans, default=width)

    reach = widen_range(width, base)
    assert reach >= width
    assert find_least_span(reach) >= width
    assert reach == width or find_least_span(reach - 1) < width


def test_audit_of_rounded_counts_requires_a_wider_range():
    scope = list_scopes(HARBOUR)["learners/headline 2026-01"]
    widths = []
    for base in ("", " ~2", " ~3", " ~5"):
        returns, cells = parse_returns(f"quay learners 2026-01 town 60{base}", catalogue=HARBOUR)
        returns = select_returns(scope, returns)
        widths.append(make_task(scope, PERSONS_RULE, HARBOUR, returns, cells, [], seed=0).rule.width)
    assert widths == [4, 4, 5, 4]


@pytest.mark.parametrize(("first", "later", "bases"), [(1, 0, [3]), (2, 0, [7, 7]), (1, 2, [3, 20]), (3, 0, [100])])
def test_error_contains_the_truth_in_95_of_100_sums(first, later, bases):
    random, size = np.random.default_rng(1), 100_000
    true = random.integers(0, 2000, (size, first + later))
    returned = true.copy()
    for column, base in enumerate(bases):
        ties = random.integers(0, 2, size) if base % 2 == 0 else 0
        returned[:, column] = (true[:, column] + base // 2 - ties) // base * base
    held_back = random.integers(-7, 8, true.shape) * (np.arange(first + later) >= first)
    draws = make_draws(PERSONS_RULE, true.size, random).reshape(true.shape)
    errors = np.abs((round_with_draws(returned, draws, 5) + held_back - true).sum(axis=1))
    largest, likely = find_sum_errors(PERSONS_RULE, first=first, later=later, bases=bases).protected
    assert errors.max() <= largest
    assert (errors <= likely).mean() >= 0.948
    assert (errors <= likely - 1).mean() < 0.95


def test_open_sum_has_the_error_of_the_declared_rounding_alone():
    for rule in (ORGANISATIONS_RULE, UNPROTECTED_RULE):
        errors = find_sum_errors(rule, first=1, later=2, bases=[10, 5])
        assert errors.open == (7, 6)
        assert find_sum_errors(rule, first=1, later=2, bases=[]).open == (0, 0)
    assert find_sum_errors(UNPROTECTED_RULE, first=1, later=2, bases=[10, 5]).protected == (7, 6)


# fmt: off
#   returned                                                             period   largest error, error in 95 %
FIGURES = [
    (["learners 2026-01 town 52"],                                       JANUARY, (7, 4)),
    (["learners 2026-01 town 52 ~1"],                                    JANUARY, (7, 4)),
    (["learners 2026-01 town 50 ~5"],                                    JANUARY, (9, 5)),
    (["learners 2026-01 town 50 ~10"],                                   JANUARY, (12, 7)),
    (["learners 2026-01 town 50 ~10", "pier learners 2026-01 town 31"],  JANUARY, (19, 9)),
    # Each service rounds for itself, and so does each month.
    (["learners 2026-01 town 50 ~10", "quay/evening learners 2026-01 town 20 ~10"], JANUARY, (17, 9)),
    (["learners 2026-01 town 50 ~10", "learners 2026-02 town 50 ~10", "learners 2026-03 town 50"],
                                                                         QUARTER, (31, 11)),
    # A nil return is exact; of a cumulative, unprotected count it keeps the count of the return before it.
    (["learners 2026-01 town 50 ~10", "quay/evening learners 2026-01 nil ~10"], JANUARY, (12, 7)),
    (["enrolments 2026-01 town 50 ~10", "enrolments 2026-02 nil"],       "2026-02", (5, 5)),
    (["enrolments 2026-01 town 50 ~10", "enrolments 2026-02 town 60"],   "2026-02", (0, 0)),
    # Totals of employers are exact, so that only the declared rounding is uncertain.
    (["employers 2026-01 town 50"],                                      JANUARY, (0, 0)),
    (["employers 2026-01 town 50 ~10"],                                  JANUARY, (5, 5)),
    (["members 2026-01 town 50 ~10"],                                    JANUARY, (12, 7)),
]
# fmt: on


def read_value(rows, period):
    rows = [row if row.startswith(("quay", "pier")) else f"quay {row}" for row in rows]
    snapshot, _ = make_snapshot(*rows, catalogue=HARBOUR)
    slug = rows[0].split()[1]
    return list_released_values(snapshot)[slug, "headline"][period, snapshot.catalogue.plan.area, ""]


@pytest.mark.parametrize(("rows", "period", "errors"), FIGURES)
def test_released_error_includes_the_declared_rounding(rows, period, errors):
    value = read_value(rows, period)
    assert (value.largest_error, value.error_95) == errors
    exact = read_value([row.partition(" ~")[0] for row in rows], period)
    assert value.value == exact.value, "the display depends on the returned counts alone"


def test_months_of_distinct_people_have_the_rounding_of_their_returns():
    rows = ["members 2026-01 town 50 ~10", "members 2026-02 town 60", "members 2026-03 town 70"]
    value = read_value(rows, QUARTER)
    assert (value.low, value.high) == (70 - 7, 50 + 60 + 70 + 3 * 7 + 5)


def test_both_counts_of_a_percentage_have_the_rounding_of_their_return():
    value = read_value(["pass-rate 2026-01 town 40/80 ~10"], JANUARY)
    assert [(one.value, one.largest_error, one.error_95) for one in (value.numerator, value.denominator)] == [
        (40, 12, 7),
        (80, 12, 7),
    ]
    assert (value.counts_error_95, value.low, value.high) == (7, 100 * 28 / 92, 100 * 52 / 68)


def make_display(code: str, total: int, *bases: int) -> PeriodDisplay:
    never = np.zeros(1, dtype=np.bool_)
    return PeriodDisplay(
        period=periods.parse(code),
        totals=np.array([total]),
        unknown=never,
        confidential=never,
        exact=never,
        is_first=True,
        bases=bases,
    )


# fmt: off
#   displays                                                                       value, least, greatest
LONGER = [
    ([("FY2026-27-Q1", 20), ("FY2026-27-Q2", 30)],                                 (None, 23, 64)),
    ([("FY2026-27-Q1", 20), ("FY2026-27-Q2", 30, 10)],                             (None, 18, 69)),
    ([("FY2026-27-H1", 40, 10)],                                                   (40, 28, 52)),
    # The quarters limit the half, so that the half has the error of the coarser roundings.
    ([("FY2026-27-Q1", 20, 10), ("FY2026-27-Q2", 30, 10), ("FY2026-27-H1", 40, 5)], (40, 23, 57)),
    ([("FY2026-27-Q1", 0, 2), ("FY2026-27-Q2", 0), ("FY2026-27-H1", 20, 10)],      (15, 3, 27)),
]
# fmt: on


@pytest.mark.parametrize(("displays", "expected"), LONGER)
def test_bounds_of_distinct_people_include_declared_roundings(displays, expected):
    half = periods.parse("FY2026-27-H1")
    counts = count_distinct(half, [make_display(*display) for display in displays], PERSONS_RULE)
    [value] = make_distinct_values(counts, PERSONS_RULE, overlapping_sources=1, counts_people=True)
    assert (value.value, value.low, value.high) == expected
    undeclared = count_distinct(half, [make_display(*display[:2]) for display in displays], PERSONS_RULE)
    assert undeclared.totals == counts.totals, "a declared rounding changes no display"
