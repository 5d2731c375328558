"""The cells that changed between two revisions of several returns, in pages."""

import pytest

from api.returns.changed_cells import list_changed_cells
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN, WEST, make_cells

CODES = HARBOUR_CATALOGUE.area_codes
NAMES = {TOWN: "town", EAST: "east", WEST: "west"}
NOW = make_cells("east 4", "town 20", "town sex=male 8", "town 30", "west 1", items=[0, 0, 0, 1, 1])
BEFORE = make_cells("town 20", "town sex=male 7", "town sex=female 13", "town 30", items=[0, 0, 0, 1])
ALL = [
    "0 town sex=female 13 withdrawn",
    "0 town sex=male 8 changed",
    "0 east 4 added",
    "1 west 1 added",
]


def list_page(area: str | None = None, after: int | None = None, limit: int = 10) -> list[str]:
    area_id = None if area is None else HARBOUR_CATALOGUE.ids.areas[area]
    page = list_changed_cells(NOW, BEFORE, area=area_id, after=after, limit=limit)
    return [
        " ".join(
            [
                str(cells.item[row]),
                NAMES[CODES[int(cells.area[row])]],
                *filter(None, [HARBOUR_CATALOGUE.breakdown_keys[int(cells.breakdown[row])]]),
                str(cells.value[row]),
                change,
            ]
        )
        for cells, row, change in page
    ]


def cell_id(cell: str) -> int:
    return int(make_cells(cell).cell_id[0])


@pytest.mark.parametrize(
    ("filters", "listed"),
    [
        ({}, ALL),
        ({"limit": 2}, ALL[:2]),
        ({"area": TOWN}, ALL[:2]),
        ({"area": WEST}, ALL[3:]),
        ({"after": cell_id("town sex=male 0")}, ALL[2:]),
        ({"after": cell_id("town sex=male 0"), "limit": 1}, ALL[2:3]),
        ({"after": cell_id("west 0")}, ALL[3:]),
        ({"after": cell_id("town sex=female 0"), "area": TOWN}, ALL[1:2]),
    ],
)
def test_changes_are_listed_by_return_area_and_breakdown(filters, listed):
    assert list_page(**filters) == listed


def test_without_earlier_cells_all_are_added():
    page = list_changed_cells(NOW, make_cells(), area=None, after=None, limit=10)
    assert [(int(cells.value[row]), change) for cells, row, change in page] == [
        (value, "added") for value in (20, 8, 4, 30, 1)
    ]
