"""The commands of `work-health mapping`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from work_health.mapping_decisions import list_open_decisions
from work_health.mapping_schema import MAPPING_SCHEMA
from work_health.proposal_answers import take_proposal

from . import screen
from .options import File, Measure, Organisation, Period, Sheet
from .session import get_session

app = typer.Typer(help="Write a file that maps your columns and codes to those of the plan.", no_args_is_help=True)


@app.command("init")
def init_mapping(
    context: typer.Context,
    file: File,
    sheet: Sheet = None,
    measure: Measure = None,
    period: Period = None,
    organisation: Organisation = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; - for standard output.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take each proposal without a question.")] = False,
) -> None:
    """Write a mapping file for an export. It finds sheet, header, columns, areas and categories by their names.

    work-health mapping init export.xlsx
    """
    session = get_session(context)
    path = output or file.with_suffix(".toml")
    is_printed = str(output) == "-"
    if path.exists() and not is_printed:
        raise typer.BadParameter(f"{path} exists already", param_hint="--output")
    text = session.open_client().draft_mapping(
        file,
        sheet=sheet,
        measure=measure,
        period=period,
        organisation=organisation,
        choose=take_proposal if yes else _choose,
    )
    if is_printed:
        sys.stdout.write(text)
        return
    path.write_text(text, encoding="utf-8")
    console = screen.create_console()
    console.print(f"Saved {path}. Read its comments, and correct what is wrong.", markup=False, soft_wrap=True)
    for line in text.splitlines():
        if line.startswith("# Sheet "):
            console.print(line.removeprefix("# "), markup=False, soft_wrap=True)
    if lines := list_open_decisions({}, text):
        console.print("These lines are open. `check` and `submit` refuse the file until you decide them:", markup=False)
    for line in lines:
        console.print(f"  {line}", markup=False)
    screen.print_next(session.format_command("check", file, mapping=path, organisation=organisation))


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a mapping file, for editors."""
    screen.print_json(MAPPING_SCHEMA)


def _choose(question: str, answers: Mapping[str, str], proposal: str | None) -> str:
    """Let the user choose on standard error, by number or by name."""
    console = screen.create_console(error=True)
    console.print(question, markup=False)
    width = max(map(len, answers), default=0)
    for number, (answer, label) in enumerate(answers.items(), 1):
        console.print(f"  {number:3}  {answer:{width}}  {label}".rstrip(), markup=False)
    while True:
        text = typer.prompt("Number or name", default=proposal, err=True).strip()
        if text in answers:
            return text
        if text.isdigit() and 0 < int(text) <= len(answers):
            return [*answers][int(text) - 1]
        console.print(f"{text} is not one of them.", markup=False)
