"""Areas and dimensions, by which a measure is broken down."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug, Text


class Category(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code of a dimension."""

    code: Slug
    label: Text
    parent: Annotated[Slug | None, Meta(description="The broader category that contains this one.")] = None
    mappings: Annotated[dict[str, str], Meta(description="The code of the category in other systems, by system.")] = {}


class Dimension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to break a measure down. The total is the absence of the dimension, never a code."""

    slug: Slug
    label: Text
    description: Text | None = None
    categories: Annotated[list[Category], Meta(min_length=1)]
    ordered: Annotated[
        bool,
        Meta(description="True if the categories are ordered from the most deprived. `unknown` is outside the order."),
    ] = False
    supersedes: Annotated[
        Slug | None, Meta(description="The earlier version of the dimension. The two are never compared or joined.")
    ] = None


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place with a GSS code."""

    code: AreaCode
    name: Text
    other_names: Annotated[list[Text], Meta(description="Other spellings of the name, in files of publishers.")] = []
    level: Annotated[Slug, Meta(examples=["ward"])]
    parent: Annotated[AreaCode | None, Meta(description="The area of the same family that contains it.")] = None
    families: Annotated[list[Slug], Meta(min_length=1)]
    valid_from: date | None = None
    valid_to: date | None = None
    successors: list[AreaCode] = []


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of areas that nest without overlap."""

    slug: Slug
    label: Text
    levels: Annotated[list[Slug], Meta(min_length=1, description="The levels, from the widest to the finest.")]


class Scheme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A breakdown in which a measure is collected: by area and at most two dimensions."""

    dimensions: Annotated[list[Slug], Meta(min_length=1, max_length=2)]
    exclusive: Annotated[bool, Meta(description="True if no person is in two categories.")]
    exhaustive: Annotated[bool, Meta(description="True if everybody is in a category, including `unknown`.")]
    finest_level: Annotated[Slug, Meta(description="The finest area level at which it is collected.")]
    required: Annotated[
        bool, Meta(description="False if a return may leave it out: its cells are accepted and never missing.")
    ] = True
