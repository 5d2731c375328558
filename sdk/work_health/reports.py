"""What became of what was sent, as something to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .errors import RequestRejected, WorkHealthError, format_findings

if TYPE_CHECKING:
    from uuid import UUID

    from ._generated.models import Finding, NewReturn, ReturnReport, SubmissionReport


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The answer to `submit`: what was taken, or why it was not. `print()` it for a table."""

    _report: SubmissionReport | None
    refusal: RequestRejected | None
    """Why it was not taken; None where it was."""
    warnings: tuple[Finding, ...] = ()
    """What was noticed here about the file."""

    @property
    def outcome(self) -> str:
        """`accepted`, `unchanged` (all of it stood already) or `rejected`."""
        return "rejected" if self._report is None else str(self._report.outcome)

    @property
    def is_accepted(self) -> bool:
        """Whether what was sent stands now, or would after a dry run."""
        return self._report is not None

    @property
    def findings(self) -> list[Finding]:
        """Warnings where it was taken, errors and warnings where it was not."""
        said = (
            self.refusal.findings if self._report is None and self.refusal else (self._report or _EMPTY_REPORT).findings
        )
        return [*self.warnings, *said]

    @property
    def report(self) -> SubmissionReport:
        """What the server said. Raises the `RequestRejected` where nothing was taken."""
        if self._report is None:
            raise self.refusal or WorkHealthError("Nothing was taken.")
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


class _EmptyReport:
    findings: tuple[Finding, ...] = ()


_EMPTY_REPORT = _EmptyReport()


def format_headline(report: SubmissionReport) -> str:
    counts = report.counts
    cells = (
        f"{counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged, {counts.withdrawn} withdrawn"
    )
    said = f"{'Dry run: would be ' if report.dry_run else ''}{report.outcome}: {cells}"
    return f"{said} (submission {report.receipt.submission})" if report.receipt else said


def format_returns(report: SubmissionReport) -> list[str]:
    lines = [("return", "period", "outcome", "revision", "timeliness")]
    lines += [
        (
            _format_return_name(one),
            one.period.code,
            str(one.outcome),
            str(one.revision or "–"),
            str(one.timeliness or "–"),
        )
        for one in report.returns
    ]
    return align_columns(lines)


def align_columns(lines: list[tuple[str, ...]]) -> list[str]:
    """Texts below each other."""
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


def _format_return_name(one: ReturnReport | NewReturn) -> str:
    more = [one.series] if one.series and one.series != "headline" else []
    more += [one.service] if one.service and one.service != "main" else []
    return "/".join([one.measure, *(str(word) for word in more)])


@dataclass(frozen=True, slots=True)
class PartResult:
    """Some whole returns of a large file, sent as one submission."""

    returns: tuple[str, ...]
    """Measure, series and service, and period of each."""
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
    """What became of a file that was sent in parts. `print()` it for a table."""

    parts: tuple[PartResult, ...]

    @property
    def committed(self) -> list[str]:
        """The returns that stand now as the file says."""
        return [name for part in self.parts if part.is_committed for name in part.returns]

    @property
    def remaining(self) -> list[str]:
        """The returns that do not: refused, or not sent yet."""
        return [name for part in self.parts if not part.is_committed for name in part.returns]

    def __str__(self) -> str:
        lines = [("part", "return", "outcome", "submission")]
        for number, part in enumerate(self.parts, 1):
            lines += [(str(number), name, part.outcome, str(part.submission or "–")) for name in part.returns]
        said = f"{len(self.committed)} returns committed, {len(self.remaining)} remaining"
        refused = [str(part.refusal) for part in self.parts if part.refusal]
        return "\n".join([said, *align_columns(lines), *refused])


class IncompleteSubmission(WorkHealthError):  # noqa: N818 as in errors.py
    """Some parts of a file were taken, and some were not: `parts.committed` and `parts.remaining` name the returns.

    Send it again, and it goes on from here. What stands already changes nothing.
    """

    def __init__(self, parts: PartsResult) -> None:
        super().__init__(parts)
        self.parts = parts

    def __str__(self) -> str:
        why = f"{self.__cause__}\n" if self.__cause__ else ""
        return f"{why}{self.parts}"
