"""Boundaries from the Office for National Statistics: a GeoJSON layer as one geometry for each area."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from api.http.refusals import Invalid
from schema.areas import Area
from schema.geojson import Geometry, PolygonRings

CODE_PROPERTY_PATTERN = re.compile(r"[A-Z]{2,8}\d{2}CD", re.IGNORECASE)
GSS_CODE_PATTERN = re.compile(r"[A-Z]\d{8}")
UK_LONGITUDES, UK_LATITUDES = (-9.0, 3.0), (49.0, 61.5)
MAX_LISTED_FEATURES = 20
NO_GEOMETRY = msgspec.Raw(b"null")


class InvalidBoundaries(Invalid):
    """The file is not a boundary layer."""

    example = "A spreadsheet is given to `python -m api load-boundaries`."
    fix = "Download the layer from the Open Geography Portal as GeoJSON, in WGS 84 degrees. Nothing was loaded."


class PolygonShape(Struct, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """An area of one polygon."""

    coordinates: PolygonRings


class MultiPolygonShape(Struct, frozen=True, kw_only=True, tag_field="type", tag="MultiPolygon"):
    """An area of several polygons, such as one with islands."""

    coordinates: Annotated[list[PolygonRings], Meta(min_length=1)]


class BoundaryFeature(Struct, frozen=True, kw_only=True):
    """A feature of a boundary file, without fields that are not needed here."""

    geometry: msgspec.Raw = NO_GEOMETRY
    properties: dict[str, Any] | None = None


class BoundaryLayer(Struct, frozen=True, kw_only=True, tag_field="type", tag="FeatureCollection"):
    """A boundary file of the Open Geography Portal."""

    features: list[BoundaryFeature]


class Shapes(Struct, frozen=True, kw_only=True):
    """The stored boundaries of areas by their codes. Invented ones are squares."""

    boundaries: Mapping[str, Geometry]
    are_invented: bool


class BoundaryFile(Struct, frozen=True, kw_only=True):
    """The boundaries of a file by GSS code, and what a reader of the map should know about it."""

    boundaries: dict[str, Geometry]
    unusable: list[str]  # features, with the reason
    split: list[str]  # codes of areas that have several features


def read_boundaries(content: bytes) -> BoundaryFile:
    """Return the boundaries of the features that can be used. Raises InvalidBoundaries if none can."""
    try:
        layer = msgspec.json.decode(content, type=BoundaryLayer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBoundaries(str(error)) from error
    name = find_code_property([feature.properties or {} for feature in layer.features])
    polygons_by_code: dict[str, list[PolygonRings]] = {}
    unusable: list[str] = []
    split: dict[str, None] = {}
    for number, feature in enumerate(layer.features):
        code = str((feature.properties or {}).get(name))
        polygons, fault = _read_polygons(feature)
        if not _is_gss_code(code):
            fault = f"{name} has no GSS code"
        if fault is not None:
            unusable.append(f"features[{number}] ({code}): {fault}")
            continue
        if code in polygons_by_code:
            split[code] = None
        polygons_by_code.setdefault(code, []).extend(polygons)
    if not polygons_by_code:
        raise InvalidBoundaries("\n".join(["No feature can be used.", *list_some(unusable)]))
    boundaries = {
        code: Geometry(type="MultiPolygon", coordinates=polygons) for code, polygons in polygons_by_code.items()
    }
    return BoundaryFile(boundaries=boundaries, unusable=unusable, split=list(split))


def list_some(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - MAX_LISTED_FEATURES
    return [*lines[:MAX_LISTED_FEATURES], *([f"and {more:,} more"] if more > 0 else [])]


def _read_polygons(feature: BoundaryFeature) -> tuple[list[PolygonRings], str | None]:
    """Return the polygons of a feature, and why it cannot be used."""
    if bytes(feature.geometry) == bytes(NO_GEOMETRY):
        return [], "it has no geometry"
    try:
        shape = msgspec.json.decode(feature.geometry, type=PolygonShape | MultiPolygonShape)
    except msgspec.ValidationError as error:
        return [], f"its geometry is no polygon: {error}"
    polygons = [shape.coordinates] if isinstance(shape, PolygonShape) else shape.coordinates
    rings = [ring for rings in polygons for ring in rings]
    if any(ring[0] != ring[-1] for ring in rings):
        return [], "a ring is not closed"
    return polygons, _find_fault_of_positions([position for ring in rings for position in ring])


def _find_fault_of_positions(positions: Sequence[Sequence[float]]) -> str | None:
    """Return why the positions are not longitude and latitude. An area with a GSS code is in the United Kingdom."""
    if any(abs(position[0]) > 180 or abs(position[1]) > 90 for position in positions):
        return "its positions are metres of a projection such as the British National Grid: use WGS 84"
    if all(_is_within(position[0], UK_LATITUDES) and _is_within(position[1], UK_LONGITUDES) for position in positions):
        return "its positions are swapped: longitude comes first in GeoJSON, and then latitude"
    return None


def _is_within(number: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= number <= bounds[1]


def find_code_property(features: Sequence[Mapping[str, Any]]) -> str:
    """Return the property, such as `WD24CD`, that has the code of the area itself. Raises InvalidBoundaries.

    Features can have several such properties: a ward also names its authority. The area's own one has the most
    different values. If several have the same number, use the first with a different GSS code for each feature.
    Otherwise, wards could pass for their authority.
    """
    names = [name for name in dict.fromkeys(name for feature in features for name in feature) if _is_code_name(name)]
    values = {name: [str(feature.get(name)) for feature in features] for name in names}
    most = max((len(set(codes)) for codes in values.values()), default=0)
    own = [name for name in names if len(set(values[name])) == most]
    complete = [name for name in own if most == len(features) and all(map(_is_gss_code, values[name]))]
    if complete or (len(own) == 1 and any(map(_is_gss_code, values[own[0]]))):
        return (complete or own)[0]
    candidates = f"has only {', '.join(names)}" if names else "has none"
    raise InvalidBoundaries(f"No single property such as WD24CD has the GSS code of the area: the file {candidates}.")


def _is_code_name(name: str) -> bool:
    return CODE_PROPERTY_PATTERN.fullmatch(name) is not None


def _is_gss_code(code: str) -> bool:
    return GSS_CODE_PATTERN.fullmatch(code) is not None


def select_known_boundaries(
    boundaries: Mapping[str, Geometry], area_codes: Collection[str]
) -> tuple[dict[str, Geometry], int]:
    """Return the boundaries of areas that a plan has, and the number of the other ones."""
    known = {code: geometry for code, geometry in boundaries.items() if code in area_codes}
    return known, len(boundaries) - len(known)


def list_areas_without_boundary(
    areas: Collection[Area], loaded: Collection[str], bounded: Collection[str]
) -> list[Area]:
    """Return the current areas that have no boundary, of the levels that a file has loaded.

    `bounded` has the codes of areas with a boundary. The code for an unknown area has none.
    """
    levels = {area.level for area in areas if area.code in loaded}
    return [
        area
        for area in areas
        if area.level in levels and area.code not in bounded and area.valid_to is None and _is_gss_code(area.code)
    ]


def format_loaded(file: BoundaryFile, *, loaded_count: int, unknown_count: int, missing: Sequence[Area]) -> list[str]:
    """Return the lines of the report for a terminal."""
    return [
        f"{loaded_count} boundaries loaded; {unknown_count} are of areas that no plan here has.",
        *(f"not usable: {line}" for line in list_some(file.unusable)),
        *(f"joined from several features: {code}" for code in list_some(file.split)),
        *(f"no boundary: {line}" for line in list_some([f"{area.code} {area.name}" for area in missing])),
    ]
