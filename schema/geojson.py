"""Boundaries, and outcomes as a GeoJSON map layer (RFC 7946)."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode

Position = Annotated[list[float], Meta(min_length=2, max_length=3)]
Ring = Annotated[list[Position], Meta(min_length=4)]
PolygonRings = Annotated[list[Ring], Meta(min_length=1)]


class Geometry(Struct, frozen=True, kw_only=True):
    """The boundary of an area: polygons of rings of longitude and latitude, in degrees (WGS 84)."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[PolygonRings], Meta(min_length=1)]


class Feature(Struct, frozen=True, kw_only=True):
    """An area with its figure. `geometry` is null if no boundary of the area is loaded."""

    type: Literal["Feature"]
    id: AreaCode
    geometry: Geometry | None
    properties: Annotated[dict[str, Any], Meta(description="The columns of the CSV by name, labels included.")]


class FeatureCollection(Struct, frozen=True, kw_only=True):
    """A GeoJSON map layer: one figure for each area."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
