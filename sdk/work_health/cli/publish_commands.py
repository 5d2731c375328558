"""The commands of `work-health publish`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from work_health import WorkHealth, new_release
from work_health._generated.models import PublicationJob, PublicationJobState

from . import publication_screens, screen
from .exit_codes import ExitCode
from .options import Json
from .progress_bar import ProgressBar
from .session import Session, get_session

app = typer.Typer(help="Rehearse and publish releases, for publishers.", no_args_is_help=True)

Notes = Annotated[str | None, typer.Option(help="Notes for readers: what is new, what was corrected, and why.")]
Embargo = Annotated[
    datetime | None,
    typer.Option("--publish-at", help="The end of the embargo, by this computer's clock.", formats=["%Y-%m-%dT%H:%M"]),
]
ExcludedMeasures = Annotated[
    list[str] | None, typer.Option("--exclude", help="A measure to leave out. Repeat it for several.")
]
JobId = Annotated[UUID | None, typer.Argument(help="The id of the job (default: the newest).")]
OPEN_STATES = (PublicationJobState.QUEUED, PublicationJobState.RUNNING)
POLL_SECONDS = 1.0
EXIT_CODES = {
    PublicationJobState.PUBLISHED: ExitCode.DONE,
    PublicationJobState.REHEARSED: ExitCode.DONE,
    PublicationJobState.REFUSED: ExitCode.REJECTED,
    PublicationJobState.FAILED: ExitCode.TRY_LATER,
}


@app.command()
def rehearse(
    context: typer.Context,
    notes: Notes = None,
    publish_at: Embargo = None,
    exclude: ExcludedMeasures = None,
    json_: Json = False,
) -> None:
    """Report what a release would show, withhold and change, by measure. Nothing is published.

    work-health publish rehearse
    """
    session = get_session(context, json_)
    job = _run_job(session, notes, publish_at, exclude, is_rehearsal=True)
    if job.state is PublicationJobState.REHEARSED and not json_:
        embargo = publish_at and publish_at.isoformat(timespec="minutes")
        screen.print_next(
            session.format_command("publish", "release", notes=notes, publish_at=embargo, exclude=exclude)
        )
    _end(job)


@app.command()
def release(
    context: typer.Context,
    notes: Notes = None,
    publish_at: Embargo = None,
    exclude: ExcludedMeasures = None,
    json_: Json = False,
) -> None:
    """Publish a release of everything that is approved, and wait until it is made.

    work-health publish release --notes "Second quarter"
    """
    _end(_run_job(get_session(context, json_), notes, publish_at, exclude, is_rehearsal=False))


@app.command()
def follow(context: typer.Context, job_id: JobId = None, json_: Json = False) -> None:
    """Wait for a rehearsal or a release that is running, and print its result."""
    session = get_session(context, json_)
    client = session.open_client()
    programme = client.resolve_programme()
    _end(_wait(session, client, programme, job_id or _find_newest(client, programme)))


@app.command()
def cancel(context: typer.Context, job_id: JobId = None, json_: Json = False) -> None:
    """End a rehearsal or a release that is running. It publishes nothing."""
    client = get_session(context, json_).open_client()
    programme = client.resolve_programme()
    _print_job(client.cancel_publication(programme, job_id or _find_newest(client, programme)), json_)


def _run_job(
    session: Session, notes: str | None, publish_at: datetime | None, exclude: list[str] | None, *, is_rehearsal: bool
) -> PublicationJob:
    client = session.open_client()
    programme = client.resolve_programme()
    embargo = publish_at and publish_at.astimezone()
    body = new_release(notes=notes, publish_at=embargo, exclude_measures=exclude or ())
    return _wait(session, client, programme, client.create_release(programme, body, dry_run=is_rehearsal or None).id)


def _wait(session: Session, client: WorkHealth, programme: str, job_id: UUID) -> PublicationJob:
    """Show a bar until the job has ended, then its result."""
    job = client.get_publication(programme, job_id)
    with ProgressBar("Waiting") as bar:
        while job.state in OPEN_STATES:
            is_protected = job.contributions_protected == job.contribution_count
            description = "Making the release" if is_protected else "Protecting returns"
            bar.show(description, job.contributions_protected, job.contribution_count)
            time.sleep(POLL_SECONDS)
            job = client.get_publication(programme, job_id)
    _print_job(job, session.json)
    return job


def _print_job(job: PublicationJob, json_: bool) -> None:
    if json_:
        return screen.print_json(job.to_dict())
    screen.create_console().print(publication_screens.render_job(job))
    return None


def _find_newest(client: WorkHealth, programme: str) -> UUID:
    jobs = client.list_publications(programme, limit=1).items
    if not jobs:
        raise typer.BadParameter("there is no rehearsal and no release yet", param_hint="JOB_ID")
    return jobs[0].id


def _end(job: PublicationJob) -> None:
    raise typer.Exit(EXIT_CODES.get(job.state, ExitCode.OTHER))
