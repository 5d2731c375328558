"""Reading returns: as they stand, as they stood at any instant, and what happened to them."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from api.access.routes import KEY, with_key
from api.clock import Now
from api.database.connections import Transaction
from api.http import downloads, pagination
from api.http.pagination import BadCursor
from api.http.problems import refusals
from api.plan.catalogue import Catalogue
from api.plan.routes import enter
from api.returns import forms, queries, rules
from api.returns.asked import Chosen, EventPlace, Moments, ReturnPlace
from api.submissions.routes import RETURN, visible
from schema.partners import Caller, Scope
from schema.submissions import (
    ChangePage,
    Comparison,
    ObservationPage,
    ReturnDetail,
    ReturnKind,
    ReturnPage,
    ReturnSchema,
    ReviewState,
    RevisionPage,
)

Instant = Annotated[str | None, QueryParameter(schema_extra={"format": "date-time"})]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Number = Annotated[int, QueryParameter(ge=1, le=2**31 - 1)]
MAY_READ = (Scope.SUBMIT, Scope.READ, Scope.REVIEW)  # whoever sends or reads reads its own; reviewers, everybody's
READ = refusals(401, 403, 404, 422)
READ_AS_OF = refusals(401, 403, 404, 409, 422)


async def wait(transaction: Transaction, catalogue: Catalogue, moments: Moments) -> None:
    """What was written by an instant is known once those that were writing have ended."""
    past = moments.as_of is not None or moments.updated_after is not None
    if past and not await queries.wait_for_writers(transaction, catalogue):
        raise rules.StillWriting("A submission that began before this request is still being written.")


class OneReturn(Struct, frozen=True, kw_only=True):
    """A return as the address names it, before it is known whether there is one."""

    catalogue: Catalogue
    chosen: Chosen


async def one_return(
    programme: FromPath[str],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
) -> OneReturn:
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    chosen = rules.one(
        catalogue,
        visible(grant, catalogue),
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    return OneReturn(catalogue=catalogue, chosen=chosen)


@get(
    "/programmes/{programme:str}/returns",
    operation_id="list_returns",
    summary="Returns as they stand, or stood",
    guards=[with_key],
    security=KEY,
    responses=READ_AS_OF,
)
async def list_returns(
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    kind: FromQuery[ReturnKind | None] = None,
    review_state: Annotated[ReviewState | None, QueryParameter(name="state")] = None,  # `state` is Litestar's own
    as_of: Instant = None,
    updated_after: Instant = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> ReturnPage:
    """Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

    With `updated_after`, those of which a revision has come since, or whose review has moved.
    """
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    chosen = rules.choose(
        catalogue,
        visible(grant, catalogue),
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
        kind=kind,
        state=review_state,
    )
    moments = rules.moments(as_of, updated_after, now=now)
    after = pagination.decode(cursor, ReturnPlace)
    await wait(transaction, catalogue, moments)
    found = await queries.returns(transaction, catalogue, chosen, moments, after=after, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return ReturnPage(items=page, next_cursor=pagination.encode(queries.place(page[-1])) if more else None)


@get(
    RETURN,
    operation_id="get_return",
    summary="One return with its cells",
    guards=[with_key],
    security=KEY,
    responses=READ_AS_OF,
)
async def get_return(
    one: NamedDependency[OneReturn],
    transaction: Transaction,
    now: Now,
    revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    as_of: Instant = None,
) -> ReturnDetail:
    """The newest revision, the one whose number is given, or the one that stood: no revision is ever changed."""
    moments = rules.moments(as_of, None, now=now)
    await wait(transaction, one.catalogue, moments)
    found = await queries.of_revision(transaction, one.catalogue, one.chosen, moments, number=revision)
    if found is None:
        raise rules.unseen()
    return found


@get(
    f"{RETURN}/revisions",
    operation_id="list_revisions",
    summary="Every revision of a return",
    guards=[with_key],
    security=KEY,
    responses=READ_AS_OF,
)
async def list_revisions(
    one: NamedDependency[OneReturn],
    transaction: Transaction,
    now: Now,
    as_of: Instant = None,
) -> RevisionPage:
    """The newest first, each with where it stands in review; with `as_of`, those that there were, as they stood."""
    moments = rules.moments(as_of, None, now=now)
    await wait(transaction, one.catalogue, moments)
    found = await queries.revisions(transaction, one.catalogue, one.chosen, moments)
    if not found:
        raise rules.unseen()
    return RevisionPage(items=found)


@get(
    f"{RETURN}/comparison",
    operation_id="compare_revisions",
    summary="What differs between two revisions",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def compare_revisions(
    one: NamedDependency[OneReturn],
    transaction: Transaction,
    older: Number,
    newer: Number,
) -> Comparison:
    """Any two revisions of one return: the cells that changed, were withdrawn or added, or the items and entries."""
    numbers = rules.two(older, newer)
    before, now = [
        await queries.with_columns(transaction, one.catalogue, one.chosen, number=number) for number in numbers
    ]
    if before is None or now is None:
        raise rules.unseen()
    return rules.compare(before, now, one.catalogue)


@get(
    "/programmes/{programme:str}/observations",
    operation_id="list_observations",
    summary="Cells of returns as they stand, or stood",
    guards=[with_key],
    security=KEY,
    responses=READ_AS_OF,
)
async def list_observations(
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    measure: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    as_of: Instant = None,
    updated_after: Instant = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> ObservationPage:
    """Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

    With `updated_after`, what was added, changed or withdrawn since; what is the same is not told again. To lose
    nothing, ask for one instant after another: `updated_after` is the `as_of` of the time before.
    """
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    chosen = rules.choose(
        catalogue,
        visible(grant, catalogue),
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=period,
    )
    place = rules.area_asked(catalogue, area)
    moments = rules.moments(as_of, updated_after, now=now)
    after = rules.cell_place(cursor, catalogue)
    await wait(transaction, catalogue, moments)
    found = await queries.observations(
        transaction, catalogue, chosen, moments, area=place, after=after, limit=limit + 1
    )
    page = found[:limit]
    more = len(found) > limit
    return ObservationPage(items=page, next_cursor=pagination.encode(rules.place_of(page[-1])) if more else None)


@get(
    "/programmes/{programme:str}/returns/changes",
    operation_id="list_return_changes",
    summary="What happened to returns, in order",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def list_return_changes(
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> ChangePage:
    """A feed of your organisation's returns; with the scope `review`, of everybody's. Each event is told once.

    Events are told in the order of the database transactions that made them, and one only when every older
    transaction has ended. So none comes to light before a cursor that you already have, however late it was
    committed: keep `next_cursor` and ask again, and you miss nothing.
    """
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    only = visible(grant, catalogue)
    last = pagination.decode(cursor, EventPlace)
    after = None
    if last is not None:
        after = await queries.position_of(transaction, catalogue, last.event, only=only)
        if after is None:
            raise BadCursor("The cursor names no event that you can see.")
    found = await queries.changes(transaction, catalogue, only=only, after=after, limit=limit + 1)
    page = found[:limit]
    return ChangePage(
        items=page,
        next_cursor=pagination.encode(EventPlace(page[-1].id)) if page else cursor,
        more=len(found) > limit,
    )


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.csv",
    operation_id="get_template",
    summary="A return to be filled in, as CSV",
    guards=[with_key],
    security=KEY,
    media_type="text/csv",
    responses=READ,
)
async def get_template(
    programme: FromPath[str],
    measure: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    period: FromQuery[str],
    organisation: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Exactly the cells that the organisation owes, with codes and labels: fill in the figures and send it back.

    UTF-8 with a byte order mark, so that Excel shows names as they are. Columns that end in `_label` are for people.
    """
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    whose = forms.for_whom(organisation, grant.organisation, catalogue, anybody=Scope.REVIEW in grant.scopes)
    form = forms.form(catalogue, whose, measure=measure, series=series, service=service, period=period)
    return downloads.csv(forms.csv_of(form, catalogue), form.filename)


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.json",
    operation_id="get_template_schema",
    summary="A return to be filled in, as JSON Schema",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def get_template_schema(
    programme: FromPath[str],
    measure: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    period: FromQuery[str],
    organisation: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
) -> ReturnSchema:
    """What one entry of a submission's `returns` must be: exact areas and breakdowns, fields by kind, bounds."""
    grant, catalogue = await enter(transaction, caller, programme, *MAY_READ)
    whose = forms.for_whom(organisation, grant.organisation, catalogue, anybody=Scope.REVIEW in grant.scopes)
    return forms.schema_of(forms.form(catalogue, whose, measure=measure, series=series, service=service, period=period))


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
    dependencies={"one": Provide(one_return)},
    tags=["Returns"],
)
