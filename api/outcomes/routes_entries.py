"""The milestones and evidence of a release that reviewers have cleared."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from api.http.pagination import build_page
from api.http.problems import response_specs
from api.outcomes.queries_open_release import ReleaseReader, provide_named_reader
from api.outcomes.queries_released import fetch_entries
from api.outcomes.released_query import ReleaseCursor, resolve_entry_filters
from api.outcomes.routes_released import READ_PROBLEMS
from schema.released_figures import ReleasedEntryList


class _EntriesPage(Struct, frozen=True, kw_only=True):
    """`ReleasedEntryList` with the entries as they were encoded for the release."""

    programme: str
    release: int
    plan_version: int
    items: list[msgspec.Raw]
    reason: str | None
    next_cursor: str | None


# This response is not cached: a redacted entry must disappear from every process immediately.
@get(
    "/programmes/{programme:str}/releases/{release:str}/entries",
    operation_id="list_release_entries",
    summary="List milestones and evidence of a release",
    responses=READ_PROBLEMS | response_specs(ReleasedEntryList, 200),
)
async def list_release_entries(
    reader: NamedDependency[ReleaseReader],
    measure: FromQuery[list[str] | None] = None,
    period: FromQuery[list[str] | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 1000,
) -> Response[bytes]:
    """No key needed. Lists milestone items and evidence entries whose text a reviewer found free of personal data.

    They come from the approved returns of the release, as they were cleared when it was made. Entries that are not
    cleared are neither listed nor counted. The organisation and the number of participants are not published. By
    default, entries of all measures and periods are listed.
    """
    filters = resolve_entry_filters(measure or [], period or [], reader.opened.covered_periods, reader.catalogue)
    after = reader.decode_cursor(cursor)
    rows = await fetch_entries(reader.engine, reader.opened.state, filters, after=after, limit=limit + 1)
    number = reader.release.number
    page, next_cursor = build_page(rows, limit, lambda page: ReleaseCursor(number, page[-1][0]))
    response = _EntriesPage(
        programme=reader.catalogue.slug,
        release=number,
        plan_version=reader.catalogue.version,
        items=[msgspec.Raw(content) for _, content in page],
        reason=None if page or after >= 0 else "no_cleared_entries",
        next_cursor=next_cursor,
    )
    return Response(msgspec.json.encode(response), media_type=MediaType.JSON)


router = Router(
    "/v1",
    route_handlers=[list_release_entries],
    dependencies={"reader": Provide(provide_named_reader)},
    tags=["Releases"],
)
