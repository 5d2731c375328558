"""Collect findings. Equal findings become one finding that lists its rows."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set

import msgspec
import numpy as np
from msgspec.structs import replace

from api.submissions.cell_columns import Column
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission
from schema.problems import CellName, Finding, Severity
from schema.submissions import Justification

MAX_LISTED_ROWS = 1000  # for each code
MAX_LISTED_FINDINGS = 200  # for each code
MAX_JUSTIFIABLE_FINDINGS = 1000  # for each code; more are only counted
_RANK_BY_CODE = {code: rank for rank, code in enumerate(FINDING_EXPLANATIONS)}
RETURN_POINTER_PATTERN = re.compile(r"/returns/(?P<item>\d+)(?:/(?P<column>[a-z_]+).*)?")


class Findings:
    """The findings of a submission, with the justifications that it gives.

    Checks count rows from 0 over the whole submission, and reports use the sender's row numbers. Without a parsed
    submission, `add` expects the sender's numbers. In a tabular file, a finding about a return lists all rows of it.
    """

    def __init__(self, parsed: ParsedSubmission | None = None) -> None:
        self._parsed = parsed
        self._justifications = parsed.envelope.justifications if parsed else []
        self._text_by_finding = {justification.finding: justification.text for justification in self._justifications}
        self._findings_by_key: dict[str, tuple[Finding, list[Column]]] = {}
        self._returns_by_finding: dict[str | None, set[int]] = {}  # items of the returns that a finding is about
        self._returns_by_code: dict[str, set[int]] = {}
        self._count_by_code: Counter[str] = Counter()
        self._unlisted: Counter[str] = Counter()

    def add(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        rows: Iterable[int] | Column = (),
        column: str | None = None,
        cell: CellName | None = None,
        expected: str | None = None,
        actual: str | None = None,
        fix: str | None = None,
        id_detail: str = "",
    ) -> None:
        """Add a finding, or only count it if its code has MAX_JUSTIFIABLE_FINDINGS others.

        `id_detail` distinguishes findings in the same place; it is part of the id only.
        """
        explanation = FINDING_EXPLANATIONS[code]
        row_array, path, column, items = self._locate(rows, path, column, explanation.justifiable)
        place = path if cell is None else None
        key = msgspec.json.encode((code, message, place, cell, column, expected, actual, fix, id_detail)).decode()
        self._returns_by_code.setdefault(code, set()).update(items)
        if key not in self._findings_by_key and not self.room_for(code):
            self.count_unlisted(code, 1)
            return
        identity = msgspec.json.encode((code, place, cell, expected, actual, id_detail))
        finding = Finding(
            id=hashlib.sha256(identity).hexdigest()[:12],
            code=code,
            severity=explanation.severity,
            message=message,
            path=path,
            column=column,
            cell=cell,
            expected=expected,
            actual=actual,
            fix=fix or explanation.fix,
            justifiable=explanation.justifiable,
        )
        _, row_lists = self._findings_by_key.setdefault(key, (finding, []))
        self._count_by_code[code] += not row_lists
        row_lists.append(row_array if self._parsed is None else self._parsed.row[row_array])
        self._returns_by_finding.setdefault(finding.id, set()).update(items)

    def _locate(
        self, given_rows: Iterable[int] | Column, path: str | None, column: str | None, justifiable: bool
    ) -> tuple[Column, str | None, str | None, set[int]]:
        """Return rows, path and column as the sender knows them, and the items of the returns concerned."""
        rows = np.asarray(given_rows if isinstance(given_rows, np.ndarray) else list(given_rows), dtype=np.int64)
        pointer = RETURN_POINTER_PATTERN.fullmatch(path or "")
        items = {int(pointer["item"])} if pointer else set[int]()
        if self._parsed is not None:
            if pointer and self._parsed.is_tabular:
                rows = rows if rows.size else np.flatnonzero(self._parsed.cells.item == int(pointer["item"]))
                path, column = None, column or pointer["column"]
            if justifiable and not pointer:
                items = {*self._parsed.cells.item[rows].tolist()}
        return rows, path, column, items

    def count_unlisted(self, code: str, number: int) -> None:
        """Count findings of a code that are not added one by one."""
        self._unlisted[code] += number

    def list_returns(self, codes: Set[str]) -> set[int]:
        """Return the items of the returns with a finding of one of these codes."""
        return {item for code in codes for item in self._returns_by_code.get(code, ())}

    def room_for(self, code: str) -> int:
        """Return how many more findings of a code can be added one by one."""
        return max(MAX_JUSTIFIABLE_FINDINGS - self._count_by_code[code], 0)

    def listed(self) -> list[Finding]:
        """Return the findings in the order of their codes, unjustified ones first.

        Each code lists at most MAX_LISTED_FINDINGS findings and MAX_LISTED_ROWS rows.
        """
        row_counts: Counter[str] = Counter()
        finding_counts: Counter[str] = Counter()
        pairs = [(self._with_justification(finding), rows) for finding, rows in self._findings_by_key.values()]
        listed: list[Finding] = []
        for finding, row_lists in sorted(
            pairs, key=lambda p: (_RANK_BY_CODE[p[0].code], p[0].justification is not None)
        ):
            finding_counts[finding.code] += 1
            if finding_counts[finding.code] > MAX_LISTED_FINDINGS:
                continue
            all_rows = np.sort(np.concatenate(row_lists))
            rows = all_rows[: MAX_LISTED_ROWS - row_counts[finding.code]].tolist()
            row_counts[finding.code] += len(rows)
            row_count = len(all_rows) if len(all_rows) > len(rows) else None
            listed.append(replace(finding, rows=rows, row_count=row_count))
        return listed

    def _with_justification(self, finding: Finding) -> Finding:
        text = self._text_by_finding.get(finding.id or "")
        if text is None or not finding.justifiable:
            return finding
        return replace(finding, severity=Severity.WARNING, justification=text)

    def justifications_for(self, item: int) -> list[Justification]:
        """Return the justifications for a return: those of its own findings and of the submission's findings."""
        return [
            justification
            for justification in self._justifications
            if not (items := self._returns_by_finding.get(justification.finding)) or item in items
        ]

    def raise_if_errors(self) -> list[Finding]:
        """Return the warnings. Raises Rejected if there is an error that is not justified."""
        listed = self.listed()
        errors = [finding for finding in listed if finding.severity is Severity.ERROR]
        number = sum(self._count_errors())
        if number:
            prefix = f"{len(errors)} of " if len(errors) < number else ""
            detail = f"{prefix}{number:,} error{'s' if number > 1 else ''}. Nothing was written."
            if number == len(errors) and all(finding.justifiable for finding in errors):
                detail += " Each can be justified."
            raise Rejected(detail, listed)
        return listed

    def _count_errors(self) -> Iterator[int]:
        for finding, _ in self._findings_by_key.values():
            yield self._with_justification(finding).severity is Severity.ERROR
        for code, number in self._unlisted.items():
            if FINDING_EXPLANATIONS[code].severity is Severity.ERROR:
                yield number

    def finish(self) -> list[Finding]:
        """Return the warnings after the last check. Raises Rejected also if a justification matches no finding."""
        ids = {finding.id for finding, _ in self._findings_by_key.values() if finding.justifiable}
        for index, justification in enumerate(self._justifications):
            if justification.finding not in ids:
                self.add(
                    "unknown-justification",
                    f"No finding that can be justified has the id {justification.finding!r}.",
                    path=f"/justifications/{index}/finding",
                    actual=justification.finding,
                    expected=" or ".join(sorted(i for i in ids if i)[:20]) or None,
                )
        return self.raise_if_errors()
