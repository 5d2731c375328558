"""Account for every row of a publisher's file: used, or left out and why, and for the cells that nobody can read."""

from collections import Counter

from msgspec import Struct

from schema.submissions import Marker, Status

MAX_LISTED_ROWS = 5  # of each reason
MAX_LISTED_CELLS = 50
OUTSIDE_PLAN = "the plan does not have its area"
MORE_CELLS, FEWER_CELLS = "more cells than the header", "fewer cells than the header"
TITLE, NOTE, HEADER_AGAIN = "a title above the table", "a note, with one cell", "the header again"
NO_EMPLOYER = "no employer is named"
UNREADABLE_ROW = "a cell is not readable"


class Row(dict[str, str]):
    """The cells of a record by column, with the row number that a spreadsheet shows."""

    def __init__(self, cells: dict[str, str], number: int) -> None:
        super().__init__(cells)
        self.number = number


class UnreadableCell(Struct, frozen=True, kw_only=True):
    """A cell that is neither a number nor a known mark, or that is no period, and its place."""

    row: int
    area: str
    column: str
    text: str
    meaning: str = ""  # the candidates, if there are several


class RowAccount:
    """The fate of each row so far. `read` is `used` plus the rows of `left_out` once all rows are decided."""

    def __init__(self) -> None:
        self.rows_before = 0  # of earlier pages, so that each row has a number of its own
        self.read = 0
        self.used = 0
        self.left_out: Counter[str] = Counter()
        self.first_rows: dict[str, list[int]] = {}
        self.marks: dict[tuple[int, str], tuple[str, str]] = {}
        self.notes: list[str] = []
        self.cells: dict[tuple[int, str], UnreadableCell] = {}

    def use(self, count: int = 1) -> None:
        """Count rows that are part of a figure."""
        self.used += count

    def leave_out(self, number: int, reason: str) -> None:
        """Count a row that is not part of any figure."""
        self.left_out[reason] += 1
        listed = self.first_rows.setdefault(reason, [])
        if len(listed) < MAX_LISTED_ROWS:
            listed.append(number)

    def count_misfits(self) -> int:
        """Return the number of rows with more or fewer cells than the header."""
        return self.left_out[MORE_CELLS] + self.left_out[FEWER_CELLS]

    def count_mark(self, row: Row, column: str, meaning: Status | Marker | None) -> None:
        """Count a mark that was read instead of a number, once for each cell. An empty cell is no mark."""
        if meaning is not None and row[column]:
            self.marks[row.number, column] = (row[column], str(meaning))

    def report_cell(self, row: Row, column: str, area: str, *, meaning: str = "") -> None:
        """Record a cell that cannot be read. A cell that several figures read counts once."""
        cell = UnreadableCell(row=row.number, area=area, column=column, text=row[column], meaning=meaning)
        self.cells.setdefault((row.number, column), cell)

    def format_lines(self) -> list[str]:
        """Return lines for a terminal: the counts, the reasons, the marks, and the place of each unreadable cell."""
        reasons = [
            f"  left out {count:,}: {reason} (row {_list_rows(self.first_rows[reason], count)})"
            for reason, count in self.left_out.most_common()
        ]
        marks = [
            f"  mark {mark!r} read as {meaning}: {count:,}"
            for (mark, meaning), count in sorted(Counter(self.marks.values()).items())
        ]
        cells = list(self.cells.values())
        places = [
            f"  unreadable: row {cell.row}, area {cell.area or 'none'}, column {cell.column!r}: "
            f"{excerpt(cell.text, length=80)!r}{f' may be {cell.meaning}' if cell.meaning else ''}"
            for cell in cells[:MAX_LISTED_CELLS]
        ]
        return [
            f"{self.read:,} rows read: {self.used:,} used, {self.left_out.total():,} left out; "
            f"{len(cells):,} unreadable cells",
            *(f"  {note}" for note in self.notes),
            *reasons,
            *marks,
            *places,
            *(
                [f"  and {len(cells) - MAX_LISTED_CELLS:,} more unreadable cells"]
                if len(cells) > MAX_LISTED_CELLS
                else []
            ),
        ]


def _list_rows(rows: list[int], count: int) -> str:
    return ", ".join(map(str, rows)) + (", …" if count > len(rows) else "")


def excerpt(text: str, *, length: int = 200) -> str:
    """Return the beginning of a publisher's text for a message, without characters that control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text.strip()[:length])
