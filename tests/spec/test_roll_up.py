"""Roll-up of a measure's figures, for each kind: worked examples, then properties of all figures.

A figure is written `12`, a suppressed figure `1–4`, a non-negative figure without other bounds `c`, a ratio `8/10`
and a missing figure `x`.
"""

from collections import defaultdict
from math import inf, isnan, nan
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.periods import parse
from api.statistics.roll_up import NotAdditive, RollUpEntries, Tally, roll_up
from schema.measures import MeasureKind, Overlap

RATIOS = (MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN)
DATED = (MeasureKind.STOCK, MeasureKind.CUMULATIVE)
ROLLED_UP = (MeasureKind.FLOW, *DATED, MeasureKind.DISTINCT, *RATIOS)


def parse_bounds(figure):
    if figure in {"x", "c"}:
        return (nan, nan) if figure == "x" else (0.0, inf)
    low, _, high = figure.partition("–")
    return float(low), float(high or low)


def get_end_ordinal(code):
    return parse(code).end.toordinal()


def make_entries(rows, *, has_denominators):
    """Build cells of (group, source, period ordinal, (low, high), (base_low, base_high)) rows."""
    groups, sources, periods, counts, bases = zip(*rows, strict=True) if rows else ((),) * 5
    low, high = np.array(counts, dtype=np.float64).reshape(-1, 2).T
    base_low, base_high = np.array(bases, dtype=np.float64).reshape(-1, 2).T
    return RollUpEntries(
        group=np.array(groups, dtype=np.int64),
        source=np.array(sources, dtype=np.int64),
        period=np.array(periods, dtype=np.int64),
        low=low,
        high=high,
        denominator_low=base_low if has_denominators else None,
        denominator_high=base_high if has_denominators else None,
    )


def roll_up_table(kind, table, **options):
    """Roll up a table of source, period and figure to one tally."""
    lines = [line.split() for line in table.strip().splitlines()]
    names = sorted({source for source, _, _ in lines})
    rows = []
    for source, period, figure in lines:
        count, _, base = figure.partition("/")
        rows.append((0, names.index(source), get_end_ordinal(period), parse_bounds(count), parse_bounds(base or "x")))
    (result,) = roll_up(kind, make_entries(rows, has_denominators=kind in RATIOS), groups=1, **options)
    return result


def get_bounds(result):
    return result.low, result.high


def get_ratio_bounds(result):
    return result.ratio_low, result.ratio_high


# --- flow --------------------------------------------------------------------------------------------------


def test_flow_is_added_over_periods_and_sources():
    result = roll_up_table(
        MeasureKind.FLOW,
        """
        council  2025-04  10
        council  2025-05  12
        trust    2025-04   3
        trust    2025-06   0
        """,
    )
    assert get_bounds(result) == (25, 25)
    assert result.is_exact
    assert (result.sources, result.periods) == (2, 3)
    assert result.as_of is None


def test_suppressed_part_gives_bounds():
    result = roll_up_table(
        MeasureKind.FLOW,
        """
        council  2025-04  12
        council  2025-04  1–4
        council  2025-04  7
        """,
    )
    assert get_bounds(result) == (20, 23)
    assert not result.is_exact


def test_suppressed_part_without_bounds_has_no_upper_bound():
    result = roll_up_table(MeasureKind.FLOW, "council 2025-04 12\n council 2025-05 c")
    assert get_bounds(result) == (12, None)
    assert not result.is_exact
    assert result.reason is None


@pytest.mark.parametrize("kind", ROLLED_UP)
@pytest.mark.parametrize("table", ["", "council 2025-04 x/x"])
def test_missing_entry_is_not_zero(kind, table):
    result = roll_up_table(kind, table)
    assert result == Tally(reason="no_data", missing_entries=1 if table else 0)
    assert not result.is_exact


def test_zero_is_data():
    result = roll_up_table(MeasureKind.FLOW, "council 2025-04 0")
    assert result == Tally(low=0, high=0, sources=1, periods=1)
    assert result.is_exact


# --- stock and cumulative ----------------------------------------------------------------------------------


def test_stock_is_its_last_value_in_the_window():
    result = roll_up_table(
        MeasureKind.STOCK,
        """
        council  2025-04  100
        council  2025-05  120
        """,
    )
    assert get_bounds(result) == (120, 120)
    assert result.as_of == get_end_ordinal("2025-05")
    assert result.periods == 2  # the quarter has three periods
    assert not result.has_mixed_as_of


def test_stock_missing_in_the_last_period_is_as_of_the_previous_period():
    result = roll_up_table(MeasureKind.STOCK, "council 2025-04 100\n council 2025-05 120\n council 2025-06 x")
    assert (get_bounds(result), result.as_of, result.missing_entries) == ((120, 120), get_end_ordinal("2025-05"), 1)


def test_stock_over_sources_is_the_sum_of_last_values():
    result = roll_up_table(
        MeasureKind.STOCK,
        """
        A  2025-04  100
        A  2025-05  120
        B  2025-05   90
        B  2025-06   80
        """,
    )
    assert get_bounds(result) == (200, 200)
    assert result.as_of == get_end_ordinal("2025-06")
    assert result.has_mixed_as_of


def test_sources_with_the_same_last_period_are_not_mixed():
    result = roll_up_table(MeasureKind.STOCK, "A 2025-04 1\n A 2025-06 2\n B 2025-06 3")
    assert (get_bounds(result), result.has_mixed_as_of) == ((5, 5), False)


def test_stock_of_several_wards_is_added_within_the_last_period():
    result = roll_up_table(
        MeasureKind.STOCK,
        """
        A  2025-05   70
        A  2025-05   50
        A  2025-06   60
        A  2025-06  1–4
        A  2025-06   55
        """,
    )
    assert get_bounds(result) == (116, 119)


@pytest.mark.parametrize("april", [10, 12])
def test_cumulative_count_is_its_last_by_period_despite_late_corrections(april):
    """Akvo RSR #5241: a late edit to an earlier period overwrote the later counts."""
    result = roll_up_table(
        MeasureKind.CUMULATIVE,
        f"""
        council  2025-05   25
        council  2025-06   40
        council  2025-04   {april}
        """,
    )
    assert get_bounds(result) == (40, 40)
    assert result.as_of == get_end_ordinal("2025-06")


def test_snapshot_and_month_are_ordered_by_their_last_day():
    result = roll_up_table(MeasureKind.STOCK, "A D2025-06-15 9\n A 2025-05 7")
    assert (get_bounds(result), result.as_of) == ((9, 9), get_end_ordinal("D2025-06-15"))


# --- distinct ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", Overlap)
def test_distinct_people_of_three_months_may_be_the_same_people(overlap):
    result = roll_up_table(MeasureKind.DISTINCT, "A 2025-04 30\n A 2025-05 30\n A 2025-06 30", overlap=overlap)
    assert get_bounds(result) == (30, 90)


def test_distinct_people_returned_for_the_whole_period_are_exact():
    assert get_bounds(roll_up_table(MeasureKind.DISTINCT, "A FY2025-26-Q1 55")) == (55, 55)


OVERLAPS = [
    # over sources
    (Overlap.DISJOINT, False, "A 2025-04 30; B 2025-04 20", (50, 50)),
    (Overlap.UNKNOWN, False, "A 2025-04 30; B 2025-04 20", (30, 50)),
    # over time and sources
    (Overlap.DISJOINT, False, "A 2025-04 30; A 2025-05 10; B 2025-04 20; B 2025-05 25", (55, 85)),
    (Overlap.UNKNOWN, False, "A 2025-04 30; A 2025-05 10; B 2025-04 20; B 2025-05 25", (30, 85)),
    # over the parts of a return
    (Overlap.DISJOINT, False, "A 2025-04 30; A 2025-04 20", (30, 50)),
    (Overlap.DISJOINT, True, "A 2025-04 30; A 2025-04 20", (50, 50)),
    (Overlap.UNKNOWN, True, "A 2025-04 30; A 2025-04 20; A 2025-05 45; B 2025-04 60", (60, 155)),
    # suppressed
    (Overlap.UNKNOWN, False, "A 2025-04 30; B 2025-04 1–4", (30, 34)),
    (Overlap.DISJOINT, False, "A 2025-04 30; B 2025-04 1–4", (31, 34)),
    (Overlap.DISJOINT, False, "A 2025-04 30; B 2025-04 c", (30, None)),
]


@pytest.mark.parametrize(("overlap", "parts_disjoint", "table", "expected"), OVERLAPS)
def test_distinct_people_are_added_only_across_disjoint_sources(overlap, parts_disjoint, table, expected):
    result = roll_up_table(
        MeasureKind.DISTINCT, table.replace(";", "\n"), overlap=overlap, parts_disjoint=parts_disjoint
    )
    assert get_bounds(result) == expected


# --- proportion, rate, mean --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RATIOS)
def test_ratios_are_not_averaged(kind):
    result = roll_up_table(kind, "A 2025-04 8/10\n B 2025-04 30/60")
    assert (get_bounds(result), result.denominator_low, result.denominator_high) == ((38, 38), 70, 70)
    assert get_ratio_bounds(result) == (38 / 70, 38 / 70)
    assert result.is_exact


@pytest.mark.parametrize("kind", RATIOS)
def test_ratio_uses_entries_with_both_numerator_and_denominator(kind):
    result = roll_up_table(
        kind,
        """
        A  2025-04   8/10
        A  2025-05   9/x
        B  2025-04  30/60
        C  2025-04   x/50
        """,
    )
    assert get_ratio_bounds(result) == (38 / 70, 38 / 70)
    assert (result.sources, result.periods, result.missing_entries) == (2, 1, 2)


def test_ratio_without_common_coverage_has_no_value():
    assert roll_up_table(MeasureKind.RATE, "A 2025-04 8/x\n B 2025-04 x/60") == Tally(
        reason="no_data", missing_entries=2
    )


RATIO_BOUNDS = [
    (MeasureKind.PROPORTION, "1–4/10", (0.1, 0.4)),
    (MeasureKind.PROPORTION, "2/4–8", (0.25, 0.5)),
    (MeasureKind.PROPORTION, "1–4/5–10", (0.1, 0.8)),
    (MeasureKind.PROPORTION, "c/10", (0.0, 1.0)),
    (MeasureKind.PROPORTION, "1–4/2–8", (0.125, 1.0)),
    (MeasureKind.PROPORTION, "3/c", (0.0, 1.0)),
    (MeasureKind.RATE, "c/10", (0.0, None)),
    (MeasureKind.RATE, "1–4/2–8", (0.125, 2.0)),
    (MeasureKind.RATE, "3/c", (0.0, None)),
    (MeasureKind.RATE, "0/c", (0.0, 0.0)),
    (MeasureKind.RATE, "30/10", (3.0, 3.0)),
    (MeasureKind.MEAN, "95/4", (23.75, 23.75)),
]


@pytest.mark.parametrize(("kind", "figure", "expected"), RATIO_BOUNDS)
def test_ratio_of_bounds_is_bounded_by_its_extremes(kind, figure, expected):
    assert get_ratio_bounds(roll_up_table(kind, f"A 2025-04 {figure}")) == expected


@pytest.mark.parametrize("kind", RATIOS)
@pytest.mark.parametrize("figure", ["0/0", "3/0"])
def test_denominator_of_zero_gives_no_ratio(kind, figure):
    result = roll_up_table(kind, f"A 2025-04 {figure}")
    assert get_ratio_bounds(result) == (None, None)
    assert (result.denominator_low, result.denominator_high) == (0, 0)
    assert result.reason == "zero_denominator"


def test_ratio_without_denominators_is_refused():
    with pytest.raises(ValueError, match=r"\brate\b.*\bdenominators\b"):
        roll_up(MeasureKind.RATE, make_entries([], has_denominators=False), groups=1)


# --- the other kinds ---------------------------------------------------------------------------------------

ALTERNATIVES = {
    MeasureKind.GAP: "proportions",
    MeasureKind.MILESTONE: "items",
    MeasureKind.EVIDENCE: "entries",
    MeasureKind.DERIVED: "measures",
}


@pytest.mark.parametrize("kind", ALTERNATIVES)
def test_kinds_that_are_not_rolled_up_name_the_alternative(kind):
    with pytest.raises(NotAdditive, match=f"`{kind}`.*{ALTERNATIVES[kind]}") as refused:
        roll_up(kind, make_entries([], has_denominators=False), groups=1)
    assert refused.value.kind is kind


def test_each_kind_is_rolled_up_or_refused():
    assert {*ROLLED_UP, *ALTERNATIVES} == set(MeasureKind)


# --- groups and faults -------------------------------------------------------------------------------------


def test_each_group_has_its_own_tally_in_order():
    rows = [(2, 0, 1, (5, 5), (0, 0)), (0, 1, 1, (1, 1), (0, 0)), (2, 0, 2, (7, 9), (0, 0))]
    assert roll_up(MeasureKind.FLOW, make_entries(rows, has_denominators=False), groups=4) == [
        Tally(low=1, high=1, sources=1, periods=1),
        Tally(reason="no_data"),
        Tally(low=12, high=14, sources=1, periods=2),
        Tally(reason="no_data"),
    ]


def test_no_groups_give_no_tallies():
    assert roll_up(MeasureKind.FLOW, make_entries([], has_denominators=False), groups=0) == []


@pytest.mark.parametrize(
    ("group", "count", "fault"),
    [
        (-1, (1, 1), r"group.*\b0 to 1\b"),
        (2, (1, 1), r"group.*\b0 to 1\b"),
        (0, (-1, 1), "negative"),
        (0, (1.5, 2), "negative"),
        (0, (3, 2), "upper"),
        (0, (inf, inf), "infinite"),
    ],
)
def test_invalid_entries_are_refused(group, count, fault):
    with pytest.raises(ValueError, match=fault):
        roll_up(MeasureKind.FLOW, make_entries([(group, 0, 1, count, (1, 1))], has_denominators=False), groups=2)


# --- properties of all figures -----------------------------------------------------------------------

counts = st.builds(
    lambda low, width: (float(low), low + width), st.integers(0, 20), st.sampled_from([0.0, 0.0, 3.0, inf])
)
figures = st.one_of(counts, counts, counts, st.just((nan, nan)))
rows = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 4), figures, figures)
tables = st.lists(rows, max_size=12)
kinds = st.sampled_from(ROLLED_UP)
overlaps = st.sampled_from(Overlap)
exact_counts = st.integers(0, 20).map(lambda count: (float(count), float(count)))
exact_tables = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 4), exact_counts, exact_counts), max_size=12
)


def or_none(number, bound):
    return None if bound == inf else number(bound)


def calculate_expected(kind, table, group, overlap, parts_disjoint):
    """Calculate one group's tally from the definition of its kind, without the optimisations of the module."""
    group_rows = [row for row in table if row[0] == group]
    has_base = kind in RATIOS
    usable_rows = [row for row in group_rows if not isnan(row[3][0]) and not (has_base and isnan(row[4][0]))]
    missing = len(group_rows) - len(usable_rows)
    if not usable_rows:
        return Tally(reason="no_data", missing_entries=missing)
    by_source = defaultdict(lambda: defaultdict(list))
    for _, source, period, count, _ in usable_rows:
        by_source[source][period].append(count)
    result = Tally(sources=len(by_source), periods=len({row[2] for row in usable_rows}), missing_entries=missing)
    if kind in DATED:
        last_periods = {max(periods) for periods in by_source.values()}
        used = [count for periods in by_source.values() for count in periods[max(periods)]]
        result = replace(result, as_of=max(last_periods), has_mixed_as_of=len(last_periods) > 1)
    else:
        used = [row[3] for row in usable_rows]
    low, high = sum(count[0] for count in used), sum(count[1] for count in used)
    if kind is MeasureKind.DISTINCT:
        merge = sum if parts_disjoint else max
        source_peaks = [
            max(merge(low for low, _ in parts) for parts in periods.values()) for periods in by_source.values()
        ]
        low = sum(source_peaks) if overlap is Overlap.DISJOINT else max(source_peaks)
    result = replace(result, low=int(low), high=or_none(int, high))
    if not has_base:
        return result
    base_low, base_high = sum(row[4][0] for row in usable_rows), sum(row[4][1] for row in usable_rows)
    result = replace(result, denominator_low=int(base_low), denominator_high=or_none(int, base_high))
    if base_high == 0:
        return replace(result, reason="zero_denominator")
    lowest = low / base_high
    highest = 0.0 if high == 0 else inf if base_low == 0 else high / base_low
    if kind is MeasureKind.PROPORTION:
        lowest, highest = min(lowest, 1.0), min(highest, 1.0)
    return replace(result, ratio_low=lowest, ratio_high=or_none(float, highest))


@settings(max_examples=400, deadline=None)
@given(kinds, tables, overlaps, st.booleans())
def test_roll_up_agrees_with_the_definitions(kind, table, overlap, parts_disjoint):
    results = roll_up(
        kind,
        make_entries(table, has_denominators=kind in RATIOS),
        groups=3,
        overlap=overlap,
        parts_disjoint=parts_disjoint,
    )
    assert results == [calculate_expected(kind, table, group, overlap, parts_disjoint) for group in range(3)]


@settings(deadline=None)
@given(kinds, tables, st.randoms(use_true_random=False))
def test_roll_up_does_not_depend_on_the_order_of_arrival(kind, table, random: Random):
    shuffled = random.sample(table, len(table))
    is_ratio = kind in RATIOS
    assert roll_up(kind, make_entries(shuffled, has_denominators=is_ratio), groups=3) == roll_up(
        kind, make_entries(table, has_denominators=is_ratio), groups=3
    )


def interval(low, high):
    return low, inf if high is None else high


def encloses(outer, inner):
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def widen(parse_bounds, less, more):
    return max(parse_bounds[0] - less, 0.0), parse_bounds[1] + more


@settings(deadline=None)
@given(kinds, tables, overlaps, st.booleans(), st.data())
def test_wider_bounds_never_give_narrower_results(kind, table, overlap, parts_disjoint, data):
    vaguer = [
        (
            *row[:3],
            *(
                widen(parse_bounds, *data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5))))
                for parse_bounds in row[3:]
            ),
        )
        if not isnan(row[3][0]) and not isnan(row[4][0])
        else row
        for row in table
    ]
    before, after = (
        roll_up(
            kind,
            make_entries(entries, has_denominators=kind in RATIOS),
            groups=3,
            overlap=overlap,
            parts_disjoint=parts_disjoint,
        )
        for entries in (table, vaguer)
    )
    for sharp, vague in zip(before, after, strict=True):
        if sharp.reason == "no_data":
            assert vague == sharp
            continue
        assert encloses(interval(vague.low, vague.high), interval(sharp.low, sharp.high))
        if kind in RATIOS and sharp.reason is None:
            assert encloses(interval(*get_ratio_bounds(vague)), interval(*get_ratio_bounds(sharp)))


@settings(deadline=None)
@given(kinds, exact_tables)
def test_exact_figures_of_disjoint_sources_give_exact_results(kind, table):
    if kind is MeasureKind.DISTINCT:
        table = list({(group, source): (group, source, *rest) for group, source, *rest in table}.values())
    for result in roll_up(
        kind,
        make_entries(table, has_denominators=kind in RATIOS),
        groups=3,
        overlap=Overlap.DISJOINT,
        parts_disjoint=True,
    ):
        assert result.is_exact or result.reason == "no_data"
        assert result.ratio_low == result.ratio_high


@settings(deadline=None)
@given(kinds, tables, overlaps, st.booleans())
def test_lower_bound_never_exceeds_the_upper_bound(kind, table, overlap, parts_disjoint):
    for result in roll_up(
        kind,
        make_entries(table, has_denominators=kind in RATIOS),
        groups=3,
        overlap=overlap,
        parts_disjoint=parts_disjoint,
    ):
        if result.low is not None:
            low, high = interval(*get_bounds(result))
            assert 0 <= low <= high
        if result.ratio_low is not None:
            low, high = interval(*get_ratio_bounds(result))
            assert 0 <= low <= high


members = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sets(st.integers(0, 8), min_size=1)), min_size=1, max_size=6
)


@settings(deadline=None)
@given(members)
def test_true_number_of_distinct_people_lies_within_the_bounds(returns):
    table = [(0, source, period, (len(people), len(people)), (nan, nan)) for source, period, people in returns]
    (result,) = roll_up(MeasureKind.DISTINCT, make_entries(table, has_denominators=False), groups=1)
    all_people = set().union(*(people for _, _, people in returns))
    assert result.low <= len(all_people) <= result.high
