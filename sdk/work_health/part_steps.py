"""Submitting a large source in parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ._calls import send
from .errors import ApiError, ConnectionFailed, RequestRejected
from .journal import Journal, PlannedPart
from .results import IncompleteSubmission, PartResult, PartsResult
from .source_steps import LoadedSource, check_rows, load_source
from .submit_options import SendOptions
from .submit_steps import build_csv_call, renumber_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._calls import Steps
    from ._settings import Settings
    from .return_forms import ReturnKey
    from .submit_options import SourceOptions, SubmissionOptions
    from .tables import Tabular


def submit_parts(
    settings: Settings,
    source: Tabular,
    source_options: SourceOptions,
    options: SubmissionOptions,
    *,
    rows_per_part: int,
    journal: Path | None,
    on_progress: Callable[[PartsResult], object] | None,
) -> Steps[PartsResult]:
    """Send whole returns, about `rows_per_part` rows in each submission, and record in a journal what is done."""
    if rows_per_part < 1:
        raise ValueError("rows must be 1 or more")
    loaded = yield from load_source(settings, source, source_options, options)
    loaded = replace(loaded, table=options.declare_rounding(loaded.table))
    checked = yield from check_rows(loaded, options)
    loaded, returns = replace(loaded, table=checked.table), checked.rows
    if journal is None and isinstance(source, str | Path):
        journal = Path(f"{source}.progress.json")
    plan = _plan_parts(returns, rows_per_part)
    run = _PartsRun(loaded, options, plan, Journal.open(journal, plan, loaded.table, (loaded.programme, options)))
    results: list[PartResult] = []
    for number in range(len(plan)):
        result = run.journal.find_completed(number) or (yield from _submit_part(run, number, results))
        results.append(result)
        run.journal.record(number, result)
        if on_progress is not None:
            on_progress(PartsResult(tuple(results)))
    parts = PartsResult(tuple(results))
    if parts.remaining:
        raise IncompleteSubmission(parts)
    run.journal.remove()
    return parts


@dataclass(frozen=True, slots=True)
class _PartsRun:
    loaded: LoadedSource
    options: SubmissionOptions
    plan: list[PlannedPart]
    journal: Journal


def _submit_part(run: _PartsRun, number: int, results: list[PartResult]) -> Steps[PartResult]:
    table, (names, rows) = run.loaded.table, run.plan[number]
    send_options = SendOptions(idempotency_key=run.journal.idempotency_key(number))
    try:
        report = yield from send(build_csv_call(run.loaded.programme, table.to_csv(rows), run.options, send_options))
    except RequestRejected as refusal:
        part_table = replace(table, rows=[], row_numbers=[table.row_numbers[row] for row in rows], is_unmodified=False)
        renumber_findings(refusal.findings, part_table)
        return PartResult(names, len(rows), "rejected", refusal=refusal)
    except (ApiError, ConnectionFailed) as error:
        unsent = [PartResult(names, len(rows), "not-sent") for names, rows in run.plan[number:]]
        raise IncompleteSubmission(PartsResult((*results, *unsent))) from error
    return PartResult(names, len(rows), str(report.outcome), report.receipt.submission if report.receipt else None)


def _plan_parts(returns: Mapping[ReturnKey, list[int]], max_rows: int) -> list[PlannedPart]:
    parts: list[PlannedPart] = []
    for key, rows in returns.items():
        if parts and len(parts[-1][1]) + len(rows) <= max_rows:
            names, earlier_rows = parts[-1]
            parts[-1] = ((*names, str(key)), [*earlier_rows, *rows])
        else:
            parts.append(((str(key),), list(rows)))
    return parts
