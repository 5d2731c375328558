"""Figures, whether live or released, and the page of live figures that reviewers preview."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode, Instant, Slug
from schema.intervals import Confidence, IntervalMethod
from schema.measures import MeasureKind
from schema.periods import Period, PeriodCode
from schema.submissions import Marker, PublisherTrend, ReviewState, Status
from schema.table_rows import CompactRow
from schema.verdicts import ComparisonMethod, Movement, MovementSources, Trend, Verdict


class Coverage(Struct, frozen=True, kw_only=True):
    """The returns behind a figure. `received` is at most `expected`: both count the same duties."""

    expected: int
    received: int
    approved: int
    late: int
    exempt: int


class MissingReason(StrEnum):
    """Why an expected return is not counted.

    `no_organisation`: nobody plays the role. `not_received`: nothing was returned. `not_approved`: a return is waiting
    for a decision, and only approved ones count.
    """

    NO_ORGANISATION = "no_organisation"
    NOT_RECEIVED = "not_received"
    NOT_APPROVED = "not_approved"


class MissingReturn(Struct, frozen=True, kw_only=True):
    """An expected return that a figure does not count."""

    measure: Annotated[Slug, Meta(description="For a derived measure: the one that is returned.")]
    series: Slug
    holder: Annotated[Slug, Meta(description="The organisation, or a role without an organisation.")]
    organisation: Annotated[Slug | None, Meta(description="Null while a role has no organisation.")]
    service: Slug
    period: PeriodCode
    due_at: Annotated[Instant, Meta(description="The instant from which it is overdue, extensions included.")]
    reason: MissingReason


class Comparator(Struct, frozen=True, kw_only=True):
    """The same series for another area, and how the figure compares with it."""

    area: AreaCode
    name: str
    value: float | None
    verdict: Verdict | None
    confidence: Annotated[
        Confidence | None,
        Meta(description="The highest level at which the two differ; 95 if they are similar."),
    ]
    reason: Annotated[
        str | None, Meta(description="Why there is no value or no verdict.", examples=["no_published_equivalent"])
    ]
    method: Annotated[ComparisonMethod | None, Meta(description="The rule of the verdict; null without a verdict.")] = (
        None
    )


class TargetVerdict(Struct, frozen=True, kw_only=True):
    """The programme's own target for the period, if it sets one."""

    value: float
    met: Annotated[
        bool | None, Meta(description="Null if the figure is only known by bounds and the target lies between them.")
    ]
    period: Annotated[
        PeriodCode | None,
        Meta(description="The period of the target: the figure's own, or for a stock one that ends on the same day."),
    ] = None


class Contributor(Struct, frozen=True, kw_only=True):
    """A return that contributes to the figure."""

    organisation: Slug
    service: Slug
    period: PeriodCode
    revision: int
    state: ReviewState


class PublishedSource(Struct, frozen=True, kw_only=True):
    """The source of a published statistic. The figure is the publisher's own: nothing was rolled up."""

    publisher: str | None
    title: str | None
    identifier: Annotated[str | None, Meta(description="The publisher's own code for the statistic.")]
    statistical_status: Slug | None
    value: Annotated[str | None, Meta(description="The value with the digits that were published.", examples=["25.0"])]
    limits_derived: Annotated[
        bool, Meta(description="True if the interval was calculated here from published numbers.")
    ]
    note: Annotated[str | None, Meta(description="The publisher's note on this figure.")]
    trend: Annotated[
        PublisherTrend | None,
        Meta(description="The publisher's own trend, if it states one. The figure's `trend` is calculated here."),
    ] = None


class OutcomeForm(StrEnum):
    """Another form of a count, for measures whose plan declares a population.

    `per_population`: the crude rate of so many residents. `age_standardised`: the rate that the age structure of the
    European Standard Population of 2013 would have, directly standardised.
    """

    PER_POPULATION = "per_population"
    AGE_STANDARDISED = "age_standardised"


class PopulationUsed(Struct, frozen=True, kw_only=True):
    """The population by which a count was divided. `denominator` of the figure is its size."""

    form: OutcomeForm
    per: Annotated[int, Meta(description="The rate is stated of so many residents.", examples=[1000])]
    label: Annotated[str, Meta(examples=["Referrals per 1,000 residents aged 16 to 64"])]
    measure: Slug
    period: Annotated[
        PeriodCode | None, Meta(description="The day of the estimate; null if there is none.", examples=["D2025-06-30"])
    ]
    identifier: Annotated[str | None, Meta(description="The publisher's code for the estimates.")]
    note: Annotated[str | None, Meta(description="The publisher's note on the estimate.")]


class FigureFields(Struct, frozen=True, kw_only=True):
    """The fields that preview figures and published figures share."""

    measure: Slug
    series: Slug
    kind: MeasureKind
    unit: Slug
    period: Period
    area: AreaCode
    breakdown: dict[str, str]
    value: Annotated[
        float | None,
        Meta(description="A count, or a percentage for a proportion. Releases state it as displayed."),
    ]
    lower_bound: Annotated[
        float | None,
        Meta(
            description=(
                "What was returned adds up to at least this. What is missing is in `coverage`, and how exact a survey "
                "is, in `lower` and `upper`."
            )
        ),
    ]
    upper_bound: Annotated[
        float | None, Meta(description="What was returned adds up to at most this; null if unbounded.")
    ]
    largest_error: Annotated[
        float | None, Meta(description="The largest possible difference between `value` and what was returned.")
    ]
    numerator: Annotated[float | None, Meta(description="The numerator of a ratio. Releases state it as displayed.")]
    denominator: float | None
    lower: Annotated[
        float | None,
        Meta(
            description=(
                "Lower limit of the 95 % confidence interval. For rounded counts, the interval is the widest "
                "that the true counts allow."
            )
        ),
    ]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Lower limit of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    status: Annotated[Status | None, Meta(description="Why there is no number.")]
    markers: list[Marker]
    reason: Annotated[
        str | None, Meta(description="A machine-readable code for the status.", examples=["no_data", "suppressed"])
    ]
    coverage: Annotated[
        Coverage,
        Meta(description="Returns of the measure in the period. A release states them as they were at its freeze."),
    ]
    comparators: list[Comparator]
    trend: Trend | None
    movement: Movement | None
    target: TargetVerdict | None
    alternatives: Annotated[
        str | None, Meta(description="If this query has no answer: similar queries that have one.")
    ] = None
    source: Annotated[
        PublishedSource | None, Meta(description="The source of a published statistic; null for partners' returns.")
    ] = None
    complete: Annotated[
        bool | None,
        Meta(
            description=(
                "True if every return that an organisation owes is counted, and a gap leaves out no source. A duty "
                "that is not assigned to an organisation is not owed. Null in releases that did not record it."
            )
        ),
    ] = None
    population: Annotated[
        PopulationUsed | None, Meta(description="With `form`: the population by which the count was divided.")
    ] = None


class PreviewFigure(FigureFields, frozen=True, kw_only=True):
    """A live figure without disclosure control, for reviewers only.

    If only bounds are known, `value` is null and `lower_bound` and `upper_bound` are set.
    """

    as_of: Annotated[
        Period | None, Meta(description="For stocks and cumulative counts: the period of the latest return used.")
    ]
    mixed_as_of: Annotated[
        bool | None,
        Meta(description="True if the latest return of some source is of an earlier period than `as_of`."),
    ] = None
    cells_without_value: Annotated[
        int, Meta(description="Cells that have a status instead of a number. The value does not include them.")
    ]
    contributors: Annotated[
        list[Contributor], Meta(description="The returns that contribute to the figure, at most 100 of them.")
    ]
    movement_sources: Annotated[
        MovementSources | None, Meta(description="With a movement that is `not_comparable`: the sources that differ.")
    ] = None


class ResolvedPeriod(Struct, frozen=True, kw_only=True):
    """The period that a relative token such as `latest` resolved to."""

    token: str
    measure: Slug
    series: Slug
    period: Annotated[PeriodCode | None, Meta(description="Null if nothing of the series was ever returned.")]


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
        Meta(description="The period that each relative token such as `latest` resolved to, by series."),
    ] = []
    labels: Annotated[
        dict[str, dict[str, str]],
        Meta(description="With `labels=true`: the labels of measures, series, areas, dimensions and categories."),
    ] = {}
    rows: Annotated[
        list[CompactRow],
        Meta(description="With `columns=compact`, instead of `items`, or `with=comparators`: the figures as a table."),
    ] = []
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
