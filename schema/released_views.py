"""One release read next to the plan: progress by theme, the logic model, and inequality between categories."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import Slug
from schema.inequality import InequalityFields
from schema.logic_model import Link, MeasureLink
from schema.progress import MeasureFields, NodeOutcomes, NoFigureReason
from schema.released_figures import PublishedFigure


class ReleasedMeasure(MeasureFields, frozen=True, kw_only=True):
    """The progress of one measure. Its figure has the movement, the verdict, the coverage and the target."""

    latest: Annotated[PublishedFigure | None, Meta(description="Null if the release has no figure of the measure.")]
    reason: Annotated[NoFigureReason | None, Meta(description="Why there is no figure.")]
    companions: Annotated[
        list[PublishedFigure], Meta(description="The latest figure of each series to read with the headline series.")
    ]


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


class ReleasedInequality(InequalityFields, frozen=True, kw_only=True):
    """The inequality between categories of a dimension, calculated from displayed figures."""

    release: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
