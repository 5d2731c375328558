"""Progress by theme, and the logic model, with the latest figure of each measure."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import Instant, Slug
from schema.logic_model import Link, LogicModelColumn, MeasureLink
from schema.measures import Baseline, Direction, MeasureKind, PlanReference, Series, Target
from schema.outcomes import Coverage, MissingReturn, PreviewFigure, RevisionBasis
from schema.periods import Period
from schema.submissions import Marker, Status


class FigurePoint(Struct, frozen=True, kw_only=True):
    """A value of an earlier period, as it is displayed: with its bounds or its 95 % interval, or why there is none."""

    period: Period
    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    lower: Annotated[float | None, Meta(description="Lower limit of the 95 % confidence interval.")]
    upper: float | None
    status: Status | None
    markers: list[Marker]
    reason: str | None


class PeriodCoverage(Struct, frozen=True, kw_only=True):
    """A period and its returns."""

    period: Period
    coverage: Coverage


class NextReturn(Struct, frozen=True, kw_only=True):
    """The next returns of a measure by the programme's calendar, without extensions."""

    period: Period
    due_at: Annotated[Instant, Meta(description="The instant from which they are overdue.")]


class NoNextReturnReason(StrEnum):
    """Why no return is due.

    `publisher_sets_dates`: the headline series is a published statistic. `nobody_owes`: the plan requires no return at
    set dates. `programme_over`: every return was due before.
    """

    PUBLISHER_SETS_DATES = "publisher_sets_dates"
    NOBODY_OWES = "nobody_owes"
    PROGRAMME_OVER = "programme_over"


class NoFigureReason(StrEnum):
    """Why a release has no figure of a measure.

    `no_publication`: no publication of the statistic was approved. `no_period`: no period of it was over.
    `not_in_release`: the release leaves the measure out.
    """

    NO_PUBLICATION = "no_publication"
    NO_PERIOD = "no_period"
    NOT_IN_RELEASE = "not_in_release"


class MeasureFields(Struct, frozen=True, kw_only=True):
    """One measure as the plan states it, with its history and its returns: what preview and released progress share."""

    measure: Slug
    label: str
    title: Annotated[str, Meta(description="The plan's exact words.")]
    plan_references: list[PlanReference]
    kind: MeasureKind
    unit: Slug
    direction: Direction
    baseline: Annotated[Baseline | None, Meta(description="Null if the plan states none.")]
    targets: list[Target]
    series: Annotated[Series, Meta(description="The headline series: its definition and its source.")]
    caveats: list[str]
    history: Annotated[
        list[FigurePoint], Meta(description="The displayed values up to the latest, in time order, at most 8.")
    ]
    previous: Annotated[
        FigurePoint | None,
        Meta(description="The last value before the latest; `movement` of the latest has the change since the start."),
    ]
    newest_period: Annotated[
        PeriodCoverage | None,
        Meta(description="The newest period that is over. Null if there is none, or nothing was published."),
    ]
    unassigned: Annotated[
        list[Slug],
        Meta(description="Roles and classes without an organisation: nobody owes their returns of the measure."),
    ]
    next_return: NextReturn | None
    no_next_return_reason: NoNextReturnReason | None


class MeasureProgress(MeasureFields, frozen=True, kw_only=True):
    """The progress of one measure. `latest` has movement, verdict, coverage and the target of its period."""

    latest: Annotated[PreviewFigure, Meta(description="Of the newest period with a return, or of the newest period.")]
    missing: Annotated[
        list[MissingReturn], Meta(description="Expected returns that are missing from the latest figure, or since.")
    ]
    companions: Annotated[
        list[PreviewFigure], Meta(description="The latest figure of each series to read with the headline series.")
    ]


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
