"""Collect faults in the rows of a file. Equal faults become one finding; too many faults end the reading."""

from collections.abc import Iterable

from msgspec import Struct

from api.submissions.checks.findings import Findings

INVALID = -2  # replaces a value whose fault has been added; later checks ignore it
MAX_FAULTY_CELLS = 100_000  # reading ends after this many
MAX_FINDINGS_PER_CODE = 100
MAX_SHOWN_CHARACTERS = 80  # of the value that was sent


class Fault(Struct, frozen=True, kw_only=True):
    """A fault of a cell, without its place."""

    code: str
    message: str
    path: str | None = None
    expected: str | None = None
    fix: str | None = None


class Faults:
    """The faults of a file, by the rows and columns that a spreadsheet or an editor shows."""

    def __init__(self) -> None:
        self._rows_by_fault: dict[tuple[Fault, str | None], list[int]] = {}
        self._actual_by_fault: dict[tuple[Fault, str | None], str | None] = {}
        self._findings_by_code: dict[str, int] = {}
        self.cell_count = 0

    @property
    def has_too_many(self) -> bool:
        return self.cell_count > MAX_FAULTY_CELLS

    def add(
        self, fault: Fault, *, rows: Iterable[int] = (), column: str | None = None, actual: str | None = None
    ) -> None:
        """Add a fault of these rows. A finding shows the first `actual` value only."""
        key = (fault, column)
        if key not in self._rows_by_fault:
            if self._findings_by_code.get(fault.code, 0) >= MAX_FINDINGS_PER_CODE:
                key = (Fault(code=fault.code, message="There are more faults of this kind."), column)
            else:
                self._findings_by_code[fault.code] = self._findings_by_code.get(fault.code, 0) + 1
        known_rows = self._rows_by_fault.setdefault(key, [])
        if key not in self._actual_by_fault:
            self._actual_by_fault[key] = None if actual is None else actual[:MAX_SHOWN_CHARACTERS]
        count_before = len(known_rows)
        known_rows.extend(rows)
        self.cell_count += len(known_rows) - count_before

    def raise_if_any(self) -> None:
        """Raises Rejected if there are faults."""
        findings = Findings()
        for (fault, column), rows in self._rows_by_fault.items():
            findings.add(
                fault.code,
                fault.message,
                path=fault.path,
                rows=rows,
                column=column,
                expected=fault.expected,
                actual=self._actual_by_fault[fault, column],
                fix=fault.fix,
            )
        findings.raise_if_errors()
