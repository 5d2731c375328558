"""Describe a map in Vega-Lite: the figures of areas as shades of their boundaries. Drawing it is in `drawing`."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from api.pages.charts import FONT, QUIET, make_picture
from schema.geojson import Geometry
from schema.released_figures import PublishedFigure

Json = dict[str, Any]
SHADES = ("#dcebf7", "#a9cdec", "#6ba3d6", "#2f77b8", "#0b4a8a")  # light to dark, on a light page and on a dark one
WIDTH, HEIGHT = 720, 460
NARROW_WIDTH, NARROW_HEIGHT = 360, 380
_LEGEND: Json = {
    "labelColor": QUIET,
    "titleColor": QUIET,
    "labelFont": FONT,
    "titleFont": FONT,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}


def build_map(
    figures: Sequence[PublishedFigure],
    boundaries: Mapping[str, Geometry],
    *,
    unit: str,
    is_small: bool,
    names: Mapping[str, str] | None = None,
) -> Json:
    """Return a map of the areas that have a boundary. An area without a number has no shade.

    A small map has its legend below. `names` labels the areas, by code: invented squares have no shape to know them by.
    """
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
        "legend": {"title": unit, "orient": "bottom" if is_small else "right", **_LEGEND},
    }
    layers: list[Json] = [
        {"mark": {"type": "geoshape", "fill": "var(--none)", "stroke": "var(--page)"}},
        {
            "transform": [{"filter": "isValid(datum.properties.value)"}],
            "mark": {"type": "geoshape", "stroke": "var(--page)"},
            "encoding": {"color": shade},
        },
    ]
    if names:
        layers += _label_areas(boundaries, names, is_small=is_small)
    width, height = (NARROW_WIDTH, NARROW_HEIGHT) if is_small else (WIDTH, HEIGHT)
    return make_picture(features, layers, width=width, height=height) | {"projection": {"type": "mercator"}}


def _label_areas(boundaries: Mapping[str, Geometry], names: Mapping[str, str], *, is_small: bool) -> list[Json]:
    """Return a name in the middle of each area, with a word on each line."""
    rows: list[Json] = []
    for code, boundary in boundaries.items():
        corners = [corner for rings in boundary.coordinates for corner in rings[0]]
        across, along = zip(*((corner[0], corner[1]) for corner in corners), strict=True)
        middle = {"x": (min(across) + max(across)) / 2, "y": (min(along) + max(along)) / 2}
        rows.append({**middle, "name": "\n".join(names[code].split())})
    # The pale copy below keeps the name readable on a dark shade.
    text = {"type": "text", "lineBreak": "\n", "fontSize": 7 if is_small else 11, "color": "#17202a"}
    halo = text | {"color": "#fff", "stroke": "#fff", "strokeWidth": 3, "opacity": 0.8}
    place = {"longitude": {"field": "x", "type": "quantitative"}, "latitude": {"field": "y", "type": "quantitative"}}
    encoding = {**place, "text": {"field": "name"}}
    return [{"data": {"values": rows}, "mark": mark, "encoding": encoding} for mark in (halo, text)]


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
