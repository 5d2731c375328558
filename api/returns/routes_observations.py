"""Read the cells of returns, and the feed of their events."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.http import pagination
from api.http.pagination import InvalidCursor
from api.returns import parameters, queries_feed
from api.returns.queries_observations import fetch_observations
from api.returns.queries_snapshots import choose_snapshots, record_read
from api.returns.query import EventCursor
from api.returns.routes import READ_RESPONSES, READ_SCOPES, InstantParameter, LimitParameter
from schema.partners import Scope
from schema.returns import ObservationPage, ReturnEventPage


@get(
    "/programmes/{programme:str}/observations",
    operation_id="list_observations",
    summary="List cells of returns",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def list_observations(
    access: NamedDependency[ProgrammeAccess],
    measure: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    as_of: InstantParameter = None,
    updated_after: InstantParameter = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> ObservationPage:
    """List the cells of returns of your organisation and of those that it succeeds. Reviewers list everybody's.

    With `updated_after`, list only cells that were added, changed or withdrawn since that instant. To miss no change,
    send an `as_of` each time, and send it again as the `updated_after` of the next time.
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
    )
    area = parameters.check_area(access.catalogue, area)
    history_range = parameters.parse_history_range(as_of, updated_after, now=access.now)
    after = parameters.decode_cell_cursor(cursor, access.catalogue)
    history_range = await choose_snapshots(access, history_range)
    cells = await fetch_observations(
        access.transaction, access.catalogue, return_filter, history_range, area=area, after=after, limit=limit + 1
    )
    page, next_cursor = pagination.build_page(cells, limit, lambda page: parameters.make_cell_cursor(page[-1]))
    await record_read(access, return_filter, history_range)
    return ObservationPage(items=page, next_cursor=next_cursor)


@get(
    "/programmes/{programme:str}/returns/changes",
    operation_id="list_return_changes",
    summary="List events of returns",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def list_return_changes(
    access: NamedDependency[ProgrammeAccess],
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> ReturnEventPage:
    """List the events of your organisation's returns, each exactly once. Reviewers list everybody's.

    Store `next_cursor` and send it next time: you then miss no event. Events are in the order of the database
    transactions that wrote them. An event appears only when every older transaction has ended, so no event can appear
    before a cursor that you already have.
    """
    access.require_scopes(*READ_SCOPES)
    transaction, catalogue, organisations = access.transaction, access.catalogue, access.readable_organisations
    last = pagination.decode_cursor(cursor, EventCursor)
    after = None
    if last is not None:
        after = await queries_feed.fetch_position(
            transaction, catalogue, last.event, readable_organisations=organisations
        )
        if after is None:
            raise InvalidCursor("The cursor names no event that you can read.")
    events = await queries_feed.fetch_events(
        transaction, catalogue, readable_organisations=organisations, after=after, limit=limit + 1
    )
    page = events[:limit]
    await access.record_read({})
    return ReturnEventPage(
        items=page,
        next_cursor=pagination.encode_cursor(EventCursor(page[-1].id)) if page else cursor,
        has_more=len(events) > limit,
    )


router = Router("/v1", route_handlers=[list_observations, list_return_changes], tags=["Returns"])
