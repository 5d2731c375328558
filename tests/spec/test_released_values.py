"""The displayed value of one cell: a number with its bounds, bounds only, or the reason why there is none."""

import pytest
from msgspec.structs import replace

from api.releases import released_values
from api.releases.derived_values import apply_formula
from api.releases.released_values import NO_DATA, NOT_A_COUNT, NOT_KNOWN_FOR_ALL, SUPPRESSED, ReleasedValue
from api.statistics import inequality, intervals
from api.statistics.disclosure.figures import Percentage, ProtectedCount
from api.statistics.disclosure.lattice import Node
from api.statistics.intervals import RatioCounts
from schema.disclosure import DisclosureClass
from schema.intervals import Confidence
from schema.measures import Operation, Overlap
from schema.submissions import Status
from tests.fixtures.example_plan import TOWN, make_catalogue
from tests.fixtures.release_fixtures import (
    list_released_values,
    make_measure,
    make_plan,
    make_snapshot,
    release_figures,
)

MEMBERS = ["quay members 2026-01 town", "pier members 2026-01 town"]


def find_value(
    slug: str, *rows: str, catalogue, area: str = TOWN, period: str = "2026-01", breakdown: str = ""
) -> ReleasedValue:
    results, _ = make_snapshot(*rows, catalogue=catalogue)
    return list_released_values(results)[slug, "headline"][period, area, breakdown]


def summarise(one: ReleasedValue) -> tuple[float | None, float | None, float | None, str | None]:
    return one.value, one.low, one.high, one.reason


def make_distinct_catalogue(overlap: Overlap, *duties: str):
    return make_catalogue(
        make_plan(make_measure("members", overlap=overlap), duties=duties or ["quay members", "pier members"])
    )


# fmt: off
#   overlap           returned       value, least, greatest
DISTINCT = [
    # 61 and 40 are 101, shown as 100: 98 to 102. Of two returns the larger has at least half of them.
    (Overlap.UNKNOWN,  ["61", "40"], (None, 49, 102, None)),
    (Overlap.UNKNOWN,  ["62", "41"], (None, 52, 107, None)),  # 103 is 105: 103 to 107, and half of 103 is 51.5
    (Overlap.DISJOINT, ["61", "40"], (100, 98, 102, None)),
    (Overlap.UNKNOWN,  ["3", "4"],   (None, None, None, "suppressed")),
    (Overlap.UNKNOWN,  ["61", "c"],  (None, None, None, "suppressed")),
]
# fmt: on


@pytest.mark.parametrize(("overlap", "returns", "expected"), DISTINCT)
def test_distinct_people_of_several_returns_are_at_least_the_largest(overlap, returns, expected):
    rows = [f"{who} {n}" for who, n in zip(MEMBERS, returns, strict=True)]
    assert summarise(find_value("members", *rows, catalogue=make_distinct_catalogue(overlap))) == expected


def test_distinct_people_of_one_return_are_exact():
    one = make_distinct_catalogue(Overlap.UNKNOWN, "quay members alone", "pier members")
    assert summarise(find_value("members", f"{MEMBERS[0]} 61", catalogue=one)) == (60, 58, 62, None)
    three = make_distinct_catalogue(Overlap.UNKNOWN, "quay members", "quay/evening members", "pier members")
    rows = [f"{MEMBERS[0]} 30", "quay/evening members 2026-01 town 31", f"{MEMBERS[1]} 40"]
    assert summarise(find_value("members", *rows, catalogue=three)) == (None, 33, 102, None), (
        "98 of three returns: 32.7 and more"
    )


def test_return_without_a_current_duty_may_count_the_same_people():
    """Pier College returned before the plan dropped its duty: 61 and 40 may share members."""
    rows = [f"{MEMBERS[0]} 61", f"{MEMBERS[1]} 40"]
    assert summarise(
        find_value("members", *rows, catalogue=make_distinct_catalogue(Overlap.UNKNOWN, "quay members"))
    ) == (None, 49, 102, None)


LEARNERS = make_catalogue(make_plan(make_measure("learners"), duties=["quay learners", "pier learners"]))
BOTH = ["quay learners 2026-01 town 50", "pier learners 2026-01 town 30"]


def test_zero_small_confidential_and_missing_show_c_but_not_returned_shows_x():
    sexes = ["quay learners 2026-01 town sex=female 47", "quay learners 2026-01 town sex=male c"]
    rows = [*BOTH, *sexes, *(f"pier learners 2026-01 town sex={sex} 15" for sex in ("female", "male"))]
    assert summarise(find_value("learners", *rows, catalogue=LEARNERS, breakdown="sex=female")) == (60, 58, 62, None)
    assert find_value("learners", *rows, catalogue=LEARNERS, breakdown="sex=male") == SUPPRESSED, "sent as confidential"
    small = ["quay learners 2026-01 town 3", "pier learners 2026-01 town 2"]
    assert find_value("learners", *small, catalogue=LEARNERS) == SUPPRESSED
    assert (
        find_value("learners", "quay learners 2026-01 nil", "pier learners 2026-01 nil", catalogue=LEARNERS)
        == SUPPRESSED
    )
    assert find_value("learners", *BOTH, catalogue=LEARNERS, breakdown="sex=male") == SUPPRESSED, "left out"
    assert find_value("learners", *BOTH, catalogue=LEARNERS, period="2026-02") == NO_DATA
    assert summarise(find_value("learners", *BOTH, catalogue=LEARNERS, period="FY2025-26-Q4")) == (80, 78, 82, None)


@pytest.mark.parametrize("of_class", [DisclosureClass.ORGANISATIONS, DisclosureClass.NONE])
def test_missing_cells_are_reported_for_non_person_measures(of_class):
    open_ = make_catalogue(
        make_plan(make_measure("learners", disclosure_class=of_class), duties=["quay learners", "pier learners"])
    )
    assert find_value("learners", *BOTH, catalogue=open_, breakdown="sex=male") == NOT_KNOWN_FOR_ALL
    assert (
        find_value("learners", *BOTH, "quay learners 2026-01 town sex=male c", catalogue=open_, breakdown="sex=male")
        == SUPPRESSED
    )


RATES = make_catalogue(make_plan(make_measure("pass-rate"), duties=["quay pass-rate", "pier pass-rate"]))
RATE = ["quay pass-rate 2026-01 town", "pier pass-rate 2026-01 town"]


@pytest.mark.parametrize(
    ("returned", "expected", "status"),
    [
        # 33 of 123 are shown as 35 of 125; the true numbers lie within two of them.
        (["21/60", "12/63"], (28.0, 100 * 33 / 127, 100 * 37 / 123, None), None),
        # Below 100 there are no decimals: 35 of 60 are 58 %.
        (["21/30", "13/31"], (58.0, 100 * 33 / 62, 100 * 37 / 58, None), None),
        # A small count passed, and a small count did not.
        (["2/60", "2/63"], (None, None, None, "suppressed"), Status.CONFIDENTIAL),
        (["58/60", "62/63"], (None, None, None, "suppressed"), Status.CONFIDENTIAL),
        (["0/0", "0/0"], (None, None, None, "suppressed"), Status.CONFIDENTIAL),
    ],
)
def test_proportion_is_calculated_from_displayed_counts(returned, expected, status):
    one = find_value("pass-rate", *(f"{who} {n}" for who, n in zip(RATE, returned, strict=True)), catalogue=RATES)
    assert summarise(one) == expected
    assert one.status is status


def test_percentage_with_a_small_denominator_shows_only_its_counts():
    one = released_values.to_proportion(
        make_value(8, 8, 12), make_value(15, 13, 17), Percentage(value=None, reason="small_denominator")
    )  # pyright: ignore[reportPrivateUsage]
    assert (one.reason, one.status, one.numerator, one.counts) == (
        "small_denominator",
        Status.NOT_AVAILABLE,
        make_value(8, 8, 12),
        None,
    )


def test_interval_covers_every_pair_of_counts_within_the_bounds():
    one = find_value("pass-rate", f"{RATE[0]} 21/60", f"{RATE[1]} 12/63", catalogue=RATES)
    assert one.counts == RatioCounts(numerator_low=33, numerator_high=37, denominator_low=123, denominator_high=127)
    narrow, wide = one.intervals
    assert (narrow.confidence, wide.confidence) == (Confidence.P95, Confidence.P99_8)
    for x in range(33, 38):
        for n in range(123, 128):
            true = intervals.calculate_proportion_interval(intervals.make_exact_counts(x, n), per=100)
            assert narrow.lower <= true.lower
            assert true.upper <= narrow.upper


NODE = Node(part=None, breakdown=(), place=TOWN, period="2026-01")


def make_value(value: int, low: int, high: int) -> ProtectedCount:
    return ProtectedCount(node=NODE, value=value, low=low, high=high)


def make_count(value: int | None, low: int, high: int | None) -> ReleasedValue:
    return ReleasedValue(value=value, low=low, high=high)


SMALL = ReleasedValue(status=Status.NOT_AVAILABLE, reason="small_denominator")

# fmt: off
#   operation         parts                                           value, least, greatest, reason
SNAPSHOT = [
    (Operation.SUM,   [make_count(100, 98, 102), make_count(50, 48, 52)],       (150, 146, 154, None)),
    (Operation.SUM,   [make_count(None, 49, 102), make_count(50, 48, 52)],      (None, 97, 154, None)),
    (Operation.SUM,   [make_count(None, 49, None), make_count(50, 48, 52)],     (None, 97, None, None)),
    # Different members of several counts are at least those of the largest.
    (Operation.UNION, [make_count(100, 98, 102), make_count(50, 48, 52)],       (None, 98, 154, None)),
    (Operation.UNION, [make_count(100, 98, None), make_count(50, 48, 52)],      (None, 98, None, None)),
    (Operation.SUM,   [SUPPRESSED, make_count(50, 48, 52)],                (None, None, None, "suppressed")),
    (Operation.SUM,   [SUPPRESSED, NO_DATA],                          (None, None, None, "suppressed")),
    (Operation.SUM,   [NO_DATA, NO_DATA],                             (None, None, None, "no_data")),
    (Operation.SUM,   [NO_DATA, make_count(50, 48, 52)],                   (None, None, None, "part_without_value")),
    (Operation.SUM,   [NO_DATA, SMALL],                               (None, None, None, "part_without_value")),
    (Operation.DIFFERENCE, [SMALL, SMALL],                            (None, None, None, "small_denominator")),
    (Operation.DIFFERENCE, [make_count(100, 98, 102), make_count(50, 48, 52)],  (None, None, None, "no_counts")),
]
# fmt: on


@pytest.mark.parametrize(("operation", "parts", "expected"), SNAPSHOT)
def test_formula_propagates_bounds(operation, parts, expected):
    one = apply_formula(operation, [make_measure("learners"), make_measure("on-roll")], parts)
    assert summarise(one) == expected
    assert one.status is (
        None
        if expected[1] is not None
        else Status.CONFIDENTIAL
        if expected[3] == "suppressed"
        else Status.NOT_AVAILABLE
    )


def make_proportion(part: tuple[int, int, int], whole: tuple[int, int, int]) -> ReleasedValue:
    """Return a proportion of displayed counts, each with its bounds."""
    return ReleasedValue(
        value=round(100 * part[0] / whole[0], 1),
        low=100 * part[1] / whole[2],
        high=min(100, 100 * part[2] / whole[1]),
        numerator=make_value(*part),
        denominator=make_value(*whole),
    )


EVERYBODY = make_proportion((700, 698, 702), (1000, 998, 1002))
ILL = make_proportion((100, 98, 102), (200, 198, 202))
RATIO = make_measure("pass-rate")


def test_gap_of_two_disjoint_groups():
    one = apply_formula(Operation.DIFFERENCE, [RATIO, replace(RATIO, slug="other")], [EVERYBODY, ILL])
    assert one.value == 20.0
    assert (one.low, one.high) == (
        pytest.approx(100 * (698 / 1002 - 102 / 198)),
        pytest.approx(100 * (702 / 998 - 98 / 202)),
    )
    assert [each.confidence for each in one.intervals] == list(Confidence)
    assert one.intervals[0].lower < 20 < one.intervals[0].upper
    assert one.counts is None


def test_gap_of_whole_and_part_uses_the_people_outside_the_part():
    """600 of 800 outside the part are 75 %, which is 25 points more; 20 points weighted by the 8 in 10 outside."""
    whole = replace(RATIO, contains=["ill"])
    one = apply_formula(Operation.DIFFERENCE, [whole, replace(RATIO, slug="ill")], [EVERYBODY, ILL])
    assert one.value == 20.0
    rest = RatioCounts(numerator_low=596, numerator_high=604, denominator_low=796, denominator_high=804)
    group = RatioCounts(numerator_low=98, numerator_high=102, denominator_low=198, denominator_high=202)
    expected = inequality.calculate_gap_to_whole(group, rest)
    assert (one.low, one.high, one.intervals[0]) == (expected.low, expected.high, expected.interval)
    true = 100 * (700 / 1000 - 100 / 200)
    assert one.low < true < one.high
    gap = apply_formula(Operation.DIFFERENCE, [RATIO, replace(RATIO, slug="ill")], [EVERYBODY, ILL])
    assert one.intervals[0].upper - one.intervals[0].lower < gap.intervals[0].upper - gap.intervals[0].lower


@pytest.mark.parametrize(
    "part",
    [
        ((800, 798, 802), (900, 898, 902)),  # more of them work than of all
        ((100, 98, 102), (1200, 1198, 1202)),  # more of them than of all
        ((10, 8, 12), (990, 988, 992)),  # 686 of the rest would work, of whom there are 14
    ],
)
def test_no_gap_if_the_part_exceeds_the_whole(part):
    whole = replace(RATIO, contains=["ill"])
    one = apply_formula(Operation.DIFFERENCE, [whole, replace(RATIO, slug="ill")], [EVERYBODY, make_proportion(*part)])
    assert (one.reason, one.low) == ("part_exceeds_whole", None)


def test_no_gap_if_the_whole_has_no_upper_bound():
    open_ended = replace(ILL, numerator=ProtectedCount(node=NODE, value=100, low=98, high=None))
    whole = replace(RATIO, contains=["ill"])
    assert (
        apply_formula(Operation.DIFFERENCE, [whole, replace(RATIO, slug="ill")], [EVERYBODY, open_ended]).reason
        is not None
    )


def test_largest_error_is_the_distance_to_the_further_bound():
    assert make_count(100, 98, 102).largest_error == 2
    assert make_count(100, 94, 102).largest_error == 6
    assert make_count(None, 94, 102).largest_error is None
    assert make_count(100, 94, None).largest_error is None
    assert NOT_A_COUNT.largest_error is None


def test_denominators_are_released_only_with_their_proportion():
    results, _ = make_snapshot(f"{RATE[0]} 21/60", catalogue=RATES)
    assert set(list_released_values(results)) == {("pass-rate", "headline")}
    assert len({f.breakdown.get("sex", "") for f in release_figures(f"{RATE[0]} 21/60", catalogue=RATES)}) == 4


def test_proportion_without_its_denominator_is_not_known_for_all():
    """Prizes are counted by sex, exams are not: the number examined is unknown for each sex."""
    prizes = make_measure("pass-rate", slug="prize-rate", contains=[])
    exams = make_measure("pass-rate", schemes=[], contains=[], shares_denominator=["prize-rate"])
    duties = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    catalogue = make_catalogue(make_plan(exams, prizes, duties=duties))
    rows = [f"{who} {slug} 2026-01 town 30/60" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    rows += [f"{who} prize-rate 2026-01 town sex=female 15/30" for who in ("quay", "pier")]
    assert summarise(find_value("prize-rate", *rows, catalogue=catalogue))[0] == 50
    assert find_value("prize-rate", *rows, catalogue=catalogue, breakdown="sex=female") == NOT_KNOWN_FOR_ALL
