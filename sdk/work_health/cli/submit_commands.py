"""Commands that check and submit a file: `check` and `submit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict
from uuid import UUID

import typer

from . import return_screens, screen
from .options import File, Json, MappingFile, Measure, Organisation, Period, Sheet
from .progress_bar import ProgressBar
from .session import Session, get_session

if TYPE_CHECKING:
    from work_health import SubmissionResult, WorkHealth

MAX_PERIODS_LENGTH = 40  # characters of the codes in the name of a file
app = typer.Typer()

RoundedTo = Annotated[int | None, typer.Option(help="The base to which all counts are rounded, such as 5.", min=2)]
RowsOfPart = Annotated[
    int | None,
    typer.Option(help="Send submissions of about this many rows, each of whole returns. Run again to resume.", min=1),
]


class SubmissionArguments(TypedDict):
    """The arguments that `submit` and `submit_in_parts` of the client share."""

    mapping: Path | None
    sheet: str | None
    measure: str | None
    period: str | None
    organisation: str | None
    confirm_withdrawals: bool
    justifications: dict[str, str]
    note: str | None
    rounded_to: int | None


@app.command()
def check(
    context: typer.Context,
    file: File,
    mapping: MappingFile = None,
    sheet: Sheet = None,
    measure: Measure = None,
    period: Period = None,
    organisation: Organisation = None,
    json_: Json = False,
) -> None:
    """Check a file on this computer against your duties. Nothing is sent.

    [bold]submit --dry-run[/] checks more: whether the period is open, parts fit totals, figures fit earlier returns,
    and texts look personal.
    """
    session = get_session(context, json_)
    result = session.open_client().check(
        file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation
    )
    if json_:
        warnings = [finding.to_dict() for finding in result.warnings]
        rows = result.rows.to_dict()
        return screen.print_json({"returns": result.returns, "cells": result.cells, "rows": rows, "findings": warnings})
    console = screen.create_console()
    console.print(f"{result.cells} cells match your duties: {', '.join(result.returns)}.", markup=False)
    console.print(str(result.rows), markup=False)
    if result.warnings:
        console.print(return_screens.render_findings(result.warnings))
    console.print(
        "Only the server checks whether the period is open, parts fit totals, figures fit earlier returns, and texts "
        "look personal."
    )
    options = {"mapping": mapping, "sheet": sheet, "measure": measure, "period": period, "organisation": organisation}
    screen.print_next(session.format_command("submit", file, **options, dry_run=True))
    return None


@app.command()
def submit(
    context: typer.Context,
    file: File,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Check the file and report every finding, but change nothing.")
    ] = False,
    mapping: MappingFile = None,
    sheet: Sheet = None,
    measure: Measure = None,
    period: Period = None,
    organisation: Organisation = None,
    confirm_withdrawals: Annotated[
        bool,
        typer.Option(
            "--confirm-withdrawals",
            help="Withdraw current cells that the file lacks, if they are many: more than a tenth.",
        ),
    ] = False,
    justify: Annotated[list[str] | None, typer.Option(help="ID=TEXT: justify the finding with this id.")] = None,
    note: Annotated[str | None, typer.Option(help="A note for reviewers.")] = None,
    rounded_to: RoundedTo = None,
    in_parts: RowsOfPart = None,
    json_: Json = False,
) -> None:
    """Submit a file. The server accepts all of it or none of it.

    work-health submit return.xlsx --mapping ours.toml --dry-run
    """
    session = get_session(context, json_)
    arguments: SubmissionArguments = {
        "mapping": mapping, "sheet": sheet, "measure": measure, "period": period, "organisation": organisation,
        "confirm_withdrawals": confirm_withdrawals, "note": note, "rounded_to": rounded_to,
        "justifications": dict(_parse_justification(text) for text in justify or []),
    }  # fmt: skip
    if in_parts and dry_run:
        raise typer.BadParameter("a dry run changes nothing, so it needs no parts", param_hint="--in-parts")
    if in_parts:
        return _submit_in_parts(session.open_client(), file, in_parts, arguments, json_)
    _print_result(session, session.open_client().submit(file, dry_run=dry_run, **arguments), json_)
    if dry_run and not json_:
        screen.print_next(
            session.format_command("submit", file, **arguments | {"justifications": None}, justify=justify)
        )
    return None


@app.command()
def receipt(
    context: typer.Context,
    submission: Annotated[UUID, typer.Argument(help="The submission; `submit` and `history` print it.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A JSON file to write, to keep.")] = None,
    json_: Json = False,
) -> None:
    """Show or save the receipt of a submission: what the server received, when, and what it did with it.

    work-health receipt 0198a2c4-0000-7000-8000-000000000000 -o receipt.json
    """
    client = get_session(context, json_).open_client()
    report = client.get_submission(client.resolve_programme(), submission)
    if output is not None:
        screen.write_new_file(output, (json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n").encode())
    if json_:
        return screen.print_json(report.to_dict())
    if output is None:
        screen.create_console().print(return_screens.render_report(report))
    return None


def _submit_in_parts(client: WorkHealth, file: Path, rows: int, arguments: SubmissionArguments, json_: bool) -> None:
    with ProgressBar("Sending") as bar:
        result = client.submit_in_parts(
            file,
            rows=rows,
            on_progress=lambda done: bar.show(done.parts[-1].returns[-1], len(done.parts)),
            **arguments,
        )
    if not json_:
        return screen.create_console().print(return_screens.render_parts(result))
    parts = [
        {"returns": part.returns, "rows": part.rows, "outcome": part.outcome, "submission": part.submission}
        for part in result.parts
    ]
    return screen.print_json({"parts": parts, "committed": result.committed, "remaining": result.remaining})


def _print_result(session: Session, result: SubmissionResult, json_: bool) -> None:
    if json_:
        rows = result.rows.to_dict() if result.rows else None
        findings = [finding.to_dict() for finding in result.findings]
        return screen.print_json(result.report.to_dict() | {"rows": rows, "findings": findings})
    console = screen.create_console()
    console.print(return_screens.render_report(result.report))
    if result.rows:
        console.print(str(result.rows), markup=False)
    for line in result.missing_cells:
        console.print(line, markup=False)
    if result.findings:
        console.print(return_screens.render_findings(result.findings))
    if result.report.receipt:
        periods = "-".join(dict.fromkeys(item.period.code for item in result.report.returns))
        file = f"receipt-{periods}.json" if len(periods) <= MAX_PERIODS_LENGTH else "receipt.json"
        command = session.format_command("receipt", str(result.report.receipt.submission), output=file)
        console.print(f"To keep the receipt: [bold]{screen.escape(command)}[/]", soft_wrap=True)
    return None


def _parse_justification(argument: str) -> tuple[str, str]:
    finding, equals, text = argument.partition("=")
    if not (finding and equals and text.strip()):
        raise typer.BadParameter(f"must be ID=TEXT, not {argument!r}", param_hint="--justify")
    return finding, text
