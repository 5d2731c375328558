"""Obligations, reviews of returns, and the audit trail."""

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
    """An action that the caller may do next."""

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
    """A decision on one revision. If a newer revision exists, the decision is a conflict."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    text: Annotated[Text | None, Meta(description="Only the organisation and reviewers can read it.")] = None


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on one revision with its reason. Only the organisation and reviewers can read the reason."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Text


class NewComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on one revision, the newest or an older one. Only the organisation and reviewers can read it."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    text: Text


class Clearance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The items or entries of a revision, counted from 1, that a reviewer has found free of personal data."""

    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    entries: Annotated[list[Annotated[int, Meta(ge=1, le=1000)]], Meta(min_length=1, max_length=1000)]


class Review(Struct, frozen=True, kw_only=True):
    """A revision with everything that reviewers and its own organisation may read."""

    detail: ReturnDetail
    findings: Annotated[
        list[Finding],
        Meta(description="Its warnings, with justifications. Reviewers also receive warnings across partners."),
    ]
    cleared: Annotated[list[int], Meta(description="Items or entries whose text may be released, counted from 1.")]
    events: Annotated[list[ReturnEvent], Meta(description="All events of the return, oldest first.")]
    actions: Annotated[list[ReturnAction], Meta(description="The actions that you may do next.")]


class ReviewResult(Struct, frozen=True, kw_only=True):
    """The result of a review action."""

    event: EventKind
    revision: int
    state: ReviewState
    at: Instant


class ObligationState(StrEnum):
    """The state of an expected return. Each request calculates it by the server's clock."""

    NOT_DUE = "not-due"
    OPEN = "open"
    OVERDUE = "overdue"
    CLOSED = "closed"
    PENDING = "pending"
    QUERIED = "queried"
    APPROVED = "approved"
    EXEMPT = "exempt"


class Extension(Struct, frozen=True, kw_only=True):
    """More time for one expected return. It ends automatically."""

    id: UUID
    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    until: Annotated[Instant, Meta(description="The end of the extension. A return at this instant is late.")]
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
    """Extensions, including ended ones, newest first."""

    items: list[Extension]


class NewExemption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision that an expected return is exempt, or no longer exempt. Exempt returns are not counted as expected."""

    organisation: Slug
    measure: Slug
    period: PeriodCode
    exempt: Annotated[bool, Meta(description="If false, the decision revokes an earlier exemption.")]
    reason: Text
    series: Slug = "headline"
    service: Slug = "main"


class Exemption(Struct, frozen=True, kw_only=True):
    """A decision on whether a return is expected. The newest decision applies."""

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
    """A reviewer's query, which returns a revision to its organisation."""

    revision: int
    at: Instant
    reason: str


class Obligation(Struct, frozen=True, kw_only=True):
    """One expected return with its deadlines and its state."""

    holder: Annotated[Slug, Meta(description="The organisation, or a role without a named organisation.")]
    organisation: Annotated[Slug | None, Meta(description="Null while a role has no organisation.")]
    measure: Slug
    series: Slug
    service: Slug
    period: Period
    state: ObligationState
    due_at: Annotated[Instant, Meta(description="The instant from which it is overdue, extensions included.")]
    late_from: Annotated[Instant, Meta(description="The instant from which it counts as late.")]
    closes_at: Annotated[
        Instant | None, Meta(description="The instant from which it is not accepted; null if it is always accepted.")
    ]
    extension: Extension | None
    revision: Annotated[int | None, Meta(description="The newest revision; null before the first.")]
    approved_revision: int | None
    missing_cells: Annotated[
        int | None,
        Meta(
            description="The number of template cells that the newest revision lacks; null before the first revision."
        ),
    ]
    query: ReviewQuery | None
    reason: Annotated[str | None, Meta(description="The reason for an exemption.")]
    actions: Annotated[list[ReturnAction], Meta(description="The actions that you may do next.")]


class ObligationPage(Struct, frozen=True, kw_only=True):
    """Expected returns, by due date."""

    items: list[Obligation]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class Redaction(Struct, frozen=True, kw_only=True):
    """The removal of content that should not have been submitted. One person proposes it, another confirms it."""

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
    content_sha256: Annotated[str | None, Meta(description="The hash of the removed content, once it is removed.")]


class RedactionPage(Struct, frozen=True, kw_only=True):
    """Proposed and confirmed redactions, newest first."""

    items: list[Redaction]


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One action in the audit trail."""

    at: Instant
    action: Annotated[str, Meta(examples=["submission.accepted"])]
    client: Annotated[str | None, Meta(description="The client's name; null for the operator.")]
    key: str | None
    organisation: Slug | None
    request_id: Annotated[str, Meta(description="The server's id of the request, or `operator`.")]
    client_request_id: Annotated[str | None, Meta(description="The id that the caller sent as `Client-Request-Id`.")]
    subject: Annotated[dict[str, str], Meta(description="The object of the action.")]


class AuditPage(Struct, frozen=True, kw_only=True):
    """Audit entries, newest first."""

    items: list[AuditEntry]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
