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
from api.http.pagination import BadCursor
from api.http.problems import answers
from api.outcomes import queries_released, released_query
from api.outcomes.cache import Opened
from api.outcomes.released_query import FigurePosition
from api.outcomes.routes_released import READ, opening
from schema.releases import ReleasedEntryList


async def opened(
    programme: FromPath[str], release: FromPath[str], public: Transaction, state: State, scope: Scope, now: Now
) -> Opened:
    """The release that the address names, by its number or as `latest`. Raises NoRelease, WithdrawnRelease."""
    return await opening(programme, public, state, scope, now, release)


class _Answer(Struct, frozen=True, kw_only=True):
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
    summary="Cleared milestones and evidence of a release",
    responses=READ | answers(ReleasedEntryList, 200),
)
async def list_release_entries(
    opened: NamedDependency[Opened],
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
    last = pagination.decode(cursor, FigurePosition)
    if last is not None and last.release != opened.release.number:
        raise BadCursor(f"The cursor belongs to release {last.release}.")
    wanted = released_query.entry_filters(measure or [], period or [], opened.covered, opened.catalogue)
    after = -1 if last is None else last.position
    rows = await queries_released.entries(
        public, opened.catalogue.id, opened.release.number, wanted, after=after, limit=limit + 1
    )
    page = rows[:limit]
    answer = _Answer(
        programme=opened.catalogue.slug,
        release=opened.release.number,
        plan_version=opened.catalogue.version,
        items=[msgspec.Raw(content) for _, content in page],
        next_cursor=pagination.encode(FigurePosition(opened.release.number, page[-1][0]))
        if len(rows) > limit
        else None,
    )
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


router = Router(
    "/v1", route_handlers=[list_release_entries], dependencies={"opened": Provide(opened)}, tags=["Releases"]
)
