"""Reading a list page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from .errors import WorkHealthError

Item_co = TypeVar("Item_co", covariant=True)


class Page(Protocol[Item_co]):
    """One page of a list, and the cursor of the next page."""

    @property
    def items(self) -> Sequence[Item_co]: ...
    @property
    def next_cursor(self) -> object: ...


class PageCursor:
    """The cursor of the page to read next. A repeated cursor is an error: the reading would never end."""

    def __init__(self, first: str | None = None) -> None:
        self.current: str | None = first
        self._seen: set[str] = set()

    def advance(self, page: Page[object]) -> bool:
        """Move on to the page after this one. Return False if this page is the last."""
        cursor = page.next_cursor
        # A feed has a cursor on its last page too: the one to continue from later.
        if not isinstance(cursor, str) or not cursor or getattr(page, "has_more", True) is False:
            return False
        if cursor in self._seen:
            raise WorkHealthError("The server returned the same cursor twice, so the list would never end.")
        self._seen.add(cursor)
        self.current = cursor
        return True
