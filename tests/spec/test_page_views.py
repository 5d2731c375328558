"""The pages around the figures of a release: cards, charts, tables, breakdowns and the logic model."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from api.outcomes.formats.boundary_layer import Shapes
from api.outcomes.released_views import MeasureFigures, build_logic_model, build_progress
from api.pages import (
    cards,
    charts,
    entry_views,
    home,
    logic_model_graph,
    logic_model_views,
    maps,
    measure_views,
    planned_measures,
    programme_frames,
    progress_summary,
    release_views,
)
from api.plan.gaps import find_gaps
from api.statistics.periods import parse
from schema.areas import Scheme
from schema.geojson import Geometry
from schema.logic_model import Basis, Link
from schema.measures import Baseline, MeasureKind, Source
from schema.outcomes import Comparator, Coverage, TargetVerdict
from schema.progress import NoFigureReason, NoNextReturnReason, PeriodCoverage
from schema.released_figures import ReleasedEntry
from schema.submissions import Marker, Status
from schema.verdicts import Movement, Verdict
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, NOW, TOWN, make_catalogue
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE, release_figures

MONTHS = ("2026-01", "2026-02", "2026-03")
RETURNS = [
    f"{college} on-roll {month} town {count}"
    for college in ("quay", "pier")
    for month, count in zip(MONTHS, (50, 60, 80), strict=True)
]
FULL = Coverage(expected=2, received=2, approved=2, late=0, exempt=0)
ROLL = [
    replace(one, error_95=None, largest_error=None, lower_bound=None, upper_bound=None, coverage=FULL)
    for one in release_figures(*RETURNS)
    if one.measure == "on-roll" and one.period.code in MONTHS and not one.breakdown
]
HIDDEN = replace(ROLL[1], value=None, status=Status.CONFIDENTIAL, lower=None, upper=None, error_95=None)
LEEDS = Comparator(area="E08000035", name="Leeds", value=70, verdict=None, confidence=None, reason=None)
PROGRESS = build_progress(
    EXAMPLE_RELEASE,
    {
        measure.slug: MeasureFigures(history=ROLL if measure.slug == "on-roll" else [], newest=None, companions=[])
        for measure in HARBOUR_PLAN.measures
    },
    HARBOUR_CATALOGUE,
)
[OF_ROLL] = [one for theme in PROGRESS.themes for one in theme.measures if one.measure == "on-roll"]
NO_SHAPES = Shapes(boundaries={}, are_invented=False)
CORNERS = [(-1.2, 53.0), (-1.2, 52.9), (-1.1, 52.9), (-1.1, 53.0), (-1.2, 53.0)]
SQUARE = Geometry(type="MultiPolygon", coordinates=[[CORNERS]])
ADDRESS = "/programmes/harbour-skills-2026/measures/on-roll"


def test_card_shows_the_latest_figure_and_a_chart():
    card = cards.build_card(OF_ROLL, ROLL, HARBOUR_CATALOGUE)
    assert (card.address, card.figure.value, card.figure.is_number) == (ADDRESS, "160", True)
    assert card.chart is not None
    assert (card.chart.address, card.chart.width) == (f"{ADDRESS}/chart.svg", 340)
    assert [name for name, _ in card.chart.table.rows] == ["January 2026", "February 2026", "March 2026"]
    large = cards.build_card(OF_ROLL, ROLL, HARBOUR_CATALOGUE, is_large=True)
    assert large.chart is not None
    assert large.chart.address == f"{ADDRESS}/chart.svg?size=large"


@pytest.mark.parametrize("shown", [[], ROLL[:1], [ROLL[0], HIDDEN]])
def test_one_number_makes_no_chart(shown):
    assert cards.build_card(OF_ROLL, shown, HARBOUR_CATALOGUE).chart is None


# fmt: off
#   fields of the progress                                                words for the figure
WITHOUT_NUMBER = [
    ({"latest": None, "reason": NoFigureReason.NO_PERIOD},                "No period of this measure is over yet."),
    ({"latest": None, "reason": None},                                    "This release leaves the measure out."),
    ({"latest": HIDDEN},                                                  "Hidden, so that nobody can be identified"),
    ({"kind": MeasureKind.MILESTONE},                                     "A milestone: it has items with stages instead of a number."),
]
# fmt: on


@pytest.mark.parametrize(("fields", "words"), WITHOUT_NUMBER)
def test_card_states_why_there_is_no_number(fields, words):
    card = cards.build_card(replace(OF_ROLL, **fields), [], HARBOUR_CATALOGUE)
    assert (card.figure.value, card.figure.is_number, card.figure.unit) == (words, False, "")


def test_card_states_coverage_comparators_and_reliability():
    latest = replace(ROLL[-1], comparators=[LEEDS], markers=[Marker.LOW_RELIABILITY], coverage=_coverage(4, 3))
    card = cards.build_card(replace(OF_ROLL, latest=latest), ROLL, HARBOUR_CATALOGUE)
    assert "Leeds: 70" in card.figure.lines
    assert card.figure.lines[-1] == "Low reliability"
    assert card.coverage is not None
    assert (card.coverage.expected, card.coverage.approved) == (4, 3)
    none = cards.build_card(replace(OF_ROLL, latest=replace(latest, coverage=_coverage(0, 0))), ROLL, HARBOUR_CATALOGUE)
    assert none.coverage is None


def test_card_of_a_partial_figure_names_the_newest_complete_one():
    partial = replace(ROLL[-1], coverage=_coverage(3, 1))
    card = cards.build_card(replace(OF_ROLL, latest=partial), [*ROLL[:2], partial], HARBOUR_CATALOGUE)
    assert (card.figure.value, card.figure.partial) == ("160", "partial: 1 of 3 returns")
    assert card.figure.lines[0] == "Newest complete figure: 120 people in February 2026"
    assert card.chart is not None
    assert card.chart.table.rows[-1][1][0] == "160 (partial: 1 of 3 returns)"
    assert "hollow" in card.chart.caption.lower()
    assert [point.is_partial for point in cards.list_points([ROLL[0], partial])] == [False, True]
    alone = cards.build_card(replace(OF_ROLL, latest=partial), [partial], HARBOUR_CATALOGUE)
    assert not alone.figure.lines[0].startswith("Newest complete")


def test_no_line_leads_to_a_partial_figure():
    points = cards.list_points([*ROLL, replace(ROLL[-1], coverage=_coverage(3, 1))])
    chart = charts.build_trend(points, charts.TrendLines(), axis="people", width=340, height=130)
    line, hollow = chart["layer"][-2:]
    assert (line["mark"]["type"], line["transform"]) == ("line", [{"filter": "!datum.is_partial"}])
    assert (hollow["mark"]["fill"], hollow["transform"]) == ("var(--page)", [{"filter": "datum.is_partial"}])


def test_line_of_figures_that_all_lack_returns_is_dashed():
    points = cards.list_points([replace(one, coverage=_coverage(2, 1)) for one in ROLL])
    line, hollow = charts.build_trend(points, charts.TrendLines(), axis="people", width=340, height=130)["layer"]
    assert (line["mark"]["strokeDash"], line["mark"]["point"], hollow["mark"]["type"]) == ([4, 3], False, "point")


def test_table_has_marks_with_a_legend_and_no_empty_column():
    marked = replace(ROLL[0], markers=[Marker.PROVISIONAL], error_95=4.0, lower=52, upper=52)
    table = cards.build_table("On roll", "Period", [("January 2026", marked), ("March 2026", ROLL[2])])
    assert table.columns == ["Period", "Figure", "Interval or error", "Marks"]
    assert table.rows[0] == ("January 2026", ["100", "52", "p"])
    assert table.legend == "p: provisional"
    plain = replace(ROLL[2], markers=[])
    assert cards.build_table("On roll", "Period", [("March 2026", plain)]).columns == ["Period", "Figure"]


def test_caption_explains_marks_and_errors_that_differ():
    history = [replace(ROLL[0], error_95=4.0), replace(ROLL[1], error_95=9.0, markers=[Marker.LOW_RELIABILITY])]
    card = cards.build_card(OF_ROLL, history, HARBOUR_CATALOGUE)
    assert card.chart is not None
    assert card.chart.caption.count(". ") == 2
    assert card.chart.caption.endswith("u: low reliability.")
    plain = cards.build_card(OF_ROLL, [replace(one, markers=[]) for one in ROLL], HARBOUR_CATALOGUE)
    assert plain.chart is not None
    assert ". " not in plain.chart.caption


def test_card_states_who_is_missing_and_what_is_due():
    newest = PeriodCoverage(
        period=replace(ROLL[0].period, code="2026-04", label="April 2026"), coverage=_coverage(2, 0)
    )
    card = cards.build_card(
        replace(OF_ROLL, newest_period=newest, unassigned=["harbour-role"]), ROLL, HARBOUR_CATALOGUE
    )
    assert card.notes[:2] == [
        "No organisation has this part yet: harbour-role.",
        "The newest period that is over is April 2026: 0 of 2 returns approved.",
    ]
    assert OF_ROLL.next_return is not None
    assert card.notes[2].startswith("The returns of ")
    over = replace(OF_ROLL, next_return=None, no_next_return_reason=NoNextReturnReason.PROGRAMME_OVER)
    assert cards.build_card(over, ROLL, HARBOUR_CATALOGUE).notes[-1].startswith("Every return of the programme")
    silent = replace(OF_ROLL, next_return=None, no_next_return_reason=None)
    assert cards.build_card(silent, ROLL, HARBOUR_CATALOGUE).notes == []


def _coverage(expected: int, approved: int) -> Coverage:
    return Coverage(expected=expected, received=approved, approved=approved, late=0, exempt=0)


def test_points_have_limits_marks_and_a_comparator():
    interval = replace(ROLL[0], lower=40, upper=60, comparators=[LEEDS])
    rounded = replace(ROLL[2], error_95=4.0)
    bounds = replace(ROLL[2], value=None, status=None, lower_bound=20, upper_bound=23)
    points = cards.list_points([interval, HIDDEN, rounded, bounds])
    assert [(one.lower, one.upper, one.mark, one.comparator) for one in points] == [
        (40, 60, "", 70),
        (None, None, "c", None),
        (156, 164, "", None),
        (20, 23, "", None),
    ]


def test_lines_are_comparator_baseline_and_target():
    assert cards.find_lines(OF_ROLL, ROLL) == charts.TrendLines()
    latest = replace(ROLL[-1], target=TargetVerdict(value=90, met=False))
    progress = replace(OF_ROLL, latest=latest, baseline=_baseline(40))
    lines = cards.find_lines(progress, [replace(ROLL[0], comparators=[LEEDS])])
    assert lines == charts.TrendLines(comparator="Leeds", baseline=40, target=90)


def _baseline(value: float) -> Baseline:
    return Baseline(period="2025-01", value=value, basis=Basis.PROPOSED)


def test_chart_over_time_has_a_layer_for_each_thing():
    points = cards.list_points([replace(one, error_95=4.0, comparators=[LEEDS]) for one in ROLL])
    plain = charts.build_trend(cards.list_points(ROLL[:1]), charts.TrendLines(), axis="people", width=340, height=130)
    lines = charts.TrendLines(comparator="Leeds", baseline=40, target=190)
    full = charts.build_trend([*points, cards.list_points([HIDDEN])[0]], lines, axis="people", width=700, height=280)
    names = [layer["mark"].get("text") for layer in full["layer"] if layer["mark"]["type"] == "text"]
    assert names == ["Baseline", "Target", "Leeds", None]
    offsets = [layer["mark"]["dy"] for layer in full["layer"] if layer["mark"].get("text") in ("Baseline", "Target")]
    assert [offset > 0 for offset in offsets] == [True, False]  # away from the line of the figures
    assert len(full["data"]["values"]) == 4
    assert [layer["mark"]["type"] for layer in plain["layer"]][-1] == "line"


def test_bars_are_described():
    bars = charts.build_bars(cards.list_points(ROLL), axis="people", width=720)
    assert bars["height"] == 26 * 3 + 44


BY_SEX = measure_views.Breakdown(key="sex", title="By sex", is_level=False)


def test_measure_page_lists_areas_and_dimensions():
    learners = HARBOUR_CATALOGUE.measures["learners"]
    listed_gaps = measure_views.list_breakdowns(learners, HARBOUR_CATALOGUE)
    assert ("sex", False) in [(one.key, one.is_level) for one in listed_gaps]
    assert listed_gaps[0].is_level
    assert measure_views.list_breakdowns(replace(learners, schemes=[]), HARBOUR_CATALOGUE) == []
    pairs = [Scheme(dimensions=["sex", "sex"], exclusive=True, exhaustive=True, finest_level="town")]
    assert measure_views.list_breakdowns(replace(learners, schemes=pairs), HARBOUR_CATALOGUE) == []


def test_figures_have_the_names_of_areas_and_categories():
    female = replace(ROLL[0], breakdown={"sex": "female"})
    [(name, _)] = measure_views.name_figures(BY_SEX, [female], HARBOUR_CATALOGUE)
    assert name == next(c.label for c in HARBOUR_CATALOGUE.dimensions["sex"].categories if c.code == "female")
    level = measure_views.Breakdown(key="quarter", title="By quarter", is_level=True)
    [(area, _)] = measure_views.name_figures(level, [ROLL[0]], HARBOUR_CATALOGUE)
    assert area == HARBOUR_CATALOGUE.areas[TOWN].name


def test_breakdown_without_a_number_has_no_chart():
    rows = [
        ("Female", replace(ROLL[0], error_95=4.0)),
        ("Male", HIDDEN),
        ("Not known", replace(ROLL[0], lower=1, upper=9)),
    ]
    view = measure_views.build_view(BY_SEX, rows, NO_SHAPES, title="On roll", address="/x")
    assert view.chart is not None
    assert view.chart.table.columns[0] == "Sex"
    assert view.chart.narrow_address == f"{view.chart.address}?size=small"
    assert [(bar.lower, bar.mark) for bar in (cards.make_point(*row) for row in rows)] == [
        (96, ""),
        (None, "c"),
        (1, ""),
    ]
    empty = measure_views.build_view(BY_SEX, [("Male", HIDDEN)], NO_SHAPES, title="On roll", address="/x")
    assert (empty.chart, empty.map, empty.id) == (None, None, "sex")
    assert view.map is None


@pytest.mark.parametrize("are_invented", [True, False])
def test_level_with_boundaries_has_a_map(are_invented):
    level = measure_views.Breakdown(key="quarter", title="By quarter", is_level=True)
    shapes = Shapes(boundaries={ROLL[0].area: SQUARE}, are_invented=are_invented)
    view = measure_views.build_view(level, [("Town", ROLL[0])], shapes, title="On roll", address="/x")
    assert view.map is not None
    assert view.chart is not None
    assert (view.map.address, view.map.table) == ("/x/map/quarter.svg", view.chart.table)
    assert view.map.narrow_address == "/x/map/quarter.svg?size=small"
    assert ("invented" in view.map.caption) is are_invented


def test_map_shades_the_areas_that_have_a_number_and_a_boundary():
    outer = [(-1.2, 52.9), (-1.1, 52.9), (-1.1, 53.0), (-1.2, 53.0), (-1.2, 52.9)]  # as RFC 7946 has it
    hole = [(-1.16, 52.94), (-1.16, 52.96), (-1.14, 52.96), (-1.14, 52.94), (-1.16, 52.94)]
    boundary = Geometry(type="MultiPolygon", coordinates=[[outer, hole]])
    elsewhere = replace(ROLL[0], area="elsewhere")
    chart = maps.build_map([ROLL[0], elsewhere], {ROLL[0].area: boundary}, unit="people", is_small=False)
    [feature] = chart["data"]["values"]
    [[drawn, drawn_hole]] = feature["geometry"]["coordinates"]
    assert ([*map(tuple, drawn)], [*map(tuple, drawn_hole)]) == (outer[::-1], hole[::-1])
    assert feature["properties"] == {"value": ROLL[0].value}


def test_small_map_is_narrow_and_has_its_legend_below():
    chart = maps.build_map([ROLL[0]], {ROLL[0].area: SQUARE}, unit="people", is_small=True)
    assert chart["width"] == maps.NARROW_WIDTH
    assert chart["layer"][1]["encoding"]["color"]["legend"]["orient"] == "bottom"


def test_entries_are_listed_from_the_newest():
    panel = ReleasedEntry(
        measure="learner-voice",
        series="headline",
        period=ROLL[0].period,
        position=1,
        domain="service-design",
        item=None,
        title="A panel",
        stage=None,
        date=date(2026, 1, 14),
        url=None,
    )
    cover = replace(panel, domain=None, item="cover", stage="printed", title="The cover", date=date(2026, 1, 20))
    views = entry_views.describe_entries([panel, cover])
    assert [(one.title, one.kind, one.day) for one in views] == [
        ("The cover", "printed", "20 January 2026"),
        ("A panel", "service design", "14 January 2026"),
    ]


def test_facts_downloads_and_calls():
    learners = HARBOUR_CATALOGUE.measures["learners"]
    progress = replace(OF_ROLL, baseline=_baseline(40), targets=[])
    facts = dict(measure_views.list_facts(progress, learners))
    assert facts["Baseline"] == "40 people (January 2025)"
    ratio = replace(OF_ROLL, series=replace(OF_ROLL.series, denominator="All"), plan_references=[])
    assert "Denominator" in dict(measure_views.list_facts(ratio, learners))
    source = Source(publisher="Harbour", title="Estimates", verified=True)
    published = replace(OF_ROLL, series=replace(OF_ROLL.series, source=source))
    assert dict(measure_views.list_facts(published, learners))["Source"] == "Estimates, Harbour"
    assert measure_views.describe_level(9.6, "percent", None) == "9.6 %"
    names = dict(measure_views.list_downloads("harbour", "learners", is_counted=True))
    assert names["CSV"] == "/v1/programmes/harbour/outcomes.csv?measure=learners&to=latest"
    curl, python = measure_views.write_calls("harbour", "learners", "http://localhost", is_counted=True)
    assert names["CSV"] in curl
    assert 'measure="learners"' in python
    assert 'base_url="http://localhost"' in python
    [(_, address)] = measure_views.list_downloads("harbour", "prospectus", is_counted=False)
    curl, python = measure_views.write_calls("harbour", "prospectus", "http://localhost", is_counted=False)
    assert f"http://localhost{address}" in curl
    assert 'measure=["prospectus"]' in python


def test_logic_model_lists_gaps_links_and_measures():
    [first, second, *_] = HARBOUR_PLAN.nodes
    listed_gaps = replace(
        find_gaps(HARBOUR_PLAN, version=1),
        nodes_without_measure=[first.slug],
        nodes_without_origin=[first.slug, second.slug],
    )
    gaps = logic_model_views.name_gaps(listed_gaps)
    assert gaps[first.slug].startswith("nothing measures it and nothing leads to it")
    figures = {"on-roll": MeasureFigures(history=ROLL, newest=None, companions=[])}
    model = build_logic_model(EXAMPLE_RELEASE, figures, HARBOUR_CATALOGUE)
    columns = logic_model_views.list_columns(model, gaps, HARBOUR_CATALOGUE)
    assert [column.id for column in columns] == list(dict.fromkeys(node.column.value for node in model.nodes))
    listed = {node.slug: node for column in columns for node in column.nodes}
    assert {slug for slug, node in listed.items() if node.gap} == gaps.keys() & listed.keys()
    assert sum(len(node.links) for node in listed.values()) == len(model.links)
    assert {line.figure for node in listed.values() for line in node.measures} >= {"no figure yet"}


def test_logic_model_is_a_graph_of_columns():
    model = build_logic_model(EXAMPLE_RELEASE, {}, HARBOUR_CATALOGUE)
    node = replace(model.nodes[0], title='The "first" node', coverage=_coverage(4, 3))
    links = [
        Link(source=node.slug, target=node.slug, basis=basis, quote="words") for basis in (Basis.STATED, Basis.INFERRED)
    ]
    graph = logic_model_graph.write_graph([node, *model.nodes[1:]], links, {model.nodes[1].slug: "a gap"}, address="/x")
    assert graph.count("style=solid class=stated") == 1
    assert graph.count("style=dashed class=inferred") == 1
    assert '\\"first\\"' in graph
    assert 'class="gap"' in graph


def test_frame_and_first_page():
    frame = programme_frames.build_frame(HARBOUR_CATALOGUE, "/here", release=EXAMPLE_RELEASE, protection="words")
    assert frame.release is not None
    assert frame.release.number == 3
    assert programme_frames.build_frame(HARBOUR_CATALOGUE, "/here").release is None
    [link] = home.name_programmes([HARBOUR_CATALOGUE])
    assert link.slug == "harbour-skills-2026"
    assert home.list_ways([HARBOUR_CATALOGUE])[2].address == "/programmes/harbour-skills-2026/returns"
    assert home.list_ways([])[2].address == "/guides/reviewing"


def test_summary_lists_measures_by_verdict_and_states_why_there_is_nothing():
    judged = [
        replace(OF_ROLL, latest=replace(ROLL[-1], movement=Movement(change=9, verdict=verdict)))
        for verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.WITHIN_UNCERTAINTY)
    ]
    newest = PeriodCoverage(period=ROLL[0].period, coverage=_coverage(2, 0))
    unavailable = replace(HIDDEN, status=Status.NOT_AVAILABLE)
    silent = replace(OF_ROLL, latest=None, unassigned=[], newest_period=None)
    others = [
        replace(OF_ROLL, latest=HIDDEN),
        replace(OF_ROLL, latest=replace(ROLL[-1], movement=None)),
        replace(silent, unassigned=["job-club"]),
        replace(silent, newest_period=newest),
        replace(silent, latest=unavailable),
        silent,
        replace(OF_ROLL, kind=MeasureKind.EVIDENCE),
    ]
    rows = progress_summary.summarise_progress([*judged, *others], HARBOUR_CATALOGUE)
    assert [(row.title, len(row.items)) for row in rows] == [
        ("Better", 1),
        ("No change, or not judged", 3),
        ("Worse", 1),
        ("Nothing yet", 4),
    ]
    assert rows[0].items[0].address == ADDRESS
    reasons = [item.reason for item in rows[3].items]
    assert reasons[0].startswith("no organisation has this part yet: ")
    assert reasons[1:] == ["January 2026: 0 of 2 returns approved", "not available", "nothing is published"]


@pytest.mark.parametrize(
    ("latest", "newest", "words"),
    [
        ("FY2025-26-Q1", "FY2026-27-Q1", "4 later quarters are missing."),
        ("2026-01", "2026-02", ""),
        ("FY2024-25", "FY2026-27", "2 later periods are missing."),
    ],
)
def test_old_figure_states_how_many_periods_are_missing(latest, newest, words):
    assert progress_summary.describe_later_periods(parse(latest), parse(newest)) == words


def test_release_has_its_notes_downloads_and_the_other_releases():
    noted = replace(EXAMPLE_RELEASE, notes="The second quarter.", programme="harbour")
    view = release_views.describe_release(noted, [replace(noted, number=4, withdrawn_at=NOW), noted])
    assert (view.number, view.notes, view.withdrawal) == (3, "The second quarter.", "")
    assert [(one.title, one.address) for one in view.others] == [("Release 4", "/programmes/harbour/releases/4")]
    assert view.others[0].words.endswith(", withdrawn")
    assert len(view.downloads) == 4
    withdrawn = replace(noted, notes=None, withdrawn_at=NOW, withdrawal_reason="Wrong.")
    view = release_views.describe_release(withdrawn, [])
    assert (view.withdrawal, view.notes, len(view.downloads), view.others) == ("Wrong.", "", 1, [])


def test_programme_without_a_release_has_its_measures_and_due_days():
    themes = planned_measures.list_planned_themes(HARBOUR_CATALOGUE, now=datetime(2026, 2, 3, tzinfo=UTC))
    due = {measure.label: measure.due for theme in themes for measure in theme.measures}
    learners = HARBOUR_CATALOGUE.measures["learners"].label
    assert due[learners] == "The returns of January 2026 are due by 10 February 2026."
    over = planned_measures.list_planned_themes(HARBOUR_CATALOGUE, now=datetime(2036, 2, 3, tzinfo=UTC))
    assert {measure.due for theme in over for measure in theme.measures} >= {
        "Every return of the programme was due before."
    }


@pytest.mark.parametrize(
    ("label", "title", "heading"),
    [
        ("Fifths of England", "By fifths of England", "Fifths of England"),
        ("Individual Placement and Support scheme", "By Individual Placement and Support scheme", None),
        ("NHS trust", "By NHS trust", None),
        ("Sex", "By sex", "Sex"),
    ],
)
def test_names_keep_their_capital_letters(label, title, heading):
    [sex] = [one for one in HARBOUR_PLAN.dimensions if one.slug == "sex"]
    rest = [one for one in HARBOUR_PLAN.dimensions if one.slug != "sex"]
    catalogue = make_catalogue(replace(HARBOUR_PLAN, dimensions=[replace(sex, label=label), *rest]))
    learners = HARBOUR_CATALOGUE.measures["learners"]
    [breakdown] = [one for one in measure_views.list_breakdowns(learners, catalogue) if one.key == "sex"]
    assert breakdown.title == title
    view = measure_views.build_view(breakdown, [("Female", ROLL[0])], NO_SHAPES, title="On roll", address="/x")
    assert view.chart is not None
    assert view.chart.table.columns[0] == (heading or label)


def test_long_label_of_a_bar_has_two_lines():
    label = "Individual Placement and Support in Primary Care, where it follows the model"
    bars = charts.build_bars([cards.make_point(label, ROLL[0])], axis="people", width=720)
    [row] = bars["data"]["values"]
    assert row["label"].count("\n") == 1
    assert row["label"].replace("\n", " ") == label


def test_invented_squares_have_names():
    chart = maps.build_map(
        [ROLL[0]], {ROLL[0].area: SQUARE}, unit="people", is_small=True, names={ROLL[0].area: "Old Town"}
    )
    halo, text = chart["layer"][-2:]
    [row] = text["data"]["values"]
    assert (row["name"], round(row["x"], 3), round(row["y"], 3)) == ("Old\nTown", -1.15, 52.95)
    assert halo["data"] == text["data"]
