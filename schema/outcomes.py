"""Published outcomes, and previews for reviewers."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.intervals import Confidence, IntervalMethod
from schema.periods import Period, PeriodCode
from schema.plan import MeasureKind
from schema.submissions import Marker, ReviewState, Status
from schema.verdicts import Movement, Trend, Verdict


class Coverage(Struct, frozen=True, kw_only=True):
    """The returns behind a figure. `expected` and `received` count the same duties, so never more than all."""

    expected: int
    received: int
    approved: int
    late: int
    exempt: int


class Comparator(Struct, frozen=True, kw_only=True):
    """The same series for a wider area, as published, and how the figure stands to it."""

    area: AreaCode
    name: str
    value: float | None
    verdict: Verdict | None
    confidence: Annotated[
        Confidence | None, Meta(description="The widest interval outside which it lies; 95 where it is similar.")
    ]
    reason: Annotated[
        str | None, Meta(description="Why there is no value or no verdict.", examples=["no_published_equivalent"])
    ]


class TargetVerdict(Struct, frozen=True, kw_only=True):
    """The programme's own aim for the period, where it sets one."""

    value: float
    met: Annotated[bool | None, Meta(description="Null where the figure is known by bounds on both sides of it.")]


class Contributor(Struct, frozen=True, kw_only=True):
    """A return that the figure rests on."""

    organisation: Slug
    service: Slug
    period: PeriodCode
    revision: int
    state: ReviewState


class PublishedSource(Struct, frozen=True, kw_only=True):
    """Where a figure of a published statistic comes from. It stands as it was published: nothing was rolled up."""

    publisher: str | None
    title: str | None
    identifier: Annotated[str | None, Meta(description="The publisher's own code for the statistic.")]
    statistical_status: Slug | None
    value: Annotated[str | None, Meta(description="The value in its publisher's digits.", examples=["25.0"])]
    limits_derived: Annotated[
        bool, Meta(description="True where the interval was worked out from published numbers, and is no publisher's.")
    ]
    note: Annotated[str | None, Meta(description="What is to be known of this very figure.")]


class PreviewFigure(Struct, frozen=True, kw_only=True):
    """A live figure without disclosure control, for reviewers alone.

    A value that can only be bounded is null with `lower_bound` and `upper_bound`.
    """

    measure: Slug
    series: Slug
    kind: MeasureKind
    unit: Slug
    period: Period
    area: AreaCode
    breakdown: dict[str, str]
    value: Annotated[float | None, Meta(description="A count, or a percentage for a proportion.")]
    lower_bound: Annotated[float | None, Meta(description="The value is at least this.")]
    upper_bound: Annotated[float | None, Meta(description="The value is at most this; null where unbounded.")]
    largest_error: Annotated[
        float | None, Meta(description="How far `value` may lie from what was returned; null without one.")
    ]
    numerator: float | None
    denominator: float | None
    lower: Annotated[float | None, Meta(description="Of the 95 % confidence interval.")]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    status: Annotated[Status | None, Meta(description="Why there is no number.")]
    markers: list[Marker]
    reason: Annotated[str | None, Meta(description="The same, in one word for machines.", examples=["no_data"])]
    as_of: Annotated[
        Period | None, Meta(description="For stocks and cumulative counts: the period of the latest return used.")
    ]
    cells_without_value: Annotated[
        int, Meta(description="Cells that say only why they have no number. They are missing from the value.")
    ]
    coverage: Coverage
    comparators: list[Comparator]
    trend: Trend | None
    movement: Movement | None
    target: TargetVerdict | None
    contributors: Annotated[list[Contributor], Meta(description="At most 100 of the returns that it rests on.")]
    alternatives: Annotated[str | None, Meta(description="What can be asked where this cannot be answered.")] = None
    source: Annotated[PublishedSource | None, Meta(description="Null where the figure is rolled up from returns.")] = (
        None
    )


class ResolvedPeriod(Struct, frozen=True, kw_only=True):
    """What a relative token such as `latest` stood for."""

    token: str
    measure: Slug
    series: Slug
    period: Annotated[PeriodCode | None, Meta(description="Null where nothing of the series was ever returned.")]


class RevisionBasis(StrEnum):
    """Which revision of each return counts."""

    LATEST = "latest"
    APPROVED = "approved"


class PreviewOutcomes(Struct, frozen=True, kw_only=True):
    """Live figures. They are not for publication: small counts in them can identify people."""

    programme: Slug
    plan_version: int
    protection: Annotated[Literal["none"], Meta(description="No disclosure control has been applied.")]
    revision_basis: RevisionBasis
    items: list[PreviewFigure]
    resolved: Annotated[
        list[ResolvedPeriod],
        Meta(description="What `latest` and its like stood for, for each series that was asked for."),
    ] = []
    labels: Annotated[
        dict[str, dict[str, str]],
        Meta(
            description="With `labels=true`: what the codes of measures, areas, dimensions and categories are called."
        ),
    ] = {}
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
