"""List obligations, and grant extensions and exemptions."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from api.access.authentication import key_security, require_key, require_scope
from api.access.idempotency import IdempotencyKey
from api.access.programme_access import ProgrammeAccess
from api.clock import NewId
from api.http import pagination
from api.http.problems import refusal_specs, response_specs
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.reviews import obligations, queries_concessions, queries_obligations, rules
from api.reviews.parameters import to_utc
from api.reviews.queries_obligations import ObligationFilter
from api.reviews.routes_decisions import DECISION_RESPONSES
from api.reviews.structs import CallerRights, ObligationDetails
from api.submissions.queries_cells import fetch_cells
from schema.codes import Instant
from schema.partners import Scope
from schema.reviews import (
    Exemption,
    Extension,
    ExtensionPage,
    NewExemption,
    NewExtension,
    ObligationPage,
    ObligationState,
)

OBLIGATIONS_PER_BATCH = 500


def _derive_rights(access: ProgrammeAccess) -> CallerRights:
    return rules.derive_rights(access.grant, access.caller.person, access.catalogue)


@get(
    "/programmes/{programme:str}/obligations",
    operation_id="list_obligations",
    summary="List obligations",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=refusal_specs(401, 403, 404, 422),
)
async def list_obligations(
    access: NamedDependency[ProgrammeAccess],
    organisation: FromQuery[str | None] = None,
    measure: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    state_: Annotated[ObligationState | None, QueryParameter(name="state")] = None,
    due_before: FromQuery[Instant | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> ObligationPage:
    """List your organisation's expected returns by due date, with missing cells, open queries and possible actions.

    Reviewers list everybody's, and those of roles that have no organisation yet.
    """
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    catalogue = access.catalogue
    if organisation is not None:
        check_code("an organisation", organisation, catalogue.ids.organisations)
    obligation_filter = ObligationFilter(
        organisation=organisation,
        measure=None if measure is None else catalogue.get_measure(measure).slug,
        period=None if period is None else parse_period(period).code,
        due_before=to_utc("due_before", due_before),
    )
    after = pagination.decode_cursor(cursor, pagination.ObligationCursor)
    selected: list[ObligationDetails] = []
    while len(selected) <= limit:
        batch = await queries_obligations.fetch_obligation_details(
            access.transaction,
            catalogue,
            obligation_filter,
            readable_organisations=access.readable_organisations,
            after=after,
            limit=OBLIGATIONS_PER_BATCH,
        )
        selected += [
            details for details in batch if state_ in (None, obligations.find_obligation_state(details, now=access.now))
        ]
        if len(batch) < OBLIGATIONS_PER_BATCH:
            break
        after = queries_obligations.make_deadline_cursor(batch[-1])
    page, next_cursor = pagination.build_page(
        selected, limit, lambda page: queries_obligations.make_deadline_cursor(page[-1])
    )
    duty_areas = obligations.find_duty_areas(page, catalogue)
    cells = await fetch_cells(access.transaction, catalogue, {number: number for number in duty_areas})
    present_cells = obligations.count_present_cells(cells, duty_areas, catalogue)
    rights = _derive_rights(access)
    await access.record_read(obligation_filter.describe())
    return ObligationPage(
        items=[
            obligations.build_obligation(details, rights, catalogue, present_cells, now=access.now) for details in page
        ],
        next_cursor=next_cursor,
    )


@post(
    "/programmes/{programme:str}/extensions",
    operation_id="grant_extension",
    summary="Grant a deadline extension",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(Extension, 201),
)
async def grant_extension(
    access: NamedDependency[ProgrammeAccess],
    data: JSONBody[NewExtension],
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Move all deadlines of an expected return that lie before the end of the extension to its end.

    If there are several extensions, the longest one counts.
    """
    access.require_scopes(Scope.REVIEW)
    key = obligations.resolve_obligation_key(data, access.catalogue)
    rules.refuse_own_return(_derive_rights(access), data.organisation)

    async def act() -> Extension:
        obligations.check_extension_date(data.until, now=access.now)
        extension = obligations.build_extension(new_id, key, data, now=access.now)
        await queries_concessions.insert_extension(
            access.transaction, access.catalogue, key, extension, author=access.author
        )
        subject = obligations.name_key_parts(key) | {"until": data.until.isoformat()}
        await access.record_audit("extension.granted", subject)
        return extension

    request = await access.identify_request("grant_extension", idempotency_key)
    return await access.run_once(request, act)


@get(
    "/programmes/{programme:str}/extensions",
    operation_id="list_extensions",
    summary="List deadline extensions",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=refusal_specs(401, 403, 404),
)
async def list_extensions(access: NamedDependency[ProgrammeAccess]) -> ExtensionPage:
    """List the extensions for your organisation. Reviewers list everybody's."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    extensions = await queries_concessions.fetch_extensions(
        access.transaction, access.catalogue, readable_organisations=access.readable_organisations
    )
    await access.record_read({})
    return ExtensionPage(items=extensions)


@post(
    "/programmes/{programme:str}/exemptions",
    operation_id="decide_exemption",
    summary="Exempt a return or revoke its exemption",
    guards=[require_scope(Scope.REVIEW)],
    security=key_security(Scope.REVIEW),
    responses=DECISION_RESPONSES | response_specs(Exemption, 201),
)
async def decide_exemption(
    access: NamedDependency[ProgrammeAccess],
    data: JSONBody[NewExemption],
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Exempt a return: it no longer counts as expected, unless it comes anyway. The newest decision counts."""
    access.require_scopes(Scope.REVIEW)
    key = obligations.resolve_obligation_key(data, access.catalogue)
    rules.refuse_own_return(_derive_rights(access), data.organisation)

    async def act() -> Exemption:
        exemption = obligations.build_exemption(new_id, key, data, now=access.now)
        await queries_concessions.insert_exemption(
            access.transaction, access.catalogue, key, exemption, author=access.author
        )
        subject = obligations.name_key_parts(key) | {"exempt": str(data.exempt).lower()}
        await access.record_audit("exemption.decided", subject)
        return exemption

    request = await access.identify_request("decide_exemption", idempotency_key)
    return await access.run_once(request, act)


router = Router(
    "/v1", route_handlers=[list_obligations, grant_extension, list_extensions, decide_exemption], tags=["Reviews"]
)
