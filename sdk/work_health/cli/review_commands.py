"""The commands of `work-health review`, with which reviewers read returns and decide on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from work_health import ReturnKind, clearance, decision, reason
from work_health.results import format_return_name

from . import return_screens, review_screens, screen
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
    comment_on_return,
)
from .sandbox_note import print_sandbox_note
from .session import get_session

if TYPE_CHECKING:
    from work_health import ReturnRevision
    from work_health._generated.models import Redaction, ReviewResult

app = typer.Typer(help="Read returns and decide on them, for reviewers.", no_args_is_help=True)
app.command("comment")(comment_on_return)


@app.command()
def queue(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="pending, queried or approved.")] = "pending",
    organisation: Annotated[str | None, typer.Option(help="Only this organisation.")] = None,
    measure: Annotated[str | None, typer.Option(help="Only this measure.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    json_: Json = False,
) -> None:
    """List the returns that wait for a decision, those received first at the top.

    work-health review queue
    """
    session = get_session(context, json_)
    client = session.open_client()
    waiting = client.iter_returns(
        client.resolve_programme(), organisation=organisation, measure=measure, period=period, state=state
    )
    revisions = sorted(waiting, key=lambda revision: revision.recorded_at)
    if json_:
        return screen.print_items_json(revisions)
    print_sandbox_note(client)
    screen.create_console().print(return_screens.render_returns(revisions))
    if revisions:
        screen.print_next(session.format_command("review", "show", revisions[0].measure, **_list_names(revisions[0])))
    return None


@app.command()
def show(
    context: typer.Context,
    measure: Measure,
    period: Period,
    revision: Revision = None,
    organisation: Organisation = None,
    series: Series = None,
    service: Service = None,
    json_: Json = False,
) -> None:
    """Show a return next to that of the period before, its findings, its history, and what you may do.

    work-health review show ips-primary-care-referrals --period FY2025-26-Q3
    """
    chosen = choose_return(get_session(context, json_).open_client(), measure, period, organisation, series, service)
    review = chosen.client.get_review(chosen.programme, **chosen.name, revision=revision)
    if json_:
        return screen.print_json(review.to_dict())
    previous = None
    if review.detail.summary.kind is ReturnKind.WITHDRAWN:
        number = review.detail.summary.revision - 1
        previous = chosen.client.get_return(chosen.programme, **chosen.name, revision=number)
    elif (before := _find_previous(chosen)) is not None:
        previous = chosen.client.get_return(chosen.programme, **replace(chosen, current=before).name)
    print_sandbox_note(chosen.client)
    screen.create_console().print(review_screens.render_review(review, previous))
    return None


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


def _list_names(revision: ReturnRevision) -> dict[str, object]:
    """Return the options that name a return."""
    return {
        "period": revision.period.code,
        "organisation": revision.organisation,
        "series": revision.series if revision.series != "headline" else None,
        "service": revision.service if revision.service != "main" else None,
    }


def _find_previous(chosen: ChosenReturn) -> ReturnRevision | None:
    """Return the newest return of the same series and service for an earlier period of the same type."""
    name, period = chosen.name, chosen.current.period
    returns = chosen.client.iter_returns(
        chosen.programme,
        organisation=name["organisation"],
        measure=name["measure"],
        series=name["series"],
        service=name["service"],
    )
    earlier = [item for item in returns if item.period.type_ == period.type_ and item.period.end < period.start]
    return max(earlier, key=lambda item: item.period.end, default=None)
