"""Deciding on returns, asking what is expected, and reading who did what."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from api.access.authentication import KEY_SECURITY, require_key
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId, Now
from api.http import pagination
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.plan import calendar
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.returns import queries as returns
from api.returns.asked import HistoryRange, ReturnFilter
from api.reviews import expectations, overlaps, queries, rules
from api.reviews.acts import CallerRights, ObligationDetails, ReviewableReturn
from api.submissions.queries_record import fetch_report
from api.submissions.queries_revisions import fetch_extensions
from schema.codes import Instant
from schema.partners import Scope
from schema.returns import EventKind
from schema.reviews import (
    AuditPage,
    Clearance,
    Decision,
    Exemption,
    Extension,
    ExtensionPage,
    NewComment,
    NewExemption,
    NewExtension,
    ObligationPage,
    ObligationState,
    Reason,
    Redaction,
    RedactionPage,
    Review,
    ReviewResult,
)

InstantParameter = FromQuery[Instant | None]
LimitParameter = Annotated[int, QueryParameter(ge=1, le=1000)]
OBLIGATIONS_PER_BATCH = 500
DECISION_RESPONSES = refusal_specs(401, 403, 404, 409, 410, 413, 415, 422)


def derive_rights(access: ProgrammeAccess) -> CallerRights:
    return rules.derive_rights(access.grant, access.caller.client, access.catalogue)


async def _run_once(
    access: ProgrammeAccess, operation: str, key: str | None, now: datetime, act: Callable[[], Awaitable[Struct]]
) -> Response[bytes]:
    content_sha256 = hashlib.sha256(await access.request.body()).digest()
    request = IdempotentRequest(operation=operation, content_sha256=content_sha256, key=key)
    return await access.run_once(request, act, now=now)


class ReviewTarget:
    """A return as the address names it, before it is known whether there is one."""

    def __init__(self, seat: ProgrammeAccess, return_filter: ReturnFilter, now: datetime, act: UUID) -> None:
        self.rights = derive_rights(seat)
        self.access, self.return_filter, self.now, self.action_id = seat, return_filter, now, act

    def audit_subject(self, **more: object) -> dict[str, str]:
        named = ("organisation", "measure", "series", "service", "period")
        return {name: getattr(self.return_filter, name) for name in named} | {
            key: str(value) for key, value in more.items()
        }

    def operation_name(self, name: str) -> str:
        return " ".join([name, *self.audit_subject().values()])

    async def find_return(self) -> tuple[int, str]:
        """Raises NotFound for one that the caller does not see."""
        found = await queries.find_return(self.access.transaction, self.access.catalogue, self.return_filter)
        if found is None:
            raise NotFound("You can see no such return; `GET …/returns` lists those that you can.")
        return found

    async def lock(self) -> tuple[ReviewableReturn, datetime]:
        """The return as it stands, held against others until the transaction ends, and what time it is then."""
        seat = self.access
        number, owner = await self.find_return()
        await queries.lock_return(seat.transaction, seat.catalogue, number)
        at = seat.read_clock()
        return await queries.fetch_reviewable_return(seat.transaction, seat.catalogue, number, owner), at


async def provide_review_target(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    now: Now,
    new_id: NewId,
) -> ReviewTarget:
    chosen = ReturnFilter(
        readable_organisations=access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    return ReviewTarget(access, chosen, now, new_id)


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
    """One path for everything that is said of a return but its redaction."""
    seat = target.access

    async def act() -> ReviewResult:
        held, at = await target.lock()
        if event in rules.DECISION_EVENTS:
            rules.refuse_own_return(target.rights, held.organisation)
        told = rules.derive_events(held, event, number, text=text, entries=entries)
        await queries.record_events(
            seat.transaction, seat.catalogue, held, told, author=seat.author, at=at, action_id=target.action_id
        )
        await seat.record_audit(f"review.{event}", target.audit_subject(revision=number), now=at)
        return ReviewResult(event=event, revision=number, state=rules.find_state_after(held, number, told), at=at)

    return await _run_once(seat, target.operation_name(operation), key, target.now, act)


@post(
    f"{RETURN_PATH}/approval",
    operation_id="approve_return",
    summary="Approve a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def approve_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """From now on it counts, in the place of the one that was approved before. A correction that comes later is
    pending beside it. Needs the scope `review`, and another organisation than the return's own."""
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.APPROVED, data.revision, idempotency_key, operation="approve_return", text=data.text
    )


@post(
    f"{RETURN_PATH}/query",
    operation_id="raise_query",
    summary="Raise a query about a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def raise_query(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """The organisation sees the reason, and corrects the return or comments. What was approved before still counts."""
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.QUERIED, data.revision, idempotency_key, operation="raise_query", text=data.reason
    )


@post(
    f"{RETURN_PATH}/reopening",
    operation_id="reopen_return",
    summary="Reopen an approved return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def reopen_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """The revision no longer counts as approved. It is pending again; where a newer one stands, it is superseded."""
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target, EventKind.REOPENED, data.revision, idempotency_key, operation="reopen_return", text=data.reason
    )


@post(
    f"{RETURN_PATH}/comments",
    operation_id="comment_on_return",
    summary="Comment on a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def comment_on_return(
    target: NamedDependency[ReviewTarget], data: JSONBody[NewComment], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Seen by the organisation and reviewers alone. It moves nothing. Nobody may be identified in it."""
    target.access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return await record_decision(
        target, EventKind.COMMENTED, data.revision, idempotency_key, operation="comment_on_return", text=data.text
    )


@post(
    f"{RETURN_PATH}/clearance",
    operation_id="clear_entries_for_release",
    summary="Clear entries for release",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(ReviewResult, 201),
)
async def clear_entries_for_release(
    target: NamedDependency[ReviewTarget], data: JSONBody[Clearance], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Items of a milestone return, entries of an evidence return. Only texts that are marked can be released."""
    target.access.require_scopes(Scope.REVIEW)
    return await record_decision(
        target,
        EventKind.CLEARED,
        data.revision,
        idempotency_key,
        operation="clear_entries_for_release",
        entries=data.entries,
    )


@get(
    f"{RETURN_PATH}/review",
    operation_id="get_review",
    summary="Get the review of a revision",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404, 422),
)
async def get_review(
    target: NamedDependency[ReviewTarget], revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None
) -> Review:
    """What it says, what was found in it and how that was justified, what happened to the return, and what you may do.

    To reviewers it also tells whether other organisations may have counted the same people.
    """
    seat = target.access
    seat.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    transaction, catalogue = seat.transaction, seat.catalogue
    number, owner = await target.find_return()
    detail = await returns.fetch_revision(transaction, catalogue, target.return_filter, HistoryRange(), number=revision)
    if detail is None:
        raise NotFound(f"The return has no revision {revision}.")
    standing = detail.summary
    report = await fetch_report(transaction, catalogue, standing.submission, organisations=seat.readable_organisations)
    findings = rules.select_findings(standing, report)
    if Scope.REVIEW in seat.grant.scopes:
        totals = await queries.fetch_returned_totals(transaction, catalogue, standing)
        findings += overlaps.find_double_counts(standing, totals, catalogue)
    events, cleared = await queries.fetch_events(transaction, catalogue, number, standing)
    held = await queries.fetch_reviewable_return(transaction, catalogue, number, owner)
    granted = await fetch_extensions(transaction, catalogue, owner)
    key = (standing.measure, standing.series, standing.service, standing.period.code)
    limits = calendar.apply_extension(
        calendar.compute_deadlines(standing.period, catalogue.plan.calendar), granted.get(key)
    )
    return Review(
        detail=detail,
        findings=findings,
        cleared=cleared,
        events=events,
        actions=rules.list_actions(
            target.rights,
            owner,
            rules.find_revision(held, standing.revision),
            is_newest=standing.revision == held.newest_number,
            is_open=expectations.is_open(standing.period, limits, now=target.now),
            proposed_by=await queries.fetch_proposer(transaction, catalogue, number, standing.revision),
        ),
    )


@post(
    f"{RETURN_PATH}/redaction",
    operation_id="propose_redaction",
    summary="Propose a redaction",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(Redaction, 201),
)
async def propose_redaction(
    target: NamedDependency[ReviewTarget], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """For what should never have been sent, such as somebody's name. Nothing goes until another person confirms it."""
    seat = target.access
    seat.require_scopes(Scope.REVIEW)

    async def act() -> Redaction:
        held, at = await target.lock()
        told = rules.derive_events(held, EventKind.REDACTION_PROPOSED, data.revision, text=data.reason)
        proposed = await queries.insert_redaction(
            seat.transaction,
            seat.catalogue,
            held,
            data.revision,
            data.reason,
            author=seat.author,
            at=at,
            action_id=target.action_id,
        )
        rules.refuse_second_proposal(data.revision, is_new=proposed)
        await queries.record_events(
            seat.transaction, seat.catalogue, held, told, author=seat.author, at=at, action_id=target.action_id
        )
        await seat.record_audit("redaction.proposed", target.audit_subject(revision=data.revision), now=at)
        [made] = await queries.fetch_redactions(
            seat.transaction, seat.catalogue, readable_organisations=None, return_id=held.id, number=data.revision
        )
        return made

    return await _run_once(seat, target.operation_name("propose_redaction"), idempotency_key, target.now, act)


@post(
    f"{RETURN_PATH}/redaction/confirmation",
    operation_id="confirm_redaction",
    summary="Confirm a redaction",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(Redaction, 201),
)
async def confirm_redaction(
    target: NamedDependency[ReviewTarget], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """By another person than who proposed it. The content goes everywhere that it is kept, and cannot be brought
    back; its hash and the record of who removed it stay."""
    seat = target.access
    seat.require_scopes(Scope.REVIEW)

    async def act() -> Redaction:
        held, at = await target.lock()
        told = rules.derive_events(held, EventKind.REDACTED, data.revision, text=data.text)
        proposed_by = await queries.fetch_proposer(seat.transaction, seat.catalogue, held.id, data.revision)
        rules.refuse_same_person(proposed_by, target.rights, data.revision)
        await queries.confirm_redaction(
            seat.transaction, seat.catalogue, held.id, data.revision, author=seat.author, at=at
        )
        await queries.record_events(
            seat.transaction, seat.catalogue, held, told, author=seat.author, at=at, action_id=target.action_id
        )
        await seat.record_audit("redaction.confirmed", target.audit_subject(revision=data.revision), now=at)
        [made] = await queries.fetch_redactions(
            seat.transaction, seat.catalogue, readable_organisations=None, return_id=held.id, number=data.revision
        )
        return made

    return await _run_once(seat, target.operation_name("confirm_redaction"), idempotency_key, target.now, act)


@get(
    "/programmes/{programme:str}/redactions",
    operation_id="list_redactions",
    summary="List redactions",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404),
)
async def list_redactions(access: NamedDependency[ProgrammeAccess]) -> RedactionPage:
    """Of your organisation's returns; with the scope `review`, of everybody's."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return RedactionPage(
        items=await queries.fetch_redactions(
            access.transaction, access.catalogue, readable_organisations=access.readable_organisations
        )
    )


@get(
    "/programmes/{programme:str}/obligations",
    operation_id="list_obligations",
    summary="List obligations",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_obligations(
    access: NamedDependency[ProgrammeAccess],
    now: Now,
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    state_: Annotated[ObligationState | None, QueryParameter(name="state")] = None,
    due_before: InstantParameter = None,
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> ObligationPage:
    """Your organisation's expected returns, by due date; with the scope `review` everybody's, and those of roles that
    nobody holds yet. Each says what is missing, what was queried and why, and what you may do."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    transaction, catalogue = access.transaction, access.catalogue
    if organisation is not None:
        check_code("an organisation", organisation, catalogue.ids.organisations)
    wanted = queries.ObligationFilter(
        organisation=organisation,
        measure=None if measure is None else catalogue.get_measure(measure).slug,
        period=None if period is None else parse_period(period).code,
        due_before=expectations.to_utc("due_before", due_before),
    )
    after = pagination.decode_cursor(cursor, pagination.ObligationCursor)
    found: list[ObligationDetails] = []
    while len(found) <= limit:
        read = await queries.fetch_obligation_details(
            transaction,
            catalogue,
            wanted,
            readable_organisations=access.readable_organisations,
            after=after,
            limit=OBLIGATIONS_PER_BATCH,
        )
        found += [one for one in read if state_ in (None, expectations.find_obligation_state(one, now=now))]
        if len(read) < OBLIGATIONS_PER_BATCH:
            break
        after = queries.make_deadline_cursor(read[-1])
    page, next_cursor = pagination.build_page(found, limit, lambda page: queries.make_deadline_cursor(page[-1]))
    revisions, owed = expectations.list_owed_cells(page, catalogue)
    present = await queries.count_present_cells(transaction, catalogue, revisions, owed)
    return ObligationPage(
        items=[
            expectations.build_obligation(
                one,
                derive_rights(access),
                catalogue,
                present,
                now=now,
            )
            for one in page
        ],
        next_cursor=next_cursor,
    )


@post(
    "/programmes/{programme:str}/extensions",
    operation_id="grant_extension",
    summary="Grant a deadline extension",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(Extension, 201),
)
async def grant_extension(
    access: NamedDependency[ProgrammeAccess],
    data: JSONBody[NewExtension],
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """It moves all three instants that lie before its end, and ends by itself. The longest one counts."""
    access.require_scopes(Scope.REVIEW)
    key = expectations.resolve_obligation_key(data, access.catalogue)
    rules.refuse_own_return(derive_rights(access), data.organisation)

    async def act() -> Extension:
        expectations.check_extension_date(data.until, now=now)
        made = expectations.build_extension(new_id, key, data, now=now)
        await queries.insert_extension(access.transaction, access.catalogue, key, made, author=access.author)
        subject = expectations.name_key_parts(key) | {"until": data.until.isoformat()}
        await access.record_audit("extension.granted", subject, now=now)
        return made

    return await _run_once(access, "grant_extension", idempotency_key, now, act)


@get(
    "/programmes/{programme:str}/extensions",
    operation_id="list_extensions",
    summary="List deadline extensions",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404),
)
async def list_extensions(access: NamedDependency[ProgrammeAccess]) -> ExtensionPage:
    """To your organisation; with the scope `review`, to everybody."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return ExtensionPage(
        items=await queries.fetch_extensions(
            access.transaction, access.catalogue, readable_organisations=access.readable_organisations
        )
    )


@post(
    "/programmes/{programme:str}/exemptions",
    operation_id="decide_exemption",
    summary="Exempt a return or revoke its exemption",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=DECISION_RESPONSES | response_specs(Exemption, 201),
)
async def decide_exemption(
    access: NamedDependency[ProgrammeAccess],
    data: JSONBody[NewExemption],
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """An exempt return is not counted among those expected, unless it comes all the same. The newest decision
    counts."""
    access.require_scopes(Scope.REVIEW)
    key = expectations.resolve_obligation_key(data, access.catalogue)
    rules.refuse_own_return(derive_rights(access), data.organisation)

    async def act() -> Exemption:
        made = expectations.build_exemption(new_id, key, data, now=now)
        await queries.insert_exemption(access.transaction, access.catalogue, key, made, author=access.author)
        subject = expectations.name_key_parts(key) | {"exempt": str(data.exempt).lower()}
        await access.record_audit("exemption.decided", subject, now=now)
        return made

    return await _run_once(access, "decide_exemption", idempotency_key, now, act)


@get(
    "/programmes/{programme:str}/audit",
    operation_id="list_audit_entries",
    summary="List audit entries",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_audit_entries(
    access: NamedDependency[ProgrammeAccess],
    action: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    from_: Annotated[Instant | None, QueryParameter(name="from")] = None,
    to: InstantParameter = None,
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> AuditPage:
    """The newest first. Nothing of it is ever changed or deleted. Needs the scope `admin`."""
    access.require_scopes(Scope.ADMIN)
    if organisation is not None:
        check_code("an organisation", organisation, access.catalogue.ids.organisations)
    after = pagination.decode_cursor(cursor, pagination.InstantCursor)
    wanted = queries.AuditFilter(
        action=action,
        organisation=organisation,
        start=expectations.to_utc("from", from_),
        end=expectations.to_utc("to", to),
    )
    found = await queries.fetch_audit_entries(
        access.transaction, access.catalogue, wanted, after=after, limit=limit + 1
    )
    page, next_cursor = pagination.build_page(
        found, limit, lambda page: pagination.make_instant_cursor([entry.at for entry in page], after)
    )
    return AuditPage(items=page, next_cursor=next_cursor)


router = Router(
    "/v1",
    route_handlers=[
        approve_return,
        raise_query,
        reopen_return,
        comment_on_return,
        clear_entries_for_release,
        get_review,
        propose_redaction,
        confirm_redaction,
        list_redactions,
        list_obligations,
        grant_extension,
        list_extensions,
        decide_exemption,
        list_audit_entries,
    ],
    dependencies={"target": Provide(provide_review_target)},
    tags=["Reviews"],
)
