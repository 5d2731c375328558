"""Commands with which reviewers decide on a return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from work_health import clearance, decision, reason
from work_health.results import format_return_name

from . import screen
from .options import Json
from .return_commands import (
    ChosenReturn,
    Measure,
    Organisation,
    Period,
    ReasonText,
    Revision,
    Series,
    Service,
    choose_return,
)
from .session import get_session

if TYPE_CHECKING:
    from work_health._generated.models import Redaction, ReviewResult

app = typer.Typer()


@app.command()
def approve(
    context: typer.Context,
    measure: Measure,
    period: Period,
    revision: Revision = None,
    text: Annotated[str | None, typer.Option("--text", help="A text for the organisation.")] = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Approve a revision of a return."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    result = chosen.client.approve_return(chosen.programme, **chosen.name, decision=decision(number, text))
    _print_result(chosen, result, number, json_)


@app.command()
def query(
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
    """Return a revision to its organisation with a question."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    result = chosen.client.raise_query(chosen.programme, **chosen.name, reason=reason(number, text))
    _print_result(chosen, result, number, json_)


@app.command()
def reopen(
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
    """Take back the approval of a revision."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    result = chosen.client.reopen_return(chosen.programme, **chosen.name, reason=reason(number, text))
    _print_result(chosen, result, number, json_)


@app.command("confirm-redaction")
def confirm_redaction(
    context: typer.Context,
    measure: Measure,
    period: Period,
    text: Annotated[str | None, typer.Option("--text", help="A text for the organisation.")] = None,
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Confirm the redaction that another person has proposed. It removes the content permanently."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    result = chosen.client.confirm_redaction(chosen.programme, **chosen.name, decision=decision(number, text))
    _print_result(chosen, result, number, json_)


@app.command("clear-for-release")
def clear_for_release(
    context: typer.Context,
    measure: Measure,
    period: Period,
    entry: Annotated[list[int], typer.Option(help="An item or entry without personal data, counted from 1.", min=1)],
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Clear items or entries of a return for release, because they contain no personal data."""
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    number = revision or chosen.current.revision
    result = chosen.client.clear_entries_for_release(
        chosen.programme, **chosen.name, clearance=clearance(number, entry)
    )
    _print_result(chosen, result, number, json_)


def _print_result(chosen: ChosenReturn, result: ReviewResult | Redaction, revision: int, json_: bool) -> None:
    if json_:
        return screen.print_json(result.to_dict())
    state = getattr(result, "state", None)
    name = f"{format_return_name(chosen.current)} {chosen.current.period.code}, revision {revision}"
    screen.create_console().print(f"{name}: {screen.format_state(state.value) if state else 'done'}")
    return None
