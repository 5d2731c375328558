"""What readers get from one release: its figures, and the cleared entries of milestones and evidence."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.intervals import IntervalMethod
from schema.outcomes import (
    Comparator,
    Coverage,
    PreviewFigure,
    PublishedSource,
    ResolvedPeriod,
    TargetVerdict,
)
from schema.periods import Period
from schema.plan import MeasureKind
from schema.submissions import Marker, Status, WebAddress
from schema.verdicts import Movement, Trend


class PublishedFigure(Struct, frozen=True, kw_only=True, gc=False):
    """One published cell of a release.

    For counts of people, zero, small, withheld and missing counts all show `c`, so that nobody can distinguish them.
    """

    measure: Slug
    series: Slug
    kind: MeasureKind
    unit: Slug
    period: Period
    area: AreaCode
    breakdown: dict[str, str]
    value: Annotated[float | None, Meta(description="The displayed count, or a percentage of displayed counts.")]
    lower_bound: Annotated[float | None, Meta(description="The true value is at least this.")]
    upper_bound: Annotated[float | None, Meta(description="The true value is at most this; null if unbounded.")]
    largest_error: Annotated[float | None, Meta(description="How far `value` can be from the true value.")]
    numerator: Annotated[float | None, Meta(description="The displayed numerator of a proportion.")]
    numerator_lower_bound: Annotated[float | None, Meta(description="The true numerator is at least this.")]
    numerator_upper_bound: float | None
    denominator: float | None
    denominator_lower_bound: float | None
    denominator_upper_bound: float | None
    lower: Annotated[
        float | None,
        Meta(
            description=(
                "Lower end of the 95 % confidence interval. For rounded counts it is the widest interval, "
                "which contains the interval of the true counts."
            )
        ),
    ]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Lower end of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    status: Annotated[Status | None, Meta(description="Why there is no number.")]
    markers: list[Marker]
    reason: Annotated[str | None, Meta(description="The reason for `status`, as a code.", examples=["suppressed"])]
    coverage: Annotated[
        Coverage, Meta(description="Returns behind the measure in the period, when the release was made.")
    ]
    comparators: list[Comparator]
    trend: Trend | None
    movement: Movement | None
    target: TargetVerdict | None
    release: Annotated[int, Meta(description="The number of the release.")]
    policy_version: Annotated[int, Meta(description="The version of the disclosure policy.")]
    alternatives: Annotated[
        str | None, Meta(description="A request that the API can answer, if it cannot answer this one.")
    ] = None
    source: Annotated[
        PublishedSource | None, Meta(description="The source of a published statistic; null for a figure from returns.")
    ] = None


AnyFigure = PreviewFigure | PublishedFigure
"""A figure that an output format can write: a preview figure or a published figure."""


class ReleasedEntry(Struct, frozen=True, kw_only=True):
    """One milestone item or evidence entry whose text a reviewer has found free of personal data.

    It does not name the organisation that returned it, nor how many people took part, which may be a small count.
    """

    measure: Slug
    series: Slug
    period: Period
    position: Annotated[
        int, Meta(description="Position among the released entries of the series in the period, counted from 1.")
    ]
    domain: Annotated[Slug | None, Meta(description="For evidence: one of the measure's `domains`.")]
    item: Annotated[Slug | None, Meta(description="For a milestone: the code of the item to achieve.")]
    title: str
    stage: Annotated[Slug | None, Meta(description="For a milestone: one of the measure's `stages`.")]
    date: Annotated[date, Meta(description="For a milestone: the day on which it reached the stage.")]
    url: WebAddress | None


class ReleasedEntryList(Struct, frozen=True, kw_only=True):
    """Cleared items and entries of one release, ordered by the plan, by period and by date."""

    programme: Slug
    release: int
    plan_version: int
    items: list[ReleasedEntry]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class Outcomes(Struct, frozen=True, kw_only=True):
    """Figures of one release."""

    programme: Slug
    release: int
    plan_version: int
    policy_version: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
    items: list[PublishedFigure]
    resolved: Annotated[
        list[ResolvedPeriod], Meta(description="The periods that `latest` and similar words resolved to.")
    ] = []
    labels: dict[str, dict[str, str]] = {}
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
