"""What is wrong with the rows of a file: equal faults become one finding, and reading ends where they are too many."""

from collections.abc import Iterable

from msgspec import Struct

from api.submissions.checks.findings import Findings

MAX_FAULTY_CELLS = 100_000  # with faults, before reading ends
MAX_FINDINGS_PER_CODE = 100  # different findings of one code
MAX_SHOWN_CHARACTERS = 80  # characters of what was sent


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong with a cell, whichever cell it is."""

    code: str
    message: str
    path: str | None = None
    expected: str | None = None
    fix: str | None = None


class Faults:
    """The faults of a file, told of the rows and columns that a spreadsheet or an editor shows."""

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
        """Of several cells with the same fault, what was sent is shown of the first."""
        key = (fault, column)
        if key not in self._rows_by_fault:
            if self._findings_by_code.get(fault.code, 0) >= MAX_FINDINGS_PER_CODE:
                key = (Fault(code=fault.code, message="There is more of the same kind."), column)
            else:
                self._findings_by_code[fault.code] = self._findings_by_code.get(fault.code, 0) + 1
        listed = self._rows_by_fault.setdefault(key, [])
        if key not in self._actual_by_fault:
            self._actual_by_fault[key] = None if actual is None else actual[:MAX_SHOWN_CHARACTERS]
        before = len(listed)
        listed.extend(rows)
        self.cell_count += len(listed) - before

    def raise_if_any(self) -> None:
        """Raises Rejected if there is any."""
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
