"""A quoted cell that swallows rows of a CSV file is found by the SDK, and a note with line breaks is not one."""

import pytest

from work_health import ColumnMapping
from work_health.errors import CheckFailed
from work_health.grids import read_grid
from work_health.table_building import build_table

HEADER = "measure,period,area,value,note\n"
ROW = "visits,2026-02,E06999999,12,"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f'{ROW}"late\n{ROW}\n{ROW}see email"\n{ROW}\n', [2, 4]),
        (f'{ROW}\n{ROW}"late\n{ROW}see email"\n', [3, 4]),
        (f'{ROW}"late\n,,E05999991,31,\n,,E05999992,12,see email"\n', [2, 4]),
        (f'{ROW}"two forms were late,\nsee our email, of May"\n{ROW}\n', []),
        (f'{ROW}"one, two, three, four, five\nsix, seven, eight, nine, ten"\n{ROW}\n', []),
        (f'{ROW}"Counted 12\n\nby hand"\n', []),
    ],
)
def test_finding_names_the_swallowed_rows(text, rows):
    grid = read_grid((HEADER + text).encode())
    for mapping in (None, ColumnMapping()):
        if rows:
            with pytest.raises(CheckFailed) as raised:
                build_table(grid, [], mapping)
            [finding] = raised.value.findings
            assert (finding.code, finding.rows, finding.column) == ("swallowed-rows", rows, "note")
        else:
            assert build_table(grid, [], mapping).warnings == ()


def test_table_of_one_column_swallows_nothing():
    mapping = ColumnMapping.from_document({"constants": {"measure": "visits", "area": "E06999999"}})
    assert build_table(read_grid(b'value\n"1\n2"\n'), [], mapping).rows == [["1\n2", "visits", "E06999999"]]
