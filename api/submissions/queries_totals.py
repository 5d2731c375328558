"""Read the current totals of series, in every period, for comparison with a submission."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.cell_columns import NUMBER_FIELDS
from api.submissions.queries_cells import fetch_cells
from api.submissions.revisions import IdentifiedReturn, ReturnKey, ReturnTotal
from schema.submissions import ReturnKind, Status

SeriesArea = tuple[str, str, str]  # measure, series, area of the duty


async def fetch_totals(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    returns: Sequence[IdentifiedReturn],
    *,
    organisation: str | None,
) -> tuple[list[ReturnTotal], dict[tuple[str, ReturnKey], int]]:
    """Return the current totals of these series for the areas of these duties, in every period.

    Also return the id of each return's newest revision, by organisation. `organisation` limits both to one.
    """
    pairs = _list_series_and_areas(returns)
    if not pairs:
        return [], {}
    organisations = catalogue.organisation_slugs
    ids = catalogue.ids
    rows = await fetch_in_transaction(
        transaction,
        _SELECT_NEWEST_REVISIONS,
        catalogue.id,
        list(organisations) if organisation is None else [ids.organisations[organisation]],
        sorted({ids.series[measure, series] for measure, series, _ in pairs}),
    )
    if not rows:
        return [], {}
    cells = await fetch_cells(
        transaction, catalogue, {row["id"]: item for item, row in enumerate(rows)}, only_totals=True
    )
    area_ids = list({area: catalogue.ids.areas[area] for _, _, area in pairs}.values())
    cell_by_place = {
        (rows[int(cells.item[at])]["id"], int(cells.area[at])): cells.read_row(at)
        for at in np.flatnonzero(np.isin(cells.area, area_ids)).tolist()
    }
    totals = [total for row in rows for total in _build_totals(row, pairs, cell_by_place, catalogue)]
    newest = {
        (
            organisations[row["organisation"]],
            (*catalogue.series_slugs[row["series"]], row["service"], row["period"]),
        ): row["id"]
        for row in rows
    }
    return totals, newest


def _list_series_and_areas(returns: Sequence[IdentifiedReturn]) -> list[SeriesArea]:
    """Return the distinct series and areas of the returns that have observations."""
    counted = [identified for identified in returns if identified.content is None]
    return sorted({(identified.measure.slug, identified.series.slug, identified.duty.area) for identified in counted})


def _build_totals(
    row: Any, pairs: Sequence[SeriesArea], cells: Mapping[tuple[int, int], Mapping[str, Any]], catalogue: Catalogue
) -> Iterator[ReturnTotal]:
    """Yield the total of a revision for each area. A data return without that cell has no total."""
    measure, series = catalogue.series_slugs[row["series"]]
    for area in (area for *key, area in pairs if key == [measure, series]):
        cell = cells.get((row["id"], catalogue.ids.areas[area]))
        if row["kind"] == ReturnKind.DATA and cell is None:
            continue
        yield ReturnTotal(
            organisation=catalogue.organisation_slugs[row["organisation"]],
            measure=measure,
            series=series,
            service=row["service"],
            period=periods.parse(row["period"]),
            kind=ReturnKind(row["kind"]),
            area=area,
            is_confidential=cell is not None and cell["status"] == Status.CONFIDENTIAL,
            **{name: None if cell is None else cell[name] for name in NUMBER_FIELDS},
        )


_SELECT_NEWEST_REVISIONS = """
    select r.organisation, r.series, r.service, r.period, n.id, n.kind
    from return r
    cross join lateral (
        select v.id, v.kind from revision v
        where v.programme = $1 and v."return" = r.id order by v.number desc limit 1
    ) n
    where r.programme = $1 and r.organisation = any($2::int[]) and r.series = any($3::int[])
    order by r.period_start, r.service
"""
