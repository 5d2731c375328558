"""Differences between two sets of cells, checked against plain dictionaries."""

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from api.submissions import diff
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, Cells
from schema.problems import CellName
from schema.submission_reports import CellValue
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN, make_cells

COLUMNS = ("item", "area", "breakdown", *NUMBER_FIELDS, "status")


def make_cells_of_rows(rows: dict) -> Cells:
    row_values = [[*key, *content[:-1]] for key, content in rows.items()]
    numbers = np.array(row_values, dtype=np.int64).reshape(-1, len(COLUMNS)).T
    notes = np.array([content[-1] for content in rows.values()], dtype=np.object_)
    return Cells(**dict(zip(COLUMNS, numbers, strict=True)), notes=notes)


# A cell's key is its return, area and breakdown. Its content is five numbers, a status and a note.
KEYS = st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(1, 5))
NUMBER = st.sampled_from([MISSING, 0, 1, 2**53 - 1])
CONTENT = st.tuples(*[NUMBER] * 5, st.integers(0, 4), st.sampled_from([None, "", "ä"]))
CELL_SETS = st.dictionaries(KEYS, CONTENT, max_size=25)


def calculate_expected(now: dict, before: dict) -> dict[str, list]:
    """Return the expected keys, ordered by return, area and breakdown."""
    shared = sorted(now.keys() & before.keys())
    return {
        "added": sorted(now.keys() - before.keys()),
        "changed": [key for key in shared if now[key] != before[key]],
        "unchanged": [key for key in shared if now[key] == before[key]],
        "withdrawn": sorted(before.keys() - now.keys()),
    }


@settings(deadline=None)
@given(now=CELL_SETS, before=CELL_SETS)
def test_difference_equals_that_of_two_dictionaries(now, before):
    # Random cells are rarely equal, so some are copied.
    now = now | {key: before[key] for key in list(before)[::2]}
    cell_diff = diff.diff_cells(make_cells_of_rows(now), make_cells_of_rows(before))
    new_keys, old_keys = list(now), list(before)
    assert {
        "added": [new_keys[row] for row in cell_diff.added],
        "changed": [new_keys[row] for row in cell_diff.changed],
        "unchanged": [new_keys[row] for row in cell_diff.unchanged],
        "withdrawn": [old_keys[row] for row in cell_diff.withdrawn],
    } == calculate_expected(now, before)
    assert [old_keys[row] for row in cell_diff.changed_from] == [new_keys[row] for row in cell_diff.changed]


@settings(deadline=None)
@given(now=CELL_SETS, before=CELL_SETS)
def test_counts_add_up_for_each_return(now, before):
    new, old = make_cells_of_rows(now), make_cells_of_rows(before)
    cell_diff = diff.diff_cells(new, old)
    for item, counts in enumerate(diff.count_changes(cell_diff, new, old, return_count=4)):
        new_keys = {key for key in now if key[0] == item}
        old_keys = {key for key in before if key[0] == item}
        assert counts.received == len(new_keys) == counts.added + counts.changed + counts.unchanged
        assert counts.withdrawn + counts.changed + counts.unchanged == len(old_keys)


@settings(deadline=None)
@given(now=CELL_SETS)
def test_cells_do_not_differ_from_themselves(now):
    cell_diff = diff.diff_cells(make_cells_of_rows(now), make_cells_of_rows(now))
    assert (len(cell_diff.added), len(cell_diff.changed), len(cell_diff.withdrawn)) == (0, 0, 0)
    assert len(cell_diff.unchanged) == len(now)


def list_changes(now: Cells, before: Cells, limit: int = 10):
    cell_diff = diff.diff_cells(now, before)

    def make_name(item: int, area: str, breakdown: dict[str, str]) -> CellName:
        return CellName(measure="m", series="s", service="v", period="2026-02", area=area, breakdown=breakdown)

    listed = diff.list_changes(cell_diff, now, before, HARBOUR_CATALOGUE, make_name, limit=limit)
    return [(change.cell.area, change.cell.breakdown, change.before, change.after) for change in listed]


NOW = make_cells("town 20", "town sex=male 8", "east c:1-4")
BEFORE = make_cells("town 20", "town sex=male 7", "town sex=female 13")
EXPECTED = [
    (TOWN, {"sex": "male"}, CellValue(value=7), CellValue(value=8)),
    (TOWN, {"sex": "female"}, CellValue(value=13), None),
    (EAST, {}, None, CellValue(lower=1, upper=4, status="c")),
]


def test_changes_list_changed_then_withdrawn_then_added_cells():
    assert list_changes(NOW, BEFORE) == EXPECTED
    for limit in range(4):
        assert list_changes(NOW, BEFORE, limit) == EXPECTED[:limit]


def test_changed_note_is_a_change_of_the_cell():
    noted = msgspec.structs.replace(BEFORE, notes=np.array(["Estimated.", None, None], dtype=np.object_))
    assert list_changes(noted, BEFORE) == [(TOWN, {}, CellValue(value=20), CellValue(value=20, note="Estimated."))]


def test_empty_sets_share_no_keys():
    keys, no_keys = np.array([3, 1], dtype=np.int64), np.empty(0, dtype=np.int64)
    for left, right in ((keys, no_keys), (no_keys, keys), (no_keys, no_keys)):
        assert [rows.tolist() for rows in diff.match_keys(left, right)] == [[], []]
