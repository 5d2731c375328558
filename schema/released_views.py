"""One release read next to the plan: progress by theme, the logic model, and inequality between categories."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.inequality import Disparity, GroupFigure
from schema.periods import Period
from schema.plan import Direction, Link, MeasureLink, PlanReference, Target
from schema.reading import NodeOutcomes
from schema.released_figures import PublishedFigure


class ReleasedMeasure(Struct, frozen=True, kw_only=True):
    """The progress of one measure. Its figure has the movement, the verdict, the coverage and the target."""

    measure: Slug
    label: str
    title: Annotated[str, Meta(description="The plan's exact words.")]
    plan_references: list[PlanReference]
    direction: Direction
    baseline: Annotated[float | None, Meta(description="Null if the plan states none.")]
    targets: list[Target]
    latest: Annotated[PublishedFigure | None, Meta(description="Null if the release has no figure of the measure.")]


class ReleasedTheme(Struct, frozen=True, kw_only=True):
    """The measures of one theme, in plan order."""

    theme: Slug
    title: str
    measures: list[ReleasedMeasure]


class ReleasedProgress(Struct, frozen=True, kw_only=True):
    """Progress against the plan: each theme and measure with its latest published figure."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
    themes: list[ReleasedTheme]


class ReleasedLogicModel(Struct, frozen=True, kw_only=True):
    """The logic model with the latest published figure of each measure."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
    nodes: list[NodeOutcomes]
    links: list[Link]
    measure_links: list[MeasureLink]
    figures: Annotated[list[PublishedFigure], Meta(description="At most one for each measure, in plan order.")]


class ReleasedInequality(Struct, frozen=True, kw_only=True):
    """The inequality between categories of a dimension, calculated from displayed figures."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
    measure: Slug
    series: Slug
    unit: Slug
    period: Period
    area: AreaCode
    dimension: Slug
    category: Slug
    reference_category: Slug
    groups: Annotated[list[GroupFigure], Meta(description="Every category, in the order of the dimension.")]
    gap: Annotated[Disparity, Meta(description="`category` minus `reference_category`, in percentage points.")]
    ratio: Annotated[Disparity, Meta(description="`category` divided by `reference_category`.")]
    slope_index: Annotated[
        Disparity,
        Meta(description="Slope index: the least deprived end minus the most deprived end, in the measure's unit."),
    ]
    relative_index: Annotated[
        Disparity, Meta(description="Relative index: the least deprived end divided by the most deprived end.")
    ]
