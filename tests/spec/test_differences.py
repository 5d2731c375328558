"""Two sets of cells: what was added, changed, withdrawn. Against a plain dictionary."""

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api.submissions import diff
from api.submissions.revisions import MISSING, NUMBER_FIELDS, Cells
from schema.problems import CellName
from schema.submission_reports import CellValue
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN, make_cells

COLUMNS = ("item", "area", "breakdown", *NUMBER_FIELDS, "status")


def cells(rows: dict) -> Cells:
    columns = [[*key, *said[:-1]] for key, said in rows.items()]
    numbers = np.array(columns, dtype=np.int64).reshape(-1, len(COLUMNS)).T
    notes = np.array([said[-1] for said in rows.values()], dtype=np.object_)
    return Cells(**dict(zip(COLUMNS, numbers, strict=True)), notes=notes)


# The key of a cell: return, area, breakdown; what it says: the five numbers, the status, the note.
KEYS = st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(1, 5))
NUMBER = st.sampled_from([MISSING, 0, 1, 2**53 - 1])
SAID = st.tuples(*[NUMBER] * 5, st.integers(0, 4), st.sampled_from([None, "", "ä"]))
SETS = st.dictionaries(KEYS, SAID, max_size=25)


def reference(now: dict, before: dict) -> dict[str, list]:
    """By return, area and breakdown."""
    shared = sorted(now.keys() & before.keys())
    return {
        "added": sorted(now.keys() - before.keys()),
        "changed": [key for key in shared if now[key] != before[key]],
        "unchanged": [key for key in shared if now[key] == before[key]],
        "withdrawn": sorted(before.keys() - now.keys()),
    }


@given(now=SETS, before=SETS)
def test_the_difference_is_that_of_two_dictionaries(now, before):
    # Some cells are the same in both, which random ones hardly ever are.
    now = now | {key: before[key] for key in list(before)[::2]}
    found = diff.diff_cells(cells(now), cells(before))
    new, old = list(now), list(before)
    assert {
        "added": [new[row] for row in found.added],
        "changed": [new[row] for row in found.changed],
        "unchanged": [new[row] for row in found.unchanged],
        "withdrawn": [old[row] for row in found.withdrawn],
    } == reference(now, before)
    assert [old[row] for row in found.changed_from] == [new[row] for row in found.changed]


@given(now=SETS, before=SETS)
def test_counts_add_up_for_each_return(now, before):
    new, old = cells(now), cells(before)
    found = diff.diff_cells(new, old)
    for item, counted in enumerate(diff.count_changes(found, new, old, items=4)):
        mine = {key for key in now if key[0] == item}
        stood = {key for key in before if key[0] == item}
        assert counted.received == len(mine) == counted.added + counted.changed + counted.unchanged
        assert counted.withdrawn + counted.changed + counted.unchanged == len(stood)


@given(now=SETS)
def test_nothing_differs_from_itself(now):
    found = diff.diff_cells(cells(now), cells(now))
    assert (len(found.added), len(found.changed), len(found.withdrawn)) == (0, 0, 0)
    assert len(found.unchanged) == len(now)


def changes(now: Cells, before: Cells, most: int = 10):
    found = diff.diff_cells(now, before)

    def named(item: int, area: str, breakdown: dict[str, str]) -> CellName:
        return CellName(measure="m", series="s", service="v", period="2026-02", area=area, breakdown=breakdown)

    told = diff.list_changes(found, now, before, HARBOUR_CATALOGUE, named, limit=most)
    return [(one.cell.area, one.cell.breakdown, one.before, one.after) for one in told]


NOW = make_cells("town 20", "town sex=male 8", "east c:1-4")
BEFORE = make_cells("town 20", "town sex=male 7", "town sex=female 13")
TOLD = [
    (TOWN, {"sex": "male"}, CellValue(value=7), CellValue(value=8)),
    (TOWN, {"sex": "female"}, CellValue(value=13), None),
    (EAST, {}, None, CellValue(lower=1, upper=4, status="c")),
]


def test_what_changed_is_told_first_then_what_went_then_what_came():
    assert changes(NOW, BEFORE) == TOLD
    for most in range(4):
        assert changes(NOW, BEFORE, most) == TOLD[:most]


def test_a_note_is_part_of_what_a_cell_says():
    noted = msgspec.structs.replace(BEFORE, notes=np.array(["Estimated.", None, None], dtype=np.object_))
    assert changes(noted, BEFORE) == [(TOWN, {}, CellValue(value=20), CellValue(value=20, note="Estimated."))]


def test_nothing_is_shared_with_nothing():
    keys, nothing = np.array([3, 1], dtype=np.int64), np.empty(0, dtype=np.int64)
    for one, other in ((keys, nothing), (nothing, keys), (nothing, nothing)):
        assert [rows.tolist() for rows in diff.match_keys(one, other)] == [[], []]
