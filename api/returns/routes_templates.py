"""Templates of returns, as CSV, as a workbook and as JSON Schema."""

from anyio import to_thread
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.http import downloads
from api.returns import template, template_workbook
from api.returns.routes import READ_RESPONSES, READ_SCOPES
from api.returns.template import ReturnTemplate
from api.returns.template_schema import build_schema
from schema.partners import Scope
from schema.returns import ReturnSchema


async def provide_template(
    access: NamedDependency[ProgrammeAccess],
    measure: FromPath[str],
    period: FromQuery[str],
    organisation: FromQuery[str | None] = None,
    series: FromQuery[str | None] = None,
    service: FromQuery[str | None] = None,
) -> ReturnTemplate:
    access.require_scopes(*READ_SCOPES)
    owner = template.choose_organisation(
        organisation, access.grant.organisation, access.catalogue, is_reviewer=access.is_reviewer
    )
    return template.build_template(
        access.catalogue, owner, measure=measure, series=series, service=service, period=period
    )


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.csv",
    operation_id="get_template",
    summary="Get a CSV template for a return",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    media_type="text/csv",
    responses=READ_RESPONSES,
)
async def get_template(
    access: NamedDependency[ProgrammeAccess], chosen: NamedDependency[ReturnTemplate]
) -> Response[bytes]:
    """Get a CSV file of exactly the cells that the organisation owes: enter the figures and send it back.

    The file is UTF-8 with a byte order mark, so that Excel shows names correctly. Columns that end in `_label` are
    for people; a submission ignores them.
    """
    return downloads.csv_response(template.write_csv(chosen, access.catalogue), f"{chosen.filename}.csv")


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.xlsx",
    operation_id="get_template_workbook",
    summary="Get an Excel template for a return",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    media_type=template_workbook.MEDIA_TYPE,
    responses=READ_RESPONSES,
)
async def get_template_workbook(
    access: NamedDependency[ProgrammeAccess], chosen: NamedDependency[ReturnTemplate]
) -> Response[bytes]:
    """Get the CSV template as a workbook (XLSX): only the figures, statuses and notes can be filled in.

    Areas, categories and statuses have drop-down lists; the second sheet has their codes and labels. The sheets are
    protected without a password. Save the filled sheet as CSV, or submit the workbook with the SDK.
    """
    content = await to_thread.run_sync(template_workbook.write_workbook, chosen, access.catalogue)
    return downloads.file_response(content, f"{chosen.filename}.xlsx", template_workbook.MEDIA_TYPE)


@get(
    "/programmes/{programme:str}/measures/{measure:str}/template.json",
    operation_id="get_template_schema",
    summary="Get the JSON Schema of a return",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def get_template_schema(chosen: NamedDependency[ReturnTemplate]) -> ReturnSchema:
    """Get the schema of one entry of a submission's `returns`: its areas, breakdowns, fields and bounds."""
    return build_schema(chosen)


router = Router(
    "/v1",
    route_handlers=[get_template, get_template_workbook, get_template_schema],
    dependencies={"chosen": provide_template},
    tags=["Returns"],
)
