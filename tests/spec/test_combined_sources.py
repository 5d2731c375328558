"""How the returns of several sources are combined: one row for each worked example of the design, section 6.

A row has the returns, the queried period, and the answer: the value or its bounds, the period that a stock
or a cumulative count is as of, whether sources differ in it (`mixed`), returns received of those expected, whether
the figure is complete, and the reason if there is no value.
"""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from api.figures.query import OutcomeQuery
from api.figures.verdicts import build_judged_figures
from api.plan.catalogue import Catalogue
from schema.disclosure import DisclosureClass
from schema.measures import Measure, MeasureKind, Operation
from schema.organisations import Duty
from schema.outcomes import PreviewFigure
from schema.periods import PeriodType
from schema.plan import Plan, Window
from schema.released_figures import PublishedFigure
from tests.fixtures.example_plan import HARBOUR_PLAN, TOWN, make_catalogue
from tests.fixtures.release_fixtures import release_figures
from tests.spec.test_preview_figures import decode, join_cells, make_formula_series
from tests.spec.test_resolution import make_returns, preview_one, resolve

LONG_WINDOW = replace(HARBOUR_PLAN.window, start=date(2025, 4, 1), end=date(2027, 3, 31))


def find_measure(slug: str) -> Measure:
    return next(measure for measure in HARBOUR_PLAN.measures if measure.slug == slug)


def make_duty(text: str) -> Duty:
    """Return the duty of `quay on-roll`, `quay on-roll ..2026-08-31` or `quay/evening on-roll 2026-09-01..`."""
    source, measure, *dates = text.split()
    name, _, service = source.partition("/")
    start, _, end = (dates or [".."])[0].partition("..")
    return replace(
        HARBOUR_PLAN.duties[0],
        holder=name if name == "job-club" else f"{name}-college",
        measure=measure,
        service=service or "main",
        valid_from=date.fromisoformat(start) if start else None,
        valid_to=date.fromisoformat(end) if end else None,
    )


def make_programme(*duties: str, window: Window = LONG_WINDOW, **changes: object) -> Catalogue:
    """Return the harbour programme from April 2025 to March 2027, with these duties only.

    Enrolments are a cumulative count that starts again every financial year; `ever-enrolled` never does.
    """
    yearly = find_measure("enrolments")
    resets = {"yearly": PeriodType.FINANCIAL_YEAR, "ever": None}
    both = [
        replace(
            yearly,
            slug="enrolments" if name == "yearly" else "ever-enrolled",
            series=[replace(yearly.series[0], resets=reset)],
        )
        for name, reset in resets.items()
    ]
    others = [measure for measure in HARBOUR_PLAN.measures if measure.slug != "enrolments"]
    plan: Plan = replace(
        HARBOUR_PLAN,
        window=window,
        measures=[*others, *both, *changes.pop("measures", [])],
        duties=[make_duty(text) for text in duties],
        **changes,
    )
    return make_catalogue(decode(plan))


def summarise(figure: PreviewFigure) -> str:
    """Return `105 as of 2026-09 mixed, 3 of 5, incomplete`, `30 to 90, …`, `8/10 …` or `no_data, …`."""
    if figure.lower_bound is None:
        result = str(figure.reason)
    elif figure.value is None:
        result = f"{figure.lower_bound:g} to {'?' if figure.upper_bound is None else f'{figure.upper_bound:g}'}"
    elif figure.denominator is not None:
        result = f"{figure.numerator:g}/{figure.denominator:g}"
    else:
        result = f"{figure.value:g}"
    as_of = f" as of {figure.as_of.code}" if figure.as_of else ""
    mixed = " mixed" if figure.mixed_as_of else ""
    coverage = f"{figure.coverage.received} of {figure.coverage.expected}"
    return f"{result}{as_of}{mixed}, {coverage}, {'complete' if figure.complete else 'incomplete'}"


BOTH = ("quay", "pier")
BOTH_MEMBERS = ["quay members", "pier members"]
SUCCESSION = ["pier on-roll ..2026-08-31", "quay on-roll 2026-09-01.."]

# fmt: off
#   duties                                returns                                              period           answer
STOCKS = [
    # The quarter lacks its last month.
    (["quay on-roll"], ["quay 2026-04 town 100", "quay 2026-05 town 120"],                     "CY2026-Q2",     "120 as of 2026-05, 2 of 3, incomplete"),
    # A predecessor left on 31 August. Its successor counts the same people from September.
    (SUCCESSION, ["pier 2026-07 town 100", "pier 2026-08 town 100", "quay 2026-09 town 105"],  "CY2026-Q3",     "105 as of 2026-09, 3 of 3, complete"),
    (SUCCESSION, ["pier 2026-07 town 100", "pier 2026-08 town 100", "quay 2026-09 town 105"],  "FY2026-27-H1",  "105 as of 2026-09, 3 of 6, incomplete"),
    (SUCCESSION, ["pier 2026-07 town 100", "pier 2026-08 town 100"],                           "2026-08",       "100 as of 2026-08, 1 of 1, complete"),
    # Until the successor returns anything, the figure is as of August, and its coverage shows that September is missing.
    (SUCCESSION, ["pier 2026-07 town 100", "pier 2026-08 town 100"],                           "CY2026-Q3",     "100 as of 2026-08, 2 of 3, incomplete"),
    # The successor has nobody: that is a count, and the predecessor's people are not counted again.
    (SUCCESSION, ["pier 2026-08 town 100", "quay 2026-09 nil"],                                "CY2026-Q3",     "0 as of 2026-09, 2 of 3, incomplete"),
    # Another source stopped in April, and still has its duty: the sum is not as of one month.
    (["quay on-roll", "pier on-roll"], ["pier 2026-04 town 30", "quay 2026-06 town 100"],      "CY2026-Q2",     "130 as of 2026-06 mixed, 2 of 6, incomplete"),
    (["quay on-roll", "pier on-roll"], ["pier 2026-06 town 30", "quay 2026-06 town 100"],      "CY2026-Q2",     "130 as of 2026-06, 2 of 6, incomplete"),
    # The plan has no duty of the source any more: its return counts for its own month, and is not carried forward.
    (["quay on-roll"], ["pier 2026-08 town 100", "quay 2026-09 town 105"],                     "CY2026-Q3",     "105 as of 2026-09, 1 of 3, incomplete"),
    (["quay on-roll"], ["pier 2026-08 town 100", "quay 2026-08 town 5"],                       "2026-08",       "105 as of 2026-08, 1 of 1, complete"),
]
CUMULATIVE = [
    (["quay enrolments"], ["quay 2026-04 town 10", "quay 2026-05 town 25", "quay 2026-06 town 40"], "CY2026-Q2", "40 as of 2026-06, 3 of 3, complete"),
    # April is corrected to 12 after June was returned.
    (["quay enrolments"], ["quay 2026-06 town 40", "quay 2026-05 town 25", "quay 2026-04 town 12"], "CY2026-Q2", "40 as of 2026-06, 3 of 3, complete"),
    # The count starts again in April: March 100 and April 1 are not of the same year.
    (["quay enrolments", "pier enrolments"], ["quay 2026-03 town 100", "pier 2026-03 town 10", "pier 2026-04 town 1"], "P2026-03..2026-04", "mixed_resets as of 2026-04 mixed, 3 of 4, incomplete"),
    (["quay ever-enrolled", "pier ever-enrolled"], ["quay 2026-03 town 100", "pier 2026-03 town 10", "pier 2026-04 town 11"], "P2026-03..2026-04", "111 as of 2026-04 mixed, 3 of 4, incomplete"),
    (["quay enrolments", "pier enrolments"], ["quay 2026-03 town 100", "pier 2026-03 town 10"],     "P2026-03..2026-04", "110 as of 2026-03, 2 of 4, incomplete"),
    (["quay enrolments", "pier enrolments"], ["quay 2026-04 town 4", "pier 2026-05 town 1"],        "CY2026-Q2", "5 as of 2026-05 mixed, 2 of 6, incomplete"),
    # A source that left before the count started again does not take part in it; one that left after it does.
    (["quay enrolments ..2026-03-31", "pier enrolments"], ["quay 2026-03 town 100", "pier 2026-04 town 1"], "P2026-03..2026-04", "1 as of 2026-04, 2 of 3, incomplete"),
    (["quay enrolments ..2026-04-30", "pier enrolments"], ["quay 2026-04 town 100", "pier 2026-05 town 1"], "CY2026-Q2", "101 as of 2026-05 mixed, 2 of 4, incomplete"),
    # A nil return keeps the count, also of a month before the window, and is 0 after the count has started again.
    (["quay enrolments"], ["quay 2026-04 town 40", "quay 2026-05 nil"],                             "CY2026-Q2", "40 as of 2026-05, 2 of 3, incomplete"),
    (["quay enrolments"], ["quay 2026-04 town 40", "quay 2026-05 nil", "quay 2026-06 nil"],         "2026-06",   "40 as of 2026-06, 1 of 1, complete"),
    (["quay enrolments"], ["quay 2026-03 town 40", "quay 2026-04 nil"],                             "2026-04",   "0 as of 2026-04, 1 of 1, complete"),
    (["quay ever-enrolled"], ["quay 2026-03 town 40", "quay 2026-04 nil"],                          "2026-04",   "40 as of 2026-04, 1 of 1, complete"),
    (["quay enrolments", "pier enrolments"], ["quay 2026-04 town 40", "pier 2026-05 nil"],          "2026-05",   "0 as of 2026-05, 1 of 2, incomplete"),
    (["quay enrolments"], ["quay 2026-05 nil"],                                                     "2026-05",   "0 as of 2026-05, 1 of 1, complete"),
]
OTHER_KINDS = [
    (["quay learners", "pier learners"], ["quay 2026-04 town 12", "pier 2026-04 town c:1-4", "quay 2026-05 town 7"], "CY2026-Q2", "20 to 23, 3 of 6, incomplete"),
    (["quay learners", "pier learners"], ["quay 2026-04 town 12", "pier 2026-05 nil"],         "CY2026-Q2",     "12, 2 of 6, incomplete"),
    (["quay members"], [f"quay 2026-0{month} town 30" for month in (4, 5, 6)],                 "CY2026-Q2",     "30 to 90, 3 of 3, complete"),
    (["quay pass-rate", "pier pass-rate"], ["quay 2026-04 town 8/10", "pier 2026-04 town 30/60"], "2026-04",    "38/70, 2 of 2, complete"),
    (["quay pass-rate", "pier pass-rate"], ["quay 2026-04 town 8/10", "pier 2026-04 town x"],  "2026-04",       "8/10, 2 of 2, complete"),
    (["quay pass-rate"], ["quay 2026-04 town 0/0"],                                            "2026-04",       "zero_denominator, 1 of 1, complete"),
]
# The own return of a longer period replaces those of the periods inside it, and bounds from them.
MONTHS = [f"quay 2026-0{month} town {count}" for month, count in ((4, 30), (5, 40), (6, 20))]
OWN_YEARS = [
    (["quay members"], [*MONTHS, "quay FY2026-27-Q1 town 65"],                                 "FY2026-27-Q1",  "65, 1 of 1, complete"),
    (["quay members"], ["quay FY2026-27-Q1 town 65"],                                          "CY2026-Q2",     "65, 1 of 1, complete"),
    (["quay members"], [*MONTHS[:2], "quay FY2026-27-Q1 nil"],                                 "FY2026-27-Q1",  "0, 1 of 1, complete"),
    # A half has a quarter of its own and one month: the month of July lies outside the quarter.
    (["quay members"], [*MONTHS, "quay FY2026-27-Q1 town 65", "quay 2026-07 town 10"],         "FY2026-27-H1",  "65 to 75, 2 of 4, incomplete"),
    # Months are never added to the return of a half.
    (["quay members"], [*MONTHS, "quay FY2026-27-H1 town 80"],                                 "FY2026-27-H1",  "80, 1 of 1, complete"),
    (["quay members"], [*MONTHS, "quay FY2026-27-H1 town 80"],                                 "FY2026-27-Q1",  "40 to 90, 3 of 3, complete"),
    (["quay members"], ["quay FY2026-27-Q1 town 65"],                                          "2026-05",       "no_data, 0 of 1, incomplete"),
    # One source has returned the quarter, another its months. They may count the same people.
    (BOTH_MEMBERS, ["quay FY2026-27-Q1 town 65", *(row.replace("quay", "pier") for row in MONTHS)], "FY2026-27-Q1", "65 to 155, 4 of 4, complete"),
    (BOTH_MEMBERS, ["quay FY2026-27-Q1 town 65", "pier FY2026-27-Q1 town 50"],                 "FY2026-27-Q1",  "65 to 115, 2 of 2, complete"),
    # One service of a source has returned the quarter, another its months.
    (["quay members", "quay/evening members"], ["quay FY2026-27-Q1 town 65", "quay/evening 2026-04 town 90"], "FY2026-27-Q1", "90 to 155, 2 of 4, incomplete"),
]
# Returns are expected only for periods that the server accepts: of the programme, the duty, its organisation, the series.
COVERAGE = [
    (["quay learners"], ["quay 2026-01 town 1"],                                               "CY2025",        "no_data, 0 of 9, incomplete"),
    (["quay learners"], ["quay 2025-04 town 1"],                                               "CY2025",        "1, 1 of 9, incomplete"),
    (["quay learners 2025-06-01.."], ["quay 2025-06 town 1"],                                  "FY2025-26-Q1",  "1, 1 of 1, complete"),
    (["quay learners ..2025-05-15"], ["quay 2025-04 town 1"],                                  "FY2025-26-Q1",  "1, 1 of 1, complete"),
]
# fmt: on


@pytest.mark.parametrize(
    ("duties", "returns", "period", "expected"), [*STOCKS, *CUMULATIVE, *OTHER_KINDS, *OWN_YEARS, *COVERAGE]
)
def test_sources_are_combined_by_the_kind_of_the_measure(duties, returns, period, expected):
    measure = duties[0].split()[1]
    catalogue = make_programme(*duties)
    assert summarise(preview_one(measure, *returns, catalogue=catalogue, periods=[period])) == expected


# fmt: off
#   the first proportion                                   the second                              period       gap
GAPS = [
    # B returned only the first: its 90 of 100 would make a gap of 40 points.
    (["quay 2026-04 town 10/100", "pier 2026-04 town 90/100"], ["quay 2026-04 town 10/100"],                             "2026-04",   "0, 3 of 4, incomplete"),
    (["quay 2026-04 town 10/100", "pier 2026-04 town 90/100"], ["quay 2026-04 town 10/100", "pier 2026-04 town x"],      "2026-04",   "0, 4 of 4, incomplete"),
    (["quay 2026-04 town 10/100", "pier 2026-04 town 90/100"], ["quay 2026-04 town 10/100", "pier 2026-04 town 30/100"], "2026-04",   "30, 4 of 4, complete"),
    # Quay returned the second proportion in April only.
    (["quay 2026-04 town 10/100", "quay 2026-05 town 90/100"], ["quay 2026-04 town 10/100"],                             "CY2026-Q2", "0, 3 of 12, incomplete"),
    (["quay 2026-04 town 10/100"],                             ["pier 2026-04 town 10/100"],                             "2026-04",   "no_common_source, 2 of 4, incomplete"),
    ([],                                                       ["pier 2026-04 town 10/100"],                             "2026-04",   "part_without_value, 1 of 4, incomplete"),
]
# fmt: on


QUARTERS = replace(find_measure("pass-rate").cadence, period_type=PeriodType.FINANCIAL_QUARTER)


def list_gap_measures(**changes: object) -> list[Measure]:
    """Return another pass rate, and the quarterly gap of the two."""
    pass_rate, formula = find_measure("pass-rate"), make_formula_series(Operation.DIFFERENCE, "pass-rate", "other-rate")
    return [
        replace(pass_rate, slug="other-rate", **changes),
        replace(pass_rate, slug="gap", kind=MeasureKind.GAP, cadence=QUARTERS, schemes=[], series=formula),
    ]


GAP_DUTIES = [f"{name} {slug}" for name in BOTH for slug in ("pass-rate", "other-rate")]


def preview_gap(first: list[str], second: list[str], period: str, **changes: object) -> PreviewFigure:
    """Return the gap of two pass rates, the second of which may have another cadence."""
    catalogue = make_programme(*GAP_DUTIES, measures=list_gap_measures(**changes))
    revisions, columns = [], []
    for shift, (slug, rows) in zip((0, 100), (("pass-rate", first), ("other-rate", second)), strict=True):
        returns, data = make_returns(slug, *rows, catalogue=catalogue)
        revisions += [replace(one, id=one.id + shift) for one in returns]
        columns.append(replace(data.cells, item=data.cells.item + shift))
    [query] = resolve(OutcomeQuery(measures=["gap"], periods=[period]), catalogue, revisions)
    [figure] = build_judged_figures(query, join_cells(columns), catalogue)
    return figure


@pytest.mark.parametrize(("first", "second", "period", "expected"), GAPS)
def test_gap_compares_the_sources_that_returned_both_proportions(first, second, period, expected):
    assert summarise(preview_gap(first, second, period)) == expected


def test_gap_of_months_and_quarters_compares_sources():
    first = ["quay 2026-04 town 5/50", "quay 2026-05 town 5/50", "pier 2026-05 town 90/100"]
    figure = preview_gap(first, ["quay FY2026-27-Q1 town 30/100"], "CY2026-Q2", cadence=QUARTERS)
    assert summarise(figure) == "-20, 4 of 8, incomplete"


def release(measure: str, duties: list[str], rows: list[str], **plan: object) -> list[PublishedFigure]:
    """Return the totals of a release of these returns, in which counts are neither rounded nor withheld."""
    catalogue = make_programme(*duties, **plan)
    catalogue = make_catalogue(
        replace(
            catalogue.plan,
            measures=[
                replace(one, disclosure_class=DisclosureClass.NONE)
                for one in catalogue.plan.measures
                if one.slug == measure or any(duty.measure == one.slug for duty in catalogue.plan.duties)
            ],
            duties=[replace(duty, publish_alone=True) for duty in catalogue.plan.duties],
        )
    )
    figures = release_figures(*rows, catalogue=catalogue, frozen_at=datetime(2027, 4, 30, tzinfo=UTC))
    return [one for one in figures if (one.measure, one.area, one.breakdown) == (measure, TOWN, {})]


@pytest.mark.parametrize(("duties", "returns", "period", "expected"), [*STOCKS, *CUMULATIVE, *OTHER_KINDS])
def test_release_shows_what_the_preview_shows_or_nothing(duties, returns, period, expected):
    measure = duties[0].split()[1]
    rows = [f"{name} {measure} {rest}" for name, rest in (row.split(maxsplit=1) for row in returns)]
    compared = 0
    for figure in release(measure, duties, rows):
        preview = preview_one(measure, *returns, catalogue=make_programme(*duties), periods=[figure.period.code])
        if figure.lower_bound is not None:
            compared += 1
            shown = (figure.value, figure.lower_bound, figure.upper_bound)
            exact = (preview.value, preview.lower_bound, preview.upper_bound)
            assert shown == (pytest.approx(exact, abs=0.5) if figure.denominator else exact), figure.period.code
    assert compared or "nil" not in returns[-1]


# fmt: off
#   measure     returns                                                              released period  value, bounds or reason
YEARS = [
    ("on-roll", ["quay 2026-05 town 100", "quay 2026-06 town 120"],                  "FY2026-27-Q1",  120),
    ("on-roll", ["quay 2026-06 town 120", "quay 2026-09 town 90"],                   "FY2026-27-H1",  90),
    # Without a return for June, the quarter has no end, and the release does not carry May forward.
    ("on-roll", ["quay 2026-04 town 100", "quay 2026-05 town 120"],                  "FY2026-27-Q1",  "last_period_incomplete"),
    ("on-roll", ["quay 2026-06 town 100", "pier 2026-05 town 30"],                   "FY2026-27-Q1",  "last_period_incomplete"),
    ("on-roll", [],                                                                  "FY2026-27-Q1",  "no_data"),
    ("enrolments", ["quay 2026-05 town 25", "quay 2026-06 town 40"],                 "FY2026-27-Q1",  40),
    ("members", ["quay 2026-04 town 30", "quay 2026-05 town 40", "quay 2026-06 town 20"], "FY2026-27-Q1", (40, 90)),
    ("members", ["quay 2026-04 town 30", "quay FY2026-27-Q1 town 65"],               "FY2026-27-Q1",  65),
    ("members", ["quay 2026-04 town 30", "quay FY2026-27-Q1 town 65"],               "FY2026-27-H1",  (65, 65)),
    ("members", ["quay FY2026-27-Q1 town 65", "quay FY2026-27-Q2 town 50", "quay FY2026-27-H1 town 90"], "FY2026-27-H1", 90),
    # Two sources may count the same people: at least the average, at most the sum.
    ("members", ["quay FY2026-27-Q1 town 65", "pier FY2026-27-Q1 town 50"],          "FY2026-27-Q1",  (58, 115)),
    ("members", ["quay FY2026-27-Q1 town 65", "pier 2026-04 town 50"],               "FY2026-27-Q1",  (58, 115)),
    # The evening service has no return for the quarter, so that of the main service alone would be too low.
    ("members", ["quay 2026-04 town 30", "quay FY2026-27-Q1 town 65", "quay/evening 2026-04 town 90"], "FY2026-27-Q1", (60, 120)),
    ("members", ["quay FY2026-27-Q1 east 5", "quay 2026-04 town 30"],                "FY2026-27-Q1",  "not_known_for_all"),
    ("members", ["quay FY2026-27-Q1 nil"],                                           "FY2026-27-Q1",  0),
    ("members", [],                                                                  "FY2026-27-Q1",  "no_data"),
]
# fmt: on


@pytest.mark.parametrize(("measure", "returns", "period", "expected"), YEARS)
def test_release_has_longer_periods_of_stocks_and_distinct_counts(measure, returns, period, expected):
    duties = [f"{who} {measure}" for who in ("quay", "quay/evening", "pier")]
    rows = [f"{name} {measure} {rest}" for name, rest in (row.split(maxsplit=1) for row in returns)]
    [figure] = [one for one in release(measure, duties, rows) if one.period.code == period]
    bounds = (figure.lower_bound, figure.upper_bound)
    shown = figure.reason or (bounds if figure.value is None else figure.value)
    assert shown == expected or (figure.value is None and bounds == expected)


# fmt: off
#   duties, returns, released period, value
RELEASES = [
    (SUCCESSION, ["pier on-roll 2026-08 town 1000", "quay on-roll 2026-09 town 1050"], "2026-08", 1000),
    (SUCCESSION, ["pier on-roll 2026-08 town 1000", "quay on-roll 2026-09 town 1050"], "2026-09", 1050),
    (["quay enrolments"], ["quay enrolments 2026-04 town 400", "quay enrolments 2026-05 nil"], "2026-04", 400),
    (["quay enrolments"], ["quay enrolments 2026-04 town 400", "quay enrolments 2026-05 nil"], "2026-05", 400),
    (["quay enrolments", "pier enrolments"], ["quay enrolments 2026-03 town 100", "pier enrolments 2026-03 town 10", "pier enrolments 2026-04 town 1"], "2026-04", 1),
]
# fmt: on


@pytest.mark.parametrize(("duties", "rows", "period", "expected"), RELEASES)
def test_release_combines_sources_in_each_released_period(duties, rows, period, expected):
    values = {one.period.code: one.value for one in release(duties[0].split()[1], duties, rows)}
    assert values[period] == expected


# fmt: off
#   the first proportion                                           the second in Q1 2026/27                                        gap, reason, complete
RELEASED_GAPS = [
    (["quay 2026-04 town 100/1000", "pier 2026-04 town 900/1000"], ["quay 2026-04 town 100/1000"],                               (0.0, None, False)),
    (["quay 2026-04 town 100/1000", "pier 2026-04 town 900/1000"], ["quay 2026-04 town 100/1000", "pier 2026-04 town 300/1000"], (30.0, None, False)),
    (["quay 2026-04 town 100/1000", "quay 2026-05 town 900/1000"], ["quay 2026-04 town 100/1000"],                               (0.0, None, False)),
    (["quay 2026-04 town 100/1000"],                               ["pier 2026-04 town 100/1000"],                               (None, "no_common_source", False)),
    (["quay 2026-04 town 100/1000"],                               [],                                                           (None, "part_without_value", False)),
]
# fmt: on


@pytest.mark.parametrize(("first", "second", "expected"), RELEASED_GAPS)
def test_released_gap_compares_the_sources_that_returned_both_proportions(first, second, expected):
    rows = [
        f"{name} {slug} {rest}"
        for slug, returns in (("pass-rate", first), ("other-rate", second))
        for name, rest in (row.split(maxsplit=1) for row in returns)
    ]
    figures = release("gap", GAP_DUTIES, rows, measures=list_gap_measures())
    [figure] = [one for one in figures if one.period.code == "FY2026-27-Q1"]
    assert (figure.value, figure.reason, figure.complete) == expected


def test_released_gap_of_months_and_quarters_compares_organisations():
    rows = [
        "quay pass-rate 2026-04 town 50/500",
        "quay pass-rate 2026-05 town 50/500",
        "quay pass-rate 2026-06 town 50/500",
        "pier pass-rate 2026-05 town 900/1000",
        "quay other-rate FY2026-27-Q1 town 300/1000",
    ]
    figures = release("gap", GAP_DUTIES, rows, measures=list_gap_measures(cadence=QUARTERS))
    [figure] = [one for one in figures if one.period.code == "FY2026-27-Q1"]
    assert (figure.value, figure.complete) == (-20.0, False)


def test_released_gap_of_one_common_source_is_withheld_like_its_proportions():
    first = ["quay pass-rate 2026-04 town 100/1000", "pier pass-rate 2026-04 town 900/1000"]
    catalogue = make_programme(*GAP_DUTIES, measures=list_gap_measures())
    figures = release_figures(
        *first,
        "quay other-rate 2026-04 town 100/1000",
        catalogue=catalogue,
        frozen_at=datetime(2027, 4, 30, tzinfo=UTC),
    )
    [figure] = [one for one in figures if (one.measure, one.period.code) == ("gap", "FY2026-27-Q1")]
    assert (figure.value, figure.reason, figure.complete) == (None, "suppressed", False)
