"""The report on a submission, its receipt, and the token of a dry run."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np

from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.submissions import diff, effects
from api.submissions.checks.rejections import DryRunOutdated
from api.submissions.checks.tiers import CheckedSubmission
from api.submissions.comparison import SubmissionDiff
from api.submissions.diff import MAX_LISTED_CHANGES
from api.submissions.revisions import ReturnDiff, ReturnTotal
from schema.problems import CellName, Finding
from schema.submission_reports import (
    CellCounts,
    ChangedCell,
    Effect,
    EffectScope,
    Receipt,
    ReturnReport,
    SubmissionOutcome,
    SubmissionReport,
)


def build_report(
    comparison: SubmissionDiff,
    catalogue: Catalogue,
    checked: CheckedSubmission,
    *,
    changed_totals: Sequence[Effect],
    content_sha256: bytes,
    receipt: Receipt | None,
    expected_token: str | None = None,
) -> SubmissionReport:
    """Return the report. A dry run has no receipt.

    Raises Rejected if there are errors, and DryRunOutdated if the token differs from the expected one.
    """
    findings = checked.findings.finish()
    token = None
    if receipt is None or expected_token is not None:
        token = make_preview_token(comparison, catalogue, checked, findings, changed_totals, content_sha256)
    if expected_token not in (None, token):
        raise DryRunOutdated("Your current returns, the plan or the content have changed since the dry run.")
    changes, change_count = _list_changes(comparison, catalogue)
    is_accepted = any(return_diff.outcome is SubmissionOutcome.ACCEPTED for return_diff in comparison.returns)
    return SubmissionReport(
        programme=catalogue.slug,
        organisation=checked.organisation,
        plan_version=catalogue.version,
        outcome=SubmissionOutcome.ACCEPTED if is_accepted else SubmissionOutcome.UNCHANGED,
        dry_run=receipt is None,
        receipt=receipt,
        dry_run_token=token if receipt is None else None,
        counts=_sum_counts(comparison.returns),
        returns=[_build_return_report(return_diff) for return_diff in comparison.returns],
        findings=findings,
        changes=changes,
        change_count=change_count,
        effects=list(changed_totals),
        rows=checked.parsed.row_counts,
    )


def _build_return_report(return_diff: ReturnDiff) -> ReturnReport:
    identified = return_diff.identified_return
    return ReturnReport(
        measure=identified.measure.slug,
        series=identified.series.slug,
        service=identified.duty.service,
        period=identified.period,
        outcome=return_diff.outcome,
        revision=return_diff.revision_number,
        counts=return_diff.counts,
        timeliness=identified.deadlines
        and calendar.classify_timeliness(identified.deadlines, first_recorded_at=return_diff.first_received_at),
        completeness=return_diff.completeness,
    )


def _sum_counts(returns: Sequence[ReturnDiff]) -> CellCounts:
    names = CellCounts.__struct_fields__
    return CellCounts(**{name: sum(getattr(return_diff.counts, name) for return_diff in returns) for name in names})


def _list_changes(comparison: SubmissionDiff, catalogue: Catalogue) -> tuple[list[ChangedCell], int]:
    """Return the changes to earlier revisions, and how many there are. All cells of a first return are new."""
    has_revision = np.array([return_diff.current.number > 0 for return_diff in comparison.returns], dtype=np.bool_)
    cell_diff = comparison.cell_diff
    added = cell_diff.added[has_revision[comparison.submitted_cells.item[cell_diff.added]]]
    cell_diff = msgspec.structs.replace(cell_diff, added=added)

    def name_cell(item: int, area: str, breakdown: dict[str, str]) -> CellName:
        return comparison.returns[item].identified_return.cell_name(area, breakdown)

    changes = diff.list_changes(
        cell_diff,
        comparison.submitted_cells,
        comparison.current_cells,
        catalogue,
        name_cell,
        limit=MAX_LISTED_CHANGES,
    )
    return changes, len(cell_diff.added) + len(cell_diff.changed) + len(cell_diff.withdrawn)


def make_preview_token(
    comparison: SubmissionDiff,
    catalogue: Catalogue,
    checked: CheckedSubmission,
    findings: Sequence[Finding],
    changed_totals: Sequence[Effect],
    content_sha256: bytes,
) -> str:
    """Return a hash of everything that the organisation's own dry run depends on.

    Other organisations' returns do not change the token.
    """
    revisions = [(return_diff.identified_return.key, return_diff.current.number) for return_diff in comparison.returns]
    own_effects = [effect for effect in changed_totals if effect.scope is EffectScope.OWN]
    finding_ids = [finding.id for finding in findings]
    basis = (
        content_sha256.hex(),
        checked.organisation,
        catalogue.version,
        revisions,
        finding_ids,
        own_effects,
    )
    return hashlib.sha256(msgspec.json.encode(basis)).hexdigest()


def visible_effects(
    own: Sequence[ReturnTotal],
    everybody: Sequence[ReturnTotal] | None,
    submitted: Sequence[ReturnTotal],
    catalogue: Catalogue,
) -> list[Effect]:
    """Return the changes to the organisation's own totals, and for a reviewer those to the programme's totals.

    `own` and `everybody` are current totals; `everybody` is None if the caller is not a reviewer.
    """
    changed_totals = effects.calculate_effects(EffectScope.OWN, own, submitted, catalogue)
    if everybody is not None:
        changed_totals += effects.calculate_effects(EffectScope.PROGRAMME, everybody, submitted, catalogue)
    return changed_totals


def make_receipt(submission: UUID, content_sha256: bytes, *, now: datetime) -> Receipt:
    return Receipt(submission=submission, content_sha256=content_sha256.hex(), received_at=now)
