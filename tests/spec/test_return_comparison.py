"""Comparison of two revisions of a return."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
from msgspec.structs import replace

from api.returns import comparison
from api.statistics import periods
from api.submissions.cell_columns import MISSING, Cells
from schema.returns import ReturnDetail, ReturnRevision
from schema.submission_reports import CellCounts
from schema.submissions import EvidenceEntry, MilestoneItem, ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, TOWN

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def make_summary(number: int) -> ReturnRevision:
    return ReturnRevision(
        organisation="quay-college",
        measure="learners",
        series="headline",
        service="main",
        period=periods.parse("2026-02"),
        kind=ReturnKind.DATA,
        revision=number,
        state=ReviewState.PENDING,
        approved_revision=None,
        cells=0,
        submission=UUID(int=number),
        recorded_at=NOW,
        note=None,
    )


def make_detail(number: int, **content: object) -> ReturnDetail:
    return ReturnDetail(summary=make_summary(number), observations=[], **content)


def make_cells(**values: int) -> Cells:
    """Return cells of the town by sex."""
    size = len(values)
    no_values = np.full(size, MISSING, dtype=np.int64)
    return Cells(
        item=np.zeros(size, dtype=np.int64),
        area=np.full(size, HARBOUR_CATALOGUE.ids.areas[TOWN], dtype=np.int64),
        breakdown=np.array([HARBOUR_CATALOGUE.ids.breakdowns[f"sex={sex}"] for sex in values], dtype=np.int64),
        value=np.array([*values.values()], dtype=np.int64),
        numerator=no_values,
        denominator=no_values,
        lower=no_values,
        upper=no_values,
        status=np.zeros(size, dtype=np.int64),
        notes=np.full(size, None, dtype=np.object_),
    )


def test_revisions_of_counts_are_compared_cell_by_cell(monkeypatch):
    before, after = make_cells(female=1, male=2), make_cells(female=1, male=3, unknown=4)
    difference = comparison.compare_revisions((make_detail(1), before), (make_detail(2), after), HARBOUR_CATALOGUE)
    assert difference.counts == CellCounts(received=3, added=1, changed=1, unchanged=1, withdrawn=0)
    changes = [(c.cell.breakdown, c.before and c.before.value, c.after and c.after.value) for c in difference.changes]
    assert changes == [({"sex": "male"}, 2, 3), ({"sex": "unknown"}, None, 4)]
    assert (difference.change_count, difference.items, difference.entries) == (2, [], [])
    monkeypatch.setattr(comparison, "MAX_LISTED_CHANGES", 1)
    difference = comparison.compare_revisions((make_detail(1), before), (make_detail(2), after), HARBOUR_CATALOGUE)
    assert (len(difference.changes), difference.change_count) == (1, 2)


def test_milestone_revisions_are_compared_item_by_item():
    a, b, c = (MilestoneItem(item=code, title=code, stage="begun", date=date(2026, 1, 1)) for code in "abc")
    changed = replace(b, stage="done")
    difference = comparison.compare_revisions(
        (make_detail(1, items=[a, b]), make_cells()),
        (make_detail(2, items=[changed, c]), make_cells()),
        HARBOUR_CATALOGUE,
    )
    assert [(change.item, change.before, change.after) for change in difference.items] == [
        ("a", a, None),
        ("b", b, changed),
        ("c", None, c),
    ]
    assert (difference.change_count, difference.changes, difference.entries) == (3, [], [])
    difference = comparison.compare_revisions(
        (make_detail(1, items=[a, b]), make_cells()), (make_detail(2, items=[b, a]), make_cells()), HARBOUR_CATALOGUE
    )
    assert (difference.change_count, difference.items) == (0, [])


def test_evidence_revisions_are_compared_entry_by_entry():
    a, b = (EvidenceEntry(domain="d", title=title, date=date(2026, 1, 1)) for title in "ab")
    difference = comparison.compare_revisions(
        (make_detail(1, entries=[a]), make_cells()), (make_detail(2), make_cells()), HARBOUR_CATALOGUE
    )
    assert [(change.before, change.after) for change in difference.entries] == [(a, None)]
    assert difference.counts == CellCounts(received=0, added=0, changed=0, unchanged=0, withdrawn=1)
    difference = comparison.compare_revisions(
        (make_detail(1, entries=[a]), make_cells()), (make_detail(2, entries=[a, b]), make_cells()), HARBOUR_CATALOGUE
    )
    assert [(change.before, change.after) for change in difference.entries] == [(None, b)]
