"""Whether a submission is taken, and what it changes of what stands."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from api.http.refusals import BadParameter, NotAllowed
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.submissions import diff, effects, template
from api.submissions.checks import cells, content, history, identity, totals
from api.submissions.checks.findings import Findings, PreviewMoved, StaleBase
from api.submissions.checks.history import Neighbours
from api.submissions.diff import Difference
from api.submissions.revisions import (
    NOTHING,
    Cells,
    Column,
    Compared,
    Content,
    Identified,
    PastTotal,
    ReturnKey,
    Sent,
    Standing,
)
from schema.problems import CellName, Finding, Severity
from schema.submissions import (
    CellValue,
    Change,
    Counts,
    Effect,
    EffectScope,
    Justification,
    NewSubmission,
    Receipt,
    Report,
    ReturnKind,
    ReturnReport,
    ReviewState,
    SubmissionOutcome,
)

WITHDRAWALS_WITHOUT_ASKING = 0.1
LONGEST_TEXT = 2000
TOLD_CHANGES = 1000


class Examined(Struct, frozen=True, kw_only=True, eq=False):
    """A submission without errors, not yet compared with what stands."""

    sent: Sent
    organisation: str
    returns: list[Identified]
    cells: Cells
    findings: Findings

    @property
    def rows(self) -> list[slice]:
        """Where each return's cells are: they lie together, in the order of the returns."""
        ends = np.cumsum(np.bincount(self.cells.item, minlength=len(self.returns))).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


class Comparison(Struct, frozen=True, kw_only=True, eq=False):
    """A submission beside what stands."""

    returns: list[Compared]
    difference: Difference
    now: Cells
    before: Cells


def for_whom(wanted: str | None, organisation: str, catalogue: Catalogue) -> str:
    """Whose returns these are. Raises NotAllowed for those of an organisation that the caller does not succeed."""
    if wanted is None or wanted in catalogue.acts_for(organisation):
        return wanted or organisation
    raise NotAllowed(f"The key belongs to {organisation} and submits for nobody else.")


def envelope(
    *, organisation: str | None, confirm_withdrawals: bool, justifications: Sequence[str], note: str | None
) -> NewSubmission:
    """The envelope of a file, from the request's parameters. Raises BadParameter for a justification without a text."""
    answered: list[Justification] = []
    for given in justifications:
        finding, colon, text = given.partition(":")
        if not (finding.strip() and colon and text.strip()) or len(text) > LONGEST_TEXT:
            raise BadParameter(
                f"{given[:80]!r} is not of the form `finding: text`, with a text of at most {LONGEST_TEXT} characters."
            )
        answered.append(Justification(finding=finding.strip(), text=text.strip()))
    return NewSubmission(
        returns=[],
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=answered,
        note=note,
    )


def examine(
    sent: Sent,
    catalogue: Catalogue,
    organisation: str,
    extensions: Mapping[ReturnKey, datetime],
    *,
    now: datetime,
) -> Examined:
    """Tier after tier; each tells all that it finds. Raises Rejected."""
    sent = sent.together()
    findings = Findings(sent)
    content.check_texts(sent, findings)
    returns = identity.identify(sent, catalogue, organisation, extensions, now=now, findings=findings)
    findings.settle()
    columns = cells.resolve(sent, catalogue, findings)
    grid = cells.Grid(columns, catalogue)
    cells.check(columns, grid, returns, catalogue, findings)
    findings.settle()
    if len(columns):
        totals.check(columns, grid, returns, catalogue, findings)
    findings.settle()
    return Examined(sent=sent, organisation=organisation, returns=returns, cells=columns, findings=findings)


def compare(
    examined: Examined,
    standing: Mapping[ReturnKey, Standing],
    before: Cells,
    catalogue: Catalogue,
    *,
    now: datetime,
) -> Comparison:
    """Each return beside what stands. `before` are the standing cells, by the same items. Raises Rejected."""
    found = diff.difference(examined.cells, before)
    counts = diff.counts(found, examined.cells, before, len(examined.returns))
    kept = np.bincount(before.item, minlength=len(examined.returns)).tolist()
    places = examined.cells.place
    compared: list[Compared] = []
    for item, (one, rows) in enumerate(zip(examined.returns, examined.rows, strict=True)):
        stood = standing.get(one.key, NOTHING)
        mine = counts[item]
        if one.content is not None:
            mine = content.counts(one.content, stood.content)
        _check_withdrawal(one, item, mine, stood, kept[item] or len(stood.content), examined)
        same = stood.kind == one.given.kind and not (mine.added or mine.changed or mine.withdrawn)
        same &= stood.state is not ReviewState.REDACTED
        compared.append(
            Compared(
                identified=one,
                item=item,
                before=stood,
                counts=mine,
                completeness=template.completeness(one, places[rows], catalogue),
                outcome=SubmissionOutcome.UNCHANGED if same else SubmissionOutcome.ACCEPTED,
                number=stood.number if same else stood.number + 1,
                first_received_at=stood.first_received_at or now,
            )
        )
    examined.findings.settle()
    return Comparison(returns=compared, difference=found, now=examined.cells, before=before)


def _check_withdrawal(
    one: Identified, item: int, counts: Counts, stood: Standing, standing: int, examined: Examined
) -> None:
    confirmed = examined.sent.envelope.confirm_withdrawals
    limit = WITHDRAWALS_WITHOUT_ASKING * standing
    of = content.belongs_in(one.measure, one.series)
    of = "cells" if of == "observations" else of
    if one.given.kind is ReturnKind.WITHDRAWN:
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


class Stale(Struct, frozen=True, kw_only=True):
    """A return that was made from another revision than the one that stands."""

    item: int
    identified: Identified
    stands: Standing


def stale(examined: Examined, standing: Mapping[ReturnKey, Standing]) -> list[Stale]:
    """Those returns of a submission whose `base_revision` does not stand any more."""
    beside = [(one, standing.get(one.key, NOTHING)) for one in examined.returns]
    return [
        Stale(item=item, identified=one, stands=stands)
        for item, (one, stands) in enumerate(beside)
        if one.given.base_revision not in (None, stands.number)
    ]


def refuse_stale(
    returns: Sequence[Stale], base: Mapping[int, Content], cells: Cells, before: Cells, catalogue: Catalogue
) -> None:
    """Raises StaleBase with all that has changed between the base revisions and those that stand, if any is stale.

    `base` are the items and entries of the base revisions, and `cells` their cells; `before` are those that stand.
    """
    if not returns:
        return
    named = {one.item: one.identified.named for one in returns}
    mine = before.take(np.isin(before.item, list(named)))
    changes = diff.changes(
        diff.difference(mine, cells),
        mine,
        cells,
        catalogue,
        lambda item, area, key: named[item](area, key),
        most=TOLD_CHANGES,
    )
    by_key = {one.identified.key: one for one in returns}
    found: list[Finding] = []
    for change in changes:
        cell = change.cell
        one = by_key[cell.measure, cell.series, cell.service, cell.period]
        found.append(_moved("The cell", one.identified, one.stands, cell, _said(change.was), _said(change.now)))
    for one in returns:
        measure, series, service, period = one.identified.key
        whole = CellName(measure=measure, series=series, service=service, period=period)
        for name, was, now in content.moved(base.get(one.item, []), one.stands.content):
            found.append(_moved(name, one.identified, one.stands, whole, was, now))
    made = (
        f"{one.identified.measure.slug} {one.identified.period.code} was made from revision "
        f"{one.identified.given.base_revision}, and revision {one.stands.number} stands"
        f"{f' ({one.stands.kind})' if one.stands.kind not in (None, ReturnKind.DATA) else ''}."
        for one in returns
    )
    raise StaleBase(" ".join(made), found)


def _moved(what: str, one: Identified, stands: Standing, cell: CellName, was: str, now: str) -> Finding:
    return Finding(
        code="moved-since-base",
        severity=Severity.ERROR,
        message=f"{what} has changed since revision {one.given.base_revision}.",
        cell=cell,
        expected=was,
        actual=now,
        hint=f"Revision {stands.number} says {now}. Take it over, or decide against it, and send the return with "
        f"`base_revision` {stands.number}.",
    )


def _said(value: CellValue | None) -> str:
    """A cell in one line: `12`, `8/10`, `c 1-4`, with its note."""
    if value is None:
        return "nothing"
    figure = value.value if value.denominator is None else f"{value.numerator}/{value.denominator}"
    said = str(value.status if figure is None else figure)
    if value.lower is not None or value.upper is not None:
        said += f" {value.lower or 0}-{'' if value.upper is None else value.upper}"
    return said if value.note is None else f"{said} (note: {value.note})"


def look_back(
    examined: Examined,
    past: Sequence[PastTotal],
    neighbours: Sequence[Neighbours],
    cells_of: Mapping[ReturnKey, Cells],
    catalogue: Catalogue,
) -> list[PastTotal]:
    """The tier that warns: against history. Returns the totals that are sent. `past` are the partner's own."""
    sent = history.current_totals(examined.returns, examined.organisation, examined.cells, catalogue)
    history.check_outliers(examined.returns, sent, past, examined.findings)
    here = {
        one.key: (examined.cells.part(rows), np.arange(rows.start, rows.stop, dtype=np.int64))
        for one, rows in zip(examined.returns, examined.rows, strict=True)
    }
    known: dict[ReturnKey, tuple[Cells, Column | None]] = {key: (one, None) for key, one in cells_of.items()}
    known.update(here)
    for total in past:
        if total.kind is ReturnKind.NIL and total.key in cells_of:
            known[total.key] = (history.nothing(total, catalogue), None)
    for total in sent:
        if total.kind is ReturnKind.NIL:
            known[total.key] = (history.nothing(total, catalogue), None)
    history.check_cumulative(neighbours, known, catalogue, examined.findings)
    return sent


def report(
    comparison: Comparison,
    catalogue: Catalogue,
    examined: Examined,
    *,
    moved: Sequence[Effect],
    content_sha256: bytes,
    receipt: Receipt | None,
    expected_token: str | None = None,
) -> Report:
    """What becomes of it. Without a receipt it is a dry run. Raises Rejected, or PreviewMoved."""
    findings = examined.findings.conclude()
    token = preview_token(comparison, catalogue, examined, findings, moved, content_sha256)
    if expected_token not in (None, token):
        raise PreviewMoved("Your own standing returns, the plan or the content are not what the dry run saw.")
    returns = [
        ReturnReport(
            measure=one.identified.measure.slug,
            series=one.identified.series.slug,
            service=one.identified.duty.service,
            period=one.identified.period,
            outcome=one.outcome,
            revision=one.number,
            counts=one.counts,
            timeliness=one.identified.deadlines
            and calendar.timeliness(one.identified.deadlines, first_recorded_at=one.first_received_at),
            completeness=one.completeness,
        )
        for one in comparison.returns
    ]
    changes, change_count = _changes(comparison, catalogue)
    accepted = any(one.outcome is SubmissionOutcome.ACCEPTED for one in comparison.returns)
    return Report(
        programme=catalogue.slug,
        organisation=examined.organisation,
        plan_version=catalogue.version,
        outcome=SubmissionOutcome.ACCEPTED if accepted else SubmissionOutcome.UNCHANGED,
        dry_run=receipt is None,
        receipt=receipt,
        preview_token=token if receipt is None else None,
        counts=Counts(
            **{name: sum(getattr(one.counts, name) for one in comparison.returns) for name in Counts.__struct_fields__}
        ),
        returns=returns,
        findings=findings,
        changes=changes,
        change_count=change_count,
        effects=list(moved),
    )


def _changes(comparison: Comparison, catalogue: Catalogue) -> tuple[list[Change], int]:
    """Of the returns that stood already: a first return is all new, and says so in its counts."""
    stood = np.array([one.before.number > 0 for one in comparison.returns], dtype=np.bool_)
    found = comparison.difference
    found = msgspec.structs.replace(found, added=found.added[stood[comparison.now.item[found.added]]])

    def named(item: int, area: str, key: dict[str, str]) -> CellName:
        return comparison.returns[item].identified.named(area, key)

    told = diff.changes(found, comparison.now, comparison.before, catalogue, named, most=TOLD_CHANGES)
    return told, len(found.added) + len(found.changed) + len(found.withdrawn)


def preview_token(
    comparison: Comparison,
    catalogue: Catalogue,
    examined: Examined,
    findings: Sequence[Finding],
    moved: Sequence[Effect],
    content_sha256: bytes,
) -> str:
    """Of the content, and of what the partner itself has standing and would be told of it: nothing else moves it."""
    stands = [(one.identified.key, one.before.number) for one in comparison.returns]
    own = [effect for effect in moved if effect.scope is EffectScope.OWN]
    told = (content_sha256.hex(), examined.organisation, catalogue.version, stands, [f.id for f in findings], own)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def moved(
    own: Sequence[PastTotal], everybody: Sequence[PastTotal] | None, now: Sequence[PastTotal], catalogue: Catalogue
) -> list[Effect]:
    """What moves: the organisation's own totals; and for a reviewer, to whom everybody's are shown, the programme's."""
    told = effects.effects(EffectScope.OWN, own, now, catalogue)
    if everybody is not None:
        told += effects.effects(EffectScope.PROGRAMME, everybody, now, catalogue)
    return told


def receipt(submission: UUID, content_sha256: bytes, *, now: datetime) -> Receipt:
    return Receipt(submission=submission, content_sha256=content_sha256.hex(), received_at=now)
