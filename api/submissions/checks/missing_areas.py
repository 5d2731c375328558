"""Tier 4: areas without a row, where the others add up to less than the total of the area that contains them."""

from collections.abc import Sequence

import numpy as np

from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.submissions.checks.cells import CellIndex
from api.submissions.checks.findings import Findings
from api.submissions.checks.parts import Bounds, PartsOfTotals
from api.submissions.required_cells import required_cells
from api.submissions.revisions import IdentifiedReturn

MAX_NAMED_AREAS = 5


def check_areas_add_up(
    index: CellIndex,
    by_area: PartsOfTotals,
    low: Bounds,
    high: Bounds,
    returns: Sequence[IdentifiedReturn],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """Compare the counts of areas, without a category, with that of the area that contains them.

    If areas are missing, the difference is a warning; if all were sent, it is an error.
    """
    is_count = index.cells.breakdown[by_area.part_rows] == catalogue.ids.breakdowns[TOTAL_KEY]
    parts, totals = by_area.part_rows[is_count], by_area.total_rows[is_count]
    sums = np.bincount(totals, weights=high[parts], minlength=len(low))
    below = (np.bincount(totals, minlength=len(low)) > 0) & (sums < low)
    for row in map(int, below.nonzero()[0]):
        submitted = returns[int(index.cells.item[row])]
        whole = catalogue.area_codes[int(index.cells.area[row])]
        rows = parts[totals == row]
        present = {catalogue.area_codes[int(area)] for area in index.cells.area[rows]}
        required = required_cells(catalogue, submitted.measure.slug, submitted.duty.area)
        inside = [area for area, key in required if key == TOTAL_KEY and catalogue.areas[area].parent == whole]
        missing = [area for area in inside if area not in present]
        named = ", ".join(catalogue.name_area(area) for area in missing[:MAX_NAMED_AREAS])
        more = f" and {len(missing) - MAX_NAMED_AREAS} more" if len(missing) > MAX_NAMED_AREAS else ""
        message = f"The areas add up to at most {sums[row]:.0f}, but {catalogue.name_area(whole)} is {low[row]:.0f}."
        findings.add(
            "areas-missing" if missing else "sum-below-total",
            f"{message} There is no row for {named}{more}." if missing else message,
            rows=np.append(row, [] if missing else rows).astype(np.int64) + index.first_row,
            cell=submitted.cell_name(whole, {}),
            expected=f"{low[row]:.0f}",
            actual=f"{sums[row]:.0f}",
            id_detail="by area",
        )
