"""Read the audit."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.http import pagination
from api.http.problems import refusal_specs
from api.plan.filters import check_code
from api.reviews.parameters import to_utc
from api.reviews.queries_audit import AuditFilter, fetch_audit_entries
from schema.codes import Instant
from schema.partners import Scope
from schema.reviews import AuditPage


@get(
    "/programmes/{programme:str}/audit",
    operation_id="list_audit_entries",
    summary="List audit entries",
    guards=[require_key],
    security=key_security(Scope.ADMIN),
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_audit_entries(
    access: NamedDependency[ProgrammeAccess],
    action: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    from_: Annotated[Instant | None, QueryParameter(name="from")] = None,
    to: FromQuery[Instant | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> AuditPage:
    """List the entries, the newest first. An entry never changes and is never deleted. Needs the scope `admin`.

    A key of the programme's owner lists all entries, any other key what its organisation did. Reading is recorded too.
    """
    access.require_scopes(Scope.ADMIN)
    if organisation is not None:
        check_code("an organisation", organisation, access.catalogue.ids.organisations)
    after = pagination.decode_cursor(cursor, pagination.InstantCursor)
    audit_filter = AuditFilter(
        action=action, organisation=organisation, start=to_utc("from", from_), end=to_utc("to", to)
    )
    entries = await fetch_audit_entries(
        access.transaction, access.catalogue, audit_filter, after=after, limit=limit + 1
    )
    page, next_cursor = pagination.build_page(
        entries, limit, lambda page: pagination.make_instant_cursor([entry.at for entry in page], after)
    )
    await access.record_audit("audit.read", {"entries": str(len(page))})
    return AuditPage(items=page, next_cursor=next_cursor)


router = Router("/v1", route_handlers=[list_audit_entries], tags=["Reviews"])
