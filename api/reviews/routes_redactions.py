"""Propose, confirm and list redactions."""

from datetime import datetime

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from api.access.authentication import key_security, require_key, require_scope
from api.access.idempotency import IdempotencyKey
from api.access.programme_access import ProgrammeAccess
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs, response_specs
from api.reviews import queries_redactions, queries_reviews, rules
from api.reviews.routes_decisions import DECISION_RESPONSES, ReviewTarget, provide_review_target
from api.reviews.structs import ReviewableReturn, RevisionEvent
from schema.partners import Scope
from schema.returns import EventKind
from schema.reviews import Decision, Reason, Redaction, RedactionPage


@post(
    f"{RETURN_PATH}/redaction",
    operation_id="propose_redaction",
    summary="Propose a redaction",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(Redaction, 201),
)
async def propose_redaction(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Propose to remove content that should never have been sent, such as a person's name.

    Nothing is removed until another person confirms it. Needs the scope `review`, and a key of another organisation
    than the return's, unless the plan allows self-review.
    """
    access = target.access
    access.require_scopes(Scope.REVIEW)

    async def act() -> Redaction:
        reviewed_return, at = await target.lock()
        rules.refuse_own_return(target.rights, reviewed_return.organisation)
        events = rules.derive_events(reviewed_return, EventKind.REDACTION_PROPOSED, data.revision, text=data.reason)
        is_new = await queries_redactions.insert_redaction(
            access.transaction,
            access.catalogue,
            reviewed_return,
            data.revision,
            data.reason,
            author=access.author,
            at=at,
            action_id=target.action_id,
        )
        rules.refuse_second_proposal(data.revision, is_new=is_new)
        return await _record_redaction(target, reviewed_return, events, data.revision, "redaction.proposed", at)

    request = await access.identify_request(target.name_operation("propose_redaction"), idempotency_key)
    return await access.run_once(request, act)


@post(
    f"{RETURN_PATH}/redaction/confirmation",
    operation_id="confirm_redaction",
    summary="Confirm a redaction",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(Redaction, 201),
)
async def confirm_redaction(
    target: NamedDependency[ReviewTarget], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Confirm a redaction that another person proposed. The content is removed everywhere and cannot be restored.

    Persons count, not keys: the person that your key was issued to must not have proposed it. The hash of the content,
    and the record of who removed it, remain.
    """
    access = target.access
    access.require_scopes(Scope.REVIEW)

    async def act() -> Redaction:
        transaction, catalogue = access.transaction, access.catalogue
        reviewed_return, at = await target.lock()
        rules.refuse_own_return(target.rights, reviewed_return.organisation)
        events = rules.derive_events(reviewed_return, EventKind.REDACTED, data.revision, text=data.text)
        proposed_by = await queries_redactions.fetch_proposer(transaction, catalogue, reviewed_return.id, data.revision)
        rules.refuse_same_person(proposed_by, target.rights, data.revision)
        await queries_redactions.confirm_redaction(
            transaction, catalogue, reviewed_return.id, data.revision, author=access.author, at=at
        )
        return await _record_redaction(target, reviewed_return, events, data.revision, "redaction.confirmed", at)

    request = await access.identify_request(target.name_operation("confirm_redaction"), idempotency_key)
    return await access.run_once(request, act)


async def _record_redaction(
    target: ReviewTarget,
    reviewed_return: ReviewableReturn,
    events: list[RevisionEvent],
    number: int,
    audit_action: str,
    at: datetime,
) -> Redaction:
    """Record the events and the audit entry of a proposal or confirmation, and return the redaction."""
    access = target.access
    await queries_reviews.record_events(
        access.transaction,
        access.catalogue,
        reviewed_return,
        events,
        author=access.author,
        at=at,
        action_id=target.action_id,
    )
    await access.record_audit(audit_action, target.build_audit_subject(number))
    return await queries_redactions.fetch_redaction(access.transaction, access.catalogue, reviewed_return.id, number)


@get(
    "/programmes/{programme:str}/redactions",
    operation_id="list_redactions",
    summary="List redactions",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=refusal_specs(401, 403, 404),
)
async def list_redactions(access: NamedDependency[ProgrammeAccess]) -> RedactionPage:
    """List the redactions of your organisation's returns. Reviewers list everybody's."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    redactions = await queries_redactions.fetch_redactions(
        access.transaction, access.catalogue, readable_organisations=access.readable_organisations
    )
    await access.record_read({})
    return RedactionPage(items=redactions)


router = Router(
    "/v1",
    route_handlers=[propose_redaction, confirm_redaction, list_redactions],
    dependencies={"target": Provide(provide_review_target)},
    tags=["Reviews"],
)
