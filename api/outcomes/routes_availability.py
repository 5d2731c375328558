"""The route that lists which outcome queries the plan allows."""

from litestar import Router, get
from litestar.params import FromPath

from api.database.connections import Transaction
from api.http.problems import refusal_specs
from api.outcomes.availability import describe_availability
from api.plan.queries import fetch_catalogue
from schema.availability import Availability


@get(
    "/programmes/{programme:str}/outcomes/availability",
    operation_id="get_outcomes_availability",
    summary="List available outcome queries",
    responses=refusal_specs(404),
)
async def get_outcomes_availability(programme: FromPath[str], public: Transaction) -> Availability:
    """Measures, series, periods, areas, breakdowns and formats, from the plan alone, with or without data."""
    return describe_availability(await fetch_catalogue(public, programme))


router = Router("/v1", route_handlers=[get_outcomes_availability], tags=["Outcomes"])
