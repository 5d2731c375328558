"""The operator's commands: `python -m api COMMAND`."""

import argparse
import os
import select
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from api import (
    backup_commands,
    commands,
    key_commands,
    plan_commands,
    publication_commands,
    sandbox_commands,
    serving,
    settings,
)
from api.database.connections import DRIVER_ERRORS
from api.database.dump_programs import BackupFailed
from api.database.embedded_files import PostgresDidNotStart
from api.database.requirements import DatabaseUnusable, describe_error
from api.http.refusals import Refusal
from api.plan.binding_changes import BindingRule
from api.supervision import REFUSED_STATUS, ProcessEnded
from schema.partners import DEFAULT_KEY_DAYS, DEFAULT_OVERLAP_DAYS, MAX_KEY_DAYS, Scope

MAX_NAME_LENGTH = 100
KEY_HELP = "its public part: the ten letters and digits after wh_live_ or wh_sandbox_"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Print what the operator can change instead of a traceback."""
    parsed = build_parser().parse_args(arguments)
    status = 1
    try:
        status = parsed.command(parsed, settings.read_settings())
        sys.stdout.flush()
    except settings.InvalidSetting as refusal:
        message = str(refusal)
        is_final = getattr(parsed, "until_eof", False) and not isinstance(refusal, settings.PortUnavailable)
        status = REFUSED_STATUS if is_final else 1
    except (Refusal, PostgresDidNotStart, DatabaseUnusable, BackupFailed, ProcessEnded) as refusal:
        message = str(refusal)
    except KeyboardInterrupt:
        message = "Interrupted."
    except (OSError, DBAPIError, *DRIVER_ERRORS) as error:
        if isinstance(error, BrokenPipeError) and _drop_unread_output():
            return status
        message = describe_error(error)
        if message is None:
            raise
    else:
        return status
    print(message, file=sys.stderr)
    return status


def _drop_unread_output() -> bool:
    """Return True if nobody reads the output any more, as in `… | head`, and let the end of the process drop it."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not poll.poll(0):  # only errors are reported
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m api`."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Run and administer the Work and Health API.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_server_commands(subparsers)
    _add_plan_commands(subparsers)
    _add_binding_commands(subparsers)
    _add_key_commands(subparsers)
    _add_fetch_command(subparsers)
    _add_publication_commands(subparsers)
    write = subparsers.add_parser("write-contract", help="write openapi.yaml from the code")
    write.add_argument("file", type=Path)
    write.set_defaults(command=commands.write_contract)
    return parser


def _add_server_commands(subparsers: Any) -> None:
    run = subparsers.add_parser("run", help="migrate the database, load a plan if it has none, serve the API and work")
    run.add_argument("--sandbox", action="store_true", help="with DATABASE_URL: load the sandbox as well")
    run.add_argument("--examples", action="store_true", help="with a sandbox: load and fill the example programme")
    run.set_defaults(command=serving.run_everything)

    fill = subparsers.add_parser("fill-example", help="fill the example programme, if a worker is running")
    fill.set_defaults(command=sandbox_commands.fill_example)

    serve = subparsers.add_parser("serve", help="serve the API, without a worker (`run` starts both)")
    serve.set_defaults(command=serving.run_server)
    for command in (run, serve):
        command.add_argument("--workers", type=int, choices=range(1, 65), metavar="N", help="server processes (1)")

    work = subparsers.add_parser("work", help="run publication jobs (`run` starts this too)")
    work.set_defaults(command=serving.run_worker)
    for command in (serve, work, fill):
        command.add_argument(
            "--until-eof",
            action="store_true",
            help="stop when standard input ends, so that it stops with its parent process",
        )

    migrate = subparsers.add_parser("migrate", help="migrate the database to the newest schema")
    migrate.set_defaults(command=commands.migrate)

    verify = subparsers.add_parser("verify", help="check everything that is stored, and who may do what with it")
    verify.set_defaults(command=commands.verify)

    backup = subparsers.add_parser("backup", help="write a backup of the database into a new file")
    backup.add_argument("file", type=Path)
    backup.set_defaults(command=backup_commands.backup)

    restore = subparsers.add_parser("restore", help="restore a backup into an empty database")
    restore.add_argument("file", type=Path)
    restore.set_defaults(command=backup_commands.restore)


def _add_plan_commands(subparsers: Any) -> None:
    new = subparsers.add_parser("new-plan", help="write a commented skeleton of a plan file")
    new.add_argument("file", type=Path)
    new.set_defaults(command=plan_commands.new_plan)

    check = subparsers.add_parser("check-plan", help="list every mistake of a plan file, and what it would change")
    check.add_argument("file", type=Path)
    check.add_argument("--all", action="store_true", help="list every change instead of a summary")
    check.set_defaults(command=plan_commands.check_plan)

    load = subparsers.add_parser("load-plan", help="load a plan file as a new version of its programme")
    load.add_argument("file", type=Path)
    load.add_argument("--sandbox", action="store_true", help="load it as a sandbox")
    load.add_argument("--dry-run", action="store_true", help="check and report everything, but change nothing")
    load.add_argument("--all", action="store_true", help="list every change instead of a summary")
    bindings = load.add_mutually_exclusive_group()
    for rule, meaning in (
        (BindingRule.KEEP, "keep the organisations that play the roles now"),
        (BindingRule.REPLACE, "take the organisations that play the roles from the file"),
    ):
        bindings.add_argument(f"--{rule}-bindings", action="store_const", const=rule, dest="bindings", help=meaning)
    load.set_defaults(command=plan_commands.load_plan, bindings=BindingRule.REFUSE)

    boundaries = subparsers.add_parser(
        "load-boundaries", help="load area boundaries from the Open Geography Portal (GeoJSON)"
    )
    boundaries.add_argument("file", type=Path)
    boundaries.set_defaults(command=commands.load_boundaries)


def _add_binding_commands(subparsers: Any) -> None:
    bind = subparsers.add_parser("bind-role", help="bind a role of the plan to an organisation from a day on")
    bind.add_argument("role", help="the slug of the role")
    bind.add_argument("organisation", help="the slug of the organisation")
    bind.add_argument("--from", required=True, type=_parse_day, dest="day", metavar="DATE", help="such as 2026-04-01")
    bind.set_defaults(command=plan_commands.bind_role)

    end = subparsers.add_parser("end-binding", help="end the binding of a role of the plan, without a successor")
    end.add_argument("role", help="the slug of the role")
    end.add_argument("--on", required=True, type=_parse_day, dest="day", metavar="DATE", help="its last day")
    end.set_defaults(command=plan_commands.end_binding)
    for command in (bind, end):
        command.add_argument("--programme", help="needed if the database has several")
        command.add_argument("--dry-run", action="store_true", help="check and report everything, but change nothing")


def _add_key_commands(subparsers: Any) -> None:
    issue = subparsers.add_parser("issue-key", help="create a client with a key; the key is shown once")
    issue.add_argument("name", type=_parse_name, help="name of the client, such as 'IPS returns script'")
    issue.add_argument(
        "--person",
        required=True,
        type=_parse_name,
        help="who is issued the key and answers for it, such as an e-mail address",
    )
    issue.add_argument("--organisation", required=True, help="the organisation that it acts for")
    issue.add_argument("--programme", required=True, action="append", help="may be given several times")
    issue.add_argument("--scope", required=True, action="append", choices=[str(s) for s in Scope])
    _add_days(issue, "--days", DEFAULT_KEY_DAYS, "days until the key expires")
    issue.set_defaults(command=key_commands.issue_key)

    rotate = subparsers.add_parser("rotate-key", help="create another key for a key's client; the old one ends later")
    rotate.add_argument("key", help=KEY_HELP)
    _add_days(rotate, "--days", DEFAULT_KEY_DAYS, "days until the new key expires")
    _add_days(rotate, "--overlap-days", DEFAULT_OVERLAP_DAYS, "days for which the old key stays valid", at_least=0)
    rotate.set_defaults(command=key_commands.rotate_key)

    revoke = subparsers.add_parser("revoke-key", help="revoke a key permanently")
    revoke.add_argument("key", help=KEY_HELP)
    revoke.set_defaults(command=key_commands.revoke_key)

    list_keys = subparsers.add_parser("list-keys", help="list keys with their clients, grants and dates")
    list_keys.add_argument("--organisation", help="only keys that act for this organisation")
    list_keys.add_argument("--programme", help="only keys with a grant in this programme")
    _add_days(list_keys, "--expiring", None, "only valid keys that expire within this number of days")
    list_keys.set_defaults(command=key_commands.list_keys)


def _add_days(
    parser: argparse.ArgumentParser, option: str, default: int | None, meaning: str, *, at_least: int = 1
) -> None:
    ending = "" if default is None else f", at most {MAX_KEY_DAYS} ({default})"
    choices = range(at_least, MAX_KEY_DAYS + 1)
    parser.add_argument(option, type=int, choices=choices, metavar="DAYS", default=default, help=f"{meaning}{ending}")


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-04-01") from error


def _parse_name(text: str) -> str:
    """Return the name without surrounding blanks. Raises ArgumentTypeError if no report could show it."""
    name = text.strip()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not a name of 1 to {MAX_NAME_LENGTH} printable characters")
    return name


def _add_fetch_command(subparsers: Any) -> None:
    fetch = subparsers.add_parser("fetch", help="fetch a publisher's statistics and submit them, with WORK_HEALTH_KEY")
    fetch.add_argument(
        "source", choices=["nomis", "nomis-populations", "fingertips", "ees", "disability-confident", "nhs-england"]
    )
    fetch.add_argument("--api", help="base URL of the API to submit to (default: this machine)")
    fetch.add_argument("--programme", default=commands.PLAN_FILE.stem)
    fetch.add_argument(
        "--address", help="URL of the publisher's API, or of its file (disability-confident, nhs-england)"
    )
    fetch.add_argument("--date", default="latest", help="nomis: dates such as 2024-12,2025-06 (default: latest)")
    fetch.add_argument("--period", help="disability-confident: the quarter that the list is for")
    fetch.add_argument(
        "--area-type", default="502", help="fingertips: id of the area type (502: upper-tier authorities)"
    )
    fetch.add_argument("--dry-run", action="store_true", help="check and report everything, but change nothing")
    fetch.add_argument(
        "--confirm-withdrawals", action="store_true", help="withdraw figures that the publisher no longer publishes"
    )
    fetch.add_argument("--allow-http", action="store_true", help="send the key unencrypted to another machine")
    fetch.set_defaults(command=commands.fetch)


def _add_publication_commands(subparsers: Any) -> None:
    listing = subparsers.add_parser("list-publications", help="list publication jobs, newest first")
    listing.set_defaults(command=publication_commands.list_publications)

    cancel = subparsers.add_parser("cancel-publication", help="end a publication job that is queued or running")
    cancel.add_argument("publication", type=UUID, help="its id")
    cancel.set_defaults(command=publication_commands.cancel_publication)

    repeat = subparsers.add_parser("repeat-publication", help="start a new job with the request of one that has ended")
    repeat.add_argument("publication", type=UUID, help="its id")
    repeat.set_defaults(command=publication_commands.repeat_publication)


if __name__ == "__main__":
    sys.exit(main())
