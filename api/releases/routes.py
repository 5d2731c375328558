"""Making releases, listing them, what changed in each, and taking one back."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.access.authentication import KEY_SECURITY, require_key
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId, Now
from api.database.connections import Transaction
from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.plan import queries as plans
from api.releases import queries, rules
from schema.partners import Scope
from schema.publication_jobs import NewRelease, PublicationJob, PublicationJobList
from schema.releases import Release, ReleaseChangeList, ReleaseList, ReleaseWithdrawal

DryRun = Annotated[bool, QueryParameter()]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last change of a page."""

    release: int
    position: int


@post(
    "/programmes/{programme:str}/releases",
    operation_id="create_release",
    summary="Publish approved returns as a release",
    guards=[require_key],
    security=KEY_SECURITY,
    status_code=202,
    responses=refusal_specs(401, 403, 404, 409, 410, 415, 422) | response_specs(PublicationJob, 202),
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
    """Takes minutes: the answer is a publication, whose address tells how far it is.

    Everything that is approved when the work begins is protected as a whole, audited against the public, against
    each provider and against all earlier releases, and published; or nothing is, and `failures` says which measures
    failed. A dry run does the same and publishes nothing: it tells what would be shown, hidden and changed.
    """
    access.require_scopes(Scope.PUBLISH)
    transaction, catalogue = access.transaction, access.catalogue
    rules.check_new_release(data, catalogue, now=now)

    async def act() -> PublicationJob:
        if not await queries.request_publication(
            transaction, catalogue, data, access.author, publication_id=new_id, dry_run=dry_run, now=now
        ):
            raise rules.AlreadyPublishing("A publication of this programme is waiting or running.")
        subject = {"publication": str(new_id), "dry_run": str(dry_run).lower()}
        await access.record_audit("publication.requested", subject, now=now)
        made = await queries.find_publication(transaction, catalogue, new_id)
        assert made is not None  # noqa: S101  it has just been written
        return made

    content_sha256 = hashlib.sha256(await request.body()).digest()
    keyed = IdempotentRequest(operation=f"create_release {dry_run}", content_sha256=content_sha256, key=idempotency_key)
    answer = await access.run_once(keyed, act, now=now)
    return Response(answer.content, status_code=202, media_type=MediaType.JSON, headers=answer.headers)


@get(
    "/programmes/{programme:str}/publications",
    operation_id="list_publications",
    summary="List publication jobs",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_publications(access: NamedDependency[ProgrammeAccess], limit: Limit = 20) -> PublicationJobList:
    """Those that run, and those that have ended, with what came of them; the newest first."""
    access.require_scopes(Scope.PUBLISH)
    return PublicationJobList(items=await queries.list_publications(access.transaction, access.catalogue, limit=limit))


@get(
    "/programmes/{programme:str}/publications/{publication:uuid}",
    operation_id="get_publication",
    summary="Get a publication job",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404),
)
async def get_publication(access: NamedDependency[ProgrammeAccess], publication: FromPath[UUID]) -> PublicationJob:
    """Ask again every few seconds until `state` is neither `queued` nor `running`."""
    access.require_scopes(Scope.PUBLISH)
    found = await queries.find_publication(access.transaction, access.catalogue, publication)
    if found is None:
        raise NotFound("There is no such publication; `GET …/publications` lists them.")
    return found


@get(
    "/programmes/{programme:str}/releases",
    operation_id="list_releases",
    summary="List releases",
    responses=refusal_specs(404),
)
async def list_releases(programme: FromPath[str], public: Transaction, now: Now) -> ReleaseList:
    """The newest first. One under embargo is not there until its time."""
    catalogue = await plans.fetch_catalogue(public, programme)
    return ReleaseList(items=await queries.list_releases(public, catalogue.id, catalogue.slug, now=now))


async def find_release(programme: FromPath[str], number: FromPath[int], public: Transaction, now: Now) -> Release:
    catalogue = await plans.fetch_catalogue(public, programme)
    every = await queries.list_releases(public, catalogue.id, catalogue.slug, now=now)
    wanted = rules.choose_number(str(number), sorted(one.number for one in every))
    return next(one for one in every if one.number == wanted)


@get(
    "/programmes/{programme:str}/releases/{number:int}",
    operation_id="get_release",
    summary="Get a release",
    responses=refusal_specs(404),
)
async def get_release(programme: FromPath[str], number: FromPath[int], public: Transaction, now: Now) -> Release:
    """When and from what it was made, how people in it are protected, and what its audit found."""
    return await find_release(programme, number, public, now)


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
    """Every figure that is not as in the release before, with why: what an integrator loads after the first time.

    Of the first release, every figure.
    """
    release = await find_release(programme, number, public, now)
    rules.check_not_withdrawn(release)
    catalogue = await plans.fetch_catalogue(public, programme)
    last = pagination.decode_cursor(cursor, ChangeCursor)
    if last is not None and last.release != number:
        raise InvalidCursor(f"The cursor belongs to release {last.release}.")
    after = -1 if last is None else last.position
    found = await queries.fetch_changes(public, catalogue.id, number, after=after, limit=limit + 1)
    more = len(found) > limit
    return ReleaseChangeList(
        programme=catalogue.slug,
        release=number,
        previous_release=number - 1 if number > 1 else None,
        items=[change for _, change in found[:limit]],
        next_cursor=pagination.encode_cursor(ChangeCursor(number, found[limit - 1][0])) if more else None,
    )


@post(
    "/programmes/{programme:str}/releases/{number:int}/withdrawal",
    operation_id="withdraw_release",
    summary="Withdraw a release",
    guards=[require_key],
    security=KEY_SECURITY,
    status_code=200,
    responses=refusal_specs(401, 403, 404, 409, 415, 422) | response_specs(Release, 200),
)
async def withdraw_release(
    access: NamedDependency[ProgrammeAccess],
    number: FromPath[int],
    data: JSONBody[ReleaseWithdrawal],
    now: Now,
) -> Release:
    """As a whole, with a reason that everybody can read. Nothing of it is answered any more.

    What was published may be remembered: later releases are audited as if it were still there.
    """
    access.require_scopes(Scope.PUBLISH)
    transaction, catalogue = access.transaction, access.catalogue
    release = await find_release(catalogue.slug, number, transaction, now)
    if not await queries.withdraw_release(transaction, catalogue.id, release.number, data.reason, now=now):
        raise rules.AlreadyWithdrawn(f"Release {number} has been withdrawn already.")
    await access.record_audit("release.withdrawn", {"release": str(number)}, now=now)
    return await find_release(catalogue.slug, number, transaction, now)


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
