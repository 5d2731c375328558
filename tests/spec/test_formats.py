"""All formats carry the same figures, as read by third-party libraries. Pure: no database."""

import io
import json
import warnings

import msgspec
import pandas
import pytest
from pyjstat import pyjstat

from api.figures import verdicts
from api.figures.query import IncompatibleFilters, OutcomeQuery, ResultTooLarge, resolve_axes
from api.figures.resolution import resolve_query
from api.http import csv_text
from api.outcomes import availability, progress
from api.outcomes.formats import boundary_layer, geojson, json_stat, table_rows, tidy_csv
from api.outcomes.formats.geojson import NoBoundaries
from api.plan.filters import build_area_rows
from api.statistics import periods
from schema.outcomes import Coverage, Marker, PreviewFigure, RevisionBasis
from schema.progress import MeasureRelation
from tests.fixtures.example_plan import NOW
from tests.spec.test_resolution import EAST, HARBOUR, NOTTINGHAM, TOWN, WEST, make_returns

COLLEGES = ("quay", "pier")
ROWS = (
    "quay 2026-01 town 12",
    "quay 2026-01 town sex=female 7",
    "quay 2026-01 town sex=male 5",
    "quay 2026-01 east sex=female 4",
    "quay 2026-01 west sex=female c:1-4",
    "quay 2026-02 town sex=female 9",
)


def preview_learners(*rows: str, **filters):
    """Return preview figures of learners, with their axes and resolved periods."""
    outcome_query = OutcomeQuery(**{"measures": ["learners"], **filters})
    revisions, cells = make_returns("learners", *rows)
    axes = resolve_axes(outcome_query, HARBOUR)
    queries, resolved = resolve_query(outcome_query, axes, HARBOUR, revisions)
    return (
        [
            figure
            for resolved_query in queries
            for figure in verdicts.build_judged_figures(resolved_query, cells, HARBOUR)
        ],
        axes,
        resolved,
    )


ALL_FIGURES, AXES, RESOLVED = preview_learners(
    *ROWS, measures=[], periods=["2026-01", "2026-02"], group_by=["sex"], within=[TOWN]
)
FIGURES = [figure for figure in ALL_FIGURES if figure.measure in {"learners", "on-roll"}]


def test_pandas_reads_the_csv_with_the_columns_of_the_json():
    content = table_rows.write_full_table(FIGURES, HARBOUR, kind=PreviewFigure)
    frame = pandas.read_csv(io.BytesIO(content))
    flat = pandas.json_normalize(msgspec.to_builtins(FIGURES), sep="_")
    assert list(frame.columns) == table_rows.list_full_columns(HARBOUR, PreviewFigure)
    assert frame["value"].dropna().tolist() == flat["value"].dropna().tolist() == [7, 5, 4, 9]
    assert len(frame) == len(FIGURES)
    assert set(frame.columns) >= {name for name in flat.columns if not name.startswith("as_of") or "_code" in name} - {
        "trend",
        "movement",
        "movement_sources",
        "target",
        "as_of",
        "source",
        "population",
    }
    [row] = frame[(frame.area == EAST) & (frame.value == 4)].to_dict("records")
    assert (row["measure"], row["breakdown_sex"], row["period_code"], row["period_end"]) == (
        "learners",
        "female",
        "2026-01",
        "2026-01-31",
    )


def test_csv_columns_are_the_same_for_every_query():
    small_figures, *_ = preview_learners(*ROWS, breakdowns=["sex:female"])
    frame = pandas.read_csv(
        io.BytesIO(table_rows.write_full_table(small_figures, HARBOUR, kind=PreviewFigure, labels=True))
    )
    assert list(frame.columns) == table_rows.list_full_columns(HARBOUR, PreviewFigure)
    assert frame[list(tidy_csv.LABEL_COLUMNS)].to_numpy().tolist() == [["Learners", "Harbour", "Female"]]


def test_csv_lists_are_words_or_json():
    [figure] = preview_learners(*ROWS)[0]
    marked = msgspec.structs.replace(figure, markers=[Marker.PROVISIONAL, Marker.REVISED])
    assert tidy_csv.build_row(marked, HARBOUR, labels=False)["markers"] == "p r"
    contributor = {"organisation": "quay-college"}
    assert tidy_csv._format_list([contributor]) == json.dumps([contributor], separators=(",", ":"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (12.0, "12"),
        (-3, "-3"),
        (0.1, "0.1"),
        (periods.parse("2026-01").start, "2026-01-01"),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("plain", "plain"),
    ],
)
def test_csv_cell_is_never_a_formula(value, text):
    assert csv_text.format_cell(value) == text


def build_cube():
    return json_stat.build_dataset(FIGURES, HARBOUR, categories=AXES.categories, resolved=RESOLVED)


def test_pyjstat_reads_the_same_values_from_the_cube():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyjstat itself raises warnings
        frame = pyjstat.Dataset.read(msgspec.json.encode(build_cube()).decode()).write("dataframe", naming="id")
    read = {
        (row.measure, row.period, row.area, row.sex): row.value
        for row in frame.itertuples()
        if row.value is not None and row.value == row.value
    }
    assert read == {
        (f"{f.measure}/{f.series}", f.period.code, f.area, f.breakdown["sex"]): f.value
        for f in FIGURES
        if f.value is not None
    }
    assert len(read) == 4


def test_cube_states_reason_and_bounds_of_an_empty_cell():
    dataset = build_cube()
    assert (dataset.id, dataset.size) == (["measure", "period", "area", "sex"], [2, 2, 4, 3])
    west = 2 * 3  # learners, January, West Quay, female
    assert (dataset.value[west], dataset.status.get(str(west))) == (None, "p")
    assert (dataset.extension.lower_bound[str(west)], dataset.extension.upper_bound[str(west)]) == (1, 4)
    last = str(len(dataset.value) - 1)  # on-roll is not collected by sex
    assert (dataset.status[last], dataset.extension.reason[last]) == ("x", "breakdown_not_collected")
    assert dataset.extension.coverage["0"].expected == 3
    assert dataset.dimension["measure"].category.unit["learners/headline"].label == "people"


def test_cube_marks_unqueried_cells_as_not_applicable():
    [figure] = preview_learners(*ROWS)[0]
    figure = msgspec.structs.replace(figure, value=1, status=None)
    second_figure = msgspec.structs.replace(figure, period=periods.parse("2026-03"), area=EAST, markers=[Marker.BREAK])
    dataset = json_stat.build_dataset([figure, second_figure], HARBOUR, categories={}, resolved=[])
    assert dataset.status == {"1": "z", "2": "z", "3": "b"}


def test_cube_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(json_stat, "MAX_CUBE_CELLS", 10)
    with pytest.raises(ResultTooLarge, match="48 cells"):
        build_cube()


def test_availability_depends_only_on_the_plan():
    availability_by_measure = {
        measure.measure: measure for measure in availability.describe_availability(HARBOUR).measures
    }
    assert availability_by_measure["learners"].periods[:2] == ["2026-01", "2026-02"]
    assert {"month", "calendar-quarter", "financial-year", "to-date"} <= set(
        availability_by_measure["learners"].period_types
    )
    assert availability_by_measure["learners"].finest_level == "quarter"
    assert {
        slug: measure.series[0].reason for slug, measure in availability_by_measure.items() if measure.series[0].reason
    } == {
        "prospectus": "not_a_count",
        "learner-voice": "not_a_count",
    }
    assert [family.areas[0] for family in availability.describe_availability(HARBOUR).families] == [TOWN]
    neet = next(m for m in availability.describe_availability(NOTTINGHAM).measures if m.measure == "neet-16-17")
    assert {series.slug: series.reason for series in neet.series}["ccis-provisional"] is None
    assert "as_published_only" in {series.reason for series in neet.series}


def test_released_cells_are_named_by_period_level_and_breakdown():
    cells = [(TOWN, ""), (TOWN, "sex=male"), (EAST, "age-band=16-24;sex=male")]
    released = availability.describe_released(["2026-01", "2026-02"], cells, HARBOUR)
    assert (released.periods, released.levels) == (["2026-01", "2026-02"], ["town", "quarter"])
    assert released.breakdowns == [[], ["sex"], ["age-band", "sex"]]
    described = availability.describe_availability(HARBOUR, {("learners", "headline"): released}, release=4)
    with_figures = [m.measure for m in described.measures for series in m.series if series.released == released]
    assert (described.release, with_figures) == (4, ["learners"])


def test_category_is_compared_with_its_own_history_and_wider_area():
    rows = [
        f"{college} {month} town sex=female {n}"
        for month, n in (("2026-01", 4), ("2026-02", 9))
        for college in COLLEGES
    ]
    [figure] = preview_learners(*rows, breakdowns=["sex:female"], comparators=[TOWN])[0]
    assert (figure.value, figure.movement.start_period, figure.movement.start) == (18, "2026-01", 8)
    assert [(comparator.area, comparator.value) for comparator in figure.comparators] == [(TOWN, 18)]


def preview_latest():
    outcome_query = OutcomeQuery()
    revisions, cells = make_returns("learners", *ROWS)
    axes = resolve_axes(outcome_query, HARBOUR)
    queries, _ = resolve_query(outcome_query, axes, HARBOUR, revisions)
    return [
        figure for resolved_query in queries for figure in verdicts.build_judged_figures(resolved_query, cells, HARBOUR)
    ]


def test_progress_follows_the_order_of_the_plan():
    previews = [
        progress.MeasurePreview(history=[figure], newest_period=None, missing=[], companions=[])
        for figure in preview_latest()
    ]
    [theme] = progress.build_progress(HARBOUR, previews, RevisionBasis.LATEST, now=NOW).themes
    assert [measure.measure for measure in theme.measures] == [m.slug for m in HARBOUR.plan.measures]
    assert (theme.measures[0].latest.period.code, theme.measures[-1].latest.reason) == ("2026-02", "not_a_count")


def test_each_node_lists_its_related_measures():
    logic_model = progress.build_logic_model(HARBOUR, preview_latest(), RevisionBasis.LATEST)
    assert [(node.slug, node.relation, node.measures) for node in logic_model.nodes] == [
        ("money", "downstream", ["learners", "on-roll", "pass-rate"]),
        ("courses", "downstream", ["learners", "on-roll", "pass-rate"]),
        ("learners", "own", ["learners", "on-roll"]),
        ("jobs", "own", ["pass-rate"]),
        ("wealth", "upstream", ["learners", "on-roll", "pass-rate"]),
    ]
    assert logic_model.nodes[2].coverage.received == 1
    assert progress.sum_coverage([]) == Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
    unlinked_plan = msgspec.structs.replace(HARBOUR.plan, links=[])
    assert progress.relate_measures_to_nodes(unlinked_plan)["wealth"] == (MeasureRelation.NONE, [])


RING = [[0.0, 51.0], [1.0, 51.0], [1.0, 52.0], [0.0, 51.0]]


def make_layer(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def make_feature(code: str = EAST, ring=RING, kind="Polygon", **properties):
    rings = [ring] if kind == "Polygon" else [[ring]]
    return {
        "type": "Feature",
        "properties": {"OBJECTID": 1, "LAD24CD": TOWN, "WD24CD": code, "WD24NM": "East", **properties},
        "geometry": {"type": kind, "coordinates": rings},
    }


def test_map_has_one_figure_for_each_area():
    map_query = geojson.build_query(
        measure="learners", level="quarter", series=None, period="2026-01", within=TOWN, breakdowns=["sex:female"]
    )
    assert (map_query.within, map_query.levels) == ([TOWN], ["quarter"])
    map_figures, *_ = preview_learners(*ROWS, **msgspec.structs.asdict(map_query))
    map_layer = geojson.build_map_layer(
        map_figures,
        boundary_layer.read_boundaries(make_layer(make_feature(), make_feature("E05000001"))).boundaries,
        HARBOUR,
    )
    assert [
        (feature.id, feature.geometry is None, feature.properties.get("value")) for feature in map_layer.features
    ] == [
        (EAST, False, 4),
        (WEST, True, None),
        (f"{TOWN}-unknown", True, None),
    ]
    assert map_layer.features[0].properties["area_label"] == "East Quay"
    assert geojson.build_query(measure="m", level="l", series=None, period="p", within=None, breakdowns=[]).within == []
    with pytest.raises(NoBoundaries, match="quarter"):
        geojson.build_map_layer(map_figures, {}, HARBOUR)
    with pytest.raises(IncompatibleFilters):
        geojson.build_query(
            measure="m", level="l", series=None, period="p", within=None, breakdowns=["sex:male", "sex:female"]
        )


def test_areas_are_csv_rows():
    rows = build_area_rows(HARBOUR.plan.areas[:2])
    assert rows[1] == [EAST, "East Quay", "quarter", TOWN, "town", None, None, ""]
