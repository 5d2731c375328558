"""Results of submissions. Each prints as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .errors import RequestRejected, WorkHealthError, format_findings

if TYPE_CHECKING:
    from uuid import UUID

    from ._generated.models import Finding, ReturnReport, SubmissionReport


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The result of `submit`: what the server accepted, or why it rejected the submission. It prints as a table."""

    _report: SubmissionReport | None
    refusal: RequestRejected | None
    """Why the server rejected the submission; None if it accepted it."""
    warnings: tuple[Finding, ...] = ()
    """Warnings about the file that the client found."""

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

    def __str__(self) -> str:
        if self._report is None:
            return str(self.refusal)
        return "\n".join(
            [format_headline(self._report), *format_returns(self._report), *format_findings(self.findings)]
        )


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
            _format_return_name(item),
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


def _format_return_name(report: ReturnReport) -> str:
    """Return measure, series and service, without the default series and service."""
    series = [report.series] if report.series and report.series != "headline" else []
    service = [report.service] if report.service and report.service != "main" else []
    return "/".join([report.measure, *(str(name) for name in (*series, *service))])


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


@dataclass(frozen=True, slots=True)
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

    def __str__(self) -> str:
        lines = [("part", "return", "outcome", "submission")]
        for number, part in enumerate(self.parts, 1):
            lines += [(str(number), name, part.outcome, str(part.submission or "–")) for name in part.returns]
        summary = f"{len(self.committed)} returns committed, {len(self.remaining)} remaining"
        refusals = [str(part.refusal) for part in self.parts if part.refusal]
        return "\n".join([summary, *align_columns(lines), *refusals])


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
