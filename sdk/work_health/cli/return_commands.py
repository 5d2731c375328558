"""Commands about one return: its history, its withdrawal and its review."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from work_health import WorkHealthError, comment, reason
from work_health._generated.models import Withdrawal
from work_health.results import format_return_name
from work_health.table_checks import convert_return_to_csv

from . import return_screens, review_screens, screen
from .options import Json
from .session import get_session

if TYPE_CHECKING:
    from work_health import ReturnRevision, WorkHealth

app = typer.Typer()

Measure = Annotated[str, typer.Argument(help="The measure's code.")]
Period = Annotated[str, typer.Option(help="The period of the return, such as FY2025-26-Q3.")]
Organisation = Annotated[str | None, typer.Option(help="The organisation, if several have such a return.")]
Series = Annotated[str | None, typer.Option(help="The series, if several have such a return.")]
Service = Annotated[str | None, typer.Option(help="The service, if several have such a return.")]
Revision = Annotated[int | None, typer.Option(help="The revision (default: the current one).", min=1)]
ReasonText = Annotated[str, typer.Option("--reason", help="The reason, without personal data.")]


class ReturnName(TypedDict):
    """The arguments by which the client names a return."""

    organisation: str
    measure: str
    series: str
    service: str
    period: str


@dataclass(frozen=True, slots=True)
class ChosenReturn:
    """The return that the arguments of a command name."""

    client: WorkHealth
    programme: str
    current: ReturnRevision

    @property
    def name(self) -> ReturnName:
        item = self.current
        return {
            "organisation": item.organisation,
            "measure": item.measure,
            "series": item.series,
            "service": item.service,
            "period": item.period.code,
        }


def choose_return(
    client: WorkHealth,
    measure: str,
    period: str,
    organisation: str | None,
    series: str | None,
    service: str | None,
) -> ChosenReturn:
    """Return the only return that has these names. Raises `WorkHealthError` if there are none or several."""
    programme = client.resolve_programme()
    items = list(
        client.iter_returns(
            programme, measure=measure, period=period, organisation=organisation, series=series, service=service
        )
    )
    if len(items) == 1:
        return ChosenReturn(client, programme, items[0])
    if not items:
        raise WorkHealthError(f"There is no return of {measure} for {period}. `work-health returns` lists them.")
    names = ", ".join(f"{item.organisation} {format_return_name(item)}" for item in items)
    raise WorkHealthError(f"{len(items)} returns match. Add --organisation, --series or --service: {names}")


@app.command()
def show(
    context: typer.Context,
    measure: Measure,
    period: Period,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A CSV file to write. You can correct it and submit it.")
    ] = None,
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Show what the server holds of a return, cell by cell.

    work-health show ips-primary-care-referrals --period FY2025-26-Q3 -o stored.csv
    """
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    detail = chosen.client.get_return(chosen.programme, **chosen.name, revision=revision)
    if output is not None:
        if not detail.observations:
            raise typer.BadParameter("this return has no counts; use --json", param_hint="--output")
        screen.write_new_file(output, convert_return_to_csv(detail))
    if json_:
        return screen.print_json(detail.to_dict())
    if output is None:
        screen.create_console().print(review_screens.render_content(detail))
    return None


@app.command()
def history(
    context: typer.Context,
    measure: Measure,
    period: Period,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Show the revisions of a return, and what happened to them.

    work-health history ips-primary-care-referrals --period FY2025-26-Q3
    """
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    revisions = chosen.client.list_revisions(chosen.programme, **chosen.name).items
    events = chosen.client.get_review(chosen.programme, **chosen.name).events
    if json_:
        return screen.print_json(
            {"revisions": [item.to_dict() for item in revisions], "events": [event.to_dict() for event in events]}
        )
    screen.create_console().print(return_screens.render_history(revisions, events))
    return None


@app.command()
def compare(
    context: typer.Context,
    measure: Measure,
    period: Period,
    older: Annotated[int | None, typer.Option(help="The older revision (default: the one before).", min=1)] = None,
    newer: Annotated[int | None, typer.Option(help="The newer revision (default: the current one).", min=1)] = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """List the cells that differ between two revisions of a return."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    newer = newer or chosen.current.revision
    older = older or newer - 1
    if older < 1:
        raise WorkHealthError("There is only one revision, so there is nothing to compare it with.")
    diff = chosen.client.compare_revisions(chosen.programme, **chosen.name, older=older, newer=newer)
    if json_:
        return screen.print_json(diff.to_dict())
    screen.create_console().print(return_screens.render_diff(diff))
    return None


@app.command()
def withdraw(
    context: typer.Context,
    measure: Measure,
    period: Period,
    text: ReasonText,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Check, but change nothing.")] = False,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Withdraw a return that should not have been sent. You owe it again; its revisions stay readable.

    work-health withdraw ips-primary-care-referrals --period FY2025-26-Q3 --reason "Wrong list"
    """
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    report = chosen.client.withdraw_return(
        chosen.programme, **chosen.name, withdrawal=Withdrawal(reason=text), dry_run=dry_run or None
    )
    if json_:
        return screen.print_json(report.to_dict())
    screen.create_console().print(return_screens.render_report(report))
    return None


@app.command("comment")
def comment_on_return(
    context: typer.Context,
    measure: Measure,
    period: Period,
    text: Annotated[str, typer.Option("--text", help="The comment. Reviewers and the organisation can read it.")],
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Comment on a revision of a return, for example to answer a query."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    event = chosen.client.comment_on_return(chosen.programme, **chosen.name, comment=comment(number, text))
    if json_:
        return screen.print_json(event.to_dict())
    screen.create_console().print(f"Commented on revision {number} of {format_return_name(chosen.current)} {period}.")
    return None


@app.command("propose-redaction")
def propose_redaction(
    context: typer.Context,
    measure: Measure,
    period: Period,
    text: ReasonText,
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Propose to remove the content of a revision everywhere. Another person must confirm it."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    redaction = chosen.client.propose_redaction(chosen.programme, **chosen.name, reason=reason(number, text))
    if json_:
        return screen.print_json(redaction.to_dict())
    screen.create_console().print(
        f"Proposed the redaction of revision {number} of {format_return_name(chosen.current)} {period}. "
        "Another person must confirm it."
    )
    return None
