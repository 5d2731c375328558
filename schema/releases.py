"""Releases: what has been published, how it was protected, and how one is made."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from schema.disclosure import Policy
from schema.inequality import Disparity, GroupFigure
from schema.intervals import IntervalMethod
from schema.outcomes import (
    Comparator,
    Coverage,
    PreviewFigure,
    PublishedSource,
    ResolvedPeriod,
    TargetVerdict,
)
from schema.periods import Period, PeriodCode
from schema.plan import Direction, Link, MeasureKind, MeasureLink, PlanReference, Target
from schema.reading import NodeOutcomes
from schema.submissions import Marker, Status, WebAddress
from schema.verdicts import Movement, Trend
from schema.words import AreaCode, Instant, Slug, Text


class PublishedFigure(Struct, frozen=True, kw_only=True, gc=False):
    """One published cell of a release. Of people, none, few, withheld and left out are alike `c`."""

    measure: Slug
    series: Slug
    kind: MeasureKind
    unit: Slug
    period: Period
    area: AreaCode
    breakdown: dict[str, str]
    value: Annotated[float | None, Meta(description="A count as it is shown, or a percentage of shown counts.")]
    lower_bound: Annotated[float | None, Meta(description="The true value is at least this.")]
    upper_bound: Annotated[float | None, Meta(description="The true value is at most this; null where unbounded.")]
    largest_error: Annotated[float | None, Meta(description="How far `value` can lie from the true one.")]
    numerator: Annotated[float | None, Meta(description="Of a proportion: the count as it is shown.")]
    numerator_lower_bound: Annotated[float | None, Meta(description="The true numerator is at least this.")]
    numerator_upper_bound: float | None
    denominator: float | None
    denominator_lower_bound: float | None
    denominator_upper_bound: float | None
    lower: Annotated[
        float | None,
        Meta(
            description="Of the 95 % confidence interval; of rounded counts the widest, which holds that of the true."
        ),
    ]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    status: Annotated[Status | None, Meta(description="Why there is no number.")]
    markers: list[Marker]
    reason: Annotated[str | None, Meta(description="The same, in one word for machines.", examples=["suppressed"])]
    coverage: Annotated[
        Coverage, Meta(description="Of the measure in the period, as it was when the release was made.")
    ]
    comparators: list[Comparator]
    trend: Trend | None
    movement: Movement | None
    target: TargetVerdict | None
    release: Annotated[int, Meta(description="The release that says so.")]
    policy_version: Annotated[int, Meta(description="The version of the disclosure policy.")]
    alternatives: Annotated[str | None, Meta(description="What can be asked where this cannot be answered.")] = None
    source: Annotated[
        PublishedSource | None, Meta(description="Of published statistics; null where the figure is of returns.")
    ] = None


AnyFigure = PreviewFigure | PublishedFigure
"""What the forms of outcomes are made of, whether protected or not."""


class ReleasedEntry(Struct, frozen=True, kw_only=True):
    """One item of a milestone, or entry of evidence, whose text a reviewer has found free of personal data.

    Who returned it is not told, nor how many people took part: they may be few, of one provider.
    """

    measure: Slug
    series: Slug
    period: Period
    position: Annotated[
        int, Meta(description="Among those that are released of the series in the period, counted from 1.")
    ]
    domain: Annotated[Slug | None, Meta(description="Of evidence: one of the measure's `domains`.")]
    item: Annotated[Slug | None, Meta(description="Of a milestone: the code of what is to be achieved.")]
    title: str
    stage: Annotated[Slug | None, Meta(description="Of a milestone: one of the measure's `stages`.")]
    date: Annotated[date, Meta(description="Of a milestone, the day on which it reached the stage.")]
    url: WebAddress | None


class ReleasedEntryList(Struct, frozen=True, kw_only=True):
    """Cleared items and entries of one release, in the order of the plan, of time and of their dates."""

    programme: Slug
    release: int
    plan_version: int
    items: list[ReleasedEntry]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class MeasurePeriod(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure in one of the periods for which it is returned."""

    measure: Slug
    period: PeriodCode


class NewRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be published: everything that is approved, as it stands when the work begins."""

    notes: Annotated[Text | None, Meta(description="For readers: what is new, what was corrected and why.")] = None
    publish_at: Annotated[
        Instant | None, Meta(description="The end of the embargo; until then nobody can see that there is a release.")
    ] = None
    exclude_measures: Annotated[list[Slug], Meta(description="Measures of which this release says nothing.")] = []
    republish: Annotated[
        list[MeasurePeriod],
        Meta(
            max_length=100,
            description=(
                "Released as if for the first time, because a gross error is mended. The notes must say why: "
                "readers see the old figures beside the new."
            ),
        ),
    ] = []


class PublicationJobState(StrEnum):
    """How far a publication is."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHED = "published"
    REHEARSED = "rehearsed"
    REFUSED = "refused"
    FAILED = "failed"


class ScopeReport(Struct, frozen=True, kw_only=True):
    """Figures that hang together and are audited together, as everybody sees them."""

    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline FY2025-26"])]
    measures: list[Slug]
    figures: int
    shown: int
    hidden: Annotated[
        int, Meta(description="As `c`, by the band, by a withheld figure, or as fed by one provider alone.")
    ]


class ScopeAudit(Struct, frozen=True, kw_only=True):
    """What the audit of figures that hang together gave up. It names no count and no provider.

    Readers are not told: they could tell from it that something hidden has moved. How many counts were audited is told
    to nobody: a provider could tell from it whether others have none or few.
    """

    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline FY2025-26"])]
    measures: list[Slug]
    figures: int
    shown: int
    hidden: Annotated[
        int, Meta(description="As `c`, by the band, by a withheld figure, or as fed by one provider alone.")
    ]
    withheld: int
    held_back: Annotated[int, Meta(description="Figures left as they were, with a larger error stated.")]
    carried_forward: Annotated[
        bool, Meta(description="Nothing has changed since the last release, so nothing was audited again.")
    ]

    @property
    def public(self) -> ScopeReport:
        """What readers are told of it."""
        return ScopeReport(
            scope=self.scope, measures=self.measures, figures=self.figures, shown=self.shown, hidden=self.hidden
        )


class FailedScope(Struct, frozen=True, kw_only=True):
    """Figures that cannot be published, and why, without a number."""

    scope: str
    measures: list[Slug]
    code: Annotated[
        Literal["exposed", "contradiction", "geography-changed", "scope-changed"],
        Meta(description="The reason in a word."),
    ]
    detail: str


ChangeReason = Literal["new", "data", "held_back", "correction", "definition", "removed"]


class ReleaseChange(Struct, frozen=True, kw_only=True):
    """A figure that differs from the release before."""

    measure: Slug
    series: Slug
    period: PeriodCode
    area: AreaCode
    breakdown: dict[str, str]
    before: Annotated[PublishedFigure | None, Meta(description="Null where it was not in that release.")]
    after: Annotated[PublishedFigure | None, Meta(description="Null where it is not in this one.")]
    why: Annotated[
        ChangeReason,
        Meta(
            description=(
                "`new`: a period or cell that was not there. `data`: returns came or were approved. `held`: the number "
                "stands, as too few have come since to move it, if any; its largest error is another. `correction`: "
                "released anew, as the notes say. `definition`: another plan version. `gone`: not released any more."
            )
        ),
    ]


class ReleaseReport(Struct, frozen=True, kw_only=True):
    """What was released, scope by scope."""

    scopes: list[ScopeReport]
    figures: int
    shown: int
    changes: Annotated[int, Meta(description="Figures that differ from the release before.")]


class ReleaseAudit(Struct, frozen=True, kw_only=True):
    """What was audited, and what came of it."""

    scopes: list[ScopeAudit]
    figures: int
    shown: int
    changes: Annotated[int, Meta(description="Figures that differ from the release before.")]
    entries: Annotated[
        dict[Slug, int], Meta(description="Cleared items of milestones and entries of evidence, by measure.")
    ] = {}

    @property
    def public(self) -> ReleaseReport:
        """What readers are told of it."""
        return ReleaseReport(
            scopes=[one.public for one in self.scopes], figures=self.figures, shown=self.shown, changes=self.changes
        )


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What a dry run would publish."""

    report: ReleaseAudit
    changes: Annotated[list[ReleaseChange], Meta(description="The first 1,000 of them.")]


class PublicationJob(Struct, frozen=True, kw_only=True):
    """The making of a release. It takes minutes; ask again until `state` is no longer `queued` or `running`."""

    id: UUID
    state: PublicationJobState
    dry_run: bool
    requested_at: Instant
    frozen_at: Annotated[Instant | None, Meta(description="Returns approved later are not in it.")]
    finished_at: Instant | None
    scope_count: Annotated[int | None, Meta(description="How many scopes there are to audit.")]
    scopes_audited: Annotated[int, Meta(description="How many are audited.")]
    release: Annotated[int | None, Meta(description="Its number, once it is made.")]
    failures: Annotated[list[FailedScope], Meta(description="Why it was refused. The release before stays.")]
    rehearsal: Annotated[Rehearsal | None, Meta(description="Of a dry run, once it is done.")]
    audit: Annotated[
        ReleaseAudit | None,
        Meta(description="What the audit gave up, once the release is made. Readers do not see it."),
    ]


class PublicationJobList(Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: list[PublicationJob]


class Release(Struct, frozen=True, kw_only=True):
    """An immutable snapshot of the programme's outcomes. Cite it by its number."""

    programme: Slug
    number: int
    published_at: Instant
    frozen_at: Annotated[Instant, Meta(description="Returns approved later are not in it.")]
    plan_version: int
    notes: str | None
    policy: Policy
    explanations: Annotated[dict[str, str], Meta(description="What is done to protect people, by disclosure class.")]
    report: ReleaseReport
    sha256: Annotated[str, Meta(description="Of the figures, in hexadecimal.")]
    citation: str
    withdrawn_at: Instant | None
    withdrawal_reason: str | None


class ReleaseList(Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: list[Release]


class ReleaseWithdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Taking a release back as a whole. What was published can be remembered: it stays in later audits."""

    reason: Text


class Outcomes(Struct, frozen=True, kw_only=True):
    """Figures of one release."""

    programme: Slug
    release: int
    plan_version: int
    policy_version: int
    protection: Annotated[str, Meta(description="What is done to protect people, in plain words.")]
    items: list[PublishedFigure]
    resolved: Annotated[list[ResolvedPeriod], Meta(description="What `latest` and its like stood for.")] = []
    labels: dict[str, dict[str, str]] = {}
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class ReleaseChangeList(Struct, frozen=True, kw_only=True):
    """The figures of a release that differ from the one before, in the order of the plan."""

    programme: Slug
    release: int
    previous_release: Annotated[
        int | None, Meta(description="The release that it is compared with; null for the first.")
    ]
    items: list[ReleaseChange]
    next_cursor: str | None = None


class ReleasedMeasure(Struct, frozen=True, kw_only=True):
    """How far one measure has come, by the release. Movement, verdict, coverage and target are the figure's."""

    measure: Slug
    label: str
    title: Annotated[str, Meta(description="The plan's exact words.")]
    plan_references: list[PlanReference]
    direction: Direction
    baseline: Annotated[float | None, Meta(description="Null where the plan states none.")]
    targets: list[Target]
    latest: Annotated[PublishedFigure | None, Meta(description="Null where the release says nothing of it.")]


class ReleasedTheme(Struct, frozen=True, kw_only=True):
    """The measures of one theme, in the order of the plan."""

    theme: Slug
    title: str
    measures: list[ReleasedMeasure]


class ReleasedProgress(Struct, frozen=True, kw_only=True):
    """How will we know we've made a difference: each theme and measure with its latest released figure."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="What is done to protect people, in plain words.")]
    themes: list[ReleasedTheme]


class ReleasedLogicModel(Struct, frozen=True, kw_only=True):
    """The logic model with the latest released figure of each measure."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="What is done to protect people, in plain words.")]
    nodes: list[NodeOutcomes]
    links: list[Link]
    measure_links: list[MeasureLink]
    figures: Annotated[
        list[PublishedFigure], Meta(description="At most one for each measure, in the order of the plan.")
    ]


class ReleasedInequality(Struct, frozen=True, kw_only=True):
    """How far apart the categories of a dimension are, calculated from figures as they are shown."""

    programme: Slug
    release: int
    plan_version: int
    protection: Annotated[str, Meta(description="What is done to protect people, in plain words.")]
    measure: Slug
    series: Slug
    unit: Slug
    period: Period
    area: AreaCode
    dimension: Slug
    category: Slug
    reference_category: Slug
    groups: Annotated[list[GroupFigure], Meta(description="Every category, in the order of the dimension.")]
    gap: Annotated[Disparity, Meta(description="`of` less `against`, in percentage points.")]
    ratio: Annotated[Disparity, Meta(description="`of` divided by `against`.")]
    slope_index: Annotated[
        Disparity,
        Meta(description="Slope index: the least deprived end less the most deprived one, in the unit of the measure."),
    ]
    relative_index: Annotated[
        Disparity, Meta(description="Relative index: the least deprived end divided by the most deprived one.")
    ]
