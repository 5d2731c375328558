"""What is wrong with the rows of a file: equal faults become one finding, and reading ends where they are too many."""

from collections.abc import Iterable

from msgspec import Struct

from api.submissions.checks.findings import Findings

MOST_CELLS = 100_000  # with faults, before reading ends
MOST_TOLD = 100  # different findings of one code
SHOWN = 80  # characters of what was sent


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong with a cell, whichever cell it is."""

    code: str
    message: str
    path: str | None = None
    expected: str | None = None
    hint: str | None = None


class Faults:
    """The faults of a file, told of the rows and columns that a spreadsheet or an editor shows."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Fault, str | None], list[int]] = {}
        self._shown: dict[tuple[Fault, str | None], str | None] = {}
        self._told: dict[str, int] = {}
        self.cells = 0

    @property
    def too_many(self) -> bool:
        return self.cells > MOST_CELLS

    def add(
        self, fault: Fault, *, rows: Iterable[int] = (), column: str | None = None, actual: str | None = None
    ) -> None:
        """Of several cells with the same fault, what was sent is shown of the first."""
        key = (fault, column)
        if key not in self._rows:
            if self._told.get(fault.code, 0) >= MOST_TOLD:
                key = (Fault(code=fault.code, message="There is more of the same kind."), column)
            else:
                self._told[fault.code] = self._told.get(fault.code, 0) + 1
        listed = self._rows.setdefault(key, [])
        if key not in self._shown:
            self._shown[key] = None if actual is None else actual[:SHOWN]
        before = len(listed)
        listed.extend(rows)
        self.cells += len(listed) - before

    def settle(self) -> None:
        """Raises Rejected if there is any."""
        findings = Findings()
        for (fault, column), rows in self._rows.items():
            findings.add(
                fault.code,
                fault.message,
                path=fault.path,
                rows=rows,
                column=column,
                expected=fault.expected,
                actual=self._shown[fault, column],
                hint=fault.hint,
            )
        findings.settle()
