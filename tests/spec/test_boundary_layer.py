"""Boundary files: every feature is used, or named with the reason why it cannot be."""

import pytest

from api.outcomes.formats import boundary_layer
from api.outcomes.formats.boundary_layer import MAX_LISTED_FEATURES, InvalidBoundaries
from schema.areas import Area
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.spec.test_formats import RING, make_feature, make_layer

SWAPPED = [[latitude, longitude] for longitude, latitude in RING]
ISLAND = [[2.0, 51.0], [2.5, 51.0], [2.5, 51.5], [2.0, 51.0]]
METRES = [[457000.0, 340000.0]] * 4


def test_boundaries_are_read_by_the_code_that_is_unique():
    file = boundary_layer.read_boundaries(
        make_layer(make_feature(), make_feature(WEST, kind="MultiPolygon"), crs={"type": "name"})
    )
    assert {code: shape.coordinates for code, shape in file.boundaries.items()} == {EAST: [[RING]], WEST: [[RING]]}
    assert (file.unusable, file.split) == ([], [])
    assert boundary_layer.select_known_boundaries(file.boundaries, {EAST}) == ({EAST: file.boundaries[EAST]}, 1)


#   feature                                                 words of the reason
UNUSABLE = [
    ({**make_feature(), "geometry": None},                    "no geometry"),
    ({"type": "Feature", "properties": {"WD24CD": EAST}},     "no geometry"),
    ({**make_feature(), "geometry": {"type": "Point", "coordinates": [0, 51]}}, "no polygon.*Point"),
    (make_feature(ring=RING[:2]),                             "length"),
    (make_feature(ring=[*RING[:3], [0.0, 50.0]]),             "not closed"),
    (make_feature(ring=METRES),                               "metres"),
    (make_feature(ring=SWAPPED),                              "swapped"),
    (make_feature("ward 1"),                                  "GSS code"),
    ({**make_feature(), "properties": None},                  "GSS code"),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "words"), UNUSABLE)
def test_feature_that_cannot_be_used_is_named_and_the_others_are_used(feature, words):
    file = boundary_layer.read_boundaries(make_layer(make_feature(WEST), make_feature("E05000003"), feature))
    assert list(file.boundaries) == [WEST, "E05000003"]
    [line] = file.unusable
    assert line.startswith("features[2] (")
    with pytest.raises(InvalidBoundaries, match=words):
        boundary_layer.read_boundaries(make_layer(feature, make_feature(WEST, ring=METRES)))


#   file                                                              words of the refusal
INVALID = [
    (b"{",                                                              "truncated"),
    (b"\xff",                                                           "malformed"),
    (make_layer(),                                                      "has none"),
    (make_layer({**make_feature(), "properties": {"name": "x"}}),       "has none"),
    (make_layer(make_feature("ward 1", LAD24CD="x")),                   "has only LAD24CD, WD24CD"),
    (make_layer(make_feature(), make_feature()),                        "has only LAD24CD, WD24CD"),
    (make_layer(*[make_feature(f"E0500{n:04}", ring=METRES) for n in range(25)]), r"(?s)metres.*and 5 more"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), INVALID)
def test_invalid_layer_is_refused(content, words):
    with pytest.raises(InvalidBoundaries, match=words):
        boundary_layer.read_boundaries(content)


def test_area_in_several_features_is_joined_and_reported():
    file = boundary_layer.read_boundaries(make_layer(make_feature(), make_feature(WEST), make_feature(ring=ISLAND)))
    assert file.boundaries[EAST].coordinates == [[RING], [ISLAND]]
    assert file.split == [EAST]


def test_areas_of_the_loaded_level_without_a_boundary_are_named():
    wards = [Area(code=code, name=code[-1], level="ward", families=["x"]) for code in (EAST, WEST, "E05000003")]
    old = Area(code="E05000004", name="old", level="ward", families=["x"], valid_to="2020-01-01")
    unknown = Area(code=f"{TOWN}-unknown", name="?", level="ward", families=["x"])
    town = Area(code=TOWN, name="Town", level="town", families=["x"])
    areas = [*wards, old, unknown, town]
    missing = boundary_layer.list_areas_without_boundary(areas, [EAST], {EAST, WEST})
    assert [area.code for area in missing] == ["E05000003"]
    file = boundary_layer.BoundaryFile(boundaries={}, unusable=["features[0]"], split=[EAST])
    lines = boundary_layer.format_loaded(file, loaded_count=1, unknown_count=0, missing=missing)
    assert [line.partition(":")[2] for line in lines[1:]] == [" features[0]", f" {EAST}", " E05000003 3"]
    assert len(boundary_layer.list_some(["line"] * 30)) == MAX_LISTED_FEATURES + 1
