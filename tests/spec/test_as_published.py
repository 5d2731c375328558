"""Figures of published statistics among the outcomes: as they were published, and beside what was published."""

import re

import msgspec
import numpy as np
import pytest
from scipy.stats import binomtest

from api.figures import inequality_figures, published_cells, query, resolution, verdicts
from api.figures.query import OutcomeQuery
from api.figures.returns_data import RevisionCells, SelectedRevision
from api.outcomes import availability
from api.plan.catalogue import Catalogue
from api.statistics import periods
from schema.outcomes import RevisionBasis
from schema.submissions import FigureLimits, Marker, PublisherFigure, ReturnKind, Status
from tests.spec.test_outcome_rules import IN_TIME, NOTTINGHAM

CITY, REGION, ENGLAND, LEEDS, WARD = "E06000018", "E12000004", "E92000001", "E08000035", "E05012270"
AREAS = {"city": CITY, "region": REGION, "england": ENGLAND, "leeds": LEEDS, "authority": "E47000013"}
INACTIVE, NEET, GAP, RATE = "economic-inactivity-ill-health", "neet-16-17", "ltc-employment-gap", "ltc-employment-rate"
HEADLINES = {INACTIVE: "lts-of-population-16-64", NEET: "neet-la", GAP: "headline", RATE: "headline"}


def figure(text: str) -> PublisherFigure:
    """`city sex=female 30.1 25.0..35.2 20..40@99.8 15100/50200 b`, `city c`."""
    area, *words = text.split()
    made: dict = {"area": AREAS[area], "limits": [], "markers": []}
    for word in words:
        if ".." in word:
            limits, _, confidence = word.partition("@")
            lower, upper = limits.split("..")
            made["limits"].append({"lower": lower, "upper": upper, "confidence": confidence or "95"})
        elif "/" in word:
            made["numerator"], made["denominator"] = word.split("/")
        elif "=" in word:
            made["breakdown"] = dict([word.split("=")])
        elif word in set(Status):
            made["status"] = word
        elif word in set(Marker):
            made["markers"].append(word)
        else:
            made["value"] = word
    return msgspec.convert(made, PublisherFigure)


Publications = dict[str, list[str]]


def seen(measure: str, publications: Publications, catalogue: Catalogue = NOTTINGHAM, **filters: object):
    """What a reviewer sees of a measure, by its publications: period, or period and service → figures."""
    revisions, contents = [], {}
    for number, (returned, rows) in enumerate(publications.items(), 1):
        period, service = [*returned.split(), "main"][:2]
        contents[number] = [figure(row) for row in rows]
        revisions.append(
            SelectedRevision(
                id=number,
                measure=measure,
                series=HEADLINES[measure],
                organisation="ohid",
                service=service,
                period=periods.parse(period),
                kind=ReturnKind.DATA,
                first_recorded_at=IN_TIME,
            )
        )
    none = np.array([])
    whole = dict.fromkeys(("revision", "area", "breakdown"), none.astype(np.int64))
    numbers = dict.fromkeys(("value", "numerator", "denominator", "lower", "upper"), none)
    cells = RevisionCells(**whole, **numbers, confidential=none.astype(np.bool_), published_figures=contents)
    question = OutcomeQuery(measures=[measure], **filters)  # pyright: ignore
    wanted = query.resolve_axes(question, catalogue)
    every, _ = query.resolve_query(question, wanted, catalogue, revisions)
    return [(one, verdicts.build_judged_figures(one, cells, catalogue)) for one in every]


def one(measure: str, publications: Publications, catalogue: Catalogue = NOTTINGHAM, **filters: object):
    [(_, [found])] = seen(measure, publications, catalogue, **filters)
    return found


YEAR = {"FY2023-24": ["city 60.1 55.0..65.2 52.0..68.2@99.8 41200/68500", "region 64.0", "england 65.5 65.1..65.9"]}


def test_a_figure_is_as_it_was_published():
    found = one(RATE, YEAR)
    assert (found.period.code, found.value, found.lower_bound, found.upper_bound, found.largest_error) == (
        *("FY2023-24", 60.1, 60.1, 60.1),
        0,
    )
    assert (found.numerator, found.denominator) == (41200, 68500)
    assert (found.lower, found.upper, found.lower_99_8, found.upper_99_8) == (55.0, 65.2, 52.0, 68.2)
    assert (found.interval_method, found.markers, found.status, found.reason) == ("published", ["p"], None, None)
    said = found.source
    assert (said.publisher, said.identifier, said.value, said.limits_derived) == (
        "Office for Health Improvement and Disparities",
        "93882",
        "60.1",
        False,
    )
    assert [(c.organisation, c.period, c.revision) for c in found.contributors] == [("ohid", "FY2023-24", 1)]
    assert (found.coverage.expected, found.coverage.received, found.coverage.late) == (1, 1, 0)


#   what was published of the city in FY2023-24    status, reason                     markers
WITHOUT_A_NUMBER = [
    ("city c", ("c", "suppressed_by_publisher")),
    ("city x", ("x", "not_available")),
    ("city z", ("z", "not_applicable")),
    ("city w", ("w", "none_recorded")),
]


@pytest.mark.parametrize(("row", "expected"), WITHOUT_A_NUMBER)
def test_a_figure_without_a_number_says_why(row, expected):
    found = one(RATE, {"FY2023-24": [row]})
    assert (found.value, found.status, found.reason, found.movement) == (None, *expected, None)
    assert found.source.value is None


#   asked for                                       reason, what there is instead
NOT_PUBLISHED = [
    ({"periods": ["2024-01"]}, "as_published_only", ["FY2023-24, FY2022-23"]),
    ({"periods": ["P2022-04..2024-03"]}, "as_published_only", ["FY2023-24, FY2022-23"]),
    ({"areas": [WARD]}, "as_published_only", [f"{CITY}, {ENGLAND}"]),
    (
        {"areas": [ENGLAND], "breakdowns": ["sex:female"]},
        "as_published_only",
        ["sex=female", CITY, ENGLAND],
    ),
    (
        {"areas": [REGION], "breakdowns": ["sex:male"]},
        "as_published_only",
        [f"{CITY}, {ENGLAND}", "sex=male"],
    ),
]


@pytest.mark.parametrize(("filters", "reason", "instead"), NOT_PUBLISHED)
def test_what_is_not_published_is_not_made_up(filters, reason, instead):
    there = {"FY2022-23": ["city 1.0"], "FY2023-24": ["city 60.1", "city sex=female 58.0", "england 65.5"]}
    found = one(RATE, there, **filters)
    assert (found.value, found.lower_bound, found.reason) == (None, None, reason)
    assert re.search(r"\b.*\b".join(instead), found.alternatives)
    assert (found.source, found.comparators) == (None, [])


def test_a_long_list_of_what_there_is_instead_is_shortened():
    years = {f"FY{year}-{year % 100 + 1:02}": ["city 60"] for year in range(2009, 2024)}
    assert re.search(r"\bFY2012-13 and 3 \D*$", one(RATE, years, periods=["2024-01"]).alternatives)
    assert published_cells._join_codes([str(n) for n in range(15)]).endswith("10, 11 and 3 more")  # pyright: ignore


def test_nothing_published_is_no_data():
    found = one(RATE, {})
    assert (found.reason, found.coverage.expected) == ("no_data", 0)
    assert one(RATE, {"FY2023-24": []}).reason == "no_data"
    [(the, figures)] = seen(RATE, {}, periods=["FY2023-24"], areas=[LEEDS])
    cut = query.select_page([the], None, 10, NOTTINGHAM)
    assert [f.reason for f in query.select_page_figures(figures, cut, NOTTINGHAM)] == [
        "no_data"
    ]  # any area of the plan will do


def test_a_span_has_its_figure_under_either_name():
    found = one(INACTIVE, {"R12-2025-03": ["city 9.1"]}, periods=["FY2024-25"])
    assert (found.period.code, found.value, found.contributors[0].period) == ("FY2024-25", 9.1, "R12-2025-03")


#   what each of two returns says of the city            what is told
TWICE = [
    ("city 60.1",                  "city 60.10",             (60.1, None)),
    ("city 60.1 55..65",           "city 60.1 55.0..65.0 b", (60.1, None)),
    ("city c",                     "city c",                 (None, "suppressed_by_publisher")),
    ("city 60.1",                  "city 60.2",              (None, "conflicting_returns")),
    ("city 60.1",                  "city c",                 (None, "conflicting_returns")),
    ("city 60.1 55..65",           "city 60.1 55..66",       (None, "conflicting_returns")),
    ("city 60.1 55..65",           "city 60.1",              (None, "conflicting_returns")),
    ("city 60.1 601/1000",         "city 60.1 602/1000",     (None, "conflicting_returns")),
]  # fmt: skip


@pytest.mark.parametrize("periods", [("FY2023-24", "FY2023-24 again"), ("FY2023-24", "R12-2024-03")])
@pytest.mark.parametrize(("first", "second", "expected"), TWICE)
def test_of_two_returns_that_tell_a_figure_differently_neither_is_believed(first, second, expected, periods):
    for rows in ((first, second), (second, first)):
        found = one(RATE, {period: [row] for period, row in zip(periods, rows, strict=True)}, periods=["FY2023-24"])
        assert (found.value, found.reason) == expected
        assert len(found.contributors) == 2


def test_whoever_reviews_is_told_who_returned_what():
    found = one(RATE, {"FY2023-24": ["city 60.1"], "FY2023-24 again": ["city c"]})
    assert "60.1 (main, FY2023-24, of ohid)" in found.alternatives
    assert "[c] (again, FY2023-24, of ohid)" in found.alternatives
    assert (found.status, found.source) == ("x", None)


WILSON = binomtest(12, 200).proportion_ci(method="wilson")  # scipy's, written apart
#   measure, figure                       method, lower, upper, derived
LIMITS = [
    (NEET, ["city 6.0 12/200"], ("wilson", 100 * WILSON.low, 100 * WILSON.high, True)),
    (NEET, ["city 6.0 12/200", "england 5.0 4.9..5.1"], (None, None, None, False)),  # a sample: counts are weighted
    (NEET, ["city 6.0"], (None, None, None, False)),
    (NEET, ["city 6.0 300/200"], (None, None, None, False)),
    (NEET, ["city 50.0 12/200"], (None, None, None, False)),  # of other counts than these
    (NEET, ["city c"], (None, None, None, False)),
    (GAP, ["city 6.0 12/200"], (None, None, None, False)),
]


@pytest.mark.parametrize(("measure", "rows", "expected"), LIMITS)
def test_limits_are_worked_out_from_counts_that_no_sample_gave(measure, rows, expected):
    found = one(measure, {"R3-2025-02" if measure == NEET else "FY2023-24": rows})
    method, lower, upper, derived = expected
    assert (found.interval_method, found.source.limits_derived) == (method, derived)
    assert (found.lower, found.upper) == (
        lower and pytest.approx(lower, abs=1e-4),
        upper and pytest.approx(upper, abs=1e-4),
    )


def test_derived_limits_that_a_publisher_sends_are_told_as_such():
    catalogue = {"R12-2025-06": ["city 9.1"]}
    [(the, _)] = seen(INACTIVE, catalogue)
    limits = [FigureLimits(lower="8.0", upper="10.2", method="normal")]  # pyright: ignore
    [said, *_] = published_cells.find_published_cells(
        the, {1: [PublisherFigure(area=CITY, value="9.1", limits=limits)]}
    )
    assert said.source is not None
    assert (said.source.limits_derived, said.intervals[0].method) == (True, "normal")


def test_limits_of_99_8_alone_are_no_95():
    found = one(RATE, {"FY2023-24": ["city 60 50..70@99.8"]})
    assert (found.lower, found.lower_99_8, found.comparators[0].reason) == (None, 50, "no_published_equivalent")


def told(found):
    return [(c.area, c.value, c.verdict, c.confidence, c.reason) for c in found.comparators]


def test_comparators_are_what_was_published_for_wider_areas_and_peers():
    rows = [*YEAR["FY2023-24"], "leeds 70.0 66..74"]
    assert told(one(RATE, {"FY2023-24": rows})) == [
        (REGION, 64.0, "similar", "95", None),
        (ENGLAND, 65.5, "worse", "95", None),
        (LEEDS, 70.0, "worse", "99.8", None),
    ]


def test_a_comparator_that_was_not_published_says_so():
    assert told(one(RATE, {"FY2023-24": ["city 60.1 55..65"], "FY2022-23": ["england 70"]})) == [
        (REGION, None, None, None, "no_published_equivalent"),
        (ENGLAND, None, None, None, "no_published_equivalent"),
    ]
    asked_for = one(RATE, {"FY2023-24": ["city 60.1 55..65", "leeds 62"]}, comparators=[LEEDS, "E47000013"])
    assert told(asked_for) == [
        (LEEDS, 62.0, "similar", "95", None),
        ("E47000013", None, None, None, "no_published_equivalent"),
    ]


def test_a_peer_is_not_set_beside_the_programmes_own_area():
    assert told(one(RATE, {"FY2023-24": ["city 60.1", "leeds 62 60..64"]}, areas=[LEEDS])) == []


def test_without_an_interval_there_is_no_verdict():
    assert told(one(RATE, {"FY2023-24": ["city 60.1", "region 62"]}))[0] == (REGION, 62.0, None, None, "no_interval")


def years(*values: str) -> Publications:
    return {f"FY{2019 + n}-{20 + n}": [f"city {value}"] for n, value in enumerate(values)}


def trend(found):
    return (found.trend.tendency, found.trend.verdict, found.trend.method, found.trend.reason)


def test_the_trend_of_a_sample_rests_on_its_intervals():
    rising = years(*(f"{50 + 3 * n} {48 + 3 * n}..{52 + 3 * n} 500/1000" for n in range(5)))
    assert trend(one(RATE, rising)) == ("increasing", "better", "weighted-least-squares", None)
    rising["FY2022-23"] = ["city 59 57..61 b"]
    assert trend(one(RATE, rising))[3] == "break_in_series"
    assert trend(one(RATE, years("50 48..52", "51 49..53")))[3] == "too_few_points"
    assert trend(one(GAP, rising))[3] == "not_a_proportion_or_rate"


def test_the_trend_of_a_count_rests_on_its_counts():
    falling = {f"R3-{2021 + n}-02": [f"city {10 - n} {1000 - 100 * n}/10000"] for n in range(5)}
    assert trend(one(NEET, falling)) == ("decreasing", "better", "cochran-armitage", None)


def test_of_quarterly_years_the_trend_takes_those_that_do_not_overlap():
    ends = [f"{year}-{month:02}" for year in range(2020, 2026) for month in (3, 6, 9, 12) if (year, month) < (2025, 7)]
    every = {f"R12-{end}": [f"city {9 + 0.5 * n} {8.9 + 0.5 * n}..{9.1 + 0.5 * n}"] for n, end in enumerate(ends)}
    found = one(INACTIVE, every).trend
    assert (found.tendency, found.first_period, found.last_period) == ("increasing", "R12-2021-06", "R12-2025-06")


def test_movement_is_from_the_baseline_or_from_the_programmes_first_figure():
    rows = {f"R12-{year}-06": [f"city {value}"] for year, value in ((2014, 6), (2025, 9), (2026, 8.5))}
    moved = one(INACTIVE, rows).movement
    assert (moved.since, moved.start_period, moved.change, moved.verdict) == (
        "first_released",
        "R12-2025-06",
        -0.5,
        "better",
    )
    measures = [
        msgspec.structs.replace(m, baseline=10.0) if m.slug == INACTIVE else m for m in NOTTINGHAM.plan.measures
    ]
    catalogue = msgspec.structs.replace(NOTTINGHAM, plan=msgspec.structs.replace(NOTTINGHAM.plan, measures=measures))
    moved = one(INACTIVE, rows, catalogue).movement
    assert (moved.since, moved.change, moved.verdict) == ("baseline", -1.5, "better")


def test_categories_are_not_set_against_each_other_by_the_counts_of_a_sample():
    rows = ["city sex=female 58 56..60 580/1000", "city sex=male 62 60..64 620/1000", "city sex=unknown x"]
    [(the, figures)] = seen(RATE, {"FY2023-24": rows}, group_by=["sex"])
    found = inequality_figures.build_inequality(the, figures, ("female", "male"), RevisionBasis.LATEST, NOTTINGHAM)
    assert [g.value for g in found.groups if g.category != "unknown"] == [58, 62]
    assert {o.reason for o in (found.gap, found.ratio, found.slope_index, found.relative_index)} == {
        "as_published_only"
    }


def test_a_published_series_is_no_part_of_a_formula():
    measures = list(NOTTINGHAM.plan.measures)
    formula = {"operation": "difference", "measures": [RATE, NEET]}
    place = next(n for n, m in enumerate(measures) if m.slug == GAP)
    [series] = measures[place].series
    made = msgspec.convert({**msgspec.to_builtins(series), "collection": "derived", "formula": formula}, type(series))
    measures[place] = msgspec.structs.replace(measures[place], series=[made])
    catalogue = msgspec.structs.replace(NOTTINGHAM, plan=msgspec.structs.replace(NOTTINGHAM.plan, measures=measures))
    question = OutcomeQuery(measures=[GAP], periods=["FY2023-24"])
    [found], _ = query.resolve_query(question, query.resolve_axes(question, catalogue), catalogue, [])
    assert {part.reason for part in found.formula_inputs} == {"as_published_only"}


def test_availability_says_that_nothing_is_rolled_up():
    told_of = {m.measure: m.series for m in availability.describe_availability(NOTTINGHAM).measures}
    assert {s.reason for s in told_of[INACTIVE]} == {"as_published_only"}


def test_which_returns_hold_figures():
    [(the, _)] = seen(RATE, YEAR)
    assert resolution.has_published_figures(the.revisions[0], NOTTINGHAM)
    partner = msgspec.structs.replace(the.revisions[0], measure=NEET, series="ccis-provisional")
    assert not resolution.has_published_figures(partner, NOTTINGHAM)
