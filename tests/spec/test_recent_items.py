"""Items in memory and their limit."""

import pytest

from api.outcomes.recent_items import RecentItems

# fmt: off
#   what is added and found before `d` is added                        what is there at the end, of at most 10
CASES = [
    ([("add", "a", 3), ("add", "b", 3), ("add", "c", 3)],              "bcd"),
    ([("add", "a", 3), ("add", "b", 3), ("add", "c", 3), ("find", "a", 0)], "acd"),
    ([("add", "a", 6), ("add", "a", 5), ("add", "a", 4), ("add", "b", 3)],  "abd"),
    ([("add", "a", 3), ("add", "b", 12)],                              "d"),
    ([("find", "a", 0)],                                               "d"),
]
# fmt: on


@pytest.mark.parametrize(("steps", "expected"), CASES)
def test_most_recently_used_items_stay(steps, expected):
    items: RecentItems[str, int] = RecentItems(10)
    for step, key, size in [*steps, ("add", "d", 3)]:
        if step == "add":
            items.add(key, size, size)
        else:
            items.find(key)
    assert [key for key in "abcd" if items.find(key) is not None] == list(expected)
