"""Items in memory, of which those that were used most recently stay."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


class RecentItems(Generic[Key, Item]):
    """Items up to a total size. It evicts those that were used least recently."""

    def __init__(self, max_size: int) -> None:
        self._max_size, self._size = max_size, 0
        self._items: OrderedDict[Key, tuple[Item, int]] = OrderedDict()

    def find(self, key: Key) -> Item | None:
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key][0]

    def add(self, key: Key, item: Item, size: int = 1) -> None:
        """Add an item, which replaces the one with the same key. An item that is too large is not stored."""
        self._size += size - self._items.pop(key, (None, 0))[1]
        self._items[key] = item, size
        while self._size > self._max_size:
            self._size -= self._items.popitem(last=False)[1][1]
