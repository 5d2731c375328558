"""Publication jobs: a request for a release, how far the job is, and what its audit found."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug, Text
from schema.periods import PeriodCode
from schema.releases import ReleaseChange, ReleaseReport, ScopeReport


class MeasurePeriod(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure in one period of its returns."""

    measure: Slug
    period: PeriodCode


class NewRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to publish everything that is approved when the job starts."""

    notes: Annotated[Text | None, Meta(description="For readers: what is new, what was corrected and why.")] = None
    publish_at: Annotated[
        Instant | None, Meta(description="End of the embargo. Until then nobody can see that the release exists.")
    ] = None
    exclude_measures: Annotated[list[Slug], Meta(description="Measures that this release leaves out.")] = []
    republish: Annotated[
        list[MeasurePeriod],
        Meta(
            max_length=100,
            description=(
                "Periods to publish as if for the first time, to correct a gross error. The notes must say why: "
                "readers see the old figures next to the new ones."
            ),
        ),
    ] = []


class PublicationJobState(StrEnum):
    """The state of a publication job."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHED = "published"
    REHEARSED = "rehearsed"
    REFUSED = "refused"
    FAILED = "failed"


class ScopeAudit(Struct, frozen=True, kw_only=True):
    """The audit report of one scope: figures that are linked. It names no count and no provider.

    Readers do not see it, because they could infer that a hidden figure has changed. It does not state how many
    counts were audited, because a provider could infer whether others have zero or a small count.
    """

    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline FY2025-26"])]
    measures: list[Slug]
    figures: int
    shown: int
    hidden: Annotated[
        int,
        Meta(
            description=(
                "Figures shown as `c`: small counts, withheld figures, and figures with data from one provider only."
            )
        ),
    ]
    withheld: int
    held_back: Annotated[int, Meta(description="Figures left unchanged, with a larger error stated.")]
    carried_forward: Annotated[
        bool, Meta(description="True if nothing has changed since the previous release, so no audit was needed.")
    ]

    @property
    def public(self) -> ScopeReport:
        """The public part of the report."""
        return ScopeReport(
            scope=self.scope, measures=self.measures, figures=self.figures, shown=self.shown, hidden=self.hidden
        )


class FailedScope(Struct, frozen=True, kw_only=True):
    """Figures that cannot be published, and why. It contains no count."""

    scope: str
    measures: list[Slug]
    code: Annotated[
        Literal["exposed", "contradiction", "geography-changed", "scope-changed"],
        Meta(description="The reason, as a code."),
    ]
    detail: str


class ReleaseAudit(Struct, frozen=True, kw_only=True):
    """The scopes and figures that the job audited, and the result."""

    scopes: list[ScopeAudit]
    figures: int
    shown: int
    changes: Annotated[int, Meta(description="Figures that differ from the previous release.")]
    entries: Annotated[
        dict[Slug, int], Meta(description="Counts of cleared milestone items and evidence entries, by measure.")
    ] = {}

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
    scope_count: Annotated[int | None, Meta(description="The number of scopes to audit.")]
    scopes_audited: Annotated[int, Meta(description="The number of scopes audited so far.")]
    release: Annotated[int | None, Meta(description="The number of the release, once it is published.")]
    failures: Annotated[
        list[FailedScope], Meta(description="Why the job was refused. The previous release stays current.")
    ]
    rehearsal: Annotated[Rehearsal | None, Meta(description="The result of a dry run, once it has ended.")]
    audit: Annotated[
        ReleaseAudit | None,
        Meta(description="The audit report, once the release is published. It is not public."),
    ]


class PublicationJobList(Struct, frozen=True, kw_only=True):
    """Publication jobs, newest first."""

    items: list[PublicationJob]
