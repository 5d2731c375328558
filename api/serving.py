"""The commands `run` and `work`: the server, its worker, and the database that both need."""

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api import commands, plan_commands, settings
from api.database.embedded_files import find_default_folder
from api.database.requirements import Need
from api.monitoring.logs import build_log_config, start_log

if TYPE_CHECKING:
    from api import sandbox

MAX_CONNECTIONS = 4096  # of each server process; further ones wait until another ends
IDLE_MILLISECONDS = 20_000  # until a connection is closed that sends no request, or not all of its headers


def run_server(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Prepare the database, start a worker and serve the API until the process is interrupted."""
    from api import sandbox  # noqa: PLC0415  each command loads only what it needs, and so starts quickly

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with commands.open_database(configuration, Need.RIGHTS) as url:
        is_embedded = configuration.database_url is None
        database = configuration.database_url or url
        with_sandbox = is_embedded or arguments.sandbox
        prepared = asyncio.run(_prepare_database(url, database, configuration, with_sandbox=with_sandbox))
        address = f"http://{configuration.work_health_host}:{configuration.work_health_port}"
        print(sandbox.format_greeting(address, prepared, embedded=is_embedded), flush=True)
        os.environ["DATABASE_URL"] = database
        if is_embedded:  # which is for development only
            os.environ.setdefault("WORK_HEALTH_WATCHDOG", "true")
        os.environ.pop("DATABASE_OWNER_URL", None)  # neither server nor worker needs the owner's login
        with _run_worker_process():
            _serve(configuration, workers=arguments.workers or configuration.work_health_workers)
    return 0


async def _prepare_database(
    url: str, database: str, configuration: settings.Settings, *, with_sandbox: bool
) -> "sandbox.Sandbox | None":
    """Migrate the database and load the first plan, as its owner. Return the sandbox, or None without one.

    `database` is the URL with the application's login.
    """
    from api import sandbox  # noqa: PLC0415

    await commands.migrate_database(url)
    async with commands.begin_owner_transaction(url) as transaction:
        starting = await plan_commands.load_starting_plan(transaction, configuration.work_health_plan)
        plan = await plan_commands.load_starting_sandbox(transaction, starting.plan) if with_sandbox else None
    print(starting.report, flush=True)
    folder = configuration.work_health_data or find_default_folder()
    return plan and await sandbox.fill_sandbox(url, database, plan, key_file=folder.parent / "sandbox-key")


@contextmanager
def _run_worker_process() -> Generator[None]:
    """Run a worker for as long as the server runs."""
    process = subprocess.Popen([sys.executable, "-m", "api", "work"])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _serve(configuration: settings.Settings, *, workers: int) -> None:
    from granian import Granian  # noqa: PLC0415  the other commands start without a server
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415
    from granian.http import HTTP1Settings  # noqa: PLC0415

    _raise_file_limit()
    Granian(
        "api.app:serve",
        factory=True,
        address=configuration.work_health_host,
        port=configuration.work_health_port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=workers,
        http=HTTPModes.http1,  # with HTTP/2 as well, the server waits for the first byte of a connection without limit
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_MILLISECONDS),
        backlog=MAX_CONNECTIONS,
        backpressure=MAX_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
        log_dictconfig=build_log_config("server", configuration),
    ).serve()


def _raise_file_limit() -> None:
    """Permit as many open files as the system permits: every connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def run_worker(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Run publication jobs until the process is interrupted."""
    if configuration.database_url is None:
        raise settings.InvalidSetting("DATABASE_URL: needed here; `python -m api run` works for the embedded database")
    from api import worker  # noqa: PLC0415

    start_log("worker", configuration)
    if arguments.until_eof:
        threading.Thread(target=_interrupt_at_eof, daemon=True).start()
    publisher = configuration.database_publisher_url or configuration.database_url
    asyncio.run(
        worker.run_until_stopped(configuration.database_url, publisher, processes=configuration.work_health_audits)
    )
    return 0


def _interrupt_at_eof() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)
