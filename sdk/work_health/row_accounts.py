"""Account for the rows of a source: how many were read and used, and why the others are left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from ._spelling.counts import read_count
from ._spelling.marks import is_unclear_mark, read_mark
from ._spelling.names import fold_name
from ._spelling.trailing_rows import classify_trailing_row

if TYPE_CHECKING:
    from ._generated.models import RowCounts

MAX_TRAILING_ROWS = 30
MAX_SHOWN_ROWS = 6
MAX_SHOWN_FIGURES = 12
TOTAL_WORDS = frozenset({"total", "totals", "all", "overall", "sum"})
NumberedRow = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRows:
    """The rows that are left out for one reason."""

    reason: str
    """`title`, `header`, `blank`, `total`, `footnote`, `skipped` by the mapping, or `repeated` from another sheet."""
    count: int
    rows: tuple[int, ...]
    """Their numbers, as the source shows them. Of a file that only the server read, the first 100."""
    sheet: str = ""
    texts: tuple[str, ...] = ()
    """The first cell and the largest number of each row that has numbers. Without any, the rows have none."""

    def __str__(self) -> str:
        names = [f"{row} {text}" for row, text in zip(self.rows, self.texts, strict=True)] if self.texts else self.rows
        limit = MAX_SHOWN_FIGURES if self.texts else MAX_SHOWN_ROWS
        more = f" … ({self.count})" if self.count > limit else ""
        return f"{self.reason} {', '.join(map(str, names[:limit]))}{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAccount:
    """The rows of a source: read, used and left out. `read` is always `used` plus the counts of `left_out`."""

    read: int
    used: int
    left_out: tuple[LeftOutRows, ...] = ()

    @classmethod
    def from_report(cls, counts: RowCounts) -> RowAccount:
        """Return the server's account of a file that it alone read."""
        groups = [
            LeftOutRows(reason=group.reason.value, count=group.count, rows=tuple(group.rows))
            for group in counts.left_out or ()
        ]
        return cls(read=counts.read, used=counts.used, left_out=tuple(groups))

    def name_skipped_totals(self) -> str:
        """Return the skipped rows with numbers that have a word for a total, as text."""
        return ", ".join(
            f"row {row} {text}{f' of {group.sheet}' if group.sheet else ''}"
            for group in self.left_out
            if group.reason == "skipped"
            for row, text in zip(group.rows, group.texts, strict=False)
            if not TOTAL_WORDS.isdisjoint(fold_name(text).split())
        )

    def name_sheet(self, sheet: str) -> RowAccount:
        return replace(self, left_out=tuple(replace(group, sheet=sheet) for group in self.left_out))

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        by_sheet: dict[str, list[LeftOutRows]] = {}
        for group in sorted(self.left_out, key=lambda group: not group.texts):
            by_sheet.setdefault(group.sheet, []).append(group)
        left_out = "".join(
            f"; left out{f' of {sheet}' if sheet else ''}: {'; '.join(map(str, groups))}"
            for sheet, groups in by_sheet.items()
        )
        return f"Rows: {self.read} read, {self.used} used{left_out}."


def account_for_rows(
    rows: Sequence[Sequence[str]],
    *,
    first_row: int,
    header_row: int | None,
    used: Collection[int],
    reasons: Mapping[int, str],
    number_columns: Collection[int] = (),
) -> RowAccount:
    """Return the account of one sheet. `reasons` are known for some rows.

    Rows below the header that have numbers in `number_columns` are named by their texts.
    """
    groups: dict[tuple[str, bool], list[tuple[int, str]]] = {}
    for number, row in enumerate(rows, first_row):
        if number in used:
            continue
        if number == header_row:
            reason = "header"
        elif not any(map(str.strip, row)):
            reason = "blank"
        else:
            is_title = header_row is not None and number < header_row
            reason = reasons.get(number, "title" if is_title else "skipped")
        is_below = number > (first_row if header_row is None else header_row)
        has_figures = is_below and any(index < len(row) and is_figure(row[index]) for index in number_columns)
        text = format_row(row, number_columns) if has_figures else ""
        groups.setdefault((reason, has_figures), []).append((number, text))
    left_out = [
        LeftOutRows(
            reason=reason,
            count=len(members),
            rows=tuple(number for number, _ in members),
            texts=tuple(text for _, text in members) if has_figures else (),
        )
        for (reason, has_figures), members in groups.items()
    ]
    return RowAccount(read=len(rows), used=len(used), left_out=tuple(left_out))


def is_figure(text: str) -> bool:
    """Return True for a number in any spelling, and for a mark in place of one."""
    plain = text.strip()
    has_digits_only = any(map(str.isdigit, plain)) and not any(map(str.isalpha, plain))
    return has_digits_only or read_mark(plain) is not None or is_unclear_mark(plain)


def format_row(row: Sequence[str], number_columns: Collection[int] | None = None) -> str:
    """Return the first cell and the largest number of a row, of these columns, by which a person recognises it."""
    first = next((cell.strip() for cell in row if cell.strip()), "")
    cells = [cell.strip() for index, cell in enumerate(row) if number_columns is None or index in number_columns]
    counts = [count for cell in cells if isinstance(count := read_count(cell), int)]
    figure = str(max(counts)) if counts else next((cell for cell in cells if is_figure(cell)), "")
    return f'"{first}" {figure}'


def add_accounts(accounts: Sequence[RowAccount]) -> RowAccount:
    """Return one account of all sheets."""
    return RowAccount(
        read=sum(account.read for account in accounts),
        used=sum(account.used for account in accounts),
        left_out=tuple(group for account in accounts for group in account.left_out),
    )


def find_trailing_rows(body: Sequence[NumberedRow], area: int | None, *, has_totals: bool) -> Iterator[tuple[int, str]]:
    """Yield the footnotes and totals below a table, as the server does: their numbers and reasons, the last first.

    `area` is the index of the column of areas. Without `has_totals`, a total may belong to the table.
    """
    for number, cells in reversed(body[-MAX_TRAILING_ROWS:]):
        reason = classify_trailing_row(cells, cells[area] if area is not None and area < len(cells) else "")
        if reason is None or (reason == "total" and not has_totals):
            return
        yield number, reason


NO_ROWS = RowAccount(read=0, used=0)
