"""The tiers of checks, in order. A tier that finds an error ends the check, so that no error causes further ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.plan.calendar import apply_extension
from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import Cells, Column
from api.submissions.checks import (
    cells,
    content,
    cross_tables,
    history,
    identity,
    longer_periods,
    resolved_codes,
    totals,
)
from api.submissions.checks.findings import Findings
from api.submissions.checks.history import AdjacentReturns
from api.submissions.checks.longer_periods import LongerReturn
from api.submissions.parsed import ParsedSubmission
from api.submissions.revisions import IdentifiedReturn, ReturnKey, ReturnTotal
from schema.submissions import ReturnKind


class CheckedSubmission(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """A submission without errors, not yet compared with the current revisions."""

    parsed: ParsedSubmission
    organisation: str
    returns: list[IdentifiedReturn]
    cells: Cells
    findings: Findings

    @cached_property
    def row_slices(self) -> list[slice]:
        """The rows of each return's cells. They are next to each other, in the order of the returns."""
        ends = np.cumsum(np.bincount(self.cells.item, minlength=len(self.returns))).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def check_submission(
    parsed: ParsedSubmission,
    catalogue: Catalogue,
    organisation: str,
    extensions: Mapping[ReturnKey, datetime],
    *,
    now: datetime,
) -> CheckedSubmission:
    """Run the tiers that need no other returns. Raises Rejected with all errors of the first tier that has any."""
    given = parsed.group_by_return()
    parsed = given.leave_out_blank_rows()
    if not parsed.returns:
        findings = Findings(given)
        findings.add("no-rows", "No row has a number or a status.", rows=np.arange(len(given.cells)))
        findings.raise_if_errors()
    findings = Findings(parsed)
    content.check_entry_count(parsed.envelope, findings)
    findings.raise_if_errors()
    content.check_free_texts(parsed, findings)
    returns = identity.identify_returns(parsed, catalogue, organisation, extensions, now=now, findings=findings)
    findings.raise_if_errors()
    resolved = resolved_codes.resolve_codes(parsed, returns, catalogue, findings)
    index = cells.index_cells(resolved, catalogue)
    cells.check_cells(index, returns, catalogue, findings)
    findings.raise_if_errors()
    for block in index.split():
        totals.check_totals(block, returns, catalogue, findings)
    findings.raise_if_errors()
    checked = CheckedSubmission(
        parsed=parsed, organisation=organisation, returns=returns, cells=resolved, findings=findings
    )
    cross_tables.check_cross_tables(resolved, checked.row_slices, returns, catalogue, findings)
    findings.raise_if_errors()
    return checked


def extend_deadlines(checked: CheckedSubmission, extensions: Mapping[ReturnKey, datetime]) -> CheckedSubmission:
    """Return the submission with the deadlines of the returns that have more time."""
    if not extensions:
        return checked
    returns = [
        replace(identified, deadlines=apply_extension(identified.deadlines, extensions.get(identified.key)))
        if identified.deadlines is not None
        else identified
        for identified in checked.returns
    ]
    return replace(checked, returns=returns)


def check_history(
    checked: CheckedSubmission,
    past: Sequence[ReturnTotal],
    neighbours: Sequence[AdjacentReturns],
    longer_returns: Sequence[LongerReturn],
    current_cells: Mapping[ReturnKey, Cells],
    catalogue: Catalogue,
) -> list[ReturnTotal]:
    """Compare with earlier periods, and return the submitted totals. This tier only warns.

    `past` are the organisation's own current totals, `current_cells` the cells of neighbours that are not submitted.
    """
    submitted = history.submitted_totals(checked.returns, checked.organisation, checked.cells, catalogue)
    history.check_outliers(checked.returns, submitted, past, checked.findings)
    cells_by_return: dict[ReturnKey, tuple[Cells, Column | None]] = {
        key: (neighbour_cells, None) for key, neighbour_cells in current_cells.items()
    }
    for identified, rows in zip(checked.returns, checked.row_slices, strict=True):
        row_numbers = np.arange(rows.start, rows.stop, dtype=np.int64)
        cells_by_return[identified.key] = (checked.cells.slice_rows(rows), row_numbers)
    for total in past:
        if total.kind is ReturnKind.NIL and total.key in current_cells:
            cells_by_return[total.key] = (history.zero_total_cells(total, catalogue), None)
    for total in submitted:
        if total.kind is ReturnKind.NIL:
            cells_by_return[total.key] = (history.zero_total_cells(total, catalogue), None)
    history.check_cumulative_counts(neighbours, cells_by_return, catalogue, checked.findings)
    longer_periods.check_distinct_counts(longer_returns, cells_by_return, catalogue, checked.findings)
    return submitted
