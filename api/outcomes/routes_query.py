"""The query parameters that all outcome operations share."""

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec.structs import replace

from api.figures.query import OutcomeQuery
from schema.outcomes import RevisionBasis


async def provide_released_query(
    measure: FromQuery[list[str] | None] = None,
    series: FromQuery[str | None] = None,
    theme: FromQuery[str | None] = None,
    period: FromQuery[list[str] | None] = None,
    from_period: Annotated[str | None, QueryParameter(name="from")] = None,
    to_period: Annotated[str | None, QueryParameter(name="to")] = None,
    area: FromQuery[list[str] | None] = None,
    within: FromQuery[list[str] | None] = None,
    level: FromQuery[list[str] | None] = None,
    group_by: FromQuery[list[str] | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> OutcomeQuery:
    """Return the query of a released read, which is also the base of a preview's query."""
    return OutcomeQuery(
        measures=measure or [],
        series=series,
        theme=theme,
        periods=period or [],
        from_period=from_period,
        to_period=to_period,
        areas=area or [],
        within=within or [],
        levels=level or [],
        group_by=group_by or [],
        breakdowns=breakdown or [],
        min_coverage=min_coverage,
    )


async def provide_preview_query(
    released_query: NamedDependency[OutcomeQuery],
    comparator: FromQuery[list[str] | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> OutcomeQuery:
    return replace(released_query, comparators=comparator or [], revision_basis=revision_basis)
