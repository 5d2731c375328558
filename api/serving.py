"""The commands `run`, `serve` and `work`: the server, its worker, and the database that both need."""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from api import commands, plan_commands, settings
from api.database import readiness
from api.database.embedded import EmbeddedPostgres
from api.database.embedded_files import find_default_folder
from api.database.requirements import Need, check_database
from api.database.roles import PUBLIC_ROLE, PUBLISHER_ROLE, login_url
from api.monitoring import tracing
from api.monitoring.logs import build_log_config, start_log
from api.parent_process import stop_at_eof
from api.supervision import ProcessEnded, SupervisedProcess, supervise

if TYPE_CHECKING:
    from api import sandbox

log = logging.getLogger("work_health")


def run_everything(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Prepare the database, and run server and worker until the process is interrupted. Replace what ends."""
    from api import server_processes  # noqa: PLC0415  each command loads only what it needs

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tracing.require_packages()
    server_processes.open_listener(configuration.work_health_host, configuration.work_health_port).close()
    from api import sandbox  # noqa: PLC0415

    with commands.start_database(configuration) as owner_database:
        embedded = None if isinstance(owner_database, str) else owner_database
        url = owner_database.dsn() if isinstance(owner_database, EmbeddedPostgres) else owner_database
        database = configuration.database_url or url
        with_sandbox = embedded is not None or arguments.sandbox
        with_example = with_sandbox and arguments.examples
        prepared = asyncio.run(
            _prepare_database(url, database, configuration, with_sandbox=with_sandbox, with_example=with_example)
        )
        address = f"http://{configuration.work_health_host}:{configuration.work_health_port}"
        print(sandbox.format_greeting(address, prepared, embedded=embedded is not None), flush=True)
        if prepared is not None and prepared.example is not None:
            _start_filling(url)
        os.environ["DATABASE_URL"] = database
        if embedded:  # which is for development only
            os.environ.setdefault("WORK_HEALTH_WATCHDOG", "true")
            folder = configuration.work_health_data or find_default_folder()
            os.environ.setdefault("WORK_HEALTH_SESSION_SECRET", keep_session_secret(folder))
        os.environ.pop("DATABASE_OWNER_URL", None)  # neither server nor worker needs the owner's login
        count = arguments.workers or configuration.work_health_workers
        start_log("run", configuration)
        supervise(
            [SupervisedProcess("server", "serve", "--workers", str(count)), SupervisedProcess("worker", "work")],
            _keep_running(embedded) if embedded else lambda: None,
            drain_seconds=configuration.work_health_drain,
        )
    return 0


async def _prepare_database(
    url: str, database: str, configuration: settings.Settings, *, with_sandbox: bool, with_example: bool
) -> "sandbox.Sandbox | None":
    """Migrate the database and load the first plan, as its owner. Return the sandbox, or None without one.

    `database` is the URL with the application's login.
    """
    from api import sandbox  # noqa: PLC0415

    await readiness.wait_for_database(url, seconds=configuration.work_health_database_wait)
    await check_database(url, Need.RIGHTS)
    await commands.migrate_database(url)
    async with commands.begin_owner_transaction(url) as transaction:
        starting = await plan_commands.load_starting_plan(transaction, configuration.work_health_plan)
        plan = await plan_commands.load_starting_sandbox(transaction, starting.plan) if with_sandbox else None
        example = await plan_commands.load_starting_example(transaction, starting.plan) if with_example else None
    print(starting.report, flush=True)
    folder = configuration.work_health_data or find_default_folder()
    return plan and await sandbox.prepare_sandbox(url, database, plan, example, key_file=find_key_file(folder))


def _start_filling(url: str) -> None:
    """Fill the example in the background. Like every process of `run`, it ends at the end of its standard input."""
    command = [sys.executable, "-m", "api", "fill-example", "--until-eof"]
    subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {"DATABASE_OWNER_URL": url})  # noqa: S603


def find_key_file(folder: Path) -> Path:
    """Return the file of the sandbox's key: next to the data folder, which may belong to another user."""
    return folder.with_name(f"{folder.name}-sandbox-key")


def keep_session_secret(folder: Path) -> str:
    """Return the secret of sessions, made once and kept in a file next to that of the sandbox's key."""
    from api import sandbox  # noqa: PLC0415

    file = folder.with_name(f"{folder.name}-session-secret")
    if not file.exists():
        sandbox.write_private_file(file, b64encode(secrets.token_bytes(settings.SESSION_SECRET_BYTES)).decode())
    return file.read_text().strip()


def _keep_running(embedded: EmbeddedPostgres) -> Callable[[], None]:
    """Return a function that starts the embedded PostgreSQL again if it ended."""
    address = embedded.dsn()

    def keep_running() -> None:
        if embedded.is_running():
            return
        log.error("The embedded PostgreSQL ended. It starts again.")
        embedded.start()
        if embedded.dsn() != address:  # it was that of another process, with a folder of its own for sockets
            raise ProcessEnded("The embedded PostgreSQL of another process ended, so all have ended: start again.")

    return keep_running


def run_server(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Serve the API from a database that is ready, until the process is interrupted."""
    from api import server_processes  # noqa: PLC0415

    database = settings.require_database_url(configuration)
    settings.check_listening(configuration)
    _ = configuration.session_secret  # refuses one that is not random
    tracing.require_packages()
    if arguments.until_eof:
        stop_at_eof()
    public = login_url(configuration.database_public_url or database, PUBLIC_ROLE)
    asyncio.run(readiness.require_ready(database, public, wait_seconds=configuration.work_health_database_wait))
    listener = server_processes.open_listener(configuration.work_health_host, configuration.work_health_port)
    count = arguments.workers or configuration.work_health_workers
    start_log("server", configuration)
    server_processes.serve(
        listener,
        processes=count,
        drain_seconds=configuration.work_health_drain,
        log_config=build_log_config("server", configuration),
    )
    return 0


def run_worker(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Run publication jobs until the process is interrupted."""
    from api import worker  # noqa: PLC0415

    database = settings.require_database_url(configuration)
    tracing.require_packages()
    if arguments.until_eof:
        stop_at_eof()
    publisher = login_url(configuration.database_publisher_url or database, PUBLISHER_ROLE)
    asyncio.run(readiness.require_ready(database, publisher, wait_seconds=configuration.work_health_database_wait))
    start_log("worker", configuration)
    asyncio.run(worker.run_until_stopped(database, publisher, processes=configuration.work_health_audits))
    return 0
