"""Compare a submission with the current revisions, and read what that needs of them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.threads import run_in_thread_if_large
from api.plan.catalogue import Catalogue
from api.submissions.checks.tiers import CheckedSubmission
from api.submissions.comparison import SubmissionDiff, compare_with_current
from api.submissions.queries_opening import OpenedSubmission
from api.submissions.queries_revisions import fetch_roundings
from api.submissions.revisions import ReturnKey
from schema.submission_reports import SubmissionOutcome


async def compare_submission(
    transaction: AsyncConnection,
    checked: CheckedSubmission,
    opened: OpenedSubmission,
    catalogue: Catalogue,
    *,
    size: int,
    now: datetime,
) -> SubmissionDiff:
    """Compare each return with its current revision. Only one with the same cells needs to know its stored rounding.

    Raises Rejected.
    """

    async def compare(roundings: Mapping[ReturnKey, int | None]) -> SubmissionDiff:
        cells = opened.current_cells
        return await run_in_thread_if_large(
            size, lambda: compare_with_current(checked, opened.revisions, cells, catalogue, roundings, now=now)
        )

    declared = {identified.key: identified.submitted.rounded_to for identified in checked.returns}
    comparison = await compare(declared)
    same = {
        one.identified_return.key: one.revision_number
        for one in comparison.returns
        if one.outcome is SubmissionOutcome.UNCHANGED
    }
    if same:
        stored = await fetch_roundings(transaction, catalogue, opened.return_ids, same)
        if any(stored.get(key) != declared[key] for key in same):
            return await compare(declared | {key: stored.get(key) for key in same})
    return comparison
