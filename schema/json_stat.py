"""Outcomes as a JSON-stat 2.0 dataset: https://json-stat.org/format/."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from schema.codes import Slug
from schema.outcomes import Coverage, ResolvedPeriod


class JsonStatUnit(Struct, frozen=True, kw_only=True):
    """The unit of a metric."""

    label: Slug


class JsonStatCategory(Struct, frozen=True, kw_only=True):
    """The codes of a dimension with their positions and labels."""

    index: dict[str, int]
    label: dict[str, str]
    unit: dict[str, JsonStatUnit] = {}


class JsonStatDimension(Struct, frozen=True, kw_only=True):
    """One dimension of the cube."""

    label: str
    category: JsonStatCategory


class JsonStatRole(Struct, frozen=True, kw_only=True):
    """Which dimensions are time, geography and metric."""

    time: list[str]
    geo: list[str]
    metric: list[str]


class JsonStatExtension(Struct, frozen=True, kw_only=True):
    """Fields that JSON-stat does not define. Their keys are positions in `value`, as those of `status` are."""

    programme: Slug
    plan_version: int
    protection: Annotated[Literal["none", "release"], Meta(description="`none` in a preview.")]
    release: Annotated[int | None, Meta(description="Null in a preview.")]
    lower_bound: Annotated[
        dict[str, float], Meta(description="For values that are not exact: the true value is at least this.")
    ]
    upper_bound: Annotated[
        dict[str, float], Meta(description="The true value is at most this; absent if it has no upper bound.")
    ]
    lower: Annotated[dict[str, float], Meta(description="Lower limits of the 95 % confidence intervals.")]
    upper: dict[str, float]
    reason: dict[str, str]
    coverage: dict[str, Coverage]
    resolved: list[ResolvedPeriod]


class JsonStatDataset(Struct, frozen=True, kw_only=True):
    """A JSON-stat 2.0 dataset. A metric is one series of a measure: `measure/series`."""

    version: Literal["2.0"]
    kind: Literal["dataset"] = field(name="class")  # the key that the format defines
    label: str
    id: list[str]
    size: list[int]
    role: JsonStatRole
    dimension: dict[str, JsonStatDimension]
    value: Annotated[list[float | None], Meta(description="In row-major order: the last dimension changes fastest.")]
    status: Annotated[
        dict[str, str], Meta(description="By position: why a cell has no number, or the markers of its number.")
    ]
    extension: JsonStatExtension
