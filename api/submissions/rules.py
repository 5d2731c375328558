"""Whether a submission is taken, and what it changes of what stands."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from api.http.refusals import InvalidParameter, NotAllowed
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.submissions import diff, effects, template
from api.submissions.checks import cells, content, history, identity, totals
from api.submissions.checks.findings import BaseRevisionOutdated, DryRunOutdated, Findings
from api.submissions.checks.history import AdjacentReturns
from api.submissions.diff import CellDiff
from api.submissions.revisions import (
    NO_REVISION,
    Cells,
    Column,
    Content,
    CurrentRevision,
    IdentifiedReturn,
    ParsedSubmission,
    ReturnDiff,
    ReturnKey,
    ReturnTotal,
)
from schema.problems import CellName, Finding, Severity
from schema.submission_reports import (
    CellCounts,
    CellValue,
    ChangedCell,
    Effect,
    EffectScope,
    Receipt,
    ReturnReport,
    SubmissionOutcome,
    SubmissionReport,
)
from schema.submissions import Justification, NewSubmission, ReturnKind, ReviewState

MAX_UNCONFIRMED_WITHDRAWAL_SHARE = 0.1
MAX_TEXT_CHARACTERS = 2000
MAX_LISTED_CHANGES = 1000


class CheckedSubmission(Struct, frozen=True, kw_only=True, eq=False):
    """A submission without errors, not yet compared with what stands."""

    parsed: ParsedSubmission
    organisation: str
    returns: list[IdentifiedReturn]
    cells: Cells
    findings: Findings

    @property
    def row_slices(self) -> list[slice]:
        """Where each return's cells are: they lie together, in the order of the returns."""
        ends = np.cumsum(np.bincount(self.cells.item, minlength=len(self.returns))).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


class SubmissionDiff(Struct, frozen=True, kw_only=True, eq=False):
    """A submission beside what stands."""

    returns: list[ReturnDiff]
    cell_diff: CellDiff
    submitted_cells: Cells
    current_cells: Cells


def resolve_owner(wanted: str | None, organisation: str, catalogue: Catalogue) -> str:
    """Whose returns these are. Raises NotAllowed for those of an organisation that the caller does not succeed."""
    if wanted is None or wanted in catalogue.list_represented_organisations(organisation):
        return wanted or organisation
    raise NotAllowed(f"The key belongs to {organisation} and submits for nobody else.")


def build_envelope(
    *, organisation: str | None, confirm_withdrawals: bool, justifications: Sequence[str], note: str | None
) -> NewSubmission:
    """The envelope of a file, from the request's parameters. Raises BadParameter for a justification without a text."""
    answered: list[Justification] = []
    for given in justifications:
        finding, colon, text = given.partition(":")
        if not (finding.strip() and colon and text.strip()) or len(text) > MAX_TEXT_CHARACTERS:
            raise InvalidParameter(
                f"{given[:80]!r} does not have the form `finding: text`, "
                f"with a text of at most {MAX_TEXT_CHARACTERS} characters."
            )
        answered.append(Justification(finding=finding.strip(), text=text.strip()))
    return NewSubmission(
        returns=[],
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=answered,
        note=note,
    )


def check_submission(
    sent: ParsedSubmission,
    catalogue: Catalogue,
    organisation: str,
    extensions: Mapping[ReturnKey, datetime],
    *,
    now: datetime,
) -> CheckedSubmission:
    """Tier after tier; each tells all that it finds. Raises Rejected."""
    sent = sent.group_by_return()
    findings = Findings(sent)
    content.check_free_texts(sent, findings)
    returns = identity.identify_returns(sent, catalogue, organisation, extensions, now=now, findings=findings)
    findings.raise_if_errors()
    columns = cells.resolve_codes(sent, catalogue, findings)
    grid = cells.CellIndex(columns, catalogue)
    cells.check_cells(columns, grid, returns, catalogue, findings)
    findings.raise_if_errors()
    if len(columns):
        totals.check_totals(columns, grid, returns, catalogue, findings)
    findings.raise_if_errors()
    return CheckedSubmission(parsed=sent, organisation=organisation, returns=returns, cells=columns, findings=findings)


def compare_with_current(
    examined: CheckedSubmission,
    standing: Mapping[ReturnKey, CurrentRevision],
    before: Cells,
    catalogue: Catalogue,
    *,
    now: datetime,
) -> SubmissionDiff:
    """Each return beside what stands. `before` are the standing cells, by the same items. Raises Rejected."""
    found = diff.diff_cells(examined.cells, before)
    counts = diff.count_changes(found, examined.cells, before, len(examined.returns))
    kept = np.bincount(before.item, minlength=len(examined.returns)).tolist()
    places = examined.cells.cell_id
    compared: list[ReturnDiff] = []
    for item, (one, rows) in enumerate(zip(examined.returns, examined.row_slices, strict=True)):
        stood = standing.get(one.key, NO_REVISION)
        mine = counts[item]
        if one.content is not None:
            mine = content.count_changes(one.content, stood.content)
        _check_withdrawals(one, item, mine, stood, kept[item] or len(stood.content), examined)
        same = stood.kind == one.submitted.kind and not (mine.added or mine.changed or mine.withdrawn)
        same &= stood.state is not ReviewState.REDACTED
        compared.append(
            ReturnDiff(
                identified_return=one,
                item=item,
                current=stood,
                counts=mine,
                completeness=template.calculate_completeness(one, places[rows], catalogue),
                outcome=SubmissionOutcome.UNCHANGED if same else SubmissionOutcome.ACCEPTED,
                revision_number=stood.number if same else stood.number + 1,
                first_received_at=stood.first_received_at or now,
            )
        )
    examined.findings.raise_if_errors()
    return SubmissionDiff(returns=compared, cell_diff=found, submitted_cells=examined.cells, current_cells=before)


def _check_withdrawals(
    one: IdentifiedReturn,
    item: int,
    counts: CellCounts,
    stood: CurrentRevision,
    standing: int,
    examined: CheckedSubmission,
) -> None:
    confirmed = examined.parsed.envelope.confirm_withdrawals
    limit = MAX_UNCONFIRMED_WITHDRAWAL_SHARE * standing
    of = content.content_field(one.measure, one.series)
    of = "cells" if of == "observations" else of
    if one.submitted.kind is ReturnKind.WITHDRAWN:
        if stood.kind in (None, ReturnKind.WITHDRAWN):
            examined.findings.add(
                "nothing-to-withdraw",
                f"No return of {one.measure.slug} {one.period.code} stands.",
                path=f"/returns/{item}",
            )
    elif counts.withdrawn > limit and not confirmed:
        examined.findings.add(
            "unconfirmed-withdrawals",
            f"{one.measure.slug} {one.period.code} would lose {counts.withdrawn} of its {standing} {of}.",
            path=f"/returns/{item}",
            expected=f"at most {int(limit)} without confirm_withdrawals",
            actual=str(counts.withdrawn),
        )


class OutdatedReturn(Struct, frozen=True, kw_only=True):
    """A return that was made from another revision than the one that stands."""

    item: int
    identified_return: IdentifiedReturn
    current: CurrentRevision


def find_outdated(examined: CheckedSubmission, standing: Mapping[ReturnKey, CurrentRevision]) -> list[OutdatedReturn]:
    """Those returns of a submission whose `base_revision` does not stand any more."""
    beside = [(one, standing.get(one.key, NO_REVISION)) for one in examined.returns]
    return [
        OutdatedReturn(item=item, identified_return=one, current=stands)
        for item, (one, stands) in enumerate(beside)
        if one.submitted.base_revision not in (None, stands.number)
    ]


def raise_if_outdated(
    returns: Sequence[OutdatedReturn], base: Mapping[int, Content], cells: Cells, before: Cells, catalogue: Catalogue
) -> None:
    """Raises StaleBase with all that has changed between the base revisions and those that stand, if any is stale.

    `base` are the items and entries of the base revisions, and `cells` their cells; `before` are those that stand.
    """
    if not returns:
        return
    named = {one.item: one.identified_return.cell_name for one in returns}
    mine = before.select(np.isin(before.item, list(named)))
    changes = diff.list_changes(
        diff.diff_cells(mine, cells),
        mine,
        cells,
        catalogue,
        lambda item, area, key: named[item](area, key),
        limit=MAX_LISTED_CHANGES,
    )
    by_key = {one.identified_return.key: one for one in returns}
    found: list[Finding] = []
    for change in changes:
        cell = change.cell
        one = by_key[cell.measure, cell.series, cell.service, cell.period]
        found.append(
            _changed_finding(
                "The cell",
                one.identified_return,
                one.current,
                cell,
                _describe_cell_value(change.before),
                _describe_cell_value(change.after),
            )
        )
    for one in returns:
        measure, series, service, period = one.identified_return.key
        whole = CellName(measure=measure, series=series, service=service, period=period)
        for name, was, now in content.describe_changes(base.get(one.item, []), one.current.content):
            found.append(_changed_finding(name, one.identified_return, one.current, whole, was, now))
    made = (
        f"{one.identified_return.measure.slug} {one.identified_return.period.code} was made from revision "
        f"{one.identified_return.submitted.base_revision}, and revision {one.current.number} stands"
        f"{f' ({one.current.kind})' if one.current.kind not in (None, ReturnKind.DATA) else ''}."
        for one in returns
    )
    raise BaseRevisionOutdated(" ".join(made), found)


def _changed_finding(
    what: str, one: IdentifiedReturn, stands: CurrentRevision, cell: CellName, was: str, now: str
) -> Finding:
    return Finding(
        code="changed-since-base",
        severity=Severity.ERROR,
        message=f"{what} has changed since revision {one.submitted.base_revision}.",
        cell=cell,
        expected=was,
        actual=now,
        fix=f"Revision {stands.number} says {now}. Take it over, or decide against it, and send the return with "
        f"`base_revision` {stands.number}.",
    )


def _describe_cell_value(value: CellValue | None) -> str:
    """A cell in one line: `12`, `8/10`, `c 1-4`, with its note."""
    if value is None:
        return "nothing"
    figure = value.value if value.denominator is None else f"{value.numerator}/{value.denominator}"
    said = str(value.status if figure is None else figure)
    if value.lower is not None or value.upper is not None:
        said += f" {value.lower or 0}-{'' if value.upper is None else value.upper}"
    return said if value.note is None else f"{said} (note: {value.note})"


def check_history(
    examined: CheckedSubmission,
    past: Sequence[ReturnTotal],
    neighbours: Sequence[AdjacentReturns],
    cells_of: Mapping[ReturnKey, Cells],
    catalogue: Catalogue,
) -> list[ReturnTotal]:
    """The tier that warns: against history. Returns the totals that are sent. `past` are the partner's own."""
    sent = history.submitted_totals(examined.returns, examined.organisation, examined.cells, catalogue)
    history.check_outliers(examined.returns, sent, past, examined.findings)
    here = {
        one.key: (examined.cells.slice_rows(rows), np.arange(rows.start, rows.stop, dtype=np.int64))
        for one, rows in zip(examined.returns, examined.row_slices, strict=True)
    }
    known: dict[ReturnKey, tuple[Cells, Column | None]] = {key: (one, None) for key, one in cells_of.items()}
    known.update(here)
    for total in past:
        if total.kind is ReturnKind.NIL and total.key in cells_of:
            known[total.key] = (history.zero_total_cells(total, catalogue), None)
    for total in sent:
        if total.kind is ReturnKind.NIL:
            known[total.key] = (history.zero_total_cells(total, catalogue), None)
    history.check_cumulative_counts(neighbours, known, catalogue, examined.findings)
    return sent


def build_report(
    comparison: SubmissionDiff,
    catalogue: Catalogue,
    examined: CheckedSubmission,
    *,
    changed_totals: Sequence[Effect],
    content_sha256: bytes,
    receipt: Receipt | None,
    expected_token: str | None = None,
) -> SubmissionReport:
    """What becomes of it. Without a receipt it is a dry run. Raises Rejected, or PreviewMoved."""
    findings = examined.findings.finish()
    token = make_preview_token(comparison, catalogue, examined, findings, changed_totals, content_sha256)
    if expected_token not in (None, token):
        raise DryRunOutdated("Your own standing returns, the plan or the content are not what the dry run saw.")
    returns = [
        ReturnReport(
            measure=one.identified_return.measure.slug,
            series=one.identified_return.series.slug,
            service=one.identified_return.duty.service,
            period=one.identified_return.period,
            outcome=one.outcome,
            revision=one.revision_number,
            counts=one.counts,
            timeliness=one.identified_return.deadlines
            and calendar.classify_timeliness(one.identified_return.deadlines, first_recorded_at=one.first_received_at),
            completeness=one.completeness,
        )
        for one in comparison.returns
    ]
    changes, change_count = _list_changes(comparison, catalogue)
    accepted = any(one.outcome is SubmissionOutcome.ACCEPTED for one in comparison.returns)
    return SubmissionReport(
        programme=catalogue.slug,
        organisation=examined.organisation,
        plan_version=catalogue.version,
        outcome=SubmissionOutcome.ACCEPTED if accepted else SubmissionOutcome.UNCHANGED,
        dry_run=receipt is None,
        receipt=receipt,
        dry_run_token=token if receipt is None else None,
        counts=CellCounts(
            **{
                name: sum(getattr(one.counts, name) for one in comparison.returns)
                for name in CellCounts.__struct_fields__
            }
        ),
        returns=returns,
        findings=findings,
        changes=changes,
        change_count=change_count,
        effects=list(changed_totals),
    )


def _list_changes(comparison: SubmissionDiff, catalogue: Catalogue) -> tuple[list[ChangedCell], int]:
    """Of the returns that stood already: a first return is all new, and says so in its counts."""
    stood = np.array([one.current.number > 0 for one in comparison.returns], dtype=np.bool_)
    found = comparison.cell_diff
    found = msgspec.structs.replace(found, added=found.added[stood[comparison.submitted_cells.item[found.added]]])

    def named(item: int, area: str, key: dict[str, str]) -> CellName:
        return comparison.returns[item].identified_return.cell_name(area, key)

    told = diff.list_changes(
        found, comparison.submitted_cells, comparison.current_cells, catalogue, named, limit=MAX_LISTED_CHANGES
    )
    return told, len(found.added) + len(found.changed) + len(found.withdrawn)


def make_preview_token(
    comparison: SubmissionDiff,
    catalogue: Catalogue,
    examined: CheckedSubmission,
    findings: Sequence[Finding],
    moved: Sequence[Effect],
    content_sha256: bytes,
) -> str:
    """Of the content, and of what the partner itself has standing and would be told of it: nothing else moves it."""
    stands = [(one.identified_return.key, one.current.number) for one in comparison.returns]
    own = [effect for effect in moved if effect.scope is EffectScope.OWN]
    told = (content_sha256.hex(), examined.organisation, catalogue.version, stands, [f.id for f in findings], own)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def visible_effects(
    own: Sequence[ReturnTotal],
    everybody: Sequence[ReturnTotal] | None,
    now: Sequence[ReturnTotal],
    catalogue: Catalogue,
) -> list[Effect]:
    """What moves: the organisation's own totals; and for a reviewer, to whom everybody's are shown, the programme's."""
    told = effects.calculate_effects(EffectScope.OWN, own, now, catalogue)
    if everybody is not None:
        told += effects.calculate_effects(EffectScope.PROGRAMME, everybody, now, catalogue)
    return told


def make_receipt(submission: UUID, content_sha256: bytes, *, now: datetime) -> Receipt:
    return Receipt(submission=submission, content_sha256=content_sha256.hex(), received_at=now)
