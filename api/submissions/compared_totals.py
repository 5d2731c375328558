"""The totals of the current returns of the same series, in every period, which a submission is compared with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import NUMBER_FIELDS, Cells
from api.submissions.revisions import IdentifiedReturn, ReturnKey, ReturnTotal
from schema.periods import Period
from schema.submissions import ReturnKind, Status

SeriesArea = tuple[str, str, str]  # measure, series, area of the duty


class ComparedReturn(Struct, frozen=True, kw_only=True):
    """The newest revision of a return."""

    revision_id: int
    organisation: str
    key: ReturnKey
    period: Period
    kind: ReturnKind


def list_series_and_areas(returns: Sequence[IdentifiedReturn]) -> list[SeriesArea]:
    """Return the distinct series and areas of the returns that have observations."""
    counted = [identified for identified in returns if identified.content is None]
    return sorted({(identified.measure.slug, identified.series.slug, identified.duty.area) for identified in counted})


def build_totals(
    compared: Sequence[ComparedReturn], cells: Cells, returns: Sequence[IdentifiedReturn], catalogue: Catalogue
) -> list[ReturnTotal]:
    """Return the totals for the areas of the submitted returns' duties.

    The `item` of a cell is an index of `compared`.
    """
    pairs = list_series_and_areas(returns)
    area_ids = list({area: catalogue.ids.areas[area] for _, _, area in pairs}.values())
    fields = {
        (int(cells.item[row]), int(cells.area[row])): cells.read_row(row)
        for row in np.isin(cells.area, area_ids).nonzero()[0].tolist()
    }
    return [
        total for item, newest in enumerate(compared) for total in _build_totals(newest, item, pairs, fields, catalogue)
    ]


def _build_totals(
    newest: ComparedReturn,
    item: int,
    pairs: Sequence[SeriesArea],
    fields: Mapping[tuple[int, int], Mapping[str, Any]],
    catalogue: Catalogue,
) -> Iterator[ReturnTotal]:
    """Yield the total of a return for each area. A data return without that cell has no total."""
    measure, series, service, _ = newest.key
    for area in (area for *key, area in pairs if key == [measure, series]):
        cell = fields.get((item, catalogue.ids.areas[area]))
        if newest.kind is ReturnKind.DATA and cell is None:
            continue
        yield ReturnTotal(
            organisation=newest.organisation,
            measure=measure,
            series=series,
            service=service,
            period=newest.period,
            kind=newest.kind,
            area=area,
            is_confidential=cell is not None and cell["status"] == Status.CONFIDENTIAL,
            **{name: None if cell is None else cell[name] for name in NUMBER_FIELDS},
        )
