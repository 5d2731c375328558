"""Commands that read: `returns`, `outcomes`, `progress` and `plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from work_health._generated.models import ReviewState

from . import figure_screens, progress_screens, return_screens, screen
from .figure_words import explain_marks
from .options import Json
from .sandbox_note import print_sandbox_note
from .session import get_session

if TYPE_CHECKING:
    from work_health.outcome_queries import OutcomeQuery

app = typer.Typer()

Release = Annotated[str | None, typer.Option(help="The number of a release (default: the newest).")]
Preview = Annotated[bool, typer.Option("--preview", help="Read preview figures: live and unprotected, for reviewers.")]


@app.command()
def returns(
    context: typer.Context,
    measure: Annotated[str | None, typer.Option(help="Only this measure.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    state: Annotated[ReviewState | None, typer.Option(help="Only this state.")] = None,
    json_: Json = False,
) -> None:
    """List your current returns."""
    client = get_session(context, json_).open_client()
    revisions = list(client.iter_returns(client.resolve_programme(), measure=measure, period=period, state=state))
    if json_:
        screen.print_items_json(revisions)
    else:
        screen.create_console().print(return_screens.render_returns(revisions))


@app.command()
def outcomes(
    context: typer.Context,
    measure: Annotated[list[str], typer.Argument(help="One or more measures.")],
    period: Annotated[list[str] | None, typer.Option(help="Periods, such as FY2025-26 or latest-4.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First period of a range, instead of --period.")] = None,
    to: Annotated[str | None, typer.Option(help="Last period of the range.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="Areas, by GSS code.")] = None,
    group_by: Annotated[list[str] | None, typer.Option(help="Dimensions, or a level such as ward.")] = None,
    release: Release = None,
    preview: Preview = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print every column as CSV.")] = False,
    json_: Json = False,
    chart: Annotated[bool, typer.Option("--chart", help="Print a bar chart.")] = False,
) -> None:
    """Show published figures, or preview figures for reviewers.

    work-health outcomes ips-primary-care-referrals --preview --period latest-4 --chart
    """
    if sum((csv, json_, chart)) > 1:
        raise typer.BadParameter("use one of --csv, --json and --chart")
    _refuse_release_of_preview(preview, release)
    query: OutcomeQuery = {
        "measure": measure, "period": period or None, "from_": from_, "to": to, "area": area or None,
        "group_by": group_by or None,
    }  # fmt: skip
    client = get_session(context, json_).open_client()
    figures = client.outcomes(preview=True, **query) if preview else client.outcomes(release=release, **query)
    if csv:
        sys.stdout.buffer.write(figures.to_csv())
        return
    items = list(figures)
    if json_:
        screen.print_items_json(items)
    else:
        print_sandbox_note(client)
        console = screen.create_console()
        console.print(figure_screens.render_chart(items) if chart else figure_screens.render_figures(items))
        if legend := explain_marks(items):
            console.print(legend)


@app.command()
def progress(context: typer.Context, release: Release = None, preview: Preview = False, json_: Json = False) -> None:
    """Show the latest figure of each measure: its error, its movement, its coverage and what is missing.

    work-health progress --preview
    """
    _refuse_release_of_preview(preview, release)
    client = get_session(context, json_).open_client()
    programme = client.resolve_programme()
    state = client.preview_progress(programme) if preview else client.get_progress(programme, release=release)
    if json_:
        return screen.print_json(state.to_dict())
    print_sandbox_note(client)
    screen.create_console().print(progress_screens.render_progress(state))
    return None


@app.command()
def plan(context: typer.Context, json_: Json = False) -> None:
    """Show the logic model as a tree, with its measures."""
    client = get_session(context, json_).open_client()
    delivery_plan = client.plan()
    if json_:
        return screen.print_json(client.get_logic_model(delivery_plan.programme).to_dict())
    screen.create_console().print(figure_screens.render_plan(delivery_plan))
    return None


def _refuse_release_of_preview(preview: bool, release: str | None) -> None:
    if preview and release:
        raise typer.BadParameter("preview figures belong to no release", param_hint="--release")
