"""Read returns and their revisions, now or as of an earlier instant."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.http import pagination
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs
from api.returns import comparison, parameters, queries_returns
from api.returns.queries_snapshots import choose_snapshots, record_read
from api.returns.query import HistoryRange, ReturnCursor, ReturnFilter
from schema.partners import Scope
from schema.returns import ReturnDetail, ReturnPage, RevisionDiff, RevisionPage
from schema.submissions import ReturnKind, ReviewState

InstantParameter = Annotated[str | None, QueryParameter(schema_extra={"format": "date-time"})]
LimitParameter = Annotated[int, QueryParameter(ge=1, le=1000)]
RevisionParameter = Annotated[int, QueryParameter(ge=1, le=2**31 - 1)]
READ_SCOPES = (Scope.SUBMIT, Scope.READ, Scope.REVIEW)  # the first two read their own returns, reviewers everybody's
READ_RESPONSES = refusal_specs(401, 403, 404, 422)


async def provide_return_filter(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
) -> ReturnFilter:
    """Return the filter of the return that the path names."""
    access.require_scopes(*READ_SCOPES)
    return parameters.build_single_return_filter(
        access.catalogue,
        access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )


@get(
    "/programmes/{programme:str}/returns",
    operation_id="list_returns",
    summary="List returns",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def list_returns(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    kind: FromQuery[ReturnKind | None] = None,
    review_state: Annotated[ReviewState | None, QueryParameter(name="state")] = None,  # Litestar reserves `state`
    as_of: InstantParameter = None,
    updated_after: InstantParameter = None,
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> ReturnPage:
    """List the returns of your organisation and of those that it succeeds. Reviewers list everybody's.

    With `updated_after`, list only returns that have a new revision or a new review state since that instant.
    """
    access.require_scopes(*READ_SCOPES)
    return_filter = parameters.build_filter(
        access.catalogue,
        access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
        kind=kind,
        state=review_state,
    )
    history_range = parameters.parse_history_range(as_of, updated_after, now=access.now)
    after = pagination.decode_cursor(cursor, ReturnCursor)
    history_range = await choose_snapshots(access, history_range)
    returns = await queries_returns.fetch_returns(
        access.transaction, access.catalogue, return_filter, history_range, after=after, limit=limit + 1
    )
    page, next_cursor = pagination.build_page(returns, limit, lambda page: queries_returns.make_return_cursor(page[-1]))
    await record_read(access, return_filter, history_range)
    return ReturnPage(items=page, next_cursor=next_cursor)


@get(
    RETURN_PATH,
    operation_id="get_return",
    summary="Get a return with its cells",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def get_return(
    access: NamedDependency[ProgrammeAccess],
    return_filter: NamedDependency[ReturnFilter],
    revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    as_of: InstantParameter = None,
) -> ReturnDetail:
    """Return the newest revision, the revision with the given number, or the newest as of the given instant.

    A revision never changes.
    """
    history_range = parameters.parse_history_range(as_of, None, now=access.now)
    history_range = await choose_snapshots(access, history_range)
    detail = await queries_returns.fetch_revision(
        access.transaction, access.catalogue, return_filter, history_range, number=revision
    )
    if detail is None:
        raise parameters.build_not_found()
    await record_read(access, return_filter, history_range)
    return detail


@get(
    f"{RETURN_PATH}/revisions",
    operation_id="list_revisions",
    summary="List revisions of a return",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def list_revisions(
    access: NamedDependency[ProgrammeAccess],
    return_filter: NamedDependency[ReturnFilter],
    as_of: InstantParameter = None,
) -> RevisionPage:
    """List the revisions with their review states, the newest first. With `as_of`, list them as of that instant."""
    history_range = parameters.parse_history_range(as_of, None, now=access.now)
    history_range = await choose_snapshots(access, history_range)
    revisions = await queries_returns.fetch_revisions(
        access.transaction, access.catalogue, return_filter, history_range
    )
    if not revisions:
        raise parameters.build_not_found()
    await record_read(access, return_filter, history_range)
    return RevisionPage(items=revisions)


@get(
    f"{RETURN_PATH}/comparison",
    operation_id="compare_revisions",
    summary="Compare two revisions of a return",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def compare_revisions(
    access: NamedDependency[ProgrammeAccess],
    return_filter: NamedDependency[ReturnFilter],
    older: RevisionParameter,
    newer: RevisionParameter,
) -> RevisionDiff:
    """List the cells, items or entries that were changed, withdrawn or added between any two revisions."""
    before, after = [
        await queries_returns.fetch_revision_with_columns(
            access.transaction, access.catalogue, return_filter, number=number
        )
        for number in parameters.check_revision_order(older, newer)
    ]
    if before is None or after is None:
        raise parameters.build_not_found()
    await record_read(access, return_filter, HistoryRange())
    return comparison.compare_revisions(before, after, access.catalogue)


router = Router(
    "/v1",
    route_handlers=[list_returns, get_return, list_revisions, compare_revisions],
    dependencies={"return_filter": Provide(provide_return_filter)},
    tags=["Returns"],
)
