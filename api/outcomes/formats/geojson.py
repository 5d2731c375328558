"""Boundaries as the Office for National Statistics publishes them, and outcomes as a layer of a map."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from api.figures.query import Filters, Unanswerable
from api.http.refusals import Invalid, NotFound
from api.outcomes.formats import tidy_csv
from api.plan.catalogue import Catalogue
from schema.outcomes import RevisionBasis
from schema.reading import Feature, FeatureCollection, Geometry, Rings
from schema.releases import AnyFigure

CODE = re.compile(r"[A-Z]{2,8}\d{2}CD", re.IGNORECASE)
GSS = re.compile(r"[A-Z]\d{8}")


class BadBoundaries(Invalid):
    """The file is not a layer of boundaries."""

    example = "A spreadsheet is given to `python -m api load-boundaries`."
    mend = "Download the layer from the Open Geography Portal as GeoJSON, in WGS 84 degrees; nothing of it was loaded."


class NoBoundaries(NotFound):
    """Nobody has loaded boundaries for these areas."""

    example = "GET …/preview/outcomes.geojson?measure=ips-primary-care-referrals&level=ward"
    mend = (
        "Ask whoever runs this server for `python -m api load-boundaries`, or join `areas.csv` to a layer of your own."
    )


def question(
    *,
    measure: str,
    level: str,
    series: str | None,
    period: str,
    within: str | None,
    breakdowns: Sequence[str],
    basis: RevisionBasis = RevisionBasis.LATEST,
    min_coverage: float | None = None,
) -> Filters:
    """One figure for each area. Raises Unanswerable for two categories of a dimension."""
    dimensions = [text.partition(":")[0] for text in breakdowns]
    if len(set(dimensions)) < len(dimensions):
        raise Unanswerable("A map shows one figure for each area: give one category of a dimension.")
    return Filters(
        measures=[measure],
        series=series,
        periods=[period],
        within=[within] if within else [],
        levels=[level],
        breakdowns=list(breakdowns),
        basis=basis,
        min_coverage=min_coverage,
    )


class OnePolygon(Struct, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """An area in one piece."""

    coordinates: Rings


class ManyPolygons(Struct, frozen=True, kw_only=True, tag_field="type", tag="MultiPolygon"):
    """An area in pieces, such as one with islands."""

    coordinates: Annotated[list[Rings], Meta(min_length=1)]


class Published(Struct, frozen=True, kw_only=True):
    """A feature of a file, as far as it matters here."""

    geometry: OnePolygon | ManyPolygons
    properties: dict[str, Any]


class Layer(Struct, frozen=True, kw_only=True, tag_field="type", tag="FeatureCollection"):
    """A file of the portal."""

    features: list[Published]


def read(content: bytes) -> dict[str, Geometry]:
    """The boundaries by GSS code. Raises BadBoundaries with what is wrong."""
    try:
        layer = msgspec.json.decode(content, type=Layer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBoundaries(str(error)) from error
    name = code_property([feature.properties for feature in layer.features])
    found: dict[str, Geometry] = {}
    for number, feature in enumerate(layer.features):
        code = feature.properties[name]
        shape = feature.geometry
        polygons = [shape.coordinates] if isinstance(shape, OnePolygon) else shape.coordinates
        if not all(_is_in_degrees(ring) for rings in polygons for ring in rings):
            raise BadBoundaries(
                f"features[{number}] ({code}): its rings are not closed lines of longitude and latitude in degrees. "
                "The British National Grid is in metres: choose WGS 84."
            )
        found[code] = Geometry(type="MultiPolygon", coordinates=polygons)
    return found


def _is_in_degrees(ring: list[list[float]]) -> bool:
    return ring[0] == ring[-1] and all(abs(position[0]) <= 180 and abs(position[1]) <= 90 for position in ring)


def code_property(features: Sequence[Mapping[str, Any]]) -> str:
    """The property such as `WD24CD` or `LAD24CD` that tells the features apart; a ward names its authority as well."""
    names = [name for feature in features[:1] for name in feature if CODE.fullmatch(name)]
    for name in names:
        codes = [str(feature.get(name)) for feature in features]
        if len(set(codes)) == len(codes) and all(GSS.fullmatch(code) for code in codes):
            return name
    found = f"has only {', '.join(names)}" if names else "has none"
    raise BadBoundaries(f"No property such as WD24CD holds a GSS code of its own for each feature: the file {found}.")


def layer(figures: Sequence[AnyFigure], boundaries: Mapping[str, Geometry], catalogue: Catalogue) -> FeatureCollection:
    """Raises NoBoundaries where there is not one of them."""
    if not any(figure.area in boundaries for figure in figures):
        levels = sorted({catalogue.areas[figure.area].level for figure in figures})
        raise NoBoundaries(f"No boundary of the level {' or '.join(levels)} has been loaded.")
    return FeatureCollection(
        type="FeatureCollection",
        features=[
            Feature(
                type="Feature",
                id=figure.area,
                geometry=boundaries.get(figure.area),
                properties=tidy_csv.row(figure, catalogue, labels=True),
            )
            for figure in figures
        ],
    )


def sorted_out(found: Mapping[str, Geometry], known: Collection[str]) -> tuple[dict[str, Geometry], int]:
    """The boundaries of areas that some plan has, and how many others the file holds."""
    ours = {code: geometry for code, geometry in found.items() if code in known}
    return ours, len(found) - len(ours)
