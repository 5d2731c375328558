"""Reading returns: as they stand, as they stood at any instant, and what happened to them."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from api.access.authentication import KEY_SECURITY, require_key
from api.access.programme_access import ProgrammeAccess
from api.clock import Now
from api.database.connections import Transaction
from api.http import downloads, pagination
from api.http.pagination import InvalidCursor
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs
from api.plan.catalogue import Catalogue
from api.returns import forms, queries, rules
from api.returns.asked import EventCursor, HistoryRange, ReturnCursor, ReturnFilter
from schema.partners import Scope
from schema.returns import (
    ObservationPage,
    ReturnDetail,
    ReturnEventPage,
    ReturnPage,
    ReturnSchema,
    RevisionDiff,
    RevisionPage,
)
from schema.submissions import ReturnKind, ReviewState

InstantParameter = Annotated[str | None, QueryParameter(schema_extra={"format": "date-time"})]
LimitParameter = Annotated[int, QueryParameter(ge=1, le=1000)]
RevisionParameter = Annotated[int, QueryParameter(ge=1, le=2**31 - 1)]
READ_SCOPES = (Scope.SUBMIT, Scope.READ, Scope.REVIEW)  # whoever sends or reads reads its own; reviewers, everybody's
READ_RESPONSES = refusal_specs(401, 403, 404, 422)
READ_AS_OF_RESPONSES = refusal_specs(401, 403, 404, 409, 422)


async def wait_for_past_writes(transaction: Transaction, catalogue: Catalogue, history_range: HistoryRange) -> None:
    """What was written by an instant is known once those that were writing have ended."""
    past = history_range.as_of is not None or history_range.updated_after is not None
    if past and not await queries.wait_for_writers(transaction, catalogue):
        raise rules.WriteInProgress("A submission that began before this request is still being written.")


class ReturnAddress(Struct, frozen=True, kw_only=True):
    """A return as the address names it, before it is known whether there is one."""

    catalogue: Catalogue
    return_filter: ReturnFilter


async def provide_return_address(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
) -> ReturnAddress:
    access.require_scopes(*READ_SCOPES)
    catalogue = access.catalogue
    chosen = rules.build_single_return_filter(
        catalogue,
        access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    return ReturnAddress(catalogue=catalogue, return_filter=chosen)


@get(
    "/programmes/{programme:str}/returns",
    operation_id="list_returns",
    summary="List returns",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_AS_OF_RESPONSES,
)
async def list_returns(
    access: NamedDependency[ProgrammeAccess],
    now: Now,
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    kind: FromQuery[ReturnKind | None] = None,
    review_state: Annotated[ReviewState | None, QueryParameter(name="state")] = None,  # `state` is Litestar's own
    as_of: InstantParameter = None,
    updated_after: InstantParameter = None,
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> ReturnPage:
    """Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

    With `updated_after`, those of which a revision has come since, or whose review has moved.
    """
    access.require_scopes(*READ_SCOPES)
    transaction, catalogue = access.transaction, access.catalogue
    chosen = rules.build_filter(
        catalogue,
        access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
        kind=kind,
        state=review_state,
    )
    moments = rules.parse_history_range(as_of, updated_after, now=now)
    after = pagination.decode_cursor(cursor, ReturnCursor)
    await wait_for_past_writes(transaction, catalogue, moments)
    found = await queries.fetch_returns(transaction, catalogue, chosen, moments, after=after, limit=limit + 1)
    page, next_cursor = pagination.build_page(found, limit, lambda page: queries.make_return_cursor(page[-1]))
    return ReturnPage(items=page, next_cursor=next_cursor)


@get(
    RETURN_PATH,
    operation_id="get_return",
    summary="Get a return with its cells",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_AS_OF_RESPONSES,
)
async def get_return(
    address: NamedDependency[ReturnAddress],
    transaction: Transaction,
    now: Now,
    revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    as_of: InstantParameter = None,
) -> ReturnDetail:
    """The newest revision, the one whose number is given, or the one that stood: no revision is ever changed."""
    moments = rules.parse_history_range(as_of, None, now=now)
    await wait_for_past_writes(transaction, address.catalogue, moments)
    found = await queries.fetch_revision(
        transaction, address.catalogue, address.return_filter, moments, number=revision
    )
    if found is None:
        raise rules.build_not_found()
    return found


@get(
    f"{RETURN_PATH}/revisions",
    operation_id="list_revisions",
    summary="List revisions of a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_AS_OF_RESPONSES,
)
async def list_revisions(
    address: NamedDependency[ReturnAddress],
    transaction: Transaction,
    now: Now,
    as_of: InstantParameter = None,
) -> RevisionPage:
    """The newest first, each with where it stands in review; with `as_of`, those that there were, as they stood."""
    moments = rules.parse_history_range(as_of, None, now=now)
    await wait_for_past_writes(transaction, address.catalogue, moments)
    found = await queries.fetch_revisions(transaction, address.catalogue, address.return_filter, moments)
    if not found:
        raise rules.build_not_found()
    return RevisionPage(items=found)


@get(
    f"{RETURN_PATH}/comparison",
    operation_id="compare_revisions",
    summary="Compare two revisions of a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def compare_revisions(
    address: NamedDependency[ReturnAddress],
    transaction: Transaction,
    older: RevisionParameter,
    newer: RevisionParameter,
) -> RevisionDiff:
    """Any two revisions of one return: the cells that changed, were withdrawn or added, or the items and entries."""
    numbers = rules.check_revision_order(older, newer)
    before, now = [
        await queries.fetch_revision_with_columns(transaction, address.catalogue, address.return_filter, number=number)
        for number in numbers
    ]
    if before is None or now is None:
        raise rules.build_not_found()
    return rules.compare_revisions(before, now, address.catalogue)


@get(
    "/programmes/{programme:str}/observations",
    operation_id="list_observations",
    summary="List cells of returns",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_AS_OF_RESPONSES,
)
async def list_observations(
    access: NamedDependency[ProgrammeAccess],
    now: Now,
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
    """Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

    With `updated_after`, what was added, changed or withdrawn since; what is the same is not told again. To lose
    nothing, ask for one instant after another: `updated_after` is the `as_of` of the time before.
    """
    access.require_scopes(*READ_SCOPES)
    transaction, catalogue = access.transaction, access.catalogue
    chosen = rules.build_filter(
        catalogue,
        access.readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    place = rules.check_area(catalogue, area)
    moments = rules.parse_history_range(as_of, updated_after, now=now)
    after = rules.decode_cell_cursor(cursor, catalogue)
    await wait_for_past_writes(transaction, catalogue, moments)
    found = await queries.fetch_observations(
        transaction, catalogue, chosen, moments, area=place, after=after, limit=limit + 1
    )
    page, next_cursor = pagination.build_page(found, limit, lambda page: rules.make_cell_cursor(page[-1]))
    return ObservationPage(items=page, next_cursor=next_cursor)


@get(
    "/programmes/{programme:str}/returns/changes",
    operation_id="list_return_changes",
    summary="List events of returns",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def list_return_changes(
    access: NamedDependency[ProgrammeAccess],
    cursor: FromQuery[str | None] = None,
    limit: LimitParameter = 200,
) -> ReturnEventPage:
    """A feed of your organisation's returns; with the scope `review`, of everybody's. Each event is told once.

    Events are told in the order of the database transactions that made them, and one only when every older
    transaction has ended. So none comes to light before a cursor that you already have, however late it was
    committed: keep `next_cursor` and ask again, and you miss nothing.
    """
    access.require_scopes(*READ_SCOPES)
    transaction, catalogue = access.transaction, access.catalogue
    only = access.readable_organisations
    last = pagination.decode_cursor(cursor, EventCursor)
    after = None
    if last is not None:
        after = await queries.fetch_position(transaction, catalogue, last.event, readable_organisations=only)
        if after is None:
            raise InvalidCursor("The cursor names no event that you can see.")
    found = await queries.fetch_changes(
        transaction, catalogue, readable_organisations=only, after=after, limit=limit + 1
    )
    page = found[:limit]
    return ReturnEventPage(
        items=page,
        next_cursor=pagination.encode_cursor(EventCursor(page[-1].id)) if page else cursor,
        has_more=len(found) > limit,
    )


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.csv",
    operation_id="get_template",
    summary="Get a CSV template for a return",
    guards=[require_key],
    security=KEY_SECURITY,
    media_type="text/csv",
    responses=READ_RESPONSES,
)
async def get_template(
    access: NamedDependency[ProgrammeAccess],
    measure: FromPath[str],
    period: FromQuery[str],
    organisation: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Exactly the cells that the organisation owes, with codes and labels: fill in the figures and send it back.

    UTF-8 with a byte order mark, so that Excel shows names as they are. Columns that end in `_label` are for people.
    """
    access.require_scopes(*READ_SCOPES)
    catalogue = access.catalogue
    whose = forms.choose_organisation(
        organisation, access.grant.organisation, catalogue, is_reviewer=access.is_reviewer
    )
    form = forms.build_template(catalogue, whose, measure=measure, series=series, service=service, period=period)
    return downloads.csv_response(forms.write_csv(form, catalogue), form.filename)


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.json",
    operation_id="get_template_schema",
    summary="Get the JSON Schema of a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def get_template_schema(
    access: NamedDependency[ProgrammeAccess],
    measure: FromPath[str],
    period: FromQuery[str],
    organisation: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
) -> ReturnSchema:
    """What one entry of a submission's `returns` must be: exact areas and breakdowns, fields by kind, bounds."""
    access.require_scopes(*READ_SCOPES)
    catalogue = access.catalogue
    whose = forms.choose_organisation(
        organisation, access.grant.organisation, catalogue, is_reviewer=access.is_reviewer
    )
    return forms.build_schema(
        forms.build_template(catalogue, whose, measure=measure, series=series, service=service, period=period)
    )


router = Router(
    "/v1",
    route_handlers=[
        list_returns,
        get_return,
        list_revisions,
        compare_revisions,
        list_observations,
        list_return_changes,
        get_template,
        get_template_schema,
    ],
    dependencies={"address": Provide(provide_return_address)},
    tags=["Returns"],
)
