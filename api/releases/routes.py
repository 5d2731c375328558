"""Routes that list and withdraw releases, and list their changes."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.authentication import key_security, require_scope
from api.access.programme_access import ProgrammeAccess
from api.clock import Now
from api.database.connections import Transaction
from api.http import pagination
from api.http.change_delays import ChangeDelayMiddleware
from api.http.pagination import InvalidCursor, Position
from api.http.problems import refusal_specs, response_specs
from api.plan.queries import fetch_catalogue
from api.releases import queries_releases, routes_publications, rules
from schema.partners import Scope
from schema.releases import Release, ReleaseChangeList, ReleaseList, ReleaseWithdrawal

DryRun = Annotated[bool, QueryParameter()]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last change on a page."""

    release: Position
    position: Position


@get(
    "/programmes/{programme:str}/releases",
    operation_id="list_releases",
    summary="List releases",
    responses=refusal_specs(404),
)
async def list_releases(programme: FromPath[str], public: Transaction, now: Now) -> ReleaseList:
    """List releases, newest first. A release under embargo is not listed until its embargo ends."""
    catalogue = await fetch_catalogue(public, programme)
    releases = await queries_releases.list_releases(public, catalogue.id, catalogue.slug, now=now)
    return ReleaseList(items=releases, reason=None if releases else "nothing_released")


async def _find_release(programme: str, number: int, transaction: AsyncConnection, now: datetime | None) -> Release:
    """Return a release that everybody may see at `now`, or any release if `now` is None. Raises NoRelease."""
    catalogue = await fetch_catalogue(transaction, programme)
    releases = await queries_releases.list_releases(transaction, catalogue.id, catalogue.slug, now=now)
    return rules.choose_release(number, releases)


@get(
    "/programmes/{programme:str}/releases/{number:int}",
    operation_id="get_release",
    summary="Get a release",
    responses=refusal_specs(404),
)
async def get_release(programme: FromPath[str], number: FromPath[int], public: Transaction, now: Now) -> Release:
    """Return when the release was made, from which inputs, how it protects people, and its audit report."""
    return await _find_release(programme, number, public, now)


@get(
    "/programmes/{programme:str}/releases/{number:int}/changes",
    operation_id="list_release_changes",
    summary="List changes of a release",
    responses=refusal_specs(404, 410, 422),
)
async def list_release_changes(
    programme: FromPath[str],
    number: FromPath[int],
    public: Transaction,
    now: Now,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 1000,
) -> ReleaseChangeList:
    """List every figure that differs from the previous release, with the reason. Load these to update a copy.

    For the first release, this lists every figure. While the previous release is withdrawn or under embargo,
    `previous_release` and each `before` are null, and removed figures are not listed: load the whole release instead.
    """
    catalogue = await fetch_catalogue(public, programme)
    releases = await queries_releases.list_releases(public, catalogue.id, catalogue.slug, now=now)
    rules.check_not_withdrawn(rules.choose_release(number, releases))
    previous = rules.find_readable_previous(number, releases)
    last = pagination.decode_cursor(cursor, ChangeCursor)
    if last is not None and last.release != number:
        raise InvalidCursor(f"The cursor belongs to release {last.release}.")
    after = -1 if last is None else last.position
    rows = await queries_releases.fetch_changes(
        public, catalogue.id, number, previous=previous, after=after, limit=limit + 1
    )
    has_more = len(rows) > limit
    return ReleaseChangeList(
        programme=catalogue.slug,
        release=number,
        previous_release=previous,
        items=[change for _, change in rows[:limit]],
        reason=None if rows or last else "unchanged",
        next_cursor=pagination.encode_cursor(ChangeCursor(number, rows[limit - 1][0])) if has_more else None,
    )


@post(
    "/programmes/{programme:str}/releases/{number:int}/withdrawal",
    operation_id="withdraw_release",
    middleware=[ChangeDelayMiddleware()],
    summary="Withdraw a release",
    guards=[require_scope(Scope.PUBLISH)],
    security=key_security(Scope.PUBLISH),
    status_code=200,
    responses=refusal_specs(401, 403, 404, 409, 413, 415, 422) | response_specs(Release, 200),
)
async def withdraw_release(
    access: NamedDependency[ProgrammeAccess], number: FromPath[int], data: JSONBody[ReleaseWithdrawal]
) -> Release:
    """Withdraw a whole release, with a public reason. No server process returns its content after this response.

    To make sure of that, the response is sent 1.1 s after the withdrawal is stored. Readers may have copies, so later
    releases are audited as if it were still published. A release under embargo can be withdrawn before it is published;
    from the end of its embargo, readers see only that it was withdrawn, and why.
    """
    access.require_scopes(Scope.PUBLISH)
    transaction, catalogue = access.transaction, access.catalogue
    release = await _find_release(catalogue.slug, number, transaction, None)
    is_new = await queries_releases.withdraw_release(
        transaction, catalogue.id, release.number, data.reason, now=access.now
    )
    if not is_new:
        raise rules.AlreadyWithdrawn(f"Release {number} has already been withdrawn.")
    await access.record_audit("release.withdrawn", {"release": str(number)})
    return await _find_release(catalogue.slug, number, transaction, None)


router = Router(
    "/v1",
    route_handlers=[
        *routes_publications.HANDLERS,
        list_releases,
        get_release,
        list_release_changes,
        withdraw_release,
    ],
    tags=["Releases"],
)
