"""Publication jobs: a request for a release, how far the job is, and what its audit found."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug, Text
from schema.periods import PeriodCode
from schema.releases import ChangeReason, ReleaseChange, ReleaseReport, ScopeReport


class NewRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to publish everything that is approved when the job starts."""

    notes: Annotated[Text | None, Meta(description="For readers: what is new, what was corrected and why.")] = None
    publish_at: Annotated[
        Instant | None, Meta(description="End of the embargo. Until then nobody can see that the release exists.")
    ] = None
    exclude_measures: Annotated[list[Slug], Meta(description="Measures that this release leaves out.")] = []


class PublicationJobState(StrEnum):
    """The state of a publication job."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHED = "published"
    REHEARSED = "rehearsed"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LeftOutTable(Struct, frozen=True, kw_only=True):
    """A table of one organisation that this release leaves out, because it cannot be protected."""

    organisation: Slug
    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline FY2025-26-Q1"])]
    measure: Slug
    period: PeriodCode
    breakdown: Annotated[list[Slug], Meta(description="The dimensions of the table; empty for totals.")]
    reason: Annotated[
        Literal["contradiction", "exposed"],
        Meta(
            description="`contradiction`: no group of people fits this table and the others of the return. `exposed`: "
            "readers could calculate a small count from it."
        ),
    ]


class ScopeAudit(Struct, frozen=True, kw_only=True):
    """The figures of a series and the measures protected with it, and what is missing in them."""

    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline"])]
    measures: list[Slug]
    figures: int
    shown: int
    hidden: Annotated[int, Meta(description="Figures shown as `c`, and figures without data.")]
    left_out: list[LeftOutTable] = []

    @property
    def public(self) -> ScopeReport:
        """The public part of the report."""
        return ScopeReport(
            scope=self.scope, measures=self.measures, figures=self.figures, shown=self.shown, hidden=self.hidden
        )


class MeasureAudit(Struct, frozen=True, kw_only=True):
    """The figures of a measure, and how many of them differ from the previous release."""

    measure: Slug
    figures: int
    shown: int
    not_sent: Annotated[
        int | None,
        Meta(description="Figures without a number because nothing is approved. Null where it was not recorded."),
    ] = None
    changes: Annotated[dict[ChangeReason, int], Meta(description="Counts of changes by reason, all of them.")]


class FailedScope(Struct, frozen=True, kw_only=True):
    """Figures that cannot be published, and why. It contains no count."""

    scope: str
    measures: list[Slug]
    code: Annotated[
        Literal["geography-changed", "scope-changed"],
        Meta(description="The reason, as a code."),
    ]
    detail: str


class ReleaseAudit(Struct, frozen=True, kw_only=True):
    """The figures that the job published, by series."""

    scopes: list[ScopeAudit]
    figures: int
    shown: int
    changes: Annotated[int, Meta(description="Figures that differ from the previous release.")]
    entries: Annotated[
        dict[Slug, int], Meta(description="Counts of cleared milestone items and evidence entries, by measure.")
    ] = {}
    measures: Annotated[
        list[MeasureAudit], Meta(description="In plan order. Empty in audits from before it was recorded.")
    ] = []

    @property
    def public(self) -> ReleaseReport:
        """The public part of the report."""
        return ReleaseReport(
            scopes=[scope.public for scope in self.scopes],
            figures=self.figures,
            shown=self.shown,
            changes=self.changes,
        )


class Rehearsal(Struct, frozen=True, kw_only=True):
    """The release that a dry run would publish."""

    report: ReleaseAudit
    changes: Annotated[list[ReleaseChange], Meta(description="The first 1,000 changes.")]


class PublicationJob(Struct, frozen=True, kw_only=True):
    """The job that makes a release. It takes minutes: poll until `state` is neither `queued` nor `running`."""

    id: UUID
    state: PublicationJobState
    dry_run: bool
    requested_at: Instant
    frozen_at: Annotated[Instant | None, Meta(description="The release excludes returns approved after this.")]
    finished_at: Instant | None
    contribution_count: Annotated[
        int | None, Meta(description="How many returns of organisations were not protected when the job began.")
    ]
    contributions_protected: Annotated[int, Meta(description="How many of them are protected so far.")]
    release: Annotated[int | None, Meta(description="The number of the release, once it is published.")]
    failures: Annotated[
        list[FailedScope], Meta(description="Why the job was refused. The previous release stays current.")
    ]
    failure_reason: Annotated[
        str | None,
        Meta(
            description="The kind of error that ended the job (`failed`). The operator's log has all of it.",
            examples=["ConnectionResetError"],
        ),
    ]
    rehearsal: Annotated[Rehearsal | None, Meta(description="The result of a dry run, once it has ended.")]
    audit: Annotated[
        ReleaseAudit | None,
        Meta(description="The audit report, once the release is published. It is not public."),
    ]


class PublicationJobList(Struct, frozen=True, kw_only=True):
    """Publication jobs, newest first."""

    items: list[PublicationJob]
