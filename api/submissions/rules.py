"""Whether a submission is taken, and what it changes of what stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.refusals import NotAllowed
from api.plan import calendar
from api.submissions import cells, identity, totals
from api.submissions.findings import Findings
from api.submissions.revisions import NUMBERS, Cells, Compared, Identified, Mask, Standing
from schema.problems import Finding
from schema.submissions import Counts, NewSubmission, Receipt, Report, ReturnReport, SubmissionOutcome

WITHDRAWALS_WITHOUT_ASKING = 0.1


class Examined(Struct, frozen=True, kw_only=True, eq=False):
    """A submission without errors, not yet compared with what stands."""

    organisation: str
    returns: list[Identified]
    cells: Cells
    findings: Findings


def examine(submission: NewSubmission, catalogue: Catalogue, organisation: str, *, now: datetime) -> Examined:
    """Tier after tier; each tells all that it finds. Raises Rejected, or NotAllowed for another's returns."""
    if submission.organisation not in (None, organisation):
        raise NotAllowed(f"The key belongs to {organisation} and submits for nobody else.")
    findings = Findings()
    returns = identity.identify(submission.returns, catalogue, organisation, now=now, findings=findings)
    findings.settle()
    columns = cells.resolve(returns, catalogue, findings)
    cells.check(columns, returns, catalogue, findings)
    findings.settle()
    if len(columns):
        totals.check(columns, returns, catalogue, findings)
    findings.settle()
    return Examined(organisation=organisation, returns=returns, cells=columns, findings=findings)


def compare(
    examined: Examined,
    standing: Mapping[tuple[str, str, str, str], Standing],
    *,
    confirm_withdrawals: bool,
    now: datetime,
) -> list[Compared]:
    """Each return beside what stands. Raises Rejected for withdrawals that nobody confirmed."""
    compared: list[Compared] = []
    for index, one in enumerate(examined.returns):
        before = standing[one.key]
        mine = examined.cells.take(examined.cells.item == index)
        counts = _counts(mine, before.cells)
        limit = WITHDRAWALS_WITHOUT_ASKING * len(before.cells)
        if counts.withdrawn > limit and not confirm_withdrawals:
            examined.findings.add(
                "unconfirmed-withdrawals",
                f"{one.measure.slug} {one.period.code} would lose {counts.withdrawn} of its {len(before.cells)} cells.",
                path=f"/returns/{index}",
                expected=f"at most {int(limit)} without confirm_withdrawals",
                actual=str(counts.withdrawn),
            )
        same = before.kind == one.given.kind and not (counts.added or counts.changed or counts.withdrawn)
        compared.append(
            Compared(
                identified=one,
                cells=mine,
                counts=counts,
                outcome=SubmissionOutcome.UNCHANGED if same else SubmissionOutcome.ACCEPTED,
                number=before.number if same else before.number + 1,
                first_recorded_at=before.first_recorded_at or now,
            )
        )
    examined.findings.settle()
    return compared


def _counts(now: Cells, before: Cells) -> Counts:
    shared, at, was = np.intersect1d(now.place, before.place, assume_unique=True, return_indices=True)
    equal: Mask = np.ones(len(shared), dtype=np.bool_)
    for name in (*NUMBERS, "status"):
        equal &= getattr(now, name)[at] == getattr(before, name)[was]
    equal &= np.array([now.notes[i] == before.notes[j] for i, j in zip(at, was, strict=True)], dtype=np.bool_)
    unchanged = int(equal.sum())
    return Counts(
        received=len(now),
        added=len(now) - len(shared),
        changed=len(shared) - unchanged,
        unchanged=unchanged,
        withdrawn=len(before) - len(shared),
    )


def report(
    compared: Sequence[Compared],
    catalogue: Catalogue,
    examined: Examined,
    *,
    submission: UUID,
    content_sha256: bytes,
    now: datetime,
) -> Report:
    """What became of it, from the partner's own figures and the plan alone."""
    returns = [
        ReturnReport(
            measure=one.identified.measure.slug,
            series=one.identified.series.slug,
            service=one.identified.duty.service,
            period=one.identified.period,
            outcome=one.outcome,
            revision=one.number,
            counts=one.counts,
            timeliness=calendar.timeliness(
                one.identified.period, catalogue.plan.calendar, first_recorded_at=one.first_recorded_at
            ),
        )
        for one in compared
    ]
    accepted = any(one.outcome is SubmissionOutcome.ACCEPTED for one in compared)
    findings: list[Finding] = examined.findings.told()
    return Report(
        programme=catalogue.slug,
        organisation=examined.organisation,
        plan_version=catalogue.version,
        outcome=SubmissionOutcome.ACCEPTED if accepted else SubmissionOutcome.UNCHANGED,
        receipt=Receipt(submission=submission, content_sha256=content_sha256.hex(), received_at=now),
        counts=Counts(
            **{name: sum(getattr(one.counts, name) for one in compared) for name in Counts.__struct_fields__}
        ),
        returns=returns,
        findings=findings,
    )
