"""Boundaries from the Office for National Statistics, and outcomes as a GeoJSON map layer."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from api.figures.query import IncompatibleFilters, OutcomeQuery
from api.http.refusals import Invalid, NotFound
from api.outcomes.formats import tidy_csv
from api.plan.catalogue import Catalogue
from schema.geojson import Feature, FeatureCollection, Geometry, PolygonRings
from schema.outcomes import OutcomeForm, RevisionBasis
from schema.released_figures import AnyFigure

CODE_PROPERTY_PATTERN = re.compile(r"[A-Z]{2,8}\d{2}CD", re.IGNORECASE)
GSS_CODE_PATTERN = re.compile(r"[A-Z]\d{8}")


class InvalidBoundaries(Invalid):
    """The file is not a boundary layer."""

    example = "A spreadsheet is given to `python -m api load-boundaries`."
    fix = "Download the layer from the Open Geography Portal as GeoJSON, in WGS 84 degrees. Nothing was loaded."


class NoBoundaries(NotFound):
    """No boundaries of these areas are loaded."""

    example = "GET …/preview/outcomes.geojson?measure=ips-primary-care-referrals&level=ward"
    fix = (
        "Ask the operator of this server to run `python -m api load-boundaries`, or join `areas.csv` to your own layer."
    )


def build_query(
    *,
    measure: str,
    level: str,
    series: str | None,
    period: str,
    within: str | None,
    breakdowns: Sequence[str],
    revision_basis: RevisionBasis = RevisionBasis.LATEST,
    min_coverage: float | None = None,
    form: OutcomeForm | None = None,
) -> OutcomeQuery:
    """Return a query for one figure in each area. Raises IncompatibleFilters for two categories of a dimension."""
    dimensions = [breakdown.partition(":")[0] for breakdown in breakdowns]
    if len(set(dimensions)) < len(dimensions):
        raise IncompatibleFilters("A map has one figure for each area: use one category of each dimension.")
    return OutcomeQuery(
        measures=[measure],
        series=series,
        periods=[period],
        within=[within] if within else [],
        levels=[level],
        breakdowns=list(breakdowns),
        revision_basis=revision_basis,
        min_coverage=min_coverage,
        form=form,
    )


class PolygonShape(Struct, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """An area of one polygon."""

    coordinates: PolygonRings


class MultiPolygonShape(Struct, frozen=True, kw_only=True, tag_field="type", tag="MultiPolygon"):
    """An area of several polygons, such as one with islands."""

    coordinates: Annotated[list[PolygonRings], Meta(min_length=1)]


class BoundaryFeature(Struct, frozen=True, kw_only=True):
    """A feature of a boundary file, without fields that are not needed here."""

    geometry: PolygonShape | MultiPolygonShape
    properties: dict[str, Any]


class BoundaryLayer(Struct, frozen=True, kw_only=True, tag_field="type", tag="FeatureCollection"):
    """A boundary file of the Open Geography Portal."""

    features: list[BoundaryFeature]


def read_boundaries(content: bytes) -> dict[str, Geometry]:
    """Return the boundaries by GSS code. Raises InvalidBoundaries."""
    try:
        layer = msgspec.json.decode(content, type=BoundaryLayer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBoundaries(str(error)) from error
    name = find_code_property([feature.properties for feature in layer.features])
    boundaries: dict[str, Geometry] = {}
    for number, feature in enumerate(layer.features):
        code = feature.properties[name]
        shape = feature.geometry
        polygons = [shape.coordinates] if isinstance(shape, PolygonShape) else shape.coordinates
        if not all(_is_in_degrees(ring) for rings in polygons for ring in rings):
            raise InvalidBoundaries(
                f"features[{number}] ({code}): its rings are not closed, or not in degrees of longitude and latitude. "
                "The British National Grid is in metres: use WGS 84."
            )
        boundaries[code] = Geometry(type="MultiPolygon", coordinates=polygons)
    return boundaries


def _is_in_degrees(ring: list[list[float]]) -> bool:
    return ring[0] == ring[-1] and all(abs(position[0]) <= 180 and abs(position[1]) <= 90 for position in ring)


def find_code_property(features: Sequence[Mapping[str, Any]]) -> str:
    """Return the property, such as `WD24CD`, that has a different GSS code for each feature.

    Features can have several such properties: a ward also names its authority.
    """
    names = [name for feature in features[:1] for name in feature if CODE_PROPERTY_PATTERN.fullmatch(name)]
    for name in names:
        codes = [str(feature.get(name)) for feature in features]
        if len(set(codes)) == len(codes) and all(GSS_CODE_PATTERN.fullmatch(code) for code in codes):
            return name
    candidates = f"has only {', '.join(names)}" if names else "has none"
    raise InvalidBoundaries(
        f"No property such as WD24CD has a different GSS code for each feature: the file {candidates}."
    )


def build_map_layer(
    figures: Sequence[AnyFigure], boundaries: Mapping[str, Geometry], catalogue: Catalogue
) -> FeatureCollection:
    """Return the figures as a map layer. Raises NoBoundaries if no area has a boundary."""
    if not any(figure.area in boundaries for figure in figures):
        levels = sorted({catalogue.areas[figure.area].level for figure in figures})
        raise NoBoundaries(f"No boundary of the level {' or '.join(levels)} is loaded.")
    return FeatureCollection(
        type="FeatureCollection",
        features=[
            Feature(
                type="Feature",
                id=figure.area,
                geometry=boundaries.get(figure.area),
                properties=tidy_csv.build_row(figure, catalogue, labels=True),
            )
            for figure in figures
        ],
    )


def select_known_boundaries(
    boundaries: Mapping[str, Geometry], area_codes: Collection[str]
) -> tuple[dict[str, Geometry], int]:
    """Return the boundaries of areas that a plan has, and the number of the other ones."""
    known = {code: geometry for code, geometry in boundaries.items() if code in area_codes}
    return known, len(boundaries) - len(known)
