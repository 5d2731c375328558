"""Who owes what, what reviewers say of it, and who did what."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug, Text
from schema.periods import Period, PeriodCode
from schema.problems import Finding
from schema.returns import EventKind, ReturnDetail, ReturnEvent
from schema.submissions import ReviewState


class ReturnAction(StrEnum):
    """What the caller may do next."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    QUERY = "query"
    REOPEN = "reopen"
    COMMENT = "comment"
    CLEAR_FOR_RELEASE = "clear-for-release"
    PROPOSE_REDACTION = "propose-redaction"
    CONFIRM_REDACTION = "confirm-redaction"


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On one revision: if a newer one has come meanwhile, it is a conflict."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    text: Annotated[Text | None, Meta(description="Seen by the organisation and reviewers alone.")] = None


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On one revision, and why. The reason is seen by the organisation and reviewers alone."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Text


class NewComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On one revision, be it the newest or not. Seen by the organisation and reviewers alone."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    text: Text


class Clearance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which items or entries of a revision, counted from 1, were read and found free of personal data."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    entries: Annotated[list[Annotated[int, Meta(ge=1, le=1000)]], Meta(min_length=1, max_length=1000)]


class Review(Struct, frozen=True, kw_only=True):
    """A revision as a reviewer, or its own organisation, sees it."""

    detail: ReturnDetail
    findings: Annotated[
        list[Finding],
        Meta(description="Warnings when it was submitted, as justified; to reviewers also those across partners."),
    ]
    cleared: Annotated[list[int], Meta(description="Items or entries whose text may be released, counted from 1.")]
    events: Annotated[list[ReturnEvent], Meta(description="Everything that happened to the return, oldest first.")]
    actions: Annotated[list[ReturnAction], Meta(description="What you may do next.")]


class ReviewResult(Struct, frozen=True, kw_only=True):
    """What a review action did."""

    event: EventKind
    revision: int
    state: ReviewState
    at: Instant


class ObligationState(StrEnum):
    """Where an expected return is. Computed when it is asked for, by the server's clock."""

    NOT_DUE = "not-due"
    OPEN = "open"
    OVERDUE = "overdue"
    CLOSED = "closed"
    PENDING = "pending"
    QUERIED = "queried"
    APPROVED = "approved"
    EXEMPT = "exempt"


class Extension(Struct, frozen=True, kw_only=True):
    """More time for one expected return. It ends by itself."""

    id: UUID
    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    until: Annotated[Instant, Meta(description="The first instant that is too late.")]
    reason: Text
    granted_at: Instant


class NewExtension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More time for one expected return."""

    organisation: Slug
    measure: Slug
    period: PeriodCode
    until: Instant
    reason: Text
    series: Slug = "headline"
    service: Slug = "main"


class ExtensionPage(Struct, frozen=True, kw_only=True):
    """Extensions, the newest first; those that have ended included."""

    items: list[Extension]


class NewExemption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether an expected return is not expected after all: it then leaves the count of those expected."""

    organisation: Slug
    measure: Slug
    period: PeriodCode
    exempt: Annotated[bool, Meta(description="False takes an earlier exemption back.")]
    reason: Text
    series: Slug = "headline"
    service: Slug = "main"


class Exemption(Struct, frozen=True, kw_only=True):
    """A decision on whether a return is expected; the newest counts."""

    id: UUID
    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    exempt: bool
    reason: Text
    decided_at: Instant


class ReviewQuery(Struct, frozen=True, kw_only=True):
    """Why a reviewer has sent a return back."""

    revision: int
    at: Instant
    reason: str


class Obligation(Struct, frozen=True, kw_only=True):
    """One expected return: what, when, and where it stands."""

    holder: Annotated[Slug, Meta(description="The organisation, or the role that the plan leaves unnamed.")]
    organisation: Annotated[Slug | None, Meta(description="Null while a role has no organisation.")]
    measure: Slug
    series: Slug
    service: Slug
    period: Period
    state: ObligationState
    due_at: Annotated[Instant, Meta(description="The first instant at which it is overdue, extensions included.")]
    late_from: Annotated[Instant, Meta(description="From here on it counts as late.")]
    closes_at: Annotated[Instant | None, Meta(description="From here on it is not taken; null where it always is.")]
    extension: Extension | None
    revision: Annotated[int | None, Meta(description="The newest revision; null while there is none.")]
    approved_revision: int | None
    missing_cells: Annotated[
        int | None, Meta(description="Cells of the template that the newest revision lacks; null while there is none.")
    ]
    query: ReviewQuery | None
    reason: Annotated[str | None, Meta(description="Why it is exempt, where it is.")]
    actions: Annotated[list[ReturnAction], Meta(description="What you may do next.")]


class ObligationPage(Struct, frozen=True, kw_only=True):
    """Expected returns, by due date."""

    items: list[Obligation]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class Redaction(Struct, frozen=True, kw_only=True):
    """The removal of content that should never have been sent: one person proposes, another confirms."""

    id: UUID
    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    revision: int
    reason: str
    proposed_by: str
    proposed_at: Instant
    confirmed_by: str | None
    confirmed_at: Instant | None
    content_sha256: Annotated[str | None, Meta(description="Of what was removed, once it is.")]


class RedactionPage(Struct, frozen=True, kw_only=True):
    """Redactions, proposed and confirmed, the newest first."""

    items: list[Redaction]


class AuditEntry(Struct, frozen=True, kw_only=True):
    """Who did what, when."""

    at: Instant
    action: Annotated[str, Meta(examples=["submission.accepted"])]
    client: Annotated[str | None, Meta(description="The client's name; null for the operator.")]
    key: str | None
    organisation: Slug | None
    request_id: str
    subject: Annotated[dict[str, str], Meta(description="What it was done to.")]


class AuditPage(Struct, frozen=True, kw_only=True):
    """Entries, the newest first."""

    items: list[AuditEntry]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
