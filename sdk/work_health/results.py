"""Results of submissions. Each prints as a table."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from ._structs import build_html_table, show_table
from .errors import RequestRejected, WorkHealthError, format_findings

if TYPE_CHECKING:
    from uuid import UUID

    from ._generated.models import CellName, Finding, Obligation, ReturnReport, ReturnRevision, SubmissionReport
    from .row_accounts import RowAccount


MAX_NAMED_CELLS = 3


@dataclass(frozen=True, slots=True, repr=False)
class SubmissionResult:
    """The result of `submit`: what the server accepted, or why it rejected the submission. It prints as a table."""

    _report: SubmissionReport | None
    refusal: RequestRejected | None
    """Why the server rejected the submission; None if it accepted it."""
    warnings: tuple[Finding, ...] = ()
    """Warnings about the file that the client found."""
    rows: RowAccount | None = None
    """The rows of the source: read, used, and left out with the reason. Of returns, their observations."""
    area_names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The plan's name of each area, by its code."""

    @property
    def missing_cells(self) -> list[str]:
        """Return a sentence for each return that lacks required cells, with the first of them."""
        return format_missing_cells(self._report, self.area_names) if self._report else []

    @property
    def outcome(self) -> str:
        """Return `accepted`, `unchanged` (all of it was current already) or `rejected`."""
        return "rejected" if self._report is None else str(self._report.outcome)

    @property
    def is_accepted(self) -> bool:
        """Return True if the content is current now, or would be without `dry_run`."""
        return self._report is not None

    @property
    def findings(self) -> list[Finding]:
        """Return the warnings and, after a rejection, the errors."""
        if self._report is not None:
            return [*self.warnings, *self._report.findings]
        return [*self.warnings, *(self.refusal.findings if self.refusal else ())]

    @property
    def report(self) -> SubmissionReport:
        """Return the server's report. Raises `RequestRejected` if the server rejected the submission."""
        if self._report is None:
            raise self.refusal or WorkHealthError("The server rejected the submission.")
        return self._report

    def raise_if_rejected(self) -> Self:
        if self.refusal is not None:
            raise self.refusal
        return self

    def __repr__(self) -> str:
        counts = f"rejected, {len(self.findings)} findings" if self._report is None else format_headline(self._report)
        return f"<SubmissionResult {counts}>"

    def _repr_html_(self) -> str:
        """Return the result and its findings as tables, for a notebook."""
        headline = html.escape(f"{self.refusal.title} {self.refusal.detail}" if self.refusal else self._headline)
        returns = show_table(self._report.returns) if self._report else ""
        return f"<p>{headline}</p>{returns}{show_table(self.findings) if self.findings else ''}"

    @property
    def _headline(self) -> str:
        return format_headline(self._report) if self._report else ""

    def __str__(self) -> str:
        if self._report is None:
            return str(self.refusal)
        return "\n".join(
            [
                format_headline(self._report),
                *format_returns(self._report),
                *([str(self.rows)] if self.rows else []),
                *self.missing_cells,
                *format_findings(self.findings),
            ]
        )


def format_missing_cells(report: SubmissionReport, area_names: Mapping[str, str]) -> list[str]:
    """Return a sentence for each return that lacks required cells. Areas without any cell come first."""
    lines: list[str] = []
    for item in report.returns:
        completeness = item.completeness
        if completeness.present < completeness.required:
            names = [_format_cell(cell, area_names) for cell in completeness.missing]
            shown = "; ".join(names[:MAX_NAMED_CELLS])
            count = completeness.required - completeness.present
            more = f" and {count - MAX_NAMED_CELLS} more" if count > MAX_NAMED_CELLS else ""
            lines.append(
                f"{format_return_name(item)} {item.period.code}: {completeness.present} of {completeness.required} "
                f"required cells are present. Missing: {shown}{more}."
            )
    return lines


def _format_cell(cell: CellName, area_names: Mapping[str, str]) -> str:
    area = cell.area or ""
    breakdown = cell.breakdown.to_dict() if cell.breakdown else {}
    name = f"{area_names[area]} ({area})" if area in area_names else area
    return ", ".join([name, *(f"{dimension} {category}" for dimension, category in breakdown.items())])


def format_headline(report: SubmissionReport) -> str:
    submission = f" (submission {report.receipt.submission})" if report.receipt else ""
    return f"{'Dry run: would be ' if report.dry_run else ''}{report.outcome}: {format_counts(report)}{submission}"


def format_counts(report: SubmissionReport) -> str:
    counts = report.counts
    return f"{counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged, {counts.withdrawn} withdrawn"


def format_returns(report: SubmissionReport) -> list[str]:
    lines = [("return", "period", "outcome", "revision", "timeliness")]
    lines += [
        (
            format_return_name(item),
            item.period.code,
            str(item.outcome),
            str(item.revision or "–"),
            str(item.timeliness or "–"),
        )
        for item in report.returns
    ]
    return align_columns(lines)


def align_columns(lines: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def format_return_name(item: ReturnReport | ReturnRevision | Obligation) -> str:
    """Return measure, series and service, without the default series and service."""
    series = [item.series] if item.series and item.series != "headline" else []
    service = [item.service] if item.service and item.service != "main" else []
    return "/".join([item.measure, *(str(name) for name in (*series, *service))])


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of `check`: what the file has, as far as the client knows. It prints as a sentence."""

    returns: list[str]
    """Measure, series, service and period of each return."""
    cells: int
    """How many cells would be sent."""
    rows: RowAccount
    """The rows of the source: read, used, and left out with the reason."""
    warnings: tuple[Finding, ...] = ()
    """Hidden sheets, which are not read."""

    def __str__(self) -> str:
        summary = f"{self.cells} cells match your duties: {', '.join(self.returns)}."
        return "\n".join([summary, str(self.rows), *format_findings(self.warnings)])


@dataclass(frozen=True, slots=True)
class PartResult:
    """The result of one part of a large file: some whole returns, sent as one submission."""

    returns: tuple[str, ...]
    """Measure, series, service and period of each return."""
    rows: int
    outcome: str
    """`accepted`, `unchanged`, `rejected`, or `not-sent`."""
    submission: UUID | None = None
    refusal: RequestRejected | None = None

    @property
    def is_committed(self) -> bool:
        return self.outcome in {"accepted", "unchanged"}


@dataclass(frozen=True, slots=True, repr=False)
class PartsResult:
    """The result of `submit_in_parts`. It prints as a table."""

    parts: tuple[PartResult, ...]

    @property
    def committed(self) -> list[str]:
        """Return the names of the returns whose content is current now."""
        return [name for part in self.parts if part.is_committed for name in part.returns]

    @property
    def remaining(self) -> list[str]:
        """Return the names of the other returns: rejected, or not sent yet."""
        return [name for part in self.parts if not part.is_committed for name in part.returns]

    def __repr__(self) -> str:
        return f"<PartsResult {self._summary}>"

    def _repr_html_(self) -> str:
        """Return the parts as a table, for a notebook."""
        return build_html_table(self._lines[0], self._lines[1:])

    @property
    def _summary(self) -> str:
        return f"{len(self.committed)} returns committed, {len(self.remaining)} remaining"

    @property
    def _lines(self) -> list[tuple[str, ...]]:
        lines = [("part", "return", "outcome", "submission")]
        for number, part in enumerate(self.parts, 1):
            lines += [(str(number), name, part.outcome, str(part.submission or "–")) for name in part.returns]
        return lines

    def __str__(self) -> str:
        refusals = [str(part.refusal) for part in self.parts if part.refusal]
        return "\n".join([self._summary, *align_columns(self._lines), *refusals])


class IncompleteSubmission(WorkHealthError):  # noqa: N818 as in errors.py
    """Some parts of a file were not accepted. `parts.committed` and `parts.remaining` name the returns.

    Submit the file again: the client continues with the remaining parts.
    """

    def __init__(self, parts: PartsResult) -> None:
        super().__init__(parts)
        self.parts = parts

    def __str__(self) -> str:
        cause = f"{self.__cause__}\n" if self.__cause__ else ""
        return f"{cause}{self.parts}"
