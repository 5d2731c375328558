"""Each form of the figures says the same, to readers that others wrote. Pure: no database."""

import io
import json
import warnings
from importlib import import_module

import msgspec
import pandas
import pytest
import sdmx
from pyjstat import pyjstat
from sdmx.model import v30

from api.figures import query, verdicts
from api.figures.query import IncompatibleFilters, OutcomeQuery, ResultTooLarge
from api.http import csv_text
from api.outcomes import availability, progress
from api.outcomes.formats import geojson, json_stat, sdmx_csv, tidy_csv
from api.outcomes.formats.geojson import InvalidBoundaries, NoBoundaries
from api.plan.filters import build_area_rows
from api.statistics import periods
from schema.outcomes import Coverage, Marker, RevisionBasis
from schema.progress import MeasureRelation
from schema.submissions import Status
from tests.spec.test_outcome_rules import EAST, HARBOUR, NOTTINGHAM, TOWN, WEST, returned

COLLEGES = ("quay", "pier")
ROWS = (
    "quay 2026-01 town 12",
    "quay 2026-01 town sex=female 7",
    "quay 2026-01 town sex=male 5",
    "quay 2026-01 east sex=female 4",
    "quay 2026-01 west sex=female c:1-4",
    "quay 2026-02 town sex=female 9",
)


def answered(*rows: str, **filters):
    """Figures, and what was asked, over learners."""
    question = OutcomeQuery(**{"measures": ["learners"], **filters})
    standing, cells = returned("learners", *rows)
    wanted = query.resolve_axes(question, HARBOUR)
    every, resolved = query.resolve_query(question, wanted, HARBOUR, standing)
    return [f for one in every for f in verdicts.build_judged_figures(one, cells, HARBOUR)], wanted, resolved


EVERY, WANTED, RESOLVED = answered(*ROWS, measures=[], periods=["2026-01", "2026-02"], group_by=["sex"], within=[TOWN])
FIGURES = [figure for figure in EVERY if figure.measure in {"learners", "on-roll"}]


def test_pandas_reads_the_csv_with_the_columns_of_the_json():
    content = tidy_csv.write_csv(FIGURES, HARBOUR, labels=False)
    frame = pandas.read_csv(io.BytesIO(content))
    flat = pandas.json_normalize(msgspec.to_builtins(FIGURES), sep="_")
    assert list(frame.columns) == tidy_csv.list_columns(HARBOUR)
    assert frame["value"].dropna().tolist() == flat["value"].dropna().tolist() == [7, 5, 4, 9]
    assert len(frame) == len(FIGURES)
    assert set(frame.columns) >= {name for name in flat.columns if not name.startswith("as_of") or "_code" in name} - {
        "trend",
        "movement",
        "target",
        "as_of",
        "source",
    }
    [row] = frame[(frame.area == EAST) & (frame.value == 4)].to_dict("records")
    assert (row["measure"], row["breakdown_sex"], row["period_code"], row["period_end"]) == (
        "learners",
        "female",
        "2026-01",
        "2026-01-31",
    )


def test_the_columns_are_the_same_whatever_was_asked_and_labels_fill_theirs():
    few, *_ = answered(*ROWS, breakdowns=["sex:female"])
    frame = pandas.read_csv(io.BytesIO(tidy_csv.write_csv(few, HARBOUR, labels=True)))
    assert list(frame.columns) == tidy_csv.list_columns(HARBOUR)
    assert frame[list(tidy_csv.LABEL_COLUMNS)].to_numpy().tolist() == [["Learners", "Harbour", "Female"]]


def test_lists_are_words_or_json():
    [figure] = answered(*ROWS)[0]
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
def test_a_cell_is_a_number_or_a_text_and_never_a_formula(value, text):
    assert csv_text.format_cell(value) == text


def cube():
    return json_stat.build_dataset(FIGURES, HARBOUR, categories=WANTED.categories, resolved=RESOLVED)


def test_pyjstat_reads_the_cube_and_gets_the_same_numbers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the reader's own making
        frame = pyjstat.Dataset.read(msgspec.json.encode(cube()).decode()).write("dataframe", naming="id")
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


def test_the_cube_says_why_a_cell_is_empty_and_between_which_bounds_it_lies():
    made = cube()
    assert (made.id, made.size) == (["measure", "period", "area", "sex"], [2, 2, 4, 3])
    west = 2 * 3  # learners, January, West Quay, female
    assert (made.value[west], made.status.get(str(west))) == (None, "p")
    assert (made.extension.lower_bound[str(west)], made.extension.upper_bound[str(west)]) == (1, 4)
    last = str(len(made.value) - 1)  # on-roll is not collected by sex
    assert (made.status[last], made.extension.reason[last]) == ("x", "breakdown_not_collected")
    assert made.extension.coverage["0"].expected == 3
    assert made.dimension["measure"].category.unit["learners/headline"].label == "people"


def test_what_was_not_asked_is_not_applicable_and_markers_are_told():
    [one] = answered(*ROWS)[0]
    one = msgspec.structs.replace(one, value=1, status=None)
    other = msgspec.structs.replace(one, period=periods.parse("2026-03"), area=EAST, markers=[Marker.BREAK])
    made = json_stat.build_dataset([one, other], HARBOUR, categories={}, resolved=[])
    assert made.status == {"1": "z", "2": "z", "3": "b"}


def test_a_cube_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(json_stat, "MAX_CUBE_CELLS", 10)
    with pytest.raises(ResultTooLarge, match="48 cells"):
        cube()


def structure() -> v30.DataStructureDefinition:
    """As the answer says of itself in its first columns."""
    made = v30.DataStructureDefinition(id="OUTCOMES")
    for name in sdmx_csv.list_dimensions(HARBOUR):
        made.dimensions.getdefault(id=name)
    for name in sdmx_csv.ATTRIBUTE_COLUMNS:
        made.attributes.append(v30.DataAttribute(id=name))
    made.measures.append(v30.Measure(id="OBS_VALUE"))
    return made


def test_the_sdmx_library_reads_the_csv_and_gets_the_same_numbers(tmp_path):
    file = tmp_path / "outcomes.csv"
    file.write_bytes(sdmx_csv.write_csv(FIGURES, HARBOUR))
    reader = import_module("sdmx.reader.csv").Reader()
    with file.open("rb") as content:
        message = reader.convert(content, structure=structure())
    [data] = message.data
    read = {}
    for observation in data.obs:
        key = {name: value.value for name, value in observation.dimension.values.items()}
        if observation.value not in (None, ""):
            read[key["MEASURE"], key["TIME_PERIOD"], key["REF_AREA"], key["SEX"]] = float(observation.value)
    assert read == {
        (f.measure, f.period.code, f.area, f.breakdown["sex"]): f.value for f in FIGURES if f.value is not None
    }
    assert sdmx.__version__


def test_statuses_are_letters_of_the_code_list():
    [one] = answered("quay 2026-01 town 12")[0]

    def letter(**changes):
        return sdmx_csv.choose_status_code(msgspec.structs.replace(one, **changes))

    assert letter() == "P"  # nobody has approved it
    assert letter(markers=[]) == "A"
    assert letter(markers=[Marker.PROVISIONAL, Marker.BREAK]) == "B"
    assert letter(markers=[Marker.REVISED]) == "A"
    assert letter(value=None) == "O"
    assert [letter(value=None, status=status) for status in Status] == ["Q", "O", "M", "O"]


@pytest.mark.parametrize(
    ("code", "time"),
    [
        ("2026-01", "2026-01"),
        ("CY2026", "2026"),
        ("CY2026-Q3", "2026-Q3"),
        ("FY2025-26-Q1", "2025-04-01/P3M"),
        ("FY2025-26", "2025-04-01/P12M"),
        ("D2025-09-30", "2025-09-30"),
        ("P2025-04..2025-12", "2025-04-01/P9M"),
    ],
)
def test_times_are_as_sdmx_writes_them(code, time):
    assert sdmx_csv.format_time_period(periods.parse(code)) == time


def test_availability_is_told_from_the_plan_alone():
    told = {one.measure: one for one in availability.describe_availability(HARBOUR).measures}
    assert told["learners"].periods[:2] == ["2026-01", "2026-02"]
    assert {"month", "calendar-quarter", "financial-year", "to-date"} <= set(told["learners"].period_types)
    assert told["learners"].finest_level == "quarter"
    assert {slug: one.series[0].reason for slug, one in told.items() if one.series[0].reason} == {
        "prospectus": "not_a_count",
        "learner-voice": "not_a_count",
    }
    assert [family.areas[0] for family in availability.describe_availability(HARBOUR).families] == [TOWN]
    neet = next(m for m in availability.describe_availability(NOTTINGHAM).measures if m.measure == "neet-16-17")
    assert {one.slug: one.reason for one in neet.series}["ccis-provisional"] is None
    assert "as_published_only" in {one.reason for one in neet.series}


def test_a_category_is_judged_by_its_own_past_and_its_own_wider_area():
    rows = [f"{who} {month} town sex=female {n}" for month, n in (("2026-01", 4), ("2026-02", 9)) for who in COLLEGES]
    [figure] = answered(*rows, breakdowns=["sex:female"], comparators=[TOWN])[0]
    assert (figure.value, figure.movement.start_period, figure.movement.start) == (18, "2026-01", 8)
    assert [(one.area, one.value) for one in figure.comparators] == [(TOWN, 18)]


def latest():
    question = OutcomeQuery()
    standing, cells = returned("learners", *ROWS)
    wanted = query.resolve_axes(question, HARBOUR)
    every, _ = query.resolve_query(question, wanted, HARBOUR, standing)
    return [f for one in every for f in verdicts.build_judged_figures(one, cells, HARBOUR)]


def test_progress_is_in_the_order_of_the_plan():
    [theme] = progress.build_progress(HARBOUR, latest(), RevisionBasis.LATEST).themes
    assert [one.measure for one in theme.measures] == [m.slug for m in HARBOUR.plan.measures]
    assert (theme.measures[0].latest.period.code, theme.measures[-1].latest.reason) == ("2026-02", "not_a_count")


def test_every_node_has_the_measures_that_tell_of_it():
    made = progress.build_logic_model(HARBOUR, latest(), RevisionBasis.LATEST)
    assert [(n.slug, n.relation, n.measures) for n in made.nodes] == [
        ("money", "downstream", ["learners", "on-roll", "pass-rate"]),
        ("courses", "downstream", ["learners", "on-roll", "pass-rate"]),
        ("learners", "own", ["learners", "on-roll"]),
        ("jobs", "own", ["pass-rate"]),
        ("wealth", "upstream", ["learners", "on-roll", "pass-rate"]),
    ]
    assert made.nodes[2].coverage.received == 1
    assert progress.sum_coverage([]) == Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
    alone = msgspec.structs.replace(HARBOUR.plan, links=[])
    assert progress.relate_measures_to_nodes(alone)["wealth"] == (MeasureRelation.NONE, [])


RING = [[0.0, 51.0], [1.0, 51.0], [1.0, 52.0], [0.0, 51.0]]


def layer(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def feature(code: str = EAST, ring=RING, kind="Polygon", **properties):
    rings = [ring] if kind == "Polygon" else [[ring]]
    return {
        "type": "Feature",
        "properties": {"OBJECTID": 1, "LAD24CD": TOWN, "WD24CD": code, "WD24NM": "East", **properties},
        "geometry": {"type": kind, "coordinates": rings},
    }


def test_boundaries_are_read_by_the_code_that_tells_them_apart():
    found = geojson.read_boundaries(layer(feature(), feature(WEST, kind="MultiPolygon"), crs={"type": "name"}))
    assert {code: shape.coordinates for code, shape in found.items()} == {EAST: [[RING]], WEST: [[RING]]}
    assert geojson.select_known_boundaries(found, {EAST}) == ({EAST: found[EAST]}, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (layer(), "has none"),
        (layer(feature(), feature()), "WD24CD"),
        (layer({**feature(), "properties": {"name": "x"}}), "has none"),
        (layer(feature("ward 1", LAD24CD="x")), "has only LAD24CD, WD24CD"),
        (layer(feature(ring=[[457000.0, 340000.0]] * 4)), "metres"),
        (layer(feature(ring=[*RING[:3], [0.0, 50.0]])), "closed"),
        (layer(feature(ring=RING[:2])), "length"),
        (layer({**feature(), "geometry": None}), "geometry"),
    ],
)
def test_what_is_no_layer_is_refused(content, words):
    with pytest.raises(InvalidBoundaries, match=words):
        geojson.read_boundaries(content)


def test_a_map_has_one_figure_for_each_area():
    question = geojson.build_query(
        measure="learners", level="quarter", series=None, period="2026-01", within=TOWN, breakdowns=["sex:female"]
    )
    assert (question.within, question.levels) == ([TOWN], ["quarter"])
    found, *_ = answered(*ROWS, **msgspec.structs.asdict(question))
    made = geojson.build_map_layer(found, geojson.read_boundaries(layer(feature(), feature("E05000001"))), HARBOUR)
    assert [(f.id, f.geometry is None, f.properties.get("value")) for f in made.features] == [
        (EAST, False, 4),
        (WEST, True, None),
        (f"{TOWN}-unknown", True, None),
    ]
    assert made.features[0].properties["area_label"] == "East Quay"
    assert geojson.build_query(measure="m", level="l", series=None, period="p", within=None, breakdowns=[]).within == []
    with pytest.raises(NoBoundaries, match="quarter"):
        geojson.build_map_layer(found, {}, HARBOUR)
    with pytest.raises(IncompatibleFilters):
        geojson.build_query(
            measure="m", level="l", series=None, period="p", within=None, breakdowns=["sex:male", "sex:female"]
        )


def test_areas_are_rows():
    rows = build_area_rows(HARBOUR.plan.areas[:2])
    assert rows[1] == [EAST, "East Quay", "quarter", TOWN, "town", None, None, ""]
