"""The pages for publishers: rehearse a release, read what it would show, publish it, and follow the job."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from api.access.authentication import require_scope
from api.access.programme_access import ProgrammeAccess
from api.access.session_middleware import SESSION_PAGE
from api.access.sessions import Session, read_fields, require_own_form
from api.clock import NewId
from api.http.paths import PROGRAMME_PATH
from api.http.refusals import Refusal
from api.pages.forms import read_form
from api.pages.publication_views import JOB_WORDS, summarise_job
from api.pages.return_words import describe_instant
from api.pages.routes_session import (
    act_or_refuse,
    find_idempotency_key,
    show_private_page,
)
from api.releases import queries_jobs
from api.releases.queries_jobs import PublicationKey
from api.releases.routes_publications import cancel_publication, create_release, get_publication, list_publications
from schema.measures import Collection
from schema.partners import Scope
from schema.publication_jobs import NewRelease, PublicationJob

PATH = f"{PROGRAMME_PATH}/returns/publications"
REFRESH_SECONDS = 5
JOBS_ON_PAGE = 20


@get(PATH, operation_id="list_publications", **SESSION_PAGE)
async def show_publications(
    access: NamedDependency[ProgrammeAccess], session: NamedDependency[Session]
) -> Response[str]:
    """Show the form to rehearse or publish, and the jobs."""
    return await _render_publications(access, session)


@post(
    PATH,
    operation_id="create_release",
    status_code=303,
    guards=[require_scope(Scope.PUBLISH), require_own_form],
    **SESSION_PAGE,
)
async def request_release(
    request: Request[Any, Any, Any],
    access: NamedDependency[ProgrammeAccess],
    session: NamedDependency[Session],
    new_id: NewId,
) -> Response[Any]:
    """Start a rehearsal, or a publication if that button was pressed. Then show the job."""
    fields = await read_fields(request)
    form = read_form(NewRelease, fields)
    if form.errors:
        return await _render_publications(access, session, fields=fields, errors=form.errors)
    result = await act_or_refuse(
        access,
        lambda: create_release.fn(
            request=request,
            access=access,
            data=form.body,
            new_id=new_id,
            idempotency_key=find_idempotency_key(fields),
            dry_run=fields.get("action") != ["publish"],
        ),
    )
    if isinstance(result, Refusal):
        return await _render_publications(
            access, session, fields=fields, errors={"": str(result)}, status=result.status
        )
    job = msgspec.json.decode(result.content, type=PublicationJob)
    return Redirect(f"{_name_page(access)}/{job.id}", status_code=303)


@get(f"{PATH}/{{publication:uuid}}", operation_id="get_publication", **SESSION_PAGE)
async def show_publication(
    access: NamedDependency[ProgrammeAccess],
    session: NamedDependency[Session],
    publication: FromPath[UUID],
    updates: FromQuery[bool] = True,
) -> Response[str]:
    """Show how far a job is, and then its result. The page loads again every few seconds until the visitor stops it."""
    job = await get_publication.fn(access=access, publication=publication)
    summary = summarise_job(job, access.catalogue)
    key = PublicationKey(programme=access.catalogue.id, publication=publication)
    record = await queries_jobs.fetch_record(access.transaction, key)
    address = f"{_name_page(access)}/{publication}"
    response = show_private_page(
        "publication.html",
        access,
        session,
        "",
        job=summary,
        request=record.request,
        embargo=record.request.publish_at and describe_instant(record.request.publish_at),
        publish_at=record.request.publish_at and record.request.publish_at.isoformat(),
        address=address,
        updates=updates,
    )
    if summary.is_open and updates:
        # No script is needed, and the visitor can switch it off.
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


@post(
    f"{PATH}/{{publication:uuid}}/cancellation",
    operation_id="cancel_publication",
    status_code=303,
    guards=[require_scope(Scope.PUBLISH), require_own_form],
    **SESSION_PAGE,
)
async def cancel_job(access: NamedDependency[ProgrammeAccess], publication: FromPath[UUID]) -> Response[Any]:
    """End a job, as the API does, and show it."""
    await cancel_publication.fn(access=access, publication=publication)
    return Redirect(f"{_name_page(access)}/{publication}", status_code=303)


async def _render_publications(
    access: ProgrammeAccess,
    session: Session,
    *,
    fields: dict[str, list[str]] | None = None,
    errors: dict[str, str] | None = None,
    status: int | None = None,
) -> Response[str]:
    jobs = (await list_publications.fn(access=access, limit=JOBS_ON_PAGE)).items
    partner_measures = [
        one
        for one in access.catalogue.plan.measures
        if any(series.collection is Collection.PARTNERS for series in one.series)
    ]
    return show_private_page(
        "publications.html",
        access,
        session,
        _name_page(access),
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK),
        jobs=[
            {
                "address": f"{_name_page(access)}/{one.id}",
                "kind": "Rehearsal" if one.dry_run else "Publication",
                "at": describe_instant(one.requested_at),
                "state": JOB_WORDS[one.state],
                "release": one.release,
            }
            for one in jobs
        ],
        measures=[(one.slug, one.label) for one in partner_measures],
        fields=fields or {},
        errors=errors or {},
    )


def _name_page(access: ProgrammeAccess) -> str:
    return f"/programmes/{access.catalogue.slug}/returns/publications"


HANDLERS = [show_publications, request_release, show_publication, cancel_job]
"""Registered with the returns: they share an address and a session."""
