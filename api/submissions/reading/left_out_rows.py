"""Account for the rows of a file that are no records: why each is left out."""

from collections.abc import Iterable

from schema.submission_reports import MAX_LISTED_ROWS, LeftOutRows, RowCounts, RowReason


class RowAccount:
    """The rows that have been left out so far, by reason."""

    def __init__(self) -> None:
        self._count_by_reason: dict[RowReason, int] = {}
        self._rows_by_reason: dict[RowReason, list[int]] = {}

    def add(self, reason: RowReason, rows: Iterable[int], *, count: int | None = None) -> None:
        """Leave out these rows. `count` is given where they are only the first of them."""
        listed = self._rows_by_reason.setdefault(reason, [])
        given = list(rows)
        listed.extend(given[: MAX_LISTED_ROWS - len(listed)])
        self._count_by_reason[reason] = self._count_by_reason.get(reason, 0) + (len(given) if count is None else count)

    def summarise(self, read: int) -> RowCounts:
        """Return the counts for a file of which this many rows were read."""
        left_out = [
            LeftOutRows(reason=reason, count=count, rows=sorted(self._rows_by_reason[reason]))
            for reason in RowReason
            if (count := self._count_by_reason.get(reason, 0))
        ]
        return RowCounts(read=read, used=read - sum(group.count for group in left_out), left_out=left_out)
