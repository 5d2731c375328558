"""Distinct people of a longer period: what one organisation displays, limited and bounded cell by cell."""

import numpy as np
import pytest

from api.releases.distinct_periods import PeriodDisplay, add_organisations, count_distinct, make_distinct_values
from api.statistics import periods
from schema.disclosure import Rule

PERSONS = Rule()
HALF = periods.parse("FY2026-27-H1")
UNPROTECTED = Rule(base=1, far_share=0, hide_below=0)


def make_display(text: str) -> PeriodDisplay:
    """Parse `FY2026-27-Q1 20`, `… ?` (unknown), `… c` (confidential), `… 20 later`, `… 20 exact`."""
    code, count, *words = text.split()
    return PeriodDisplay(
        period=periods.parse(code),
        totals=np.array([0 if count in "?c" else int(count)]),
        unknown=np.array([count in "?c"]),
        confidential=np.array([count == "c"]),
        exact=np.array(["exact" in words]),
        is_first="later" not in words,
    )


# A displayed count of people is a multiple of 5, at most 7 from the truth when it appears first, and at most 14 later.
# fmt: off
#   displays                                                              total  at least  at most  a return of its own
DISPLAYS = [
    (["FY2026-27-Q1 20", "FY2026-27-Q2 30"],                              (50, 23, 64, False)),
    (["FY2026-27-Q1 20", "FY2026-27-Q2 30 later"],                        (50, 16, 71, False)),
    (["FY2026-27-Q1 5"],                                                  (5, 0, 12, False)),
    (["FY2026-27-Q1 20 exact", "FY2026-27-Q2 30 exact"],                  (50, 30, 50, False)),
    (["FY2026-27-Q1 20", "FY2026-27-Q2 30", "FY2026-27-H1 40"],           (40, 33, 47, True)),
    (["FY2026-27-H1 40"],                                                 (40, 33, 47, True)),
    # It is never below a quarter, which would show that both draws lie at opposite ends.
    (["FY2026-27-Q1 20", "FY2026-27-H1 0"],                               (20, 13, 27, True)),
    # Held back, the quarter may be 14 too high: so may be the half that it limits.
    (["FY2026-27-Q1 20 later", "FY2026-27-H1 0"],                         (20, 6, 34, True)),
    # It is never above what the sum of the quarters can be: 0 + 0 + 3 errors of 7, less the width of 4.
    (["FY2026-27-Q1 0", "FY2026-27-Q2 0", "FY2026-27-H1 20"],             (15, 8, 22, True)),
    (["FY2026-27-Q1 0", "FY2026-27-H1 20"],                               (20, 13, 27, True)),
    (["FY2026-27-Q1 0", "FY2026-27-Q2 ?", "FY2026-27-H1 20"],             (20, 13, 27, True)),
    (["FY2026-27-Q1 25 exact", "FY2026-27-H1 20 exact"],                  (20, 20, 20, True)),
]
UNKNOWN = [
    # What a return leaves out is unknown, even if the periods inside it have it.
    (["FY2026-27-Q1 20", "FY2026-27-H1 ?"],    (True, False)),
    (["FY2026-27-Q1 20", "FY2026-27-H1 c"],    (True, True)),
    (["FY2026-27-Q1 20", "FY2026-27-Q2 c"],    (True, True)),
    (["FY2026-27-Q1 ?", "FY2026-27-H1 20"],    (False, False)),
]
# fmt: on


@pytest.mark.parametrize(("displays", "expected"), DISPLAYS)
def test_distinct_people_of_one_organisation_are_returned_or_bounded(displays, expected):
    counts = count_distinct(HALF, [make_display(text) for text in displays], PERSONS)
    assert (counts.totals[0], counts.low[0], counts.high[0], counts.is_own) == expected


@pytest.mark.parametrize(("displays", "expected"), UNKNOWN)
def test_cell_that_a_used_return_lacks_is_unknown(displays, expected):
    counts = count_distinct(HALF, [make_display(text) for text in displays], PERSONS)
    assert (counts.unknown[0], counts.confidential[0]) == expected


# fmt: off
#   organisations, each with its displays                                 sources  people  value, bounds, or reason
SUMS = [
    ([["FY2026-27-H1 40"]],                                               1,       True,   (40, 33, 47)),
    ([["FY2026-27-H1 40"], ["FY2026-27-H1 30"]],                          1,       True,   (70, 56, 84)),
    ([["FY2026-27-H1 40"], ["FY2026-27-H1 30"]],                          2,       True,   (None, 28, 84)),
    ([["FY2026-27-H1 40"], ["FY2026-27-Q1 30", "FY2026-27-Q2 20"]],       1,       True,   (None, 56, 111)),
    ([["FY2026-27-H1 40"], ["FY2026-27-Q1 30", "FY2026-27-Q2 20"]],       2,       True,   (None, 28, 111)),
    ([["FY2026-27-Q1 5"]],                                                1,       True,   "suppressed"),
    ([["FY2026-27-H1 5"]],                                                1,       True,   "suppressed"),
    ([["FY2026-27-H1 40"], ["FY2026-27-H1 ?"]],                           1,       True,   "suppressed"),
    ([["FY2026-27-H1 40"], ["FY2026-27-H1 ?"]],                           1,       False,  "not_known_for_all"),
    ([["FY2026-27-H1 40"], ["FY2026-27-H1 c"]],                           1,       False,  "suppressed"),
    ([["FY2026-27-H1 2 exact"]],                                          1,       False,  (2, 2, 2)),
]
# fmt: on


@pytest.mark.parametrize(("organisations", "sources", "counts_people", "expected"), SUMS)
def test_distinct_people_of_several_organisations_are_added_or_bounded(organisations, sources, counts_people, expected):
    counts = [count_distinct(HALF, [make_display(text) for text in displays], PERSONS) for displays in organisations]
    [value] = make_distinct_values(
        add_organisations(counts), PERSONS, overlapping_sources=sources, counts_people=counts_people
    )
    assert (value.reason or (value.value, value.low, value.high)) == expected


def test_counts_without_protection_have_no_error():
    counts = count_distinct(HALF, [make_display("FY2026-27-H1 2 exact")], UNPROTECTED)
    [value] = make_distinct_values(counts, UNPROTECTED, overlapping_sources=1, counts_people=False)
    assert (value.value, value.low, value.high, value.error_95) == (2, 2, 2, 0)
