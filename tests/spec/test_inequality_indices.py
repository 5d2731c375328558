"""Slope and relative index of inequality over ordered groups.

The vectors of PHEindicatormethods are from `tests/testthat/testdata_SII.xlsx` in
github.com/ukhsa-collaboration/PHEindicatormethods (version 2.1.0, commit 093fd28); the records are named with them. Its
limits come from 100,000 simulated sets of values, so that they differ in the third digit from calculated ones.

Other slopes, relative indices and the closed limits of the slope are from statsmodels 0.15.0 (`WLS` of the values on the
mid-ranks, with the populations as weights) and SciPy 1.17.1. The limits of the relative index are from a simulation
with NumPy 2.4.6: twenty million sets of normal values, each fitted separately. Fingertips uses 100,000 sets.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.inequality_indices import InequalityIndices, OrderedGroup, calculate_indices
from schema.inequality import Transformation
from schema.intervals import Confidence, Interval, IntervalMethod

P95, P99_8 = Confidence.P95, Confidence.P99_8
LOG, LOGIT, NONE = Transformation.LOG, Transformation.LOGIT, Transformation.NONE
Z = 1.959963984540054


def limits(interval):
    return interval.lower, interval.upper


def make_group(population, value, error):
    return OrderedGroup(population=population, value=value, lower=value - Z * error, upper=value + Z * error)


# --- vectors of PHEindicatormethods ------------------------------------------------------------------------

# The most deprived tenth first: population, value, 95 % limits.
LIFE_EXPECTANCY_1 = """
    7291    75.9334590103081    72.7220530546453    79.1448649659708
    7997    78.3442382727843    75.2509802190802    81.4374963264884
    6105    83.8360631041654    80.8697295124759    86.8023966958549
    7666    83.6375399664931    80.157578356036     87.1175015769501
    5790    80.4655031529559    77.1308785969275    83.8001277089842
    6934    81.1156759857022    78.0499986811178    84.1813532902866
    5918    81.6930835718562    79.011578491948     84.3745886517644
    5974    84.1900062060987    81.4457282769343    86.9342841352631
    7147    80.5955641081472    75.827185168894     85.3639430474004
    7534    86.2894349578624    83.2190593454592    89.3598105702656
"""
LIFE_EXPECTANCY_2 = """
    21675   70.54853186         70.09853186         70.99853186
    20065   71.57155734         71.12155734         72.14
    19750   72.48698671         72.03698671         73.21
    24713   73.51985519         73.06985519         73.7
    20112   73.14605425         72.69605425         75.8
    19618   76.15898712         75.70898712         78.76
    22408   78.65444871         78.20444871         79.77
    19752   80.56476961         80.11476961         81.21
    18939   80.85486627         80.40486627         81.30486627
    19312   79.9711253          79.5211253          80.9
"""
MORTALITY_1 = """
    279012  5.89221968947572    5.61495966241075    6.18308535757615
    255993  4.7345044591063     4.475920770781      5.00795194024709
    236961  3.82763408324577    3.58692605544502    4.08442910268545
    214315  3.86813802113711    3.61407911405795    4.13998229980986
    192812  3.67715702342178    3.4166969870148     3.9573934822289
    183546  3.1436261209724     2.89771763500293    3.41033171888581
    168593  3.12587118089126    2.87049380928598    3.40389098741301
    164822  2.9425683464586     2.69240412979043    3.21590157155795
    154836  2.82879950399132    2.57630573787527    3.1059621495837
    138165  2.764810190714      2.50142061908846    3.05584866618335
"""
MORTALITY_2 = """
    13837   4.89675             4.77675             4.97675
    14519   4.5678              4.4478              4.6478
    14940   4.67666             4.55666             4.75666
    14599   4.35666             4.23666             4.43666
    12311   3.9                 3.78                3.98
    21675   3.8                 3.68                3.88
    20065   3.5                 3.38                3.58
    19750   3.2                 3.08                3.28
    24713   3.21                3.09                3.29
    20112   2.8                 2.68                2.88
"""
OBESITY_1 = """
    34353   0.212121212121212   0.207830499225555   0.216476300812899
    32112   0.214281265570503   0.209827711465288   0.218803170788612
    27715   0.204077214504781   0.199373517258999   0.208862933590925
    25372   0.191865048084503   0.187066648694241   0.19675673996565
    23889   0.174808489262841   0.170044640703038   0.179676905527535
    23260   0.166638005159071   0.16190410576997    0.17148199783417
    23180   0.156039689387403   0.151425075468518   0.160768288675927
    24193   0.146571322283305   0.142170753783533   0.151084110529924
    23609   0.140370197805921   0.135997670936376   0.144859737537153
    24488   0.120875530872264   0.116852009907382   0.125017980504761
"""
OBESITY_2 = """
    36111   0.120794217828363   0.117473271937339   0.124195834343315
    31803   0.117410307203723   0.113918517825361   0.120994510822713
    26681   0.113638919080994   0.109886239767609   0.117502836842961
    24184   0.105896460469732   0.102080757108839   0.109837345114021
    23023   0.100073839204274   0.0962638859468932  0.104017228033421
    21506   0.0941132707151493  0.0902830437346462  0.0980884729303046
    22197   0.08730909582376    0.0836665612937408  0.0910944479237356
    23679   0.0836606275602855  0.0802012076260088  0.0872551115710111
    23271   0.0797559193846418  0.0763441201710209  0.0833064392278473
    23464   0.0696812137742925  0.0664933849950753  0.0730099206057122
"""


def published_groups(table):
    rows = ([float(text) for text in line.split()] for line in table.strip().splitlines())
    return [
        OrderedGroup(population=int(people), value=value, lower=lower, upper=upper)
        for people, value, lower, upper in rows
    ]


#   record  table              transformation  slope and its limits                relative index and its limits
PUBLISHED = [
    (306, MORTALITY_1, LOG, (-3.15590713895, -3.48096, -2.83324), (0.441884843608, 0.408274, 0.478566)),
    (316, MORTALITY_2, LOG, (-2.29546918085, -2.42322, -2.16808), (0.544614475974, 0.527075, 0.562775)),
    (326, OBESITY_1, LOGIT, (-0.109646261113, -0.114908, -0.104431), (0.534177574325, 0.518533, 0.550174)),
    (336, OBESITY_2, LOGIT, (-0.0597006164399, -0.0639243, -0.0554614), (0.547207442613, 0.524843, 0.570711)),
    (1, LIFE_EXPECTANCY_1, NONE, (6.93461647367, 3.12759, 10.7587), (1.08881808044, 1.03837, 1.1413)),
    (11, LIFE_EXPECTANCY_2, NONE, (12.5478466364, 11.9362, 13.163), (1.18088562085, 1.17137, 1.19044)),
    (71, MORTALITY_1, NONE, (-3.27520123265, -3.58682, -2.96532), (0.40600068954, 0.368882, 0.446248)),
    (81, MORTALITY_2, NONE, (-2.28767890278, -2.39853, -2.17619), (0.535251769799, 0.517343, 0.553739)),
    (91, OBESITY_1, NONE, (-0.107200323337, -0.112209, -0.10218), (0.533401530647, 0.517127, 0.550154)),
    (101, OBESITY_2, NONE, (-0.0581854710713, -0.0621663, -0.0541745), (0.547012846156, 0.523715, 0.571462)),
    (61, "\n".join(LIFE_EXPECTANCY_1.strip().splitlines()[:5]), NONE, (7.9193341471, None, None), (1.10371169525, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("record", "table", "transformation", "slope", "relative"), PUBLISHED)
def test_indices_equal_those_of_phe_indicator_methods(record, table, transformation, slope, relative):
    indices = calculate_indices(published_groups(table), transformation=transformation)
    assert indices.slope == pytest.approx(slope[0], rel=1e-9)
    assert indices.relative == pytest.approx(relative[0], rel=1e-9)
    if slope[1] is not None:
        # The simulation's own error is about 0.4 % of the width of the interval.
        tolerance = 0.01 * (slope[2] - slope[1])
        assert limits(indices.slope_interval) == pytest.approx(slope[1:], abs=tolerance)
        assert limits(indices.relative_interval) == pytest.approx(relative[1:], abs=0.01 * (relative[2] - relative[1]))


def test_unit_does_not_change_the_transformed_indices():
    fractions = calculate_indices(published_groups(OBESITY_1), transformation=LOGIT)
    scaled = [
        OrderedGroup(
            population=group.population, value=100 * group.value, lower=100 * group.lower, upper=100 * group.upper
        )
        for group in published_groups(OBESITY_1)
    ]
    percentages = calculate_indices(scaled, transformation=LOGIT, per=100)
    assert percentages.slope == pytest.approx(100 * fractions.slope)
    assert limits(percentages.slope_interval) == pytest.approx(
        [100 * limit for limit in limits(fractions.slope_interval)]
    )
    assert percentages.relative == pytest.approx(fractions.relative)
    assert percentages.slope_interval.method is IntervalMethod.TRANSFORMED_NORMAL
    assert percentages.relative_interval.method is IntervalMethod.TRANSFORMED_NORMAL


def test_line_of_logits_matches_hand_calculation():
    # Logits -2, -1, 0, 1, 2 at the mid-ranks 0.1, 0.3 … 0.9: from -2.5 at rank 0 to 2.5 at rank 1, as fractions 1 / 13.18
    # and 1 / 1.0821.
    values = (0.11920292, 0.26894142, 0.5, 0.73105858, 0.88079708)
    indices = calculate_indices([OrderedGroup(population=7, value=value) for value in values], transformation=LOGIT)
    assert indices.slope == pytest.approx(0.92414182 - 0.07585818, abs=1e-7)
    assert indices.relative == pytest.approx(0.92414182 / 0.07585818, rel=1e-6)
    assert indices.reason == "no_standard_error"


#   transformation  changed group                     reason               has slope
NOT_TRANSFORMED = [
    (LOGIT,         {"value": 0.0},                   "zero_or_all",       False),
    (LOGIT,         {"value": 1.0},                   "zero_or_all",       False),
    (LOG,           {"value": 0.0},                   "zero_or_all",       False),
    (LOG,           {"value": 2.0, "upper": 3.0},     None,                True),
    (LOGIT,         {"lower": 0.0},                   "no_standard_error", True),
    (LOGIT,         {"upper": 1.0},                   "no_standard_error", True),
    (LOG,           {"lower": None},                  "no_standard_error", True),
]  # fmt: skip


@pytest.mark.parametrize(("transformation", "change", "reason", "has_slope"), NOT_TRANSFORMED)
def test_values_without_logarithm_or_logit_have_a_reason(transformation, change, reason, has_slope):
    first, *others = published_groups(OBESITY_1)
    indices = calculate_indices([replace(first, **change), *others], transformation=transformation)
    assert (indices.reason, indices.slope is not None) == (reason, has_slope)
    assert (indices.slope_interval is None) == (reason is not None)


# --- untransformed -----------------------------------------------------------------------------------------

# Invented: % employed and people per 1,000 out of work through ill health, from the most deprived fifth to the least.
EMPLOYED = """
    people  value  standard error
    130000  62.0   0.9
    70000   68.5   1.1
    50000   70.1   1.4
    30000   75.2   1.8
    20000   78.9   2.2
"""
INACTIVE = """
    people  value  standard error
    41000   118.0  4.0
    40000   97.0   3.6
    39500   80.0   3.3
    40500   61.0   2.9
    39000   50.0   2.7
"""


def groups(table):
    return [
        make_group(int(people), float(value), float(error))
        for people, value, error in map(str.split, table.strip().splitlines()[1:])
    ]


INDICES = [
    (EMPLOYED, P95, 19.268148148148132, (15.11776364367553, 23.418532652620733)),
    (EMPLOYED, P99_8, 19.268148148148132, (12.724327761698873, 25.81196853459739)),
    (INACTIVE, P95, -86.22934489628494, (-96.77272686684294, -75.68596292572694)),
    (INACTIVE, P99_8, -86.22934489628494, (-102.85286442964592, -69.60582536292397)),
]


@pytest.mark.parametrize(("table", "confidence", "slope", "interval"), INDICES)
def test_slope_index_is_the_weighted_slope_over_ranks(table, confidence, slope, interval):
    indices = calculate_indices(groups(table), transformation=NONE, confidence=confidence)
    assert indices.slope == pytest.approx(slope, rel=1e-12)
    assert limits(indices.slope_interval) == pytest.approx(interval, rel=1e-12)
    assert indices.slope_interval.method is IntervalMethod.NORMAL
    assert indices.reason is None


RELATIVE = [
    (EMPLOYED, P95, 1.3340567891404571, (1.25268, 1.42192)),
    (EMPLOYED, P99_8, 1.3340567891404571, (1.20844, 1.47573)),
    (INACTIVE, P95, 0.3079905177033781, (0.25701, 0.36330)),
    (INACTIVE, P99_8, 0.3079905177033781, (0.22934, 0.39739)),
]


@pytest.mark.parametrize(("table", "confidence", "relative", "simulated"), RELATIVE)
def test_relative_index_limits_agree_with_the_simulation(table, confidence, relative, simulated):
    indices = calculate_indices(groups(table), transformation=NONE, confidence=confidence)
    assert indices.relative == pytest.approx(relative, rel=1e-12)
    # The simulation's own error is 0.0001 at 95 % and 0.0002 at 99.8 %.
    assert limits(indices.relative_interval) == pytest.approx(simulated, abs=0.0002)
    assert indices.relative_interval.confidence is confidence
    assert indices.relative_interval.method is IntervalMethod.FIELLER


def test_five_equal_groups_on_a_line_match_hand_calculation():
    # Mid-ranks are 0.1, 0.3 … 0.9. A step of 0.2 adds 10, so the line rises by 50: from 5 to 55, eleven times as much.
    line = [OrderedGroup(population=100, value=value) for value in (10.0, 20.0, 30.0, 40.0, 50.0)]
    assert calculate_indices(line, transformation=NONE) == InequalityIndices(
        slope=pytest.approx(50), relative=pytest.approx(11), reason="no_standard_error"
    )


NO_INDICES = [
    (lambda group, n: group if n < 4 else None, "too_few_groups"),
    (lambda group, n: replace(group, value=None) if n == 2 else group, "missing_value"),
    (lambda group, n: replace(group, population=0) if n == 2 else group, "no_population"),
]


@pytest.mark.parametrize(("change", "reason"), NO_INDICES)
def test_incomplete_groups_have_no_indices(change, reason):
    changed = filter(None, (change(group, n) for n, group in enumerate(groups(EMPLOYED))))
    assert calculate_indices(list(changed), transformation=NONE) == InequalityIndices(reason=reason)


def test_missing_standard_error_leaves_indices_without_intervals():
    first, *others = groups(EMPLOYED)
    indices = calculate_indices([replace(first, lower=None), *others], transformation=NONE)
    assert indices.slope == pytest.approx(19.268148148148132)
    assert (indices.slope_interval, indices.relative_interval, indices.reason) == (None, None, "no_standard_error")


def test_line_that_reaches_zero_has_no_relative_index():
    # The line goes from -5 to 45, or from 45 to -5, or from 5 to 55 with errors so large that it may start at 0.
    through = [make_group(1, value, 1) for value in (0.0, 10.0, 20.0, 30.0, 40.0)]
    for ordered in through, through[::-1]:
        indices = calculate_indices(ordered, transformation=NONE)
        assert indices.slope_interval is not None
        assert (indices.relative, indices.relative_interval, indices.reason) == (None, None, "not_positive")
    vague = [make_group(1, group.value + 10, 9) for group in through]
    indices = calculate_indices(vague, transformation=NONE)
    assert indices.relative == pytest.approx(11)
    assert (indices.relative_interval, indices.reason) == (None, "not_positive")


ordered_groups = st.lists(
    st.builds(make_group, st.integers(1, 100_000), st.floats(1, 100), st.floats(0.01, 5)),
    min_size=5,
    max_size=10,
)


@settings(deadline=None)
@given(ordered_groups)
def test_reversed_groups_change_the_sign_of_the_slope(ordered):
    forwards, backwards = (
        calculate_indices(ordered, transformation=NONE),
        calculate_indices(ordered[::-1], transformation=NONE),
    )
    assert backwards.slope == pytest.approx(-forwards.slope, abs=1e-6)
    lower, upper = limits(forwards.slope_interval)
    assert limits(backwards.slope_interval) == pytest.approx((-upper, -lower), abs=1e-6)


@settings(deadline=None)
@given(ordered_groups, st.sampled_from(Confidence))
def test_indices_lie_within_their_intervals(ordered, confidence):
    indices = calculate_indices(ordered, transformation=NONE, confidence=confidence)
    assert indices.slope_interval.lower < indices.slope < indices.slope_interval.upper
    if indices.relative_interval:
        assert indices.relative_interval.lower < indices.relative < indices.relative_interval.upper
        # Both intervals must agree about the presence of inequality.
        assert (indices.relative_interval.lower > 1) == (indices.slope_interval.lower > 0)


@settings(deadline=None)
@given(ordered_groups, st.sampled_from([2, 3]))
def test_indices_depend_only_on_population_shares(ordered, factor):
    larger = [replace(group, population=group.population * factor) for group in ordered]
    assert calculate_indices(larger, transformation=NONE).slope == pytest.approx(
        calculate_indices(ordered, transformation=NONE).slope, abs=1e-9
    )


@settings(deadline=None)
@given(ordered_groups)
def test_equal_groups_have_no_inequality(ordered):
    indices = calculate_indices([replace(group, value=42.0) for group in ordered], transformation=NONE)
    assert indices.slope == pytest.approx(0, abs=1e-6)
    assert indices.relative == pytest.approx(1, abs=1e-6)


def test_interval_of_indices_is_not_an_envelope():
    indices = calculate_indices(groups(EMPLOYED), transformation=NONE)
    assert indices.slope_interval == Interval(
        lower=pytest.approx(15.11776364367553),
        upper=pytest.approx(23.418532652620733),
        confidence=P95,
        method=IntervalMethod.NORMAL,
    )
