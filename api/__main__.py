"""The operator's commands: `python -m api COMMAND`."""

import argparse
import asyncio
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import yaml
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api import clock, settings
from api.access import keys, queries_keys
from api.access.audit import record_audit
from api.database import connections
from api.database.embedded import EmbeddedPostgres, PostgresDidNotStart, find_default_folder
from api.figures import queries as outcomes
from api.http.refusals import NotFound, Refusal
from api.outcomes.formats import geojson
from api.plan import queries as plans
from api.plan import queries_loading
from schema.partners import Grant, Scope
from schema.plan import Plan

PLAN_FILE = Path(__file__).parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    given = _build_parser().parse_args(arguments)
    try:
        return given.command(given, settings.read_settings())
    except (Refusal, settings.InvalidSetting, PostgresDidNotStart) as refusal:
        print(refusal, file=sys.stderr)
        return 1


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description="Run and administer the Work and Health API.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="migrate the database, load the plan, serve the API")
    run.add_argument("--sandbox", action="store_true", help="with DATABASE_URL: load the sandbox as well")
    run.add_argument("--workers", type=int, choices=range(1, 65), metavar="N", help="server processes (1)")
    run.set_defaults(command=_run_server)

    work = commands.add_parser("work", help="run publication jobs (`run` already does this)")
    work.add_argument(
        "--until-eof",
        action="store_true",
        help="stop when standard input ends, so that it stops with its parent process",
    )
    work.set_defaults(command=_run_worker)

    migrate = commands.add_parser("migrate", help="migrate the database to the newest schema")
    migrate.set_defaults(command=_migrate)

    load = commands.add_parser("load-plan", help="load a plan file as a new version of its programme")
    load.add_argument("file", type=Path)
    load.add_argument("--sandbox", action="store_true", help="load it as a sandbox")
    load.set_defaults(command=_load_plan)

    boundaries = commands.add_parser(
        "load-boundaries", help="load area boundaries from the Open Geography Portal (GeoJSON)"
    )
    boundaries.add_argument("file", type=Path)
    boundaries.set_defaults(command=_load_boundaries)

    issue = commands.add_parser("issue-key", help="create a client with a key; the key is shown once")
    issue.add_argument("name", help="name of the client, such as 'IPS returns script'")
    issue.add_argument("--organisation", required=True, help="the organisation that it acts for")
    issue.add_argument("--programme", required=True, action="append", help="may be given several times")
    issue.add_argument("--scope", required=True, action="append", choices=[str(s) for s in Scope])
    issue.add_argument("--days", type=int, default=365, help="days until the key expires (365)")
    issue.set_defaults(command=_issue_key)

    revoke = commands.add_parser("revoke-key", help="revoke a key permanently")
    revoke.add_argument("key", help="its public part: the ten letters and digits after wh_live_ or wh_sandbox_")
    revoke.set_defaults(command=_revoke_key)

    fetch = commands.add_parser("fetch", help="fetch a publisher's statistics and submit them, with WORK_HEALTH_KEY")
    fetch.add_argument("source", choices=["nomis", "fingertips", "ees", "disability-confident"])
    fetch.add_argument("--api", help="base URL of the API to submit to (default: this machine)")
    fetch.add_argument("--programme", default=PLAN_FILE.stem)
    fetch.add_argument("--address", help="URL of the publisher's API, or of the list of employers")
    fetch.add_argument("--date", default="latest", help="nomis: dates such as 2024-12,2025-06 (default: latest)")
    fetch.add_argument("--period", help="disability-confident: the quarter that the list is for")
    fetch.add_argument("--dry-run", action="store_true", help="check and report everything, but change nothing")
    fetch.add_argument(
        "--confirm-withdrawals", action="store_true", help="withdraw figures that the publisher no longer publishes"
    )
    fetch.set_defaults(command=_fetch)

    write = commands.add_parser("write-contract", help="write openapi.yaml from the code")
    write.add_argument("file", type=Path)
    write.set_defaults(command=_write_contract)
    return parser


@contextmanager
def _open_database(given: settings.Settings) -> Generator[str]:
    """The URL of the database: the one that is set, or else the embedded one, started and stopped again."""
    if given.database_url is not None:
        yield given.database_url
        return
    with EmbeddedPostgres(given.work_health_data or find_default_folder()) as embedded:
        yield embedded.dsn()


@asynccontextmanager
async def _begin_owner_transaction(url: str) -> AsyncGenerator[AsyncConnection]:
    engine = connections.create_owner_engine(url)
    try:
        async with engine.begin() as transaction:
            yield transaction
    finally:
        await engine.dispose()


async def _migrate_database(url: str) -> None:
    engine = connections.create_owner_engine(url)
    try:
        await connections.migrate(engine)
    finally:
        await engine.dispose()


def _run_server(arguments: argparse.Namespace, given: settings.Settings) -> int:
    from api import sandbox  # noqa: PLC0415  each command loads what it needs, and so starts quickly

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _open_database(given) as url:
        with_sandbox = given.database_url is None or arguments.sandbox
        key = asyncio.run(
            _prepare_database(url, with_sandbox=with_sandbox, folder=given.work_health_data or find_default_folder())
        )
        address = f"http://{given.work_health_host}:{given.work_health_port}"
        print(sandbox.format_greeting(address, key, embedded=given.database_url is None), flush=True)
        os.environ["DATABASE_URL"] = url
        with _run_worker_process():
            _serve(given, workers=arguments.workers or given.work_health_workers)
    return 0


@contextmanager
def _run_worker_process() -> Generator[None]:
    """A worker beside the server, for as long as it runs."""
    process = subprocess.Popen([sys.executable, "-m", "api", "work"])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _run_worker(arguments: argparse.Namespace, given: settings.Settings) -> int:
    if given.database_url is None:
        raise settings.InvalidSetting("DATABASE_URL: needed here; `python -m api run` works for the embedded database")
    from api import worker  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if arguments.until_eof:
        threading.Thread(target=_interrupt_at_eof, daemon=True).start()
    with suppress(KeyboardInterrupt):
        asyncio.run(worker.run_forever(given.database_url, processes=given.work_health_audits))
    return 0


def _interrupt_at_eof() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


async def _prepare_database(url: str, *, with_sandbox: bool, folder: Path) -> str | None:
    """Migrate and load; the sandbox's key, if there is a sandbox."""
    from api import sandbox  # noqa: PLC0415

    await _migrate_database(url)
    plan = queries_loading.read_plan(PLAN_FILE)
    async with _begin_owner_transaction(url) as transaction:
        await _load_and_audit(transaction, plan, sandbox=False)
        if not with_sandbox:
            return None
        await _load_and_audit(transaction, queries_loading.to_sandbox(plan), sandbox=True)
    return await sandbox.fill_sandbox(
        url, queries_loading.to_sandbox(plan).slug, key_file=folder.parent / "sandbox-key"
    )


async def _load_and_audit(transaction: AsyncConnection, plan: Plan, *, sandbox: bool) -> queries_loading.LoadResult:
    now = clock.system_now()
    loaded = await queries_loading.load_plan(transaction, plan, sandbox=sandbox, now=now)
    if loaded.changes:
        catalogue = await plans.fetch_catalogue(transaction, loaded.programme)
        await _record_audit(transaction, catalogue.id, "plan.loaded", {"plan_version": str(loaded.version)}, now)
    return loaded


async def _record_audit(
    transaction: AsyncConnection,
    programme_id: int,
    action: str,
    subject: dict[str, str],
    now: datetime,
    *,
    organisation_id: int | None = None,
) -> None:
    """What the operator does is written down like what anyone does."""
    await record_audit(transaction, programme_id, None, action, subject, organisation_id=organisation_id, now=now)


def _serve(given: settings.Settings, *, workers: int) -> None:
    from granian import Granian  # noqa: PLC0415  the other commands start without a server
    from granian.constants import Interfaces, Loops  # noqa: PLC0415

    Granian(
        "api.app:serve",
        factory=True,
        address=given.work_health_host,
        port=given.work_health_port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=workers,
        backpressure=64,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
        log_enabled=False,
    ).serve()


def _migrate(_: argparse.Namespace, given: settings.Settings) -> int:
    with _open_database(given) as url:
        asyncio.run(_migrate_database(url))
    print("The database has the newest schema.")
    return 0


def _load_plan(arguments: argparse.Namespace, given: settings.Settings) -> int:
    plan = queries_loading.read_plan(arguments.file)
    plan = queries_loading.to_sandbox(plan) if arguments.sandbox else plan

    async def load(url: str) -> queries_loading.LoadResult:
        await _migrate_database(url)
        async with _begin_owner_transaction(url) as transaction:
            return await _load_and_audit(transaction, plan, sandbox=arguments.sandbox)

    with _open_database(given) as url:
        loaded = asyncio.run(load(url))
    if not loaded.changes:
        print(f"{loaded.programme}: version {loaded.version} says the same already.")
        return 0
    print(f"{loaded.programme}: version {loaded.version}")
    print("\n".join(f"  {line}" for line in loaded.changes))
    return 0


def _load_boundaries(arguments: argparse.Namespace, given: settings.Settings) -> int:
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise geojson.InvalidBoundaries(f"{arguments.file}: {error.strerror}") from error
    found = geojson.read_boundaries(content)

    async def load(url: str) -> tuple[int, int]:
        await _migrate_database(url)
        async with _begin_owner_transaction(url) as transaction:
            ours, others = geojson.select_known_boundaries(found, await outcomes.fetch_area_codes(transaction))
            await outcomes.save_boundaries(transaction, ours, source=arguments.file.name, now=clock.system_now())
            return len(ours), others

    with _open_database(given) as url:
        loaded, others = asyncio.run(load(url))
    print(f"{loaded} boundaries loaded; {others} are of areas that no plan here has.")
    return 0


def _issue_key(arguments: argparse.Namespace, given: settings.Settings) -> int:
    async def issue(url: str) -> str:
        async with _begin_owner_transaction(url) as transaction:
            catalogues = [await plans.fetch_catalogue(transaction, slug) for slug in arguments.programme]
            for catalogue in catalogues:
                if arguments.organisation not in catalogue.ids.organisations:
                    raise NotFound(f"{arguments.organisation!r} is not an organisation of {catalogue.slug}.")
            key = keys.make_key(secrets.token_bytes(38), sandbox=all(c.sandbox for c in catalogues))
            now = clock.system_now()
            await queries_keys.issue_key(
                transaction,
                key,
                client_id=uuid4(),
                name=arguments.name,
                grants=[
                    Grant(
                        programme=c.slug,
                        organisation=arguments.organisation,
                        scopes=[Scope(scope) for scope in dict.fromkeys(arguments.scope)],
                    )
                    for c in catalogues
                ],
                now=now,
                expires_at=now + timedelta(days=arguments.days),
            )
            subject = {"key": key.id, "client": arguments.name, "scopes": " ".join(dict.fromkeys(arguments.scope))}
            for catalogue in catalogues:
                owner = catalogue.ids.organisations[arguments.organisation]
                await _record_audit(transaction, catalogue.id, "key.issued", subject, now, organisation_id=owner)
            return key.secret

    with _open_database(given) as url:
        print(asyncio.run(issue(url)))
    print("The key is shown this once. It goes into an Authorization header, never into an address.", file=sys.stderr)
    return 0


def _revoke_key(arguments: argparse.Namespace, given: settings.Settings) -> int:
    async def revoke(url: str) -> bool:
        async with _begin_owner_transaction(url) as transaction:
            now = clock.system_now()
            revoked = await queries_keys.revoke_key(transaction, arguments.key, now=now)
            for programme_id in (
                await queries_keys.fetch_programme_ids_of_key(transaction, arguments.key) if revoked else ()
            ):
                await _record_audit(transaction, programme_id, "key.revoked", {"key": arguments.key}, now)
            return revoked

    with _open_database(given) as url:
        if not asyncio.run(revoke(url)):
            raise NotFound(f"There is no open key {arguments.key!r}.")
    print(f"{arguments.key} is revoked.")
    return 0


def _fetch(arguments: argparse.Namespace, given: settings.Settings) -> int:
    from api.sources import fetching  # noqa: PLC0415  the other commands do without its client

    if given.work_health_key is None:
        raise settings.InvalidSetting("WORK_HEALTH_KEY: the key of the publisher, with the scope `submit`, goes here.")
    wanted = fetching.FetchOptions(
        source=arguments.source,
        programme=arguments.programme,
        address=arguments.address,
        dates=arguments.date,
        period=arguments.period,
        dry_run=arguments.dry_run,
        confirm_withdrawals=arguments.confirm_withdrawals,
    )
    server = arguments.api or f"http://{given.work_health_host}:{given.work_health_port}"
    report = asyncio.run(fetching.fetch_and_submit(wanted, server=server, key=given.work_health_key))
    print("\n".join(fetching.format_report(report)))
    return 0


def _write_contract(arguments: argparse.Namespace, _: settings.Settings) -> int:
    from api import contract  # noqa: PLC0415
    from api.app import create_app  # noqa: PLC0415

    nowhere = create_async_engine("postgresql+asyncpg://")
    app = create_app(nowhere, nowhere)
    text = yaml.safe_dump(contract.build_document(app), sort_keys=False, allow_unicode=True, width=110)
    arguments.file.write_text("# Made from the code by `make contract`; compared with it in a test.\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
