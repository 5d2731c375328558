"""Reading what reviewers have cleared of milestones and evidence, out of releases alone."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import Scope
from msgspec import Struct

from api.clock import Now
from api.database.connections import Transaction
from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.problems import response_specs
from api.outcomes import queries_released, released_query
from api.outcomes.cache import OpenRelease
from api.outcomes.released_query import ReleaseCursor
from api.outcomes.routes_released import READ_PROBLEMS, find_release
from schema.released_figures import ReleasedEntryList


async def provide_release(
    programme: FromPath[str], release: FromPath[str], public: Transaction, state: State, scope: Scope, now: Now
) -> OpenRelease:
    """The release that the address names, by its number or as `latest`. Raises NoRelease, WithdrawnRelease."""
    return await find_release(programme, public, state, scope, now, release)


class _EntriesPage(Struct, frozen=True, kw_only=True):
    """`ReleasedEntryList`, of which the entries are as they were written when the release was made."""

    programme: str
    release: int
    plan_version: int
    items: list[msgspec.Raw]
    next_cursor: str | None


# An entry that is redacted goes at once, from every process: so this is not remembered, as other answers are.
@get(
    "/programmes/{programme:str}/releases/{release:str}/entries",
    operation_id="list_release_entries",
    summary="List milestones and evidence of a release",
    responses=READ_PROBLEMS | response_specs(ReleasedEntryList, 200),
)
async def list_release_entries(
    open_release: NamedDependency[OpenRelease],
    public: Transaction,
    measure: FromQuery[list[str] | None] = None,
    period: FromQuery[list[str] | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 1000,
) -> Response[bytes]:
    """Needs no key. Items of milestones and entries of evidence whose text a reviewer found free of personal data.

    They are of the approved returns that the release was made of, as they were cleared when it was made. What is not
    cleared is not there and not counted; who returned it and how many people took part is not told. All measures and
    periods where none is named.
    """
    last = pagination.decode_cursor(cursor, ReleaseCursor)
    if last is not None and last.release != open_release.release.number:
        raise InvalidCursor(f"The cursor belongs to release {last.release}.")
    wanted = released_query.resolve_filters(
        measure or [], period or [], open_release.covered_periods, open_release.catalogue
    )
    after = -1 if last is None else last.position
    rows = await queries_released.fetch_entries(
        public, open_release.catalogue.id, open_release.release.number, wanted, after=after, limit=limit + 1
    )
    page = rows[:limit]
    answer = _EntriesPage(
        programme=open_release.catalogue.slug,
        release=open_release.release.number,
        plan_version=open_release.catalogue.version,
        items=[msgspec.Raw(content) for _, content in page],
        next_cursor=pagination.encode_cursor(ReleaseCursor(open_release.release.number, page[-1][0]))
        if len(rows) > limit
        else None,
    )
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


router = Router(
    "/v1",
    route_handlers=[list_release_entries],
    dependencies={"open_release": Provide(provide_release)},
    tags=["Releases"],
)
