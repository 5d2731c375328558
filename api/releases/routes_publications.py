"""Routes that request, list, cancel and repeat publication jobs."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody, QueryParameter

from api.access.authentication import key_security, require_key, require_scope
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.releases import queries_jobs, rules
from api.releases.queries_jobs import PublicationKey
from schema.partners import Scope
from schema.publication_jobs import NewRelease, PublicationJob, PublicationJobList

DryRun = Annotated[bool, QueryParameter()]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


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
    content_sha256 = hashlib.sha256(await request.body()).digest()
    keyed = IdempotentRequest(operation=f"create_release {dry_run}", content_sha256=content_sha256, key=idempotency_key)
    return await _request_once(access, keyed, data, publication_id=new_id, dry_run=dry_run)


async def _request_once(
    access: ProgrammeAccess,
    keyed: IdempotentRequest,
    new: NewRelease,
    *,
    publication_id: UUID,
    dry_run: bool,
) -> Response[bytes]:
    rules.check_new_release(new, access.catalogue, now=access.now)
    response = await access.run_once(
        keyed,
        lambda: _request_publication(access, new, publication_id=publication_id, dry_run=dry_run),
    )
    return Response(response.content, status_code=202, media_type=MediaType.JSON, headers=response.headers)


async def _request_publication(
    access: ProgrammeAccess, new: NewRelease, *, publication_id: UUID, dry_run: bool
) -> PublicationJob:
    """Raises AlreadyPublishing."""
    transaction, catalogue = access.transaction, access.catalogue
    await queries_jobs.request_publication(
        transaction, catalogue, new, access.author, publication_id=publication_id, dry_run=dry_run, now=access.now
    )
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
    return await _find_publication(access, publication)


async def _find_publication(access: ProgrammeAccess, publication_id: UUID) -> PublicationJob:
    """Raises NotFound."""
    job = await queries_jobs.find_publication(access.transaction, access.catalogue, publication_id)
    if job is None:
        raise NotFound(f"The publication job {publication_id} does not exist; `GET …/publications` lists all jobs.")
    return job


@post(
    "/programmes/{programme:str}/publications/{publication:uuid}/cancellation",
    operation_id="cancel_publication",
    summary="Cancel a publication job",
    guards=[require_key],
    security=key_security(Scope.PUBLISH),
    status_code=200,
    responses=refusal_specs(401, 403, 404, 409) | response_specs(PublicationJob, 200),
)
async def cancel_publication(access: NamedDependency[ProgrammeAccess], publication: FromPath[UUID]) -> PublicationJob:
    """End a queued or running job. It publishes nothing. What it has protected stays protected."""
    access.require_scopes(Scope.PUBLISH)
    await _find_publication(access, publication)
    key = PublicationKey(programme=access.catalogue.id, publication=publication)
    await queries_jobs.cancel_publication(access.transaction, key, now=access.now)
    await access.record_audit("publication.cancelled", {"publication": str(publication)})
    return await _find_publication(access, publication)


@post(
    "/programmes/{programme:str}/publications/{publication:uuid}/repetition",
    operation_id="repeat_publication",
    summary="Repeat a publication job",
    guards=[require_key],
    security=key_security(Scope.PUBLISH),
    status_code=202,
    responses=refusal_specs(401, 403, 404, 409, 410, 422) | response_specs(PublicationJob, 202),
)
async def repeat_publication(
    access: NamedDependency[ProgrammeAccess],
    publication: FromPath[UUID],
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Start a new job with the request of one that has ended, for example because it failed.

    The new job publishes what is approved when it starts.
    """
    access.require_scopes(Scope.PUBLISH)
    await _find_publication(access, publication)
    key = PublicationKey(programme=access.catalogue.id, publication=publication)
    old = await queries_jobs.fetch_record(access.transaction, key)
    keyed = IdempotentRequest(operation=f"repeat_publication {publication}", content_sha256=b"", key=idempotency_key)
    return await _request_once(access, keyed, old.request, publication_id=new_id, dry_run=old.dry_run)


HANDLERS = [create_release, list_publications, get_publication, cancel_publication, repeat_publication]
"""Registered with the releases: the two share an address."""
