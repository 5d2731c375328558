"""Compare two revisions of a return."""

from collections.abc import Sequence

from api.plan.catalogue import Catalogue
from api.submissions import diff
from api.submissions.cell_columns import Cells
from api.submissions.checks import content
from api.submissions.diff import CellDiff
from schema.problems import CellName
from schema.returns import EntryChange, FigureChange, ItemChange, ReturnDetail, ReturnRevision, RevisionDiff
from schema.submission_reports import ChangedCell
from schema.submissions import MilestoneItem, PublisherFigure

MAX_LISTED_CHANGES = 10_000


def compare_revisions(
    before: tuple[ReturnDetail, Cells], after: tuple[ReturnDetail, Cells], catalogue: Catalogue
) -> RevisionDiff:
    """Compare the cells of counts, or else the content of milestone, evidence and published-figure returns.

    Items have codes, and figures have an area and breakdown, so these can change. An entry has no identity: a
    different entry is an old one removed and a new one added.
    """
    older, newer = before[0], after[0]
    older_content, newer_content = (detail.items or detail.entries or detail.figures for detail in (older, newer))
    if older_content or newer_content:
        counts = content.count_changes(newer_content, older_content)
        return RevisionDiff(
            older=older.summary,
            newer=newer.summary,
            counts=counts,
            changes=[],
            change_count=counts.added + counts.changed + counts.withdrawn,
            items=_list_item_changes(older.items, newer.items),
            entries=[
                *(EntryChange(before=entry, after=None) for entry in older.entries if entry not in newer.entries),
                *(EntryChange(before=None, after=entry) for entry in newer.entries if entry not in older.entries),
            ],
            figures=_list_figure_changes(older.figures, newer.figures),
        )
    difference = diff.diff_cells(after[1], before[1])
    return RevisionDiff(
        older=older.summary,
        newer=newer.summary,
        counts=diff.count_changes(difference, after[1], before[1], 1)[0],
        changes=_list_cell_changes(newer.summary, difference, before[1], after[1], catalogue),
        change_count=len(difference.added) + len(difference.changed) + len(difference.withdrawn),
    )


def _list_cell_changes(
    summary: ReturnRevision, difference: CellDiff, before: Cells, after: Cells, catalogue: Catalogue
) -> list[ChangedCell]:
    def name_cell(_: int, area: str, breakdown: dict[str, str]) -> CellName:
        return CellName(
            measure=summary.measure,
            series=summary.series,
            service=summary.service,
            period=summary.period.code,
            area=area,
            breakdown=breakdown,
        )

    return diff.list_changes(difference, after, before, catalogue, name_cell, limit=MAX_LISTED_CHANGES)


def _list_figure_changes(before: Sequence[PublisherFigure], after: Sequence[PublisherFigure]) -> list[FigureChange]:
    older = {content.identity_key(figure): figure for figure in before}
    newer = {content.identity_key(figure): figure for figure in after}
    return [
        FigureChange(before=older.get(key), after=newer.get(key))
        for key in dict.fromkeys([*older, *newer])
        if older.get(key) != newer.get(key)
    ]


def _list_item_changes(before: Sequence[MilestoneItem], after: Sequence[MilestoneItem]) -> list[ItemChange]:
    older = {item.item: item for item in before}
    newer = {item.item: item for item in after}
    return [
        ItemChange(item=code, before=older.get(code), after=newer.get(code))
        for code in dict.fromkeys([*older, *newer])
        if older.get(code) != newer.get(code)
    ]
