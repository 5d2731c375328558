"""Pushing returns, and reading one's own."""

import hashlib
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api import cursors
from api.clock import NewId, Now
from api.database import Transaction
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, with_key
from api.plan import queries as plans
from api.problems import refusals
from api.refusals import NotFound
from api.submissions import queries, rules
from schema.partners import Caller, Scope
from schema.submissions import NewSubmission, Report, ReturnDetail, ReturnPage


@post(
    "/programmes/{programme:str}/submissions",
    operation_id="create_submission",
    summary="Push one or more returns",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 413, 415, 422),
)
async def create_submission(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    data: JSONBody[NewSubmission],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
) -> Report:
    """All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

    A return replaces what stood of it as a whole. One that says what stands already makes no revision.
    """
    grant = permissions.permit(caller, programme, Scope.SUBMIT)
    await partners.enter(transaction, grant)
    catalogue = await plans.current(transaction, programme)
    examined = rules.examine(data, catalogue, grant.organisation, now=now)
    held = await queries.hold(transaction, catalogue, grant.organisation, examined.returns)
    standing = await queries.standing(transaction, catalogue, held)
    compared = rules.compare(examined, standing, confirm_withdrawals=data.confirm_withdrawals, now=now)
    report = rules.report(
        compared,
        catalogue,
        examined,
        submission=new_id,
        content_sha256=hashlib.sha256(await request.body()).digest(),
        now=now,
    )
    await queries.record(
        transaction,
        catalogue,
        compared,
        held,
        report,
        client=caller.client,
        request_id=request.scope["state"]["request_id"],
        note=data.note,
    )
    return report


@get(
    "/programmes/{programme:str}/returns",
    operation_id="list_returns",
    summary="Returns as they stand",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def list_returns(
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    measure: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> ReturnPage:
    """Your organisation's; with the scope `review`, everybody's."""
    grant = permissions.permit(caller, programme, Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    await partners.enter(transaction, grant)
    catalogue = await plans.current(transaction, programme)
    if measure is not None:
        catalogue.measure(measure)
    own = grant.organisation if Scope.REVIEW not in grant.scopes else None
    found = await queries.returns(
        transaction,
        catalogue,
        queries.Chosen(measure=measure, organisation=organisation, period=period),
        only=own,
        after=cursors.decode(cursor),
        limit=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    last = page[-1] if more else None
    return ReturnPage(
        items=page,
        next_cursor=cursors.encode(queries.place(last)) if last else None,
    )


@get(
    "/programmes/{programme:str}/returns/{organisation:str}/{measure:str}/{series:str}/{service:str}/{period:str}",
    operation_id="get_return",
    summary="One return with its cells",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def get_return(
    programme: FromPath[str],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
) -> ReturnDetail:
    """The newest revision, or the one whose number is given: no revision is ever changed."""
    grant = permissions.permit(caller, programme, Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    await partners.enter(transaction, grant)
    catalogue = await plans.current(transaction, programme)
    found = await queries.of_revision(
        transaction,
        catalogue,
        queries.Chosen(organisation=organisation, measure=measure, series=series, service=service, period=period),
        only=grant.organisation if Scope.REVIEW not in grant.scopes else None,
        number=revision,
    )
    if found is None:
        raise NotFound("You can see no such return; `GET …/returns` lists those that you can.")
    return ReturnDetail(standing=found[0], observations=found[1])


router = Router("/v1", route_handlers=[create_submission, list_returns, get_return], tags=["Submissions"])
