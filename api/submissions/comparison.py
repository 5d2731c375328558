"""Compare a checked submission with the current revisions of its returns."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions import diff, required_cells
from api.submissions.cell_columns import Cells
from api.submissions.checks import content
from api.submissions.checks.tiers import CheckedSubmission
from api.submissions.diff import CellDiff
from api.submissions.revisions import NO_REVISION, CurrentRevision, IdentifiedReturn, ReturnDiff, ReturnKey
from schema.submission_reports import CellCounts, SubmissionOutcome
from schema.submissions import ReturnKind, ReviewState

MAX_UNCONFIRMED_WITHDRAWAL_SHARE = 0.1


class SubmissionDiff(Struct, frozen=True, kw_only=True, eq=False):
    """A submission compared with the current revisions."""

    returns: list[ReturnDiff]
    cell_diff: CellDiff
    submitted_cells: Cells
    current_cells: Cells


def compare_with_current(
    checked: CheckedSubmission,
    revisions: Mapping[ReturnKey, CurrentRevision],
    current_cells: Cells,
    catalogue: Catalogue,
    roundings: Mapping[ReturnKey, int | None] | None = None,
    *,
    now: datetime,
) -> SubmissionDiff:
    """Compare each return with its current revision. Raises Rejected if a withdrawal is not allowed.

    `current_cells` have the `item` of the submitted return that they belong to. `roundings` are the declared bases of
    rounding of the current revisions.
    """
    cell_diff = diff.diff_cells(checked.cells, current_cells)
    cell_counts = diff.count_changes(cell_diff, checked.cells, current_cells, len(checked.returns))
    current_sizes = np.bincount(current_cells.item, minlength=len(checked.returns)).tolist()
    cell_ids = checked.cells.cell_id
    diffs: list[ReturnDiff] = []
    for item, (identified, rows) in enumerate(zip(checked.returns, checked.row_slices, strict=True)):
        current = revisions.get(identified.key, NO_REVISION)
        counts = cell_counts[item]
        if identified.content is not None:
            counts = content.count_changes(identified.content, current.content)
        _check_withdrawals(identified, item, counts, current, current_sizes[item] or len(current.content), checked)
        has_rounding = (roundings or {}).get(identified.key) == identified.submitted.rounded_to
        is_unchanged = has_rounding and _is_unchanged(identified, counts, current)
        diffs.append(
            ReturnDiff(
                identified_return=identified,
                item=item,
                current=current,
                counts=counts,
                completeness=required_cells.calculate_completeness(identified, cell_ids[rows], catalogue),
                outcome=SubmissionOutcome.UNCHANGED if is_unchanged else SubmissionOutcome.ACCEPTED,
                revision_number=current.number if is_unchanged else current.number + 1,
                first_received_at=current.first_received_at or now,
            )
        )
    checked.findings.raise_if_errors()
    return SubmissionDiff(
        returns=diffs, cell_diff=cell_diff, submitted_cells=checked.cells, current_cells=current_cells
    )


def _is_unchanged(identified: IdentifiedReturn, counts: CellCounts, current: CurrentRevision) -> bool:
    """Return True if the return has the content of the current revision, unless that is redacted."""
    has_changes = counts.added or counts.changed or counts.withdrawn
    return current.kind == identified.submitted.kind and not has_changes and current.state is not ReviewState.REDACTED


def _check_withdrawals(
    identified: IdentifiedReturn,
    item: int,
    counts: CellCounts,
    current: CurrentRevision,
    current_size: int,
    checked: CheckedSubmission,
) -> None:
    limit = MAX_UNCONFIRMED_WITHDRAWAL_SHARE * current_size
    name = f"{identified.measure.slug} {identified.period.code}"
    if identified.submitted.kind is ReturnKind.WITHDRAWN:
        if current.kind in (None, ReturnKind.WITHDRAWN):
            checked.findings.add(
                "nothing-to-withdraw", f"There is no current return of {name}.", path=f"/returns/{item}"
            )
    elif counts.withdrawn > limit and not checked.parsed.envelope.confirm_withdrawals:
        field = content.content_field(identified.measure, identified.series)
        noun = "cells" if field == "observations" else field
        checked.findings.add(
            "unconfirmed-withdrawals",
            f"{name} would lose {counts.withdrawn} of its {current_size} {noun}.",
            path=f"/returns/{item}",
            expected=f"at most {int(limit)} without confirm_withdrawals",
            actual=str(counts.withdrawn),
        )
