"""Decide on returns, and comment on them."""

from datetime import datetime
from uuid import UUID

from litestar import Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from api.access.authentication import key_security, require_scope
from api.access.idempotency import IdempotencyKey
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs, response_specs
from api.returns.parameters import build_not_found
from api.returns.query import ReturnFilter
from api.reviews import queries_reviews, rules
from api.reviews.structs import CallerRights, ReviewableReturn
from schema.partners import Scope
from schema.returns import EventKind
from schema.reviews import Clearance, Decision, NewComment, Reason, ReviewResult

DECISION_RESPONSES = refusal_specs(401, 403, 404, 409, 410, 413, 415, 422)
RETURN_NAMES = ("organisation", "measure", "series", "service", "period")


class ReviewTarget(Struct, frozen=True, kw_only=True, eq=False):
    """The return that a path names, which may not exist, and the action of the request on it."""

    access: ProgrammeAccess
    return_filter: ReturnFilter
    action_id: UUID

    @property
    def rights(self) -> CallerRights:
        return rules.derive_rights(self.access.grant, self.access.caller.person, self.access.catalogue)

    def build_audit_subject(self, number: int) -> dict[str, str]:
        """Return the names of the return and of its revision, for the audit."""
        return {name: getattr(self.return_filter, name) for name in RETURN_NAMES} | {"revision": str(number)}

    def name_operation(self, operation: str) -> str:
        """Return the operation with the names of the return, for the Idempotency-Key."""
        return " ".join([operation, *(getattr(self.return_filter, name) for name in RETURN_NAMES)])

    async def find_return(self) -> tuple[int, str]:
        """Return the database's id of the return and its organisation. Raises NotFound if the caller cannot read it."""
        return_and_owner = await queries_reviews.find_return(
            self.access.transaction, self.access.catalogue, self.return_filter
        )
        if return_and_owner is None:
            raise build_not_found()
        return return_and_owner

    async def lock(self) -> tuple[ReviewableReturn, datetime]:
        """Lock the return until the transaction ends, and return it with the time at which it was locked."""
        transaction, catalogue = self.access.transaction, self.access.catalogue
        return_id, owner = await self.find_return()
        at = self.access.clock.accept(await queries_reviews.lock_return(transaction, catalogue, return_id))
        return await queries_reviews.fetch_reviewable_return(transaction, catalogue, return_id, owner), at


async def provide_review_target(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    new_id: NewId,
) -> ReviewTarget:
    return_filter = ReturnFilter(
        readable_organisations=access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    return ReviewTarget(access=access, return_filter=return_filter, action_id=new_id)


async def record_decision(
    target: ReviewTarget,
    event: EventKind,
    number: int,
    key: str | None,
    *,
    operation: str,
    text: str | None = None,
    entries: list[int] | None = None,
) -> Response[bytes]:
    """Record any decision or comment, except a redaction, and return the revision's new state."""
    access = target.access

    async def act() -> ReviewResult:
        reviewed_return, at = await target.lock()
        if event in rules.DECISION_EVENTS:
            rules.refuse_own_return(target.rights, reviewed_return.organisation)
        events = rules.derive_events(reviewed_return, event, number, text=text, entries=entries)
        await queries_reviews.record_events(
            access.transaction,
            access.catalogue,
            reviewed_return,
            events,
            author=access.author,
            at=at,
            action_id=target.action_id,
        )
        await access.record_audit(f"review.{event}", target.build_audit_subject(number))
        state = rules.find_state_after(reviewed_return, number, events)
        return ReviewResult(event=event, revision=number, state=state, at=at)

    request = await access.identify_request(target.name_operation(operation), key)
    return await access.run_once(request, act)


@post(
    f"{RETURN_PATH}/approval",
    operation_id="approve_return",
    summary="Approve a return",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def approve_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Approve a revision: it counts from now on, instead of the revision approved before.

    A later correction is pending until it is approved too. Needs the scope `review`, and a key of another
    organisation than the return's.
    """
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.APPROVED, data.revision, idempotency_key, operation="approve_return", text=data.text
    )


@post(
    f"{RETURN_PATH}/query",
    operation_id="raise_query",
    summary="Raise a query about a return",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def raise_query(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Send a revision back with a reason, which the organisation reads: it corrects the return or comments.

    A revision approved before still counts.
    """
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.QUERIED, data.revision, idempotency_key, operation="raise_query", text=data.reason
    )


@post(
    f"{RETURN_PATH}/reopening",
    operation_id="reopen_return",
    summary="Reopen an approved return",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def reopen_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Take back an approval. The revision becomes pending again, or superseded if a newer one exists."""
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.REOPENED, data.revision, idempotency_key, operation="reopen_return", text=data.reason
    )


@post(
    f"{RETURN_PATH}/comments",
    operation_id="comment_on_return",
    summary="Comment on a return",
    guards=[require_scope(Scope.SUBMIT, Scope.REVIEW)],
    security=key_security(Scope.SUBMIT, Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def comment_on_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[NewComment], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Add a comment, which only the organisation and reviewers read. It changes no state. Do not identify anybody.

    Needs the scope `submit` or `review`.
    """
    target.access.require_scopes(Scope.SUBMIT, Scope.REVIEW)
    return await record_decision(
        target, EventKind.COMMENTED, data.revision, idempotency_key, operation="comment_on_return", text=data.text
    )


@post(
    f"{RETURN_PATH}/clearance",
    operation_id="clear_entries_for_release",
    summary="Clear entries for release",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def clear_entries_for_release(
    target: NamedDependency[ReviewTarget], data: JSONBody[Clearance], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Mark items of a milestone return, or entries of an evidence return, as free of personal data.

    A release contains only texts that are marked.
    """
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target,
        EventKind.CLEARED,
        data.revision,
        idempotency_key,
        operation="clear_entries_for_release",
        entries=data.entries,
    )


router = Router(
    "/v1",
    route_handlers=[
        approve_return,
        raise_query,
        reopen_return,
        comment_on_return,
        clear_entries_for_release,
    ],
    dependencies={"target": Provide(provide_review_target)},
    tags=["Reviews"],
)
