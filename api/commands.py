"""The operator's commands that do one thing and end, and the connections that they share."""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api import settings
from api.access.audit import record_audit
from api.database import connections
from api.database.database_clock import fetch_instant
from api.database.embedded import EmbeddedPostgres
from api.database.embedded_files import find_default_folder
from api.database.requirements import Need, check_database
from api.database.walls import find_wall_faults, require_walls
from api.outcomes.formats import boundary_layer
from api.outcomes.queries_boundaries import fetch_area_codes, fetch_shapes, save_boundaries
from api.plan.queries import fetch_catalogue, fetch_programmes
from api.releases import queries_checks
from api.submissions import queries_stored_cells

Result = TypeVar("Result")
PLAN_FILE = Path(__file__).parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml"


@contextmanager
def open_database(configuration: settings.Settings, need: Need = Need.NEWEST_SCHEMA) -> Generator[str]:
    """Yield the owner's URL of the configured database, or start the embedded one and stop it at the end.

    Raises DatabaseUnusable if the database lacks what the command needs.
    """
    with start_database(configuration) as database:
        url = database if isinstance(database, str) else database.dsn()
        asyncio.run(check_database(url, need))
        yield url


@contextmanager
def start_database(configuration: settings.Settings) -> Generator[str | EmbeddedPostgres]:
    """Yield the owner's URL of the configured database, or the embedded one, started, and stop it at the end."""
    if configuration.owner_url is not None:
        yield configuration.owner_url
    else:
        with EmbeddedPostgres(configuration.work_health_data or find_default_folder()) as embedded:
            yield embedded


@asynccontextmanager
async def begin_owner_transaction(url: str, *, dry_run: bool = False) -> AsyncGenerator[AsyncConnection]:
    """Yield a transaction of the database's owner, which a dry run rolls back, on an engine of its own."""
    engine = connections.create_owner_engine(url)
    try:
        async with engine.connect() as connection, connection.begin() as transaction:
            yield connection
            if dry_run:
                await transaction.rollback()
    finally:
        await engine.dispose()


def run_as_owner(
    configuration: settings.Settings, act: Callable[[AsyncConnection], Awaitable[Result]], *, dry_run: bool = False
) -> Result:
    """Act in a transaction of the database's owner, which a dry run rolls back. Raises DatabaseUnusable."""

    async def run(url: str) -> Result:
        async with begin_owner_transaction(url, dry_run=dry_run) as transaction:
            return await act(transaction)

    with open_database(configuration) as url:
        return asyncio.run(run(url))


async def migrate_database(url: str) -> None:
    """Migrate to the newest schema, as the database's owner. Raises DatabaseUnusable if a wall is missing then."""
    engine = connections.create_owner_engine(url)
    try:
        await connections.migrate(engine)
        await require_walls(engine)
    finally:
        await engine.dispose()


async def record_operator_audit(
    transaction: AsyncConnection,
    programme_id: int,
    action: str,
    subject: dict[str, str],
    *,
    organisation_id: int | None = None,
) -> None:
    """Record an action of the operator, who has no key and therefore no client."""
    await record_audit(transaction, programme_id, None, action, subject, organisation_id=organisation_id)


def migrate(_: argparse.Namespace, configuration: settings.Settings) -> int:
    """Migrate the database."""
    with open_database(configuration, Need.RIGHTS) as url:
        asyncio.run(migrate_database(url))
    print("The database has the newest schema.")
    return 0


def verify(_: argparse.Namespace, configuration: settings.Settings) -> int:
    """Check the walls, the cells of every revision, and every release. Print each fault, and return 1 if any."""

    async def check(transaction: AsyncConnection) -> int:
        count = 0
        for fault in await find_wall_faults(transaction):
            print(fault)
            count += 1
        async for fault in queries_stored_cells.list_faults(transaction):
            print(fault)
            count += 1
        async for fault in queries_checks.find_release_faults(transaction):
            print(fault.message)
            count += 1
        return count

    count = run_as_owner(configuration, check)
    print(f"{count} faults found." if count else "No faults found.")
    return 1 if count else 0


def load_boundaries(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Load the boundaries of the areas that some plan has."""
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise boundary_layer.InvalidBoundaries(f"{arguments.file}: {error.strerror}") from error
    file = boundary_layer.read_boundaries(content)

    async def load(url: str) -> list[str]:
        await migrate_database(url)
        async with begin_owner_transaction(url) as transaction:
            return await save_boundary_file(transaction, file, source=arguments.file.name)

    with open_database(configuration, Need.RIGHTS) as url:
        print("\n".join(asyncio.run(load(url))))
    return 0


async def save_boundary_file(
    transaction: AsyncConnection, file: boundary_layer.BoundaryFile, *, source: str
) -> list[str]:
    """Save the boundaries of the areas that some plan has, and return the lines of the report."""
    area_codes = await fetch_area_codes(transaction)
    known, unknown_count = boundary_layer.select_known_boundaries(file.boundaries, area_codes)
    await save_boundaries(transaction, known, source=source, now=await fetch_instant(transaction))
    catalogues = [await fetch_catalogue(transaction, slug) for slug in await fetch_programmes(transaction)]
    areas = {area.code: area for catalogue in catalogues for area in catalogue.areas.values()}
    shapes = await fetch_shapes(transaction, list(areas), sandbox=False)
    missing = boundary_layer.list_areas_without_boundary(areas.values(), known, shapes.boundaries)
    return boundary_layer.format_loaded(file, loaded_count=len(known), unknown_count=unknown_count, missing=missing)


def fetch(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Fetch a publisher's statistics and submit them to a running server."""
    from api.sources import fetching  # noqa: PLC0415  the other commands do not need its HTTP client

    if configuration.work_health_key is None:
        raise settings.InvalidSetting("WORK_HEALTH_KEY: set it to the publisher's key, with the scope `submit`.")
    options = fetching.FetchOptions(
        source=arguments.source,
        programme=arguments.programme,
        address=arguments.address,
        dates=arguments.date,
        period=arguments.period,
        area_type=arguments.area_type,
        dry_run=arguments.dry_run,
        confirm_withdrawals=arguments.confirm_withdrawals,
    )
    server = arguments.api or f"http://{configuration.work_health_host}:{configuration.work_health_port}"
    result = asyncio.run(
        fetching.fetch_and_submit(
            options, server=server, key=configuration.work_health_key, allow_http=arguments.allow_http
        )
    )
    print("\n".join(fetching.format_result(result)))
    return 0


def write_contract(arguments: argparse.Namespace, _: settings.Settings) -> int:
    """Write openapi.yaml."""
    from api import contract, portable_contract  # noqa: PLC0415
    from api.app import create_app  # noqa: PLC0415

    unconnected = create_async_engine("postgresql+asyncpg://")
    document = contract.build_document(create_app(unconnected, unconnected))
    text = portable_contract.write_yaml(document)
    arguments.file.write_text("# Made from the code by `make contract`; compared with it in a test.\n" + text)
    return 0
