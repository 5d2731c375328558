"""The rules that an operator's check finds broken: each is broken by one change of valid cells."""

import msgspec
import numpy as np
import pytest

from api.submissions.cell_columns import Cells
from api.submissions.packed_cells import PackedCells, pack_cells
from api.submissions.stored_cells import KnownCodes, find_faults
from schema.submissions import MAX_COUNT
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, make_cells

IDS = HARBOUR_CATALOGUE.ids
TOTAL = IDS.breakdowns[""]
KNOWN = KnownCodes(areas=frozenset(IDS.areas.values()), breakdowns=frozenset(IDS.breakdowns.values()), total=TOTAL)
VALID = make_cells("town 20", "town sex=male 8", "town sex=female c:1-4", "east x")


def pack(**columns: list[int]) -> PackedCells:
    arrays = {name: np.array(numbers, dtype=np.int64) for name, numbers in columns.items()}
    return pack_cells(Cells(**msgspec.structs.asdict(VALID) | arrays), TOTAL)


def test_valid_cells_have_no_faults():
    assert find_faults(pack(), KNOWN) == []


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("duplicate-cell", {"area": [IDS.areas["E06999999"]] * 4, "breakdown": [TOTAL, TOTAL, *VALID.breakdown[2:]]}),
        ("unknown-area", {"area": [999, *VALID.area[1:]]}),
        ("unknown-breakdown", {"breakdown": [TOTAL, 999, *VALID.breakdown[2:]]}),
        ("unknown-status", {"status": [0, 0, 1, 9]}),
        ("no-number-or-status", {"value": [-1, 8, -1, -1]}),
        ("no-number-or-status", {"status": [1, 0, 1, 2]}),
        ("two-numbers", {"numerator": [3, -1, -1, -1], "denominator": [4, -1, -1, -1]}),
        ("half-a-ratio", {"value": [-1, 8, -1, -1], "numerator": [3, -1, -1, -1]}),
        ("bounds-of-a-number", {"lower": [2, -1, 1, -1]}),
        ("bounds-in-disorder", {"lower": [-1, -1, 5, -1]}),
        ("too-large", {"value": [MAX_COUNT + 1, 8, -1, -1]}),
    ],
)
def test_each_rule_is_checked(code, columns):
    assert code in find_faults(pack(**columns), KNOWN)


def test_totals_must_come_first():
    packed = pack()
    assert packed.totals == 2
    assert find_faults(msgspec.structs.replace(packed, totals=1), KNOWN) == ["totals-not-first"]
    assert find_faults(msgspec.structs.replace(packed, totals=3), KNOWN) == ["totals-not-first"]


def test_columns_of_another_length_cannot_be_read():
    assert find_faults(msgspec.structs.replace(pack(), count=3), KNOWN) == ["wrong-length"]


def test_missing_cells_are_a_fault():
    assert find_faults(PackedCells(count=3), KNOWN) == ["no-cells"]
