"""Compare what separates callers in a database with what the migrations build: owners, rights, policies, roles."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import fetch_in_transaction
from api.database.requirements import DatabaseUnusable
from api.database.roles import ROLES

DECLARED_FILE = Path(__file__).parents[2] / "migrations" / "walls.sql"
"""The walls after the newest migration. `make contract` writes it."""
MAX_LISTED_FAULTS = 20
_WALLS_SQL = Path(__file__).with_name("walls.sql").read_text()


async def fetch_walls(connection: AsyncConnection) -> list[str]:
    """Return the statements that would build the walls of the database, in order. Any login may read them."""
    await connection.execute(text("set local search_path = pg_catalog"))  # PostgreSQL then qualifies every other name
    rows = await fetch_in_transaction(connection, _WALLS_SQL, list(ROLES))
    await connection.execute(text("set local search_path to default"))
    return sorted(row[0] for row in rows)


async def find_wall_faults(connection: AsyncConnection) -> list[str]:
    """Return a line for each wall that is missing, and for each right or rule that the migrations do not declare."""
    walls, declared = await fetch_walls(connection), DECLARED_FILE.read_text().splitlines()
    known, wanted = set(walls), set(declared)
    missing = [f"Missing: {statement}" for statement in declared if statement not in known]
    return missing + [f"Not declared: {statement}" for statement in walls if statement not in wanted]


async def require_walls(engine: AsyncEngine) -> None:
    """Check that every wall exists. Raises DatabaseUnusable with those that are missing."""
    async with engine.connect() as connection, connection.begin():
        faults = await find_wall_faults(connection)
    if faults:
        raise DatabaseUnusable(format_wall_faults(faults))


def format_wall_faults(faults: Sequence[str]) -> str:
    """Return the faults and how to fix them."""
    more = [f"And {len(faults) - MAX_LISTED_FAULTS} more."] if len(faults) > MAX_LISTED_FAULTS else []
    advice = (
        "The database does not separate callers as declared. Run `python -m api migrate` if its schema is older. "
        "Otherwise run each missing statement as its owner, and undo each that is not declared."
    )
    return "\n".join([*faults[:MAX_LISTED_FAULTS], *more, advice])
