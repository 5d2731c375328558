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
from work_health.errors import ApiError, NotSent, Rejected, WorkHealthError
from work_health.outcome_queries import Question
from work_health.reports import PartlySubmitted, Parts

from . import profiles, screen
from .exit_codes import MEANINGS, Exit, code_of

LONG = 60.0  # seconds to wait for an answer: nobody waits at a keyboard for what a scheduler does


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
        said = profiles.chosen(self.profile)
        made = WorkHealth(
            os.environ.get("WORK_HEALTH_KEY") or said.key or "",
            base_url=self.url or os.environ.get("WORK_HEALTH_URL") or said.url,
            programme=self.programme or os.environ.get("WORK_HEALTH_PROGRAMME") or said.programme,
            timeout=LONG,
        )
        self.clients.append(made)
        return made


session = Session()

CODES = "\n\n".join(["Exit codes:", *(f"[bold]{code.value}[/] {meaning}" for code, meaning in MEANINGS.items())])
app = typer.Typer(
    name="work-health",
    help="Send returns into a delivery plan for health and work, and read what they amount to.",
    epilog="Begin with [bold]work-health profile save[/] and [bold]work-health whoami[/].\n\n" + CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
named = typer.Typer(help="Servers and keys by name.", no_args_is_help=True)
app.add_typer(named, name="profile")

Json = Annotated[bool, typer.Option("--json", help="JSON, for scripts.")]
File = Annotated[Path, typer.Argument(help="A CSV file or a workbook.", exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", "-m", help="Your column names and codes, told as ours: TOML or JSON.", exists=True),
]
Sheet = Annotated[str | None, typer.Option(help="Of a workbook that has several.")]
Measure = Annotated[str | None, typer.Option(help="Where the rows do not say it.")]
Period = Annotated[str | None, typer.Option(help="Where the rows do not say it, such as FY2025-26-Q3.")]
Organisation = Annotated[str | None, typer.Option(help="In whose name, where the key opens more than one.")]


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"work-health {VERSION}\n")
        raise typer.Exit


@app.callback()
def options(
    profile: Annotated[
        str | None, typer.Option(help="Else WORK_HEALTH_PROFILE, else the one that is called default.")
    ] = None,
    programme: Annotated[str | None, typer.Option(help="Else WORK_HEALTH_PROGRAMME.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the server is; else WORK_HEALTH_URL.")] = None,
    _: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Its version.")] = False,
) -> None:
    """Options stand before the command. The key comes from WORK_HEALTH_KEY or the profile, never from an option."""
    session.profile, session.programme, session.url = profile, programme, url


@app.command()
def whoami(json_: Json = False) -> None:
    """Whose key it is, until when, and what it opens."""
    session.json = json_
    me = session.client().get_me()
    if json_:
        return screen.as_json(me.to_dict())
    out = screen.console()
    out.print(f"[bold]{me.client}[/], key {me.key}, until {me.expires_at:%d %B %Y}", markup=True)
    for grant in me.grants:
        out.print(f"  {grant.programme}  as {grant.organisation}: {', '.join(grant.scopes)}")
    return None


@app.command()
def obligations(
    state: Annotated[str | None, typer.Option(help="open, overdue, queried, …")] = None,
    organisation: Annotated[str | None, typer.Option(help="Of one; reviewers see all.")] = None,
    measure: Annotated[str | None, typer.Option(help="Of this measure alone.")] = None,
    period: Annotated[str | None, typer.Option(help="Of this period alone.")] = None,
    json_: Json = False,
) -> None:
    """What you owe, by when, and what you may do about it.

    work-health obligations --state overdue
    """
    session.json = json_
    client = session.client()
    programme = client.chosen_programme()
    found = client.list_obligations(
        programme, organisation=organisation, measure=measure, period=period, state=state
    ).items
    screen.items_as_json(found) if json_ else screen.console().print(screen.obligations(found))


@app.command()
def template(
    measure: Annotated[str, typer.Argument(help="The measure's code; `obligations` lists yours.")],
    period: Annotated[str, typer.Option(help="Such as FY2025-26-Q3.")],
    series: Annotated[str | None, typer.Option(help="Where you return more than one.")] = None,
    service: Annotated[str | None, typer.Option(help="Where you return more than one.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; - for the screen.")] = None,
) -> None:
    """The cells that you owe, as a CSV file to be filled in.

    work-health template ips-primary-care-referrals --period FY2025-26-Q3
    """
    client = session.client()
    content = client.get_template(client.chosen_programme(), measure, period=period, series=series, service=service)
    if str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{measure}_{period}.csv")
    if path.exists():
        raise typer.BadParameter(f"{path} is there already", param_hint="--output")
    path.write_bytes(content)
    screen.console().print(f"{path}: fill in the values, then [bold]work-health check {path}[/]")


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
    """Look at a file here, against what you owe. Nothing is sent.

    The dry run of [bold]submit[/] tells more: whether parts fit totals, and how it stands to earlier returns.
    """
    session.json = json_
    found = session.client().check(
        file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation
    )
    if json_:
        return screen.as_json({"returns": found, "findings": []})
    screen.console().print(f"Fits what you owe: {', '.join(found)}. Next: [bold]work-health submit {file} --dry-run[/]")
    return None


@app.command()
def submit(
    file: File,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Tell all that would be told; write nothing.")
    ] = False,
    mapping: MappingFile = None,
    sheet: Sheet = None,
    measure: Measure = None,
    period: Period = None,
    organisation: Organisation = None,
    confirm_withdrawals: Annotated[
        bool, typer.Option("--confirm-withdrawals", help="What is not sent any more may go.")
    ] = False,
    justify: Annotated[list[str] | None, typer.Option(help="ID=WHY: a finding that is right after all.")] = None,
    note: Annotated[str | None, typer.Option(help="For reviewers.")] = None,
    in_parts: Annotated[
        int | None,
        typer.Option(help="Several submissions of so many rows, each of whole returns; goes on after a break.", min=1),
    ] = None,
    json_: Json = False,
) -> None:
    """Send a file: all of it is taken, or nothing is.

    work-health submit return.xlsx --mapping ours.toml --dry-run
    """
    session.json = json_
    client = session.client()
    justifications = dict(_justification(one) for one in justify or [])
    if in_parts and dry_run:
        raise typer.BadParameter("a dry run writes nothing, so it needs no parts", param_hint="--in-parts")
    if in_parts:
        with _Bar() as bar:
            said = client.submit_in_parts(
                file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation,
                confirm_withdrawals=confirm_withdrawals, justifications=justifications, note=note, rows=in_parts,
                on_progress=bar.show,
            )  # fmt: skip
        return _parts_as_json(said) if json_ else screen.console().print(screen.parts(said))
    answer = client.submit(
        file, mapping=mapping, sheet=sheet, measure=measure, period=period, organisation=organisation,
        confirm_withdrawals=confirm_withdrawals, justifications=justifications, note=note, dry_run=dry_run,
    )  # fmt: skip
    if json_:
        return screen.as_json(answer.report.to_dict())
    out = screen.console()
    out.print(screen.report(answer.report))
    if answer.findings:
        out.print(screen.findings(answer.findings))
    return None


def _justification(said: str) -> tuple[str, str]:
    name, equals, why = said.partition("=")
    if not (name and equals and why.strip()):
        raise typer.BadParameter(f"ID=WHY, not {said!r}", param_hint="--justify")
    return name, why


class _Bar(Progress):
    """Parts done of parts known, on the terminal alone."""

    def __init__(self) -> None:
        error = screen.console(error=True)
        shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*shown, console=error, transient=True, disable=not error.is_terminal)
        self._task = self.add_task("Sending", total=None)

    def show(self, parts: Parts) -> None:
        self.update(self._task, completed=len(parts.parts), description=parts.parts[-1].returns[-1])


def _parts_as_json(said: Parts) -> None:
    done = [
        {"returns": part.returns, "rows": part.rows, "outcome": part.outcome, "submission": part.submission}
        for part in said.parts
    ]
    screen.as_json({"parts": done, "committed": said.committed, "left": said.left})


@app.command()
def returns(
    measure: Annotated[str | None, typer.Option(help="Of this measure alone.")] = None,
    period: Annotated[str | None, typer.Option(help="Of this period alone.")] = None,
    state: Annotated[str | None, typer.Option(help="pending, approved or queried.")] = None,
    json_: Json = False,
) -> None:
    """Your returns as they stand."""
    session.json = json_
    client = session.client()
    found = list(client.iter_returns(client.chosen_programme(), measure=measure, period=period, state=state))
    screen.items_as_json(found) if json_ else screen.console().print(screen.returns(found))


@app.command()
def outcomes(
    measure: Annotated[list[str], typer.Argument(help="One measure or more.")],
    period: Annotated[list[str] | None, typer.Option(help="Such as FY2025-26, or latest-4.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="GSS codes.")] = None,
    group_by: Annotated[list[str] | None, typer.Option(help="Dimensions, or a level such as ward.")] = None,
    release: Annotated[str | None, typer.Option(help="Its number; else the newest.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Live and unprotected, for reviewers.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The whole table.")] = False,
    json_: Json = False,
    chart: Annotated[bool, typer.Option("--chart", help="Bars.")] = False,
) -> None:
    """What the returns amount to.

    work-health outcomes ips-primary-care-referrals --preview --period latest-4 --chart
    """
    session.json = json_
    if sum((csv, json_, chart)) > 1:
        raise typer.BadParameter("one of --csv, --json and --chart")
    if preview and release:
        raise typer.BadParameter("live figures are in no release", param_hint="--release")
    question: Question = {
        "measure": measure, "period": period or None, "area": area or None, "group_by": group_by or None
    }  # fmt: skip
    client = session.client()
    found = client.outcomes(preview=True, **question) if preview else client.outcomes(release=release, **question)
    if csv:
        sys.stdout.buffer.write(found.to_csv())
        return
    items = list(found)
    if json_:
        screen.items_as_json(items)
    else:
        screen.console().print(screen.chart(items) if chart else screen.figures(items))


@app.command()
def plan(json_: Json = False) -> None:
    """The logic model as a tree: what is meant to lead to what, and what is counted to see whether it does."""
    session.json = json_
    client = session.client()
    found = client.plan()
    if json_:
        return screen.as_json(client.get_logic_model(found.programme).to_dict())
    screen.console().print(screen.tree(found))
    return None


@named.command("list")
def list_profiles(json_: Json = False) -> None:
    """Their names and places; never a key."""
    found = profiles.all_of_them()
    rows = [
        {"name": name, "url": one.url, "programme": one.programme, "key": bool(one.key)} for name, one in found.items()
    ]
    if json_:
        return screen.as_json({"items": rows})
    out = screen.console()
    out.print(f"[dim]{profiles.place()}[/]")
    for row in rows:
        key = "with a key" if row["key"] else "without a key"
        out.print(f"{row['name']}  {row['url'] or ''}  {row['programme'] or ''}  {key}", markup=False)
    return None


@named.command("save")
def save_profile(
    name: Annotated[str, typer.Argument(help="Such as live or sandbox.")] = "default",
    url: Annotated[str | None, typer.Option(help="Where the server is.")] = None,
    programme: Annotated[str | None, typer.Option(help="Its slug.")] = None,
) -> None:
    """Keep a server and its key under a name. The key is asked for, and not shown."""
    key = typer.prompt("Key", hide_input=True, default="", show_default=False, err=True).strip()
    WorkHealth(key, base_url=url).close()  # says what cannot be a key or an address
    path = profiles.save(name, profiles.Profile(url=url, programme=programme, key=key or None))
    screen.console().print(f"{name} is kept in {path}")


def run() -> int:
    """What the command ends with; errors are told on the other stream."""
    try:
        app(standalone_mode=True)
    except WorkHealthError as error:
        _tell(error)
        return code_of(error)
    except ValueError as error:  # settings that cannot be
        sys.stderr.write(f"{error}\n")
        return Exit.USAGE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    finally:
        for client in session.clients:
            client.close()
    return Exit.DONE


def _tell(error: WorkHealthError) -> None:
    if session.json:
        sys.stderr.write(json.dumps(_document(error), ensure_ascii=False, default=str) + "\n")
        return
    out = screen.console(error=True)
    if not isinstance(error, ApiError):
        out.print(str(error), markup=False)
        return
    where = "" if isinstance(error, NotSent) else f" [dim](request {error.request_id})[/]" if error.request_id else ""
    out.print(f"[bold red]{error.title}[/] {screen.escape(error.detail)}{where}")
    if error.findings:
        out.print(screen.findings(error.findings))
    if isinstance(error, Rejected) and not error.findings:
        out.print(str(error), markup=False)


def _document(error: WorkHealthError) -> dict[str, object]:
    """The same for scripts."""
    made: dict[str, object] = {"error": type(error).__name__, "message": str(error).split("\n", maxsplit=1)[0]}
    if isinstance(error, ApiError):
        made |= {"status": error.status, "request_id": error.request_id}
        made["findings"] = [one.to_dict() for one in error.findings]
    if isinstance(error, PartlySubmitted):
        made |= {"committed": error.parts.committed, "left": error.parts.left}
    return made
