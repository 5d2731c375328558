"""Confidence intervals: published examples, third-party software, and all cases that bounds admit.

A proportion is written `8/10`, bounded counts `6–10/8–12`, and a completely unknown count `c`.

A value with more digits than its publication has is from SciPy 1.17.1 (`chi2`, `relative_risk`),
statsmodels 0.15.0 (`proportion_confint` with `wilson`, `confint_proportions_2indep` with `newcomb`) or
PHStatsMethods 0.1.16 (`ph_proportion`, `ph_rate`), run outside this project, and agrees with the publication.
"""

from itertools import product
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.intervals import (
    RatioCounts,
    bound_proportion,
    calculate_count_interval,
    calculate_difference_interval,
    calculate_gap_to_whole_interval,
    calculate_proportion_interval,
    calculate_rate_interval,
    calculate_ratio_interval,
    get_normal_deviate,
    make_exact_counts,
    round_limits,
)
from schema.intervals import Confidence, Interval, IntervalMethod

P95, P99_8 = Confidence.P95, Confidence.P99_8


def parse_bounds(figure):
    low, _, high = figure.partition("–")
    return (0, None) if figure == "c" else (int(low), int(high or low))


def parse_counts(text):
    (low, high), (base_low, base_high) = map(parse_bounds, text.split("/"))
    return RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)


def limits(interval):
    return interval.lower, interval.upper


def close(*expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_deviates_equal_those_of_the_normal_distribution():
    # SciPy 1.17.1, norm.isf(0.025) and norm.isf(0.001).
    assert get_normal_deviate(P95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert get_normal_deviate(P99_8) == pytest.approx(3.090232306167813, rel=1e-14)


# --- proportions -------------------------------------------------------------------------------------------

# The 95 % limits of 81/263, 15/148, 0/20 and 1/29 are the worked examples of Newcombe, Statistics in Medicine
# 1998; 17: 857-872, table I, method 3: 0.2553–0.3662, 0.0624–0.1605, 0–0.1611 and 0.0061–0.1718. All: statsmodels.
WILSON = """
    81/263    0.2552885198782742      0.36620957698280004     0.22803574024200476     0.40138942190936955
    15/148    0.06238639953073628     0.16048724172330803     0.04738368050657231     0.20364553090199017
    0/20      0                       0.1611251580528194      0                       0.32317041462405505
    1/29      0.006113214292762667    0.17175521879320294     0.003016001358716963    0.29658645803642136
    8/10      0.49016247153664183     0.9433178485456247      0.3378114798671746      0.9691011798607483
    38/70     0.42698259205475575     0.6542725740243641      0.36503558765956096     0.7103891140278074
    20/20     0.8388748419471804      1                       0.676829585375945       1
    9/9       0.7008549515804557      1                       0.48518734606648345     1
    7/100000  3.390903779016499e-05   0.00014449869695711307  2.3066819914187108e-05  0.00021240605058079923
"""


@pytest.mark.parametrize("line", WILSON.strip().splitlines())
def test_proportion_has_a_wilson_interval(line):
    figure, *expected = line.split()
    lower_95, upper_95, lower_99_8, upper_99_8 = map(float, expected)
    assert limits(calculate_proportion_interval(parse_counts(figure))) == close(lower_95, upper_95)
    assert limits(calculate_proportion_interval(parse_counts(figure), confidence=P99_8)) == close(
        lower_99_8, upper_99_8
    )


def test_interval_states_its_method_and_confidence():
    assert calculate_proportion_interval(parse_counts("0/20"), confidence=P99_8, per=100) == Interval(
        lower=0.0,
        upper=pytest.approx(32.317041462405505),
        confidence=P99_8,
        method=IntervalMethod.WILSON,
    )


def test_limit_is_exact_for_zero_and_full_counts():
    assert calculate_proportion_interval(parse_counts("0/7")).lower == 0
    assert calculate_proportion_interval(parse_counts("7/7")).upper == 1


# --- counts and rates --------------------------------------------------------------------------------------

# The 95 % limits are those printed since Garwood, Biometrika 1936; 28: 437-442 (5: 1.62–11.67). All: SciPy,
# chi2.ppf(tail, 2x) / 2 and chi2.isf(tail, 2x + 2) / 2.
EXACT = """
    0  0                     3.6888794541139363  0                     6.907755278982137
    1  0.025317807984289876  5.571643390938898   0.001000500333583534  9.233413476451586
    2  0.24220927854396496   7.224687667723961   0.045402017769489544  11.228872242412661
    3  0.6186721228956014    8.767273069742325   0.1905333775684032    13.062240779188071
    4  1.0898653736263249    10.241588675403696  0.428552413628423     14.79414922253721
    5  1.6234863901184207    11.66833207932267   0.7393717319178323    16.454745203680105
    6  2.2018942534908508    13.059474022518685  1.1071046602556394    18.06163684019907
    7  2.8143630515198654    14.422675361702382  1.5203362603988093    19.62617739538424
    8  3.4538321767485014    15.763189220193311  1.9708139217403657    21.156198165839985
    9  4.115373097378334     17.08480345141917   2.452424404363775     22.657373309062933
"""


@pytest.mark.parametrize("line", EXACT.strip().splitlines())
def test_count_below_ten_has_an_exact_interval(line):
    x, *expected = line.split()
    lower_95, upper_95, lower_99_8, upper_99_8 = map(float, expected)
    interval = calculate_count_interval(int(x), int(x))
    assert limits(interval) == close(lower_95, upper_95)
    assert interval.method is IntervalMethod.EXACT_POISSON
    assert not interval.envelope
    assert limits(calculate_count_interval(int(x), int(x), confidence=P99_8)) == close(lower_99_8, upper_99_8)


# Per 100,000; PHStatsMethods. 1415 in 49,300,918 is Fingertips' indicator 41203, England 2023, published as 2.8701
# (2.7225–3.0237): IndicatorTestData.cs in dhsc-govuk/FingertipsNext, MIT.
RATES = """
    1/1000         exact-poisson  2.531780798429    557.164339093890   0.100050033358    923.341347645158
    4/5000         exact-poisson  21.797307472527   204.831773508074   8.571048272568    295.882984450744
    9/1000         exact-poisson  411.537309737833  1708.480345141917  245.242440436378  2265.737330906293
    10/1000        byar           478.744991396756  1839.145860575647  291.631837469569  2419.372492788055
    11/20000       byar           27.418450992250   98.416185580732    17.241851192004   128.232602582787
    65/120000      byar           41.802656425383   69.040948788283    35.733551226234   78.333575703598
    1415/49300918  byar           2.722513780198    3.023667672207     2.640103255910    3.113826736837
"""


@pytest.mark.parametrize("line", RATES.strip().splitlines())
def test_rate_with_ten_or_more_events_has_a_byar_interval(line):
    figure, method, *expected = line.split()
    lower_95, upper_95, lower_99_8, upper_99_8 = map(float, expected)
    interval = calculate_rate_interval(parse_counts(figure))
    assert limits(interval) == pytest.approx((lower_95, upper_95), rel=1e-10, abs=1e-12)
    assert interval.method == method
    interval = calculate_rate_interval(parse_counts(figure), confidence=P99_8)
    assert limits(interval) == pytest.approx((lower_99_8, upper_99_8), rel=1e-10, abs=1e-12)


def test_rate_may_exceed_one_and_use_any_multiplier():
    assert limits(calculate_rate_interval(parse_counts("30/10"), per=1)) == close(
        *(limit / 10 for limit in limits(calculate_count_interval(30, 30)))
    )


# --- difference --------------------------------------------------------------------------------------------

# The examples of Newcombe, Statistics in Medicine 1998; 17: 873-890, table II, method 10, 95 %, to four decimals;
# 99.8 %: statsmodels.
NEWCOMBE = """
    56/70  48/80   0.0524   0.3339  -0.03348725364244223  0.4018117646026352
    9/10   3/10    0.1705   0.8090  -0.04762237192141028  0.8540903630788513
    6/7    2/7     0.0582   0.8062  -0.15847946398464352  0.8454767295012287
    5/56   0/29   -0.0381   0.1926  -0.1666616007496382   0.27332304949935227
    0/10   0/20   -0.1611   0.2775  -0.32317041462405505  0.4884789004534622
    0/10   0/10   -0.2775   0.2775  -0.4884789004534622   0.4884789004534622
    10/10  0/20    0.6791   1.0000   0.4142946533652717   1
    10/10  0/10    0.6075   1.0000   0.3091865140456166   1
"""


@pytest.mark.parametrize("line", NEWCOMBE.strip().splitlines())
def test_difference_has_a_newcombe_interval(line):
    first, second, *expected = line.split()
    lower_95, upper_95, lower_99_8, upper_99_8 = map(float, expected)
    interval = calculate_difference_interval(parse_counts(first), parse_counts(second))
    assert limits(interval) == pytest.approx((lower_95, upper_95), abs=5e-5)
    assert interval.method is IntervalMethod.NEWCOMBE
    assert limits(calculate_difference_interval(parse_counts(first), parse_counts(second), confidence=P99_8)) == close(
        lower_99_8, upper_99_8
    )


def test_difference_may_be_in_percentage_points():
    assert limits(calculate_difference_interval(parse_counts("56/70"), parse_counts("48/80"), per=100)) == close(
        5.243147240236498, 33.387265403690614
    )


# --- a group and the whole that contains it ----------------------------------------------------------------

# 48 of 80 with a condition and 56 of 70 without are employed: 104 of 150 in all. The whole less the group is
# 104/150 - 48/80 = 7/75, the rest's share 70/150, and the limits are 70/150 of Newcombe's for 56/70 less 48/80.
GROUP, REST = parse_counts("48/80"), parse_counts("56/70")


@pytest.mark.parametrize(
    ("confidence", "newcombe"),
    [(P95, (0.05243147240236498, 0.33387265403690614)), (P99_8, (-0.03348725364244223, 0.4018117646026352))],
)
def test_gap_to_the_whole_is_the_scaled_gap_to_the_rest(confidence, newcombe):
    interval = calculate_gap_to_whole_interval(GROUP, REST, confidence=confidence)
    assert limits(interval) == close(*(limit * 70 / 150 for limit in newcombe))
    assert interval.method is IntervalMethod.NEWCOMBE_SCALED
    assert not interval.envelope
    assert limits(calculate_gap_to_whole_interval(GROUP, REST, confidence=confidence, per=100)) == close(
        *(limit * 7000 / 150 for limit in newcombe)
    )


def test_interval_for_independent_groups_is_too_wide_for_a_gap_to_the_whole():
    naive = calculate_difference_interval(parse_counts("104/150"), GROUP)
    interval = calculate_gap_to_whole_interval(GROUP, REST)
    assert (naive.upper - naive.lower) / (interval.upper - interval.lower) > 1.3


# --- ratio -------------------------------------------------------------------------------------------------

# The example of SciPy's documentation of `relative_risk`, after Sahai and Khurshid, Statistics in Epidemiology,
# CRC 1996: 2.5 (1.1261564003469628 to 5.549850800541033); the rest, SciPy.
KATZ = """
    10/75      12/225     1.1261564003469628  5.549850800541033   0.7110027236285821   8.79040233222076
    189/11034  104/11037  1.4330309030505628  2.3058842324224456  1.2493666640935643   2.644862760377707
    7/34       1/34       0.9096055118420768  53.869506464146454  0.28039806922424276  174.75155993607513
"""


@pytest.mark.parametrize("line", KATZ.strip().splitlines())
def test_ratio_has_a_katz_interval(line):
    first, second, *expected = line.split()
    lower_95, upper_95, lower_99_8, upper_99_8 = map(float, expected)
    interval = calculate_ratio_interval(parse_counts(first), parse_counts(second))
    assert limits(interval) == close(lower_95, upper_95)
    assert interval.method is IntervalMethod.KATZ_LOG
    assert limits(calculate_ratio_interval(parse_counts(first), parse_counts(second), confidence=P99_8)) == close(
        lower_99_8, upper_99_8
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [("0/10", "3/10"), ("3/10", "0/10"), ("0–4/10", "3/10"), ("3/10", "c/10"), ("3/c", "3/10"), ("3/10", "3/c")],
)
def test_ratio_that_may_contain_zero_has_no_interval(first, second):
    assert calculate_ratio_interval(parse_counts(first), parse_counts(second)) is None


# --- bounds ------------------------------------------------------------------------------------------------


def list_exact_pairs(bounded, *, above=False):
    """List all pairs of whole numbers that bounds admit, with a denominator and, unless `above`, x at most n."""
    xs = range(bounded.numerator_low, bounded.numerator_high + 1)
    ns = range(max(bounded.denominator_low, 1), bounded.denominator_high + 1)
    return [make_exact_counts(x, n) for x, n in product(xs, ns) if above or x <= n]


def union(intervals):
    lowers, uppers = zip(*map(limits, intervals), strict=True)
    return min(lowers), max(uppers)


BOUNDED = ["6–10/8–12", "0–7/20", "8–12/8–12", "3/0–9", "0–7/0–7", "5–9/3–6", "48–52/98–102", "28–32/5–30", "7–12/4–9"]


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize("figure", BOUNDED)
def test_proportion_envelope_is_the_union_of_its_intervals(figure, confidence):
    bounded = parse_counts(figure)
    envelope = calculate_proportion_interval(bounded, confidence=confidence)
    assert limits(envelope) == close(
        *union(calculate_proportion_interval(pair, confidence=confidence) for pair in list_exact_pairs(bounded))
    )
    assert envelope.envelope


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize("figure", [*BOUNDED, "7–13/1000–1010", "40–60/7"])
def test_rate_envelope_is_the_union_of_its_intervals(figure, confidence):
    bounded = parse_counts(figure)
    envelope = calculate_rate_interval(bounded, confidence=confidence)
    intervals = [calculate_rate_interval(pair, confidence=confidence) for pair in list_exact_pairs(bounded, above=True)]
    assert limits(envelope) == close(*union(intervals))
    assert envelope.method == max(intervals, key=lambda interval: interval.upper).method


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize(("low", "high"), [(0, 4), (1, 7), (6, 14), (9, 10), (28, 32)])
def test_count_envelope_is_the_union_of_its_intervals(low, high, confidence):
    intervals = [calculate_count_interval(x, x, confidence=confidence) for x in range(low, high + 1)]
    assert limits(calculate_count_interval(low, high, confidence=confidence)) == close(*union(intervals))


SMALL = ["0–3/6–8", "3/0–4", "5–6/5–7", "2/9", "1–4/2–5", "0–1/0–2"]


@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize(("first", "second"), [*product(SMALL, SMALL)])
def test_difference_envelope_is_the_union_of_its_intervals(first, second, confidence):
    a, b = parse_counts(first), parse_counts(second)
    exact_limits = union(
        calculate_difference_interval(x, y, confidence=confidence)
        for x, y in product(list_exact_pairs(a), list_exact_pairs(b))
    )
    assert limits(calculate_difference_interval(a, b, confidence=confidence)) == close(*exact_limits)


def encloses(outer, inner):
    return outer[0] <= inner[0] + 1e-12 and inner[1] <= outer[1] + 1e-12


@pytest.mark.parametrize(("group", "rest"), [*product([*SMALL, "0–7/8–12"], [*SMALL, "c/20–24", "30–34/38–42"])])
def test_gap_to_the_whole_envelope_encloses_its_intervals(group, rest):
    a, b = parse_counts(group), parse_counts(rest.replace("c", "0–24"))
    exact_limits = union(
        calculate_gap_to_whole_interval(x, y) for x, y in product(list_exact_pairs(a), list_exact_pairs(b))
    )
    assert encloses(limits(calculate_gap_to_whole_interval(a, parse_counts(rest))), exact_limits)


@pytest.mark.parametrize(
    ("first", "second"), [*product(["1–4/6–8", "3/3–5", "8–12/48–52"], ["1–4/6–8", "2/9", "48–52/98–102", "5–7/5–6"])]
)
def test_ratio_envelope_encloses_its_intervals(first, second):
    a, b = parse_counts(first), parse_counts(second)
    envelope = calculate_ratio_interval(a, b)
    assert encloses(
        limits(envelope),
        union(calculate_ratio_interval(x, y) for x, y in product(list_exact_pairs(a), list_exact_pairs(b))),
    )
    assert envelope.envelope


@pytest.mark.parametrize(
    "calculate", [calculate_difference_interval, calculate_gap_to_whole_interval, calculate_ratio_interval]
)
def test_one_bounded_count_of_two_makes_an_envelope(calculate):
    sharp, vague = parse_counts("8/20"), parse_counts("7–9/20")
    assert [calculate(a, b).envelope for a in (sharp, vague) for b in (sharp, vague)] == [False, True, True, True]


def test_bounded_denominator_makes_an_envelope():
    assert calculate_proportion_interval(parse_counts("8/19–21")).envelope
    assert calculate_rate_interval(parse_counts("8/19–21")).envelope


UNKNOWN_COUNTS = [
    ("c/10", (0, 1)),
    ("3/c", (0, 1)),
    ("2/8–9", (2 / 9, 2 / 8)),
    ("c/c", (0, 1)),
]


@pytest.mark.parametrize(("figure", "expected"), UNKNOWN_COUNTS)
def test_envelope_of_unknown_counts_covers_the_whole_range(figure, expected):
    lowest, highest = expected
    interval = calculate_proportion_interval(parse_counts(figure))
    assert bound_proportion(parse_counts(figure)) == expected
    assert interval.lower <= lowest
    assert interval.upper >= highest


def test_unbounded_denominator_still_gives_limits():
    unbounded = RatioCounts(numerator_low=3, numerator_high=3, denominator_low=5, denominator_high=None)
    assert calculate_difference_interval(unbounded, parse_counts("2/9")).lower == pytest.approx(
        -calculate_proportion_interval(parse_counts("2/9")).upper
    )
    assert calculate_rate_interval(unbounded).lower == 0
    for group, rest in (unbounded, GROUP), (GROUP, unbounded):
        lower, upper = limits(calculate_gap_to_whole_interval(group, rest))
        assert -1 <= lower <= 0 <= upper <= 1


@pytest.mark.parametrize(
    ("low", "high", "base_low", "base_high", "named"),
    [
        (-1, 3, 5, 5, " -1 .* 3"),
        (4, 3, 5, 5, " 4 .* 3"),
        (0, 3, -1, 5, " -1 .* 5"),
        (0, 3, 6, 5, " 6 .* 5"),
        (0, 3, 0, 0, "denominator"),
    ],
)
def test_impossible_counts_are_refused(low, high, base_low, base_high, named):
    with pytest.raises(ValueError, match=named):
        RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)


def test_proportion_above_one_is_refused():
    for calculate in bound_proportion, calculate_proportion_interval:
        with pytest.raises(ValueError, match="above its denominator"):
            calculate(parse_counts("8–9/5–7"))


def test_rate_with_unbounded_numerator_has_no_interval():
    with pytest.raises(ValueError, match="no upper limit"):
        calculate_rate_interval(parse_counts("c/10"))


# --- properties of all counts ------------------------------------------------------------------------

exact = st.integers(1, 500).flatmap(lambda n: st.builds(make_exact_counts, st.integers(0, n), st.just(n)))
confidences = st.sampled_from(Confidence)


@st.composite
def bounded_counts(draw):
    n = draw(st.integers(1, 40))
    x = draw(st.integers(0, n))
    less, more, base_less, base_more = (draw(st.integers(0, 4)) for _ in range(4))
    return RatioCounts(
        numerator_low=max(x - less, 0),
        numerator_high=x + more,
        denominator_low=max(n - base_less, 0),
        denominator_high=n + base_more,
    )


@settings(deadline=None)
@given(exact, confidences)
def test_proportion_interval_encloses_it_and_mirrors_its_complement(pair, confidence):
    lower, upper = limits(calculate_proportion_interval(pair, confidence=confidence))
    assert 0 <= lower <= bound_proportion(pair)[0] <= upper <= 1
    complement = make_exact_counts(pair.denominator_low - pair.numerator_low, pair.denominator_low)
    assert limits(calculate_proportion_interval(complement, confidence=confidence)) == pytest.approx(
        (1 - upper, 1 - lower), abs=1e-12
    )


@settings(deadline=None)
@given(exact, exact, confidences)
def test_reversed_difference_changes_its_sign(a, b, confidence):
    lower, upper = limits(calculate_difference_interval(a, b, confidence=confidence))
    assert -1 <= lower <= upper <= 1
    assert limits(calculate_difference_interval(b, a, confidence=confidence)) == pytest.approx(
        (-upper, -lower), abs=1e-12
    )


@settings(deadline=None)
@given(exact, exact, confidences)
@example(make_exact_counts(1, 1), make_exact_counts(0, 1), P95)
def test_gap_to_the_whole_of_exact_counts_has_one_scale_factor(group, rest, confidence):
    part = rest.denominator_low / (rest.denominator_low + group.denominator_low)
    lower, upper = limits(calculate_difference_interval(rest, group, confidence=confidence))
    assert limits(calculate_gap_to_whole_interval(group, rest, confidence=confidence)) == close(
        part * lower, part * upper
    )


@settings(deadline=None)
@given(exact, exact)
def test_higher_confidence_is_never_narrower(a, b):
    for calculate in (
        lambda c: calculate_proportion_interval(a, confidence=c),
        lambda c: calculate_rate_interval(a, confidence=c),
        lambda c: calculate_difference_interval(a, b, confidence=c),
        lambda c: calculate_gap_to_whole_interval(a, b, confidence=c),
    ):
        assert encloses(limits(calculate(P99_8)), limits(calculate(P95)))


@settings(deadline=None)
@given(bounded_counts(), bounded_counts(), confidences, st.data())
def test_wider_bounds_never_make_an_interval_narrower(a, b, confidence, data):
    x, y = data.draw(st.sampled_from(list_exact_pairs(a))), data.draw(st.sampled_from(list_exact_pairs(b)))
    for calculate, args, exacts in [
        (calculate_proportion_interval, (a,), (x,)),
        (calculate_rate_interval, (a,), (x,)),
        (calculate_difference_interval, (a, b), (x, y)),
        (calculate_gap_to_whole_interval, (a, b), (x, y)),
        (calculate_ratio_interval, (a, b), (x, y)),
    ]:
        envelope, interval = calculate(*args, confidence=confidence), calculate(*exacts, confidence=confidence)
        assert envelope is None or encloses(limits(envelope), limits(interval))


@settings(deadline=None)
@given(st.integers(0, 400), confidences)
def test_limits_rise_with_counts_across_the_change_of_method(x, confidence):
    (lower, upper), (next_lower, next_upper) = (
        limits(calculate_count_interval(n, n, confidence=confidence)) for n in (x, x + 1)
    )
    assert -inf < lower <= x < upper
    assert lower < next_lower
    assert upper < next_upper


#   digits of the value, limits
ROUNDED = [(None, (3.7688005943378817, 4.684128365602058)), (1, (3.77, 4.68)), (0, (3.8, 4.7))]


@pytest.mark.parametrize(("digits", "limits"), ROUNDED)
def test_calculated_limits_have_one_digit_more_than_their_value(digits, limits):
    interval = calculate_proportion_interval(make_exact_counts(311, 7490), per=100)
    expected = replace(interval, lower=3.7688005943378817, upper=4.684128365602058)
    shown = round_limits(expected, digits)
    assert (shown.lower, shown.upper) == limits
    published = replace(expected, method=IntervalMethod.PUBLISHED)
    assert round_limits(published, digits) == published
