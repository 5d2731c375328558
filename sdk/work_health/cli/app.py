"""The commands of `work-health`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from work_health._core import VERSION
from work_health.client import WorkHealth
from work_health.errors import ApiError, CheckFailed, RequestRejected, WorkHealthError
from work_health.outcome_queries import OutcomeQuery
from work_health.reports import IncompleteSubmission, PartsResult

from . import profiles, screen
from .exit_codes import EXIT_CODE_MEANINGS, ExitCode, choose_exit_code

TIMEOUT_SECONDS = 60.0  # seconds to wait for an answer: nobody waits at a keyboard for what a scheduler does


@dataclass(slots=True)
class Session:
    """What was said before the command, and what is open."""

    profile: str | None = None
    url: str | None = None
    programme: str | None = None
    json: bool = False
    clients: list[WorkHealth] = field(default_factory=list[WorkHealth])

    def client(self) -> WorkHealth:
        """Options first, then the environment, then the profile."""
        said = profiles.choose_profile(self.profile)
        made = WorkHealth(
            os.environ.get("WORK_HEALTH_KEY") or said.key or "",
            base_url=self.url or os.environ.get("WORK_HEALTH_URL") or said.url,
            programme=self.programme or os.environ.get("WORK_HEALTH_PROGRAMME") or said.programme,
            timeout=TIMEOUT_SECONDS,
        )
        self.clients.append(made)
        return made


session = Session()

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
profile_app = typer.Typer(help="Save servers and keys under a name.", no_args_is_help=True)
app.add_typer(profile_app, name="profile")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
File = Annotated[Path, typer.Argument(help="A CSV file or a workbook.", exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        help="A file that maps your column names and codes to those of the plan (TOML or JSON).",
        exists=True,
    ),
]
Sheet = Annotated[str | None, typer.Option(help="The sheet of the workbook, if it has several.")]
Measure = Annotated[str | None, typer.Option(help="The measure, if the file has no such column.")]
Period = Annotated[str | None, typer.Option(help="The period, such as FY2025-26-Q3, if the file has no such column.")]
Organisation = Annotated[str | None, typer.Option(help="The organisation to submit for, if the key has more than one.")]


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"work-health {VERSION}\n")
        raise typer.Exit


@app.callback()
def options(
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
    session.profile, session.programme, session.url = profile, programme, url


@app.command()
def whoami(json_: Json = False) -> None:
    """Show the client, the expiry date and the scopes of the key."""
    session.json = json_
    me = session.client().get_me()
    if json_:
        return screen.print_json(me.to_dict())
    out = screen.create_console()
    out.print(f"[bold]{me.client}[/], key {me.key}, until {me.expires_at:%d %B %Y}", markup=True)
    for grant in me.grants:
        out.print(f"  {grant.programme}  as {grant.organisation}: {', '.join(grant.scopes)}")
    return None


@app.command()
def obligations(
    state: Annotated[str | None, typer.Option(help="Only this state: open, overdue, queried, …")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only this organisation; reviewers see all.")] = None,
    measure: Annotated[str | None, typer.Option(help="Only this measure.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    json_: Json = False,
) -> None:
    """List the returns that you must submit, their deadlines and possible actions.

    work-health obligations --state overdue
    """
    session.json = json_
    client = session.client()
    programme = client.resolve_programme()
    found = client.list_obligations(
        programme, organisation=organisation, measure=measure, period=period, state=state
    ).items
    screen.print_items_json(found) if json_ else screen.create_console().print(screen.render_obligations(found))


@app.command()
def template(
    measure: Annotated[str, typer.Argument(help="The measure's code; `obligations` lists yours.")],
    period: Annotated[str, typer.Option(help="The period, such as FY2025-26-Q3.")],
    series: Annotated[str | None, typer.Option(help="If you return more than one.")] = None,
    service: Annotated[str | None, typer.Option(help="If you return more than one.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; - for standard output.")
    ] = None,
) -> None:
    """Save a CSV template with the cells to fill in.

    work-health template ips-primary-care-referrals --period FY2025-26-Q3
    """
    client = session.client()
    content = client.get_template(client.resolve_programme(), measure, period=period, series=series, service=service)
    if str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{measure}_{period}.csv")
    if path.exists():
        raise typer.BadParameter(f"{path} is there already", param_hint="--output")
    path.write_bytes(content)
    screen.create_console().print(f"{path}: fill in the values, then [bold]work-health check {path}[/]")


@app.command()
def check(
    file: File,
    mapping: MappingFile = None,
    sheet: Sheet = None,
    measure: Measure = None,
    period: Period = None,
    organisation: Organisation = None,
    json_: Json = False,
) -> None:
    """Check a file on this computer against your duties. Nothing is sent.

    [bold]submit --dry-run[/] checks more: that parts fit totals, and that figures fit earlier returns.
    """
    session.json = json_
    found = session.client().check(
        file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation
    )
    if json_:
        return screen.print_json({"returns": found, "findings": []})
    screen.create_console().print(
        f"Fits what you owe: {', '.join(found)}. Next: [bold]work-health submit {file} --dry-run[/]"
    )
    return None


@app.command()
def submit(
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
        bool, typer.Option("--confirm-withdrawals", help="Withdraw current cells that the file does not contain.")
    ] = False,
    justify: Annotated[list[str] | None, typer.Option(help="ID=TEXT: justify the finding with this id.")] = None,
    note: Annotated[str | None, typer.Option(help="A note for reviewers.")] = None,
    in_parts: Annotated[
        int | None,
        typer.Option(
            help="Send submissions of about this many rows, each of whole returns. Run again to resume.", min=1
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Submit a file. The server accepts all of it or none of it.

    work-health submit return.xlsx --mapping ours.toml --dry-run
    """
    session.json = json_
    client = session.client()
    justifications = dict(_parse_justification(one) for one in justify or [])
    if in_parts and dry_run:
        raise typer.BadParameter("a dry run writes nothing, so it needs no parts", param_hint="--in-parts")
    if in_parts:
        with _ProgressBar() as bar:
            said = client.submit_in_parts(
                file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation,
                confirm_withdrawals=confirm_withdrawals, justifications=justifications, note=note, rows=in_parts,
                on_progress=bar.show,
            )  # fmt: skip
        return _print_parts_json(said) if json_ else screen.create_console().print(screen.render_parts(said))
    answer = client.submit(
        file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation,
        confirm_withdrawals=confirm_withdrawals, justifications=justifications, note=note, dry_run=dry_run,
    )  # fmt: skip
    if json_:
        return screen.print_json(answer.report.to_dict())
    out = screen.create_console()
    out.print(screen.render_report(answer.report))
    if answer.findings:
        out.print(screen.render_findings(answer.findings))
    return None


def _parse_justification(said: str) -> tuple[str, str]:
    name, equals, why = said.partition("=")
    if not (name and equals and why.strip()):
        raise typer.BadParameter(f"ID=WHY, not {said!r}", param_hint="--justify")
    return name, why


class _ProgressBar(Progress):
    """Parts done of parts known, on the terminal alone."""

    def __init__(self) -> None:
        error = screen.create_console(error=True)
        shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*shown, console=error, transient=True, disable=not error.is_terminal)
        self._task = self.add_task("Sending", total=None)

    def show(self, parts: PartsResult) -> None:
        self.update(self._task, completed=len(parts.parts), description=parts.parts[-1].returns[-1])


def _print_parts_json(said: PartsResult) -> None:
    done = [
        {"returns": part.returns, "rows": part.rows, "outcome": part.outcome, "submission": part.submission}
        for part in said.parts
    ]
    screen.print_json({"parts": done, "committed": said.committed, "remaining": said.remaining})


@app.command()
def returns(
    measure: Annotated[str | None, typer.Option(help="Only this measure.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    state: Annotated[str | None, typer.Option(help="Only this state: pending, approved or queried.")] = None,
    json_: Json = False,
) -> None:
    """List your current returns."""
    session.json = json_
    client = session.client()
    found = list(client.iter_returns(client.resolve_programme(), measure=measure, period=period, state=state))
    screen.print_items_json(found) if json_ else screen.create_console().print(screen.render_returns(found))


@app.command()
def outcomes(
    measure: Annotated[list[str], typer.Argument(help="One or more measures.")],
    period: Annotated[list[str] | None, typer.Option(help="Periods, such as FY2025-26 or latest-4.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="Areas, by GSS code.")] = None,
    group_by: Annotated[list[str] | None, typer.Option(help="Dimensions, or a level such as ward.")] = None,
    release: Annotated[str | None, typer.Option(help="The number of a release (default: the newest).")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Read preview figures: live and unprotected, for reviewers.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print every column as CSV.")] = False,
    json_: Json = False,
    chart: Annotated[bool, typer.Option("--chart", help="Print a bar chart.")] = False,
) -> None:
    """Published outcomes, and previews for reviewers.

    work-health outcomes ips-primary-care-referrals --preview --period latest-4 --chart
    """
    session.json = json_
    if sum((csv, json_, chart)) > 1:
        raise typer.BadParameter("one of --csv, --json and --chart")
    if preview and release:
        raise typer.BadParameter("live figures are in no release", param_hint="--release")
    question: OutcomeQuery = {
        "measure": measure, "period": period or None, "area": area or None, "group_by": group_by or None
    }  # fmt: skip
    client = session.client()
    found = client.outcomes(preview=True, **question) if preview else client.outcomes(release=release, **question)
    if csv:
        sys.stdout.buffer.write(found.to_csv())
        return
    items = list(found)
    if json_:
        screen.print_items_json(items)
    else:
        screen.create_console().print(screen.render_chart(items) if chart else screen.render_figures(items))


@app.command()
def plan(json_: Json = False) -> None:
    """Show the logic model as a tree, with its measures."""
    session.json = json_
    client = session.client()
    found = client.plan()
    if json_:
        return screen.print_json(client.get_logic_model(found.programme).to_dict())
    screen.create_console().print(screen.render_plan(found))
    return None


@profile_app.command("list")
def list_profiles(json_: Json = False) -> None:
    """List profiles with their server and programme. Keys are not shown."""
    found = profiles.load_profiles()
    rows = [
        {"name": name, "url": one.url, "programme": one.programme, "key": bool(one.key)} for name, one in found.items()
    ]
    if json_:
        return screen.print_json({"items": rows})
    out = screen.create_console()
    out.print(f"[dim]{profiles.find_config_file()}[/]")
    for row in rows:
        key = "with a key" if row["key"] else "without a key"
        out.print(f"{row['name']}  {row['url'] or ''}  {row['programme'] or ''}  {key}", markup=False)
    return None


@profile_app.command("save")
def save_profile(
    name: Annotated[str, typer.Argument(help="The name of the profile, such as live or sandbox.")] = "default",
    url: Annotated[str | None, typer.Option(help="The base URL of the server.")] = None,
    programme: Annotated[str | None, typer.Option(help="The slug of the programme.")] = None,
) -> None:
    """Save a server and a key under a name. The command prompts for the key and does not show it."""
    key = typer.prompt("Key", hide_input=True, default="", show_default=False, err=True).strip()
    WorkHealth(key, base_url=url).close()  # says what cannot be a key or an address
    path = profiles.save_profile(name, profiles.Profile(url=url, programme=programme, key=key or None))
    screen.create_console().print(f"{name} is kept in {path}")


def run() -> int:
    """What the command ends with; errors are told on the other stream."""
    try:
        app(standalone_mode=True)
    except WorkHealthError as error:
        _print_error(error)
        return choose_exit_code(error)
    except ValueError as error:  # settings that cannot be
        sys.stderr.write(f"{error}\n")
        return ExitCode.USAGE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    finally:
        for client in session.clients:
            client.close()
    return ExitCode.DONE


def _print_error(error: WorkHealthError) -> None:
    if session.json:
        sys.stderr.write(json.dumps(_build_error_document(error), ensure_ascii=False, default=str) + "\n")
        return
    out = screen.create_console(error=True)
    if not isinstance(error, ApiError):
        out.print(str(error), markup=False)
        return
    where = (
        "" if isinstance(error, CheckFailed) else f" [dim](request {error.request_id})[/]" if error.request_id else ""
    )
    out.print(f"[bold red]{error.title}[/] {screen.escape(error.detail)}{where}")
    if error.findings:
        out.print(screen.render_findings(error.findings))
    if isinstance(error, RequestRejected) and not error.findings:
        out.print(str(error), markup=False)


def _build_error_document(error: WorkHealthError) -> dict[str, object]:
    """The same for scripts."""
    made: dict[str, object] = {"error": type(error).__name__, "message": str(error).split("\n", maxsplit=1)[0]}
    if isinstance(error, ApiError):
        made |= {"status": error.status, "request_id": error.request_id}
        made["findings"] = [one.to_dict() for one in error.findings]
    if isinstance(error, IncompleteSubmission):
        made |= {"committed": error.parts.committed, "remaining": error.parts.remaining}
    return made
