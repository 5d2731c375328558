"""The query parameters that all outcome operations share."""

from collections.abc import Sequence
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from api.figures.query import OutcomeQuery
from api.outcomes.formats import table_rows
from api.plan.catalogue import Catalogue
from schema.outcomes import OutcomeForm, RevisionBasis
from schema.released_figures import AnyFigure
from schema.table_rows import AdditionalRows, TableColumns


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
    form: FromQuery[OutcomeForm | None] = None,
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
        form=form,
    )


async def provide_preview_query(
    released_query: NamedDependency[OutcomeQuery],
    comparator: FromQuery[list[str] | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> OutcomeQuery:
    return replace(released_query, comparators=comparator or [], revision_basis=revision_basis)


class TableOptions(Struct, frozen=True, kw_only=True):
    """Which rows and columns a table of figures has."""

    with_comparators: bool
    is_compact: bool

    @property
    def has_rows(self) -> bool:
        """Return True if the JSON has the table in `rows`."""
        return self.with_comparators or self.is_compact


async def provide_table_options(
    additional_rows: Annotated[AdditionalRows | None, QueryParameter(name="with")] = None,
    columns: FromQuery[TableColumns] = TableColumns.FULL,
) -> TableOptions:
    return TableOptions(
        with_comparators=additional_rows is AdditionalRows.COMPARATORS, is_compact=columns is TableColumns.COMPACT
    )


def write_table(
    figures: Sequence[AnyFigure], catalogue: Catalogue, table: TableOptions, *, labels: bool, kind: type[AnyFigure]
) -> bytes:
    """Return the figures as CSV, in the rows and columns that the query names."""
    if table.is_compact:
        rows = table_rows.build_compact_rows(figures, catalogue, with_comparators=table.with_comparators)
        return table_rows.write_compact_table(rows)
    return table_rows.write_full_table(
        figures, catalogue, kind=kind, labels=labels, with_comparators=table.with_comparators
    )
