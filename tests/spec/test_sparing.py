"""As few earlier periods are read as a figure's verdicts rest on, and they say what all of them would."""

import pytest

from api.figures import resolution, verdicts
from api.figures.resolution import ResolutionQuery
from api.reviews import concessions
from tests.spec.test_as_published import INACTIVE, NOTTINGHAM, RATE, seen
from tests.spec.test_outcome_rules import HARBOUR, returned


def read(asked, cells, here):
    """The answer as a route puts it together, and how many earlier periods were read for it in the end."""
    starts = 1
    while True:
        spared = verdicts.limit_history(asked, here, concessions.NO_CONCESSIONS, starts)
        figures = verdicts.build_judged_figures(spared, cells, here)
        if verdicts.has_enough_history(figures, asked, here, concessions.NO_CONCESSIONS, starts):
            return figures, len(spared.earlier_queries)
        starts *= 4


MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
BOTH = ("quay", "pier")


def monthly(measure: str, rows: dict[int, str] | None = None, usual: str = "{n}") -> list[str]:
    """A year of returns of both colleges, with other cells in some months."""
    return [
        measure,
        *(
            f"{who} {month} {(rows or {}).get(n, f'town {usual}').format(n=10 + n)}"
            for n, month in enumerate(MONTHS)
            for who in BOTH
        ),
    ]


#   what was returned                                           breakdown   periods read
HISTORIES = [
    ("every month",          monthly("learners"),                                 [],      1),
    ("not known at first",   monthly("learners", {0: "town x", 1: "town x"}),     [],      4),
    ("late and by sex",      monthly("learners", dict.fromkeys(range(9), "town 5"), "sex=female {n}"), ["sex"], 11),
    ("never by sex before",  monthly("learners", {11: "town sex=female 9"}),      ["sex"], 11),
    ("of a share",           monthly("pass-rate", usual="{n}/40"),                [],      1),
    ("one college is late",  [row for row in monthly("learners") if row != "pier 2026-01 town 10"], [], 1),
    ("one is missing now",   [row for row in monthly("learners") if row != "pier 2026-12 town 21"], [], 0),
    ("the first month",      ["learners", "quay 2026-01 town 10"],                [],      0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "group_by", "count"), HISTORIES)
def test_the_answer_is_that_of_all_periods(name, rows, group_by, count):
    standing, cells = returned(*rows)
    question = ResolutionQuery(measures=[rows[0]], group_by=group_by)
    [asked] = resolution.resolve_series(question, resolution.select_series(question, HARBOUR), HARBOUR, standing)
    figures, looked_at = read(asked, cells, HARBOUR)
    assert figures == verdicts.build_judged_figures(asked, cells, HARBOUR)
    assert looked_at == count


YEARS = {f"FY{year}-{year % 100 + 1:02}": [f"city {60 - year % 7} 40..70"] for year in range(2004, 2026)}
QUARTERS = [f"R12-{year}-{month:02}" for year in range(2010, 2026) for month in (3, 6, 9, 12)]


@pytest.mark.parametrize(
    ("measure", "publications", "count"),
    [
        (RATE, YEARS, 4),  # the years of the trend; none before lies in the programme's own time
        (INACTIVE, {code: ["city 9 8..10"] for code in QUARTERS}, 5),
        (RATE, {"FY2025-26": ["city 60 50..70"]}, 0),
    ],
)
def test_published_series_have_the_years_of_their_trend_read(measure, publications, count):
    [(asked, figures)] = seen(measure, publications)
    spared = verdicts.limit_history(asked, NOTTINGHAM, concessions.NO_CONCESSIONS, 1)
    [(_, again)] = seen(
        measure, {one.period.code: publications[one.period.code] for one in (*spared.earlier_queries, asked)}
    )
    assert len(spared.earlier_queries) == count
    assert [one.trend for one in again] == [one.trend for one in figures]
    assert [one.movement for one in again] == [one.movement for one in figures]


def test_what_has_no_period_is_left_as_it_is():
    [asked] = resolution.resolve_series(
        ResolutionQuery(measures=["learners"]),
        [(HARBOUR.measures["learners"], HARBOUR.measures["learners"].series[0])],
        HARBOUR,
        [],
    )
    assert verdicts.limit_history(asked, HARBOUR, concessions.NO_CONCESSIONS, 1) == asked
