"""Describe a map in Vega-Lite: the figures of areas as shades of their boundaries. Drawing it is in `drawing`."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, sqrt
from typing import Any

import msgspec

from api.pages.charts import FONT, QUIET, make_picture
from schema.areas import Area
from schema.geojson import Geometry
from schema.released_figures import PublishedFigure

Json = dict[str, Any]
SHADES = ("#dcebf7", "#a9cdec", "#6ba3d6", "#2f77b8", "#0b4a8a")  # light to dark, on a light page and on a dark one
WIDTH, HEIGHT = 720, 460
_LEGEND: Json = {
    "labelColor": QUIET,
    "titleColor": QUIET,
    "labelFont": FONT,
    "titleFont": FONT,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}
_CORNER = (-1.2, 53.0)
_SIDE_DEGREES = (0.016, 0.01)


def arrange_squares(areas: Sequence[Area]) -> dict[str, Geometry]:
    """Return an invented square for each area, in rows by name, for a sandbox without boundaries."""
    columns = ceil(sqrt(len(areas)))
    width, height = _SIDE_DEGREES
    squares: dict[str, Geometry] = {}
    for place, area in enumerate(sorted(areas, key=lambda area: area.name)):
        row, column = divmod(place, columns)
        left, top = _CORNER[0] + column * width, _CORNER[1] - row * height
        right, bottom = left + width, top - height
        ring = [[left, top], [left, bottom], [right, bottom], [right, top], [left, top]]
        squares[area.code] = Geometry(type="MultiPolygon", coordinates=[[ring]])
    return squares


def build_map(figures: Sequence[PublishedFigure], boundaries: Mapping[str, Geometry], *, unit: str) -> Json:
    """Return a map of the areas that have a boundary. An area without a number has no shade."""
    features = [
        {
            "type": "Feature",
            "properties": {"value": figure.value},
            "geometry": _turn_rings(msgspec.to_builtins(boundaries[figure.area])),
        }
        for figure in figures
        if figure.area in boundaries
    ]
    shade = {
        "field": "properties.value",
        "type": "quantitative",
        "scale": {"type": "quantize", "range": list(SHADES), "nice": True, "zero": True},
        "legend": {"title": unit, **_LEGEND},
    }
    layers: list[Json] = [
        {"mark": {"type": "geoshape", "fill": "var(--none)", "stroke": "var(--page)"}},
        {
            "transform": [{"filter": "isValid(datum.properties.value)"}],
            "mark": {"type": "geoshape", "stroke": "var(--page)"},
            "encoding": {"color": shade},
        },
    ]
    return make_picture(features, layers, width=WIDTH, height=HEIGHT) | {"projection": {"type": "mercator"}}


def _turn_rings(geometry: Json) -> Json:
    """Let outer rings run clockwise, and holes the other way: D3 draws the left side of a ring as its outside."""
    polygons = [
        [_turn_ring(ring, clockwise=place == 0) for place, ring in enumerate(rings)]
        for rings in geometry["coordinates"]
    ]
    return geometry | {"coordinates": polygons}


def _turn_ring(ring: Sequence[Sequence[float]], *, clockwise: bool) -> list[Sequence[float]]:
    corners = list(ring)
    doubled_area = sum((right[0] - left[0]) * (right[1] + left[1]) for left, right in pairwise(corners))
    return corners if (doubled_area > 0) is clockwise else corners[::-1]
