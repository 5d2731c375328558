"""Reading a limited history gives the same verdicts as reading all earlier periods."""

import pytest

from api.figures import verdicts
from api.figures.history import has_enough_history, limit_history
from api.figures.query import OutcomeQuery
from api.reviews import concessions
from tests.spec.test_published_cells import INACTIVE, NOTTINGHAM, RATE, preview
from tests.spec.test_resolution import HARBOUR, make_returns, resolve


def read_with_limited_history(resolved_query, cells, catalogue):
    """Return the figures as a route builds them, and the number of earlier periods that it read."""
    max_starts = 1
    while True:
        limited = limit_history(resolved_query, catalogue, concessions.NO_CONCESSIONS, max_starts)
        figures = verdicts.build_judged_figures(limited, cells, catalogue)
        if has_enough_history(figures, resolved_query, catalogue, concessions.NO_CONCESSIONS, max_starts):
            return figures, len(limited.earlier_queries)
        max_starts *= 4


MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
COLLEGES = ("quay", "pier")


def monthly(measure: str, rows: dict[int, str] | None = None, usual: str = "{n}") -> list[str]:
    """Return rows for both colleges in each month of a year; `rows` replaces the cells of single months."""
    return [
        measure,
        *(
            f"{college} {month} {(rows or {}).get(n, f'town {usual}').format(n=10 + n)}"
            for n, month in enumerate(MONTHS)
            for college in COLLEGES
        ),
    ]


#   case                    returns                                               group by, periods read
HISTORIES = [
    ("every month",          monthly("learners"),                                 [],      1),
    ("not known at first",   monthly("learners", {0: "town x", 1: "town x"}),     [],      4),
    ("late and by sex",      monthly("learners", dict.fromkeys(range(9), "town 5"), "sex=female {n}"), ["sex"], 11),
    ("never by sex before",  monthly("learners", {11: "town sex=female 9"}),      ["sex"], 11),
    ("other sources first",  ["pass-rate", *(f"{'quay' if n < 6 else 'pier'} {month} town {n}/40" for n, month in enumerate(MONTHS))], [], 11),
    ("of a share",           monthly("pass-rate", usual="{n}/40"),                [],      1),
    ("one college is late",  [row for row in monthly("learners") if row != "pier 2026-01 town 10"], [], 1),
    ("one is missing now",   [row for row in monthly("learners") if row != "pier 2026-12 town 21"], [], 0),
    ("the first month",      ["learners", "quay 2026-01 town 10"],                [],      0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "group_by", "count"), HISTORIES)
def test_limited_history_gives_the_same_figures_as_full_history(name, rows, group_by, count):
    revisions, cells = make_returns(*rows)
    question = OutcomeQuery(measures=[rows[0]], group_by=group_by)
    [resolved_query] = resolve(question, HARBOUR, revisions)
    figures, period_count = read_with_limited_history(resolved_query, cells, HARBOUR)
    assert figures == verdicts.build_judged_figures(resolved_query, cells, HARBOUR)
    assert period_count == count


YEARS = {f"FY{year}-{year % 100 + 1:02}": [f"city {60 - year % 7} 40..70"] for year in range(2004, 2026)}
QUARTERS = [f"R12-{year}-{month:02}" for year in range(2010, 2026) for month in (3, 6, 9, 12)]


@pytest.mark.parametrize(
    ("measure", "publications", "count"),
    [
        (RATE, YEARS, 4),  # the trend's years; the programme has no earlier year
        (INACTIVE, {code: ["city 9 8..10"] for code in QUARTERS}, 5),
        (RATE, {"FY2025-26": ["city 60 50..70"]}, 0),
    ],
)
def test_limited_history_includes_all_years_of_a_published_trend(measure, publications, count):
    [(resolved_query, figures)] = preview(measure, publications)
    limited = limit_history(resolved_query, NOTTINGHAM, concessions.NO_CONCESSIONS, 1)
    [(_, limited_figures)] = preview(
        measure,
        {item.period.code: publications[item.period.code] for item in (*limited.earlier_queries, resolved_query)},
    )
    assert len(limited.earlier_queries) == count
    assert [item.trend for item in limited_figures] == [item.trend for item in figures]
    assert [item.movement for item in limited_figures] == [item.movement for item in figures]


def test_query_without_period_is_not_limited():
    [resolved_query] = resolve(OutcomeQuery(measures=["learners"]), HARBOUR, [])
    assert limit_history(resolved_query, HARBOUR, concessions.NO_CONCESSIONS, 1) == resolved_query
