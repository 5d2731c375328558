"""Commands about a key and its duties: `whoami`, `obligations` and `template`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from work_health._generated.models import ObligationState

from . import return_screens, screen
from .options import Json
from .session import get_session

app = typer.Typer()
STATES_TO_ACT = {ObligationState.OPEN, ObligationState.OVERDUE, ObligationState.QUERIED}


@app.command()
def whoami(context: typer.Context, json_: Json = False) -> None:
    """Show the client, the expiry date and the scopes of the key."""
    me = get_session(context, json_).open_client().get_me()
    if json_:
        return screen.print_json(me.to_dict())
    console = screen.create_console()
    console.print(f"[bold]{me.client}[/], key {me.key}, until {me.expires_at:%d %B %Y}", markup=True)
    for grant in me.grants:
        console.print(f"  {grant.programme}  as {grant.organisation}: {', '.join(grant.scopes)}")
    return None


@app.command()
def obligations(
    context: typer.Context,
    state: Annotated[ObligationState | None, typer.Option(help="Only this state.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only this organisation; reviewers see all.")] = None,
    measure: Annotated[str | None, typer.Option(help="Only this measure.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Also what is not due yet, done, or owed by others that you may see.")
    ] = False,
    json_: Json = False,
) -> None:
    """List what you owe now: the returns that are open, overdue or queried, with their deadlines.

    A filter or [bold]--all[/] lists other returns as well.

    work-health obligations --all --period FY2025-26-Q3
    """
    client = get_session(context, json_).open_client()
    programme = client.resolve_programme()
    is_filtered = any((state, organisation, measure, period, all_))
    owners = {grant.organisation for grant in client.get_me().grants if grant.programme == programme}
    duties = [
        duty
        for duty in client.iter_obligations(
            programme, organisation=organisation, measure=measure, period=period, state=state
        )
        if is_filtered or (duty.state in STATES_TO_ACT and duty.organisation in owners)
    ]
    if json_:
        screen.print_items_json(duties)
    elif duties:
        screen.create_console().print(return_screens.render_obligations(duties))
    elif is_filtered:
        screen.create_console().print("No return matches.")
    else:
        screen.create_console().print(f"{', '.join(sorted(owners))} owes nothing now. --all lists every return.")


@app.command()
def template(
    context: typer.Context,
    measure: Annotated[str, typer.Argument(help="The measure's code; `obligations` lists yours.")],
    period: Annotated[str, typer.Option(help="The period, such as FY2025-26-Q3.")],
    series: Annotated[str | None, typer.Option(help="The series, if your duties have several.")] = None,
    service: Annotated[str | None, typer.Option(help="The service, if your duties have several.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write, .csv or .xlsx; - for standard output.")
    ] = None,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="A workbook with drop-down lists, instead of CSV.")] = False,
) -> None:
    """Save a template with the cells to fill in, as CSV or as a workbook.

    work-health template ips-primary-care-referrals --period FY2025-26-Q3

    work-health template ips-primary-care-referrals --period FY2025-26-Q3 -o referrals.xlsx
    """
    session = get_session(context)
    client = session.open_client()
    is_workbook = xlsx or (output is not None and output.suffix.lower() == ".xlsx")
    get_template = client.get_template_workbook if is_workbook else client.get_template
    content = get_template(client.resolve_programme(), measure, period=period, series=series, service=service)
    if str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{measure}_{period}{'.xlsx' if is_workbook else '.csv'}")
    screen.write_new_file(path, content)
    screen.print_next(session.format_command("check", path))
