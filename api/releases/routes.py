"""Routes that request, list and withdraw releases, and list their changes."""

import hashlib
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.authentication import key_security, require_key, require_scope
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId, Now
from api.database.connections import Transaction
from api.http import pagination
from api.http.change_delays import ChangeDelayMiddleware
from api.http.pagination import InvalidCursor, Position
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.plan.queries import fetch_catalogue
from api.releases import queries_jobs, queries_releases, rules
from schema.partners import Scope
from schema.publication_jobs import NewRelease, PublicationJob, PublicationJobList
from schema.releases import Release, ReleaseChangeList, ReleaseList, ReleaseWithdrawal

DryRun = Annotated[bool, QueryParameter()]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last change on a page."""

    release: Position
    position: Position


@post(
    "/programmes/{programme:str}/releases",
    operation_id="create_release",
    summary="Publish approved returns as a release",
    guards=[require_scope(Scope.PUBLISH)],
    security=key_security(Scope.PUBLISH),
    status_code=202,
    responses=refusal_specs(401, 403, 404, 409, 410, 413, 415, 422) | response_specs(PublicationJob, 202),
)
async def create_release(
    request: Request[Any, Any, Any],
    access: NamedDependency[ProgrammeAccess],
    data: JSONBody[NewRelease],
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response[bytes]:
    """Start a publication job and return it. The job takes minutes: `GET …/publications/{id}` returns its state.

    The job protects everything that is approved when it starts. It audits the result against the public, each provider
    and all earlier releases. If every audit passes, it publishes the release; otherwise `failures` lists the measures
    that failed. A dry run does the same but publishes nothing: it returns what would be shown, hidden and changed.
    """
    access.require_scopes(Scope.PUBLISH)
    rules.check_new_release(data, access.catalogue, now=now)
    content_sha256 = hashlib.sha256(await request.body()).digest()
    keyed = IdempotentRequest(operation=f"create_release {dry_run}", content_sha256=content_sha256, key=idempotency_key)
    response = await access.run_once(
        keyed,
        lambda: _request_publication(access, data, publication_id=new_id, dry_run=dry_run, now=now),
        now=now,
    )
    return Response(response.content, status_code=202, media_type=MediaType.JSON, headers=response.headers)


async def _request_publication(
    access: ProgrammeAccess, new: NewRelease, *, publication_id: UUID, dry_run: bool, now: datetime
) -> PublicationJob:
    """Raises AlreadyPublishing."""
    transaction, catalogue = access.transaction, access.catalogue
    if not await queries_jobs.request_publication(
        transaction, catalogue, new, access.author, publication_id=publication_id, dry_run=dry_run, now=now
    ):
        raise rules.AlreadyPublishing("A publication job of this programme is queued or running.")
    subject = {"publication": str(publication_id), "dry_run": str(dry_run).lower()}
    await access.record_audit("publication.requested", subject)
    job = await queries_jobs.find_publication(transaction, catalogue, publication_id)
    assert job is not None  # noqa: S101  the statement above has just inserted it
    return job


@get(
    "/programmes/{programme:str}/publications",
    operation_id="list_publications",
    summary="List publication jobs",
    guards=[require_key],
    security=key_security(Scope.PUBLISH),
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_publications(access: NamedDependency[ProgrammeAccess], limit: Limit = 20) -> PublicationJobList:
    """List running and ended publication jobs with their results, newest first."""
    access.require_scopes(Scope.PUBLISH)
    jobs = await queries_jobs.list_publications(access.transaction, access.catalogue, limit=limit)
    return PublicationJobList(items=jobs)


@get(
    "/programmes/{programme:str}/publications/{publication:uuid}",
    operation_id="get_publication",
    summary="Get a publication job",
    guards=[require_key],
    security=key_security(Scope.PUBLISH),
    responses=refusal_specs(401, 403, 404),
)
async def get_publication(access: NamedDependency[ProgrammeAccess], publication: FromPath[UUID]) -> PublicationJob:
    """Poll every few seconds until `state` is neither `queued` nor `running`."""
    access.require_scopes(Scope.PUBLISH)
    job = await queries_jobs.find_publication(access.transaction, access.catalogue, publication)
    if job is None:
        raise NotFound(f"The publication job {publication} does not exist; `GET …/publications` lists all jobs.")
    return job


@get(
    "/programmes/{programme:str}/releases",
    operation_id="list_releases",
    summary="List releases",
    responses=refusal_specs(404),
)
async def list_releases(programme: FromPath[str], public: Transaction, now: Now) -> ReleaseList:
    """List releases, newest first. A release under embargo is not listed until its embargo ends."""
    catalogue = await fetch_catalogue(public, programme)
    return ReleaseList(items=await queries_releases.list_releases(public, catalogue.id, catalogue.slug, now=now))


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
    access: NamedDependency[ProgrammeAccess], number: FromPath[int], data: JSONBody[ReleaseWithdrawal], now: Now
) -> Release:
    """Withdraw a whole release, with a public reason. No server process returns its content after this response.

    To make sure of that, the response is sent 1.1 s after the withdrawal is stored. A replica may lag behind.
    Readers may have copies, so later releases are audited as if it were still published. A release under embargo can
    be withdrawn before it is published; from the end of its embargo, readers see only that it was withdrawn, and why.
    """
    access.require_scopes(Scope.PUBLISH)
    transaction, catalogue = access.transaction, access.catalogue
    release = await _find_release(catalogue.slug, number, transaction, None)
    if not await queries_releases.withdraw_release(transaction, catalogue.id, release.number, data.reason, now=now):
        raise rules.AlreadyWithdrawn(f"Release {number} has already been withdrawn.")
    await access.record_audit("release.withdrawn", {"release": str(number)})
    return await _find_release(catalogue.slug, number, transaction, None)


router = Router(
    "/v1",
    route_handlers=[
        create_release,
        list_publications,
        get_publication,
        list_releases,
        get_release,
        list_release_changes,
        withdraw_release,
    ],
    tags=["Releases"],
)
