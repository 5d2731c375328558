"""Progress by theme, and the logic model, with the latest figure of each measure."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import Slug
from schema.logic_model import Link, LogicModelColumn, MeasureLink
from schema.measures import Baseline, Direction, PlanReference, Target
from schema.outcomes import Coverage, PreviewFigure, RevisionBasis


class MeasureFields(Struct, frozen=True, kw_only=True):
    """The plan's statements about one measure: the fields that preview and released progress share."""

    measure: Slug
    label: str
    title: Annotated[str, Meta(description="The plan's exact words.")]
    plan_references: list[PlanReference]
    direction: Direction
    baseline: Annotated[Baseline | None, Meta(description="Null if the plan states none.")]
    targets: list[Target]


class MeasureProgress(MeasureFields, frozen=True, kw_only=True):
    """The progress of one measure. `latest` has movement, verdict, coverage and the target of its period."""

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
    """How a node's measures relate to it: its own, otherwise those downstream, otherwise those upstream."""

    OWN = "own"
    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    NONE = "none"


class NodeOutcomes(Struct, frozen=True, kw_only=True):
    """A node of the logic model with the measures that show its progress."""

    slug: Slug
    code: str
    column: LogicModelColumn
    title: Annotated[str, Meta(description="The plan's exact words.")]
    relation: MeasureRelation
    measures: Annotated[list[Slug], Meta(description="Their figures are in `figures`.")]
    coverage: Annotated[Coverage, Meta(description="The total over all these measures, each in its latest period.")]


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
