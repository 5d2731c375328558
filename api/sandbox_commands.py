"""The command `fill-example`, which `run --examples` starts in the background."""

import argparse
import asyncio
from typing import Any, cast

import httpx2
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from api import commands, settings
from api.database import connections
from api.database.database_clock import DatabaseClock, fetch_instant
from api.monitoring.logs import start_log
from api.parent_process import stop_at_eof
from api.plan.calendar import to_london_date
from api.plan.queries import fetch_catalogue
from api.sandbox_plan import EXAMPLE_PROGRAMME
from schema.partners import Grant, Scope


def fill_example(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Fill the example programme with invented returns and two releases, unless it has some. A worker must be running.

    The requests go to an application of this process, so that the log of the server has only those of its users. The
    log of this process has warnings and errors.
    """
    if arguments.until_eof:
        stop_at_eof()
    start_log("fill-example", replace(configuration, work_health_log_level="warning"))
    address = f"http://{configuration.work_health_host}:{configuration.work_health_port}"
    with commands.open_database(configuration) as url:
        database = configuration.database_url or url
        engine = connections.create_application_engine(database, pool_size=2)
        public = connections.create_public_engine(configuration.database_public_url or database, pool_size=2)
        print(asyncio.run(_fill(url, engine, public, address)), flush=True)
    return 0


async def _fill(owner_url: str, engine: AsyncEngine, public: AsyncEngine, address: str) -> str:
    from api import sandbox  # noqa: PLC0415  the application, which the main process of a server must not load
    from api.app import create_app  # noqa: PLC0415
    from api.sandbox_filling import SandboxFiller, format_filling  # noqa: PLC0415

    async with commands.begin_owner_transaction(owner_url) as transaction:
        catalogue = await fetch_catalogue(transaction, EXAMPLE_PROGRAMME)
        clock = DatabaseClock()
        today = to_london_date(clock.accept(await fetch_instant(transaction)))

    async def issue(organisation: str, scopes: list[Scope]) -> str:
        grant = Grant(programme=catalogue.slug, organisation=organisation, scopes=scopes)
        return await sandbox.issue_key(owner_url, grant)

    page = f"{address}/programmes/{catalogue.slug}"
    try:
        transport = httpx2.ASGITransport(cast("Any", create_app(engine, public, database_clock=clock)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", timeout=60) as http:
            releases = await http.get(f"/v1/programmes/{catalogue.slug}/releases")
            if releases.raise_for_status().json()["items"]:
                return f"The example has releases already:\n  {page}"
            print("The example is being filled with invented returns and two releases.", flush=True)
            filling = await SandboxFiller(http, catalogue.slug, issue).fill(catalogue, today)
    finally:
        await engine.dispose()
        await public.dispose()
    return format_filling(filling, page)
