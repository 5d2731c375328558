"""Submitting a source in one request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from ._calls import send
from ._generated.api.plan import list_dimensions
from ._generated.api.submissions import create_submission, create_submission_csv
from ._generated.models import NewReturn, NewSubmission
from .errors import RequestRejected
from .programme_steps import choose_programme
from .results import SubmissionResult
from .row_accounts import RowAccount
from .source_steps import LoadedSource, check_rows, fetch_labels, load_source
from .submission_requests import new_submission
from .submit_options import SendOptions, SourceOptions, SubmissionOptions
from .table_checks import convert_returns_to_table
from .tables import Table, Tabular

if TYPE_CHECKING:
    from ._calls import Call, Content, Steps
    from ._generated.models import Finding, SubmissionReport
    from ._settings import Settings

FIRST_CSV_ROW = 2  # row 1 of a CSV file is the header
MAX_CHECKED_FILE_BYTES = 64 * 1024 * 1024


def submit_source(
    settings: Settings,
    source: Tabular | NewReturn | NewSubmission | Iterable[NewReturn],
    source_options: SourceOptions,
    options: SubmissionOptions,
    send_options: SendOptions,
    *,
    raise_if_rejected: bool,
) -> Steps[SubmissionResult]:
    """Read, check and send a source. Return the server's report, or its rejection if the caller prefers that."""
    if isinstance(source, Iterator):
        source = cast("list[NewReturn]", list(source))
    submission = to_submission(source, options)
    table: Table | None = None
    try:
        if submission is not None:
            call = yield from _prepare_json_call(settings, submission, source_options.programme, send_options)
        else:
            call, table = yield from _prepare_csv_call(
                settings, cast(Tabular, source), source_options, options, send_options
            )
        report = yield from send(call)
    except RequestRejected as refusal:
        renumber_findings(refusal.findings, table)
        if raise_if_rejected:
            raise
        return SubmissionResult(None, refusal, table.warnings if table else (), table.account if table else None)
    renumber_findings(report.findings, table)
    if table is None:  # only the server read the content
        return SubmissionResult(report, None, rows=RowAccount.from_report(report.rows) if report.rows else None)
    return SubmissionResult(report, None, table.warnings, table.account, table.area_names)


def to_submission(source: object, options: SubmissionOptions) -> NewSubmission | None:
    """Return the submission to send as JSON, or None if the source is a table."""
    if isinstance(source, NewSubmission):
        return source
    if isinstance(source, NewReturn):
        source = [source]
    if not isinstance(source, list | tuple) or not source:
        return None
    returns = cast("list[object] | tuple[object, ...]", source)
    if not isinstance(returns[0], NewReturn):
        return None
    rounded = [
        item if item.rounded_to is not None else attrs.evolve(item, rounded_to=options.rounded_to)
        for item in cast("list[NewReturn]", list(returns))
    ]
    return new_submission(
        *rounded,
        organisation=options.organisation,
        confirm_withdrawals=options.confirm_withdrawals,
        justifications=options.justifications,
        note=options.note,
    )


def _prepare_json_call(
    settings: Settings, submission: NewSubmission, programme: str | None, send_options: SendOptions
) -> Steps[Call[SubmissionReport]]:
    programme = yield from choose_programme(settings, programme)
    table = convert_returns_to_table(submission.returns)
    if send_options.check and table.rows:
        dimensions = (yield from send(list_dimensions.call(programme))).items
        loaded = LoadedSource(programme, table, (yield from fetch_labels(programme, dimensions)))
        yield from check_rows(loaded, SubmissionOptions(organisation=submission.organisation or None), resolves=False)
    return create_submission.call(
        programme,
        submission=submission,
        dry_run=send_options.dry_run or None,
        dry_run_token=send_options.dry_run_token,
        idempotency_key=send_options.idempotency_key,
    )


def _prepare_csv_call(
    settings: Settings,
    source: Tabular,
    source_options: SourceOptions,
    options: SubmissionOptions,
    send_options: SendOptions,
) -> Steps[tuple[Call[SubmissionReport], Table | None]]:
    if source_options.mapping is None and options.rounded_to is None and (path := _find_large_csv(source)):
        programme = yield from choose_programme(settings, source_options.programme)
        return build_csv_call(programme, path, options, send_options), None
    loaded = yield from load_source(settings, source, source_options, options)
    loaded = replace(loaded, table=options.declare_rounding(loaded.table))
    table = loaded.table
    if send_options.check:
        table = (yield from check_rows(loaded, options)).table
    content = (_read_unmodified(source) if table.is_unmodified else None) or table.to_csv()
    return build_csv_call(loaded.programme, content, options, send_options), table


def build_csv_call(
    programme: str, content: Content, options: SubmissionOptions, send_options: SendOptions
) -> Call[SubmissionReport]:
    justifications = [f"{finding}:{text}" for finding, text in (options.justifications or {}).items()]
    return create_submission_csv.call(
        programme,
        content=content,
        dry_run=send_options.dry_run or None,
        dry_run_token=send_options.dry_run_token,
        measure=options.measure,
        period=options.period,
        organisation=options.organisation,
        confirm_withdrawals=options.confirm_withdrawals or None,
        justification=justifications or None,
        note=options.note,
        idempotency_key=send_options.idempotency_key,
    )


def _find_large_csv(source: Tabular) -> Path | None:
    """Return the path of a CSV file that is too large to check in memory. The client streams such a file."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() != ".csv":
        return None
    path = Path(source)
    return path if path.is_file() and path.stat().st_size > MAX_CHECKED_FILE_BYTES else None


def _read_unmodified(source: Tabular) -> Content | None:
    """Return the bytes of the file, so that the hash in the receipt is that of the file."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".csv":
        return Path(source).read_bytes()
    return None


def renumber_findings(findings: Iterable[Finding], table: Table | None) -> None:
    """Replace the rows and columns of the CSV sent by those of the source."""
    if table is None or table.is_unmodified:
        return
    for finding in findings:
        if finding.code == "total-missing" and (skipped := table.account.name_skipped_totals()):
            finding.fix = f"{finding.fix or ''} The mapping skips {skipped}.".strip()
        finding.column = table.source_names.get(finding.column, finding.column) if finding.column else finding.column
        if finding.rows:
            finding.message = f"{table.name_sheets(row - FIRST_CSV_ROW for row in finding.rows)}{finding.message}"
            finding.rows = list(dict.fromkeys(_find_source_row(row, table) for row in finding.rows))


def _find_source_row(csv_row: int, table: Table) -> int:
    index = csv_row - FIRST_CSV_ROW
    return table.row_numbers[index] if 0 <= index < len(table.row_numbers) else csv_row
