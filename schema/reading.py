"""Outcomes read in other ways: as a cube, on a map, beside the plan; and what may be asked at all."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from schema.codes import AreaCode, Slug
from schema.outcomes import Coverage, PreviewFigure, ResolvedPeriod, RevisionBasis
from schema.periods import PeriodCode, PeriodType
from schema.plan import (
    Collection,
    Direction,
    DisclosureClass,
    Link,
    LogicModelColumn,
    MeasureKind,
    MeasureLink,
    PlanReference,
    Scheme,
    Target,
)


class JsonStatUnit(Struct, frozen=True, kw_only=True):
    """What a metric is counted in."""

    label: Slug


class JsonStatCategory(Struct, frozen=True, kw_only=True):
    """The codes of a dimension with their places, and what they are called."""

    index: dict[str, int]
    label: dict[str, str]
    unit: dict[str, JsonStatUnit] = {}


class JsonStatDimension(Struct, frozen=True, kw_only=True):
    """One edge of the cube."""

    label: str
    category: JsonStatCategory


class JsonStatRole(Struct, frozen=True, kw_only=True):
    """Which dimensions are time, place and what is measured."""

    time: list[str]
    geo: list[str]
    metric: list[str]


class JsonStatExtension(Struct, frozen=True, kw_only=True):
    """What JSON-stat has no word for. Each is by the place of the cell in `value`, as `status` is."""

    programme: Slug
    plan_version: int
    protection: Annotated[Literal["none", "release"], Meta(description="`none` in a preview.")]
    release: Annotated[int | None, Meta(description="Null in a preview.")]
    lower_bound: Annotated[dict[str, float], Meta(description="Where the value is not exact: it is at least this.")]
    upper_bound: Annotated[dict[str, float], Meta(description="It is at most this; absent where unbounded.")]
    lower: Annotated[dict[str, float], Meta(description="Of the 95 % confidence interval.")]
    upper: dict[str, float]
    reason: dict[str, str]
    coverage: dict[str, Coverage]
    resolved: list[ResolvedPeriod]


class JsonStatDataset(Struct, frozen=True, kw_only=True):
    """A JSON-stat 2.0 dataset. A metric is a series of a measure: `measure/series`."""

    version: Literal["2.0"]
    kind: Literal["dataset"] = field(name="class")  # the word of the format
    label: str
    id: list[str]
    size: list[int]
    role: JsonStatRole
    dimension: dict[str, JsonStatDimension]
    value: Annotated[list[float | None], Meta(description="In row-major order: the last dimension runs fastest.")]
    status: Annotated[
        dict[str, str], Meta(description="Why a cell has no number, or the markers of its number, by its place.")
    ]
    extension: JsonStatExtension


Position = Annotated[list[float], Meta(min_length=2, max_length=3)]
Ring = Annotated[list[Position], Meta(min_length=4)]
PolygonRings = Annotated[list[Ring], Meta(min_length=1)]


class Geometry(Struct, frozen=True, kw_only=True):
    """The boundary of an area: polygons of rings of longitude and latitude, in degrees (WGS 84)."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[PolygonRings], Meta(min_length=1)]


class Feature(Struct, frozen=True, kw_only=True):
    """An area with its figure. `geometry` is null where no boundary of it has been loaded."""

    type: Literal["Feature"]
    id: AreaCode
    geometry: Geometry | None
    properties: Annotated[
        dict[str, Any], Meta(description="The columns of the CSV, by name, with what the area is called.")
    ]


class FeatureCollection(Struct, frozen=True, kw_only=True):
    """A GeoJSON map layer: one figure for each area."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


class OutcomeFormat(Struct, frozen=True, kw_only=True):
    """A form in which outcomes are answered."""

    operation: str
    media_type: str


class SeriesAvailability(Struct, frozen=True, kw_only=True):
    """What may be asked of one series."""

    slug: Slug
    title: str
    headline: bool
    collection: Collection
    reason: Annotated[
        str | None,
        Meta(description="Why no figure of it can be rolled up; null where one can.", examples=["not_additive"]),
    ]


class MeasureAvailability(Struct, frozen=True, kw_only=True):
    """What may be asked of one measure."""

    measure: Slug
    label: str
    theme: Slug
    kind: MeasureKind
    unit: Slug
    disclosure_class: DisclosureClass
    series: list[SeriesAvailability]
    period_type: Annotated[PeriodType, Meta(description="That of its returns.")]
    periods: Annotated[
        list[PeriodCode], Meta(description="Periods of its returns within the programme; none for snapshots: any day.")
    ]
    period_types: Annotated[list[PeriodType], Meta(description="Every type of period that its returns make up.")]
    area_family: Slug
    finest_level: Annotated[Slug, Meta(description="The finest area level at which its total is collected.")]
    schemes: Annotated[list[Scheme], Meta(description="The breakdowns that `group_by` and `breakdown` may ask for.")]


class AreaFamily(Struct, frozen=True, kw_only=True):
    """The areas of a family, the widest level first."""

    slug: Slug
    levels: list[Slug]
    areas: list[AreaCode]


class Availability(Struct, frozen=True, kw_only=True):
    """What may be asked, whether or not there is any data yet."""

    programme: Slug
    plan_version: int
    formats: list[OutcomeFormat]
    period_tokens: list[str]
    families: list[AreaFamily]
    measures: list[MeasureAvailability]


class MeasureProgress(Struct, frozen=True, kw_only=True):
    """How far one measure has come. `latest` carries movement, verdict, coverage, and the target of its period."""

    measure: Slug
    label: str
    title: Annotated[str, Meta(description="The plan's exact words.")]
    plan_references: list[PlanReference]
    direction: Direction
    baseline: Annotated[float | None, Meta(description="Null where the plan states none.")]
    targets: list[Target]
    latest: PreviewFigure


class ThemeProgress(Struct, frozen=True, kw_only=True):
    """The measures of one theme, in the order of the plan."""

    theme: Slug
    title: str
    measures: list[MeasureProgress]


class PreviewProgress(Struct, frozen=True, kw_only=True):
    """How will we know we've made a difference: each theme and measure with its latest figure."""

    programme: Slug
    plan_version: int
    protection: Literal["none"]
    revision_basis: RevisionBasis
    themes: list[ThemeProgress]


class MeasureRelation(StrEnum):
    """How a node stands to the measures beside it: its own, else those that it leads to, else those that lead to it."""

    OWN = "own"
    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    NONE = "none"


class NodeOutcomes(Struct, frozen=True, kw_only=True):
    """A node of the logic model with the measures that tell of it."""

    slug: Slug
    code: str
    column: LogicModelColumn
    title: Annotated[str, Meta(description="The plan's exact words.")]
    relation: MeasureRelation
    measures: Annotated[list[Slug], Meta(description="Their figures stand in `figures`.")]
    coverage: Annotated[Coverage, Meta(description="Of all these measures, each in its latest period.")]


class PreviewLogicModel(Struct, frozen=True, kw_only=True):
    """The logic model with the latest figure of each measure."""

    programme: Slug
    plan_version: int
    protection: Literal["none"]
    revision_basis: RevisionBasis
    nodes: list[NodeOutcomes]
    links: list[Link]
    measure_links: list[MeasureLink]
    figures: Annotated[list[PreviewFigure], Meta(description="One for each measure, in the order of the plan.")]
