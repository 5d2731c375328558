"""A parsed submission: the envelope and the cells of all its returns, in any format."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUS_INDEX, Cells, Column, Mask, to_column
from schema.submission_reports import MAX_LISTED_ROWS, LeftOutRows, RowCounts, RowReason
from schema.submissions import NewReturn, NewSubmission, Observation


class ParsedSubmission(Struct, frozen=True, kw_only=True, eq=False):
    """A submission before its codes are resolved.

    The returns of the envelope have no observations; the cells with `item` i belong to `returns[i]`. Each distinct area
    and breakdown is stored once, because there are far fewer of them than cells.
    """

    envelope: NewSubmission
    cells: Cells  # area and breakdown are indices into the two lists that follow
    distinct_areas: Sequence[str]
    distinct_breakdowns: Sequence[dict[str, str]]
    row: Column  # the sender's own number of each cell: a line of the file, or its position in the JSON body
    is_tabular: bool = False  # rows are lines of a file, and columns have names
    rows: RowCounts | None = None  # None: each cell is a row, and none was left out

    @property
    def returns(self) -> list[NewReturn]:
        return self.envelope.returns

    @property
    def row_counts(self) -> RowCounts:
        """The rows of the content: read, used and left out."""
        return self.rows or RowCounts(read=len(self.cells), used=len(self.cells))

    @property
    def size(self) -> int:
        """The number of cells, items, entries and figures."""
        return len(self.cells) + sum(len(g.items) + len(g.entries) + len(g.figures) for g in self.returns)

    def leave_out_blank_rows(self) -> "ParsedSubmission":
        """Return the submission without the rows that have neither number nor status nor note: they are missing.

        A file names a return in each of its rows, so that one with blank rows only is not in it. A return in JSON
        exists without rows.
        """
        cells = self.cells
        is_filled: Mask = cells.status != STATUS_INDEX[None]
        for name in NUMBER_FIELDS:
            is_filled |= getattr(cells, name) != MISSING
        unfilled = np.flatnonzero(~is_filled)
        is_filled[unfilled] = [note is not None for note in cells.notes[unfilled]]
        if is_filled.all():
            return self
        remaining, returns = cells.select(is_filled), self.returns
        if self.is_tabular:
            size = len(returns)
            is_kept = np.isin(np.arange(size), cells.item, invert=True) | np.isin(np.arange(size), remaining.item)
            returns = [given for given, kept in zip(returns, is_kept.tolist(), strict=True) if kept]
            remaining = replace(remaining, item=(np.cumsum(is_kept) - 1)[remaining.item])
        return replace(
            self,
            envelope=replace(self.envelope, returns=returns),
            cells=remaining,
            row=self.row[is_filled],
            rows=_add_blank_rows(self.row_counts, self.row[~is_filled]),
        )

    def group_by_return(self) -> "ParsedSubmission":
        """Return the same submission with the cells of each return next to each other, in the order of the returns."""
        item = self.cells.item
        if (item[1:] >= item[:-1]).all():
            return self
        order = np.argsort(item, kind="stable")
        return replace(self, cells=self.cells.select(order), row=self.row[order])


def _add_blank_rows(rows: RowCounts, blank: Column) -> RowCounts:
    """Return the counts with more rows that are left out because they are blank."""
    groups = {group.reason: group for group in rows.left_out}
    known = groups.get(RowReason.BLANK, LeftOutRows(reason=RowReason.BLANK, count=0, rows=[]))
    groups[RowReason.BLANK] = LeftOutRows(
        reason=RowReason.BLANK,
        count=known.count + len(blank),
        rows=sorted([*known.rows, *np.sort(blank)[:MAX_LISTED_ROWS].tolist()])[:MAX_LISTED_ROWS],
    )
    left_out = [groups[reason] for reason in RowReason if reason in groups]
    return RowCounts(read=rows.read, used=rows.used - len(blank), left_out=left_out)


def to_columns(submission: NewSubmission) -> ParsedSubmission:
    """Convert the observations of a submission to columns."""
    observations = list(chain.from_iterable(new_return.observations for new_return in submission.returns))
    sizes = [len(new_return.observations) for new_return in submission.returns]
    areas: dict[str, int] = {}
    breakdowns: dict[tuple[tuple[str, str], ...], int] = {}
    cells = Cells(
        item=np.repeat(np.arange(len(submission.returns)), sizes),
        area=to_column([areas.setdefault(o.area, len(areas)) for o in observations]),
        breakdown=to_column([breakdowns.setdefault(tuple(o.breakdown.items()), len(breakdowns)) for o in observations]),
        status=to_column([STATUS_INDEX[o.status] for o in observations]),
        notes=np.array([o.note for o in observations], dtype=np.object_),
        value=_number_column(observations, "value"),
        numerator=_number_column(observations, "numerator"),
        denominator=_number_column(observations, "denominator"),
        lower=_number_column(observations, "lower"),
        upper=_number_column(observations, "upper"),
    )
    return ParsedSubmission(
        envelope=submission,
        cells=cells,
        distinct_areas=list(areas),
        distinct_breakdowns=[dict(pairs) for pairs in breakdowns],
        row=np.arange(1, len(observations) + 1, dtype=np.int64),
    )


def _number_column(observations: Sequence[Observation], name: str) -> Column:
    numbers = [getattr(observation, name) for observation in observations]
    return to_column([MISSING if number is None else number for number in numbers])
