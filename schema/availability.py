"""Which outcome queries the plan allows, and what the newest release has."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.areas import Scheme
from schema.codes import AreaCode, Slug
from schema.disclosure import DisclosureClass
from schema.measures import Collection, MeasureKind
from schema.outcomes import OutcomeForm
from schema.periods import PeriodCode, PeriodType


class OutcomeFormat(Struct, frozen=True, kw_only=True):
    """A format of outcomes, and the operation that returns it."""

    operation: str
    media_type: str


class ReleasedCells(Struct, frozen=True, kw_only=True):
    """The periods, levels and breakdowns of which a release has figures of one series."""

    periods: Annotated[list[PeriodCode], Meta(description="The periods with returns, the earliest first.")]
    levels: Annotated[list[Slug], Meta(description="The area levels in the newest of these periods, widest first.")]
    breakdowns: Annotated[
        list[list[Slug]],
        Meta(description="The dimensions of each breakdown in the newest of these periods; none of the total."),
    ]


class SeriesAvailability(Struct, frozen=True, kw_only=True):
    """The queries that one series allows."""

    slug: Slug
    title: str
    headline: bool
    collection: Collection
    reason: Annotated[
        str | None,
        Meta(description="Why its figures cannot be rolled up; null if they can.", examples=["not_additive"]),
    ]
    release_reason: Annotated[
        str | None,
        Meta(
            description=(
                "Why the plan allows no release to have its figures: `not_a_count`, `not_released` (means and rates), "
                "`no_duty`, or `single_provider` (its only holder does not `publish_alone`). Null if one may."
            ),
            examples=["single_provider"],
        ),
    ] = None
    released: Annotated[
        ReleasedCells | None, Meta(description="What the newest release has of the series; null if it has nothing.")
    ] = None


class MeasureAvailability(Struct, frozen=True, kw_only=True):
    """The queries that one measure allows."""

    measure: Slug
    label: str
    theme: Slug
    kind: MeasureKind
    unit: Slug
    disclosure_class: DisclosureClass
    series: list[SeriesAvailability]
    period_type: Annotated[PeriodType, Meta(description="The period type of its returns.")]
    periods: Annotated[
        list[PeriodCode],
        Meta(
            description=(
                "The periods of its returns within the programme; empty for snapshots, which can be of any day."
            )
        ),
    ]
    period_types: Annotated[
        list[PeriodType], Meta(description="The period types that can be added up from the periods of its returns.")
    ]
    area_family: Slug
    finest_level: Annotated[Slug, Meta(description="The finest area level at which its total is collected.")]
    schemes: Annotated[list[Scheme], Meta(description="The breakdowns that `group_by` and `breakdown` accept.")]
    forms: Annotated[
        list[OutcomeForm], Meta(description="The values that `form` accepts; none if the plan declares no population.")
    ]


class AreaFamily(Struct, frozen=True, kw_only=True):
    """The areas of a family, widest level first."""

    slug: Slug
    levels: list[Slug]
    areas: list[AreaCode]


class Availability(Struct, frozen=True, kw_only=True):
    """The queries that the plan allows, whether or not there is any data yet, and what the newest release has."""

    programme: Slug
    plan_version: int
    release: Annotated[int | None, Meta(description="The newest release; null if there is none.")]
    formats: Annotated[list[OutcomeFormat], Meta(description="Of released outcomes, which need no key.")]
    preview_formats: Annotated[list[OutcomeFormat], Meta(description="Of previews, for keys with the scope `review`.")]
    period_tokens: list[str]
    families: list[AreaFamily]
    measures: list[MeasureAvailability]
