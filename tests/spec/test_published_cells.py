"""Outcome figures from published statistics: values, limits, comparators and trends as published."""

import re
from collections.abc import Sequence

import msgspec
import pytest
from scipy.stats import binomtest

from api.figures import inequality_figures, published_cells, verdicts
from api.figures.explanations import select_page_figures
from api.figures.paging import select_page
from api.figures.query import OutcomeQuery, resolve_axes
from api.figures.resolution import has_published_figures, resolve_query
from api.figures.returns_data import ReturnsData, SelectedRevision
from api.outcomes import availability
from api.plan.catalogue import Catalogue
from api.releases.published_statistics import convert_published_figure
from api.statistics import periods
from api.submissions.packed_cells import unpack_cells
from schema.logic_model import Basis
from schema.measures import Baseline
from schema.outcomes import RevisionBasis
from schema.submissions import FigureLimits, Marker, PublisherFigure, PublisherTrend, ReturnKind, Status
from schema.verdicts import Tendency, TrendVerdict
from tests.spec.test_resolution import IN_TIME, NOTTINGHAM

CITY, REGION, ENGLAND, LEEDS, WARD = "E06000018", "E12000004", "E92000001", "E08000035", "E05012270"
SUB_ICB = "E38000243"
AREAS = {
    "city": CITY,
    "region": REGION,
    "england": ENGLAND,
    "leeds": LEEDS,
    "authority": "E47000013",
    "subicb": SUB_ICB,
}
ENGAGEMENT = "ips-secondary-care-engagement"
INACTIVE, NEET, GAP, RATE = "economic-inactivity-ill-health", "neet-16-17", "ltc-employment-gap", "ltc-employment-rate"
HEADLINES = {INACTIVE: "lts-of-population-16-64", NEET: "neet-la", GAP: "headline", RATE: "headline"}


def parse_figure(text: str) -> PublisherFigure:
    """Parse a figure such as `city sex=female 30.1 25.0..35.2 20..40@99.8 15100/50200 b` or `city c`."""
    area, *words = text.split()
    fields: dict = {"area": AREAS[area], "limits": [], "markers": []}
    for word in words:
        if ".." in word:
            limits, _, confidence = word.partition("@")
            lower, upper = limits.split("..")
            fields["limits"].append({"lower": lower, "upper": upper, "confidence": confidence or "95"})
        elif "/" in word:
            fields["numerator"], fields["denominator"] = word.split("/")
        elif "=" in word:
            fields["breakdown"] = dict([word.split("=")])
        elif word in set(Status):
            fields["status"] = word
        elif word in set(Marker):
            fields["markers"].append(word)
        else:
            fields["value"] = word
    return msgspec.convert(fields, PublisherFigure)


Publications = dict[str, list[str]]


def preview(
    measure: str,
    publications: Publications,
    catalogue: Catalogue = NOTTINGHAM,
    trend: PublisherTrend | None = None,
    trend_services: Sequence[str] = ("main", "other"),
    **filters: object,
):
    """Return each query with its preview figures. A key of `publications` is a period, or a period and a service.

    `trend` is what the publisher states with every figure of the services.
    """
    revisions, contents = [], {}
    for number, (returned, rows) in enumerate(publications.items(), 1):
        period, service = [*returned.split(), "main"][:2]
        stated = trend if service in trend_services else None
        contents[number] = [msgspec.structs.replace(parse_figure(row), trend=stated) for row in rows]
        revisions.append(
            SelectedRevision(
                id=number,
                measure=measure,
                series=str(filters.get("series") or HEADLINES[measure]),
                organisation="ohid",
                service=service,
                period=periods.parse(period),
                kind=ReturnKind.DATA,
                first_recorded_at=IN_TIME,
            )
        )
    cells = ReturnsData(cells=unpack_cells([], []), published_figures=contents)
    question = OutcomeQuery(measures=[measure], **filters)  # pyright: ignore
    axes = resolve_axes(question, catalogue)
    queries, _ = resolve_query(question, axes, catalogue, revisions)
    return [
        (resolved_query, verdicts.build_judged_figures(resolved_query, cells, catalogue)) for resolved_query in queries
    ]


def preview_one(measure: str, publications: Publications, catalogue: Catalogue = NOTTINGHAM, **filters: object):
    [(_, [parse_figure])] = preview(measure, publications, catalogue, **filters)
    return parse_figure


YEAR = {"FY2023-24": ["city 60.1 55.0..65.2 52.0..68.2@99.8 41200/68500", "region 64.0", "england 65.5 65.1..65.9"]}


def test_published_figure_keeps_its_published_values():
    figure = preview_one(RATE, YEAR)
    assert (figure.period.code, figure.value, figure.lower_bound, figure.upper_bound, figure.largest_error) == (
        *("FY2023-24", 60.1, 60.1, 60.1),
        0,
    )
    assert (figure.numerator, figure.denominator) == (41200, 68500)
    assert (figure.lower, figure.upper, figure.lower_99_8, figure.upper_99_8) == (55.0, 65.2, 52.0, 68.2)
    assert (figure.interval_method, figure.markers, figure.status, figure.reason) == ("published", ["p"], None, None)
    source = figure.source
    assert (source.publisher, source.identifier, source.value, source.limits_derived) == (
        "Office for Health Improvement and Disparities",
        "93882",
        "60.1",
        False,
    )
    assert [(c.organisation, c.period, c.revision) for c in figure.contributors] == [("ohid", "FY2023-24", 1)]
    assert (figure.coverage.expected, figure.coverage.received, figure.coverage.late) == (1, 1, 0)


#   published row      status, reason
WITHOUT_NUMBER = [
    ("city c", ("c", "suppressed_by_publisher")),
    ("city x", ("x", "not_available")),
    ("city z", ("z", "not_applicable")),
    ("city w", ("w", "none_recorded")),
]


@pytest.mark.parametrize(("row", "expected"), WITHOUT_NUMBER)
def test_figure_without_number_states_its_reason(row, expected):
    figure = preview_one(RATE, {"FY2023-24": [row]})
    assert (figure.value, figure.status, figure.reason, figure.movement) == (None, *expected, None)
    assert figure.source.value is None


#   filters                                         reason, words of the alternatives
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


@pytest.mark.parametrize(("filters", "reason", "alternatives"), NOT_PUBLISHED)
def test_unpublished_query_has_no_value_and_lists_alternatives(filters, reason, alternatives):
    publications = {"FY2022-23": ["city 1.0"], "FY2023-24": ["city 60.1", "city sex=female 58.0", "england 65.5"]}
    figure = preview_one(RATE, publications, **filters)
    assert (figure.value, figure.lower_bound, figure.reason) == (None, None, reason)
    assert re.search(r"\b.*\b".join(alternatives), figure.alternatives)
    assert (figure.source, figure.comparators) == (None, [])


def test_long_list_of_alternatives_is_shortened():
    years = {f"FY{year}-{year % 100 + 1:02}": ["city 60"] for year in range(2009, 2024)}
    assert re.search(r"\bFY2012-13 and 3 \D*$", preview_one(RATE, years, periods=["2024-01"]).alternatives)
    assert published_cells._join_codes([str(n) for n in range(15)]).endswith("10, 11 and 3 more")  # pyright: ignore


def test_measure_without_publications_has_reason_no_data():
    figure = preview_one(RATE, {})
    assert (figure.reason, figure.coverage.expected) == ("no_data", 0)
    assert preview_one(RATE, {"FY2023-24": []}).reason == "no_data"
    [(resolved_query, figures)] = preview(RATE, {}, periods=["FY2023-24"], areas=[LEEDS])
    page = select_page([resolved_query], None, 10, NOTTINGHAM)
    assert [f.reason for f in select_page_figures(figures, page, NOTTINGHAM)] == [
        "no_data"
    ]  # any area of the plan has a figure


def test_figure_is_returned_for_either_code_of_its_span():
    figure = preview_one(INACTIVE, {"R12-2025-03": ["city 9.1"]}, periods=["FY2024-25"])
    assert (figure.period.code, figure.value, figure.contributors[0].period) == ("FY2024-25", 9.1, "R12-2025-03")


#   the city in the first and in the second return       value, reason
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
def test_conflicting_returns_of_a_figure_suppress_its_value(first, second, expected, periods):
    for rows in ((first, second), (second, first)):
        figure = preview_one(
            RATE, {period: [row] for period, row in zip(periods, rows, strict=True)}, periods=["FY2023-24"]
        )
        assert (figure.value, figure.reason) == expected
        assert len(figure.contributors) == 2


def test_reviewer_reads_which_organisation_returned_which_value():
    figure = preview_one(RATE, {"FY2023-24": ["city 60.1"], "FY2023-24 again": ["city c"]})
    assert "60.1 (main, FY2023-24, from ohid)" in figure.alternatives
    assert "[c] (again, FY2023-24, from ohid)" in figure.alternatives
    assert (figure.status, figure.source) == ("x", None)


WILSON = binomtest(12, 200).proportion_ci(method="wilson")  # an independent implementation
#   measure, figure                       method, lower, upper, derived
LIMITS = [
    (NEET, ["city 6.0 12/200"], ("wilson", 100 * WILSON.low, 100 * WILSON.high, True)),
    (NEET, ["city 6.0 12/200", "england 5.0 4.9..5.1"], (None, None, None, False)),  # a sample: counts are weighted
    (NEET, ["city 6.0"], (None, None, None, False)),
    (NEET, ["city 6.0 300/200"], (None, None, None, False)),
    (NEET, ["city 50.0 12/200"], (None, None, None, False)),  # the value does not match the counts
    (NEET, ["city c"], (None, None, None, False)),
    (GAP, ["city 6.0 12/200"], (None, None, None, False)),
]


@pytest.mark.parametrize(("measure", "rows", "expected"), LIMITS)
def test_limits_are_derived_only_from_full_counts(measure, rows, expected):
    figure = preview_one(measure, {"R3-2025-02" if measure == NEET else "FY2023-24": rows})
    method, lower, upper, derived = expected
    assert (figure.interval_method, figure.source.limits_derived) == (method, derived)
    assert (figure.lower, figure.upper) == (lower and round(lower, 2), upper and round(upper, 2))


def test_publishers_derived_limits_are_marked_as_derived():
    publications = {"R12-2025-06": ["city 9.1"]}
    [(resolved_query, _)] = preview(INACTIVE, publications)
    limits = [FigureLimits(lower="8.0", upper="10.2", method="normal")]  # pyright: ignore
    [cell, *_] = published_cells.find_published_cells(
        resolved_query, {1: [PublisherFigure(area=CITY, value="9.1", limits=limits)]}
    )
    assert cell.source is not None
    assert (cell.source.limits_derived, cell.intervals[0].method) == (True, "normal")


def test_limits_at_99_8_percent_do_not_replace_limits_at_95_percent():
    figure = preview_one(RATE, {"FY2023-24": ["city 60 50..70@99.8"]})
    assert (figure.lower, figure.lower_99_8, figure.comparators[0].reason) == (None, 50, "no_published_equivalent")


def list_comparators(figure):
    return [(c.area, c.value, c.verdict, c.confidence, c.reason) for c in figure.comparators]


def test_comparators_are_published_figures_of_wider_areas_and_peers():
    rows = [*YEAR["FY2023-24"], "leeds 70.0 66..74"]
    assert list_comparators(preview_one(RATE, {"FY2023-24": rows})) == [
        (REGION, 64.0, "similar", "95", None),
        (ENGLAND, 65.5, "worse", "95", None),
        (LEEDS, 70.0, "worse", "95", None),
    ]


#   city, leeds                         verdict, confidence, method, reason of Leeds
PEERS = [
    # They differ by 1.9 points, p = 0.10: Leeds lies outside the city's interval, but the difference includes 0.
    ("9.6 7.8..11.4", "7.7 6.3..9.1",   ("similar", "95", "difference", None)),
    ("9.6 8.2..11.0", "7.1 5.7..8.5",   ("worse",   "95", "difference", None)),
    ("9.6 7.8..11.4", "7.7",            (None, None, None, "no_interval")),
    ("9.6",           "7.7 6.3..9.1",   (None, None, None, "no_interval")),
]  # fmt: skip


@pytest.mark.parametrize(("city", "leeds", "expected"), PEERS)
def test_peer_is_compared_by_a_test_of_the_difference(city, leeds, expected):
    rows = [f"city {city}", f"leeds {leeds}", "england 7.7"]
    *_, england, peer = preview_one(INACTIVE, {"R12-2025-06": rows}).comparators
    assert (peer.verdict, peer.confidence, peer.method, peer.reason) == expected
    assert (england.method, england.verdict) == (("standard", "worse") if ".." in city else (None, None))


def test_part_of_the_area_is_no_peer():
    """The figure of the region contains the city's, so that the two are not independent."""
    rows = {"FY2023-24": YEAR["FY2023-24"]}
    [city] = preview_one(RATE, rows, areas=[ENGLAND], comparators=[CITY]).comparators
    assert (city.value, city.verdict, city.method, city.reason) == (60.1, None, None, "part_of_area")


def test_wider_level_of_the_same_family_is_a_standard():
    rows = ["city 60.1 55.0..65.2", "leeds 70.0 66..74"]
    [leeds] = preview_one(RATE, {"FY2023-24": rows}, comparators=[LEEDS]).comparators
    assert leeds.method == "difference"
    assert NOTTINGHAM.is_wider(REGION, CITY)
    assert not NOTTINGHAM.is_wider(CITY, REGION)
    assert not NOTTINGHAM.is_wider(CITY, CITY)
    assert not NOTTINGHAM.is_wider(LEEDS, CITY)
    assert not NOTTINGHAM.is_wider("E47000013", CITY)


def test_unpublished_comparator_has_reason_no_published_equivalent():
    assert list_comparators(preview_one(RATE, {"FY2023-24": ["city 60.1 55..65"], "FY2022-23": ["england 70"]})) == [
        (REGION, None, None, None, "no_published_equivalent"),
        (ENGLAND, None, None, None, "no_published_equivalent"),
    ]
    chosen = preview_one(RATE, {"FY2023-24": ["city 60.1 55..65", "leeds 62"]}, comparators=["E47000013"])
    assert list_comparators(chosen) == [("E47000013", None, None, None, "no_published_equivalent")]


def test_peer_area_has_no_comparators():
    assert list_comparators(preview_one(RATE, {"FY2023-24": ["city 60.1", "leeds 62 60..64"]}, areas=[LEEDS])) == []


def test_comparison_without_interval_has_no_verdict():
    assert list_comparators(preview_one(RATE, {"FY2023-24": ["city 60.1", "region 62"]}))[0] == (
        REGION,
        62.0,
        None,
        None,
        "no_interval",
    )


def years(*values: str) -> Publications:
    return {f"FY{2019 + n}-{20 + n}": [f"city {value}"] for n, value in enumerate(values)}


def trend(figure):
    return (figure.trend.tendency, figure.trend.verdict, figure.trend.method, figure.trend.reason)


def test_trend_of_a_sample_uses_its_intervals():
    rising = years(*(f"{50 + 3 * n} {48 + 3 * n}..{52 + 3 * n} 500/1000" for n in range(5)))
    assert trend(preview_one(RATE, rising)) == ("increasing", "better", "weighted-least-squares", None)
    rising["FY2022-23"] = ["city 59 57..61 b"]
    assert trend(preview_one(RATE, rising))[3] == "break_in_series"
    assert trend(preview_one(RATE, years("50 48..52", "51 49..53")))[3] == "too_few_points"


def test_trend_of_a_published_gap_uses_its_intervals():
    widening = years(*(f"{10 + n} {9.5 + n}..{10.5 + n}" for n in range(5)))
    assert trend(preview_one(GAP, widening)) == ("increasing", "worse", "weighted-least-squares", None)
    assert trend(preview_one(GAP, years(*(f"{10 + n}" for n in range(5)))))[3] == "no_interval"


def test_trend_of_the_publisher_is_not_the_trend_of_the_series():
    stated = PublisherTrend(tendency=Tendency.DECREASING, verdict=TrendVerdict.WORSE)
    rising = years(*(f"{50 + 3 * n} {48 + 3 * n}..{52 + 3 * n}" for n in range(5)))
    assert preview_one(RATE, rising).source.trend is None
    figure = preview_one(RATE, rising, trend=stated)
    assert figure.source.trend == stated
    assert trend(figure) == ("increasing", "better", "weighted-least-squares", None)
    assert convert_published_figure(figure, 1, 1).source.trend == stated


def test_trends_that_contradict_each_other_are_not_shown():
    stated = PublisherTrend(tendency=Tendency.DECREASING)
    twice = {"FY2023-24": ["city 60.1"], "FY2023-24 other": ["city 60.10"]}
    assert preview_one(RATE, twice, trend=stated).source.trend == stated
    assert preview_one(RATE, twice, trend=stated, trend_services=["main"]).source.trend is None


def test_trend_of_counts_uses_the_counts():
    falling = {f"R3-{2021 + n}-02": [f"city {10 - n} {1000 - 100 * n}/10000"] for n in range(5)}
    assert trend(preview_one(NEET, falling)) == ("decreasing", "better", "cochran-armitage", None)


def test_trend_of_quarterly_rolling_years_uses_periods_that_do_not_overlap():
    ends = [f"{year}-{month:02}" for year in range(2020, 2026) for month in (3, 6, 9, 12) if (year, month) < (2025, 7)]
    publications = {
        f"R12-{end}": [f"city {9 + 0.5 * n} {8.9 + 0.5 * n}..{9.1 + 0.5 * n}"] for n, end in enumerate(ends)
    }
    quarterly = preview_one(INACTIVE, publications).trend
    assert (quarterly.tendency, quarterly.first_period, quarterly.last_period) == (
        "increasing",
        "R12-2021-06",
        "R12-2025-06",
    )


#   publications of 12 months                                       start, change, limits, verdict, reason
MOVEMENTS = [
    # 9.8 and 9.6 in windows that share six months: two readings of much the same people, not a movement.
    ({"R12-2025-06": "9.8 8.0..11.6", "R12-2025-12": "9.6 7.8..11.4"}, ("R12-2025-06", None, None, None, None, "overlapping_periods")),
    ({"R12-2025-06": "9.8 8.0..11.6", "R12-2026-06": "9.6 7.8..11.4"}, ("R12-2025-06", -0.2, -2.7, 2.3, "within_uncertainty", None)),
    ({"R12-2025-06": "9.80 9.70..9.90", "R12-2026-06": "9.6 9.5..9.7"}, ("R12-2025-06", -0.2, -0.34, -0.06, "better", None)),
    ({"R12-2025-06": "9.8", "R12-2026-06": "9.6"},                     ("R12-2025-06", -0.2, None, None, None, "no_interval")),
    # The programme begins in 2025: an earlier publication is no start.
    ({"R12-2014-06": "6", "R12-2026-06": "9.6"},                       (None, None, None, None, None, "no_start")),
]  # fmt: skip


@pytest.mark.parametrize(("publications", "expected"), MOVEMENTS)
def test_movement_of_an_estimate_is_significant_or_within_uncertainty(publications, expected):
    rows = {code: [f"city {text}"] for code, text in publications.items()}
    movement = preview_one(INACTIVE, rows).movement
    limits = (movement.lower, movement.upper)
    assert (movement.start_period, movement.change, *limits, movement.verdict, movement.reason) == expected


def test_movement_starts_from_the_baseline_if_the_plan_states_one():
    rows = {f"R12-{year}-06": [f"city {value}"] for year, value in ((2025, 9), (2026, "8.5 8.2..8.8"))}
    baseline = Baseline(period="R12-2025-03", value=10.0, basis=Basis.STATED)
    measures = [
        msgspec.structs.replace(m, baseline=baseline) if m.slug == INACTIVE else m for m in NOTTINGHAM.plan.measures
    ]
    catalogue = msgspec.structs.replace(NOTTINGHAM, plan=msgspec.structs.replace(NOTTINGHAM.plan, measures=measures))
    movement = preview_one(INACTIVE, rows, catalogue).movement
    assert (movement.since, movement.change, movement.verdict) == ("baseline", -1.5, "better")


def test_inequality_is_not_calculated_from_sample_counts():
    rows = ["city sex=female 58 56..60 580/1000", "city sex=male 62 60..64 620/1000", "city sex=unknown x"]
    [(resolved_query, figures)] = preview(RATE, {"FY2023-24": rows}, group_by=["sex"])
    inequality = inequality_figures.build_inequality(
        resolved_query, figures, ("female", "male"), RevisionBasis.LATEST, NOTTINGHAM
    )
    assert [g.value for g in inequality.groups if g.category != "unknown"] == [58, 62]
    assert {
        o.reason for o in (inequality.gap, inequality.ratio, inequality.slope_index, inequality.relative_index)
    } == {"as_published_only"}


def test_published_series_cannot_be_a_formula_input():
    measures = list(NOTTINGHAM.plan.measures)
    formula = {"operation": "difference", "measures": [RATE, NEET]}
    position = next(n for n, m in enumerate(measures) if m.slug == GAP)
    series = measures[position].series[0]
    derived = msgspec.convert(
        {**msgspec.to_builtins(series), "collection": "derived", "formula": formula}, type(series)
    )
    measures[position] = msgspec.structs.replace(measures[position], series=[derived])
    catalogue = msgspec.structs.replace(NOTTINGHAM, plan=msgspec.structs.replace(NOTTINGHAM.plan, measures=measures))
    question = OutcomeQuery(measures=[GAP], periods=["FY2023-24"])
    [resolved_query], _ = resolve_query(question, resolve_axes(question, catalogue), catalogue, [])
    assert {part.reason for part in resolved_query.formula_inputs} == {"as_published_only"}


def test_availability_marks_series_as_published_only():
    series_by_measure = {m.measure: m.series for m in availability.describe_availability(NOTTINGHAM).measures}
    assert {s.reason for s in series_by_measure[INACTIVE]} == {"as_published_only"}


def test_has_published_figures_depends_on_the_series():
    [(resolved_query, _)] = preview(RATE, YEAR)
    assert has_published_figures(resolved_query.revisions[0], NOTTINGHAM)
    partner = msgspec.structs.replace(resolved_query.revisions[0], measure=NEET, series="ccis-provisional")
    assert not has_published_figures(partner, NOTTINGHAM)


#   companion, last year, this year             direction, change, verdict, reason
COMPANIONS = [
    ("mhs116",  "subicb 600", "subicb 615",                     ("higher", 15, None, "no_interval")),
    ("mhs116a", "subicb 57",  "subicb 58",                      ("higher", 1, None, "no_interval")),
]  # fmt: skip


@pytest.mark.parametrize(("series", "before", "now", "expected"), COMPANIONS)
def test_change_of_a_rounded_published_count_has_no_verdict(series, before, now, expected):
    """Its publisher rounds to 5, so that 600 and 615 may be 602 and 613; nobody states by how much it may be wrong."""
    years = {"R12-2025-06": [before], "R12-2026-06": [now]}
    figure = preview_one(ENGAGEMENT, years, series=series, areas=[SUB_ICB])
    assert (figure.value, figure.period.code, figure.target) == (float(now.split()[1]), "R12-2026-06", None)
    movement = figure.movement
    assert (movement.direction, movement.change, movement.verdict, movement.reason) == expected


def test_change_of_a_companion_is_neither_better_nor_worse():
    years = {"R3-2026-02": ["city 5.0 4.5..5.5"], "R3-2027-02": ["city 1.0 0.8..1.2"]}
    figure = preview_one(NEET, years, series="not-known")
    assert (figure.movement.verdict, figure.movement.change, figure.unit) == ("lower", -4.0, "percent")
