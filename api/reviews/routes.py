"""Deciding on returns, asking what is expected, and reading who did what."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import permissions
from api.access import queries as partners
from api.access.routes import KEY, IdempotencyKey, Keyed, once, with_key
from api.clock import NewId, Now
from api.database.connections import Transaction
from api.http import pagination
from api.http.problems import answers, refusals, request_id_of
from api.http.refusals import NotFound
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.plan.routes import enter
from api.plan.rules import known, parsed_period
from api.returns import queries as returns
from api.returns.asked import Chosen, Moments
from api.reviews import expectations, overlaps, queries, rules
from api.reviews.acts import Expectation, Reviewable, Viewer
from api.submissions import queries as submissions
from api.submissions.routes import RETURN, visible
from schema.partners import Author, Caller, Grant, Scope
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
    Reviewed,
)
from schema.submissions import EventKind
from schema.words import Instant

AnInstant = FromQuery[Instant | None]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
READ_AT_ONCE = 500
DECIDES = refusals(401, 403, 404, 409, 410, 413, 415, 422)


class Seat:
    """The caller in one programme, for the rest of the request."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        transaction: AsyncConnection,
        caller: Caller,
        grant: Grant,
        catalogue: Catalogue,
    ) -> None:
        self.transaction, self.caller, self.grant, self.catalogue = transaction, caller, grant, catalogue
        self.request = request
        self.by: Author = permissions.author(caller, grant, request_id_of(request))
        self.viewer: Viewer = rules.viewer(grant, caller.client, catalogue)
        self.only = visible(grant, catalogue)

    def needs(self, *scopes: Scope) -> None:
        permissions.permit(self.caller, self.grant.programme, *scopes)

    async def once(
        self, what: str, key: str | None, now: datetime, act: Callable[[], Awaitable[Struct]]
    ) -> Response[bytes]:
        """The act, or the answer to the same request before."""
        content_sha256 = hashlib.sha256(await self.request.body()).digest()
        return await once(
            self.transaction,
            self.catalogue.id,
            self.by,
            Keyed(operation=what, content_sha256=content_sha256, key=key),
            act,
            organisation_id=self.catalogue.ids.organisations[self.grant.organisation],
            now=now,
        )

    async def tell_audit(self, action: str, subject: dict[str, str], at: datetime) -> None:
        await partners.tell_audit(
            self.transaction,
            self.catalogue.id,
            self.by,
            action,
            subject,
            organisation_id=self.catalogue.ids.organisations[self.grant.organisation],
            now=at,
        )


async def seat(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
) -> Seat:
    grant, catalogue = await enter(transaction, caller, programme, *Scope)
    return Seat(request, transaction, caller, grant, catalogue)


class OneReturn:
    """A return as the address names it, before it is known whether there is one."""

    def __init__(self, seat: Seat, chosen: Chosen, now: datetime, act: UUID) -> None:
        self.seat, self.chosen, self.now, self.act = seat, chosen, now, act

    def subject(self, **more: object) -> dict[str, str]:
        named = ("organisation", "measure", "series", "service", "period")
        return {name: getattr(self.chosen, name) for name in named} | {key: str(value) for key, value in more.items()}

    def operation(self, name: str) -> str:
        return " ".join([name, *self.subject().values()])

    async def find(self) -> tuple[int, str]:
        """Raises NotFound for one that the caller does not see."""
        found = await queries.find(self.seat.transaction, self.seat.catalogue, self.chosen)
        if found is None:
            raise NotFound("You can see no such return; `GET …/returns` lists those that you can.")
        return found

    async def hold(self) -> tuple[Reviewable, datetime]:
        """The return as it stands, held against others until the transaction ends, and what time it is then."""
        seat = self.seat
        number, owner = await self.find()
        await queries.hold(seat.transaction, seat.catalogue, number)
        at = seat.request.app.state.clock()
        return await queries.reviewable(seat.transaction, seat.catalogue, number, owner), at


async def one_return(
    seat: NamedDependency[Seat],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    now: Now,
    new_id: NewId,
) -> OneReturn:
    chosen = Chosen(
        only=seat.only, organisation=organisation, measure=measure, series=series, service=service, period=period
    )
    return OneReturn(seat, chosen, now, new_id)


async def decide(
    one: OneReturn,
    event: EventKind,
    number: int,
    key: str | None,
    *,
    operation: str,
    text: str | None = None,
    entries: list[int] | None = None,
) -> Response[bytes]:
    """One path for everything that is said of a return but its redaction."""
    seat = one.seat

    async def act() -> Reviewed:
        held, at = await one.hold()
        if event in rules.DECISIONS:
            rules.refuse_own(seat.viewer, held.organisation)
        told = rules.consequences(held, event, number, text=text, entries=entries)
        await queries.tell(seat.transaction, seat.catalogue, held, told, by=seat.by, at=at, act=one.act)
        await seat.tell_audit(f"review.{event}", one.subject(revision=number), at)
        return Reviewed(event=event, revision=number, state=rules.state_after(held, number, told), at=at)

    return await seat.once(one.operation(operation), key, one.now, act)


@post(
    f"{RETURN}/approval",
    operation_id="approve_return",
    summary="Approve a revision",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Reviewed, 201),
)
async def approve_return(
    one: NamedDependency[OneReturn], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """From now on it counts, in the place of the one that was approved before. A correction that comes later is
    pending beside it. Needs the scope `review`, and another organisation than the return's own."""
    one.seat.needs(Scope.REVIEW)
    return await decide(
        one, EventKind.APPROVED, data.revision, idempotency_key, operation="approve_return", text=data.text
    )


@post(
    f"{RETURN}/query",
    operation_id="query_return",
    summary="Send a revision back with a question",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Reviewed, 201),
)
async def query_return(
    one: NamedDependency[OneReturn], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """The organisation sees the reason, and corrects the return or comments. What was approved before still counts."""
    one.seat.needs(Scope.REVIEW)
    return await decide(
        one, EventKind.QUERIED, data.revision, idempotency_key, operation="query_return", text=data.reason
    )


@post(
    f"{RETURN}/reopening",
    operation_id="reopen_return",
    summary="Take an approval back",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Reviewed, 201),
)
async def reopen_return(
    one: NamedDependency[OneReturn], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """The revision no longer counts as approved. It is pending again; where a newer one stands, it is superseded."""
    one.seat.needs(Scope.REVIEW)
    return await decide(
        one, EventKind.REOPENED, data.revision, idempotency_key, operation="reopen_return", text=data.reason
    )


@post(
    f"{RETURN}/comments",
    operation_id="comment_on_return",
    summary="Say something about a revision",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Reviewed, 201),
)
async def comment_on_return(
    one: NamedDependency[OneReturn], data: JSONBody[NewComment], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Seen by the organisation and reviewers alone. It moves nothing. Nobody may be identified in it."""
    one.seat.needs(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return await decide(
        one, EventKind.COMMENTED, data.revision, idempotency_key, operation="comment_on_return", text=data.text
    )


@post(
    f"{RETURN}/clearance",
    operation_id="clear_text",
    summary="Mark texts as free of personal data",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Reviewed, 201),
)
async def clear_text(
    one: NamedDependency[OneReturn], data: JSONBody[Clearance], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """Items of a milestone return, entries of an evidence return. Only texts that are marked can be released."""
    one.seat.needs(Scope.REVIEW)
    return await decide(
        one, EventKind.CLEARED, data.revision, idempotency_key, operation="clear_text", entries=data.entries
    )


@get(
    f"{RETURN}/review",
    operation_id="get_review",
    summary="A revision as its review sees it",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def get_review(
    one: NamedDependency[OneReturn], revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None
) -> Review:
    """What it says, what was found in it and how that was justified, what happened to the return, and what you may do.

    To reviewers it also tells whether other organisations may have counted the same people.
    """
    seat = one.seat
    seat.needs(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    transaction, catalogue = seat.transaction, seat.catalogue
    number, owner = await one.find()
    detail = await returns.of_revision(transaction, catalogue, one.chosen, Moments(), number=revision)
    if detail is None:
        raise NotFound(f"The return has no revision {revision}.")
    standing = detail.standing
    report = await submissions.report_of(transaction, catalogue, standing.submission, only=seat.only)
    findings = rules.findings_of(standing, report)
    if Scope.REVIEW in seat.grant.scopes:
        totals = await queries.standing_totals(transaction, catalogue, standing)
        findings += overlaps.double_counts(standing, totals, catalogue)
    events, cleared = await queries.events(transaction, catalogue, number, standing)
    held = await queries.reviewable(transaction, catalogue, number, owner)
    granted = await submissions.extensions(transaction, catalogue, owner)
    key = (standing.measure, standing.series, standing.service, standing.period.code)
    limits = calendar.extended(calendar.deadlines(standing.period, catalogue.plan.calendar), granted.get(key))
    return Review(
        detail=detail,
        findings=findings,
        cleared=cleared,
        events=events,
        actions=rules.actions(
            seat.viewer,
            owner,
            rules.revision(held, standing.revision),
            newest=standing.revision == held.newest,
            open_=expectations.is_open(standing.period, limits, now=one.now),
            proposed_by=await queries.proposed_by(transaction, catalogue, number, standing.revision),
        ),
    )


@post(
    f"{RETURN}/redaction",
    operation_id="propose_redaction",
    summary="Propose to remove a revision's content",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Redaction, 201),
)
async def propose_redaction(
    one: NamedDependency[OneReturn], data: JSONBody[Reason], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """For what should never have been sent, such as somebody's name. Nothing goes until another person confirms it."""
    seat = one.seat
    seat.needs(Scope.REVIEW)

    async def act() -> Redaction:
        held, at = await one.hold()
        told = rules.consequences(held, EventKind.REDACTION_PROPOSED, data.revision, text=data.reason)
        proposed = await queries.propose(
            seat.transaction, seat.catalogue, held, data.revision, data.reason, by=seat.by, at=at, act=one.act
        )
        rules.refuse_second_proposal(data.revision, proposed=proposed)
        await queries.tell(seat.transaction, seat.catalogue, held, told, by=seat.by, at=at, act=one.act)
        await seat.tell_audit("redaction.proposed", one.subject(revision=data.revision), at)
        [made] = await queries.redactions(
            seat.transaction, seat.catalogue, only=None, held=held.id, number=data.revision
        )
        return made

    return await seat.once(one.operation("propose_redaction"), idempotency_key, one.now, act)


@post(
    f"{RETURN}/redaction/confirmation",
    operation_id="confirm_redaction",
    summary="Remove a revision's content for good",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Redaction, 201),
)
async def confirm_redaction(
    one: NamedDependency[OneReturn], data: JSONBody[Decision], idempotency_key: IdempotencyKey = None
) -> Response[bytes]:
    """By another person than who proposed it. The content goes everywhere that it is kept, and cannot be brought
    back; its hash and the record of who removed it stay."""
    seat = one.seat
    seat.needs(Scope.REVIEW)

    async def act() -> Redaction:
        held, at = await one.hold()
        told = rules.consequences(held, EventKind.REDACTED, data.revision, text=data.text)
        proposed_by = await queries.proposed_by(seat.transaction, seat.catalogue, held.id, data.revision)
        rules.refuse_same_person(proposed_by, seat.viewer, data.revision)
        await queries.confirm(seat.transaction, seat.catalogue, held.id, data.revision, by=seat.by, at=at)
        await queries.tell(seat.transaction, seat.catalogue, held, told, by=seat.by, at=at, act=one.act)
        await seat.tell_audit("redaction.confirmed", one.subject(revision=data.revision), at)
        [made] = await queries.redactions(
            seat.transaction, seat.catalogue, only=None, held=held.id, number=data.revision
        )
        return made

    return await seat.once(one.operation("confirm_redaction"), idempotency_key, one.now, act)


@get(
    "/programmes/{programme:str}/redactions",
    operation_id="list_redactions",
    summary="What was removed, or is to be",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404),
)
async def list_redactions(seat: NamedDependency[Seat]) -> RedactionPage:
    """Of your organisation's returns; with the scope `review`, of everybody's."""
    seat.needs(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return RedactionPage(items=await queries.redactions(seat.transaction, seat.catalogue, only=seat.only))


@get(
    "/programmes/{programme:str}/obligations",
    operation_id="list_obligations",
    summary="What is owed, by when, and where it stands",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def list_obligations(
    seat: NamedDependency[Seat],
    now: Now,
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    state_: Annotated[ObligationState | None, QueryParameter(name="state")] = None,
    due_before: AnInstant = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> ObligationPage:
    """Your organisation's expected returns, by due date; with the scope `review` everybody's, and those of roles that
    nobody holds yet. Each says what is missing, what was queried and why, and what you may do."""
    seat.needs(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    transaction, catalogue = seat.transaction, seat.catalogue
    if organisation is not None:
        known("an organisation", organisation, catalogue.ids.organisations)
    wanted = queries.Wanted(
        organisation=organisation,
        measure=None if measure is None else catalogue.measure(measure).slug,
        period=None if period is None else parsed_period(period).code,
        due_before=expectations.utc("due_before", due_before),
    )
    after = pagination.decode(cursor, pagination.Deadline)
    found: list[Expectation] = []
    while len(found) <= limit:
        read = await queries.expectations(
            transaction, catalogue, wanted, only=seat.only, after=after, limit=READ_AT_ONCE
        )
        found += [one for one in read if state_ in (None, expectations.state(one, now=now))]
        if len(read) < READ_AT_ONCE:
            break
        after = queries.place(read[-1])
    page = found[:limit]
    revisions, owed = expectations.cells_owed(page, catalogue)
    present = await queries.present(transaction, catalogue, revisions, owed)
    return ObligationPage(
        items=[expectations.obligation(one, seat.viewer, catalogue, present, now=now) for one in page],
        next_cursor=pagination.encode(queries.place(page[-1])) if len(found) > limit else None,
    )


@post(
    "/programmes/{programme:str}/extensions",
    operation_id="grant_extension",
    summary="Give more time for a return",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Extension, 201),
)
async def grant_extension(
    seat: NamedDependency[Seat],
    data: JSONBody[NewExtension],
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """It moves all three instants that lie before its end, and ends by itself. The longest one counts."""
    seat.needs(Scope.REVIEW)
    key = expectations.key(data, seat.catalogue)
    rules.refuse_own(seat.viewer, data.organisation)

    async def act() -> Extension:
        expectations.check_until(data.until, now=now)
        made = expectations.extension(new_id, key, data, now=now)
        await queries.grant(seat.transaction, seat.catalogue, key, made, by=seat.by)
        subject = expectations.named(key) | {"until": data.until.isoformat()}
        await seat.tell_audit("extension.granted", subject, now)
        return made

    return await seat.once("grant_extension", idempotency_key, now, act)


@get(
    "/programmes/{programme:str}/extensions",
    operation_id="list_extensions",
    summary="More time that was given",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404),
)
async def list_extensions(seat: NamedDependency[Seat]) -> ExtensionPage:
    """To your organisation; with the scope `review`, to everybody."""
    seat.needs(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    return ExtensionPage(items=await queries.extensions(seat.transaction, seat.catalogue, only=seat.only))


@post(
    "/programmes/{programme:str}/exemptions",
    operation_id="decide_exemption",
    summary="Decide whether a return is expected",
    guards=[with_key],
    security=KEY,
    responses=DECIDES | answers(Exemption, 201),
)
async def decide_exemption(
    seat: NamedDependency[Seat],
    data: JSONBody[NewExemption],
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """An exempt return is not counted among those expected, unless it comes all the same. The newest decision
    counts."""
    seat.needs(Scope.REVIEW)
    key = expectations.key(data, seat.catalogue)
    rules.refuse_own(seat.viewer, data.organisation)

    async def act() -> Exemption:
        made = expectations.exemption(new_id, key, data, now=now)
        await queries.decide(seat.transaction, seat.catalogue, key, made, by=seat.by)
        subject = expectations.named(key) | {"exempt": str(data.exempt).lower()}
        await seat.tell_audit("exemption.decided", subject, now)
        return made

    return await seat.once("decide_exemption", idempotency_key, now, act)


@get(
    "/programmes/{programme:str}/audit",
    operation_id="list_audit",
    summary="Who did what, when",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def list_audit(
    seat: NamedDependency[Seat],
    action: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    from_: Annotated[Instant | None, QueryParameter(name="from")] = None,
    to: AnInstant = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> AuditPage:
    """The newest first. Nothing of it is ever changed or deleted. Needs the scope `admin`."""
    seat.needs(Scope.ADMIN)
    if organisation is not None:
        known("an organisation", organisation, seat.catalogue.ids.organisations)
    after = pagination.decode(cursor, pagination.Moment)
    wanted = queries.Entries(
        action=action,
        organisation=organisation,
        start=expectations.utc("from", from_),
        end=expectations.utc("to", to),
    )
    found = await queries.entries(seat.transaction, seat.catalogue, wanted, after=after, limit=limit + 1)
    page = found[:limit]
    more = pagination.encode(pagination.moment([entry.at for entry in page], after)) if len(found) > limit else None
    return AuditPage(items=page, next_cursor=more)


router = Router(
    "/v1",
    route_handlers=[
        approve_return,
        query_return,
        reopen_return,
        comment_on_return,
        clear_text,
        get_review,
        propose_redaction,
        confirm_redaction,
        list_redactions,
        list_obligations,
        grant_extension,
        list_extensions,
        decide_exemption,
        list_audit,
    ],
    dependencies={"seat": Provide(seat), "one": Provide(one_return)},
    tags=["Reviews"],
)
