"""The command line as a whole: its commands, the options before them, and its errors."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from functools import partial
from typing import Annotated

import typer

from work_health._version import VERSION
from work_health.errors import ApiError, KeyExpiresSoon, RequestRejected, WorkHealthError
from work_health.results import IncompleteSubmission

from . import (
    duty_commands,
    key_commands,
    mapping_commands,
    profile_commands,
    publish_commands,
    read_commands,
    return_commands,
    return_screens,
    review_commands,
    screen,
    submit_commands,
)
from .exit_codes import EXIT_CODE_MEANINGS, ExitCode, choose_exit_code
from .hints import to_option_names
from .session import Session, get_session

log = logging.getLogger("work_health")

EXIT_CODES_HELP = "\n\n".join(
    ["Exit codes:", *(f"[bold]{code.value}[/] {meaning}" for code, meaning in EXIT_CODE_MEANINGS.items())]
)
app = typer.Typer(
    name="work-health",
    help="Submit returns to a health and work delivery plan, and read its outcomes.",
    epilog="Begin with [bold]work-health profile save[/] and [bold]work-health whoami[/].\n\n" + EXIT_CODES_HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(duty_commands.app)
app.add_typer(submit_commands.app)
app.add_typer(return_commands.app)
app.add_typer(read_commands.app)
app.add_typer(review_commands.app, name="review")
app.add_typer(publish_commands.app, name="publish")
app.add_typer(mapping_commands.app, name="mapping")
app.add_typer(key_commands.app, name="keys")
app.add_typer(profile_commands.app, name="profile")


def _print_version(requested: bool) -> None:
    if requested:
        sys.stdout.write(f"work-health {VERSION}\n")
        raise typer.Exit


@app.callback()
def set_options(
    context: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option(help="The profile to use (default: WORK_HEALTH_PROFILE, or the profile named default)."),
    ] = None,
    programme: Annotated[
        str | None, typer.Option(help="The programme's slug (default: WORK_HEALTH_PROGRAMME).")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The base URL of the server (default: WORK_HEALTH_URL).")] = None,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version.")
    ] = False,
) -> None:
    """Put these options before the command. The key comes from WORK_HEALTH_KEY or the profile, never from an option."""
    session = get_session(context)
    session.profile, session.programme, session.url = profile, programme, url


def run() -> int:
    """Run a command and return its exit code. Errors go to standard error."""
    session = Session()
    first_pause = FirstPause(session)
    log.setLevel(logging.INFO)
    log.addHandler(first_pause)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", KeyExpiresSoon)
            warnings.showwarning = partial(_print_warning, session)
            app(standalone_mode=True, obj=session)
    except WorkHealthError as error:
        _print_error(error, session)
        return choose_exit_code(error)
    except ValueError as error:  # from invalid settings
        sys.stderr.write(f"{error}\n")
        return ExitCode.USAGE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    finally:
        session.close()
        log.removeHandler(first_pause)
    return ExitCode.DONE


class FirstPause(logging.Handler):
    """Prints the first pause of a run, so that nobody takes the attempts after it for a command that hangs."""

    def __init__(self, session: Session) -> None:
        super().__init__(logging.INFO)
        self.session = session
        self.is_printed = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.is_printed:
            self.is_printed = True
            _print_notice(self.session, "Pause", record.getMessage())


def _print_warning(session: Session, warning: Warning | str, *_: object) -> None:
    """Print a warning as one line, without the line of code that caused it."""
    _print_notice(session, type(warning).__name__, str(warning))


def _print_notice(session: Session, kind: str, message: str) -> None:
    document = {"warning": kind, "message": message}
    sys.stderr.write((json.dumps(document, ensure_ascii=False) if session.json else message) + "\n")


def _print_error(error: WorkHealthError, session: Session) -> None:
    if session.json:
        sys.stderr.write(json.dumps(_build_error_document(error), ensure_ascii=False, default=str) + "\n")
        return
    console = screen.create_console(error=True)
    if not isinstance(error, ApiError):
        console.print(to_option_names(str(error)), markup=False)
        return
    request = f" [dim](request {error.request_id})[/]" if error.request_id else ""
    detail = screen.escape(to_option_names(error.detail))
    console.print(f"[bold red]{screen.escape(error.title)}[/] {detail}{request}")
    if error.findings:
        console.print(return_screens.render_findings(error.findings))
    elif isinstance(error, RequestRejected):
        console.print(str(error), markup=False)


def _build_error_document(error: WorkHealthError) -> dict[str, object]:
    """Return the error as JSON for scripts."""
    document: dict[str, object] = {"error": type(error).__name__, "message": str(error).split("\n", maxsplit=1)[0]}
    if isinstance(error, ApiError):
        document |= {"status": error.status, "request_id": error.request_id}
        document["findings"] = [finding.to_dict() for finding in error.findings]
    if isinstance(error, IncompleteSubmission):
        document |= {"committed": error.parts.committed, "remaining": error.parts.remaining}
    return document
