"""Descriptions of outcomes: the queries that the plan allows, and the structure for SDMX."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from api.database.connections import Transaction
from api.http import downloads
from api.http.problems import refusal_specs
from api.outcomes.availability import describe_availability
from api.outcomes.formats import sdmx_structure
from api.outcomes.queries_open_release import ReleaseReader, provide_newest_reader
from api.plan.queries import fetch_catalogue, fetch_plan_version
from schema.availability import Availability


@get(
    "/programmes/{programme:str}/outcomes/availability",
    operation_id="get_outcomes_availability",
    summary="List available outcome queries",
    dependencies={"newest": Provide(provide_newest_reader)},
    responses=refusal_specs(404),
)
async def get_outcomes_availability(
    programme: FromPath[str], public: Transaction, newest: NamedDependency[ReleaseReader | None]
) -> Availability:
    """Measures, series, periods, areas, breakdowns and formats that the plan allows, with or without data.

    `released` states what the newest release has of each series: a query for more returns rows with reasons.
    """
    catalogue = await fetch_catalogue(public, programme)
    if newest is None:
        return describe_availability(catalogue)
    return describe_availability(catalogue, await newest.fetch_released(), release=newest.release.number)


@get(
    "/programmes/{programme:str}/outcomes/structure.xml",
    operation_id="get_sdmx_structure",
    summary="Get the SDMX structure of outcomes",
    media_type=sdmx_structure.MEDIA_TYPE,
    responses=refusal_specs(404, 422),
)
async def get_sdmx_structure(
    programme: FromPath[str],
    public: Transaction,
    plan_version: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
) -> Response[bytes]:
    """SDMX-ML 3.0: the dataflow, its data structure definition, its concepts and code lists.

    The SDMX-CSV files name it in `STRUCTURE_ID`, such as `WORK_HEALTH:HARBOUR(2.0.0)` for plan version 2. The default
    is the newest plan version.
    """
    catalogue, loaded_at = await fetch_plan_version(public, programme, plan_version)
    content = sdmx_structure.write_structure(catalogue, prepared=loaded_at.isoformat(timespec="seconds"))
    return downloads.file_response(
        content, f"{catalogue.slug}-structure-{catalogue.version}.xml", sdmx_structure.MEDIA_TYPE
    )


router = Router("/v1", route_handlers=[get_outcomes_availability, get_sdmx_structure], tags=["Outcomes"])
