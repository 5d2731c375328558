"""Reject returns that were made from another revision than the current one, with the differences between the two."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions import diff
from api.submissions.cell_columns import Cells
from api.submissions.checks import content
from api.submissions.checks.rejections import BaseRevisionOutdated
from api.submissions.checks.tiers import CheckedSubmission
from api.submissions.diff import MAX_LISTED_CHANGES
from api.submissions.revisions import NO_REVISION, Content, CurrentRevision, IdentifiedReturn, ReturnKey
from schema.problems import CellName, Finding, Severity
from schema.submission_reports import CellValue
from schema.submissions import ReturnKind


class OutdatedReturn(Struct, frozen=True, kw_only=True):
    """A return whose `base_revision` is not the current revision."""

    item: int  # index of the return in its submission
    identified_return: IdentifiedReturn
    current: CurrentRevision


def find_outdated(checked: CheckedSubmission, revisions: Mapping[ReturnKey, CurrentRevision]) -> list[OutdatedReturn]:
    """Return the returns of a submission whose `base_revision` is not the current revision."""
    pairs = [(identified, revisions.get(identified.key, NO_REVISION)) for identified in checked.returns]
    return [
        OutdatedReturn(item=item, identified_return=identified, current=current)
        for item, (identified, current) in enumerate(pairs)
        if identified.submitted.base_revision not in (None, current.number)
    ]


def raise_if_outdated(
    returns: Sequence[OutdatedReturn],
    base_contents: Mapping[int, Content],
    base_cells: Cells,
    current_cells: Cells,
    catalogue: Catalogue,
) -> None:
    """Raise BaseRevisionOutdated with every difference between the base revisions and the current ones.

    `base_contents` are the items, entries or figures of the base revisions, by the `item` of the return.
    """
    if not returns:
        return
    findings = [
        *_changed_cells(returns, base_cells, current_cells, catalogue),
        *_changed_content(returns, base_contents),
    ]
    raise BaseRevisionOutdated(" ".join(map(_describe_outdated, returns)), findings)


def _describe_outdated(outdated: OutdatedReturn) -> str:
    identified, current = outdated.identified_return, outdated.current
    kind = f" ({current.kind})" if current.kind not in (None, ReturnKind.DATA) else ""
    return (
        f"{identified.measure.slug} {identified.period.code} was made from revision "
        f"{identified.submitted.base_revision}, but the current revision is {current.number}{kind}."
    )


def _changed_cells(
    returns: Sequence[OutdatedReturn], base_cells: Cells, current_cells: Cells, catalogue: Catalogue
) -> Iterator[Finding]:
    by_item = {outdated.item: outdated for outdated in returns}
    cells = current_cells.select(np.isin(current_cells.item, list(by_item)))
    changes = diff.list_changes(
        diff.diff_cells(cells, base_cells),
        cells,
        base_cells,
        catalogue,
        lambda item, area, breakdown: by_item[item].identified_return.cell_name(area, breakdown),
        limit=MAX_LISTED_CHANGES,
    )
    by_key = {outdated.identified_return.key: outdated for outdated in returns}
    for change in changes:
        name = change.cell
        outdated = by_key[name.measure, name.series, name.service, name.period]
        before, after = _describe_cell_value(change.before), _describe_cell_value(change.after)
        yield _changed_finding("The cell", outdated, name, before, after)


def _changed_content(returns: Sequence[OutdatedReturn], base_contents: Mapping[int, Content]) -> Iterator[Finding]:
    for outdated in returns:
        measure, series, service, period = outdated.identified_return.key
        name = CellName(measure=measure, series=series, service=service, period=period)
        base = base_contents.get(outdated.item, [])
        for subject, before, after in content.describe_changes(base, outdated.current.content):
            yield _changed_finding(subject, outdated, name, before, after)


def _changed_finding(subject: str, outdated: OutdatedReturn, cell: CellName, before: str, after: str) -> Finding:
    current = outdated.current.number
    return Finding(
        code="changed-since-base",
        severity=Severity.ERROR,
        message=f"{subject} has changed since revision {outdated.identified_return.submitted.base_revision}.",
        cell=cell,
        expected=before,
        actual=after,
        fix=f"Revision {current} has {after}. Decide whether to accept the change, and send the return with "
        f"`base_revision` {current}.",
    )


def _describe_cell_value(value: CellValue | None) -> str:
    """Return a cell in one line: `12`, `8/10`, `c 1-4`, with its note."""
    if value is None:
        return "nothing"
    figure = value.value if value.denominator is None else f"{value.numerator}/{value.denominator}"
    text = str(value.status if figure is None else figure)
    if value.lower is not None or value.upper is not None:
        text += f" {value.lower or 0}-{'' if value.upper is None else value.upper}"
    return text if value.note is None else f"{text} (note: {value.note})"
