"""The command `fill-sandbox`, which `run --examples` starts in the background."""

import argparse
import asyncio

import httpx2

from api import commands, settings
from api.database.database_clock import fetch_instant
from api.parent_process import stop_at_eof
from api.plan.calendar import to_london_date
from api.plan.queries import fetch_catalogue
from schema.partners import Scope

READY_SECONDS = 120


def fill_sandbox(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Fill the sandbox of a running server with invented returns and two releases, unless it has releases."""
    if arguments.until_eof:
        stop_at_eof()
    address = arguments.api or f"http://{configuration.work_health_host}:{configuration.work_health_port}"
    with commands.open_database(configuration) as url:
        print(asyncio.run(_fill(url, address)), flush=True)
    return 0


async def _fill(url: str, address: str) -> str:
    from api import sandbox  # noqa: PLC0415  the application, which the main process of a server must not load
    from api.sandbox_filling import SandboxFiller  # noqa: PLC0415

    async with commands.begin_owner_transaction(url) as transaction:
        catalogue = await fetch_catalogue(transaction, sandbox.EXAMPLE_PROGRAMME)
        today = to_london_date(await fetch_instant(transaction))

    async def issue(organisation: str, scopes: list[Scope]) -> str:
        return await sandbox.issue_key(url, catalogue.slug, organisation, scopes)

    page = f"{address}/programmes/{catalogue.slug}"
    async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
        await _wait_until_ready(http)
        releases = await http.get(f"/v1/programmes/{catalogue.slug}/releases")
        if releases.raise_for_status().json()["items"]:
            return f"The sandbox has releases already: {page}"
        filling = await SandboxFiller(http, catalogue.slug, issue).fill(catalogue, today)
    return f"The sandbox has {filling.returns} invented returns and {filling.releases} releases: {page}"


async def _wait_until_ready(http: httpx2.AsyncClient) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                if (await http.get("/readyz")).is_success:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.5)
